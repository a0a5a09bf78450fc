//! The pages, by feature. Features do not import each other's parts.

pub mod account;
pub mod audit;
pub mod auth;
pub mod chat;
pub mod checkout;
pub mod invoices;
pub mod keys;
pub mod members;
pub mod methods;
pub mod payfast;
pub mod payments;
pub mod reports;
pub mod today;
