//! Reading the books for their proof, and the table `book_checks`.

use chrono::NaiveDateTime;
use common::ids::{PaymentId, RefundId};
use diesel::{
    dsl::sql_query,
    prelude::*,
    sql_types::{BigInt, Text},
};

use super::super::store::TransactionRow;
use crate::db::{
    Conn, each_backend,
    schema::{
        book_checks, credit_notes, invoices, ledger_transactions, number_series, payments, reconciliations, refunds,
        statement_lines,
    },
};

/// A row that breaks a promise.
#[derive(QueryableByName)]
pub struct Breach {
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = BigInt)]
    pub left_minor: i64,
    #[diesel(sql_type = BigInt)]
    pub right_minor: i64,
    #[diesel(sql_type = Text)]
    pub word: String,
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

pub fn find_breaches(conn: &mut Conn, sql: &str) -> QueryResult<Vec<Breach>> {
    sql_query(sql).load(conn)
}

pub fn count(conn: &mut Conn, sql: &str) -> QueryResult<i64> {
    sql_query(sql).get_result::<Rows>(conn).map(|rows| rows.counted)
}

/// The last number that a series gave.
pub fn last_number(conn: &mut Conn, series: &str) -> QueryResult<i64> {
    number_series::table
        .find(series)
        .select(number_series::last_number)
        .first(conn)
        .optional()
        .map(Option::unwrap_or_default)
}

/// Entries after a serial, in order.
pub fn load_transactions(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<TransactionRow>> {
    ledger_transactions::table
        .filter(ledger_transactions::serial.gt(after))
        .order(ledger_transactions::serial)
        .limit(limit)
        .load(conn)
}

/// Numbers of invoices after one, in the order of their text.
pub fn load_invoice_numbers(conn: &mut Conn, after: &str, limit: i64) -> QueryResult<Vec<String>> {
    invoices::table
        .filter(invoices::number.gt(after))
        .order(invoices::number)
        .limit(limit)
        .select(invoices::number.assume_not_null())
        .load(conn)
}

/// The same of credit notes.
pub fn load_credit_note_numbers(conn: &mut Conn, after: &str, limit: i64) -> QueryResult<Vec<String>> {
    credit_notes::table
        .filter(credit_notes::number.gt(after))
        .order(credit_notes::number)
        .limit(limit)
        .select(credit_notes::number)
        .load(conn)
}

/// First and last days that were reconciled, by the first.
pub fn load_reconciled_days(conn: &mut Conn) -> QueryResult<Vec<(chrono::NaiveDate, chrono::NaiveDate)>> {
    reconciliations::table
        .filter(reconciliations::status.eq("finished"))
        .order((reconciliations::from_day, reconciliations::to_day))
        .select((reconciliations::from_day, reconciliations::to_day))
        .load(conn)
}

/// PayFast's payments that came in this time and stand in no statement.
pub fn load_unstated(
    conn: &mut Conn,
    from: NaiveDateTime,
    until: NaiveDateTime,
    limit: i64,
) -> QueryResult<Vec<(PaymentId, i64, Option<String>)>> {
    let line = statement_lines::table
        .filter(statement_lines::pf_payment_id.eq(payments::provider_reference))
        .filter(statement_lines::verdict.ne("missing"));
    payments::table
        .filter(payments::status.eq("succeeded"))
        .filter(payments::provider.eq("payfast"))
        .filter(payments::succeeded_at.ge(from))
        .filter(payments::succeeded_at.lt(until))
        .filter(diesel::dsl::not(diesel::dsl::exists(line)))
        .order(payments::id)
        .limit(limit)
        .select((payments::id, payments::amount_minor, payments::provider_reference))
        .load(conn)
}

/// Payments whose outcome is not known, and has not been since before `since`.
pub fn load_unknown_payments(
    conn: &mut Conn,
    since: NaiveDateTime,
    limit: i64,
) -> QueryResult<Vec<(PaymentId, NaiveDateTime)>> {
    payments::table
        .filter(payments::status.eq("unknown"))
        .filter(payments::updated_at.lt(since))
        .order(payments::id)
        .limit(limit)
        .select((payments::id, payments::updated_at))
        .load(conn)
}

/// Refunds that were sent before `since` and have no end yet.
pub fn load_unknown_refunds(
    conn: &mut Conn,
    since: NaiveDateTime,
    limit: i64,
) -> QueryResult<Vec<(RefundId, NaiveDateTime)>> {
    refunds::table
        .filter(refunds::status.eq_any(["unknown", "submitted"]))
        .filter(
            refunds::submitted_at
                .lt(since)
                .or(refunds::submitted_at.is_null().and(refunds::updated_at.lt(since))),
        )
        .order(refunds::id)
        .limit(limit)
        .select((refunds::id, refunds::updated_at))
        .load(conn)
}

/// Attempts whose end is not known, old or new.
pub fn count_unknown(conn: &mut Conn) -> QueryResult<i64> {
    let of_payments: i64 = payments::table
        .filter(payments::status.eq("unknown"))
        .count()
        .get_result(conn)?;
    let of_refunds: i64 = refunds::table
        .filter(refunds::status.eq_any(["unknown", "submitted"]))
        .count()
        .get_result(conn)?;
    Ok(of_payments + of_refunds)
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = book_checks)]
pub struct CheckRow {
    pub invariant: String,
    pub holds: bool,
    pub checked: i64,
    /// JSON of the findings.
    pub findings: String,
    pub checked_at: NaiveDateTime,
}

pub fn load_checks(conn: &mut Conn) -> QueryResult<Vec<CheckRow>> {
    book_checks::table.load(conn)
}

pub fn save_check(conn: &mut Conn, row: &CheckRow) -> QueryResult<()> {
    each_backend!(conn, |c| diesel::insert_into(book_checks::table)
        .values(row)
        .on_conflict(book_checks::invariant)
        .do_update()
        .set(row)
        .execute(c))
    .map(drop)
}
