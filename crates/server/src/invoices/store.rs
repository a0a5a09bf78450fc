//! The tables `invoices`, `invoice_lines` and `number_series`.
//!
//! Only `states` calls [`update`], so that one function writes the state.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    Currency, Money,
    accounts::Address,
    ids::{AccountId, InvoiceId, InvoiceLineId},
    invoices::{InvoiceLine, InvoiceStatus, InvoiceSummary, Party},
    plans::ProductCode,
};
use diesel::prelude::*;

use crate::db::{
    Conn,
    schema::{invoice_lines, invoices, number_series},
};

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = invoices, treat_none_as_null = true)]
pub struct InvoiceRow {
    pub id: InvoiceId,
    pub account_id: AccountId,
    pub number: Option<String>,
    pub status: InvoiceStatus,
    pub title: String,
    pub currency: Currency,
    pub subtotal_minor: i64,
    pub vat_minor: i64,
    pub total_minor: i64,
    pub amount_paid_minor: i64,
    pub product_code: Option<ProductCode>,
    pub description: String,
    pub supplier_name: String,
    pub supplier_address: String,
    pub supplier_vat_number: Option<String>,
    pub customer_name: String,
    /// JSON of an [`Address`].
    pub customer_address: Option<String>,
    pub customer_vat_number: Option<String>,
    pub customer_email: String,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub issued_at: Option<NaiveDateTime>,
    pub due_at: Option<NaiveDateTime>,
    pub paid_at: Option<NaiveDateTime>,
    pub credited_minor: i64,
    /// Paid money that credit notes gave back as the customer's credit.
    pub returned_minor: i64,
    pub version: i64,
    pub due_days: i32,
    pub sent_at: Option<NaiveDateTime>,
    /// When the original left; what is handed out after it is a copy.
    pub original_taken_at: Option<NaiveDateTime>,
    pub document_sha256: Option<String>,
    /// What [`crate::search`] finds it by.
    pub search_text: String,
}

impl InvoiceRow {
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }

    pub fn balance_minor(&self) -> i64 {
        match self.status {
            InvoiceStatus::Void => 0,
            _ => self.total_minor - self.amount_paid_minor - self.credited_minor + self.returned_minor,
        }
    }

    pub fn supplier(&self) -> Party {
        Party {
            name: self.supplier_name.clone(),
            address: (!self.supplier_address.is_empty()).then(|| Address {
                line1: self.supplier_address.clone(),
                ..Address::default()
            }),
            vat_number: self.supplier_vat_number.clone(),
            email: None,
        }
    }

    pub fn customer(&self) -> Party {
        Party {
            name: self.customer_name.clone(),
            address: self
                .customer_address
                .as_deref()
                .and_then(|json| serde_json::from_str(json).ok()),
            vat_number: self.customer_vat_number.clone(),
            email: Some(self.customer_email.clone()),
        }
    }
}

impl From<&InvoiceRow> for InvoiceSummary {
    fn from(row: &InvoiceRow) -> Self {
        Self {
            id: row.id,
            number: row.number.clone(),
            status: row.status,
            account_id: row.account_id,
            customer_name: row.customer_name.clone(),
            description: row.description.clone(),
            currency: row.currency,
            subtotal: row.money(row.subtotal_minor),
            vat: row.money(row.vat_minor),
            total: row.money(row.total_minor),
            amount_paid: row.money(row.amount_paid_minor),
            credited: row.money(row.credited_minor),
            balance: row.money(row.balance_minor()),
            created_at: row.created_at.and_utc(),
            issued_at: row.issued_at.map(|at| at.and_utc()),
            due_at: row.due_at.map(|at| at.and_utc()),
            paid_at: row.paid_at.map(|at| at.and_utc()),
        }
    }
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = invoice_lines)]
pub struct LineRow {
    pub id: InvoiceLineId,
    pub invoice_id: InvoiceId,
    pub position: i32,
    pub description: String,
    pub quantity: String,
    pub unit_price_minor: i64,
    pub vat_rate: String,
    pub net_minor: i64,
    pub vat_minor: i64,
    pub total_minor: i64,
}

