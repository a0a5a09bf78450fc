//! The frame of all settings: the list of sections beside the one that is open.
//!
//! On a phone the list is a page of its own, and each section leads back to it.

use common::{accounts::AccountRole, auth::StaffRole};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::company::company;
use crate::{
    browser,
    components::{
        dynamic::{current, dynamic},
        heading::Heading,
        icon::{icon, icon_16},
    },
    session::use_session,
    switcher,
    text::t,
};

/// The list, where no section was chosen yet.
const LIST: &str = "/account";

/// One section of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Company,
    Methods,
    Members,
    Keys,
    Audit,
    Profile,
    Password,
    TwoStep,
    Sessions,
    Appearance,
}

impl Section {
    fn href(self) -> &'static str {
        match self {
            Section::Company => "/account/company",
            Section::Methods => "/payment-methods",
            Section::Members => "/account/members",
            Section::Keys => "/account/keys",
            Section::Audit => "/account/audit",
            Section::Profile => "/account/profile",
            Section::Password => "/account/password",
            Section::TwoStep => "/account/two-step",
            Section::Sessions => "/account/sessions",
            Section::Appearance => "/account/appearance",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Section::Company => "building",
            Section::Methods => "card",
            Section::Members => "people",
            Section::Keys => "key",
            Section::Audit => "list",
            Section::Profile => "person",
            Section::Password => "lock",
            Section::TwoStep => "shield",
            Section::Sessions => "device",
            Section::Appearance => "half",
        }
    }

    fn name(self) -> &'static str {
        let texts = t().account;
        match self {
            Section::Company => texts.billing,
            Section::Methods => texts.methods,
            Section::Members => texts.members,
            Section::Keys => texts.keys,
            Section::Audit => texts.audit,
            Section::Profile => texts.profile,
            Section::Password => texts.password,
            Section::TwoStep => texts.two_step,
            Section::Sessions => texts.sessions,
            Section::Appearance => texts.appearance,
        }
    }

    /// Whether `path` shows this section; without a choice the first one stands beside the list.
    fn is_at(self, path: &str) -> bool {
        path == self.href()
            || (self == Section::Methods && path.starts_with("/payment-methods/"))
            || (path == LIST && self == Section::Company)
    }
}

/// Sections of the company, by one's role in it and on the platform's staff; the server decides again.
fn company_sections(role: Option<AccountRole>, staff: Option<StaffRole>) -> Vec<Section> {
    let is_owner = role == Some(AccountRole::Owner);
    let mut sections = vec![Section::Company];
    if role.is_some() {
        sections.push(Section::Methods);
        sections.push(Section::Members);
    }
    if is_owner {
        sections.push(Section::Keys);
    }
    if is_owner || staff == Some(StaffRole::Admin) {
        sections.push(Section::Audit);
    }
    sections
}

const OWN_SECTIONS: [Section; 5] = [
    Section::Profile,
    Section::Password,
    Section::TwoStep,
    Section::Sessions,
    Section::Appearance,
];

/// One section of the settings under its title, beside the list of all.
pub fn settings_frame(title: &'static str, content: impl IntoView + 'static) -> AnyView {
    draw("page settings-page", title, back(), content.into_any())
}

/// The list of sections; where there is room, the first of them too.
#[component]
pub fn AccountPage() -> impl IntoView {
    let texts = t().account;
    let content = view! {
        <h2>{texts.billing}</h2>
        {company()}
    };
    draw(
        "page settings-page is-list",
        texts.title,
        ().into_any(),
        content.into_any(),
    )
}

fn draw(class: &'static str, title: &'static str, back: AnyView, content: AnyView) -> AnyView {
    browser::wear("settings", include_str!("../../../styles/settings.css"));
    view! {
        <div class=class>
            {back}
            <div class="head"><Heading text=title/></div>
            <div class="settings-columns">
                {list()}
                <div class="settings">{content}</div>
            </div>
        </div>
    }
    .into_any()
}

fn back() -> AnyView {
    view! {
        <a class="settings-back no-print" href=LIST>{icon_16("left")} {t().account.title}</a>
    }
    .into_any()
}

fn list() -> AnyView {
    let session = use_session();
    let texts = t().account;
    let of_company = move || {
        let role = session
            .account
            .with(|account| account.as_ref().map(|account| account.role));
        group(texts.of_company, company_sections(role, session.staff_role()))
    };
    view! {
        <nav class="settings-list no-print" aria-label=texts.settings>
            <div class="only-phone">{switcher::in_page()}</div>
            {dynamic(of_company)}
            {group(texts.of_you, OWN_SECTIONS.to_vec())}
            <div class="settings-legal">
                <a href="/terms">{t().common.terms_link}</a>
                <a href="/privacy">{t().common.privacy_link}</a>
                <a href="/refunds">{t().common.refunds_link}</a>
            </div>
        </nav>
    }
    .into_any()
}

fn group(name: &'static str, sections: Vec<Section>) -> AnyView {
    let path = use_location().pathname;
    let links = sections.into_iter().map(|section| {
        view! {
            <li>
                <a href=section.href() aria-current=current(move || section.is_at(&path.read()))>
                    {icon(section.icon())}
                    <span>{section.name()}</span>
                    {icon_16("right")}
                </a>
            </li>
        }
        .into_any()
    });
    view! {
        <div class="settings-group">
            <p class="label">{name}</p>
            <ul>{links.collect_view()}</ul>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_chooses_the_sections() {
        use Section::{Audit, Company, Keys, Members, Methods};
        for (role, staff, sections) in [
            (Some(AccountRole::Viewer), None, vec![Company, Methods, Members]),
            (Some(AccountRole::Member), None, vec![Company, Methods, Members]),
            (
                Some(AccountRole::Owner),
                None,
                vec![Company, Methods, Members, Keys, Audit],
            ),
            (None, Some(StaffRole::Admin), vec![Company, Audit]),
            (None, Some(StaffRole::Billing), vec![Company]),
            (
                Some(AccountRole::Viewer),
                Some(StaffRole::Admin),
                vec![Company, Methods, Members, Audit],
            ),
        ] {
            assert_eq!(company_sections(role, staff), sections, "{role:?} {staff:?}");
        }
    }

    #[test]
    fn the_list_stands_at_its_first_section() {
        assert!(Section::Company.is_at("/account"));
        assert!(Section::Password.is_at("/account/password"));
        assert!(!Section::Password.is_at("/account"));
        assert!(!Section::Company.is_at("/account/password"));
    }
}
