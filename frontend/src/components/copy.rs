//! A button that puts a text on the clipboard and says so for two seconds.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::{
    button::{Kind, PlainButton},
    dynamic::dynamic,
};
use crate::{browser, text::t};

const SAID_FOR: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    None,
    Copied,
    Refused,
}

/// `label` names what is copied.
#[component]
pub fn CopyButton(
    label: &'static str,
    #[prop(into)] text: Signal<String>,
    #[prop(default = Kind::Secondary)] kind: Kind,
    #[prop(default = "copy")] icon: &'static str,
) -> impl IntoView {
    let texts = t().common;
    let outcome = RwSignal::new(Outcome::None);
    let copy = Callback::new(move |()| {
        let text = text.get_untracked();
        spawn_local(async move {
            if browser::copy(&text).await {
                outcome.try_set(Outcome::Copied);
                set_timeout(
                    move || {
                        // The page may be gone by then.
                        outcome.try_set(Outcome::None);
                    },
                    SAID_FOR,
                );
            } else {
                outcome.try_set(Outcome::Refused);
            }
        });
    });
    let words = Signal::derive(move || match outcome.get() {
        Outcome::Copied => texts.copied.to_owned(),
        Outcome::None | Outcome::Refused => label.to_owned(),
    });
    let told = move || match outcome.get() {
        Outcome::None => ().into_any(),
        Outcome::Copied => view! { <span class="visually-hidden">{texts.copied}</span> }.into_any(),
        Outcome::Refused => view! { <span class="hint">{texts.copy_failed}</span> }.into_any(),
    };
    view! {
        <PlainButton label=words on_press=copy kind icon/>
        <span role="status">{dynamic(told)}</span>
    }
    .into_any()
}
