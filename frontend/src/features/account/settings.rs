//! Account: who one is, billing details, appearance, signing out.

use common::accounts::{Account, ChangeAccount, GetAccount};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use crate::{
    api,
    billing::{BillingFields, BillingForm},
    browser,
    components::{
        badge::Tone,
        button::{Button, Kind},
        data::fact,
        dynamic::{dynamic, react},
        field::{Errors, Select},
        heading::Heading,
        notice::Notice,
        problem::problem_banner,
        skeleton::card_skeleton,
        toast::Toast,
    },
    explain::could_not,
    remote::remote,
    session::{Who, use_session},
    text::t,
};

/// Read by `public/theme.js` before anything is painted.
const THEME_KEY: &str = "capecontrol.theme";

#[component]
pub fn AccountPage() -> impl IntoView {
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
    view! {
        <div class="page">
            <div class="head"><Heading text=texts.title/></div>
            <div class="settings">
                <Profile/>
                {account.show(texts.load_failed, card_skeleton, billing)}
                <Appearance/>
                <nav class="row small" aria-label=texts.legal>
                    <a class="btn btn-quiet" href="/terms">{t().legal.terms_link}</a>
                    <a class="btn btn-quiet" href="/privacy">{t().legal.privacy_link}</a>
                    <a class="btn btn-quiet" href="/refunds">{t().legal.refunds_link}</a>
                </nav>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Profile() -> impl IntoView {
    let session = use_session();
    let texts = t().account;
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let sign_out = Callback::new(move |()| {
        is_busy.set(true);
        problem.set(None);
        spawn_local(async move {
            if let Err(failure) = session.sign_out().await {
                problem.set(Some(could_not(&failure, texts.sign_out_failed)));
                is_busy.set(false);
            }
        });
    });
    let person = move || match session.who.get() {
        Who::Somebody(signed_in) => Some(
            view! {
                <dl class="facts">
                    {fact(texts.name, format!("{} {}", signed_in.user.first_name, signed_in.user.last_name))}
                    {fact(texts.email, signed_in.user.email)}
                </dl>
            }
            .into_any(),
        ),
        Who::Asking | Who::Nobody | Who::Unreachable(_) => None,
    };
    view! {
        <section class="card">
            <div class="card-part stack">
                <h2>{texts.profile}</h2>
                {dynamic(person)}
                {account_choice}
                {problem_banner(problem)}
                <div class="row">
                    <Button
                        label=texts.sign_out
                        busy_label=texts.signing_out
                        is_busy
                        on_press=sign_out
                        kind=Kind::Secondary
                        icon="leave"
                    />
                </div>
            </div>
        </section>
    }
    .into_any()
}

/// Which company one acts for, where there are several.
fn account_choice() -> impl IntoView {
    let session = use_session();
    let accounts = session.who.with_untracked(|who| match who {
        Who::Somebody(signed_in) => signed_in.accounts.clone(),
        Who::Asking | Who::Nobody | Who::Unreachable(_) => Vec::new(),
    });
    (accounts.len() > 1).then(|| {
        let chosen = session
            .account
            .with_untracked(|account| account.as_ref().map(|account| account.id.to_string()));
        let value = RwSignal::new(chosen.unwrap_or_default());
        let options = accounts
            .iter()
            .map(|account| (account.id.to_string(), account.company_name.clone()))
            .collect();
        react(move || {
            let chosen = value.get();
            let is_new = untrack(|| session.account_id()).is_none_or(|id| id.as_str() != chosen);
            if let Some(account) = accounts.iter().find(|account| is_new && account.id.as_str() == chosen) {
                session.choose_account(account.id);
            }
        });
        view! { <Select label=t().account.switch_account name="account" value errors=Errors::new() options/> }
            .into_any()
    })
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
                <div class="stack-tight">
                    <h2>{texts.billing}</h2>
                    <p class="muted small">{texts.invoices_to} " " {billing_email}</p>
                </div>
                {problem_banner(problem)}
                <BillingFields form/>
                {dynamic(action)}
            </form>
        </section>
    }
    .into_any()
}

/// System, Light or Dark; kept in this browser, applied at once.
#[component]
fn Appearance() -> impl IntoView {
    let texts = t().account;
    let chosen = RwSignal::new(browser::local().get(THEME_KEY).unwrap_or_default());
    let options = [("", texts.system), ("light", texts.light), ("dark", texts.dark)];
    let radios = options.into_iter().map(|(theme, name)| {
        let choose = move |_| {
            chosen.set(theme.to_owned());
            if theme.is_empty() {
                browser::local().remove(THEME_KEY);
                browser::set_theme(None);
            } else {
                browser::local().set(THEME_KEY, theme);
                browser::set_theme(Some(theme));
            }
        };
        view! {
            <label class="radio">
                <input
                    type="radio"
                    name="appearance"
                    value=theme
                    prop:checked=move || *chosen.read() == theme
                    on:change=choose
                />
                {name}
            </label>
        }
        .into_any()
    });
    view! {
        <section class="card">
            <fieldset class="card-part stack">
                <legend class="visually-hidden">{texts.appearance}</legend>
                <div class="stack-tight" aria-hidden="true">
                    <h2>{texts.appearance}</h2>
                    <p class="muted small">{texts.appearance_text}</p>
                </div>
                <div class="radios">{radios.collect_view()}</div>
            </fieldset>
        </section>
    }
    .into_any()
}
