//! What each step of a payment's history is called.

use common::{
    money::format_money,
    payments::{Payment, PaymentEvent, PaymentStatus},
    refunds::{Refund, RefundStatus},
};

use crate::{
    components::{badge::Mark, steps::Happening},
    status,
};

/// The history of the payment and its refunds, newest first.
pub fn happenings(payment: &Payment) -> Vec<Happening> {
    let events = payment.events.iter().map(happening);
    let mut all: Vec<_> = events.chain(payment.refunds.iter().flat_map(refund)).collect();
    // Stable, so what happened at the same moment stays in its order before it is turned round.
    all.sort_by_key(|happening| happening.at);
    all.reverse();
    all
}

/// A refund was asked for, and ended.
fn refund(refund: &Refund) -> Vec<Happening> {
    let texts = crate::text::payments();
    let happening = |mark: Mark, title: &str, note: String, at| Happening {
        tone: mark.tone,
        icon: mark.icon,
        title: title.to_owned(),
        note,
        at,
    };
    let amount = format_money(refund.amount);
    let asked = happening(
        status::refund(RefundStatus::Requested),
        texts.event_refund,
        format!("{amount} · {}", refund.reason),
        refund.created_at,
    );
    let end = match refund.status {
        RefundStatus::Succeeded => Some(texts.event_refunded),
        RefundStatus::Failed => Some(texts.event_refund_failed),
        RefundStatus::Requested
        | RefundStatus::AwaitingBankDetails
        | RefundStatus::Submitted
        | RefundStatus::Unknown => None,
    };
    let ended = end.map(|title| {
        let at = refund.completed_at.unwrap_or(refund.updated_at);
        happening(status::refund(refund.status), title, amount, at)
    });
    std::iter::once(asked).chain(ended).collect()
}

fn happening(event: &PaymentEvent) -> Happening {
    let mark = status::payment(event.to);
    Happening {
        tone: mark.tone,
        icon: if event.event == "redirect_issued" {
            "right"
        } else {
            mark.icon
        },
        title: title(event).to_owned(),
        note: event.note.clone(),
        at: event.at,
    }
}

fn title(event: &PaymentEvent) -> &'static str {
    let texts = crate::text::payments();
    match event.event.as_str() {
        "created" => texts.event_created,
        "redirect_issued" => texts.event_redirect,
        "itn_complete" => texts.event_complete,
        "itn_pending" => texts.event_pending,
        "itn_failed" => texts.event_failed,
        "itn_cancelled" | "itn_canceled" => texts.event_cancelled,
        "cancel" => texts.event_cancel,
        "charge_sent" => texts.event_charge,
        "api_ok" => texts.event_taken,
        "api_declined" | "found_nothing" => texts.event_failed,
        "api_lost" => texts.event_lost,
        "found_complete" => texts.event_found,
        "recorded" => texts.event_recorded,
        "reverse" => texts.event_reversed,
        "ttl" | "expire" | "expired" => texts.event_expired,
        // An event that this client does not know yet is named by what it led to.
        _ => match event.to {
            PaymentStatus::Created => texts.event_created,
            PaymentStatus::Succeeded => texts.event_complete,
            PaymentStatus::Failed => texts.event_failed,
            PaymentStatus::Canceled => texts.event_cancelled,
            PaymentStatus::Expired => texts.event_expired,
            PaymentStatus::AwaitingCustomer | PaymentStatus::Processing | PaymentStatus::Unknown => texts.event_other,
        },
    }
}
