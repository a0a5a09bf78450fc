//! Checkout and what customers do with their payments.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use common::{
    ErrorCode, FieldError, Money,
    audit::AuditAction,
    ids::{AccountId, InvoiceId, PaymentId, UserId},
    invoices::{AppliedPayment, InvoiceStatus},
    money::{Currency, format_money},
    payments::{AttemptKind, Checkout, CheckoutRequest, Method, Payment, PaymentStatus, Provider},
    plans::ProductCode,
};
use payfast::hosts;
use secrecy::ExposeSecret;

pub use super::store::PaymentRow;
use super::{
    credit,
    rules::{self, Event, Outcome},
    settlement,
    store::{self, NewEvent},
};
use crate::{
    accounts,
    app::App,
    audit::{self, Entry, Origin, service::changed},
    auth, clock,
    config::Config,
    db::{Conn, QueryResult},
    error::ApiError,
    idempotency::{self, Answer},
    invoices::{self, service::InvoiceRow},
    plans, refunds, search,
};

/// How long a customer may take on PayFast's page.
const TIME_TO_PAY: TimeDelta = TimeDelta::hours(24);

/// Who asks for a checkout: a person, or an API key of the account.
#[derive(Debug, Clone)]
pub struct Buyer {
    pub account_id: AccountId,
    pub user_id: UserId,
    pub origin: Origin,
}

/// Writes invoice, payment and attempt and gives the signed form; the same key gives the same answer.
pub async fn check_out(
    app: &App,
    buyer: Buyer,
    request: CheckoutRequest,
    key: idempotency::Key,
) -> Result<Answer, ApiError> {
    let what = Purchase::parse(&request)?;
    let now = app.clock.now();
    let config = app.config.clone();
    let api_key_id = buyer.origin.api_key_id;
    let scope = idempotency::Scope::new(buyer.account_id, buyer.user_id, api_key_id, "POST /checkout");
    app.db
        .write(move |conn| {
            idempotency::once(conn, &scope, &key, &request, 201, now, |conn| {
                start(conn, &config, &buyer, what, now)
            })
        })
        .await
}

/// What a checkout is for.
#[derive(Debug, Clone, Copy)]
enum Purchase {
    Plan(ProductCode),
    Invoice(InvoiceId),
}

impl Purchase {
    fn parse(request: &CheckoutRequest) -> Result<Self, ApiError> {
        if request
            .display_currency
            .is_some_and(|currency| currency != Currency::Zar)
        {
            return Err(FieldError::new(
                "display_currency",
                "unsupported",
                "Prices are shown in ZAR only for now.",
            )
            .into());
        }
        if request.provider.is_some_and(|provider| provider != Provider::Payfast) {
            let message = "Only payfast takes payments online; an EFT is paid to our bank account.";
            return Err(FieldError::new("provider", "unsupported", message).into());
        }
        match (request.product_code, request.invoice_id) {
            (Some(code), None) if plans::rules::product(code).price.is_zero() => {
                Err(FieldError::new("product_code", "free", "Free costs nothing; there is nothing to pay.").into())
            }
            (Some(code), None) => Ok(Self::Plan(code)),
            (None, Some(id)) => Ok(Self::Invoice(id)),
            (None, None) => Err(FieldError::required("product_code", "Name a product_code or an invoice_id.").into()),
            (Some(_), Some(_)) => Err(FieldError::new(
                "invoice_id",
                "conflict",
                "Name a product_code or an invoice_id, not both.",
            )
            .into()),
        }
    }
}

