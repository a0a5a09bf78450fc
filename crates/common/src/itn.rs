//! PayFast's notifications as staff see them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    auth::StaffRole,
    endpoint::{Access, Endpoint, Method},
    ids::{ItnId, PaymentId},
    page::Page,
};

crate::text_enum! {
    /// Where a stored notification stands.
    pub enum ItnStatus {
        /// Stored, not judged yet; also while PayFast's confirmation cannot be reached.
        Received = "received",
        Verified = "verified",
        Applied = "applied",
        Duplicate = "duplicate",
        /// Genuine but odd: a person must look.
        Quarantined = "quarantined",
        Rejected = "rejected",
    }
}

/// A notification as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItnSummary {
    pub id: ItnId,
    pub status: ItnStatus,
    /// Why it was refused or held; empty otherwise.
    pub reason: String,
    #[serde(with = "crate::instant")]
    pub received_at: DateTime<Utc>,
    pub peer: String,
    pub pf_payment_id: Option<String>,
    pub payment_status: Option<String>,
    pub payment_id: Option<PaymentId>,
    /// As PayFast wrote it, in rand.
    pub amount_gross: Option<String>,
    /// How often the same bytes came.
    pub deliveries: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Itn {
    #[serde(flatten)]
    pub summary: ItnSummary,
    /// The body as it came, with a token masked but for its last 4 characters; bytes that are not UTF-8 are shown as
    /// the replacement character.
    pub raw_body: String,
    /// What was hashed, without the passphrase and with a token masked; absent when the body could not be read.
    pub signed_string: Option<String>,
    #[serde(default, with = "crate::instant::option")]
    pub checked_at: Option<DateTime<Utc>>,
    /// Signature, source, merchant and amount, confirmation: always these four, in this order.
    pub checks: Vec<ItnCheck>,
    /// What it changed, oldest first; empty when nothing.
    pub changes: Vec<ItnChange>,
}

/// One of PayFast's four checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItnCheck {
    pub check: CheckName,
    pub verdict: Verdict,
    /// What was compared, in words: `R529.00 asked, R528.00 told`.
    pub evidence: String,
}

crate::text_enum! {
    pub enum CheckName {
        Signature = "signature",
        Source = "source",
        /// The merchant is ours, the payment is known, the amount within a cent.
        Contents = "contents",
        /// PayFast says that it sent this.
        Confirmation = "confirmation",
    }
}

crate::text_enum! {
    pub enum Verdict {
        Passed = "passed",
        Failed = "failed",
        /// Not reached, because an earlier one failed or PayFast did not answer.
        NotDone = "not_done",
    }
}

/// One value that a notification changed, or would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItnChange {
    /// `payment`, `invoice`, `credit`, `plan`, `books`, `payment_method`.
    pub entity: String,
    /// Id of the thing, for a link; absent for what does not exist yet.
    pub entity_id: Option<String>,
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The outcome of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItnReplay {
    pub dry_run: bool,
    /// What the notification is, or would be, after it.
    pub status: ItnStatus,
    /// Why it is refused or held; empty otherwise.
    pub reason: String,
    pub checks: Vec<ItnCheck>,
    pub changes: Vec<ItnChange>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayQuery {
    /// Shows what would happen and writes nothing.
    #[serde(default)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItnQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<ItnStatus>,
    /// Notifications of this payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<PaymentId>,
    /// First day, `2026-11-01`, in South African time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last day, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Beginning of a PayFast id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

pub struct ListItns;
impl Endpoint for ListItns {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/itn";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ItnQuery;
    type Response = Page<ItnSummary>;
}

pub struct GetItn;
impl Endpoint for GetItn {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/itn/{id}";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ();
    type Response = Itn;
}

/// Judges a notification again that was refused or held; the query says whether it only shows.
pub struct ReplayItn;
impl Endpoint for ReplayItn {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/itn/{id}/replay";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ();
    type Response = ItnReplay;
}
