//! What its owner types about a card.

use common::payment_methods::{ChangePaymentMethod, PaymentMethod, PaymentMethodChange};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::typed;
use crate::{
    api,
    components::{
        button::{Button, Kind, PlainButton},
        dialog::Dialog,
        dynamic::dynamic,
        field::{Errors, Field},
        problem::problem_banner,
    },
    explain::could_not,
    text::methods,
};

/// The dialog for the card that is edited, if one is; `on_saved` gets it as it is then.
pub fn edit(edited: RwSignal<Option<PaymentMethod>>, on_saved: Callback<PaymentMethod>) -> AnyView {
    let is_open = RwSignal::new(false);
    Effect::new(move |_| is_open.set(edited.with(Option::is_some)));
    Effect::new(move |was: Option<bool>| {
        let is_open = is_open.get();
        if was == Some(true) && !is_open {
            edited.set(None);
        }
        is_open
    });
    dynamic(move || {
        edited.get().map(|method| {
            view! {
                <Dialog is_open title=methods().edit_title>{fields(method.clone(), is_open, on_saved)}</Dialog>
            }
            .into_any()
        })
    })
}

fn fields(method: PaymentMethod, is_open: RwSignal<bool>, on_saved: Callback<PaymentMethod>) -> AnyView {
    let texts = methods();
    let errors = Errors::new();
    let label = RwSignal::new(method.label.clone());
    let last_four = RwSignal::new(method.last_four.clone().unwrap_or_default());
    let expires = RwSignal::new(method.expires.map(typed::expiry_words).unwrap_or_default());
    let is_busy = RwSignal::new(false);
    let problem = RwSignal::new(None);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        let read = (
            typed::label(&label.read_untracked()),
            typed::last_four(&last_four.read_untracked()),
            typed::expiry(&expires.read_untracked()),
        );
        let change = match read {
            (Ok(label), Ok(last_four), Ok(expires)) => PaymentMethodChange {
                label,
                last_four,
                expires,
                is_default: None,
            },
            (label, last_four, expires) => {
                let wrong = label.err().into_iter().chain(last_four.err()).chain(expires.err());
                return errors.show(wrong.collect());
            }
        };
        is_busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let answer = api::call::<ChangePaymentMethod>(&[method.id.as_str()], &change).await;
            is_busy.try_set(false);
            match answer {
                Ok(saved) => {
                    is_open.try_set(false);
                    on_saved.try_run(saved);
                }
                Err(failure) => {
                    let refused = failure
                        .problem()
                        .map(|problem| problem.errors.clone())
                        .unwrap_or_default();
                    match refused.is_empty() {
                        true => drop(problem.try_set(Some(could_not(&failure, texts.save_failed)))),
                        false => errors.show(refused),
                    }
                }
            }
        });
    };
    let cancel = Callback::new(move |()| is_open.set(false));
    view! {
        <form class="form" novalidate=true on:submit=submit>
            {problem_banner(problem)}
            <Field label=texts.label_needed name="label" value=label errors/>
            <div class="field-pair">
                <Field label=texts.last_four name="last_four" value=last_four errors inputmode="numeric"/>
                <Field label=texts.expires name="expires" value=expires errors inputmode="numeric" hint=texts.expires_hint/>
            </div>
            <div class="dialog-actions">
                <PlainButton label=texts.cancel on_press=cancel kind=Kind::Secondary/>
                <Button label=texts.save busy_label=crate::text::t().common.saving is_busy/>
            </div>
        </form>
    }
    .into_any()
}
