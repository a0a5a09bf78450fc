//! Writing the books, once per movement of money, inside the movement's transaction.

use chrono::{DateTime, Utc};
use common::{
    Currency,
    ids::{AccountId, InvoiceId},
};

use super::{
    rules::{self, Hashed, Leg},
    store::{self, TransactionRow},
};
use crate::{
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
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

/// Whether this movement is in the books already.
pub fn is_posted(conn: &mut Conn, kind: &str, source: &str) -> QueryResult<bool> {
    store::is_posted(conn, kind, source)
}
