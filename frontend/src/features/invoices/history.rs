//! What happened to an invoice, newest first, in words.

use common::invoices::{Invoice, InvoiceEvent};

use crate::{
    components::{badge::Tone, steps::Happening},
    text,
};

/// The server's history; `invoice` names what its events do not.
pub fn happenings(invoice: &Invoice, events: Vec<InvoiceEvent>) -> Vec<Happening> {
    events.into_iter().map(|event| happening(invoice, event)).collect()
}

fn happening(invoice: &Invoice, event: InvoiceEvent) -> Happening {
    let (tone, icon, title) = in_words(invoice, &event.event);
    let note = match (event.note.is_empty(), event.actor.is_empty()) {
        (false, false) => format!("{} · {}", event.note, event.actor),
        (false, true) => event.note,
        (true, _) => event.actor,
    };
    Happening {
        tone,
        icon,
        title,
        note,
        at: event.at,
    }
}

fn in_words(invoice: &Invoice, event: &str) -> (Tone, &'static str, String) {
    let (texts, invoices) = (text::deeds(), text::invoices());
    let (tone, icon, title) = match event {
        "invoice.issued" => {
            let number = invoice.summary.number.as_deref().unwrap_or_default();
            return (Tone::Neutral, "invoice", invoices.finalised_as(number));
        }
        "invoice.drafted" => (Tone::Neutral, "pencil", texts.drafted),
        "invoice.changed" => (Tone::Neutral, "pencil", texts.changed),
        "invoice.sent" => (Tone::Neutral, "mail", texts.event_sent),
        "invoice.voided" => (Tone::Neutral, "slash", texts.event_void),
        "invoice.written_off" => (Tone::Warning, "cross", texts.event_written_off),
        "payment.settled" => (Tone::Positive, "check", invoices.happened_paid),
        "payment.recorded" => (Tone::Positive, "check", texts.event_eft),
        "payment.reversed" => (Tone::Danger, "return", texts.event_reversed),
        "payment.canceled" => (Tone::Neutral, "slash", texts.event_cancelled),
        "checkout.started" => (Tone::Info, "clock", texts.event_started),
        "charge.started" => (Tone::Info, "card", texts.event_charge),
        "credit.applied" => (Tone::Positive, "check", texts.event_credit),
        "credit_note.issued" => (Tone::Neutral, "return", texts.event_credit_note),
        "refund.requested" => (Tone::Info, "return", texts.event_refund),
        "refund.changed" => (Tone::Info, "return", texts.event_refund_changed),
        // An event that this client does not know yet is named as the server names it.
        other => return (Tone::Neutral, "dots", plain_words(other)),
    };
    (tone, icon, title.to_owned())
}

/// `invoice.held_back` as `Invoice held back`.
fn plain_words(event: &str) -> String {
    let words = event.replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_events_are_named_as_the_server_names_them() {
        assert_eq!(plain_words("invoice.held_back"), "Invoice held back");
        assert_eq!(plain_words(""), "");
    }
}
