//! Who belongs to an account with which role, and who is invited.
//!
//! Owns the tables `memberships` and `invitations`. Roles are read with every request, so that a change of them holds
//! from the next one on.

pub mod http;
pub mod invitations;
pub mod mails;
pub mod rules;
pub mod service;
pub mod store;
