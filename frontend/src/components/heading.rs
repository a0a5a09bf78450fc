//! The one `h1` of a page: it names the document, and gets the keyboard after each change of page.

use std::cell::Cell;

use leptos::{html, prelude::*};

use super::dynamic::react;
use crate::{browser, text::t};

thread_local! {
    static IS_FIRST_PAGE: Cell<bool> = const { Cell::new(true) };
}

#[component]
pub fn Heading(#[prop(into)] text: Signal<String>) -> impl IntoView {
    let node = page_heading(text);
    view! { <h1 tabindex="-1" node_ref=node>{text}</h1> }.into_any()
}

/// For headings with more than text in them: `<h1 tabindex="-1" node_ref=page_heading(title)>`.
pub fn page_heading(title: Signal<String>) -> NodeRef<html::H1> {
    let node = NodeRef::<html::H1>::new();
    react(move || browser::set_title(&t().common.title(&title.get())));
    node.on_load(|heading| {
        // The first page keeps the browser's own order of focus.
        if !IS_FIRST_PAGE.replace(false) {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            // Focus can only fail on elements that are gone.
            let _ = heading.focus_with_options(&options);
        }
    });
    node
}
