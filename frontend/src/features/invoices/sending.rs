//! Sends the chosen invoices by e-mail, one after the other: asks first, counts, and names what was not sent.
//!
//! The list of customers does not need it, so the dialog's content is a chunk of its own; see `mod.rs`.

use common::{
    Money,
    ids::InvoiceId,
    invoices::{InvoiceStatus, InvoiceSummary, SendInvoice},
    money::format_money,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{self, Failure, Terms},
    browser,
    components::{
        badge::Tone,
        button::{Button, Kind, PlainButton},
        dynamic::dynamic,
        list::Selection,
        notice::Notice,
        toast::Toast,
    },
    explain::could_not,
    text,
};

/// What the list hands to the dialog; it lives as long as the list.
#[derive(Clone, Copy)]
pub struct Sending {
    pub is_open: RwSignal<bool>,
    pub is_busy: RwSignal<bool>,
    /// The rows that are asked about.
    pub rows: RwSignal<Vec<InvoiceSummary>>,
    selection: Selection,
    /// Of each invoice until the server has said that it is sent: a lost answer must not become a second mail.
    keys: StoredValue<Vec<(InvoiceId, String)>>,
}

impl Sending {
    pub fn new(selection: Selection) -> Self {
        Self {
            is_open: RwSignal::new(false),
            is_busy: RwSignal::new(false),
            rows: RwSignal::new(Vec::new()),
            selection,
            keys: StoredValue::new(Vec::new()),
        }
    }

    pub fn ask(self, rows: Vec<InvoiceSummary>) {
        self.rows.set(rows);
        self.is_open.set(true);
    }

    fn key(self, id: InvoiceId) -> String {
        if let Some((_, key)) = self.keys.get_value().into_iter().find(|(of, _)| *of == id) {
            return key;
        }
        let key = browser::random_key();
        self.keys.update_value(|keys| keys.push((id, key.clone())));
        key
    }
}

/// Whether an invoice is open, so that mailing it asks for money.
pub fn is_sendable(invoice: &InvoiceSummary) -> bool {
    why_skipped(invoice).is_none()
}

fn why_skipped(invoice: &InvoiceSummary) -> Option<Skipped> {
    judge(invoice.status, invoice.balance)
}