fn start(
    conn: &mut Conn,
    config: &Config,
    buyer: &Buyer,
    what: Purchase,
    now: DateTime<Utc>,
) -> Result<Checkout, ApiError> {
    let account = accounts::service::find(conn, buyer.account_id)?.ok_or_else(|| ApiError::not_found("account"))?;
    let invoice = match what {
        Purchase::Plan(code) => {
            check_tax_document(config, &account, plans::rules::product(code).price.minor)?;
            invoices::service::draft_purchase(conn, &account, &config.supplier, code, now)?
        }
        Purchase::Invoice(id) => {
            // Held: nobody voids what is just being paid.
            let invoice = invoices::service::find_own_locked(conn, id, buyer.account_id)?;
            if invoice.status != InvoiceStatus::Open {
                return Err(ApiError::conflict(format!(
                    "this invoice is {}; only open invoices can be paid",
                    invoice.status
                )));
            }
            invoice
        }
    };
    let amount_minor = invoice.balance_minor();
    if amount_minor < payfast::Amount::MINIMUM.cents() {
        return Err(ApiError::conflict("PayFast takes payments from R5.00 on"));
    }
    let payer = find_payer(conn, buyer, &account)?;
    let payment = PaymentRow {
        id: clock::new_id(now),
        account_id: buyer.account_id,
        invoice_id: invoice.id,
        provider: Provider::Payfast,
        status: PaymentStatus::AwaitingCustomer,
        product_code: invoice.product_code.filter(|_| matches!(what, Purchase::Plan(_))),
        description: invoice.description.clone(),
        currency: invoice.currency,
        amount_minor,
        fee_minor: None,
        net_minor: None,
        credited_minor: 0,
        provider_reference: None,
        created_at: now.naive_utc(),
        updated_at: now.naive_utc(),
        succeeded_at: None,
        expires_at: Some((now + TIME_TO_PAY).naive_utc()),
        method: Method::Redirect,
        payment_method_id: None,
        refunded_minor: 0,
        reversed_at: None,
        next_check_at: None,
        search_text: search::fold([
            invoice.number.as_deref().unwrap_or_default(),
            &invoice.customer_name,
            &invoice.description,
        ]),
    };
    let fields = signed_form(config, &payment, &invoice, &payer)?;
    store::insert(conn, &payment)?;
    store::insert_attempt(conn, clock::new_id(now), &payment, AttemptKind::Redirect, now)?;
    for (event, from, to) in [
        ("created", None, PaymentStatus::Created),
        (
            "redirect_issued",
            Some(PaymentStatus::Created),
            PaymentStatus::AwaitingCustomer,
        ),
    ] {
        let id = clock::new_id(now);
        store::insert_event(
            conn,
            &NewEvent {
                id,
                payment_id: payment.id,
                event,
                from,
                to,
                note: "",
                now,
            },
        )?;
    }
    let amount = format_money(payment.money(amount_minor));
    let entry = Entry {
        action: AuditAction::CheckoutStarted,
        account_id: Some(buyer.account_id),
        subject_kind: "payment",
        subject_id: Some(payment.id.as_str()),
        subject: &payment.description,
        changes: changed([
            ("status", None, Some(payment.status.as_str())),
            ("amount", None, Some(&amount)),
        ]),
    };
    audit::record(conn, &buyer.origin, &entry, now)?;
    Ok(Checkout {
        payment_id: payment.id,
        invoice_id: invoice.id,
        process_url: format!("{}{}", config.payfast.process_base, hosts::PROCESS_PATH),
        fields,
    })
}

/// Whom PayFast's page greets.
pub struct Payer {
    pub first_name: String,
    /// Empty for an account; PayFast's form leaves it out then.
    pub last_name: String,
    pub email: String,
}

/// The person who buys; for an API key the account itself, since its maker may have left.
pub fn find_payer(conn: &mut Conn, buyer: &Buyer, account: &accounts::service::AccountRow) -> Result<Payer, ApiError> {
    if buyer.origin.api_key_id.is_some() {
        return Ok(Payer {
            first_name: account.company_name.clone(),
            last_name: String::new(),
            email: account.billing_email.clone(),
        });
    }
    let person = auth::service::find_person(conn, buyer.user_id)?.ok_or_else(|| ApiError::not_found("user"))?;
    Ok(Payer {
        first_name: person.first_name,
        last_name: person.last_name,
        email: person.email,
    })
}

/// Refuses a purchase whose tax invoice could not be issued, and names what is missing.
fn check_tax_document(
    config: &Config,
    account: &accounts::service::AccountRow,
    total_minor: i64,
) -> Result<(), ApiError> {
    let lacking = invoices::rules::lacking_for_tax_document(&invoices::rules::TaxDocument {
        total_minor,
        charges_vat: config.supplier.vat_number.is_some(),
        has_supplier: !config.supplier.address.is_empty(),
        has_name: !account.company_name.is_empty(),
        has_address: account.address().is_some(),
    });
    let errors: Vec<FieldError> = lacking
        .into_iter()
        .map(|lack| FieldError::required(lack.field(), lack.to_buyer()))
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(ApiError::with_fields(ErrorCode::BillingDetailsMissing, errors))
    }
}

