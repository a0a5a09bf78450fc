//! Keys that programs use in place of a session; they belong to an account and outlive their maker's membership.
//!
//! Owns the table `api_keys`. Only hashes of secrets are stored; a secret is shown once.

pub mod http;
pub mod rules;
pub mod service;
pub mod store;
