//! The audit log: who changed what, when and from where; written in the transaction of the change.
//!
//! Owns the table `audit_entries`, which the databases themselves keep from being changed or shortened.

pub mod export;
pub mod http;
pub mod service;
pub mod store;

pub use service::{Entry, Origin, record};
