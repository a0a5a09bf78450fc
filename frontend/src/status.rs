//! One function per entity turns a state into tone, icon and words; no page writes its own.

use chrono::{DateTime, Utc};
use common::{
    invoices::{InvoiceStatus, InvoiceSummary},
    itn::{ItnStatus, Verdict},
    payment_methods::PaymentMethodStatus,
    payments::PaymentStatus,
    reconciliations::{ReconciliationStatus, StatementVerdict},
    refunds::RefundStatus,
};

use crate::{
    components::badge::{Mark, Tone},
    dates,
    text::{states, t},
};

/// An invoice's state; `overdue` and `part paid` are derived here.
pub fn invoice(invoice: &InvoiceSummary, now: DateTime<Utc>) -> Mark {
    let texts = t().common;
    match invoice.status {
        InvoiceStatus::Draft => Mark::new(Tone::Neutral, "pencil", texts.invoice_draft),
        InvoiceStatus::Paid => Mark::new(Tone::Positive, "check", texts.invoice_paid),
        InvoiceStatus::Void => Mark::new(Tone::Neutral, "slash", texts.invoice_void),
        InvoiceStatus::Uncollectible => Mark::new(Tone::Warning, "cross", texts.invoice_written_off),
        InvoiceStatus::Open => {
            let days = invoice.due_at.map(|due_at| dates::days_until(due_at, now));
            if let Some(days) = days.filter(|days| *days < 0) {
                return Mark::new(Tone::Danger, "triangle", late(-days));
            }
            if invoice.amount_paid.minor > 0 {
                return Mark::new(Tone::Info, "half", texts.invoice_part_paid);
            }
            let words = match (days, invoice.due_at) {
                (Some(days), Some(due_at)) => due(days, due_at),
                _ => texts.open.to_owned(),
            };
            Mark::new(Tone::Info, "clock", words)
        }
    }
}

/// "Due in 3 days" within a week, else the date.
pub fn due(days: i64, due_at: DateTime<Utc>) -> String {
    let texts = t().common;
    match days {
        0 => texts.due_today.to_owned(),
        1 => texts.due_tomorrow.to_owned(),
        2..=7 => texts.due_in(&days.to_string()),
        _ => texts.due_on(&dates::date(due_at)),
    }
}

/// The distance within a week, and always the date: "Due in 3 days, 27 Nov 2026".
pub fn due_sentence(due_at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match dates::days_until(due_at, now) {
        days @ ..0 => format!("{}, {}", late(-days), dates::date(due_at)),
        days @ 0..=7 => format!("{}, {}", due(days, due_at), dates::date(due_at)),
        days => due(days, due_at),
    }
}

/// "2 days late"
pub fn late(days: i64) -> String {
    let texts = t().common;
    if days == 1 {
        texts.late_one.to_owned()
    } else {
        texts.late(&days.to_string())
    }
}

/// A payment's state, in the words for the customer.
pub fn payment(status: PaymentStatus) -> Mark {
    let texts = t().common;
    let (tone, icon, words) = match status {
        PaymentStatus::Created => (Tone::Neutral, "dots", texts.payment_started),
        PaymentStatus::AwaitingCustomer => (Tone::Info, "clock", texts.payment_waiting),
        PaymentStatus::Processing => (Tone::Info, "arrows", texts.payment_processing),
        PaymentStatus::Unknown => (Tone::Warning, "question", texts.payment_unknown),
        PaymentStatus::Succeeded => (Tone::Positive, "check", texts.payment_paid),
        PaymentStatus::Failed => (Tone::Danger, "cross", texts.payment_failed),
        PaymentStatus::Canceled => (Tone::Neutral, "slash", texts.payment_cancelled),
        PaymentStatus::Expired => (Tone::Neutral, "hourglass", texts.payment_expired),
    };
    Mark::new(tone, icon, words)
}

