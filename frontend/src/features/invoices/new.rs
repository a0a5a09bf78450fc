//! The first step of a draft: whose invoice it is.

use common::{FieldError, ids::AccountId, invoices::NewInvoice};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    accounts::account_field,
    api::Terms,
    browser,
    components::{button::Button, data::crumbs, field::Errors, heading::Heading, problem::problem_banner},
    documents,
    explain::could_not,
    text,
};

#[component]
pub fn NewInvoicePage() -> impl IntoView {
    browser::wear("lists", include_str!("../../../styles/lists.css"));
    let texts = text::drafts();
    let navigate = use_navigate();
    let errors = Errors::new();
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let name = RwSignal::new(String::new());
    // The account, and the words that stood in the field when it was taken.
    let taken = RwSignal::new(None::<(AccountId, String)>);
    let on_take = Callback::new(move |(id, words): (AccountId, String)| taken.set(Some((id, words))));
    // Pressed twice for one customer, it writes one draft.
    let key = StoredValue::new((None, String::new()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let chosen = taken
            .get_untracked()
            .filter(|(_, words)| *words == name.get_untracked());
        let Some((account_id, _)) = chosen else {
            return errors.show(vec![FieldError::new("account", "required", texts.customer_missing)]);
        };
        if key.with_value(|(of, _)| *of != Some(account_id)) {
            key.set_value((Some(account_id), browser::random_key()));
        }
        let terms = Terms::once(&key.get_value().1);
        let navigate = navigate.clone();
        problem.set(None);
        is_busy.set(true);
        spawn_local(async move {
            let draft = NewInvoice {
                account_id,
                lines: Vec::new(),
                due_days: None,
            };
            let answer = documents::create_invoice(&draft, terms).await;
            is_busy.try_set(false);
            match answer {
                Ok(invoice) => {
                    let options = NavigateOptions {
                        replace: true,
                        ..NavigateOptions::default()
                    };
                    navigate(&format!("/invoices/{}/edit", invoice.summary.id), options);
                }
                Err(failure) => {
                    problem.try_set(Some(could_not(&failure, texts.start_failed)));
                }
            }
        });
    };
    view! {
        <div class="page page-narrow stack">
            {crumbs("/invoices", text::invoices().title, Signal::stored(texts.new_title.to_owned()))}
            <Heading text=texts.new_title/>
            <p class="soft">{texts.new_text}</p>
            <form class="form" novalidate=true on:submit=submit>
                {account_field(name, errors, on_take)}
                {problem_banner(problem)}
                <div class="row"><Button label=texts.start busy_label=texts.starting is_busy/></div>
            </form>
        </div>
    }
    .into_any()
}
