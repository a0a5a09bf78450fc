//! Invoices and credit notes: what customers read, and what staff write.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::{AccountRole, Address},
    api_keys::ApiScope,
    auth::{Done, StaffRole},
    endpoint::{Access, Endpoint, Method},
    ids::{AccountId, CreditNoteId, InvoiceId, PaymentId},
    money::{Currency, Money},
    page::Page,
    plans::ProductCode,
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
    /// Everything that was ever paid on it, also what a credit note gave back since.
    pub amount_paid: Money,
    /// Sum of the credit notes.
    pub credited: Money,
    /// `total − amount_paid − credited`, and what was given back; never negative, nothing when void.
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
    /// Payments and credit that were applied, oldest first.
    pub payments: Vec<AppliedPayment>,
    /// Oldest first.
    pub credit_notes: Vec<CreditNote>,
    /// The plan that its payment buys. Such a draft is frozen: the payment finalises it.
    pub product_code: Option<ProductCode>,
    /// Days from finalise to the due date.
    pub due_days: u16,
    /// Counts the changes of a draft; the `ETag` is `"{version}"`.
    pub version: i64,
    /// When it was last sent by mail.
    #[serde(default, with = "crate::instant::option")]
    pub sent_at: Option<DateTime<Utc>>,
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
    /// Absent for the customer's credit.
    pub payment_id: Option<PaymentId>,
    pub amount: Money,
    #[serde(with = "crate::instant")]
    pub at: DateTime<Utc>,
    pub provider_reference: Option<String>,
}

/// A correction of an issued invoice (VAT Act section 21); it has a number of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNote {
    pub id: CreditNoteId,
    /// `CN-000001`.
    pub number: String,
    pub invoice_id: InvoiceId,
    pub reason: String,
    pub net: Money,
    pub vat: Money,
    pub total: Money,
    /// Part of the total that had been paid, and became the customer's credit.
    pub to_credit: Money,
    #[serde(with = "crate::instant")]
    pub issued_at: DateTime<Utc>,
}

crate::text_enum! {
    /// What the list can be narrowed to: the stored states, and those that are derived.
    pub enum InvoiceState {
        Draft = "draft",
        Open = "open",
        /// Open and past its due date.
        Overdue = "overdue",
        /// Open and partly paid.
        PartiallyPaid = "partially_paid",
        Paid = "paid",
        Void = "void",
        Uncollectible = "uncollectible",
    }
}

crate::text_enum! {
    /// How a list of invoices is ordered; `-` puts the greatest first.
    pub enum InvoiceSort {
        Created = "created_at",
        CreatedNewest = "-created_at",
        Issued = "issued_at",
        IssuedNewest = "-issued_at",
        Due = "due_at",
        DueLatest = "-due_at",
        Amount = "amount",
        AmountLargest = "-amount",
        Number = "number",
        NumberHighest = "-number",
    }
}

/// Filters of `GET /invoices`, without its paging.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceFilter {
    /// Whose invoices: one's own account, or any for staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Any of these; `status=open&status=paid`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<InvoiceState>,
    /// First day of issue (of creation for drafts), `2026-11-01`, in South African time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last day, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Least total, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// Largest total, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// Part of number, customer or line text; three characters or more, case and accents do not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<InvoiceSort>,
}

/// `GET /invoices`: [`InvoiceFilter`] and paging. Written out, since a query string cannot be flattened strictly.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<InvoiceState>,
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
    pub sort: Option<InvoiceSort>,
}

/// What a filter matches, for the chips and the bar below the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceTotals {
    /// Rows of each state under the same filters but `status`, in the order of [`InvoiceState`].
    pub counts: Vec<StateCount>,
    /// Sum of the totals of all that match, drafts and void ones left out; absent when more than 10 000 match.
    pub total: Option<Money>,
    /// Still to be paid on all that match; absent likewise.
    pub balance: Option<Money>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCount {
    pub state: InvoiceState,
    /// Exact up to 10 000; 10 001 means more.
    pub count: i64,
}

/// One line of a draft as staff write it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineDraft {
    /// 1 to 255 characters.
    pub description: String,
    /// Decimal above 0, at most three places: `1`, `1.5`.
    pub quantity: String,
    /// Without VAT; at least nothing.
    pub unit_price: Option<Money>,
    /// `15` or `0`.
    pub vat_rate: String,
}

/// A new draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInvoice {
    pub account_id: AccountId,
    /// At most 100; a draft may have none yet.
    #[serde(default)]
    pub lines: Vec<LineDraft>,
    /// 0 to 90; 7 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_days: Option<u16>,
}

/// A change of a draft; what is absent stays. Needs `If-Match`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceChange {
    /// All lines anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<LineDraft>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_days: Option<u16>,
}

