//! Invoices: drafts of purchases, numbers, and what was paid on them.
//!
//! Owns the tables `invoices`, `invoice_lines` and `number_series`.
//! Amounts are decided in [`rules`]; a number is given only with the change that issues the document.

pub mod amounts;
pub mod credit_notes;
pub mod http;
pub mod issue;
pub mod money;
pub mod pdf;
pub mod rules;
pub mod seal;
pub mod service;
pub mod states;
pub mod store;