fn judge(status: InvoiceStatus, balance: Money) -> Option<Skipped> {
    match status {
        InvoiceStatus::Draft => Some(Skipped::Draft),
        InvoiceStatus::Paid => Some(Skipped::Paid),
        InvoiceStatus::Void => Some(Skipped::Void),
        InvoiceStatus::Uncollectible => Some(Skipped::WrittenOff),
        InvoiceStatus::Open => balance.is_zero().then_some(Skipped::Paid),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skipped {
    Draft,
    Paid,
    Void,
    WrittenOff,
}

impl Skipped {
    fn words(self) -> &'static str {
        let texts = text::sending();
        match self {
            Skipped::Draft => texts.is_draft,
            Skipped::Paid => texts.is_paid,
            Skipped::Void => texts.is_void,
            Skipped::WrittenOff => texts.is_written_off,
        }
    }
}

/// What is left, and what became of the rest.
#[derive(Clone, Copy)]
struct Round {
    sending: Sending,
    /// Not sent, in order; with the reason when it was tried.
    left: RwSignal<Vec<(InvoiceSummary, Option<String>)>>,
    total: usize,
    is_stopped: RwSignal<bool>,
    has_begun: RwSignal<bool>,
    toast: Toast,
}

#[component]
pub fn SendInvoices() -> impl IntoView {
    let texts = text::sending();
    let sending: Sending = expect_context();
    let (send, skip): (Vec<_>, Vec<_>) = sending.rows.get_untracked().into_iter().partition(is_sendable);
    let owed = send.iter().map(|invoice| invoice.balance.minor).sum();
    let round = Round {
        sending,
        total: send.len(),
        left: RwSignal::new(send.into_iter().map(|invoice| (invoice, None)).collect()),
        is_stopped: RwSignal::new(false),
        has_begun: RwSignal::new(false),
        toast: expect_context(),
    };
    let amount = format_money(Money::zar(owed));
    let ask = match round.total {
        1 => texts.ask_one(&amount),
        total => texts.ask(&total.to_string(), &amount),
    };
    let skipped = skip
        .iter()
        .filter_map(|invoice| Some((name(invoice), why_skipped(invoice)?.words().to_owned())))
        .collect();
    let question = StoredValue::new((ask, skipped));
    let words = move || match (round.has_begun.get(), sending.is_busy.get()) {
        (false, _) => question.with_value(|(ask, skipped): &(String, Vec<_>)| {
            view! {
                <p class="soft">{ask.clone()}</p>
                {named(texts.skipped, skipped.clone())}
            }
            .into_any()
        }),
        (true, true) => progress(round),
        (true, false) => result(round),
    };
    // The same two buttons all the way, so that the keyboard stays where it is.
    let leave_label = Signal::derive(move || {
        let words = match (sending.is_busy.get(), round.is_stopped.get()) {
            (true, true) => texts.stopping,
            (true, false) => texts.stop,
            (false, _) if round.has_begun.get() => texts.close,
            (false, _) => texts.none,
        };
        words.to_owned()
    });
    let leave = Callback::new(move |()| match sending.is_busy.get_untracked() {
        true => round.is_stopped.set(true),
        false => sending.is_open.set(false),
    });
    let send_label = Signal::derive(move || match round.has_begun.get() {
        false => super::list::send_words(round.total),
        true if round.left.with(|left| left.iter().any(|(_, reason)| reason.is_some())) => {
            crate::text::t().common.try_again.to_owned()
        }
        true => texts.send_rest.to_owned(),
    });
    view! {
        {dynamic(words)}
        <div class="dialog-actions">
            <PlainButton label=leave_label on_press=leave kind=Kind::Secondary/>
            <Button label=send_label busy_label=texts.sending is_busy=sending.is_busy on_press=Callback::new(move |()| round.run()) icon="mail"/>
        </div>
    }
    .into_any()
}

/// `INV-001050`, or whose draft it is.
fn name(invoice: &InvoiceSummary) -> String {
    let draft = || text::sending().draft_of(&invoice.customer_name);
    invoice.number.clone().unwrap_or_else(draft)
}

/// Invoices with a reason each, below a heading.
fn named(title: &'static str, rows: Vec<(String, String)>) -> Option<AnyView> {
    let items = rows.iter().map(|(name, why)| {
        view! { <li><span class="strong">{name.clone()}</span> " " <span class="soft">{why.clone()}</span></li> }
            .into_any()
    });
    (!rows.is_empty()).then(|| {
        view! {
            <div class="stack-tight">
                <h3>{title}</h3>
                <ul class="small stack-tight">{items.collect_view()}</ul>
            </div>
        }
        .into_any()
    })
}

fn progress(round: Round) -> AnyView {
    let texts = text::sending();
    let sent = Signal::derive(move || round.sent().to_string());
    let total = round.total.to_string();
    let of = total.clone();
    view! {
        <progress class="progress" aria-label=texts.progress max=total value=sent></progress>
        <p role="status">{move || texts.sent_of(&sent.get(), &of)}</p>
    }
    .into_any()
}

/// What was not sent, and why. All that was sent closes the dialog.
fn result(round: Round) -> AnyView {
    let texts = text::sending();
    let (sent, total) = (round.sent().to_string(), round.total.to_string());
    let (failed, rest): (Vec<_>, Vec<_>) = round.left.get().into_iter().partition(|(_, reason)| reason.is_some());
    let rest = match rest.len() {
        0 => String::new(),
        count => texts.not_tried(&count.to_string()),
    };
    let failed: Vec<_> = failed
        .into_iter()
        .map(|(invoice, reason)| (name(&invoice), reason.unwrap_or_default()))
        .collect();
    let (tone, icon_name, title) = match failed.is_empty() {
        true => (Tone::Info, "info", texts.stopped(&sent, &total)),
        false => (Tone::Danger, "triangle", texts.ended(&sent, &total)),
    };
    view! {
        <Notice tone icon_name title text=rest/>
        {named(texts.failed, failed)}
    }
    .into_any()
}

impl Round {
    fn sent(self) -> usize {
        self.total - self.left.with(Vec::len)
    }

    /// Sends what is left, one after the other, until it is done, stopped, or nobody answers.
    fn run(self) {
        self.is_stopped.set(false);
        self.has_begun.set(true);
        self.sending.is_busy.set(true);
        self.left
            .update(|left| left.iter_mut().for_each(|(_, reason)| *reason = None));
        spawn_local(async move {
            // Stopped, or the page is gone.
            while self.is_stopped.try_get_untracked() == Some(false) {
                let Some(id) = self.next() else { break };
                let terms = Terms::once(&self.sending.key(id));
                match api::ask_on::<SendInvoice>(&[id.as_str()], &(), terms).await {
                    Ok(_) => self.is_sent(id),
                    Err(failure) => {
                        self.has_failed(id, &failure);
                        if failure == Failure::Offline {
                            break;
                        }
                    }
                }
            }
            self.end();
        });
    }

    /// The first that was not tried in this round.
    fn next(self) -> Option<InvoiceId> {
        self.left.with_untracked(|left| {
            let next = left.iter().find(|(_, reason)| reason.is_none());
            next.map(|(invoice, _)| invoice.id)
        })
    }

    fn is_sent(self, id: InvoiceId) {
        self.sending
            .keys
            .try_update_value(|keys| keys.retain(|(of, _)| *of != id));
        self.left
            .try_update(|left| left.retain(|(invoice, _)| invoice.id != id));
        // What stays selected is what is still to be sent.
        let chosen = self.sending.selection.ids;
        chosen.try_update(|ids| ids.retain(|chosen| chosen != id.as_str()));
    }

    fn has_failed(self, id: InvoiceId, failure: &Failure) {
        let texts = text::sending();
        let words = match failure {
            // Whether it arrived is not known; its key makes another try harmless.
            Failure::Offline => texts.no_answer.to_owned(),
            Failure::Unreadable | Failure::Refused { .. } => could_not(failure, texts.do_send).detail,
        };
        self.left.try_update(|left| {
            if let Some((_, reason)) = left.iter_mut().find(|(invoice, _)| invoice.id == id) {
                *reason = Some(words);
            }
        });
    }

    fn end(self) {
        self.sending.is_busy.try_set(false);
        if self.left.try_with_untracked(Vec::is_empty) != Some(true) {
            return;
        }
        self.sending.is_open.set(false);
        self.toast.say(match self.total {
            1 => text::sending().sent_one.to_owned(),
            total => text::sending().all_sent(&total.to_string()),
        });
        // The button that opened the dialog has gone with the selection.
        request_animation_frame(|| request_animation_frame(browser::focus_heading));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_asks_for_money_is_mailed() {
        let owed = Money::zar(11_500);
        assert_eq!(judge(InvoiceStatus::Open, owed), None);
        assert_eq!(judge(InvoiceStatus::Open, Money::zar(0)), Some(Skipped::Paid));
        for (status, why) in [
            (InvoiceStatus::Draft, Skipped::Draft),
            (InvoiceStatus::Paid, Skipped::Paid),
            (InvoiceStatus::Void, Skipped::Void),
            (InvoiceStatus::Uncollectible, Skipped::WrittenOff),
        ] {
            assert_eq!(judge(status, owed), Some(why));
            assert!(why.words().ends_with('.'));
        }
    }
}
