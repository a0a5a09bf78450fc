//! The one integration binary: features through HTTP, on SQLite and on PostgreSQL.
//!
//! `cargo xtask test` starts PostgreSQL and names it in `TEST_POSTGRES_URL`; a missing database is a failure.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

#[macro_use]
mod support;

mod access;
mod accounts;
mod api_keys;
mod attacks;
mod audit;
mod audit_of_sign_in;
mod auth;
mod books;
mod books_model;
mod busy;
mod charges;
mod chat;
mod chat_changes;
mod chat_limits;
mod chat_nodes;
mod chat_people;
mod chat_presence;
mod chat_retention;
mod chat_sockets;
mod checkout;
mod crash;
mod crash_of_money;
mod db;
mod demo;
mod eft;
mod invoices;
mod itn;
mod itn_replay;
mod limits;
mod lists;
mod members;
mod metrics;
mod mfa;
mod operators;
mod passwords;
mod payment_lists;
mod payment_methods;
mod pdf;
mod query_plans;
mod reconciliations;
mod refunds;
mod reports;
mod schema_parity;
mod secrets;
mod sessions;
mod shutdown;
mod signatures;
mod slow;
mod sockets;
mod worker;
