//! What stands around every page: bars, rail, footer, the banner of test mode.

use common::auth::StaffRole;
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
            "home" | "account" | "invoices" | "payments" | "payment-methods" | "credit" | "today" | "reports"
            | "payfast" | "chat" => Surround::Signed,
            _ => Surround::Public,
        }
    }
}

fn is_receipt(path: &str) -> bool {
    path.starts_with("/payments/") && (path.ends_with("/return") || path.ends_with("/cancelled"))
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

#[derive(Clone, Copy)]
struct Place {
    href: &'static str,
    icon: &'static str,
    name: &'static str,
}

fn place(href: &'static str, icon: &'static str, name: &'static str) -> Place {
    Place { href, icon, name }
}

/// Where a customer goes; everything has room in the bar of a phone.
fn places() -> Vec<Place> {
    let texts = t().common;
    vec![
        place("/home", "home", texts.nav_home),
        place("/invoices", "invoice", texts.nav_invoices),
        place("/payments", "card", texts.nav_payments),
        place("/chat", "chat", texts.nav_chat),
        place("/account", "person", texts.nav_account),
    ]
}

/// Where the staff go: what stands in the bar of a phone, and what else the role opens.
struct Desk {
    first: Vec<Place>,
    more: Vec<Place>,
    payfast: Vec<Place>,
}

impl Desk {
    fn of(role: StaffRole) -> Self {
        let texts = t().common;
        let money = |place| Some(place).filter(|_| role >= StaffRole::Billing);
        let payfast = [
            money(place("/payfast/notifications", "inbox", texts.nav_notifications)),
            Some(place("/payfast/signatures", "doctor", texts.nav_signatures)),
            money(place("/payfast/books", "book", texts.nav_books)),
            money(place("/payfast/reconciliations", "scale", texts.nav_reconciliation)),
        ];
        Desk {
            first: vec![
                place("/today", "home", texts.nav_today),
                place("/invoices", "invoice", texts.nav_invoices),
                place("/payments", "card", texts.nav_payments),
                place("/chat", "chat", texts.nav_chat),
            ],
            more: money(place("/reports", "chart", texts.nav_reports))
                .into_iter()
                .collect(),
            payfast: payfast.into_iter().flatten().collect(),
        }
    }
}

fn settings() -> Place {
    place("/account", "gear", t().common.nav_settings)
}

fn place_link(place: Place) -> AnyView {
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
        is_below(path, href) || (href == "/account" && is_below(path, "/payment-methods"))
    };
    view! {
        <a href=href title=name aria-current=current(is_here)>
            {icon(icon_name)}
            <span>{name}</span>
        </a>
    }
    .into_any()
}

fn is_below(path: &str, href: &str) -> bool {
    path.strip_prefix(href)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn links(places: Vec<Place>) -> AnyView {
    places.into_iter().map(place_link).collect_view().into_any()
}

/// The staff's own frame, while they look at no single company.
fn desk() -> Memo<Option<StaffRole>> {
    let session = use_session();
    Memo::new(move |_| session.staff_role().filter(|_| session.is_desk()))
}

fn bottom_bar() -> impl IntoView {
    let desk = desk();
    let items = move || match desk.get() {
        Some(role) => {
            let desk = Desk::of(role);
            view! { {links(desk.first)} {more(desk.more, desk.payfast)} }.into_any()
        }
        None => links(places()),
    };
    view! { <nav class="bottombar" aria-label=t().common.nav_main>{dynamic(items)}</nav> }.into_any()
}

/// The sheet behind More; the browser opens and closes it, and each change of page brings a closed one.
fn more(more: Vec<Place>, payfast: Vec<Place>) -> AnyView {
    let path = use_location().pathname;
    let texts = t().common;
    let here: Vec<_> = more.iter().chain(&payfast).map(|place| place.href).collect();
    let is_here = move || is_below(&path.read(), "/account") || here.iter().any(|href| is_below(&path.read(), href));
    let sheet = move || {
        path.track();
        view! {
            <div class="more" id="more" popover="auto">
                {links(more.clone())}
                <p class="label">{texts.nav_payfast}</p>
                {links(payfast.clone())}
                <hr/>
                {place_link(settings())}
            </div>
        }
        .into_any()
    };
    view! {
        <button type="button" popovertarget="more" aria-current=current(is_here)>{icon("dots")} <span>{texts.nav_more}</span></button>
        {dynamic(sheet)}
    }
    .into_any()
}

fn rail() -> impl IntoView {
    let texts = t().common;
    let desk = desk();
    let items = move || match desk.get() {
        Some(role) => {
            let Desk { first, more, payfast } = Desk::of(role);
            view! {
                <div class="rail-items">{links(first)} {links(more)}</div>
                <p class="rail-label label" id="rail-payfast">{texts.nav_payfast}</p>
                <div class="rail-items rail-group" role="group" aria-labelledby="rail-payfast">{links(payfast)}</div>
                <div class="rail-items rail-last">{place_link(settings())}</div>
            }
            .into_any()
        }
        None => view! { <div class="rail-items">{links(places())}</div> }.into_any(),
    };
    view! {
        <nav class="rail" aria-label=texts.nav_main>
            <Logo href="/home"/>
            {switcher::in_rail()}
            {dynamic(items)}
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
                <a href="/terms">{texts.common.terms_link}</a>
                <a href="/privacy">{texts.common.privacy_link}</a>
                <a href="/refunds">{texts.common.refunds_link}</a>
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
    fn support_sees_no_place_that_only_moves_money() {
        let of = |role| {
            let Desk { first, more, payfast } = Desk::of(role);
            let all = first.into_iter().chain(more).chain(payfast);
            all.map(|place| place.href).collect::<Vec<_>>()
        };
        assert_eq!(
            of(StaffRole::Support),
            ["/today", "/invoices", "/payments", "/chat", "/payfast/signatures"]
        );
        assert_eq!(of(StaffRole::Billing).len(), 9);
        assert_eq!(of(StaffRole::Billing), of(StaffRole::Admin));
    }

    #[test]
    fn initials_are_two_letters_at_most() {
        assert_eq!(initials("Rietvlei Robotics (Pty) Ltd"), "RR");
        assert_eq!(initials("thandi"), "T");
        assert_eq!(initials(""), "");
    }
}
