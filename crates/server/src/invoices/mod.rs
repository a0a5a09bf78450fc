//! Invoices: drafts of purchases and of staff, numbers, corrections, and what was paid on them.
//!
//! Owns the tables `invoices`, `invoice_lines`, `credit_notes` and `number_series`.
//! What may happen is decided in [`rules`], amounts in [`amounts`], and written by [`states::step`] alone; a number is
//! given only with the change that issues the document.

pub mod amounts;
pub mod corrections;
pub mod credit_notes;
pub mod drafts;
pub mod history;
pub mod http;
pub mod issue;
pub mod lines;
pub mod list;
pub mod money;
pub mod pdf;
pub mod rules;
pub mod seal;
pub mod sending;
pub mod service;
pub mod states;
pub mod store;
