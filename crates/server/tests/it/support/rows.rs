//! Invoices and payments written straight into the tables, for tests of lists and reports.

use diesel::{RunQueryDsl, sql_query};
use server::{db::Conn, search};

use super::TestApp;

/// Runs statements in one transaction.
pub async fn run(app: &TestApp, statements: Vec<String>) {
    app.app
        .db
        .write(move |conn: &mut Conn| {
            for statement in &statements {
                sql_query(statement).execute(conn)?;
            }
            Ok::<_, diesel::result::Error>(())
        })
        .await
        .unwrap();
}

/// A UUIDv7-like id that sorts by `kind`, then by `number`.
pub fn id(kind: u32, number: usize) -> String {
    format!("0192{kind:04x}-0000-7000-8000-{number:012}")
}

pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}

/// An invoice as a test describes it; instants as `2026-11-24 07:14:00`.
#[derive(Debug, Clone)]
pub struct InvoiceRow {
    pub id: String,
    pub account_id: String,
    pub number: Option<String>,
    pub status: &'static str,
    pub net: i64,
    pub vat: i64,
    pub paid: i64,
    pub credited: i64,
    pub is_purchase: bool,
    pub description: String,
    pub customer: String,
    pub created_at: String,
    pub issued_at: Option<String>,
    pub due_at: Option<String>,
}

impl InvoiceRow {
    pub fn total(&self) -> i64 {
        self.net + self.vat
    }

    pub fn text(&self) -> String {
        search::fold([
            self.number.as_deref().unwrap_or_default(),
            &self.customer,
            &self.description,
        ])
    }

    pub fn insert(&self) -> String {
        format!(
            "insert into invoices (id, account_id, number, status, title, currency, subtotal_minor, vat_minor, \
             total_minor, amount_paid_minor, credited_minor, product_code, description, supplier_name, \
             supplier_address, customer_name, customer_email, created_at, updated_at, issued_at, due_at, search_text) \
             values ({}, {}, {}, '{}', 'Tax invoice', 'ZAR', {}, {}, {}, {}, {}, {}, {}, 'S', 'A', {}, 'a@b.test', \
             '{}', '{}', {}, {}, {})",
            quoted(&self.id),
            quoted(&self.account_id),
            or_null(self.number.as_deref()),
            self.status,
            self.net,
            self.vat,
            self.total(),
            self.paid,
            self.credited,
            or_null(self.is_purchase.then_some("PRO_MONTHLY")),
            quoted(&self.description),
            quoted(&self.customer),
            self.created_at,
            self.created_at,
            or_null(self.issued_at.as_deref()),
            or_null(self.due_at.as_deref()),
            quoted(&self.text()),
        )
    }

    pub fn insert_line(&self, vat_rate: &str) -> String {
        format!(
            "insert into invoice_lines (id, invoice_id, position, description, quantity, unit_price_minor, vat_rate, \
             net_minor, vat_minor, total_minor) values ({0}, {0}, 1, {1}, '1', {2}, '{3}', {2}, {4}, {5})",
            quoted(&self.id),
            quoted(&self.description),
            self.net,
            vat_rate,
            self.vat,
            self.total(),
        )
    }
}

/// A payment as a test describes it.
#[derive(Debug, Clone)]
pub struct PaymentRow {
    pub id: String,
    pub account_id: String,
    pub invoice_id: String,
    pub status: &'static str,
    pub method: &'static str,
    pub currency: &'static str,
    pub amount: i64,
    pub fee: Option<i64>,
    pub description: String,
    pub reference: Option<String>,
    pub created_at: String,
    pub succeeded_at: Option<String>,
    pub reversed_at: Option<String>,
}

impl PaymentRow {
    pub fn text(&self) -> String {
        search::fold([self.description.as_str(), self.reference.as_deref().unwrap_or_default()])
    }

    pub fn insert(&self) -> String {
        let number = |minor: Option<i64>| minor.map_or_else(|| "null".to_owned(), |minor| minor.to_string());
        format!(
            "insert into payments (id, account_id, invoice_id, provider, status, description, currency, amount_minor, \
             fee_minor, net_minor, credited_minor, provider_reference, created_at, updated_at, succeeded_at, method, \
             reversed_at, search_text) \
             values ({}, {}, {}, 'payfast', '{}', {}, '{}', {}, {}, {}, 0, {}, '{}', '{}', {}, '{}', {}, {})",
            quoted(&self.id),
            quoted(&self.account_id),
            quoted(&self.invoice_id),
            self.status,
            quoted(&self.description),
            self.currency,
            self.amount,
            number(self.fee),
            number(self.fee.map(|fee| self.amount - fee)),
            or_null(self.reference.as_deref()),
            self.created_at,
            self.created_at,
            or_null(self.succeeded_at.as_deref()),
            self.method,
            or_null(self.reversed_at.as_deref()),
            quoted(&self.text()),
        )
    }
}
