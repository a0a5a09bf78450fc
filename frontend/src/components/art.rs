//! The two drawings that are ours: the logo and the horizon.

use leptos::prelude::*;

const HORIZON: &str = "l22-10 34-40 10-4 16 20 14 4 22-30 8-4h132l6 6 12 30 20 12 14 2 18-28 8-6 8 4 14 26 32 12";

/// The mark alone or with the word beside it.
#[component]
pub fn Logo(href: &'static str) -> impl IntoView {
    view! { <a class="logo" href=href>{logo_drawing()}</a> }.into_any()
}

/// The logo on paper, which is no link.
pub fn logo_drawing() -> impl IntoView {
    view! {
        <svg class="logo-mark" viewBox="0 0 30 24" aria-hidden="true">
            <circle class="sun" cx="22.5" cy="5.5" r="3.5"/>
            <path class="line" d="M1.5 20.5h4.5l4.5-9.5h11l3 5.5h4"/>
        </svg>
        <span class="logo-word">{crate::text::t().common.brand}</span>
    }
    .into_any()
}

/// Devil's Peak, the table and Lion's Head, with the sun in the saddle.
///
/// The drawing is 390 wide and never stretched; level ground goes on at both sides of it.
#[component]
pub fn Horizon(
    /// The sun comes up once.
    #[prop(optional)]
    is_rising: bool,
) -> impl IntoView {
    let line = format!("M-1200 108H0{HORIZON}H1590");
    let land = format!("{line}V130H-1200Z");
    view! {
        <div class=if is_rising { "horizon horizon-rising" } else { "horizon" } aria-hidden="true">
            <svg viewBox="-1200 0 2790 128">
                <circle class="sun" cx="297" cy="80" r="25"/>
                <path class="land" d=land/>
                <path class="line" d=line/>
            </svg>
        </div>
    }
    .into_any()
}
