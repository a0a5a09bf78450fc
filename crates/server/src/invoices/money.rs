//! What an invoice means in the books: who owes what, and what was given up.

use common::{books::LedgerAccount, invoices::InvoiceStatus};

use super::{amounts, rules::Split, store::InvoiceRow};
use crate::books::rules::{Leg, credit, debit};

/// The legs by which `amount` less is owed on the invoice, before it is paid or credited: the receivable, or what
/// was written off of one that was given up.
pub fn owed_less(invoice: &InvoiceRow, amount: i64) -> Vec<Leg> {
    let balance = invoice.balance_minor();
    match invoice.status {
        InvoiceStatus::Uncollectible => {
            let split = given_up(invoice, balance - amount, balance);
            vec![
                credit(LedgerAccount::BadDebt, split.net.minor),
                credit(LedgerAccount::VatOutput, split.vat.minor),
            ]
        }
        _ => vec![credit(LedgerAccount::Receivable, amount)],
    }
}

/// The legs by which `amount` more is owed again, after a payment was taken back.
pub fn owed_more(invoice: &InvoiceRow, amount: i64) -> Vec<Leg> {
    let balance = invoice.balance_minor();
    match invoice.status {
        InvoiceStatus::Uncollectible => written_off(invoice, balance, balance + amount),
        _ => vec![debit(LedgerAccount::Receivable, amount)],
    }
}

/// The debits of giving up the part of the balance between two sums: bad debt, and relief of its VAT (VAT Act
/// section 22).
pub fn written_off(invoice: &InvoiceRow, from_minor: i64, to_minor: i64) -> Vec<Leg> {
    let split = given_up(invoice, from_minor, to_minor);
    vec![
        debit(LedgerAccount::BadDebt, split.net.minor),
        debit(LedgerAccount::VatOutput, split.vat.minor),
    ]
}

/// Net and VAT of the part of the balance between two sums.
///
/// Counted from the bottom, so that however the balance is paid later, the parts add up to what was given up.
pub fn given_up(invoice: &InvoiceRow, from_minor: i64, to_minor: i64) -> Split {
    amounts::slice(
        from_minor,
        to_minor,
        invoice.total_minor,
        invoice.vat_minor,
        invoice.currency,
    )
}
