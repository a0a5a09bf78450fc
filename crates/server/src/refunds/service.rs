//! Decisions about refunds: each step is one transaction, and the money in the books moves with it.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    FieldError, Page,
    audit::AuditAction,
    books::LedgerAccount,
    ids::{PaymentId, RefundId, UserId},
    money::format_money,
    payments::{PaymentStatus, Provider},
    refunds::{BankDetails, NewRefund, Refund, RefundQuery, RefundStatus},
};

pub use super::store::RefundRow;
use super::{
    rules::{self, Event, Split, Stake},
    store::{self, Change, ListFilter},
};
use crate::{
    accounts,
    app::App,
    audit::{self, Entry, Origin, service::changed},
    auth::seal::{self, Use},
    books::{
        self,
        rules::{Leg, credit, debit},
    },
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    idempotency::{self, Answer},
    invoices::{self, service::InvoiceRow},
    paging::{self, Paging},
    payments::{self, service::PaymentRow},
};

/// Staff who give money back.
#[derive(Debug, Clone)]
pub struct Clerk {
    pub user_id: UserId,
    pub origin: Origin,
}

/// How many refunds are `unknown`, and when the oldest of them was asked for.
pub fn undecided(conn: &mut Conn) -> QueryResult<(i64, Option<DateTime<Utc>>)> {
    let (count, oldest) = store::undecided(conn)?;
    Ok((count, oldest.map(|at| at.and_utc())))
}

/// Writes a refund down and reserves its money; the worker sends it. The same key gives the same answer.
///
/// An EFT is paid back by staff from the bank before they record it here, so its refund is done at once.
pub async fn request(
    app: &App,
    clerk: Clerk,
    payment_id: PaymentId,
    wish: NewRefund,
    key: idempotency::Key,
) -> Result<Answer, ApiError> {
    let reason = rules::check_reason(&wish.reason)?;
    let (now, has_api) = (app.clock.now(), app.gateway.has_api());
    let answer = app
        .db
        .write(move |conn| {
            let found = payments::service::find(conn, payment_id)?.ok_or_else(|| ApiError::not_found("payment"))?;
            if found.provider == Provider::Payfast && !has_api {
                return Err(ApiError::conflict(
                    "this server does not call PayFast's API, so it cannot refund",
                ));
            }
            let scope = idempotency::Scope::new(found.account_id, clerk.user_id, None, "POST /payments/{id}/refunds");
            idempotency::once(conn, &scope, &key, &(payment_id, &wish), 201, now, |conn| {
                start(conn, &clerk, payment_id, &wish, &reason, now)
            })
        })
        .await?;
    app.wake_worker();
    Ok(answer)
}

