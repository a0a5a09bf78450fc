//! Money outside the gateway: EFTs that staff record, and payments that the bank took back.

use chrono::{DateTime, NaiveDate, Utc};
use common::{
    FieldError, Money,
    audit::AuditAction,
    books::LedgerAccount,
    ids::{InvoiceId, PaymentId, UserId},
    invoices::{Invoice, InvoiceStatus, NewReceipt, Reason},
    money::format_money,
    payments::{AttemptKind, Method, Payment, PaymentStatus, Provider},
    validate::line,
    vat,
};

use super::{
    credit,
    rules::{self, Event, Outcome},
    service,
    settlement::{
        self,
        money::{self, Brought},
    },
    store::{self, NewEvent, PaymentRow},
};
use crate::{
    accounts,
    app::App,
    audit::{self, Entry, Origin, service::changed},
    books::{
        self,
        rules::{credit as credited, debit},
    },
    clock,
    db::Conn,
    error::ApiError,
    idempotency::{self, Answer},
    invoices, reconciliations, refunds, search,
};

/// Staff who saw the bank's statement.
#[derive(Debug, Clone)]
pub struct Clerk {
    pub user_id: UserId,
    pub origin: Origin,
}

/// Records an EFT on an issued invoice; what the invoice does not need becomes the customer's credit.
pub async fn record_receipt(
    app: &App,
    clerk: Clerk,
    invoice_id: InvoiceId,
    receipt: NewReceipt,
    key: idempotency::Key,
) -> Result<Answer, ApiError> {
    let now = app.clock.now();
    let checked = check_receipt(&receipt, now)?;
    let invoice_base = app.config.http.url("/invoices/");
    let answer = app
        .db
        .write(move |conn| {
            let account_id = invoices::service::find_locked(conn, invoice_id)?.account_id;
            let scope = idempotency::Scope::new(account_id, clerk.user_id, None, "POST /invoices/{id}/payments");
            idempotency::once(
                conn,
                &scope,
                &key,
                &(invoice_id, &receipt),
                201,
                now,
                |conn| -> Result<Invoice, _> {
                    settle_receipt(conn, &clerk.origin, invoice_id, &checked, &invoice_base, now)?;
                    invoices::service::details(conn, invoice_id, None)
                },
            )
        })
        .await?;
    app.wake_worker();
    Ok(answer)
}

/// A receipt whose fields are right.
struct Checked {
    amount: common::Money,
    reference: String,
    received_on: NaiveDate,
}

fn check_receipt(receipt: &NewReceipt, now: DateTime<Utc>) -> Result<Checked, ApiError> {
    let mut errors = Vec::new();
    if receipt.amount.minor <= 0 {
        errors.push(FieldError::new(
            "amount",
            "out_of_range",
            "Enter an amount above R0.00.",
        ));
    } else if receipt.amount.minor > vat::TOTAL_MAX {
        let most = format_money(Money::new(vat::TOTAL_MAX, receipt.amount.currency));
        errors.push(FieldError::new(
            "amount",
            "out_of_range",
            format!("Enter at most {most}."),
        ));
    }
    let reference = match line("reference", &receipt.reference, 100) {
        Ok(Some(reference)) => reference,
        Ok(None) => {
            let message = "Enter the reference as it stands on the bank's statement.";
            errors.push(FieldError::required("reference", message));
            String::new()
        }
        Err(error) => {
            errors.push(error);
            String::new()
        }
    };
    let received_on = NaiveDate::parse_from_str(&receipt.received_on, "%Y-%m-%d")
        .ok()
        .filter(|_| receipt.received_on.len() == 10 && receipt.received_on.starts_with("20"));
    match received_on {
        None => errors.push(FieldError::new(
            "received_on",
            "invalid",
            "Use a day such as 2026-11-24.",
        )),
        Some(day) if day > reconciliations::rules::today(now) => {
            errors.push(FieldError::new(
                "received_on",
                "out_of_range",
                "Use a day that is not in the future.",
            ));
        }
        Some(_) => {}
    }
    match (received_on, errors.is_empty()) {
        (Some(received_on), true) => Ok(Checked {
            amount: receipt.amount,
            reference,
            received_on,
        }),
        _ => Err(ApiError::invalid(errors)),
    }
}

