//! The one way by which an invoice changes: its row is held, the rules decide, and the whole row is written back.

use chrono::{DateTime, TimeDelta, Utc};
use common::{ErrorCode, FieldError, ids::InvoiceId, invoices::InvoiceStatus, money::format_money};

use super::{
    rules::{self, Event, Guards, Refusal},
    store::{self, InvoiceRow},
};
use crate::{db::Conn, error::ApiError};

/// South Africa keeps UTC+2 all year.
pub const SOUTH_AFRICA: TimeDelta = TimeDelta::hours(2);

/// Reads the invoice and holds its row until the transaction ends.
pub fn lock(conn: &mut Conn, id: InvoiceId) -> Result<InvoiceRow, ApiError> {
    store::find_locked(conn, id)?.ok_or_else(|| ApiError::not_found("invoice"))
}

impl InvoiceRow {
    /// Customers see what was issued, and the drafts of their own purchases; what staff prepare is not theirs yet.
    pub fn is_public(&self) -> bool {
        self.status != InvoiceStatus::Draft || self.product_code.is_some()
    }

    /// What the rules look at, for an event of `amount_minor`; lines and payments under way are the caller's to tell.
    pub fn guards(&self, amount_minor: i64) -> Guards {
        Guards {
            total_minor: self.total_minor,
            balance_minor: self.balance_minor(),
            amount_paid_minor: self.amount_paid_minor,
            credited_minor: self.credited_minor,
            amount_minor,
            is_purchase: self.product_code.is_some(),
            has_lines: true,
            under_way: None,
        }
    }
}

/// Moves the invoice as the rules say, with what `change` does to the rest of its row. The caller holds the row.
pub fn step(
    conn: &mut Conn,
    before: &InvoiceRow,
    event: Event,
    guards: &Guards,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut InvoiceRow),
) -> Result<InvoiceRow, ApiError> {
    let status = rules::next(before.status, event, guards).map_err(|refusal| refused(before, refusal))?;
    let mut after = before.clone();
    change(&mut after);
    after.status = status;
    after.version += 1;
    after.updated_at = now.naive_utc();
    after.paid_at = match status {
        InvoiceStatus::Paid => before.paid_at.or(Some(now.naive_utc())),
        _ => None,
    };
    if !store::update(conn, before, &after)? {
        return Err(ApiError::conflict("the invoice changed meanwhile"));
    }
    Ok(after)
}

/// Refuses an event that the invoice's state has no answer to, before anything else is looked at.
pub fn check(invoice: &InvoiceRow, event: Event) -> Result<(), ApiError> {
    rules::next(invoice.status, event, &invoice.guards(0))
        .map(drop)
        .map_err(|refusal| refused(invoice, refusal))
}

/// A refusal in the words of the API.
pub fn refused(invoice: &InvoiceRow, refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::NoLines => ApiError::with_fields(
            ErrorCode::Conflict,
            vec![FieldError::required(
                "lines",
                "Add at least one line before you finalise.",
            )],
        ),
        Refusal::Nothing => FieldError::new("amount", "out_of_range", "Enter an amount above R0.00.").into(),
        Refusal::TooMuch { left_minor } if left_minor <= 0 => {
            ApiError::conflict("nothing of this invoice is left to credit")
        }
        Refusal::TooMuch { left_minor } => {
            let left = format_money(invoice.money(left_minor));
            FieldError::new("amount", "out_of_range", format!("At most {left} is left.")).into()
        }
        Refusal::HasPayments => ApiError::conflict(format!(
            "{} was paid on this invoice; issue a credit note, or refund the payment",
            format_money(invoice.money(invoice.amount_paid_minor))
        )),
        other => ApiError::conflict(other.to_string()),
    }
}
