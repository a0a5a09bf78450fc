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
    /// The body as it came; bytes that are not UTF-8 are shown as the replacement character.
    pub raw_body: String,
    /// What was hashed, without the passphrase; absent when the body could not be read.
    pub signed_string: Option<String>,
    #[serde(default, with = "crate::instant::option")]
    pub checked_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItnQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ItnStatus>,
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
