//! What stands around every page: bars, rail, footer, the banner of test mode.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    components::{
        art::Logo,
        button::{ButtonLink, Kind},
        dynamic::{current, dynamic},
        icon::{icon, icon_14, icon_16},
    },
    session::{Who, use_session},
    site::use_site,
    switcher,
    text::t,
};

/// Which frame a page stands in; read from its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surround {
    /// Bar with Plans and Sign in, footer.
    Public,
    /// Logo and lock only: nothing leads away.
    Checkout,
    /// Navigation of somebody who is signed in.
    Signed,
}

impl Surround {
    fn of(path: &str) -> Self {
        match path.split('/').nth(1).unwrap_or_default() {
            "checkout" => Surround::Checkout,
            "home" | "account" | "invoices" | "payments" => Surround::Signed,
            _ => Surround::Public,
        }
    }
}

fn is_receipt(path: &str) -> bool {
    path.ends_with("/return") || path.ends_with("/cancelled")
}

#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let path = use_location().pathname;
    let session = use_session();
    let site = use_site();
    let texts = t().common;
    let surround = Memo::new(move |_| match Surround::of(&path.read()) {
        // Somebody who comes back from PayFast without a session sees no navigation that would only refuse.
        Surround::Signed if session.is_nobody() => Surround::Public,
        other => other,
    });
    let top = move || match surround.get() {
        Surround::Public => public_bar().into_any(),
        Surround::Checkout => checkout_bar().into_any(),
        Surround::Signed => signed_bar().into_any(),
    };
    let bottom = move || match surround.get() {
        Surround::Public => footer().into_any(),
        Surround::Checkout => ().into_any(),
        Surround::Signed => bottom_bar().into_any(),
    };
    view! {
        <a class="skip" href="#main" rel="external">{texts.skip}</a>
        <div class:framed=move || surround.get() == Surround::Signed>
            {dynamic(move || (surround.get() == Surround::Signed).then(rail))}
            <div class="shell">
                {dynamic(move || site.is_test().then(|| view! { <p class="modebar" role="status">{icon_14("info")} {texts.test_mode}</p> }.into_any()))}
                {dynamic(top)}
                <main class="main" id="main" tabindex="-1">{children()}</main>
                {dynamic(bottom)}
            </div>
        </div>
    }.into_any()
}

fn public_bar() -> impl IntoView {
    let session = use_session();
    let path = use_location().pathname;
    let texts = t().common;
    let door = move || {
        if session.is_somebody() {
            view! { <ButtonLink href="/home" label=texts.nav_home kind=Kind::Secondary/> }.into_any()
        } else if *path.read() == "/sign-in" {
            ().into_any()
        } else {
            view! { <ButtonLink href="/sign-in" label=texts.nav_sign_in kind=Kind::Secondary/> }.into_any()
        }
    };
    view! {
        <header class="topbar">
            <Logo href="/"/>
            <nav aria-label=texts.nav_main>
                <a href="/plans" aria-current=current(move || *path.read() == "/plans")>{texts.nav_plans}</a>
                {dynamic(door)}
            </nav>
        </header>
    }
    .into_any()
}

fn checkout_bar() -> impl IntoView {
    view! {
        <header class="topbar">
            <Logo href="/home"/>
            <p class="topbar-note">{icon_16("lock")} {t().common.secure_checkout}</p>
        </header>
    }
    .into_any()
}

/// The bar of a phone; from 900 the rail stands instead.
fn signed_bar() -> impl IntoView {
    let path = use_location().pathname;
    view! {
        <header class="topbar">
            <Logo href="/home"/>
            {dynamic(move || is_receipt(&path.read()).then(|| view! { <p class="topbar-note">{t().common.receipt}</p> }.into_any()))}
        </header>
    }.into_any()
}

struct Place {
    href: &'static str,
    icon: &'static str,
    name: &'static str,
}

fn places() -> [Place; 4] {
    let texts = t().common;
    let place = |href, icon, name| Place { href, icon, name };
    [
        place("/home", "home", texts.nav_home),
        place("/invoices", "invoice", texts.nav_invoices),
        place("/payments", "card", texts.nav_payments),
        place("/account", "person", texts.nav_account),
    ]
}

fn place_link(place: Place) -> impl IntoView {
    let path = use_location().pathname;
    let Place {
        href,
        icon: icon_name,
        name,
    } = place;
    let is_here = move || {
        let path = path.read();
        // After PayFast one is nowhere yet; Home is where the way leads.
        let path = if is_receipt(&path) { "/home" } else { path.as_str() };
        path.strip_prefix(href)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    view! {
        <a href=href aria-current=current(is_here)>
            {icon(icon_name)}
            <span>{name}</span>
        </a>
    }
    .into_any()
}

fn bottom_bar() -> impl IntoView {
    view! {
        <nav class="bottombar" aria-label=t().common.nav_main>
            {places().into_iter().map(place_link).collect_view()}
        </nav>
    }
    .into_any()
}

fn rail() -> impl IntoView {
    let texts = t().common;
    view! {
        <nav class="rail" aria-label=texts.nav_main>
            <Logo href="/home"/>
            {switcher::in_rail()}
            <div class="rail-items">{places().into_iter().map(place_link).collect_view()}</div>
            {rail_self()}
        </nav>
    }
    .into_any()
}

fn rail_self() -> impl IntoView {
    let who = use_session().who;
    dynamic(move || match who.get() {
        Who::Somebody(signed_in) => {
            let name = format!("{} {}", signed_in.user.first_name, signed_in.user.last_name);
            view! {
                <div class="rail-self">
                    <span class="avatar" aria-hidden="true">{initials(&name)}</span>
                    <span class="rail-self-words">
                        <span class="strong">{name}</span>
                        <span class="small muted">{signed_in.user.email}</span>
                    </span>
                </div>
            }
            .into_any()
        }
        Who::Asking | Who::Nobody | Who::Unreachable(_) => ().into_any(),
    })
}

fn footer() -> impl IntoView {
    let site = use_site();
    let texts = t();
    view! {
        <footer class="footer">
            <nav aria-label=texts.common.nav_legal>
                <a href="/terms">{texts.legal.terms_link}</a>
                <a href="/privacy">{texts.legal.privacy_link}</a>
                <a href="/refunds">{texts.legal.refunds_link}</a>
            </nav>
            <p>{dynamic(move || site.get().map(|site| site.supplier.name))}</p>
        </footer>
    }
    .into_any()
}

/// The first letters of the first two words.
pub fn initials(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()))
        .take(2)
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_chooses_the_frame() {
        assert_eq!(Surround::of("/"), Surround::Public);
        assert_eq!(Surround::of("/checkout"), Surround::Checkout);
        assert_eq!(Surround::of("/payments/7/return"), Surround::Signed);
        assert_eq!(Surround::of("/payments-of-others"), Surround::Public);
    }

    #[test]
    fn initials_are_two_letters_at_most() {
        assert_eq!(initials("Rietvlei Robotics (Pty) Ltd"), "RR");
        assert_eq!(initials("thandi"), "T");
        assert_eq!(initials(""), "");
    }
}
