//! Company and VAT: what stands on invoices.

use common::accounts::{Account, ChangeAccount, GetAccount};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::frame::settings_frame;
use crate::{
    api,
    billing::{BillingFields, BillingForm},
    components::{
        badge::Tone, button::Button, dynamic::dynamic, notice::Notice, problem::problem_banner,
        skeleton::card_skeleton, toast::Toast,
    },
    explain::could_not,
    remote::remote,
    session::use_session,
    text::t,
};

#[component]
pub fn CompanyPage() -> impl IntoView {
    settings_frame(t().account.billing, company())
}

/// The card with the form, for the account that one acts for.
pub fn company() -> AnyView {
    let session = use_session();
    let texts = t().account;
    let account = remote(move || {
        let id = session.account_id();
        async move {
            match id {
                Some(id) => api::call::<GetAccount>(&[id.as_str()], &()).await.map(Some),
                None => Ok(None),
            }
        }
    });
    let billing = move |account: Option<Account>| match account {
        Some(account) => view! { <Billing account/> }.into_any(),
        None => view! { <p class="soft">{texts.no_account}</p> }.into_any(),
    };
    account.show(texts.load_failed, card_skeleton, billing)
}

#[component]
fn Billing(account: Account) -> impl IntoView {
    let session = use_session();
    let toast: Toast = expect_context();
    let texts = t().account;
    let id = account.id;
    let billing_email = account.billing_email.clone();
    let form = BillingForm::new(account);
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        problem.set(None);
        let change = match form.change() {
            Ok(Some(change)) => change,
            Ok(None) => return toast.say(texts.billing_saved),
            Err(()) => return,
        };
        is_busy.set(true);
        spawn_local(async move {
            match api::call::<ChangeAccount>(&[id.as_str()], &change).await {
                Ok(account) => {
                    session.renamed(&account);
                    form.saved(account);
                    toast.say(texts.billing_saved);
                }
                Err(failure) => match failure.problem().filter(|problem| !problem.errors.is_empty()) {
                    Some(refused) => form.refuse(&refused.errors),
                    None => problem.set(Some(could_not(&failure, texts.save_failed))),
                },
            }
            is_busy.set(false);
        });
    };
    let action = move || {
        if session.may_pay() {
            view! { <div class="row"><Button label=texts.save busy_label=t().common.saving is_busy/></div> }.into_any()
        } else {
            view! { <Notice tone=Tone::Warning icon_name="lock" title=texts.role_reads/> }.into_any()
        }
    };
    view! {
        <section class="card">
            <form class="card-part form" novalidate=true on:submit=submit>
                <p class="muted small">{texts.invoices_to} " " {billing_email}</p>
                {problem_banner(problem)}
                <BillingFields form/>
                {dynamic(action)}
            </form>
        </section>
    }
    .into_any()
}
