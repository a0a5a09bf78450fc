//! Invoices: the list and the document.

mod document;
mod list;
mod page;

pub use list::InvoicesPage;
pub use page::InvoicePage;
