//! Company and VAT: what stands on invoices.

use common::accounts::{Account, AccountRole, ChangeAccount, GetAccount};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::frame::settings_frame;
use crate::{
    api,
    billing::{BillingFields, BillingForm},
    components::{button::Button, data::fact, problem::problem_banner, skeleton::card_skeleton, toast::Toast},
    explain::could_not,
    remote::remote,
    roles::{ask_owner, no_company_words},
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
    let may_change = Memo::new(move |_| session.may(AccountRole::Member));
    let billing = move |account: Option<Account>| match account {
        Some(account) if may_change.get() => view! { <Billing account/> }.into_any(),
        Some(account) => details(account),
        None => no_company_words(),
    };
    account.show(texts.load_failed, card_skeleton, billing)
}

/// For those who may read but not change them.
fn details(account: Account) -> AnyView {
    let texts = t().account;
    let shop = crate::text::checkout();
    let none = || texts.not_given.to_owned();
    let address = account.billing_address.map(|address| {
        let parts = [
            Some(address.line1),
            address.line2,
            Some(format!("{}, {}", address.city, address.postal_code)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    });
    view! {
        <section class="card">
            <div class="card-part">
                <dl class="facts facts-lined">
                    {fact(shop.company, account.company_name)}
                    {fact(texts.vat_number, account.vat_number.unwrap_or_else(none))}
                    {fact(texts.address, address.unwrap_or_else(none))}
                    {fact(texts.invoices_to, account.billing_email)}
                </dl>
            </div>
        </section>
        {ask_owner(t().roles.change_details)}
    }
    .into_any()
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
    view! {
        <section class="card">
            <form class="card-part form" novalidate=true on:submit=submit>
                <p class="muted small">{texts.invoices_to} " " {billing_email}</p>
                {problem_banner(problem)}
                <BillingFields form/>
                <div class="row"><Button label=texts.save busy_label=t().common.saving is_busy/></div>
            </form>
        </section>
    }
    .into_any()
}
