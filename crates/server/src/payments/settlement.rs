//! What becomes of a payment when somebody tells of it: a checked notification, PayFast's query or its statement.
//!
//! All hold the payment's row first, so that they follow one another; what money does is in [`money`].

pub mod money;

use chrono::{DateTime, Utc};
use common::{Money, books::LedgerAccount, ids::PaymentId, payments::PaymentStatus};
use payfast::{Amount, Itn, amounts_match};

pub use self::money::{Brought, PAID_AGAIN, correct_fee};
use super::{
    rules::{self, Event, Outcome},
    store::{self, NewEvent, PaymentRow},
};
use crate::{
    audit::Origin,
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
};

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
    let cents = |amount: Option<Result<Amount, _>>| amount.and_then(Result::ok).map(Amount::cents);
    let brought = Brought {
        event,
        reference: pf_payment_id,
        // A cent more or less than was asked for is tolerated.
        gross_minor: cents(itn.amount_gross()).unwrap_or(payment.amount_minor),
        // PayFast writes its fee as a negative amount.
        fee_minor: cents(itn.amount_fee()).map(i64::abs),
        net_minor: cents(itn.amount_net()),
        into: LedgerAccount::PayfastClearing,
        note: "",
        origin: Origin::payfast(),
    };
    let is_known = payment.provider_reference.as_deref() == Some(pf_payment_id);
    match rules::next(payment.method, payment.status, event) {
        // The very payment that we know; only money with another id is new money.
        Outcome::PaidAgain if is_known => money::complete_fee(conn, &payment, &brought, now)?,
        Outcome::Succeed => money::succeed(conn, &payment, &brought, invoice_url, now)?,
        Outcome::PaidAgain => money::paid_again(conn, &payment, &brought, now)?,
        Outcome::Move(to) => move_to(conn, &payment, event, to, "", now)?,
        Outcome::Keep | Outcome::Refuse | Outcome::TakeBack => {
            let note = format!(
                "PayFast says {}; this changes nothing now",
                itn.payment_status().as_str()
            );
            record(conn, &payment, event, payment.status, &note, now)?;
        }
    }
    Ok(Applied::Changed { payment_id: payment.id })
}

/// Money that PayFast's query or statement has, with an amount that was compared already.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    pub payment_id: PaymentId,
    pub pf_payment_id: &'a str,
    pub gross_minor: i64,
    /// A query does not tell it; the statement corrects it later.
    pub fee_minor: Option<i64>,
    pub net_minor: Option<i64>,
    /// `PayFast's query` or `PayFast's statement`.
    pub where_found: &'static str,
}

/// Settles a payment whose notification was lost; `false` when it was settled meanwhile.
pub fn apply_found(
    conn: &mut Conn,
    found: &Found<'_>,
    invoice_url: &dyn Fn(&str) -> String,
    now: DateTime<Utc>,
) -> Result<bool, ApiError> {
    let payment = store::find_locked(conn, found.payment_id)?.ok_or_else(|| ApiError::not_found("payment"))?;
    let note = format!("found by {}", found.where_found);
    let brought = Brought {
        event: Event::FoundComplete,
        reference: found.pf_payment_id,
        gross_minor: found.gross_minor,
        fee_minor: found.fee_minor,
        net_minor: found.net_minor,
        into: LedgerAccount::PayfastClearing,
        note: &note,
        origin: Origin::system(),
    };
    match rules::next(payment.method, payment.status, Event::FoundComplete) {
        Outcome::Succeed => money::succeed(conn, &payment, &brought, invoice_url, now)?,
        Outcome::PaidAgain if payment.provider_reference.as_deref() == Some(found.pf_payment_id) => return Ok(false),
        Outcome::PaidAgain => money::paid_again(conn, &payment, &brought, now)?,
        _ => return Ok(false),
    }
    Ok(true)
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

/// Writes a step of the history.
pub fn record(
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
