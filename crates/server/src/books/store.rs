//! The tables `ledger_transactions`, `ledger_postings` and `book_checks`.

use chrono::NaiveDateTime;
use common::{
    Currency,
    ids::{AccountId, InvoiceId, LedgerTransactionId},
};
use diesel::{
    dsl::sql_query,
    prelude::*,
    sql_types::{BigInt, Text},
};

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

/// A leg as it stands in the table.
#[derive(Queryable)]
pub struct PostingRow {
    pub transaction_id: LedgerTransactionId,
    pub position: i32,
    pub ledger_account: String,
    pub account_id: Option<AccountId>,
    pub amount_minor: i64,
}

/// The legs of these entries, in the order of each.
pub fn load_postings(conn: &mut Conn, ids: &[LedgerTransactionId]) -> QueryResult<Vec<PostingRow>> {
    ledger_postings::table
        .filter(ledger_postings::transaction_id.eq_any(ids))
        .order((ledger_postings::transaction_id, ledger_postings::position))
        .load(conn)
}

/// The balance of every ledger account that has one, debits positive.
pub fn load_balances(conn: &mut Conn) -> QueryResult<Vec<(String, Currency, i64)>> {
    #[derive(QueryableByName)]
    struct Balance {
        #[diesel(sql_type = Text)]
        ledger_account: String,
        #[diesel(sql_type = Text)]
        currency: Currency,
        #[diesel(sql_type = BigInt)]
        minor: i64,
    }
    let sql = "select p.ledger_account as ledger_account, t.currency as currency,
            cast(sum(p.amount_minor) as bigint) as minor
        from ledger_postings p join ledger_transactions t on t.id = p.transaction_id
        group by p.ledger_account, t.currency order by p.ledger_account, t.currency";
    let balances: Vec<Balance> = sql_query(sql).load(conn)?;
    let balances = balances.into_iter();
    Ok(balances
        .map(|balance| (balance.ledger_account, balance.currency, balance.minor))
        .collect())
}

/// What a list asks for; newest first.
pub struct ListFilter {
    pub account_id: Option<AccountId>,
    pub invoice_id: Option<InvoiceId>,
    pub after: Option<(NaiveDateTime, LedgerTransactionId)>,
    pub limit: i64,
}

/// The filters that page and count share; a macro, since each has a type of its own.
macro_rules! narrow {
    ($query:expr, $filter:expr) => {{
        let mut query = $query.into_boxed();
        if let Some(account_id) = $filter.account_id {
            query = query.filter(ledger_transactions::account_id.eq(account_id));
        }
        if let Some(invoice_id) = $filter.invoice_id {
            query = query.filter(ledger_transactions::invoice_id.eq(invoice_id));
        }
        query
    }};
}

pub fn load_page(conn: &mut Conn, filter: &ListFilter) -> QueryResult<Vec<TransactionRow>> {
    let (at, id) = (ledger_transactions::at, ledger_transactions::id);
    let mut query = narrow!(ledger_transactions::table.limit(filter.limit), filter);
    if let Some((after_at, after_id)) = filter.after {
        query = query.filter(at.lt(after_at).or(at.eq(after_at).and(id.lt(after_id))));
    }
    query.order((at.desc(), id.desc())).load(conn)
}

/// Rows that match, counted up to `at_most`.
pub fn count(conn: &mut Conn, filter: &ListFilter, at_most: i64) -> QueryResult<i64> {
    let query = ledger_transactions::table
        .select(ledger_transactions::id)
        .limit(at_most);
    let ids: Vec<LedgerTransactionId> = narrow!(query, filter).load(conn)?;
    Ok(i64::try_from(ids.len()).unwrap_or(at_most))
}

/// Serial and hash of the last transaction.
pub fn find_end(conn: &mut Conn) -> QueryResult<Option<(i64, String)>> {
    ledger_transactions::table
        .order(ledger_transactions::serial.desc())
        .select((ledger_transactions::serial, ledger_transactions::hash))
        .first(conn)
        .optional()
}

/// Holds the end of the chain without extending it.
pub fn lock_chain(conn: &mut Conn) -> QueryResult<()> {
    diesel::update(number_series::table.find("ledger"))
        .set(number_series::last_number.eq(number_series::last_number))
        .execute(conn)
        .map(drop)
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
