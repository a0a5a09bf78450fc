//! Accounts: the company that pays, who belongs to it, its billing details and its plan.
//!
//! Owns the tables `accounts`, `memberships` and `plan_grants`.

pub mod http;
pub mod rules;
pub mod service;
pub mod store;