fn start(
    conn: &mut Conn,
    clerk: &Clerk,
    payment_id: PaymentId,
    wish: &NewRefund,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Refund, ApiError> {
    // Payment, invoice, account: the order in which all lock.
    let payment = payments::service::find_locked(conn, payment_id)?.ok_or_else(|| ApiError::not_found("payment"))?;
    let invoice = invoices::service::find_locked(conn, payment.invoice_id)?;
    accounts::service::find_locked(conn, payment.account_id)?;
    if payment.status != PaymentStatus::Succeeded {
        return Err(ApiError::conflict(format!(
            "this payment is {}; only money that arrived can be refunded",
            payment.status
        )));
    }
    if payment.reversed_at.is_some() {
        return Err(ApiError::conflict(
            "the bank took this payment back; there is nothing to refund",
        ));
    }
    let stake = stake(conn, &payment, &invoice)?;
    let split = split(&payment, &stake, wish)?;
    let credit_note = if split.from_note_minor > 0 {
        let origin = &clerk.origin;
        Some(invoices::credit_notes::issue(
            conn,
            invoice.id,
            Some(split.from_note_minor),
            reason,
            origin,
            now,
        )?)
    } else {
        None
    };
    let is_eft = payment.provider == Provider::Bank;
    let refund = RefundRow {
        id: clock::new_id(now),
        payment_id,
        account_id: payment.account_id,
        credit_note_id: credit_note.map(|note| note.id),
        status: RefundStatus::Requested,
        currency: payment.currency,
        amount_minor: split.amount_minor,
        from_credit_minor: split.from_credit_minor,
        reason: reason.to_owned(),
        method: is_eft.then(|| "eft".to_owned()),
        bank_details: None,
        provider_message: String::new(),
        requested_by: Some(clerk.user_id),
        created_at: now.naive_utc(),
        updated_at: now.naive_utc(),
        submitted_at: None,
        completed_at: None,
        attempts: 0,
        next_check_at: (!is_eft).then(|| now.naive_utc()),
        lease_until: None,
    };
    store::insert(conn, &refund)?;
    payments::service::add_refunded(conn, payment_id, refund.amount_minor)?;
    payments::credit::spend(
        conn,
        refund.account_id,
        &format!("refund:{}", refund.id),
        refund.money(),
        "paid out by a refund",
        None,
        now,
    )?;
    record(conn, &clerk.origin, &refund, AuditAction::RefundRequested, None, now)?;
    let legs = [
        debit(LedgerAccount::CustomerCredit, refund.amount_minor),
        credit(LedgerAccount::RefundsPayable, refund.amount_minor),
    ];
    post(conn, &refund, &payment, "refund_reserved", &legs, now)?;
    if is_eft {
        let message = "paid from the bank";
        let step = Step {
            event: Event::PaidByBank,
            message,
            ..Step::default()
        };
        return apply(conn, &clerk.origin, refund.id, refund.status, &step, now).map(|row| (&row).into());
    }
    Ok((&refund).into())
}

fn split(payment: &PaymentRow, stake: &Stake, wish: &NewRefund) -> Result<Split, ApiError> {
    let most = stake.refundable_minor();
    let asked = match wish.amount {
        Some(amount) if amount.currency != payment.currency => {
            let message = format!("Refund in {}, as it was paid.", payment.currency);
            return Err(FieldError::new("amount", "unsupported", message).into());
        }
        Some(amount) if amount.minor <= 0 => {
            return Err(FieldError::new("amount", "out_of_range", "Enter an amount above R0.00.").into());
        }
        Some(amount) => amount.minor,
        None if most == 0 => {
            return Err(ApiError::conflict(
                "nothing of this payment is left to refund: it went back already, or its credit is spent",
            ));
        }
        None => most,
    };
    stake.split(asked).ok_or_else(|| {
        let message = format!("At most {} can be refunded.", format_money(payment.money(most)));
        FieldError::new("amount", "out_of_range", message).into()
    })
}

/// What can be refunded of a payment now.
pub fn refundable_minor(conn: &mut Conn, payment: &PaymentRow, invoice: &InvoiceRow) -> QueryResult<i64> {
    if payment.status != PaymentStatus::Succeeded || payment.reversed_at.is_some() {
        return Ok(0);
    }
    Ok(stake(conn, payment, invoice)?.refundable_minor())
}

fn stake(conn: &mut Conn, payment: &PaymentRow, invoice: &InvoiceRow) -> QueryResult<Stake> {
    let siblings = payments::service::ids_of(conn, invoice.id)?;
    let of_invoice = store::load_of_all(conn, &siblings)?;
    let counted = |rows: &mut dyn Iterator<Item = &RefundRow>| -> i64 {
        rows.filter(|row| rules::counts(row.status))
            .map(|row| row.amount_minor)
            .sum()
    };
    let earned = payments::credit::earned_by_invoice(conn, invoice.id, &siblings)?;
    Ok(Stake {
        captured_minor: payment.amount_minor,
        refunded_minor: counted(&mut of_invoice.iter().filter(|row| row.payment_id == payment.id)),
        own_credit_minor: earned - counted(&mut of_invoice.iter()),
        unspent_credit_minor: payments::credit::balance_minor(conn, payment.account_id, payment.currency)?,
        creditable_minor: invoices::service::creditable_minor(invoice),
    })
}

/// What happened to a refund, for [`apply`].
pub(super) struct Step<'a> {
    pub event: Event,
    pub method: Option<&'a str>,
    pub message: &'a str,
    /// Sealed; `None` keeps what is there.
    pub bank_details: Option<&'a str>,
    pub next_check_at: Option<NaiveDateTime>,
    pub lease_until: Option<NaiveDateTime>,
}