fn signed_form(
    config: &Config,
    payment: &PaymentRow,
    invoice: &InvoiceRow,
    payer: &Payer,
) -> Result<Vec<(String, String)>, ApiError> {
    let page = |name: &str| config.http.url(&format!("/payments/{}/{name}", payment.id));
    let item_name = match &invoice.number {
        Some(number) => number.clone(),
        None => format!("CapeControl {}", payment.description),
    };
    let (return_url, cancel_url) = (page("return"), page("cancelled"));
    let notify_url = config.http.url("/api/v1/payments/payfast/itn");
    let (m_payment_id, amount) = (payment.id.to_string(), payment.money(payment.amount_minor).to_decimal());
    let fields = [
        ("merchant_id", config.payfast.merchant_id.as_str()),
        ("merchant_key", config.payfast.merchant_key.expose_secret()),
        ("return_url", &return_url),
        ("cancel_url", &cancel_url),
        ("notify_url", &notify_url),
        ("name_first", &payer.first_name),
        ("name_last", &payer.last_name),
        ("email_address", &payer.email),
        ("m_payment_id", &m_payment_id),
        ("amount", &amount),
        ("item_name", &item_name),
    ];
    // PayFast takes at most 100 characters of an address, ours may have more: it is left out then.
    let fields: Vec<(&str, &str)> = fields
        .into_iter()
        .filter(|(name, value)| *name != "email_address" || value.len() <= 100)
        .collect();
    let form = payfast::checkout::sign(&fields, config.payfast.passphrase.as_ref()).map_err(ApiError::internal)?;
    Ok(form.into_fields())
}

/// The customer gives up a payment that waits; a payment that was given up already stays so.
pub async fn cancel(app: &App, id: PaymentId, account_id: AccountId, origin: Origin) -> Result<Payment, ApiError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let payment = store::find_locked(conn, id)?
                .filter(|payment| payment.account_id == account_id)
                .ok_or_else(|| ApiError::not_found("payment"))?;
            match rules::next(payment.method, payment.status, Event::Cancel) {
                Outcome::Move(to) => {
                    settlement::move_to(
                        conn,
                        &payment,
                        Event::Cancel,
                        to,
                        "The customer gave up the payment",
                        now,
                    )?;
                    let entry = Entry {
                        action: AuditAction::PaymentCanceled,
                        account_id: Some(account_id),
                        subject_kind: "payment",
                        subject_id: Some(id.as_str()),
                        subject: &payment.description,
                        changes: changed([("status", Some(payment.status.as_str()), Some(to.as_str()))]),
                    };
                    audit::record(conn, &origin, &entry, now)?;
                }
                Outcome::Keep => {}
                _ => {
                    return Err(ApiError::conflict(format!(
                        "this payment is {}; it cannot be cancelled",
                        payment.status
                    )));
                }
            }
            details(conn, id, Some(account_id))
        })
        .await
}

/// Ends payments whose time has passed and tells how many: unpaid for a day, or undecided at PayFast for a week.
pub async fn expire_due(app: &App) -> Result<usize, ApiError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let undecided_since = now - rules::TIME_TO_DECIDE;
            let mut due = store::load_expired(conn, now, 200)?;
            due.extend(store::load_undecided(conn, undecided_since, 200)?);
            let mut expired = 0;
            for id in due {
                let Some(payment) = store::find_locked(conn, id)? else {
                    continue;
                };
                let note = match payment.status {
                    // It was looked for before it was held, and may have moved since.
                    PaymentStatus::Processing if payment.updated_at > undecided_since.naive_utc() => continue,
                    PaymentStatus::Processing => "PayFast did not decide it within 7 days",
                    _ => "Not paid within 24 hours",
                };
                if let Outcome::Move(to) = rules::next(payment.method, payment.status, Event::Expire) {
                    settlement::move_to(conn, &payment, Event::Expire, to, note, now)?;
                    expired += 1;
                }
            }
            Ok(expired)
        })
        .await
}

/// One payment with its history; another account's is not found.
pub async fn load(app: &App, id: PaymentId, account_id: Option<AccountId>) -> Result<Payment, ApiError> {
    app.db.read(move |conn| details(conn, id, account_id)).await
}

