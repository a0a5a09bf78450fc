//! What can be done with one invoice, and the dialog that asks before it is done.
//!
//! Most who open an invoice do nothing of it, so the form of the dialog is a chunk of its own; see `mod.rs`.

use common::{
    FieldError, Money,
    invoices::{
        ApplyCredit, FinalizeInvoice, Invoice, IssueCreditNote, NewCreditNote, NewReceipt, Reason, RecordReceipt,
        SendInvoice, VoidInvoice, WriteOffInvoice,
    },
    money::format_money,
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use crate::{
    api::{Failure, Terms},
    browser,
    chunk::{open, preload},
    components::{
        button::{Button, Kind, PlainButton},
        dialog::Dialog,
        dynamic::dynamic,
        field::{Errors, Field},
        money::{MoneyField, amount_text, parse_amount},
        problem::{Words, problem_banner},
        toast::Toast,
    },
    dates, documents,
    explain::could_not,
    text,
};

/// Above it, what cannot be undone asks for the number of the invoice.
const NUMBER_ABOVE: i64 = 500_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Finalise,
    Send,
    Eft,
    CreditNote,
    Void,
    WriteOff,
    /// So much of the customer's credit.
    UseCredit(Money),
}

impl Deed {
    fn has_amount(self) -> bool {
        matches!(self, Deed::Eft | Deed::CreditNote)
    }

    fn has_reason(self) -> bool {
        matches!(self, Deed::CreditNote | Deed::Void | Deed::WriteOff)
    }

    /// Whether it takes something away that cannot be had back.
    fn destroys(self) -> bool {
        matches!(self, Deed::Void | Deed::WriteOff)
    }

    /// What it does while it runs, what the button says, and what is said when it is done.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        let texts = text::deeds();
        match self {
            Deed::Finalise => (texts.finalise, texts.finalising, texts.finalised),
            Deed::Send => (texts.send, texts.sending, texts.sent),
            Deed::Eft => (texts.eft, texts.recording, ""),
            Deed::CreditNote => (texts.credit_note_do, texts.issuing, texts.credit_note_done),
            Deed::Void => (texts.void, texts.voiding, texts.voided),
            Deed::WriteOff => (texts.write_off, texts.writing_off, texts.written_off),
            Deed::UseCredit(_) => (texts.use_credit, texts.using_credit, texts.credit_used),
        }
    }

    fn title(self, number: &str) -> String {
        let texts = text::deeds();
        match self {
            Deed::Finalise => texts.finalise_title.to_owned(),
            Deed::Send => texts.send.to_owned(),
            Deed::Eft => texts.eft_title.to_owned(),
            Deed::CreditNote => texts.credit_note_title(number),
            Deed::Void => texts.void_title(number),
            Deed::WriteOff => texts.write_off_title(number),
            Deed::UseCredit(amount) => texts.credit_title(&format_money(amount)),
        }
    }

    /// Object, amount, and what cannot be undone.
    fn text(self, invoice: &Invoice) -> String {
        let texts = text::deeds();
        let summary = &invoice.summary;
        let balance = format_money(summary.balance);
        match self {
            Deed::Finalise => texts.finalise_text(&format_money(summary.total), &summary.customer_name),
            Deed::Send => String::new(),
            Deed::Eft => texts.eft_text(&balance),
            Deed::CreditNote => texts.credit_note_ask(&format_money(left(invoice))),
            Deed::Void => texts.void_ask(&format_money(left(invoice))),
            Deed::WriteOff => texts.write_off_ask(&balance),
            Deed::UseCredit(amount) => {
                let rest = Money::new(summary.balance.minor - amount.minor, amount.currency);
                let number = summary.number.as_deref().unwrap_or_default();
                texts.credit_ask(&format_money(amount), number, &format_money(rest))
            }
        }
    }
}

/// What credit notes can still take back.
pub fn left(invoice: &Invoice) -> Money {
    let summary = &invoice.summary;
    Money::new(summary.total.minor - summary.credited.minor, summary.currency)
}

