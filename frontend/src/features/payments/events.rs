//! What each step of a payment's history is called.

use common::payments::{PaymentEvent, PaymentStatus};

use crate::{components::steps::Happening, status, text::t};

/// The history, newest first.
pub fn happenings(events: &[PaymentEvent]) -> Vec<Happening> {
    events.iter().rev().map(happening).collect()
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
    let texts = t().payments;
    match event.event.as_str() {
        "created" => texts.event_created,
        "redirect_issued" => texts.event_redirect,
        "itn_complete" => texts.event_complete,
        "itn_pending" => texts.event_pending,
        "itn_failed" => texts.event_failed,
        "itn_cancelled" | "itn_canceled" => texts.event_cancelled,
        "cancel" => texts.event_cancel,
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
