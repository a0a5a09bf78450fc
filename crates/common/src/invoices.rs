//! Invoices as customers read them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::{AccountRole, Address},
    api_keys::ApiScope,
    endpoint::{Access, Endpoint, Method},
    ids::{AccountId, InvoiceId, PaymentId},
    money::{Currency, Money},
    page::Page,
};

crate::text_enum! {
    /// Stored states; `overdue` and `partially_paid` are derived by whoever shows them.
    pub enum InvoiceStatus {
        Draft = "draft",
        Open = "open",
        Paid = "paid",
        Void = "void",
        Uncollectible = "uncollectible",
    }
}

/// An invoice as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceSummary {
    pub id: InvoiceId,
    /// Given at finalise, `INV-000001`; drafts have none.
    pub number: Option<String>,
    pub status: InvoiceStatus,
    pub account_id: AccountId,
    pub customer_name: String,
    /// The first line.
    pub description: String,
    pub currency: Currency,
    pub subtotal: Money,
    pub vat: Money,
    pub total: Money,
    pub amount_paid: Money,
    pub balance: Money,
    #[serde(with = "crate::instant")]
    pub created_at: DateTime<Utc>,
    #[serde(default, with = "crate::instant::option")]
    pub issued_at: Option<DateTime<Utc>>,
    #[serde(default, with = "crate::instant::option")]
    pub due_at: Option<DateTime<Utc>>,
    #[serde(default, with = "crate::instant::option")]
    pub paid_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    #[serde(flatten)]
    pub summary: InvoiceSummary,
    /// `Tax invoice` when the supplier charges VAT, else `Invoice`.
    pub title: String,
    pub supplier: Party,
    pub customer: Party,
    pub lines: Vec<InvoiceLine>,
    /// Payments that were applied, oldest first.
    pub payments: Vec<AppliedPayment>,
}

/// One side of the document, frozen when the order was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    pub name: String,
    /// The supplier's address is one line of text in `line1`.
    pub address: Option<Address>,
    pub vat_number: Option<String>,
    pub email: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    pub description: String,
    /// Decimal text: `1`, `1.5`.
    pub quantity: String,
    /// Without VAT.
    pub unit_price: Money,
    /// Percent as decimal text: `15`.
    pub vat_rate: String,
    pub net: Money,
    pub vat: Money,
    pub total: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedPayment {
    pub payment_id: PaymentId,
    pub amount: Money,
    #[serde(with = "crate::instant")]
    pub at: DateTime<Utc>,
    pub provider_reference: Option<String>,
}

/// Filters of `GET /invoices`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// `created_at` or `-created_at` (default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<InvoiceStatus>,
}

pub struct ListInvoices;
impl Endpoint for ListInvoices {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/invoices";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::InvoicesRead);
    type Request = InvoiceQuery;
    type Response = Page<InvoiceSummary>;
}

pub struct GetInvoice;
impl Endpoint for GetInvoice {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/invoices/{id}";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::InvoicesRead);
    type Request = ();
    type Response = Invoice;
}

/// Answers `application/pdf`: the issued document. A draft has none (409).
pub struct GetInvoicePdf;
impl Endpoint for GetInvoicePdf {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/invoices/{id}/pdf";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::InvoicesRead);
    type Request = ();
    type Response = ();
}
