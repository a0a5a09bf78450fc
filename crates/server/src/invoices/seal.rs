//! The seal of a document: one hash over everything that it says, taken when it is issued.
//!
//! What happens to a document later (payments, states, copies, mails) is no part of it, so the hash of an issued
//! document never changes. Each field stands with its length before it, so that no text can pass for two.

mod store;

use chrono::{NaiveDateTime, SecondsFormat};
use common::ids::{CreditNoteId, InvoiceId};
use sha2::{Digest, Sha256};

use super::{
    service::{self, InvoiceRow},
    store::LineRow,
};
use crate::db::{Conn, QueryResult};

/// What a credit note says besides what it takes from its invoice.
pub struct SealedNote<'a> {
    pub number: &'a str,
    pub reason: &'a str,
    pub net_minor: i64,
    pub vat_minor: i64,
    pub total_minor: i64,
    pub issued_at: NaiveDateTime,
}

/// SHA-256 over an issued invoice, in hex: number, dates, parties, amounts, and its lines in the order given.
pub fn document_hash(invoice: &InvoiceRow, lines: &[LineRow]) -> String {
    let mut seal = Seal::new("invoice");
    seal.optional(invoice.number.as_deref())
        .at(invoice.issued_at)
        .at(invoice.due_at);
    parties(&mut seal, invoice)
        .text(&invoice.description)
        .text(invoice.currency.as_str())
        .minor(invoice.subtotal_minor)
        .minor(invoice.vat_minor)
        .minor(invoice.total_minor);
    for line in lines {
        seal.minor(line.position.into())
            .text(&line.description)
            .text(&line.quantity)
            .minor(line.unit_price_minor)
            .text(&line.vat_rate)
            .minor(line.net_minor)
            .minor(line.vat_minor)
            .minor(line.total_minor);
    }
    seal.finish()
}

/// SHA-256 over a credit note, in hex; parties and currency are those of its invoice.
pub fn credit_note_hash(note: &SealedNote<'_>, invoice: &InvoiceRow) -> String {
    let mut seal = Seal::new("credit note");
    seal.text(note.number)
        .at(Some(note.issued_at))
        .optional(invoice.number.as_deref())
        .at(invoice.issued_at);
    parties(&mut seal, invoice)
        .text(note.reason)
        .text(invoice.currency.as_str())
        .minor(note.net_minor)
        .minor(note.vat_minor)
        .minor(note.total_minor);
    seal.finish()
}

/// An issued document, with the seal that it carries and the one that its words have now.
pub struct Checked<Id> {
    pub id: Id,
    pub number: String,
    pub kept: Option<String>,
    pub computed: String,
}

/// The next issued invoices after `after`, by id; empty at the end.
pub fn check(conn: &mut Conn, after: Option<InvoiceId>, limit: i64) -> QueryResult<Vec<Checked<InvoiceId>>> {
    let invoices = store::load_issued(conn, after, limit)?;
    let ids: Vec<InvoiceId> = invoices.iter().map(|invoice| invoice.id).collect();
    let lines = store::load_lines_of(conn, &ids)?;
    let checked = invoices.into_iter().map(|invoice| {
        let start = lines.partition_point(|line| line.invoice_id < invoice.id);
        let end = lines.partition_point(|line| line.invoice_id <= invoice.id);
        Checked {
            id: invoice.id,
            computed: document_hash(&invoice, &lines[start..end]),
            number: invoice.number.unwrap_or_default(),
            kept: invoice.document_sha256,
        }
    });
    Ok(checked.collect())
}

/// The same of credit notes.
pub fn check_notes(
    conn: &mut Conn,
    after: Option<CreditNoteId>,
    limit: i64,
) -> QueryResult<Vec<Checked<CreditNoteId>>> {
    let notes = store::load_notes(conn, after, limit)?.into_iter();
    let checked = notes.map(|(note, invoice)| {
        let words = SealedNote {
            number: &note.number,
            reason: &note.reason,
            net_minor: note.net_minor,
            vat_minor: note.vat_minor,
            total_minor: note.total_minor,
            issued_at: note.issued_at,
        };
        Checked {
            id: note.id,
            computed: credit_note_hash(&words, &invoice),
            number: note.number,
            kept: Some(note.document_sha256),
        }
    });
    Ok(checked.collect())
}

/// Seals up to `limit` invoices that were issued before there were seals, and tells how many.
pub fn seal_missing(conn: &mut Conn, limit: i64) -> QueryResult<usize> {
    let mut invoices = store::load_unsealed(conn, limit)?;
    for invoice in &mut invoices {
        service::seal_document(conn, invoice)?;
    }
    Ok(invoices.len())
}

fn parties<'a>(seal: &'a mut Seal, invoice: &InvoiceRow) -> &'a mut Seal {
    seal.text(&invoice.title)
        .text(&invoice.supplier_name)
        .text(&invoice.supplier_address)
        .optional(invoice.supplier_vat_number.as_deref())
        .text(&invoice.customer_name)
        .optional(invoice.customer_address.as_deref())
        .optional(invoice.customer_vat_number.as_deref())
        .text(&invoice.customer_email)
}

struct Seal(Sha256);

impl Seal {
    fn new(kind: &str) -> Self {
        let mut seal = Self(Sha256::new());
        seal.text(kind);
        seal
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.update(format!("{}:", text.len()));
        self.0.update(text);
        self.0.update("\n");
        self
    }

    /// Nothing differs from an empty text.
    fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => {
                self.0.update("-\n");
                self
            }
        }
    }

    fn minor(&mut self, minor: i64) -> &mut Self {
        self.text(&minor.to_string())
    }

    fn at(&mut self, at: Option<NaiveDateTime>) -> &mut Self {
        let text = at.map(|at| at.and_utc().to_rfc3339_opts(SecondsFormat::Micros, true));
        self.optional(text.as_deref())
    }

    fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

#[cfg(test)]
mod tests;
