//! The panel with which staff refund a payment: all or a part, with a reason, and a question before it happens.

use common::{
    FieldError, Money,
    money::format_money,
    payments::Payment,
    refunds::{CreateRefund, NewRefund},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use crate::{
    api::{self, Terms},
    browser,
    components::{
        button::{Button, Kind, PlainButton},
        dialog::Dialog,
        dynamic::dynamic,
        field::{Errors, Field},
        money::{MoneyField, parse_amount},
        problem::problem_banner,
        toast::Toast,
    },
    explain::could_not,
    network::needed,
    text::refunds,
};

/// Above this the number of the invoice is typed too.
const LARGE: i64 = 500_000;
const REASON_CHARS: std::ops::RangeInclusive<usize> = 3..=255;

pub fn is_reason(text: &str) -> bool {
    REASON_CHARS.contains(&text.trim().chars().count())
}

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    amount: Money,
    /// Left out when all of it is wanted, so that the server takes what is left by then.
    is_part: bool,
    reason: String,
}

/// What the form says, or what is wrong with it.
fn wanted(is_part: bool, amount: &str, reason: &str, refundable: Money) -> Result<Wanted, Vec<FieldError>> {
    let texts = refunds();
    let mut errors = Vec::new();
    let amount = match is_part.then(|| parse_amount(amount)) {
        None => refundable,
        Some(Ok(amount)) if amount.is_zero() => {
            errors.push(FieldError::new("amount", "out_of_range", texts.nothing));
            amount
        }
        Some(Ok(amount)) => {
            if amount.minor > refundable.minor {
                errors.push(FieldError::new("amount", "out_of_range", texts.too_much));
            }
            amount
        }
        Some(Err(unclear)) => {
            errors.push(unclear.at("amount"));
            refundable
        }
    };
    if !is_reason(reason) {
        errors.push(FieldError::new("reason", "out_of_range", texts.reason_short));
    }
    match errors.is_empty() {
        true => Ok(Wanted {
            amount,
            is_part: is_part && amount != refundable,
            reason: reason.trim().to_owned(),
        }),
        false => Err(errors),
    }
}

/// `on_done` runs when a refund was made.
pub fn panel(payment: &Payment, on_done: Callback<()>) -> AnyView {
    let texts = refunds();
    let refundable = payment.refundable;
    if refundable.minor <= 0 {
        return view! { <p class="soft">{texts.nothing_left}</p> }.into_any();
    }
    let errors = Errors::new();
    let is_part = RwSignal::new(false);
    let [amount, reason] = [(); 2].map(|()| RwSignal::new(String::new()));
    let asked = RwSignal::new(None::<Wanted>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        match wanted(
            is_part.get_untracked(),
            &amount.read_untracked(),
            &reason.read_untracked(),
            refundable,
        ) {
            Ok(wanted) => asked.set(Some(wanted)),
            Err(found) => errors.show(found),
        }
    };
    let chosen = move || match is_part.get() {
        false => Some(refundable),
        true => parse_amount(&amount.read())
            .ok()
            .filter(|amount| amount.minor <= refundable.minor),
    };
    let remainder = move || {
        let rest = refundable.checked_sub(chosen()?).ok()?;
        Some(view! { <p class="small muted" role="status">{texts.remainder(&format_money(rest))}</p> }.into_any())
    };
    let label = Signal::derive(move || texts.refund(&format_money(chosen().unwrap_or(refundable))));
    let all = texts.all_of(&format_money(refundable));
    let radio = move |part: bool, words: String| {
        view! {
            <label class="radio">
                <input type="radio" name="how-much" prop:checked=move || is_part.get() == part on:change=move |_| is_part.set(part)/>
                {words}
            </label>
        }
        .into_any()
    };
    view! {
        <section class="card no-print">
            <form class="card-part form" novalidate=true on:submit=submit>
                <div class="stack-tight">
                    <h2>{texts.title}</h2>
                    <p class="soft">{texts.intro} " " {texts.method_note}</p>
                </div>
                <fieldset>
                    <legend class="field-label">{texts.how_much}</legend>
                    <div class="radios">{radio(false, all)} {radio(true, texts.part.to_owned())}</div>
                </fieldset>
                {dynamic(move || is_part.get().then(|| view! { <MoneyField label=texts.amount name="amount" value=amount errors/> }.into_any()))}
                {dynamic(remainder)}
                <Field label=texts.reason name="reason" value=reason errors hint=texts.reason_hint/>
                <div class="row">{needed(view! { <button class="btn btn-primary" type="submit">{label}</button> }.into_any())}</div>
            </form>
            {question(payment, asked, on_done)}
        </section>
    }
    .into_any()
}