impl Default for Step<'_> {
    fn default() -> Self {
        Self {
            event: Event::FoundNothing,
            method: None,
            message: "",
            bank_details: None,
            next_check_at: None,
            lease_until: None,
        }
    }
}

/// Moves a refund that is still in `from`, and its money with it; call it inside `Db::write`.
pub(super) fn apply(
    conn: &mut Conn,
    origin: &Origin,
    id: RefundId,
    from: RefundStatus,
    step: &Step<'_>,
    now: DateTime<Utc>,
) -> Result<RefundRow, ApiError> {
    let row = store::find(conn, id)?.ok_or_else(|| ApiError::not_found("refund"))?;
    let payment =
        payments::service::find_locked(conn, row.payment_id)?.ok_or_else(|| ApiError::not_found("payment"))?;
    accounts::service::find_locked(conn, row.account_id)?;
    let to = rules::next(from, step.event).ok_or_else(|| ApiError::conflict(format!("this refund is {from}")))?;
    // Looked at while the payment is held: two nodes may send refunds of it at the same time.
    if step.event == Event::Send {
        let siblings = store::load_of(conn, row.payment_id)?;
        if siblings
            .iter()
            .any(|other| other.id != id && rules::is_in_flight(other.status))
        {
            return Err(ApiError::conflict(rules::BUSY));
        }
    }
    let has_ended = matches!(to, RefundStatus::Succeeded | RefundStatus::Failed);
    let change = Change {
        from,
        to,
        method: step.method.or(row.method.as_deref()),
        message: step.message,
        submitted_at: match to {
            RefundStatus::Submitted => Some(now.naive_utc()),
            _ => row.submitted_at,
        },
        completed_at: has_ended.then(|| now.naive_utc()),
        next_check_at: step.next_check_at.filter(|_| !has_ended),
        lease_until: step.lease_until,
        bank_details: match has_ended {
            true => None,
            false => step.bank_details.or(row.bank_details.as_deref()),
        },
        attempts: 0,
        now,
    };
    if !store::set_status(conn, id, &change)? {
        return Err(ApiError::conflict("the refund changed meanwhile"));
    }
    let after = store::find(conn, id)?.ok_or_else(|| ApiError::not_found("refund"))?;
    record(conn, origin, &after, AuditAction::RefundChanged, Some(from), now)?;
    let amount = after.amount_minor;
    match to {
        RefundStatus::Succeeded => {
            let paid_from = match payment.provider {
                Provider::Bank => LedgerAccount::Bank,
                Provider::Payfast => LedgerAccount::PayfastClearing,
            };
            let legs = [debit(LedgerAccount::RefundsPayable, amount), credit(paid_from, amount)];
            post(conn, &after, &payment, "refund_paid", &legs, now)?;
        }
        RefundStatus::Failed => {
            payments::service::add_refunded(conn, payment.id, -amount)?;
            let source = format!("refund_failed:{id}");
            let why = "a refund that failed";
            payments::service::earn_credit(conn, after.account_id, &source, after.money(), why, None, now)?;
            let legs = [
                debit(LedgerAccount::RefundsPayable, amount),
                credit(LedgerAccount::CustomerCredit, amount),
            ];
            post(conn, &after, &payment, "refund_failed", &legs, now)?;
        }
        _ => {}
    }
    Ok(after)
}

