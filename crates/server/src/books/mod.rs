//! The books: double entry, written in the transaction of what it tells of, chained by a hash.
//!
//! Owns the tables `ledger_transactions`, `ledger_postings` and `book_checks`, and the series `ledger`.
//! Every movement of money calls [`service::post`] once, last in its transaction: the row of the series stays locked
//! until the commit. [`entries`] makes the legs, [`verify`] proves that the books agree with everything else, and
//! [`backfill`] writes what happened before there were books. Those two read the tables of invoices, payments and
//! accounts, and write none of them.

pub mod backfill;
pub mod entries;
pub mod http;
pub mod rules;
pub mod service;
pub mod store;
pub mod verify;
