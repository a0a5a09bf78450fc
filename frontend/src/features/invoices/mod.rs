//! Invoices: the list and the document.

mod document;
mod list;
mod page;

use crate::chunk::pages;

pages! {
    records:
    list => list::InvoicesPage,
    one => page::InvoicePage,
}