impl LineRow {
    pub fn into_line(self, currency: Currency) -> InvoiceLine {
        let money = |minor| Money::new(minor, currency);
        InvoiceLine {
            unit_price: money(self.unit_price_minor),
            net: money(self.net_minor),
            vat: money(self.vat_minor),
            total: money(self.total_minor),
            description: self.description,
            quantity: self.quantity,
            vat_rate: self.vat_rate,
        }
    }
}

pub fn insert(conn: &mut Conn, invoice: &InvoiceRow, lines: &[LineRow]) -> QueryResult<()> {
    diesel::insert_into(invoices::table).values(invoice).execute(conn)?;
    for line in lines {
        diesel::insert_into(invoice_lines::table).values(line).execute(conn)?;
    }
    Ok(())
}

/// Puts other lines in the place of a draft's.
pub fn replace_lines(conn: &mut Conn, id: InvoiceId, lines: &[LineRow]) -> QueryResult<()> {
    diesel::delete(invoice_lines::table.filter(invoice_lines::invoice_id.eq(id))).execute(conn)?;
    for line in lines {
        diesel::insert_into(invoice_lines::table).values(line).execute(conn)?;
    }
    Ok(())
}

/// Removes a draft with its lines.
pub fn delete(conn: &mut Conn, id: InvoiceId) -> QueryResult<()> {
    replace_lines(conn, id, &[])?;
    diesel::delete(invoices::table.find(id)).execute(conn).map(drop)
}

/// Notes that the document was sent.
pub fn set_sent(conn: &mut Conn, id: InvoiceId, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(invoices::table.find(id))
        .set((
            invoices::sent_at.eq(now.naive_utc()),
            invoices::version.eq(invoices::version + 1),
            invoices::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Takes the original; `false` when it has left before.
pub fn take_original(conn: &mut Conn, id: InvoiceId, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(invoices::table.find(id))
        .filter(invoices::original_taken_at.is_null())
        .set(invoices::original_taken_at.eq(now.naive_utc()))
        .execute(conn)
        .map(|taken| taken == 1)
}

pub fn find(conn: &mut Conn, id: InvoiceId) -> QueryResult<Option<InvoiceRow>> {
    invoices::table.find(id).first(conn).optional()
}

pub fn has_any(conn: &mut Conn, account_id: AccountId) -> QueryResult<bool> {
    let found: Option<InvoiceId> = invoices::table
        .filter(invoices::account_id.eq(account_id))
        .select(invoices::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Reads the invoice and holds its row until the transaction ends, so that settlements follow one another.
pub fn find_locked(conn: &mut Conn, id: InvoiceId) -> QueryResult<Option<InvoiceRow>> {
    diesel::update(invoices::table.find(id))
        .set(invoices::id.eq(invoices::id))
        .execute(conn)?;
    find(conn, id)
}

pub fn load_lines(conn: &mut Conn, id: InvoiceId) -> QueryResult<Vec<LineRow>> {
    invoice_lines::table
        .filter(invoice_lines::invoice_id.eq(id))
        .order(invoice_lines::position)
        .load(conn)
}

/// Takes the next number of a series; its row stays locked until the transaction ends, so numbers have no hole.
pub fn next_serial(conn: &mut Conn, series: &str) -> QueryResult<i64> {
    let series = number_series::table.find(series);
    diesel::update(series)
        .set(number_series::last_number.eq(number_series::last_number + 1))
        .execute(conn)?;
    series.select(number_series::last_number).first(conn)
}

/// Writes the whole row if it is still as `before` was read; `false` when it is not.
pub fn update(conn: &mut Conn, before: &InvoiceRow, after: &InvoiceRow) -> QueryResult<bool> {
    diesel::update(invoices::table.find(before.id))
        .filter(invoices::status.eq(before.status))
        .filter(invoices::version.eq(before.version))
        .set(after)
        .execute(conn)
        .map(|updated| updated == 1)
}

/// Keeps the hash of an issued document.
pub fn set_seal(conn: &mut Conn, id: InvoiceId, hash: &str) -> QueryResult<()> {
    diesel::update(invoices::table.find(id))
        .set(invoices::document_sha256.eq(hash))
        .execute(conn)
        .map(drop)
}
