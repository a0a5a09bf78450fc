//! Refunds: money that goes back the way it came.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    auth::StaffRole,
    endpoint::{Access, Endpoint, Method},
    ids::{CreditNoteId, PaymentId, RefundId},
    money::Money,
    page::Page,
};

crate::text_enum! {
    pub enum RefundStatus {
        /// Written down; PayFast was not asked yet.
        Requested = "requested",
        /// PayFast pays to a bank account only, and nobody has told which.
        AwaitingBankDetails = "awaiting_bank_details",
        /// Sent to PayFast; its answer is not known yet.
        Submitted = "submitted",
        /// We do not know whether PayFast took it; never sent again.
        Unknown = "unknown",
        Succeeded = "succeeded",
        Failed = "failed",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub status: RefundStatus,
    pub amount: Money,
    pub reason: String,
    /// The credit note that was issued with it; absent when only credit was paid out.
    pub credit_note_id: Option<CreditNoteId>,
    /// What PayFast answered, in words; may be empty.
    pub provider_message: String,
    #[serde(with = "crate::instant")]
    pub created_at: DateTime<Utc>,
    #[serde(with = "crate::instant")]
    pub updated_at: DateTime<Utc>,
    #[serde(default, with = "crate::instant::option")]
    pub completed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// All that can be refunded when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// 3 to 255 characters; PayFast shows it to the buyer.
    pub reason: String,
}

/// Where a bank payout goes.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankDetails {
    pub account_holder: String,
    pub bank_name: String,
    /// At most six digits.
    pub branch_code: String,
    /// At most twelve digits.
    pub account_number: String,
    /// `current` or `savings`.
    pub account_type: String,
}

crate::redacted_debug!(BankDetails);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<RefundStatus>,
}

/// Needs `Idempotency-Key`. Answers 201 with the refund as it then stands.
pub struct CreateRefund;
impl Endpoint for CreateRefund {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/payments/{id}/refunds";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = NewRefund;
    type Response = Refund;
}

/// Tells the account that a refund in `awaiting_bank_details` goes to.
pub struct SetBankDetails;
impl Endpoint for SetBankDetails {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/refunds/{id}/bank-details";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = BankDetails;
    type Response = Refund;
}

pub struct ListRefunds;
impl Endpoint for ListRefunds {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/refunds";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = RefundQuery;
    type Response = Page<Refund>;
}

pub struct GetRefund;
impl Endpoint for GetRefund {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/refunds/{id}";
    const ACCESS: Access = Access::Staff(StaffRole::Billing);
    type Request = ();
    type Response = Refund;
}
