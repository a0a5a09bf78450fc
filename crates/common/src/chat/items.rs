//! What stands in a thread: positions, items and their bodies.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{limits::BODY_MAX, text_of};
use crate::{
    ids::{ClientMessageId, InvoiceId, ItemId, PaymentId, UserId},
    invoices::InvoiceStatus,
    money::Money,
    plans::ProductCode,
};

/// A position in a log; the first event has 1, and JSON carries it exactly, below 2^53.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct Seq(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a sequence: it must be below 2^53")]
pub struct InvalidSeq(pub u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Seq = Seq(0);
    pub const MAX: Seq = Seq((1 << 53) - 1);

    pub fn get(self) -> u64 {
        self.0
    }

    #[must_use]
    pub fn next(self) -> Self {
        Seq(self.0 + 1).min(Self::MAX)
    }
}

impl TryFrom<u64> for Seq {
    type Error = InvalidSeq;

    fn try_from(seq: u64) -> Result<Self, InvalidSeq> {
        if seq > Self::MAX.0 {
            return Err(InvalidSeq(seq));
        }
        Ok(Seq(seq))
    }
}

/// How far somebody has read a log: `["epoch", 501]`. Another epoch is another log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(String, Seq)", into = "(String, Seq)")]
pub struct Cursor {
    /// Empty when it is not known yet.
    pub epoch: String,
    pub seq: Seq,
}

impl From<(String, Seq)> for Cursor {
    fn from((epoch, seq): (String, Seq)) -> Self {
        Self { epoch, seq }
    }
}

impl From<Cursor> for (String, Seq) {
    fn from(cursor: Cursor) -> Self {
        (cursor.epoch, cursor.seq)
    }
}

/// What an item says. People send texts; the rest comes from the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body {
    Text {
        text: String,
    },
    PayLink(PayLink),
    Invoice(InvoiceCard),
    Receipt(Receipt),
    ToolResult(ToolResult),
    /// A type that this program is too old for.
    Unknown,
}

read_by_value!(Body);

/// Leads to the payment of one invoice or one plan; never of a free amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayLink {
    pub title: String,
    pub amount: Money,
    /// Path in the client.
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<InvoiceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_code: Option<ProductCode>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceCard {
    pub invoice_id: InvoiceId,
    pub number: Option<String>,
    pub status: InvoiceStatus,
    pub total: Money,
    pub balance: Money,
    #[serde(default, with = "crate::instant::millis::option")]
    pub due_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub payment_id: PaymentId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<InvoiceId>,
    pub description: String,
    pub amount: Money,
    #[serde(with = "crate::instant::millis")]
    pub paid_at: DateTime<Utc>,
}

crate::text_enum! {
    /// What the assistant can do besides talking.
    pub enum Tool {
        OnboardingPlan = "onboarding.plan",
        OnboardingChecklist = "onboarding.checklist",
        SupportTicket = "support.ticket",
        MoneySummary = "money.summary",
        EnergyUsage = "energy.usage",
        PayfastCheckout = "payments.payfast.checkout",
    }
}

/// What a tool found, as lines to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    pub tool: Tool,
    pub is_done: bool,
    /// One sentence: what was found or done, or why not.
    pub summary: String,
    #[serde(default)]
    pub rows: Vec<ToolRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRow {
    pub label: String,
    pub value: String,
}

impl Body {
    fn read(value: &Value) -> serde_json::Result<Self> {
        Ok(match text_of(value, "type")? {
            "text" => Body::Text {
                text: text_of(value, "text")?.to_owned(),
            },
            "pay_link" => Body::PayLink(Deserialize::deserialize(value)?),
            "invoice" => Body::Invoice(Deserialize::deserialize(value)?),
            "receipt" => Body::Receipt(Deserialize::deserialize(value)?),
            "tool_result" => Body::ToolResult(Deserialize::deserialize(value)?),
            _ => Body::Unknown,
        })
    }

    pub fn text(text: impl Into<String>) -> Self {
        Body::Text { text: text.into() }
    }

    /// Whether a person may send it, in kind and in size.
    pub fn is_sendable(&self) -> bool {
        matches!(self, Body::Text { text } if !text.trim().is_empty()) && self.bytes() <= BODY_MAX
    }

    /// Its size as [`BODY_MAX`] counts it.
    pub fn bytes(&self) -> usize {
        serde_json::to_string(self)
            .expect("a body holds only text and numbers")
            .len()
    }
}

crate::text_enum! {
    /// Where an item stands.
    pub enum ItemStatus {
        /// The assistant still writes it.
        Streaming = "streaming",
        Done = "done",
        /// Whoever asked stopped it.
        Canceled = "canceled",
        /// Its writer died.
        Interrupted = "interrupted",
        Failed = "failed",
        /// The author took it back, or its time was over.
        Deleted = "deleted",
    }
}

/// One item as the lists of a thread show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub id: ItemId,
    /// Of the event that created it.
    pub seq: Seq,
    /// The author's own id of it; only the author is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cid: Option<ClientMessageId>,
    /// Nobody for what the assistant wrote.
    pub by: Option<UserId>,
    #[serde(with = "crate::instant::millis")]
    pub ts: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ItemId>,
    pub status: ItemStatus,
    /// Absent when the item was deleted.
    pub body: Option<Body>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::instant::millis::option"
    )]
    pub edited_at: Option<DateTime<Utc>>,
}