fn post(
    conn: &mut Conn,
    refund: &RefundRow,
    payment: &PaymentRow,
    kind: &str,
    legs: &[Leg],
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let words = match kind {
        "refund_reserved" => "asked for",
        "refund_paid" => "paid",
        _ => "failed",
    };
    books::service::post(
        conn,
        &books::service::Entry {
            kind,
            source: &format!("refund:{}", refund.id),
            account_id: Some(refund.account_id),
            invoice_id: Some(payment.invoice_id),
            description: &format!("refund of {} {words}", format_money(refund.money())),
            currency: refund.currency,
            legs,
        },
        now,
    )
}

fn record(
    conn: &mut Conn,
    origin: &Origin,
    refund: &RefundRow,
    action: AuditAction,
    before: Option<RefundStatus>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let amount = format_money(refund.money());
    let reason = Some(refund.reason.as_str());
    let entry = Entry {
        action,
        account_id: Some(refund.account_id),
        subject_kind: "refund",
        subject_id: Some(refund.id.as_str()),
        subject: &amount,
        changes: changed([
            ("status", before.map(RefundStatus::as_str), Some(refund.status.as_str())),
            (
                "payment",
                None,
                Some(refund.payment_id.as_str()).filter(|_| before.is_none()),
            ),
            ("reason", None, reason.filter(|_| before.is_none())),
            (
                "message",
                None,
                Some(refund.provider_message.as_str()).filter(|text| !text.is_empty()),
            ),
        ]),
    };
    audit::record(conn, origin, &entry, now)
}

/// Tells the account that a refund in `awaiting_bank_details` goes to; the worker goes on with it.
pub async fn set_bank_details(app: &App, clerk: Clerk, id: RefundId, details: BankDetails) -> Result<Refund, ApiError> {
    let details = rules::check_bank_details(&details).map_err(ApiError::invalid)?;
    let text = serde_json::to_string(&details).map_err(ApiError::internal)?;
    let sealed = seal::seal_for(&app.config.secret_key, Use::BankDetails, id.as_str(), &text);
    let now = app.clock.now();
    let refund = app
        .db
        .write(move |conn| {
            let row = store::find(conn, id)?.ok_or_else(|| ApiError::not_found("refund"))?;
            if row.status != RefundStatus::AwaitingBankDetails {
                return Err(ApiError::conflict(format!(
                    "this refund is {}; it does not wait for bank details",
                    row.status
                )));
            }
            let step = Step {
                event: Event::BankTold,
                bank_details: Some(&sealed),
                next_check_at: Some(now.naive_utc()),
                ..Step::default()
            };
            apply(conn, &clerk.origin, id, row.status, &step, now).map(|row| Refund::from(&row))
        })
        .await?;
    app.wake_worker();
    Ok(refund)
}

/// One page of all refunds, newest first.
pub async fn list(app: &App, query: RefundQuery) -> Result<Page<Refund>, ApiError> {
    let paging = Paging::parse(query.limit, query.cursor.as_deref(), None)?;
    app.db
        .read(move |conn| {
            let filter = ListFilter {
                status: query.status,
                after: paging.after(RefundId::parse)?,
                limit: paging.fetch(),
            };
            let total = store::count(conn, &filter.status, paging::COUNT_UP_TO)?;
            let rows = store::load_page(conn, &filter)?;
            Ok(paging
                .page(rows, total, |row| (row.created_at, row.id.to_string()))
                .map(|row| (&row).into()))
        })
        .await
}

pub async fn load(app: &App, id: RefundId) -> Result<Refund, ApiError> {
    let row = app.db.read(move |conn| store::find(conn, id)).await?;
    row.map(|row| (&row).into())
        .ok_or_else(|| ApiError::not_found("refund"))
}

/// The refunds of a payment, oldest first.
pub fn of_payment(conn: &mut Conn, payment_id: PaymentId) -> QueryResult<Vec<Refund>> {
    Ok(store::load_of(conn, payment_id)?.iter().map(Refund::from).collect())
}

/// The refunds of a payment as they stand, for comparing with PayFast's statement.
pub fn rows_of_payment(conn: &mut Conn, payment_id: PaymentId) -> QueryResult<Vec<RefundRow>> {
    store::load_of(conn, payment_id)
}
