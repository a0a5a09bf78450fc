//! Writing the books, once per movement of money, inside the movement's transaction; and reading them.

use chrono::{DateTime, Utc};
use common::{
    Currency, Money, Page,
    books::{LedgerAccount, LedgerQuery, LedgerTransaction, Posting},
    ids::{AccountId, InvoiceId, LedgerTransactionId},
};

use super::{
    rules::{self, Hashed, Leg},
    store::{self, ListFilter, PostingRow, TransactionRow},
    verify,
};
use crate::{
    app::App,
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    paging::{self, Paging},
};

/// One movement of money, as it is told to [`post`].
pub struct Entry<'a> {
    /// What happened: `invoice_issued`, `payment_received`, `credit_note_issued`, `refund_reserved`, ….
    pub kind: &'a str,
    /// What it happened to, `invoice:…`, `payment:…`: one entry for each kind and source.
    pub source: &'a str,
    /// The customer whose money it is; also of every leg.
    pub account_id: Option<AccountId>,
    pub invoice_id: Option<InvoiceId>,
    /// For people: `INV-000007 issued to Karoo Kiln Studio`.
    pub description: &'a str,
    pub currency: Currency,
    pub legs: &'a [Leg],
}

/// Writes an entry; call it last in the transaction, since the chain's end stays locked until the commit.
///
/// # Errors
/// Legs that do not balance, and a kind and source that are in the books already: both are mistakes of ours.
pub fn post(conn: &mut Conn, entry: &Entry<'_>, now: DateTime<Utc>) -> Result<(), ApiError> {
    let legs = rules::entry(entry.legs).map_err(ApiError::internal)?;
    let end = store::extend_chain(conn)?;
    let previous_hash = end.previous_hash.unwrap_or_else(|| rules::GENESIS.to_owned());
    let hash = rules::hash(
        &previous_hash,
        &Hashed {
            serial: end.serial,
            at: now,
            kind: entry.kind,
            source: entry.source,
            account_id: entry.account_id,
            currency: entry.currency,
            description: entry.description,
            legs: &legs,
        },
    );
    let row = TransactionRow {
        id: clock::new_id(now),
        serial: end.serial,
        at: now.naive_utc(),
        kind: entry.kind.to_owned(),
        source: entry.source.to_owned(),
        account_id: entry.account_id,
        invoice_id: entry.invoice_id,
        description: entry.description.to_owned(),
        currency: entry.currency,
        previous_hash,
        hash,
    };
    store::insert(conn, &row, &legs)?;
    Ok(())
}

/// Entries in the books.
pub fn count(conn: &mut Conn) -> QueryResult<i64> {
    verify::store::last_number(conn, "ledger")
}

/// One page of the entries, newest first.
pub async fn list(app: &App, query: LedgerQuery) -> Result<Page<LedgerTransaction>, ApiError> {
    let paging = Paging::parse(query.limit, query.cursor.as_deref(), None)?;
    let filter = ListFilter {
        account_id: query.account_id,
        invoice_id: query.invoice_id,
        after: paging.after(LedgerTransactionId::parse)?,
        limit: paging.fetch(),
    };
    app.db
        .read(move |conn| {
            let total = store::count(conn, &filter, paging::COUNT_UP_TO)?;
            let rows = store::load_page(conn, &filter)?;
            let page = paging.page(rows, total, |row| (row.at, row.id.to_string()));
            let ids: Vec<_> = page.items.iter().map(|row| row.id).collect();
            let postings = store::load_postings(conn, &ids)?;
            Ok(page.map(|row| transaction(row, &postings)))
        })
        .await
}

fn transaction(row: TransactionRow, postings: &[PostingRow]) -> LedgerTransaction {
    let own = postings.iter().filter(|posting| posting.transaction_id == row.id);
    let own = own.filter_map(|posting| {
        Some(Posting {
            account: LedgerAccount::parse(&posting.ledger_account)?,
            amount: Money::new(posting.amount_minor, row.currency),
        })
    });
    LedgerTransaction {
        postings: own.collect(),
        id: row.id,
        serial: row.serial,
        at: row.at.and_utc(),
        kind: row.kind,
        description: row.description,
        account_id: row.account_id,
        invoice_id: row.invoice_id,
        hash: row.hash,
    }
}

/// Whether this movement is in the books already.
pub fn is_posted(conn: &mut Conn, kind: &str, source: &str) -> QueryResult<bool> {
    store::is_posted(conn, kind, source)
}
