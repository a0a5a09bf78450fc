//! The books: double entry, written in the transaction of what it tells of, chained by a hash.
//!
//! Owns the tables `ledger_transactions`, `ledger_postings` and `book_checks`, and the series `ledger`.
//! Every movement of money calls [`service::post`] once, last in its transaction: the row of the series stays locked
//! until the commit.

pub mod entries;
pub mod rules;
pub mod service;
pub mod store;