/// One payment with its history, in the caller's transaction.
pub fn details(conn: &mut Conn, id: PaymentId, account_id: Option<AccountId>) -> Result<Payment, ApiError> {
    let row = store::find(conn, id)?
        .filter(|row| account_id.is_none_or(|account| account == row.account_id))
        .ok_or_else(|| ApiError::not_found("payment"))?;
    let invoice = invoices::service::find_own(conn, row.invoice_id, row.account_id)?;
    let refundable = refunds::service::refundable_minor(conn, &row, &invoice)?;
    Ok(Payment {
        summary: row.summary(invoice.number),
        credited: row.money(row.credited_minor),
        product_code: row.product_code,
        payment_method_id: row.payment_method_id,
        reversed_at: row.reversed_at.map(|at| at.and_utc()),
        refundable: row.money(refundable),
        refunds: refunds::service::of_payment(conn, id)?,
        attempts: store::load_attempts(conn, &row)?,
        events: store::load_events(conn, id)?,
    })
}

/// What an invoice received, payments and credit, oldest first.
pub fn applied_to(conn: &mut Conn, invoice: &InvoiceRow) -> QueryResult<Vec<AppliedPayment>> {
    let mut applied = store::load_applied(conn, invoice.id)?;
    for (minor, at) in credit::store::load_spent_on(conn, invoice.id)? {
        applied.push(AppliedPayment {
            payment_id: None,
            amount: invoice.money(minor),
            at: at.and_utc(),
            provider_reference: None,
        });
    }
    applied.sort_by_key(|payment| payment.at);
    Ok(applied)
}

pub fn find(conn: &mut Conn, id: PaymentId) -> QueryResult<Option<PaymentRow>> {
    store::find(conn, id)
}

/// Reads the payment and holds its row until the transaction ends.
pub fn find_locked(conn: &mut Conn, id: PaymentId) -> QueryResult<Option<PaymentRow>> {
    store::find_locked(conn, id)
}

/// The payment, or the money that came again for one, that PayFast knows by this id.
pub fn find_by_reference(conn: &mut Conn, pf_payment_id: &str) -> QueryResult<Option<PaymentId>> {
    match store::find_by_reference(conn, Provider::Payfast, pf_payment_id)? {
        Some(id) => Ok(Some(id)),
        None => credit::store::find_payment(conn, &format!("{}:{pf_payment_id}", Provider::Payfast)),
    }
}

/// Adds to what was refunded of a payment; a refund that failed takes it away again.
pub fn add_refunded(conn: &mut Conn, id: PaymentId, minor: i64) -> QueryResult<()> {
    store::add_refunded(conn, id, minor)
}

/// Payments that PayFast settled from one instant, inclusive, to another, exclusive.
pub fn load_settled_by_payfast(
    conn: &mut Conn,
    from: NaiveDateTime,
    until: NaiveDateTime,
) -> QueryResult<Vec<PaymentRow>> {
    store::load_settled(conn, Provider::Payfast, from, until)
}

/// The state of a payment of the invoice that may still bring money.
pub fn under_way(conn: &mut Conn, invoice_id: InvoiceId) -> QueryResult<Option<PaymentStatus>> {
    store::find_under_way(conn, invoice_id)
}

/// How many payments are `unknown`, and when the oldest of them began.
pub fn undecided(conn: &mut Conn) -> QueryResult<(i64, Option<DateTime<Utc>>)> {
    let (count, oldest) = store::undecided(conn)?;
    Ok((count, oldest.map(|at| at.and_utc())))
}

/// Gives the account credit that no payment brought, a credit note's; `false` when `source` was credited before.
pub fn earn_credit(
    conn: &mut Conn,
    account_id: AccountId,
    source: &str,
    amount: Money,
    reason: &str,
    invoice_id: Option<InvoiceId>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    store::insert_credit(
        conn,
        &store::NewCredit {
            id: clock::new_id(now),
            account_id,
            payment_id: None,
            invoice_id,
            source,
            amount,
            reason,
            now,
        },
    )
}

/// Every payment of an invoice, whatever became of it.
pub fn ids_of(conn: &mut Conn, invoice_id: InvoiceId) -> QueryResult<Vec<PaymentId>> {
    store::load_ids_of(conn, invoice_id)
}
