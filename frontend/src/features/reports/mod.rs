//! Reports: revenue, receivables, VAT and payments, with charts that can be read without seeing them.

mod ages;
mod axis;
mod chart;
mod layout;
mod page;
mod parts;
mod payments;
mod period;
mod picker;
mod receivables;
mod revenue;
mod vat;

use crate::chunk::pages;

pages! { reports: reports => page::ReportsPage }
