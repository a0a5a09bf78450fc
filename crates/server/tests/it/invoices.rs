//! The life of an invoice that staff write: draft, issue, corrections, papers, and many hands at once.

mod drafts;
mod lifecycle;
mod numbers;
mod papers;
mod races;

use common::{
    auth::StaffRole,
    ids::{AccountId, InvoiceId},
    invoices::Invoice,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp, app::Customer, client::send};

/// A line as staff write it; the price is in cents before VAT.
pub fn line(description: &str, quantity: &str, unit_price: i64, vat_rate: &str) -> Value {
    json!({
        "description": description,
        "quantity": quantity,
        "unit_price": { "minor": unit_price, "currency": "ZAR" },
        "vat_rate": vat_rate,
    })
}

/// One hour of work at R100.00, R115.00 with VAT.
pub fn an_hour() -> Value {
    json!([line("One hour of work", "1", 10_000, "15")])
}

pub async fn draft(staff: &Client, account_id: AccountId, lines: Value) -> Invoice {
    let body = json!({ "account_id": account_id, "lines": lines });
    staff.post("/invoices", body).await.expect(201).json()
}

pub async fn act(staff: &Client, id: InvoiceId, action: &str, body: Value) -> Reply {
    staff.post(&format!("/invoices/{id}/{action}"), body).await
}

/// An open invoice of these lines.
pub async fn issue(staff: &Client, account_id: AccountId, lines: Value) -> Invoice {
    let id = draft(staff, account_id, lines).await.summary.id;
    act(staff, id, "finalize", json!({})).await.expect(200).json()
}

pub async fn read(client: &Client, id: InvoiceId) -> Invoice {
    client.get(&format!("/invoices/{id}")).await.expect(200).json()
}

pub async fn patch(staff: &Client, id: InvoiceId, etag: Option<&str>, body: Value) -> Reply {
    let mut request = staff
        .unsafe_request(Method::PATCH, &format!("/invoices/{id}"))
        .await
        .json(&body);
    if let Some(etag) = etag {
        request = request.header("If-Match", etag);
    }
    send(request).await
}

pub fn fields(reply: &Reply) -> Vec<String> {
    let problem = reply.value();
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    errors
        .iter()
        .map(|error| error["field"].as_str().unwrap().to_owned())
        .collect()
}

/// A customer with billing details, and somebody of the billing desk.
pub async fn both(app: &TestApp) -> (Customer, Client) {
    let customer = app.customer("owner@karoo.test").await;
    (customer, app.staff(StaffRole::Billing).await)
}

/// A payment of the customer for an open invoice, waiting for them at PayFast.
pub async fn check_out(customer: &Customer, id: InvoiceId) -> common::payments::Checkout {
    let key = uuid::Uuid::now_v7().to_string();
    let body = json!({ "invoice_id": id });
    customer
        .client
        .post_with_key("/checkout", &key, body)
        .await
        .expect(201)
        .json()
}

/// Debits less credits of each ledger account that is not nothing, by name.
pub async fn balances(app: &TestApp) -> Vec<(String, i64)> {
    use diesel::prelude::*;
    use server::db::schema::ledger_postings::dsl;
    let mut rows: Vec<(String, i64)> = app
        .app
        .db
        .read(|conn| {
            dsl::ledger_postings
                .select((dsl::ledger_account, dsl::amount_minor))
                .load::<(String, i64)>(conn)
        })
        .await
        .unwrap();
    rows.sort();
    let mut sums: Vec<(String, i64)> = Vec::new();
    for (account, minor) in rows {
        match sums.last_mut() {
            Some((last, sum)) if *last == account => *sum += minor,
            _ => sums.push((account, minor)),
        }
    }
    sums.retain(|(_, sum)| *sum != 0);
    sums
}

pub fn owned(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected
        .iter()
        .map(|(name, minor)| ((*name).to_owned(), *minor))
        .collect()
}
