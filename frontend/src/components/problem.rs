//! What went wrong, in place of the part that failed: what happened, what did not, what to do.

use leptos::prelude::*;

use super::{
    badge::Tone,
    button::{Kind, PlainButton},
    dynamic::dynamic,
    icon::icon,
    notice::Notice,
};
use crate::text::t;

/// A failure in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub title: String,
    pub detail: String,
    /// Tells us which request it was.
    pub reference: Option<String>,
}

/// Stands where the content would stand.
#[component]
pub fn ProblemPanel(words: Words, retry: Callback<()>) -> impl IntoView {
    view! {
        <div class="problem" role="alert">
            {icon("triangle")}
            <div class="stack-tight">
                <p class="strong">{words.title}</p>
                <p class="soft">{words.detail}</p>
                {words.reference.map(|reference| view! { <p class="small muted mono">{reference}</p> }.into_any())}
            </div>
            <PlainButton label=t().common.try_again kind=Kind::Secondary on_press=retry/>
        </div>
    }
    .into_any()
}

/// Stands above a form whose request failed; the form's own button tries again.
pub fn problem_banner(words: RwSignal<Option<Words>>) -> impl IntoView {
    dynamic(move || {
        words.get().map(|words| {
            let reference = words.reference.map(|reference| view! { <span class="small mono">{reference}</span> }.into_any());
            view! { <Notice tone=Tone::Danger icon_name="triangle" title=words.title text=words.detail>{reference}</Notice> }.into_any()
        })
    })
}
