//! Reports for the owner and the accountant, over all customers, in rand.
//!
//! Owns no table: it reads what invoices, credit notes, payments, refunds and the books say. Days are South African;
//! their bounds are computed here, and the databases group by them.

pub mod http;
pub mod rules;
pub mod service;
pub mod store;
