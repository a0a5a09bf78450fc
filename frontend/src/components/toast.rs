//! One short message about a finished thing, gone after some seconds.

use std::time::Duration;

use super::dynamic::dynamic;
use leptos::prelude::*;

const SECONDS: u64 = 6;

/// The message that is shown now, with its number, as a context of every page.
#[derive(Clone, Copy)]
pub struct Toast(RwSignal<Option<(u32, String)>>);

impl Toast {
    pub fn provide() -> Toast {
        let toast = Toast(RwSignal::new(None));
        provide_context(toast);
        toast
    }

    pub fn say(self, words: impl Into<String>) {
        let number = self.number().unwrap_or(0).wrapping_add(1);
        self.0.set(Some((number, words.into())));
        set_timeout(
            move || {
                if self.number() == Some(number) {
                    self.0.set(None);
                }
            },
            Duration::from_secs(SECONDS),
        );
    }

    fn number(self) -> Option<u32> {
        let shown = self.0.try_get_untracked().flatten();
        shown.map(|(number, _)| number)
    }
}

/// The live region is always there, so that its first message is read out too.
#[component]
pub fn ToastHost(toast: Toast) -> impl IntoView {
    view! {
        <div role="status">
            {dynamic(move || toast.0.get().map(|(_, words)| view! { <p class="toast-host">{words}</p> }.into_any()))}
        </div>
    }
    .into_any()
}
