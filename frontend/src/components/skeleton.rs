//! Grey shapes in the final size, which appear only when an answer takes longer than a blink.

use leptos::prelude::*;

use crate::browser;

/// A page of which nothing is known yet.
#[component]
pub fn PageSkeleton(label: &'static str) -> impl IntoView {
    view! {
        <div class="page stack" aria-busy="true">
            <p class="visually-hidden" role="status">{label}</p>
            <span class="skeleton skeleton-title" aria-hidden="true"></span>
            <span class="skeleton skeleton-tall" aria-hidden="true"></span>
        </div>
    }
    .into_any()
}

/// A card with some lines of text.
pub fn card_skeleton() -> AnyView {
    view! {
        <div class="card" aria-busy="true">
            <div class="card-part stack" aria-hidden="true">
                <span class="skeleton skeleton-half"></span>
                <span class="skeleton skeleton-wide"></span>
                <span class="skeleton skeleton-short"></span>
            </div>
        </div>
    }
    .into_any()
}

/// Rows of a list.
pub fn rows_skeleton() -> AnyView {
    let rows = (0..6).map(|_| {
        view! {
            <div class="card-part row-between" aria-hidden="true">
                <span class="skeleton skeleton-half"></span>
                <span class="skeleton skeleton-short"></span>
            </div>
        }
        .into_any()
    });
    view! { <div class="card" aria-busy="true">{rows.collect_view()}</div> }.into_any()
}

/// The styles of documents, which pages without any do not load.
pub fn wear_paper() {
    browser::wear("paper", include_str!("../../styles/paper.css"));
}

/// A document; it puts on the sheet that documents wear.
pub fn paper_skeleton() -> AnyView {
    wear_paper();
    view! {
        <div class="document" aria-busy="true">
            <div class="paper" aria-hidden="true">
                <span class="skeleton skeleton-title"></span>
                <span class="skeleton skeleton-half"></span>
                <span class="skeleton skeleton-block"></span>
                <span class="skeleton skeleton-wide"></span>
                <span class="skeleton skeleton-half"></span>
            </div>
        </div>
    }
    .into_any()
}
