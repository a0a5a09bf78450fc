//! What a checked notification does: payment, invoice, number, plan, credit and mail in one transaction.

use chrono::{DateTime, Utc};
use common::{
    Money,
    audit::AuditAction,
    books::LedgerAccount,
    ids::PaymentId,
    money::format_money,
    payments::{PaymentStatus, Provider},
};
use payfast::{Amount, Itn, amounts_match};

use super::{
    rules::{self, Event, Outcome},
    store::{self, NewCredit, NewEvent, PaymentRow, Receipt},
};
use crate::{
    accounts::{self, service::BoughtPlan},
    audit::{self, Entry, Origin, service::changed},
    books::{self, entries::Received},
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    invoices::{self, service::Settlement},
    jobs::{self, Job},
    mail::Mail,
};

/// Reason of credit for money that came twice for one payment.
pub const PAID_AGAIN: &str = "paid again";
/// Reason of credit for money that the invoice did not need.
const NOT_NEEDED: &str = "more than the invoice needed";

/// What became of a checked notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    Changed {
        payment_id: PaymentId,
    },
    /// Kept for a person, with the reason; nothing was changed.
    Quarantined {
        payment_id: Option<PaymentId>,
        reason: String,
    },
}

/// A checked notification, with what it says already read.
pub struct Told<'a> {
    pub itn: &'a Itn,
    pub pf_payment_id: &'a str,
    pub event: Event,
}

/// Applies a notification that passed signature, source, merchant and confirmation; call it inside `Db::write`.
///
/// The amount is the last check: more than a cent off, and it is kept for a person.
pub fn apply(
    conn: &mut Conn,
    told: &Told<'_>,
    invoice_url: &dyn Fn(&str) -> String,
    now: DateTime<Utc>,
) -> Result<Applied, ApiError> {
    let &Told {
        itn,
        pf_payment_id,
        event,
    } = told;
    let quarantined = |payment_id, reason: &str| {
        Ok(Applied::Quarantined {
            payment_id,
            reason: reason.to_owned(),
        })
    };
    let payment = match itn.m_payment_id().and_then(|id| PaymentId::parse(id).ok()) {
        Some(id) => store::find_locked(conn, id)?,
        None => None,
    };
    let Some(payment) = payment else {
        return quarantined(None, "no payment here has this m_payment_id");
    };
    if event == Event::ItnComplete {
        match itn.amount_gross() {
            Some(Ok(gross)) if amounts_match(Amount::from_cents(payment.amount_minor), gross) => {}
            Some(Ok(gross)) => {
                let expected = Money::new(payment.amount_minor, payment.currency);
                let found = Money::new(gross.cents(), payment.currency);
                let reason = format!("the amount is {found} where {expected} was asked for");
                return quarantined(Some(payment.id), &reason);
            }
            Some(Err(_)) | None => return quarantined(Some(payment.id), "amount_gross is missing or unreadable"),
        }
    }
    let is_known = payment.provider_reference.as_deref() == Some(pf_payment_id);
    match rules::next(payment.status, event) {
        // The very payment that we know; only money with another id is new money.
        Outcome::PaidAgain if is_known => {}
        Outcome::Succeed => succeed(conn, &payment, itn, pf_payment_id, invoice_url, now)?,
        Outcome::PaidAgain => paid_again(conn, &payment, itn, pf_payment_id, now)?,
        Outcome::Move(to) => move_to(conn, &payment, event, to, "", now)?,
        Outcome::Keep | Outcome::Refuse => {
            let note = format!(
                "PayFast says {}; this changes nothing now",
                itn.payment_status().as_str()
            );
            record(conn, &payment, event, payment.status, &note, now)?;
        }
    }
    Ok(Applied::Changed { payment_id: payment.id })
}

fn succeed(
    conn: &mut Conn,
    payment: &PaymentRow,
    itn: &Itn,
    pf_payment_id: &str,
    invoice_url: &dyn Fn(&str) -> String,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let net_minor = itn.amount_net().and_then(Result::ok).map(Amount::cents);
    let receipt = Receipt {
        provider_reference: pf_payment_id,
        fee_minor: fee_minor(itn),
        net_minor,
        now,
    };
    if !store::set_succeeded(conn, payment.id, payment.status, &receipt)? {
        return Err(ApiError::conflict("the payment changed meanwhile"));
    }
    let origin = Origin::payfast();
    let paid = payment.money(payment.amount_minor);
    record_settled(conn, payment, pf_payment_id, &origin, now)?;
    let settlement = invoices::service::settle(conn, payment.invoice_id, paid, &origin, now)?;
    let invoice = &settlement.invoice;
    let number = invoice.number.clone().unwrap_or_default();
    let mut note = format!("PayFast {pf_payment_id} pays {number}");
    if !settlement.excess.is_zero() {
        credit(conn, payment, pf_payment_id, settlement.excess, NOT_NEEDED, now)?;
        note = format!("{note}; {} became credit", format_money(settlement.excess));
        tracing::warn!(payment.id = %payment.id, "Money came that the invoice did not need; it became credit");
    }
    record(conn, payment, Event::ItnComplete, PaymentStatus::Succeeded, &note, now)?;
    let took_all = settlement.excess.is_zero();
    if let Some(code) = payment.product_code.filter(|_| took_all) {
        let bought = BoughtPlan {
            account_id: payment.account_id,
            payment_id: payment.id,
            code,
        };
        accounts::service::grant_plan(conn, &bought, &origin, now)?;
    }
    let mail = Mail {
        to: invoice.customer_email.clone(),
        subject: format!("Paid: {number}, {}", format_money(paid)),
        text: format!(
            "Hello {}\n\nPayFast confirmed your payment of {} for {}.\n\n\
             {} {number}: {}\nPayFast reference: {pf_payment_id}\n\nThank you.\n{}\n",
            invoice.customer_name,
            format_money(paid),
            payment.description,
            invoice.title,
            invoice_url(invoice.id.as_str()),
            invoice.supplier_name,
        ),
    };
    jobs::enqueue(conn, &Job::Mail(mail), now)?;
    if settlement.issued() {
        invoices::service::post_issue(conn, invoice, now)?;
    }
    post_received(conn, payment, itn, &settlement, now)?;
    tracing::info!(payment.id = %payment.id, invoice.number = %number, "Settled a payment");
    Ok(())
}

