//! The tables `ledger_transactions`, `ledger_postings` and `book_checks`.

use chrono::NaiveDateTime;
use common::{
    Currency,
    ids::{AccountId, InvoiceId, LedgerTransactionId},
};
use diesel::prelude::*;

use super::rules::Leg;
use crate::db::{
    Conn,
    schema::{ledger_postings, ledger_transactions, number_series},
};

#[derive(Queryable, Insertable)]
#[diesel(table_name = ledger_transactions)]
pub struct TransactionRow {
    pub id: LedgerTransactionId,
    pub serial: i64,
    pub at: NaiveDateTime,
    pub kind: String,
    pub source: String,
    pub account_id: Option<AccountId>,
    pub invoice_id: Option<InvoiceId>,
    pub description: String,
    pub currency: Currency,
    pub previous_hash: String,
    pub hash: String,
}

/// Where the next transaction goes.
pub struct ChainEnd {
    pub serial: i64,
    /// `None` for the first.
    pub previous_hash: Option<String>,
}

/// Takes the next serial; its row stays locked until the transaction ends, so that the chain has one end.
pub fn extend_chain(conn: &mut Conn) -> QueryResult<ChainEnd> {
    let series = number_series::table.find("ledger");
    diesel::update(series)
        .set(number_series::last_number.eq(number_series::last_number + 1))
        .execute(conn)?;
    let serial: i64 = series.select(number_series::last_number).first(conn)?;
    let previous_hash = ledger_transactions::table
        .filter(ledger_transactions::serial.eq(serial - 1))
        .select(ledger_transactions::hash)
        .first(conn)
        .optional()?;
    Ok(ChainEnd { serial, previous_hash })
}

pub fn insert(conn: &mut Conn, row: &TransactionRow, legs: &[Leg]) -> QueryResult<()> {
    diesel::insert_into(ledger_transactions::table)
        .values(row)
        .execute(conn)?;
    for (position, leg) in (1_i32..).zip(legs) {
        diesel::insert_into(ledger_postings::table)
            .values((
                ledger_postings::transaction_id.eq(row.id),
                ledger_postings::position.eq(position),
                ledger_postings::ledger_account.eq(leg.account.as_str()),
                ledger_postings::account_id.eq(row.account_id),
                ledger_postings::amount_minor.eq(leg.minor),
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub fn is_posted(conn: &mut Conn, kind: &str, source: &str) -> QueryResult<bool> {
    let found: i64 = ledger_transactions::table
        .filter(ledger_transactions::kind.eq(kind))
        .filter(ledger_transactions::source.eq(source))
        .count()
        .get_result(conn)?;
    Ok(found > 0)
}