/// Whether so much asks for the number of the invoice.
fn asks_for_number(deed: Deed, amount: Money) -> bool {
    matches!(deed, Deed::CreditNote | Deed::Void | Deed::WriteOff) && amount.minor > NUMBER_ABOVE
}

/// The dialog of a page, and what became of the invoice.
#[derive(Clone, Copy)]
pub struct Deeds {
    asked: RwSignal<Option<(Deed, Invoice)>>,
    is_open: RwSignal<bool>,
    is_busy: RwSignal<bool>,
    /// Sends at once, so its button runs by itself.
    pub is_sending: RwSignal<bool>,
    /// Beside the button of what needs no dialog.
    pub problem: RwSignal<Option<Words>>,
    on_done: Callback<Invoice>,
    toast: Toast,
}

impl Deeds {
    pub fn new(on_done: Callback<Invoice>) -> Self {
        let deeds = Self {
            asked: RwSignal::new(None),
            is_open: RwSignal::new(false),
            is_busy: RwSignal::new(false),
            is_sending: RwSignal::new(false),
            problem: RwSignal::new(None),
            on_done,
            toast: expect_context(),
        };
        provide_context(deeds);
        deeds
    }

    /// Fetches the form before it is asked for, so that its first control has the keyboard when it opens.
    pub fn prepare() {
        preload(super::deed());
    }

    pub fn ask(self, deed: Deed, invoice: &Invoice) {
        self.asked.set(Some((deed, invoice.clone())));
        self.is_open.set(true);
    }

    /// Sends the invoice; that can be done again, so it asks nothing.
    pub fn send(self, invoice: &Invoice) {
        let (id, toast) = (invoice.summary.id, self.toast);
        self.problem.set(None);
        self.is_sending.set(true);
        spawn_local(async move {
            let answer = documents::change_invoice::<SendInvoice>(id, &(), Terms::default()).await;
            self.is_sending.try_set(false);
            match answer {
                Ok(invoice) => {
                    toast.say(Deed::Send.words().2);
                    self.on_done.run(invoice);
                }
                Err(failure) => {
                    self.problem
                        .try_set(Some(could_not(&failure, &text::deeds().send.to_lowercase())));
                }
            }
        });
    }

    /// The dialog; once on each page, after its content.
    pub fn view(self) -> AnyView {
        dynamic(move || {
            self.asked.get().map(|(deed, invoice)| {
                let number = invoice.summary.number.unwrap_or_default();
                view! {
                    <Dialog is_open=self.is_open title=deed.title(&number) is_busy=self.is_busy>{open(super::deed())}</Dialog>
                }
                .into_any()
            })
        })
    }
}

/// The form of what is asked.
#[component]
pub fn DeedForm() -> impl IntoView {
    let deeds: Deeds = expect_context();
    let asked = deeds.asked.get_untracked();
    asked.map(|(deed, invoice)| form(deeds, deed, &invoice))
}

/// What is typed.
#[derive(Clone, Copy)]
struct Typed {
    amount: RwSignal<String>,
    reason: RwSignal<String>,
    reference: RwSignal<String>,
    received_on: RwSignal<String>,
    number: RwSignal<String>,
}

