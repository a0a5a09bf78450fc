//! The table `payments`, as far as charges of saved cards are looked up.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    ids::{InvoiceId, PaymentId},
    payments::{Method, PaymentStatus},
};
use diesel::prelude::*;

use super::super::store::PaymentRow;
use crate::db::{Conn, schema::payments};

/// States in which nobody knows yet whether money moves.
const UNDECIDED: [PaymentStatus; 2] = [PaymentStatus::Processing, PaymentStatus::Unknown];

/// The state of a payment of the invoice that PayFast works on.
pub fn find_undecided(conn: &mut Conn, invoice_id: InvoiceId) -> QueryResult<Option<PaymentStatus>> {
    payments::table
        .filter(payments::invoice_id.eq(invoice_id))
        .filter(payments::status.eq_any(UNDECIDED))
        .select(payments::status)
        .first(conn)
        .optional()
}

/// Charges to look up now, the oldest first.
pub fn load_due(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<PaymentRow>> {
    payments::table
        .filter(payments::status.eq_any(UNDECIDED))
        .filter(payments::method.eq(Method::SavedCard))
        .filter(payments::next_check_at.le(now.naive_utc()))
        .order((payments::next_check_at, payments::id))
        .limit(limit)
        .load(conn)
}

/// Takes the payment for this worker until `until`; `None` when another was faster, or it was decided meanwhile.
pub fn claim(conn: &mut Conn, payment: &PaymentRow, until: DateTime<Utc>) -> QueryResult<Option<PaymentRow>> {
    let claimed = diesel::update(
        payments::table
            .find(payment.id)
            .filter(payments::status.eq(payment.status)),
    )
    .filter(payments::next_check_at.eq(payment.next_check_at))
    .set(payments::next_check_at.eq(until.naive_utc()))
    .execute(conn)?;
    if claimed == 1 {
        payments::table.find(payment.id).first(conn).optional()
    } else {
        Ok(None)
    }
}

pub fn set_next_check(conn: &mut Conn, id: PaymentId, at: Option<DateTime<Utc>>) -> QueryResult<()> {
    diesel::update(payments::table.find(id))
        .set(payments::next_check_at.eq(at.map(|at| at.naive_utc())))
        .execute(conn)
        .map(drop)
}

/// Keeps PayFast's id of a charge that it took.
pub fn set_reference(
    conn: &mut Conn,
    id: PaymentId,
    reference: Option<&str>,
    next_check_at: DateTime<Utc>,
) -> QueryResult<()> {
    let next_check_at: Option<NaiveDateTime> = Some(next_check_at.naive_utc());
    diesel::update(payments::table.find(id))
        .set((
            reference.map(|reference| payments::provider_reference.eq(reference)),
            payments::next_check_at.eq(next_check_at),
        ))
        .execute(conn)
        .map(drop)
}
