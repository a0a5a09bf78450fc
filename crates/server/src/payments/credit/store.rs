//! The table `customer_credits`, as far as it is spent and shown.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    Currency, Money,
    ids::{AccountId, CreditId, InvoiceId, PaymentId},
    invoices::CreditEntry,
};
use diesel::prelude::*;

use crate::db::{Conn, schema::customer_credits};

pub fn balance_minor(conn: &mut Conn, account_id: AccountId, currency: Currency) -> QueryResult<i64> {
    let amounts: Vec<i64> = customer_credits::table
        .filter(customer_credits::account_id.eq(account_id))
        .filter(customer_credits::currency.eq(currency))
        .select(customer_credits::amount_minor)
        .load(conn)?;
    Ok(amounts.iter().sum())
}

/// Newest first.
pub fn load_entries(conn: &mut Conn, account_id: AccountId, limit: i64) -> QueryResult<Vec<CreditEntry>> {
    type Row = (
        NaiveDateTime,
        Currency,
        i64,
        String,
        Option<PaymentId>,
        Option<InvoiceId>,
    );
    let rows: Vec<Row> = customer_credits::table
        .filter(customer_credits::account_id.eq(account_id))
        .order((customer_credits::created_at.desc(), customer_credits::id.desc()))
        .limit(limit)
        .select((
            customer_credits::created_at,
            customer_credits::currency,
            customer_credits::amount_minor,
            customer_credits::reason,
            customer_credits::payment_id,
            customer_credits::invoice_id,
        ))
        .load(conn)?;
    let entry = |(at, currency, minor, reason, payment_id, invoice_id): Row| CreditEntry {
        at: at.and_utc(),
        amount: Money::new(minor, currency),
        reason,
        payment_id,
        invoice_id,
    };
    Ok(rows.into_iter().map(entry).collect())
}

pub fn excess_minor(conn: &mut Conn, payment_id: PaymentId, besides: &str) -> QueryResult<i64> {
    let amounts: Vec<i64> = customer_credits::table
        .filter(customer_credits::payment_id.eq(payment_id))
        .filter(customer_credits::amount_minor.gt(0))
        .filter(customer_credits::reason.ne(besides))
        .select(customer_credits::amount_minor)
        .load(conn)?;
    Ok(amounts.iter().sum())
}

/// What payments brought too much, but for the reason `besides`, and what credit notes of the invoice gave back.
pub fn earned_by_invoice(
    conn: &mut Conn,
    invoice_id: InvoiceId,
    payments: &[PaymentId],
    besides: &str,
) -> QueryResult<i64> {
    let by_payments: Vec<i64> = customer_credits::table
        .filter(customer_credits::payment_id.eq_any(payments.to_vec()))
        .filter(customer_credits::amount_minor.gt(0))
        .filter(customer_credits::reason.ne(besides))
        .select(customer_credits::amount_minor)
        .load(conn)?;
    let by_notes: Vec<i64> = customer_credits::table
        .filter(customer_credits::invoice_id.eq(invoice_id))
        .filter(customer_credits::source.like("credit_note:%"))
        .select(customer_credits::amount_minor)
        .load(conn)?;
    Ok(by_payments.iter().chain(&by_notes).sum())
}

pub fn has_source(conn: &mut Conn, source: &str) -> QueryResult<bool> {
    let found: Option<CreditId> = customer_credits::table
        .filter(customer_credits::source.eq(source))
        .select(customer_credits::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// The payment that brought this money.
pub fn find_payment(conn: &mut Conn, source: &str) -> QueryResult<Option<PaymentId>> {
    let found: Option<Option<PaymentId>> = customer_credits::table
        .filter(customer_credits::source.eq(source))
        .select(customer_credits::payment_id)
        .first(conn)
        .optional()?;
    Ok(found.flatten())
}

pub struct Spent<'a> {
    pub id: CreditId,
    pub account_id: AccountId,
    /// The invoice that was paid with it.
    pub invoice_id: Option<InvoiceId>,
    pub source: &'a str,
    /// Positive; it is stored as a negative amount.
    pub amount: Money,
    pub reason: &'a str,
    pub now: DateTime<Utc>,
}

pub fn insert_spent(conn: &mut Conn, spent: &Spent<'_>) -> QueryResult<()> {
    diesel::insert_into(customer_credits::table)
        .values((
            customer_credits::id.eq(spent.id),
            customer_credits::account_id.eq(spent.account_id),
            customer_credits::invoice_id.eq(spent.invoice_id),
            customer_credits::source.eq(spent.source),
            customer_credits::currency.eq(spent.amount.currency),
            customer_credits::amount_minor.eq(-spent.amount.minor),
            customer_credits::reason.eq(spent.reason),
            customer_credits::created_at.eq(spent.now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// What an invoice was paid with credit: amount and time, oldest first.
pub fn load_spent_on(conn: &mut Conn, invoice_id: InvoiceId) -> QueryResult<Vec<(i64, NaiveDateTime)>> {
    let rows: Vec<(i64, NaiveDateTime)> = customer_credits::table
        .filter(customer_credits::invoice_id.eq(invoice_id))
        .filter(customer_credits::amount_minor.lt(0))
        .order((customer_credits::created_at, customer_credits::id))
        .select((customer_credits::amount_minor, customer_credits::created_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(minor, at)| (-minor, at)).collect())
}