/// A payment's state as a filter names it.
pub fn payment_name(status: PaymentStatus) -> &'static str {
    let texts = t().common;
    match status {
        PaymentStatus::Created => texts.payment_started,
        PaymentStatus::AwaitingCustomer => states().payment_open,
        PaymentStatus::Processing => texts.payment_processing,
        PaymentStatus::Unknown => texts.payment_unknown,
        PaymentStatus::Succeeded => texts.payment_paid,
        PaymentStatus::Failed => texts.payment_failed,
        PaymentStatus::Canceled => texts.payment_cancelled,
        PaymentStatus::Expired => texts.payment_expired,
    }
}

/// A payment's state, in the words for the staff.
pub fn payment_for_staff(status: PaymentStatus) -> Mark {
    match status {
        PaymentStatus::AwaitingCustomer => Mark::new(Tone::Info, "clock", states().waiting_customer),
        other => payment(other),
    }
}

pub fn refund(status: RefundStatus) -> Mark {
    let texts = states();
    let (tone, icon, words) = match status {
        RefundStatus::Requested | RefundStatus::Submitted => (Tone::Info, "return", texts.refund_on_way),
        RefundStatus::AwaitingBankDetails => (Tone::Warning, "bank", texts.refund_bank),
        RefundStatus::Succeeded => (Tone::Positive, "return", texts.refunded),
        RefundStatus::Failed => (Tone::Danger, "cross", texts.refund_failed),
        RefundStatus::Unknown => (Tone::Warning, "question", texts.checking),
    };
    Mark::new(tone, icon, words)
}

/// Where a notification of PayFast stands.
pub fn notification(status: ItnStatus) -> Mark {
    let texts = states();
    let (tone, icon, words) = match status {
        ItnStatus::Received => (Tone::Neutral, "inbox", texts.itn_received),
        ItnStatus::Verified => (Tone::Info, "shield", texts.itn_verified),
        ItnStatus::Applied => (Tone::Positive, "check", texts.itn_applied),
        ItnStatus::Duplicate => (Tone::Neutral, "copy", texts.itn_duplicate),
        ItnStatus::Quarantined => (Tone::Warning, "box", texts.itn_held),
        ItnStatus::Rejected => (Tone::Danger, "refused", texts.itn_refused),
    };
    Mark::new(tone, icon, words)
}

/// One of PayFast's four checks.
pub fn check(verdict: Verdict) -> Mark {
    let texts = states();
    let (tone, icon, words) = match verdict {
        Verdict::Passed => (Tone::Positive, "check", texts.check_passed),
        Verdict::Failed => (Tone::Danger, "cross", texts.check_failed),
        Verdict::NotDone => (Tone::Neutral, "dots", texts.check_not_done),
    };
    Mark::new(tone, icon, words)
}

/// Whether a promise of the books holds; `None` before its first check.
pub fn promise(holds: Option<bool>) -> Mark {
    let texts = states();
    let (tone, icon, words) = match holds {
        Some(true) => (Tone::Positive, "check", texts.holds),
        Some(false) => (Tone::Danger, "triangle", texts.broken),
        None => (Tone::Neutral, "dots", texts.not_checked),
    };
    Mark::new(tone, icon, words)
}

pub fn reconciliation(status: ReconciliationStatus) -> Mark {
    let texts = states();
    let (tone, icon, words) = match status {
        ReconciliationStatus::Running => (Tone::Info, "arrows", texts.running),
        ReconciliationStatus::Finished => (Tone::Positive, "check", texts.finished),
        ReconciliationStatus::Failed => (Tone::Danger, "cross", texts.failed),
    };
    Mark::new(tone, icon, words)
}

