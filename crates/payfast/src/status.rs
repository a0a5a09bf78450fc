//! What a notification says about a payment.

use std::fmt;

/// The `payment_status` of a notification.
///
/// PayFast documents only `COMPLETE` and `CANCELLED` (a subscription that was cancelled); official plugins also handle
/// the other two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// The money was taken.
    Complete,
    /// It was not.
    Failed,
    /// It is under way.
    Pending,
    /// A subscription or tokenisation agreement ended; such notifications carry no amounts.
    Cancelled,
    /// Anything else, as received; decide nothing on it.
    Other(String),
}

impl PaymentStatus {
    /// Reads the value; upper and lower case are distinct, as in PayFast's own code.
    pub fn parse(value: &[u8]) -> Self {
        match value {
            b"COMPLETE" => PaymentStatus::Complete,
            b"FAILED" => PaymentStatus::Failed,
            b"PENDING" => PaymentStatus::Pending,
            b"CANCELLED" => PaymentStatus::Cancelled,
            other => PaymentStatus::Other(String::from_utf8_lossy(other).into_owned()),
        }
    }

    /// The value as it stands on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            PaymentStatus::Complete => "COMPLETE",
            PaymentStatus::Failed => "FAILED",
            PaymentStatus::Pending => "PENDING",
            PaymentStatus::Cancelled => "CANCELLED",
            PaymentStatus::Other(other) => other,
        }
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
