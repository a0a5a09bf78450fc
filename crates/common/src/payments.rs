//! Checkout and payments.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::AccountRole,
    api_keys::ApiScope,
    auth::StaffRole,
    endpoint::{self, Access, Endpoint},
    ids::{AccountId, AttemptId, InvoiceId, PaymentId, PaymentMethodId},
    invoices::Reason,
    money::{Currency, Money},
    page::Page,
    plans::ProductCode,
    refunds::Refund,
};

crate::text_enum! {
    /// Where a payment stands; transitions are in the server's `payments/rules.rs`.
    pub enum PaymentStatus {
        Created = "created",
        AwaitingCustomer = "awaiting_customer",
        Processing = "processing",
        /// We do not know whether money moved; never retried.
        Unknown = "unknown",
        Succeeded = "succeeded",
        Failed = "failed",
        Canceled = "canceled",
        Expired = "expired",
    }
}

crate::text_enum! {
    /// Who takes the money.
    pub enum Provider {
        Payfast = "payfast",
        /// The supplier's own bank: an EFT that staff recorded.
        Bank = "bank",
    }
}

crate::text_enum! {
    /// How a payment is made.
    pub enum Method {
        /// On PayFast's page.
        Redirect = "redirect",
        /// A saved card, charged by us.
        SavedCard = "saved_card",
        /// An EFT that staff recorded.
        Eft = "eft",
    }
}

/// What to buy: exactly one of `product_code` and `invoice_id`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckoutRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_code: Option<ProductCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<InvoiceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_currency: Option<Currency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
}

/// The signed form that the browser posts to PayFast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    pub payment_id: PaymentId,
    pub invoice_id: InvoiceId,
    pub process_url: String,
    /// Names and values in the order to post; any change breaks the signature.
    pub fields: Vec<(String, String)>,
}

/// A payment as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSummary {
    pub id: PaymentId,
    pub status: PaymentStatus,
    pub account_id: AccountId,
    pub invoice_id: InvoiceId,
    /// Absent until the invoice has its number.
    pub invoice_number: Option<String>,
    /// What was bought, as the invoice's first line says.
    pub description: String,
    pub amount: Money,
    /// What the provider kept, as a positive amount; absent until it is known.
    pub fee: Option<Money>,
    pub net: Option<Money>,
    pub provider: Provider,
    pub method: Method,
    /// Part of the amount that went back to the customer, or is on its way.
    pub refunded: Money,
    /// The provider's own id: PayFast's `pf_payment_id`.
    pub provider_reference: Option<String>,
    #[serde(with = "crate::instant")]
    pub created_at: DateTime<Utc>,
    #[serde(with = "crate::instant")]
    pub updated_at: DateTime<Utc>,
    #[serde(default, with = "crate::instant::option")]
    pub succeeded_at: Option<DateTime<Utc>>,
    #[serde(default, with = "crate::instant::option")]
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    #[serde(flatten)]
    pub summary: PaymentSummary,
    /// Part of the amount that became credit, because the invoice needed less.
    pub credited: Money,
    /// What this payment bought, when it bought a plan.
    pub product_code: Option<ProductCode>,
    /// The saved card that is charged.
    pub payment_method_id: Option<PaymentMethodId>,
    /// When the bank took the money back.
    #[serde(default, with = "crate::instant::option")]
    pub reversed_at: Option<DateTime<Utc>>,
    /// What may still be refunded.
    pub refundable: Money,
    pub attempts: Vec<PaymentAttempt>,
    /// Oldest first.
    pub refunds: Vec<Refund>,
    /// Oldest first.
    pub events: Vec<PaymentEvent>,
}