fn form(deeds: Deeds, deed: Deed, invoice: &Invoice) -> AnyView {
    let texts = text::deeds();
    let number = invoice.summary.number.clone().unwrap_or_default();
    let errors = Errors::new();
    let problem = RwSignal::new(None);
    let most = match deed {
        Deed::Eft => invoice.summary.balance,
        _ => left(invoice),
    };
    let typed = Typed {
        amount: RwSignal::new(amount_text(most)),
        reason: RwSignal::new(String::new()),
        reference: RwSignal::new(String::new()),
        received_on: RwSignal::new(dates::day_text(dates::today(browser::now()))),
        number: RwSignal::new(String::new()),
    };
    // One key for one body: what is sent again unchanged is done once.
    let key = StoredValue::new((String::new(), String::new()));
    let stored = StoredValue::new(invoice.clone());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let checked = stored.with_value(|invoice| check(deed, invoice, typed));
        let order = match checked {
            Ok(order) => order,
            Err(found) => return errors.show(found),
        };
        let body = format!("{order:?}");
        key.update_value(|(of, key)| {
            if *of != body {
                *of = body;
                *key = browser::random_key();
            }
        });
        let terms = Terms::once(&key.get_value().1);
        let invoice = stored.get_value();
        errors.clear();
        problem.set(None);
        deeds.is_busy.set(true);
        spawn_local(async move {
            let done = match &order {
                Order::Eft(receipt) => text::deeds().eft_done(&format_money(receipt.amount)),
                _ => deed.words().2.to_owned(),
            };
            let answer = run(order, &invoice, terms).await;
            deeds.is_busy.try_set(false);
            match answer {
                Ok(invoice) => {
                    deeds.is_open.try_set(false);
                    deeds.toast.say(done);
                    deeds.on_done.run(invoice);
                }
                Err(failure) => match failure.problem().map(|problem| problem.errors.clone()) {
                    Some(refused) if shows(deed, &refused) => errors.show(refused),
                    _ => {
                        problem.try_set(Some(could_not(&failure, &deed.words().0.to_lowercase())));
                    }
                },
            }
        });
    };
    let keep = Callback::new(move |()| {
        if !deeds.is_busy.get_untracked() {
            deeds.is_open.set(false);
        }
    });
    let total = invoice.summary.total;
    let asks_number = Memo::new(move |_| {
        let amount = match deed {
            Deed::CreditNote => typed.amount.with(|text| parse_amount(text)).unwrap_or(total),
            _ => most,
        };
        asks_for_number(deed, amount)
    });
    let label = texts.type_number(&number);
    let number_field = move || {
        let label = label.clone();
        asks_number.get().then(|| {
            view! {
                <p class="soft">{label}</p>
                <Field label=text::invoices().number name="number" value=typed.number errors/>
            }
            .into_any()
        })
    };
    let more = move || {
        let amount = typed.amount.with(|text| parse_amount(text).ok())?;
        let excess = amount.minor - most.minor;
        (deed == Deed::Eft && excess > 0).then(|| {
            let words = texts.more_than_owed(&format_money(Money::zar(excess)));
            view! { <p class="hint" role="status">{words}</p> }.into_any()
        })
    };
    let (act, acting, _) = deed.words();
    let kind = if deed.destroys() { Kind::Danger } else { Kind::Primary };
    let keep_label = if deed == Deed::Finalise {
        texts.keep_draft
    } else {
        texts.keep
    };
    let amount_hint = if deed == Deed::Eft {
        texts.amount_eft_hint
    } else {
        texts.amount_credit_hint
    };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            <p class="soft">{deed.text(invoice)}</p>
            {deed.has_amount().then(|| view! { <MoneyField label=texts.amount name="amount" value=typed.amount errors hint=amount_hint/> }.into_any())}
            {dynamic(more)}
            {(deed == Deed::Eft).then(|| view! {
                <Field label=texts.reference name="reference" value=typed.reference errors hint=texts.reference_hint/>
                <Field label=texts.received_on name="received_on" kind="date" value=typed.received_on errors/>
            }.into_any())}
            {deed.has_reason().then(|| view! { <Field label=texts.reason name="reason" value=typed.reason errors hint=texts.reason_hint/> }.into_any())}
            {dynamic(number_field)}
            {problem_banner(problem)}
            <div class="dialog-actions">
                <PlainButton label=keep_label on_press=keep kind=Kind::Secondary/>
                <Button label=act busy_label=acting is_busy=deeds.is_busy kind/>
            </div>
        </form>
    }
    .into_any()
}

/// Whether the form has the fields that were refused.
fn shows(deed: Deed, refused: &[FieldError]) -> bool {
    let has = |field: &str| match field {
        "amount" => deed.has_amount(),
        "reason" => deed.has_reason(),
        "reference" | "received_on" => deed == Deed::Eft,
        _ => false,
    };
    !refused.is_empty() && refused.iter().all(|error| has(&error.field))
}