/// Why something is done, in the words that the document shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// 3 to 255 characters.
    pub reason: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCreditNote {
    /// With VAT; all that is left when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// 3 to 255 characters.
    pub reason: String,
}

/// Money that came outside the gateway, by EFT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewReceipt {
    pub amount: Money,
    /// The bank's reference, 1 to 100 characters; the same one counts once per account.
    pub reference: String,
    /// Day on which the bank had it, `2026-11-24`.
    pub received_on: String,
}

/// Credit that the account can spend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    pub balance: Money,
    /// Newest first, at most 100.
    pub entries: Vec<CreditEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditEntry {
    #[serde(with = "crate::instant")]
    pub at: DateTime<Utc>,
    /// Earned is positive, spent negative.
    pub amount: Money,
    pub reason: String,
    pub payment_id: Option<PaymentId>,
    pub invoice_id: Option<InvoiceId>,
}

/// One step of an invoice's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceEvent {
    #[serde(with = "crate::instant")]
    pub at: DateTime<Utc>,
    /// Stable name: an audit action such as `invoice.issued`, `payment.settled`.
    pub event: String,
    /// `PayFast`, `You`, the name of a colleague; staff are `CapeControl` to customers.
    pub actor: String,
    /// What changed, in words; may be empty.
    pub note: String,
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

/// Counts of each state, and sums, of what [`InvoiceFilter`] matches.
pub struct TotalInvoices;
impl Endpoint for TotalInvoices {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/invoices/totals";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::InvoicesRead);
    type Request = InvoiceFilter;
    type Response = InvoiceTotals;
}

/// All that match as `text/csv`, without an end to their number.
pub struct ExportInvoices;
impl Endpoint for ExportInvoices {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/invoices/export.csv";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::InvoicesRead);
    type Request = InvoiceFilter;
    type Response = ();
}

/// Answers 201 with `ETag`; takes `Idempotency-Key`.
pub struct CreateInvoice;
impl Endpoint for CreateInvoice {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invoices";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = NewInvoice;
    type Response = Invoice;
}

/// Drafts only. 428 without `If-Match`, 412 when somebody was faster.
pub struct ChangeInvoice;
impl Endpoint for ChangeInvoice {
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/invoices/{id}";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = InvoiceChange;
    type Response = Invoice;
}

/// Drafts only. `If-Match` is obeyed when it is there.
pub struct DeleteInvoice;
impl Endpoint for DeleteInvoice {
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/invoices/{id}";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ();
    type Response = Done;
}

/// Gives the number and freezes the document; `If-Match` is obeyed when it is there.
pub struct FinalizeInvoice;
impl Endpoint for FinalizeInvoice {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invoices/{id}/finalize";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ();
    type Response = Invoice;
}

/// Mails the document to the account's billing address, as a PDF.
pub struct SendInvoice;
impl Endpoint for SendInvoice {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invoices/{id}/send";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ();
    type Response = Invoice;
}

/// Issues a full credit note (VAT Act section 21(1)(a)), and ends the invoice.
pub struct VoidInvoice;
impl Endpoint for VoidInvoice {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invoices/{id}/void";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = Reason;
    type Response = Invoice;
}

/// Gives the money up; it may still be paid.
pub struct WriteOffInvoice;
impl Endpoint for WriteOffInvoice {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invoices/{id}/mark-uncollectible";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = Reason;
    type Response = Invoice;
}

pub struct IssueCreditNote;
impl Endpoint for IssueCreditNote {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invoices/{id}/credit-notes";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = NewCreditNote;
    type Response = Invoice;
}

/// Answers `application/pdf`.
pub struct GetCreditNotePdf;
impl Endpoint for GetCreditNotePdf {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/credit-notes/{id}/pdf";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::InvoicesRead);
    type Request = ();
    type Response = ();
}

/// What happened, newest first.
pub struct ListInvoiceEvents;
impl Endpoint for ListInvoiceEvents {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/invoices/{id}/events";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::InvoicesRead);
    type Request = ();
    type Response = Vec<InvoiceEvent>;
}

/// Records money that came by EFT; needs `Idempotency-Key`.
pub struct RecordReceipt;
impl Endpoint for RecordReceipt {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invoices/{id}/payments";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = NewReceipt;
    type Response = Invoice;
}

/// Pays with the account's credit, as far as it reaches.
pub struct ApplyCredit;
impl Endpoint for ApplyCredit {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invoices/{id}/apply-credit";
    const ACCESS: Access = Access::Account(AccountRole::Member);
    // A person decides: keys were made with the word that they move no money.
    const SCOPE: Option<ApiScope> = None;
    type Request = ();
    type Response = Invoice;
}

pub struct GetCredit;
impl Endpoint for GetCredit {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/credit";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::PaymentsRead);
    type Request = ();
    type Response = Credit;
}
