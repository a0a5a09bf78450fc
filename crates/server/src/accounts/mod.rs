//! Accounts: the company that pays, its billing details and its plan.
//!
//! Owns the tables `accounts` and `plan_grants`; who belongs to an account is in `members`.

pub mod http;
pub mod rules;
pub mod service;
pub mod store;
