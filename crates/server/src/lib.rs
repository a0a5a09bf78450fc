//! The CapeControl server.
//!
//! Read in this order: [`routes`] is the one list of what can be asked, [`app`] is what a request finds,
//! a feature folder (`auth`, `accounts`, `members`, `api_keys`, `audit`, `plans`, `invoices`, `payments`, `refunds`,
//! `payment_methods`, `reconciliations`, `signatures`, `books`) is what it does, [`db`] is where it is kept, and
//! [`worker`] is what happens afterwards.

pub mod app;
pub mod routes;

pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod books;
pub mod chat;
pub mod invoices;
pub mod members;
pub mod payment_methods;
pub mod payments;
pub mod plans;
pub mod reconciliations;
pub mod refunds;
pub mod reports;
pub mod signatures;

pub mod admin;
pub mod clock;
pub mod config;
pub mod csv;
pub mod days;
pub mod db;
pub mod demo;
pub mod error;
pub mod http;
pub mod idempotency;
pub mod jobs;
pub mod limits;
pub mod mail;
pub mod metrics;
pub mod operations;
pub mod paging;
pub mod search;
pub mod worker;