/// Writes the money into the books, the last step of the settlement.
fn post_received(
    conn: &mut Conn,
    payment: &PaymentRow,
    itn: &Itn,
    settlement: &Settlement,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let received = Received {
        into: LedgerAccount::PayfastClearing,
        gross_minor: gross_minor(payment, itn),
        fee_minor: fee_minor(itn).unwrap_or_default(),
        applied_minor: settlement.applied.minor,
        excess_minor: settlement.excess.minor,
        written_off_vat_minor: settlement.written_off_vat_minor(),
    };
    let number = settlement.invoice.number.as_deref().unwrap_or_default();
    let amount = format_money(payment.money(payment.amount_minor));
    let entry = books::service::Entry {
        kind: "payment_received",
        source: &format!("payment:{}", payment.id),
        account_id: Some(payment.account_id),
        invoice_id: Some(payment.invoice_id),
        description: &format!("{amount} received for {number}"),
        currency: payment.currency,
        legs: &books::entries::payment_received(&received),
    };
    books::service::post(conn, &entry, now)
}

/// PayFast writes its fee as a negative amount.
fn fee_minor(itn: &Itn) -> Option<i64> {
    itn.amount_fee().and_then(Result::ok).map(|fee| fee.cents().abs())
}

/// What came; a cent more or less than was asked for is tolerated.
fn gross_minor(payment: &PaymentRow, itn: &Itn) -> i64 {
    let gross = itn.amount_gross().and_then(Result::ok);
    gross.map_or(payment.amount_minor, Amount::cents)
}

/// The line of the log; the notification may come again, the move to `succeeded` does not.
fn record_settled(
    conn: &mut Conn,
    payment: &PaymentRow,
    pf_payment_id: &str,
    origin: &Origin,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let amount = format_money(payment.money(payment.amount_minor));
    let to = PaymentStatus::Succeeded;
    let entry = Entry {
        action: AuditAction::PaymentSettled,
        account_id: Some(payment.account_id),
        subject_kind: "payment",
        subject_id: Some(payment.id.as_str()),
        subject: &payment.description,
        changes: changed([
            ("status", Some(payment.status.as_str()), Some(to.as_str())),
            ("amount", None, Some(&amount)),
            ("provider_reference", None, Some(pf_payment_id)),
        ]),
    };
    audit::record(conn, origin, &entry, now)
}

/// A second payment by the customer for what is paid: the money is theirs.
fn paid_again(
    conn: &mut Conn,
    payment: &PaymentRow,
    itn: &Itn,
    pf_payment_id: &str,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let amount = payment.money(gross_minor(payment, itn));
    let is_new = credit(conn, payment, pf_payment_id, amount, PAID_AGAIN, now)?;
    let note = format!(
        "PayFast {pf_payment_id} paid again; {} became credit",
        format_money(amount)
    );
    record(conn, payment, Event::ItnComplete, PaymentStatus::Succeeded, &note, now)?;
    if is_new {
        let entry = books::service::Entry {
            kind: "paid_again",
            source: &format!("{}:{pf_payment_id}", Provider::Payfast),
            account_id: Some(payment.account_id),
            invoice_id: Some(payment.invoice_id),
            description: &format!("{} paid again; it became credit", format_money(amount)),
            currency: payment.currency,
            legs: &books::entries::paid_again(amount.minor, fee_minor(itn).unwrap_or_default()),
        };
        books::service::post(conn, &entry, now)?;
    }
    tracing::warn!(payment.id = %payment.id, "A payment came twice; the second became credit");
    Ok(())
}

fn credit(
    conn: &mut Conn,
    payment: &PaymentRow,
    pf_payment_id: &str,
    amount: Money,
    reason: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    store::insert_credit(
        conn,
        &NewCredit {
            id: clock::new_id(now),
            account_id: payment.account_id,
            payment_id: Some(payment.id),
            invoice_id: None,
            source: &format!("{}:{pf_payment_id}", Provider::Payfast),
            amount,
            reason,
            now,
        },
    )
}

/// Moves the payment and writes its history; a conflict rolls everything back.
pub fn move_to(
    conn: &mut Conn,
    payment: &PaymentRow,
    event: Event,
    to: PaymentStatus,
    note: &str,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    if !store::set_status(conn, payment.id, payment.status, to, now)? {
        return Err(ApiError::conflict("the payment changed meanwhile"));
    }
    record(conn, payment, event, to, note, now)?;
    Ok(())
}

fn record(
    conn: &mut Conn,
    payment: &PaymentRow,
    event: Event,
    to: PaymentStatus,
    note: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    store::insert_event(
        conn,
        &NewEvent {
            id: clock::new_id(now),
            payment_id: payment.id,
            event: event.as_str(),
            from: Some(payment.status),
            to,
            note,
            now,
        },
    )
}
