//! Reconciliation: our payments beside PayFast's statement.
//!
//! Owns the tables `reconciliations` and `statement_lines`. Each line is stored once and means one thing
//! ([`rules`]); what it says of a payment is applied with it ([`judging`]). [`running`] is the worker's part.

pub mod http;
pub mod judging;
pub mod rules;
pub mod running;
pub mod service;
pub mod store;
