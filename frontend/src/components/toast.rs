//! One short message about a finished thing, gone after some seconds.

use std::time::Duration;

use super::dynamic::dynamic;
use leptos::prelude::*;

const SECONDS: u64 = 6;

/// The message that is shown now, as a context of every page.
#[derive(Clone, Copy)]
pub struct Toast(RwSignal<Option<&'static str>>);

impl Toast {
    pub fn provide() -> Toast {
        let toast = Toast(RwSignal::new(None));
        provide_context(toast);
        toast
    }

    pub fn say(self, words: &'static str) {
        self.0.set(Some(words));
        set_timeout(
            move || {
                if self.0.try_get_untracked().flatten() == Some(words) {
                    self.0.set(None);
                }
            },
            Duration::from_secs(SECONDS),
        );
    }
}

/// The live region is always there, so that its first message is read out too.
#[component]
pub fn ToastHost(toast: Toast) -> impl IntoView {
    view! {
        <div role="status">
            {dynamic(move || toast.0.get().map(|words| view! { <p class="toast-host">{words}</p> }.into_any()))}
        </div>
    }
    .into_any()
}