crate::text_enum! {
    /// How an attempt asks for the money.
    pub enum AttemptKind {
        /// The customer is sent to the provider's page.
        Redirect = "redirect",
        /// The server charges a saved card.
        Adhoc = "adhoc",
        /// Staff recorded money that came by EFT.
        Manual = "manual",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAttempt {
    pub id: AttemptId,
    pub kind: AttemptKind,
    pub amount: Money,
    #[serde(with = "crate::instant")]
    pub created_at: DateTime<Utc>,
}

/// One step in a payment's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentEvent {
    #[serde(with = "crate::instant")]
    pub at: DateTime<Utc>,
    /// Stable name: `created`, `redirect_issued`, `itn_complete`, `cancel`, ….
    pub event: String,
    pub from: Option<PaymentStatus>,
    pub to: PaymentStatus,
    /// Sentence for people; empty when the event says it all.
    pub note: String,
}

crate::text_enum! {
    /// How a list of payments is ordered; `-` puts the greatest first.
    pub enum PaymentSort {
        Created = "created_at",
        CreatedNewest = "-created_at",
        Amount = "amount",
        AmountLargest = "-amount",
    }
}

/// Filters of `GET /payments`, without its paging.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentFilter {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Any of these; `status=failed&status=expired`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<PaymentStatus>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub method: Vec<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// First day of creation, `2026-11-01`, in South African time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last day, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Least amount, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// Largest amount, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// Part of description, invoice number, customer or provider's reference; three characters or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<PaymentSort>,
}

/// `GET /payments`: [`PaymentFilter`] and paging.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<PaymentStatus>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub method: Vec<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<PaymentSort>,
}

/// Charges a saved card for an open invoice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCharge {
    /// The account's default one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method_id: Option<PaymentMethodId>,
}

pub struct StartCheckout;
impl Endpoint for StartCheckout {
    const METHOD: endpoint::Method = endpoint::Method::Post;
    const PATH: &'static str = "/checkout";
    const ACCESS: Access = Access::Account(AccountRole::Member);
    const SCOPE: Option<ApiScope> = Some(ApiScope::PaymentsWrite);
    type Request = CheckoutRequest;
    type Response = Checkout;
}

pub struct ListPayments;
impl Endpoint for ListPayments {
    const METHOD: endpoint::Method = endpoint::Method::Get;
    const PATH: &'static str = "/payments";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::PaymentsRead);
    type Request = PaymentQuery;
    type Response = Page<PaymentSummary>;
}

pub struct GetPayment;
impl Endpoint for GetPayment {
    const METHOD: endpoint::Method = endpoint::Method::Get;
    const PATH: &'static str = "/payments/{id}";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::PaymentsRead);
    type Request = ();
    type Response = Payment;
}

/// The customer gives up a payment that waits; money that arrives later still counts.
pub struct CancelPayment;
impl Endpoint for CancelPayment {
    const METHOD: endpoint::Method = endpoint::Method::Post;
    const PATH: &'static str = "/payments/{id}/cancel";
    const ACCESS: Access = Access::Account(AccountRole::Member);
    const SCOPE: Option<ApiScope> = Some(ApiScope::PaymentsWrite);
    type Request = ();
    type Response = Payment;
}

/// All that match as `text/csv`, without an end to their number.
pub struct ExportPayments;
impl Endpoint for ExportPayments {
    const METHOD: endpoint::Method = endpoint::Method::Get;
    const PATH: &'static str = "/payments/export.csv";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::PaymentsRead);
    type Request = PaymentFilter;
    type Response = ();
}

/// Charges a saved card for an open invoice, once; needs `Idempotency-Key`. Answers 201 with the payment as it then
/// stands: `processing` until PayFast's notification, or `unknown`.
pub struct ChargeMethod;
impl Endpoint for ChargeMethod {
    const METHOD: endpoint::Method = endpoint::Method::Post;
    const PATH: &'static str = "/invoices/{id}/charge";
    const ACCESS: Access = Access::Account(AccountRole::Member);
    // A person decides: keys were made with the word that they move no money.
    const SCOPE: Option<ApiScope> = None;
    type Request = NewCharge;
    type Response = Payment;
}

/// The bank took the money back: a lost dispute, an EFT that bounced. The invoice is open again.
pub struct ReversePayment;
impl Endpoint for ReversePayment {
    const METHOD: endpoint::Method = endpoint::Method::Post;
    const PATH: &'static str = "/payments/{id}/reverse";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = Reason;
    type Response = Payment;
}

/// PayFast's notification: form-encoded, answered 200 once it is stored.
pub struct ReceiveItn;
impl Endpoint for ReceiveItn {
    const METHOD: endpoint::Method = endpoint::Method::Post;
    const PATH: &'static str = "/payments/payfast/itn";
    const ACCESS: Access = Access::Gateway;
    type Request = ();
    type Response = ();
}

/// Role that may read every account's money.
pub const MONEY_STAFF: StaffRole = StaffRole::Billing;
