//! The staff's tools for PayFast: notifications, signature doctor, books, reconciliation, refunds. One route each
//! would be part of the first load, so `/payfast/TOOL/ID` is one.

mod balances;
mod books;
mod doctor;
mod notification;
mod notifications;
mod parts;
mod reconciliation;
mod reconciliations;
mod refunds;
mod replay;
mod strings;
mod tools;

use crate::chunk::pages;

pages! { payfast: tools => tools::ToolsPage }
