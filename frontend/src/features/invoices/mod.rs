//! Invoices: the list, the document, and the drafts of the staff.

mod document;
mod downloads;
mod list;
mod page;

use crate::chunk::pages;

pages! { invoices: list => list::InvoicesPage }
pages! { invoice: one => page::InvoicePage }
