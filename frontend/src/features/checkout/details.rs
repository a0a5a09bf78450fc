//! Step one: the billing details that the invoice must carry.

use common::{FieldError, accounts::ChangeAccount};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::Basket;
use crate::{
    api,
    billing::{BillingFields, BillingForm},
    components::{
        badge::Tone,
        button::{Button, Fit},
        notice::Notice,
        problem::problem_banner,
    },
    explain::could_not,
    remote::Remote,
    session::use_session,
    text::t,
};

#[component]
pub fn Details(
    loaded: Basket,
    basket: Remote<Basket>,
    /// What the server refused when the payment was started.
    refused: RwSignal<Vec<FieldError>>,
) -> impl IntoView {
    let texts = crate::text::checkout();
    let session = use_session();
    let navigate = use_navigate();
    let form = BillingForm::new(loaded.account.clone());
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let id = loaded.account.id;
    let wanted = loaded.wanted;

    let was_refused = refused.get_untracked();
    let is_sent_back = !was_refused.is_empty();
    if is_sent_back {
        form.refuse(&was_refused);
        refused.set(Vec::new());
    }

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        problem.set(None);
        let Ok(change) = form.change() else {
            return;
        };
        let go = {
            let navigate = navigate.clone();
            move || navigate(&wanted.address("review"), NavigateOptions::default())
        };
        let Some(change) = change else {
            return go();
        };
        is_busy.set(true);
        let loaded = loaded.clone();
        spawn_local(async move {
            match api::call::<ChangeAccount>(&[id.as_str()], &change).await {
                Ok(account) => {
                    form.saved(account.clone());
                    session.renamed(&account);
                    basket.set(Basket { account, ..loaded });
                    go();
                }
                Err(failure) => {
                    match failure.problem().filter(|problem| !problem.errors.is_empty()) {
                        Some(refused) => form.refuse(&refused.errors),
                        None => problem.set(Some(could_not(&failure, texts.details_failed))),
                    }
                    is_busy.set(false);
                }
            }
        });
    };

    view! {
        <form class="form checkout-main" novalidate=true on:submit=submit>
            <p class="soft">{texts.details_intro}</p>
            {is_sent_back.then(|| view! { <Notice tone=Tone::Warning icon_name="info" title=texts.details_missing/> }.into_any())}
            {problem_banner(problem)}
            <BillingFields form/>
            <Button label=texts.to_review busy_label=t().common.saving is_busy fit=Fit::Large/>
        </form>
    }.into_any()
}