/// What is asked of the server.
#[derive(Debug, Clone, PartialEq)]
enum Order {
    Finalise,
    Eft(NewReceipt),
    CreditNote(NewCreditNote),
    Void(Reason),
    WriteOff(Reason),
    UseCredit,
}

fn check(deed: Deed, invoice: &Invoice, typed: Typed) -> Result<Order, Vec<FieldError>> {
    let texts = text::deeds();
    let mut errors = Vec::new();
    let amount = match parse_amount(&typed.amount.get_untracked()) {
        _ if !deed.has_amount() => left(invoice),
        Ok(amount) if amount.minor > 0 => amount,
        Ok(amount) => {
            errors.push(FieldError::new("amount", "out_of_range", texts.amount_nothing));
            amount
        }
        Err(unclear) => {
            errors.push(unclear.at("amount"));
            left(invoice)
        }
    };
    let text_of = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
    let reason = text_of(typed.reason);
    if deed.has_reason() && !(3..=255).contains(&reason.chars().count()) {
        errors.push(FieldError::new("reason", "required", texts.reason_missing));
    }
    let reference = text_of(typed.reference);
    let received_on = text_of(typed.received_on);
    if deed == Deed::Eft {
        if !(1..=100).contains(&reference.chars().count()) {
            errors.push(FieldError::new("reference", "required", texts.reference_missing));
        }
        let day = dates::parse_day(&received_on);
        if day.is_none_or(|day| day > dates::today(browser::now())) {
            errors.push(FieldError::new("received_on", "invalid", texts.day_missing));
        }
    }
    let number = invoice.summary.number.as_deref().unwrap_or_default();
    if asks_for_number(deed, amount) && !text_of(typed.number).eq_ignore_ascii_case(number) {
        errors.push(FieldError::new("number", "invalid", texts.number_differs));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(match deed {
        Deed::Finalise | Deed::Send => Order::Finalise,
        Deed::Eft => Order::Eft(NewReceipt {
            amount,
            reference,
            received_on,
        }),
        Deed::CreditNote => Order::CreditNote(NewCreditNote {
            amount: Some(amount).filter(|amount| *amount != left(invoice)),
            reason,
        }),
        Deed::Void => Order::Void(Reason { reason }),
        Deed::WriteOff => Order::WriteOff(Reason { reason }),
        Deed::UseCredit(_) => Order::UseCredit,
    })
}

async fn run(order: Order, invoice: &Invoice, terms: Terms) -> Result<Invoice, Failure> {
    let id = invoice.summary.id;
    match order {
        Order::Finalise => {
            let terms = Terms {
                version: Some(invoice.version),
                ..terms
            };
            documents::change_invoice::<FinalizeInvoice>(id, &(), terms).await
        }
        Order::Eft(receipt) => documents::change_invoice::<RecordReceipt>(id, &receipt, terms).await,
        Order::CreditNote(note) => documents::change_invoice::<IssueCreditNote>(id, &note, terms).await,
        Order::Void(reason) => documents::change_invoice::<VoidInvoice>(id, &reason, terms).await,
        Order::WriteOff(reason) => documents::change_invoice::<WriteOffInvoice>(id, &reason, terms).await,
        Order::UseCredit => documents::change_invoice::<ApplyCredit>(id, &(), terms).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_amounts_ask_for_the_number() {
        let (small, large) = (Money::zar(500_000), Money::zar(500_001));
        for deed in [Deed::CreditNote, Deed::Void, Deed::WriteOff] {
            assert!(asks_for_number(deed, large) && !asks_for_number(deed, small));
        }
        assert!(!asks_for_number(Deed::Eft, large) && !asks_for_number(Deed::Finalise, large));
    }

    #[test]
    fn refusals_stand_at_fields_that_are_there() {
        let refused = |field: &str| vec![FieldError::new(field, "invalid", "No.")];
        assert!(shows(Deed::Eft, &refused("reference")));
        assert!(!shows(Deed::Void, &refused("amount")));
        assert!(!shows(Deed::Eft, &[]));
    }
}