/// The question before it happens; a large one asks for the number too.
fn question(payment: &Payment, asked: RwSignal<Option<Wanted>>, on_done: Callback<()>) -> AnyView {
    let texts = refunds();
    let id = payment.summary.id;
    let of = format_money(payment.summary.amount);
    let number = payment
        .summary
        .invoice_number
        .clone()
        .unwrap_or_else(|| payment.summary.id.to_string());
    let is_open = RwSignal::new(false);
    let is_busy = RwSignal::new(false);
    // One key for one question: a second press, or a try after a lost answer, refunds once.
    let key = RwSignal::new(String::new());
    Effect::new(move |_| {
        if asked.with(Option::is_some) {
            key.set(browser::random_key());
            is_open.set(true);
        }
    });
    let title = Signal::derive(move || {
        asked.with(|wanted| {
            wanted
                .as_ref()
                .map_or_else(String::new, |wanted| texts.ask(&format_money(wanted.amount)))
        })
    });
    let content = move || {
        let Some(wanted) = asked.get() else {
            return ().into_any();
        };
        let errors = Errors::new();
        let typed = RwSignal::new(String::new());
        let problem = RwSignal::new(None);
        let toast: Toast = expect_context();
        let is_large = wanted.amount.minor > LARGE;
        let expected = number.clone();
        let request = NewRefund {
            amount: wanted.is_part.then_some(wanted.amount),
            reason: wanted.reason.clone(),
        };
        let act = Callback::new(move |()| {
            if is_large && typed.read_untracked().trim() != expected {
                errors.show(vec![FieldError::new("number", "invalid", texts.number_wrong)]);
                return;
            }
            is_busy.set(true);
            problem.set(None);
            let request = request.clone();
            spawn_local(async move {
                let terms = Terms::once(&key.get_untracked());
                let answer = api::call_on::<CreateRefund>(&[id.as_str()], &request, terms).await;
                is_busy.try_set(false);
                match answer {
                    Ok(_) => {
                        is_open.try_set(false);
                        asked.try_set(None);
                        toast.say(texts.done);
                        on_done.try_run(());
                    }
                    Err(failure) => drop(problem.try_set(Some(could_not(&failure, texts.failed)))),
                }
            });
        });
        let leave = Callback::new(move |()| {
            if !is_busy.get_untracked() {
                is_open.set(false);
            }
        });
        let number_field = is_large.then(|| {
            view! {
                <p class="strong">{texts.type_number(&number)}</p>
                <Field label=crate::text::payments().invoice name="number" value=typed errors/>
            }
            .into_any()
        });
        view! {
            <p class="soft">{texts.text(&format_money(wanted.amount), &of)}</p>
            {problem_banner(problem)}
            {number_field}
            <div class="dialog-actions">
                <PlainButton label=texts.keep on_press=leave kind=Kind::Secondary/>
                <Button label=texts.refund(&format_money(wanted.amount)) busy_label=texts.refunding is_busy on_press=act/>
            </div>
        }
        .into_any()
    };
    let content = StoredValue::new(content);
    react_closed(is_open, asked);
    view! { <Dialog is_open title is_busy>{content.with_value(|content| content())}</Dialog> }.into_any()
}

/// A question that was left is asked anew, with a new key.
fn react_closed(is_open: RwSignal<bool>, asked: RwSignal<Option<Wanted>>) {
    Effect::new(move |was: Option<bool>| {
        let is_open = is_open.get();
        if was == Some(true) && !is_open {
            asked.set(None);
        }
        is_open
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Money = Money::zar(52_900);

    fn fields(is_part: bool, amount: &str, reason: &str) -> Vec<String> {
        let wanted = wanted(is_part, amount, reason, LEFT);
        wanted
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn a_refund_has_an_amount_within_what_is_left_and_a_reason() {
        assert!(fields(false, "", "Wrong plan").is_empty());
        assert!(fields(true, "529", "Wrong plan").is_empty());
        assert_eq!(fields(true, "529.01", "Wrong plan"), ["amount"]);
        assert_eq!(fields(true, "0", "Wrong plan"), ["amount"]);
        assert_eq!(fields(true, "", "no"), ["amount", "reason"]);
        assert_eq!(fields(false, "", &"x".repeat(256)), ["reason"]);
    }

    #[test]
    fn all_of_it_is_left_to_the_server() {
        let is_part = |is_part, amount| wanted(is_part, amount, "Wrong plan", LEFT).unwrap().is_part;
        assert!(!is_part(false, "1"));
        assert!(!is_part(true, "529.00"));
        assert!(is_part(true, "528.99"));
    }
}
