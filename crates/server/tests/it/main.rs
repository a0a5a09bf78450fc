//! The one integration binary: features through HTTP, on SQLite and on PostgreSQL.
//!
//! `cargo xtask test` starts PostgreSQL and names it in `TEST_POSTGRES_URL`; a missing database is a failure.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

#[macro_use]
mod support;

mod access;
mod attacks;
mod auth;
mod busy;
mod checkout;
mod crash;
mod db;
mod itn;
mod limits;
mod pdf;
mod schema_parity;
mod secrets;
mod shutdown;
mod slow;
mod sockets;
mod worker;
