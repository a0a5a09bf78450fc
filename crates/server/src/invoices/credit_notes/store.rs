//! The table `credit_notes`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    Currency, Money,
    ids::{AccountId, CreditNoteId, InvoiceId},
    invoices::CreditNote,
};
use diesel::prelude::*;

use crate::db::{Conn, schema::credit_notes};

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = credit_notes)]
pub struct CreditNoteRow {
    pub id: CreditNoteId,
    pub account_id: AccountId,
    pub invoice_id: InvoiceId,
    pub number: String,
    pub reason: String,
    pub currency: Currency,
    pub net_minor: i64,
    pub vat_minor: i64,
    pub total_minor: i64,
    /// What became the customer's credit, because it had been paid.
    pub to_credit_minor: i64,
    pub document_sha256: String,
    pub issued_at: NaiveDateTime,
    /// When the original left; what is handed out after it is a copy.
    pub original_taken_at: Option<NaiveDateTime>,
}

impl CreditNoteRow {
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }

    pub fn note(&self) -> CreditNote {
        CreditNote {
            id: self.id,
            number: self.number.clone(),
            invoice_id: self.invoice_id,
            reason: self.reason.clone(),
            net: self.money(self.net_minor),
            vat: self.money(self.vat_minor),
            total: self.money(self.total_minor),
            to_credit: self.money(self.to_credit_minor),
            issued_at: self.issued_at.and_utc(),
        }
    }
}

pub fn insert(conn: &mut Conn, note: &CreditNoteRow) -> QueryResult<()> {
    diesel::insert_into(credit_notes::table)
        .values(note)
        .execute(conn)
        .map(drop)
}

pub fn find(conn: &mut Conn, id: CreditNoteId) -> QueryResult<Option<CreditNoteRow>> {
    credit_notes::table.find(id).first(conn).optional()
}

/// The credit notes of an invoice, oldest first.
pub fn load_of(conn: &mut Conn, invoice_id: InvoiceId) -> QueryResult<Vec<CreditNoteRow>> {
    credit_notes::table
        .filter(credit_notes::invoice_id.eq(invoice_id))
        .order((credit_notes::issued_at, credit_notes::id))
        .load(conn)
}

/// Takes the original; `false` when it has left before.
pub fn take_original(conn: &mut Conn, id: CreditNoteId, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(credit_notes::table.find(id))
        .filter(credit_notes::original_taken_at.is_null())
        .set(credit_notes::original_taken_at.eq(now.naive_utc()))
        .execute(conn)
        .map(|taken| taken == 1)
}
