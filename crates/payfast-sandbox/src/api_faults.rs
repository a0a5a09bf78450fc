//! What can go wrong with a call of the REST API, on demand: each fault strikes once, at the next call that it fits.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a call that times out is kept waiting before its connection is closed; shortened by the speed.
pub const HOLD: Duration = Duration::from_secs(60);

/// How the next call that fits goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiFault {
    /// Any call: 500, nothing done.
    ServerError,
    /// Any call: the connection is closed without an answer, nothing done.
    ConnectionClosed,
    /// Any call: 429, nothing done.
    RateLimited,
    /// A charge: the bank says no.
    ChargeDeclined,
    /// A charge: the bank says no, told inside HTTP 200.
    ChargeDeclinedInside200,
    /// A charge: done, answered with the text `"true"` as on the live system.
    ChargeTextTrue,
    /// A charge: done and notified, but no answer.
    ChargeTimeoutAfter,
    /// A charge: done, but neither an answer nor a notification (it can be sent by hand).
    ChargeTimeoutAfterLost,
    /// A charge: no answer, and nothing done.
    ChargeTimeoutBefore,
    /// A refund or its query: this payment cannot be refunded, from now on.
    RefundNotAvailable,
    /// A refund or its query: this payment is refunded to a bank account only, from now on.
    RefundBankPayout,
    /// A refund: refused.
    RefundFailed,
    /// A refund: done, but no answer.
    RefundTimeoutAfter,
    /// A refund: no answer, and nothing done.
    RefundTimeoutBefore,
    /// A statement: without its newest payment.
    StatementDropLine,
    /// A statement: with its newest payment twice.
    StatementDoubleLine,
    /// A statement: its newest payment is R1.00 less.
    StatementDriftAmount,
    /// A statement: the fee of its newest payment is R1.00 more.
    StatementDriftFee,
    /// A statement: with a payment that nobody made here.
    StatementUnknownLine,
}

/// The kind of call that a fault fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Struck {
    Any,
    Charge,
    Refund,
    /// A refund or its query.
    Refundable,
    Statement,
}

impl ApiFault {
    /// Every fault, in the order of the dashboard.
    pub const ALL: [ApiFault; 19] = [
        ApiFault::ServerError,
        ApiFault::ConnectionClosed,
        ApiFault::RateLimited,
        ApiFault::ChargeDeclined,
        ApiFault::ChargeDeclinedInside200,
        ApiFault::ChargeTextTrue,
        ApiFault::ChargeTimeoutAfter,
        ApiFault::ChargeTimeoutAfterLost,
        ApiFault::ChargeTimeoutBefore,
        ApiFault::RefundNotAvailable,
        ApiFault::RefundBankPayout,
        ApiFault::RefundFailed,
        ApiFault::RefundTimeoutAfter,
        ApiFault::RefundTimeoutBefore,
        ApiFault::StatementDropLine,
        ApiFault::StatementDoubleLine,
        ApiFault::StatementDriftAmount,
        ApiFault::StatementDriftFee,
        ApiFault::StatementUnknownLine,
    ];

    /// Its name in forms and in the log.
    pub fn name(self) -> &'static str {
        match self {
            ApiFault::ServerError => "server_error",
            ApiFault::ConnectionClosed => "connection_closed",
            ApiFault::RateLimited => "rate_limited",
            ApiFault::ChargeDeclined => "charge_declined",
            ApiFault::ChargeDeclinedInside200 => "charge_declined_inside200",
            ApiFault::ChargeTextTrue => "charge_text_true",
            ApiFault::ChargeTimeoutAfter => "charge_timeout_after",
            ApiFault::ChargeTimeoutAfterLost => "charge_timeout_after_lost",
            ApiFault::ChargeTimeoutBefore => "charge_timeout_before",
            ApiFault::RefundNotAvailable => "refund_not_available",
            ApiFault::RefundBankPayout => "refund_bank_payout",
            ApiFault::RefundFailed => "refund_failed",
            ApiFault::RefundTimeoutAfter => "refund_timeout_after",
            ApiFault::RefundTimeoutBefore => "refund_timeout_before",
            ApiFault::StatementDropLine => "statement_drop_line",
            ApiFault::StatementDoubleLine => "statement_double_line",
            ApiFault::StatementDriftAmount => "statement_drift_amount",
            ApiFault::StatementDriftFee => "statement_drift_fee",
            ApiFault::StatementUnknownLine => "statement_unknown_line",
        }
    }

    /// Its description on the dashboard.
    pub fn label(self) -> &'static str {
        match self {
            ApiFault::ServerError => "Any call: 500, nothing done",
            ApiFault::ConnectionClosed => "Any call: connection closed, nothing done",
            ApiFault::RateLimited => "Any call: 429, too many calls",
            ApiFault::ChargeDeclined => "Charge: declined by the bank",
            ApiFault::ChargeDeclinedInside200 => "Charge: declined, told inside HTTP 200",
            ApiFault::ChargeTextTrue => "Charge: done, answered with the text \"true\"",
            ApiFault::ChargeTimeoutAfter => "Charge: done and notified, but no answer",
            ApiFault::ChargeTimeoutAfterLost => "Charge: done, but no answer and no notification",
            ApiFault::ChargeTimeoutBefore => "Charge: no answer, nothing done",
            ApiFault::RefundNotAvailable => "Refund: not available for this payment",
            ApiFault::RefundBankPayout => "Refund: to a bank account only",
            ApiFault::RefundFailed => "Refund: refused",
            ApiFault::RefundTimeoutAfter => "Refund: done, but no answer",
            ApiFault::RefundTimeoutBefore => "Refund: no answer, nothing done",
            ApiFault::StatementDropLine => "Statement: without its newest payment",
            ApiFault::StatementDoubleLine => "Statement: newest payment twice",
            ApiFault::StatementDriftAmount => "Statement: newest payment R1.00 less",
            ApiFault::StatementDriftFee => "Statement: newest payment's fee R1.00 more",
            ApiFault::StatementUnknownLine => "Statement: with a payment nobody made here",
        }
    }

    /// The fault of that name.
    pub fn parse(name: &[u8]) -> Option<Self> {
        ApiFault::ALL.into_iter().find(|fault| fault.name().as_bytes() == name)
    }

    pub(crate) fn strikes(self) -> Struck {
        match self {
            ApiFault::ServerError | ApiFault::ConnectionClosed | ApiFault::RateLimited => Struck::Any,
            ApiFault::ChargeDeclined
            | ApiFault::ChargeDeclinedInside200
            | ApiFault::ChargeTextTrue
            | ApiFault::ChargeTimeoutAfter
            | ApiFault::ChargeTimeoutAfterLost
            | ApiFault::ChargeTimeoutBefore => Struck::Charge,
            ApiFault::RefundNotAvailable | ApiFault::RefundBankPayout => Struck::Refundable,
            ApiFault::RefundFailed | ApiFault::RefundTimeoutAfter | ApiFault::RefundTimeoutBefore => Struck::Refund,
            ApiFault::StatementDropLine
            | ApiFault::StatementDoubleLine
            | ApiFault::StatementDriftAmount
            | ApiFault::StatementDriftFee
            | ApiFault::StatementUnknownLine => Struck::Statement,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_log() {
        for fault in ApiFault::ALL {
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.name());
            assert_eq!(ApiFault::parse(fault.name().as_bytes()), Some(fault));
        }
    }
}