/// What a line of PayFast's statement means.
pub fn statement_line(verdict: StatementVerdict) -> Mark {
    let texts = states();
    let (tone, icon, words) = match verdict {
        StatementVerdict::Matched => (Tone::Positive, "check", texts.line_matched),
        StatementVerdict::Healed => (Tone::Info, "shield", texts.line_healed),
        StatementVerdict::Missing => (Tone::Danger, "question", texts.line_missing),
        StatementVerdict::Unknown => (Tone::Danger, "triangle", texts.line_unknown),
        StatementVerdict::Duplicate => (Tone::Warning, "copy", texts.line_duplicate),
        StatementVerdict::AmountDrift => (Tone::Danger, "scale", texts.line_amount),
        StatementVerdict::FeeDrift => (Tone::Warning, "scale", texts.line_fee),
        StatementVerdict::Refund => (Tone::Neutral, "return", texts.line_refund),
        StatementVerdict::Payout => (Tone::Neutral, "bank", texts.line_payout),
        StatementVerdict::Other => (Tone::Neutral, "dots", texts.line_other),
    };
    Mark::new(tone, icon, words)
}

/// A saved card that is not simply usable.
pub fn method(status: PaymentMethodStatus) -> Mark {
    let texts = states();
    let (tone, icon, words) = match status {
        PaymentMethodStatus::Pending => (Tone::Info, "clock", texts.card_pending),
        PaymentMethodStatus::Active => (Tone::Positive, "check", texts.card_active),
        PaymentMethodStatus::Expiring => (Tone::Warning, "clock", texts.card_expiring),
        PaymentMethodStatus::Revoked => (Tone::Neutral, "slash", texts.card_removed),
    };
    Mark::new(tone, icon, words)
}

/// Whether a payment can still change by the customer's or PayFast's doing in the ordinary course.
pub fn is_settled(status: PaymentStatus) -> bool {
    matches!(
        status,
        PaymentStatus::Succeeded | PaymentStatus::Failed | PaymentStatus::Canceled | PaymentStatus::Expired
    )
}

#[cfg(test)]
mod tests {
    use common::{
        ids::{AccountId, InvoiceId},
        money::{Currency, Money},
    };

    use super::*;

    fn open(due: &str, paid: i64) -> InvoiceSummary {
        InvoiceSummary {
            id: InvoiceId::parse("01929b7e-7c1c-7000-8000-000000000001").unwrap(),
            number: Some("INV-000001".to_owned()),
            status: InvoiceStatus::Open,
            account_id: AccountId::parse("01929b7e-7c1c-7000-8000-000000000002").unwrap(),
            customer_name: String::new(),
            description: String::new(),
            currency: Currency::Zar,
            subtotal: Money::zar(46_000),
            vat: Money::zar(6_900),
            total: Money::zar(52_900),
            amount_paid: Money::zar(paid),
            credited: Money::zar(0),
            balance: Money::zar(52_900 - paid),
            created_at: "2026-11-01T08:00:00Z".parse().unwrap(),
            issued_at: None,
            due_at: Some(due.parse().unwrap()),
            paid_at: None,
        }
    }

    #[test]
    fn open_invoices_say_when_they_are_due() {
        let now = "2026-11-24T08:00:00Z".parse().unwrap();
        for (due, paid, tone, words) in [
            ("2026-11-24T20:00:00Z", 0, Tone::Info, "Due today"),
            ("2026-11-25T08:00:00Z", 0, Tone::Info, "Due in 1 day"),
            ("2026-11-27T08:00:00Z", 0, Tone::Info, "Due in 3 days"),
            ("2026-12-24T08:00:00Z", 0, Tone::Info, "Due 24 Dec 2026"),
            ("2026-11-27T08:00:00Z", 100, Tone::Info, "Part paid"),
            ("2026-11-23T08:00:00Z", 0, Tone::Danger, "1 day late"),
            ("2026-11-22T08:00:00Z", 100, Tone::Danger, "2 days late"),
        ] {
            let mark = invoice(&open(due, paid), now);
            assert_eq!((mark.tone, mark.words.as_str()), (tone, words), "{due} {paid}");
        }
    }

    #[test]
    fn only_ended_payments_are_settled() {
        let settled: Vec<_> = PaymentStatus::ALL
            .iter()
            .filter(|status| is_settled(**status))
            .collect();
        assert_eq!(settled.len(), 4);
        assert!(!is_settled(PaymentStatus::Unknown));
    }
}
