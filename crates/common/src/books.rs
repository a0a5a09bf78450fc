//! The books: double entry, and the invariants that prove it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    auth::StaffRole,
    endpoint::{Access, Endpoint, Method},
    ids::{AccountId, InvoiceId, LedgerTransactionId},
    money::Money,
    page::Page,
};

crate::text_enum! {
    /// The accounts of the ledger.
    pub enum LedgerAccount {
        /// What customers owe.
        Receivable = "receivable",
        /// Money that PayFast holds for us.
        PayfastClearing = "payfast_clearing",
        PayfastFees = "payfast_fees",
        /// The supplier's bank account, as far as EFTs and payouts touch it.
        Bank = "bank",
        VatOutput = "vat_output",
        VatInput = "vat_input",
        Revenue = "revenue",
        DeferredRevenue = "deferred_revenue",
        /// Money that belongs to customers.
        CustomerCredit = "customer_credit",
        /// Refunds on their way.
        RefundsPayable = "refunds_payable",
        BadDebt = "bad_debt",
        FxGainLoss = "fx_gain_loss",
        Rounding = "rounding",
    }
}

crate::text_enum! {
    /// The promises of the books; what each says is in the server's `books/rules.rs`.
    pub enum Invariant {
        I1 = "I1",
        I2 = "I2",
        I3 = "I3",
        I4 = "I4",
        I5 = "I5",
        I6 = "I6",
        I7 = "I7",
        I8 = "I8",
        I9 = "I9",
        I10 = "I10",
        /// The chain of hashes is whole.
        Chain = "chain",
    }
}

/// One balanced set of postings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerTransaction {
    pub id: LedgerTransactionId,
    /// 1..n without a hole.
    pub serial: i64,
    #[serde(with = "crate::instant")]
    pub at: DateTime<Utc>,
    /// What the money did: `invoice_issued`, `payment_received`, ….
    pub kind: String,
    pub description: String,
    pub account_id: Option<AccountId>,
    pub invoice_id: Option<InvoiceId>,
    pub postings: Vec<Posting>,
    /// SHA-256 over the one before and this one, in hex.
    pub hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub account: LedgerAccount,
    /// Debits are positive, credits negative.
    pub amount: Money,
}

/// The state of the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// One for each [`Invariant`], in order; those never checked have no time.
    pub checks: Vec<BookCheck>,
    /// Balance of each ledger account, debits positive.
    pub balances: Vec<Posting>,
    /// Transactions in the books.
    pub transactions: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookCheck {
    pub invariant: Invariant,
    /// What it promises, in one sentence.
    pub sentence: String,
    pub holds: Option<bool>,
    /// Rows that were looked at.
    pub checked: i64,
    /// The first 20 that break it.
    pub findings: Vec<BookFinding>,
    #[serde(default, with = "crate::instant::option")]
    pub checked_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookFinding {
    /// `invoice`, `credit_note`, `payment`, `account`, `transaction`, `refund`, `series`, `statement`.
    pub kind: String,
    pub id: String,
    /// What is wrong: `the receivable is R529.00, the open balances are R0.00`.
    pub message: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<InvoiceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
}

pub struct GetBooks;
impl Endpoint for GetBooks {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/books";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ();
    type Response = Books;
}

/// Checks every invariant now and answers with what was found.
pub struct VerifyBooks;
impl Endpoint for VerifyBooks {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/books/verify";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ();
    type Response = Books;
}

/// Newest first.
pub struct ListLedger;
impl Endpoint for ListLedger {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/books/transactions";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = LedgerQuery;
    type Response = Page<LedgerTransaction>;
}
