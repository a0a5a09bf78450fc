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

use crate::chunk::pages;

pages! { invoices: list => list::InvoicesPage }
pages! { invoice: one => page::InvoicePage }
pages! { deed: deed => deeds::DeedForm }
pages! {
    drafting:
    new => new::NewInvoicePage,
    edit => editor::DraftPage,
}
