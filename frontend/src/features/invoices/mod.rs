//! Invoices: the list, the document, and the drafts of the staff.

mod books;
mod deeds;
mod document;
mod downloads;
mod draft;
mod editor;
mod fields;
mod history;
mod list;
mod new;
mod page;
mod sending;

use crate::chunk::pages;

pages! { invoices: list => list::InvoicesPage }
pages! { invoice: one => page::InvoicePage }
pages! { deed: deed => deeds::DeedForm }
// What staff open in the list; customers never load it.
pages! { sending: send => sending::SendInvoices }
pages! {
    drafting:
    new => new::NewInvoicePage,
    edit => editor::DraftPage,
}
