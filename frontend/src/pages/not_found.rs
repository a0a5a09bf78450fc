//! The page of addresses that lead nowhere.

use leptos::prelude::*;

use crate::{
    components::{button::ButtonLink, dynamic::dynamic, heading::Heading},
    session::use_session,
    text::t,
};

#[component]
pub fn NotFoundPage() -> impl IntoView {
    let session = use_session();
    let texts = t().common;
    let way_out = move || {
        if session.is_somebody() {
            view! { <ButtonLink href="/home" label=texts.go_home/> }.into_any()
        } else {
            view! { <ButtonLink href="/" label=texts.go_start/> }.into_any()
        }
    };
    view! {
        <div class="page page-text stack">
            <Heading text=texts.page_not_found/>
            <p class="soft">{texts.page_not_found_text}</p>
            <div class="row">{dynamic(way_out)}</div>
        </div>
    }
    .into_any()
}
