//! What a role is called and may do, and the sentence that stands where a forbidden button would be.
//!
//! The server decides; this only keeps people from pressing what would be refused.

use common::{accounts::AccountRole, auth::StaffRole};
use leptos::prelude::*;

use crate::{
    components::{
        button::{ButtonLink, Kind},
        dynamic::dynamic,
        heading::Heading,
        icon::icon_16,
    },
    session::{Who, use_session},
    text::t,
};

pub fn name(role: AccountRole) -> &'static str {
    let texts = t().roles;
    match role {
        AccountRole::Viewer => texts.viewer,
        AccountRole::Member => texts.member,
        AccountRole::Owner => texts.owner,
    }
}

/// One sentence.
pub fn rights(role: AccountRole) -> &'static str {
    let texts = t().roles;
    match role {
        AccountRole::Viewer => texts.viewer_may,
        AccountRole::Member => texts.member_may,
        AccountRole::Owner => texts.owner_may,
    }
}

/// `view` to those who have `role`, and to others whom to ask for it; nothing to staff, who act for no company.
pub fn allowed<V: IntoView + 'static>(
    role: AccountRole,
    deed: &'static str,
    view: impl Fn() -> V + Send + 'static,
) -> AnyView {
    let session = use_session();
    let is_allowed = Memo::new(move |_| session.may(role));
    dynamic(move || match is_allowed.get() {
        true => view().into_any(),
        false if session.is_desk() => ().into_any(),
        false => ask_owner(deed),
    })
}

/// `view` to those who have `role`, and nothing to others, where the page has said already whom to ask.
pub fn allowed_only<V: IntoView + 'static>(role: AccountRole, view: impl Fn() -> V + Send + 'static) -> AnyView {
    let session = use_session();
    let is_allowed = Memo::new(move |_| session.may(role));
    dynamic(move || is_allowed.get().then(|| view().into_any()))
}

/// `view` to staff who have `role`, to other staff whom to ask for it, and nothing to customers.
pub fn allowed_staff<V: IntoView + 'static>(
    role: StaffRole,
    deed: &'static str,
    view: impl Fn() -> V + Send + 'static,
) -> AnyView {
    let session = use_session();
    dynamic(move || match session.staff_role() {
        Some(own) if own >= role => view().into_any(),
        Some(_) => ask_words(t().roles.ask_billing(deed)),
        None => ().into_any(),
    })
}

/// "Ask an owner of Karoo Kiln to pay this invoice."
pub fn ask_owner(deed: &'static str) -> AnyView {
    ask_words(t().roles.ask_owner(&company(), deed))
}

fn ask_words(words: String) -> AnyView {
    view! { <p class="ask-owner small">{icon_16("lock")} <span>{words}</span></p> }.into_any()
}

/// In place of a page that the role does not open.
pub fn closed_page(title: &'static str, deed: &'static str) -> AnyView {
    let session = use_session();
    let role = session
        .account
        .with(|account| account.as_ref().map(|account| account.role));
    let words = role.map(|role| t().roles.you_are(&name(role).to_lowercase()));
    view! {
        <div class="page-narrow stack">
            <Heading text=title/>
            <p class="soft">{words} " " {t().roles.ask_owner(&company(), deed)}</p>
            <div class="row"><ButtonLink href="/home" label=t().common.go_home kind=Kind::Secondary/></div>
        </div>
    }
    .into_any()
}

/// In place of pages about a company, for somebody who belongs to none.
pub fn no_company() -> AnyView {
    view! {
        <div class="page page-narrow stack">
            <Heading text=t().roles.no_account_title/>
            {no_company_words()}
        </div>
    }
    .into_any()
}

/// In place of a page of the staff, for everybody else.
pub fn not_staff() -> AnyView {
    let texts = t().roles;
    view! {
        <div class="page page-narrow stack">
            <Heading text=texts.not_staff_title/>
            <p class="soft">{texts.not_staff}</p>
            <div class="row"><ButtonLink href="/home" label=t().common.go_home kind=Kind::Secondary/></div>
        </div>
    }
    .into_any()
}

/// What to do without a company, below a heading.
pub fn no_company_words() -> AnyView {
    let texts = t().roles;
    let email = use_session().who.with_untracked(|who| match who {
        Who::Somebody(signed_in) => signed_in.user.email.clone(),
        Who::Asking | Who::Nobody | Who::Unreachable(_) => String::new(),
    });
    view! {
        <p class="soft">{texts.ask_for_invitation(&email)} " " {texts.no_account_next}</p>
        <div class="row"><ButtonLink href="/account" label=texts.own_settings kind=Kind::Secondary/></div>
    }
    .into_any()
}

fn company() -> String {
    use_session()
        .account
        .with(|account| account.as_ref().map(|account| account.company_name.clone()))
        .unwrap_or_else(|| t().roles.this_company.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_says_what_it_may_do() {
        for role in AccountRole::ALL {
            assert!(rights(*role).ends_with('.'), "{role}");
        }
    }
}