fn settle_receipt(
    conn: &mut Conn,
    origin: &Origin,
    invoice_id: InvoiceId,
    receipt: &Checked,
    invoice_base: &str,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let invoice = invoices::service::find_locked(conn, invoice_id)?;
    accounts::service::find_locked(conn, invoice.account_id)?;
    if invoice.status == InvoiceStatus::Draft {
        return Err(ApiError::conflict(
            "this invoice is a draft; finalise it before it can be paid",
        ));
    }
    if receipt.amount.currency != invoice.currency {
        let message = format!("Record the amount in {}, as the invoice is.", invoice.currency);
        return Err(FieldError::new("amount", "unsupported", message).into());
    }
    if store::has_bank_reference(conn, invoice.account_id, &receipt.reference)? {
        return Err(ApiError::conflict(format!(
            "the reference {} was recorded for this account before",
            receipt.reference
        )));
    }
    let number = invoice.number.as_deref().unwrap_or_default();
    let payment = PaymentRow {
        id: clock::new_id(now),
        account_id: invoice.account_id,
        invoice_id,
        provider: Provider::Bank,
        status: PaymentStatus::Created,
        product_code: None,
        description: invoice.description.clone(),
        currency: invoice.currency,
        amount_minor: receipt.amount.minor,
        fee_minor: None,
        net_minor: None,
        credited_minor: 0,
        provider_reference: None,
        created_at: now.naive_utc(),
        updated_at: now.naive_utc(),
        succeeded_at: None,
        expires_at: None,
        method: Method::Eft,
        payment_method_id: None,
        refunded_minor: 0,
        reversed_at: None,
        next_check_at: None,
        search_text: search::fold([number, &invoice.customer_name, &invoice.description]),
    };
    store::insert(conn, &payment)?;
    store::insert_attempt(conn, clock::new_id(now), &payment, AttemptKind::Manual, now)?;
    let created = NewEvent {
        id: clock::new_id(now),
        payment_id: payment.id,
        event: "created",
        from: None,
        to: PaymentStatus::Created,
        note: "",
        now,
    };
    store::insert_event(conn, &created)?;
    let (amount, day) = (format_money(receipt.amount), receipt.received_on.to_string());
    let entry = Entry {
        action: AuditAction::PaymentRecorded,
        account_id: Some(payment.account_id),
        subject_kind: "payment",
        subject_id: Some(payment.id.as_str()),
        subject: &payment.description,
        changes: changed([
            ("amount", None, Some(&amount)),
            ("reference", None, Some(&receipt.reference)),
            ("received_on", None, Some(&day)),
            ("invoice", None, Some(number)),
        ]),
    };
    audit::record(conn, origin, &entry, now)?;
    let brought = Brought {
        event: Event::Recorded,
        reference: &receipt.reference,
        gross_minor: payment.amount_minor,
        fee_minor: Some(0),
        net_minor: Some(payment.amount_minor),
        into: LedgerAccount::Bank,
        note: &format!("the bank had it on {day}"),
        origin: origin.clone(),
    };
    money::succeed(conn, &payment, &brought, &|id| format!("{invoice_base}{id}"), now)
}

/// The bank took the money back: the invoice is owed again, and credit that came of the payment is gone.
pub async fn reverse(app: &App, clerk: Clerk, id: PaymentId, wish: Reason) -> Result<Payment, ApiError> {
    let reason = refunds::rules::check_reason(&wish.reason)?;
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            take_back(conn, &clerk.origin, id, &reason, now)?;
            service::details(conn, id, None)
        })
        .await
}

fn take_back(
    conn: &mut Conn,
    origin: &Origin,
    id: PaymentId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let payment = store::find_locked(conn, id)?.ok_or_else(|| ApiError::not_found("payment"))?;
    if rules::next(payment.method, payment.status, Event::Reverse) != Outcome::TakeBack {
        return Err(ApiError::conflict(format!(
            "this payment is {}; only money that arrived can be taken back",
            payment.status
        )));
    }
    if payment.reversed_at.is_some() {
        return Err(ApiError::conflict("the bank took this payment back before"));
    }
    if payment.refunded_minor > 0 {
        let refunded = format_money(payment.money(payment.refunded_minor));
        return Err(ApiError::conflict(format!(
            "{refunded} of this payment was refunded or is on its way; the bank cannot take that back"
        )));
    }
    invoices::service::find_locked(conn, payment.invoice_id)?;
    accounts::service::find_locked(conn, payment.account_id)?;
    let excess = payment.money(credit::excess_minor(conn, id)?);
    let applied = payment.money(payment.amount_minor - excess.minor);
    let mut legs = vec![debit(LedgerAccount::CustomerCredit, excess.minor)];
    if !excess.is_zero() {
        let why = "the bank took a payment back";
        credit::spend(
            conn,
            payment.account_id,
            &format!("reversal:{id}"),
            excess,
            why,
            None,
            now,
        )?;
    }
    if !applied.is_zero() {
        let (_, owed_more) = invoices::service::take_back(conn, payment.invoice_id, applied, now)?;
        legs.extend(owed_more);
    }
    store::set_reversed(conn, id, now)?;
    settlement::record(conn, &payment, Event::Reverse, payment.status, reason, now)?;
    let amount = format_money(payment.money(payment.amount_minor));
    let entry = Entry {
        action: AuditAction::PaymentReversed,
        account_id: Some(payment.account_id),
        subject_kind: "payment",
        subject_id: Some(id.as_str()),
        subject: &payment.description,
        changes: changed([("amount", Some(&amount), None), ("reason", None, Some(reason))]),
    };
    audit::record(conn, origin, &entry, now)?;
    legs.push(credited(
        match payment.provider {
            Provider::Bank => LedgerAccount::Bank,
            Provider::Payfast => LedgerAccount::PayfastClearing,
        },
        payment.amount_minor,
    ));
    books::service::post(
        conn,
        &books::service::Entry {
            kind: "payment_reversed",
            source: &format!("payment:{id}"),
            account_id: Some(payment.account_id),
            invoice_id: Some(payment.invoice_id),
            description: &format!("the bank took {amount} back"),
            currency: payment.currency,
            legs: &legs,
        },
        now,
    )
}
