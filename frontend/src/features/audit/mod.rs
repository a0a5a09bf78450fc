//! The audit log: who changed what, for owners, and for staff who keep watch over all.

mod entry;
mod filters;
mod list;

use crate::chunk::pages;

pages! { settings: list => list::AuditPage }
