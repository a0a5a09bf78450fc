//! Which company one acts for, where a person belongs to several: in the rail, and on the account page of a phone.

use common::{accounts::AccountSummary, ids::AccountId};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use crate::{
    components::{
        dynamic::{dynamic, react},
        field::{Errors, Select},
        icon::icon_16,
    },
    dates,
    frame::initials,
    roles,
    session::{Session, use_session},
    text::t,
};

const MENU_ID: &str = "companies";

/// The company at the top of the rail: a link to its details, or a menu of all.
pub fn in_rail() -> AnyView {
    let session = use_session();
    let has_several = Memo::new(move |_| has_choice(session));
    dynamic(move || {
        let account = session.account.get();
        let (name, words) = match &account {
            Some(account) => (account.company_name.clone(), words(account)),
            None if session.staff_role().is_some() => (t().roles.desk.to_owned(), desk_words()),
            None => return None,
        };
        Some(match has_several.get() {
            false if account.is_none() => view! { <p class="rail-account">{words}</p> }.into_any(),
            false => view! { <a class="rail-account" href="/account/company">{words}</a> }.into_any(),
            true => {
                let label = format!("{}: {name}", t().roles.switch_company);
                view! {
                    <button class="rail-account is-choice" type="button" popovertarget=MENU_ID aria-label=label title=name>
                        {words}
                        <span class="rail-account-more">{icon_16("down")}</span>
                    </button>
                    {menu(session, account.map(|account| account.id))}
                }
                .into_any()
            }
        })
    })
}

/// Staff choose between the desk and each company of their own.
fn has_choice(session: Session) -> bool {
    session.accounts().len() + usize::from(session.staff_role().is_some()) > 1
}

fn desk_words() -> AnyView {
    let texts = t().roles;
    view! {
        <span class="avatar avatar-square" aria-hidden="true">"CC"</span>
        <span class="rail-account-words">
            <span class="strong">{texts.desk}</span>
            <span class="small muted">{texts.all_accounts}</span>
        </span>
    }
    .into_any()
}

fn words(account: &AccountSummary) -> AnyView {
    let until = account
        .plan
        .paid_until
        .map(|until| format!(" · {}", dates::date(until)));
    view! {
        <span class="avatar avatar-square" aria-hidden="true">{initials(&account.company_name)}</span>
        <span class="rail-account-words">
            <span class="strong">{account.company_name.clone()}</span>
            <span class="small muted">{account.plan.name.clone()} {until}</span>
        </span>
    }
    .into_any()
}

/// The browser closes it: by Esc, by a press beside it, and by each of its buttons.
fn menu(session: Session, shown: Option<AccountId>) -> AnyView {
    let choose = use_choose();
    let texts = t().roles;
    let desk = session
        .staff_role()
        .map(|_| (None, texts.desk.to_owned(), texts.all_accounts));
    let companies = session
        .accounts()
        .into_iter()
        .map(|account| (Some(account.id), account.company_name, roles::name(account.role)));
    let items = desk.into_iter().chain(companies).map(|(id, name, more)| {
        let is_shown = id == shown;
        view! {
            <li>
                <button
                    type="button"
                    popovertarget=MENU_ID
                    popovertargetaction="hide"
                    aria-current=is_shown.then_some("true")
                    on:click=move |_| choose.run(id)
                >
                    <span class="avatar avatar-square" aria-hidden="true">{initials(&name)}</span>
                    <span class="menu-words">
                        <span class="strong">{name}</span>
                        <span class="small muted">{more}</span>
                    </span>
                    {is_shown.then(|| icon_16("check"))}
                </button>
            </li>
        }
        .into_any()
    });
    view! {
        <div class="menu" id=MENU_ID popover="auto">
            <p class="label">{t().roles.companies}</p>
            <ul>{items.collect_view()}</ul>
        </div>
    }
    .into_any()
}

/// A select on the account page of a phone; nothing for somebody with one company.
pub fn in_page() -> AnyView {
    let session = use_session();
    let has_several = Memo::new(move |_| has_choice(session));
    dynamic(move || has_several.get().then(selection))
}

fn selection() -> AnyView {
    let session = use_session();
    let choose = use_choose();
    let accounts = untrack(|| session.accounts());
    let shown = untrack(|| session.account_id());
    let value = RwSignal::new(shown.map(|id| id.to_string()).unwrap_or_default());
    let desk = untrack(|| session.staff_role()).map(|_| (String::new(), t().roles.desk.to_owned()));
    let companies = accounts
        .iter()
        .map(|account| (account.id.to_string(), account.company_name.clone()));
    let options = desk.into_iter().chain(companies).collect();
    react(move || {
        let chosen = value.get();
        let shown = untrack(|| session.account_id());
        let chosen = AccountId::parse(&chosen).ok();
        if chosen != shown {
            choose.run(chosen);
        }
    });
    view! { <Select label=t().roles.switch_company name="account" value errors=Errors::new() options/> }.into_any()
}

/// Shows another company; what stands in the address may belong to the one before.
fn use_choose() -> Callback<Option<AccountId>> {
    let session = use_session();
    let navigate = use_navigate();
    let location = use_location();
    Callback::new(move |id| {
        if untrack(|| session.account_id()) == id {
            return;
        }
        match id {
            Some(id) => session.choose_account(id),
            None => session.choose_desk(),
        }
        let path = location.pathname.get_untracked();
        let place = place_for_any(&path);
        if place != path || !location.search.get_untracked().is_empty() {
            navigate(&place, NavigateOptions::default());
        }
    })
}

/// The nearest page above `path` that every company has: the list instead of one of its rows.
fn place_for_any(path: &str) -> String {
    match path.split('/').nth(1).unwrap_or_default() {
        list @ ("invoices" | "payments") => format!("/{list}"),
        // The desk has no home, and companies have no desk.
        "home" | "today" | "reports" | "payfast" => "/home".to_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_company_has_other_invoices() {
        for (path, place) in [
            ("/invoices/7", "/invoices"),
            ("/payments/7/return", "/payments"),
            ("/invoices", "/invoices"),
            ("/account/members", "/account/members"),
            ("/home", "/home"),
            ("/payfast/books", "/home"),
        ] {
            assert_eq!(place_for_any(path), place);
        }
    }
}
