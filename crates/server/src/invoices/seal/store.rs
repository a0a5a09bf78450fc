//! Documents with the hashes that they carry, read from end to end.

use chrono::NaiveDateTime;
use common::ids::{CreditNoteId, InvoiceId};
use diesel::prelude::*;

use super::super::store::{InvoiceRow, LineRow};
use crate::db::{
    Conn,
    schema::{credit_notes, invoice_lines, invoices},
};

/// Issued invoices after `after` by id, for who reads them all.
pub fn load_issued(conn: &mut Conn, after: Option<InvoiceId>, limit: i64) -> QueryResult<Vec<InvoiceRow>> {
    let mut query = invoices::table
        .filter(invoices::number.is_not_null())
        .order(invoices::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(invoices::id.gt(after));
    }
    query.load(conn)
}

/// Issued invoices without a seal: those from before there were seals.
pub fn load_unsealed(conn: &mut Conn, limit: i64) -> QueryResult<Vec<InvoiceRow>> {
    invoices::table
        .filter(invoices::number.is_not_null())
        .filter(invoices::document_sha256.is_null())
        .order(invoices::id)
        .limit(limit)
        .load(conn)
}

/// The lines of these invoices, in the order of each.
pub fn load_lines_of(conn: &mut Conn, ids: &[InvoiceId]) -> QueryResult<Vec<LineRow>> {
    invoice_lines::table
        .filter(invoice_lines::invoice_id.eq_any(ids))
        .order((invoice_lines::invoice_id, invoice_lines::position))
        .load(conn)
}

/// A credit note with what its seal covers.
#[derive(Queryable)]
pub struct NoteRow {
    pub id: CreditNoteId,
    pub number: String,
    pub reason: String,
    pub net_minor: i64,
    pub vat_minor: i64,
    pub total_minor: i64,
    pub document_sha256: String,
    pub issued_at: NaiveDateTime,
}

/// Credit notes after `after` by id, with their invoices.
pub fn load_notes(conn: &mut Conn, after: Option<CreditNoteId>, limit: i64) -> QueryResult<Vec<(NoteRow, InvoiceRow)>> {
    let columns = (
        credit_notes::id,
        credit_notes::number,
        credit_notes::reason,
        credit_notes::net_minor,
        credit_notes::vat_minor,
        credit_notes::total_minor,
        credit_notes::document_sha256,
        credit_notes::issued_at,
    );
    let mut query = credit_notes::table
        .inner_join(invoices::table)
        .order(credit_notes::id)
        .limit(limit)
        .select((columns, invoices::all_columns))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(credit_notes::id.gt(after));
    }
    query.load(conn)
}
