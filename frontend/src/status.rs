//! One function per entity turns a state into tone, icon and words; no page writes its own.

use chrono::{DateTime, Utc};
use common::{
    invoices::{InvoiceStatus, InvoiceSummary},
    payments::PaymentStatus,
};

use crate::{
    components::badge::{Mark, Tone},
    dates,
    text::t,
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
