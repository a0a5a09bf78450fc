//! Adding a card: what it is called, then PayFast's page.

use common::payment_methods::{AddPaymentMethod, MethodSetup, NewPaymentMethod};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::typed;
use crate::{
    api::{self, Failure},
    browser,
    components::{
        button::{Button, Kind, PlainButton},
        field::{Errors, Field},
        problem::problem_banner,
    },
    explain::could_not,
    text::methods,
};

#[component]
pub fn AddForm(is_open: RwSignal<bool>) -> impl IntoView {
    let texts = methods();
    let errors = Errors::new();
    let [label, expires] = [(); 2].map(|()| RwSignal::new(String::new()));
    let is_busy = RwSignal::new(false);
    let problem = RwSignal::new(None);
    // The same form sent twice begins one card.
    let key = StoredValue::new(browser::random_key());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        let read = (
            typed::label(&label.read_untracked()),
            typed::expiry(&expires.read_untracked()),
        );
        let wanted = match read {
            (Ok(label), Ok(expires)) => NewPaymentMethod { label, expires },
            (label, expires) => return errors.show(label.err().into_iter().chain(expires.err()).collect()),
        };
        is_busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let answer = begin(&key.get_value(), &wanted).await;
            key.try_set_value(browser::random_key());
            if let Err(failure) = answer {
                is_busy.try_set(false);
                let refused = failure
                    .problem()
                    .map(|problem| problem.errors.clone())
                    .unwrap_or_default();
                match refused.is_empty() {
                    true => drop(problem.try_set(Some(could_not(&failure, texts.add_failed)))),
                    false => errors.show(refused),
                }
            }
        });
    };
    let cancel = Callback::new(move |()| is_open.set(false));
    view! {
        <form class="card card-part form" novalidate=true on:submit=submit aria-label=texts.add_title>
            <div class="stack-tight"><h2>{texts.add_title}</h2> <p class="soft">{texts.add_text}</p></div>
            {problem_banner(problem)}
            <div class="field-pair">
                <Field label=texts.label name="label" value=label errors hint=texts.label_hint/>
                <Field label=texts.expires name="expires" value=expires errors hint=texts.expires_hint inputmode="numeric"/>
            </div>
            <div class="row">
                <Button label=texts.go busy_label=texts.going is_busy icon="lock"/>
                <PlainButton label=texts.cancel on_press=cancel kind=Kind::Quiet/>
            </div>
        </form>
    }
    .into_any()
}

/// Leaves for PayFast; only a failure comes back.
async fn begin(key: &str, wanted: &NewPaymentMethod) -> Result<(), Failure> {
    let setup: MethodSetup = api::call_on::<AddPaymentMethod>(&[], wanted, api::Terms::once(key)).await?;
    browser::post_fields(&setup.process_url, &setup.fields).ok_or(Failure::Unreadable)
}
