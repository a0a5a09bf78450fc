//! Reconciliation: our payments beside PayFast's statement.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    auth::StaffRole,
    endpoint::{Access, Endpoint, Method},
    ids::{PaymentId, ReconciliationId, StatementLineId},
    money::Money,
    page::Page,
};

crate::text_enum! {
    pub enum ReconciliationStatus {
        Running = "running",
        Finished = "finished",
        /// The statement could not be had or read; the reason says why.
        Failed = "failed",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    pub id: ReconciliationId,
    /// First and last day, inclusive, in South African time: `2026-11-01`.
    pub from: String,
    pub to: String,
    pub status: ReconciliationStatus,
    /// Why it failed; empty otherwise.
    pub reason: String,
    /// Lines of the statement.
    pub lines: i64,
    pub matched: i64,
    /// Payments that the statement settled, because their notification was lost.
    pub healed: i64,
    pub differences: i64,
    #[serde(with = "crate::instant")]
    pub created_at: DateTime<Utc>,
    #[serde(default, with = "crate::instant::option")]
    pub finished_at: Option<DateTime<Utc>>,
}

crate::text_enum! {
    /// What a line of the statement, or a payment that has none, means.
    pub enum StatementVerdict {
        /// Amount, fee and payment agree.
        Matched = "matched",
        /// The notification was lost; this line settled the payment.
        Healed = "healed",
        /// We have the money, the statement does not.
        Missing = "missing",
        /// The statement has money that nothing of ours explains: no payment, or a kind of line that is not known here.
        Unknown = "unknown",
        /// The statement has the same money twice.
        Duplicate = "duplicate",
        AmountDrift = "amount_drift",
        FeeDrift = "fee_drift",
        Refund = "refund",
        /// PayFast paid out to the bank.
        Payout = "payout",
        /// A kind of line that is not known here, and moves no money.
        Other = "other",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLine {
    pub id: StatementLineId,
    #[serde(with = "crate::instant")]
    pub at: DateTime<Utc>,
    /// PayFast's word: `FUNDS_RECEIVED`, `REFUND`, `WITHDRAWAL`.
    pub kind: String,
    pub name: String,
    pub description: String,
    pub gross: Money,
    pub fee: Money,
    pub net: Money,
    pub pf_payment_id: Option<String>,
    pub payment_id: Option<PaymentId>,
    pub verdict: StatementVerdict,
    /// What differs, in words; empty when nothing.
    pub note: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewReconciliation {
    /// `2026-11-01`
    pub from: String,
    /// Inclusive; at most 31 days after `from`, and not in the future.
    pub to: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconciliationQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdict: Vec<StatementVerdict>,
}

/// Answers 202: the worker fetches the statement and compares.
pub struct StartReconciliation;
impl Endpoint for StartReconciliation {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/reconciliations";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = NewReconciliation;
    type Response = Reconciliation;
}

pub struct ListReconciliations;
impl Endpoint for ListReconciliations {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/reconciliations";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ReconciliationQuery;
    type Response = Page<Reconciliation>;
}

pub struct GetReconciliation;
impl Endpoint for GetReconciliation {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/reconciliations/{id}";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ();
    type Response = Reconciliation;
}

pub struct ListStatementLines;
impl Endpoint for ListStatementLines {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/reconciliations/{id}/lines";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = StatementQuery;
    type Response = Page<StatementLine>;
}
