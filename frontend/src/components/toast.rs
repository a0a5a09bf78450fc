//! One short message about a finished thing, gone after some seconds; or about one that can still be undone.

use std::{sync::Arc, time::Duration};

use super::dynamic::dynamic;
use crate::{browser, text::t};
use leptos::{ev, prelude::*};

const SHOWN_FOR: Duration = Duration::from_secs(6);
const UNDO_FOR: Duration = Duration::from_secs(10);

type Act = Arc<dyn Fn() + Send + Sync>;

/// Something that happens when the message goes, unless it is undone.
#[derive(Clone)]
struct Pending {
    /// The thing concerned, so that lists leave it out.
    subject: String,
    undo: Act,
    act: Act,
}

#[derive(Clone)]
struct Message {
    number: u32,
    words: String,
    pending: Option<Pending>,
}

/// The message that is shown now, as a context of every page.
#[derive(Clone, Copy)]
pub struct Toast {
    message: RwSignal<Option<Message>>,
    /// What is gone or about to go, and is shown no more.
    hidden: RwSignal<Vec<String>>,
}

impl Toast {
    pub fn provide() -> Toast {
        let toast = Toast {
            message: RwSignal::new(None),
            hidden: RwSignal::new(Vec::new()),
        };
        provide_context(toast);
        // What was promised is done before the page goes.
        browser::when_hidden(move || toast.end());
        let undo_key = move |event: ev::KeyboardEvent| {
            let is_undo = (event.ctrl_key() || event.meta_key()) && event.key() == "z";
            if is_undo && !browser::is_typing() && toast.undo() {
                event.prevent_default();
            }
        };
        // Lives as long as the program.
        let _ = window_event_listener(ev::keydown, undo_key);
        toast
    }

    pub fn say(self, words: impl Into<String>) {
        self.show(words.into(), None, SHOWN_FOR);
    }

    /// Says that `subject` is gone; `act` makes it so when the time for `undo` is over.
    pub fn say_with_undo(
        self,
        words: impl Into<String>,
        subject: impl Into<String>,
        undo: impl Fn() + Send + Sync + 'static,
        act: impl Fn() + Send + Sync + 'static,
    ) {
        let pending = Pending {
            subject: subject.into(),
            undo: Arc::new(undo),
            act: Arc::new(act),
        };
        self.hidden.update(|hidden| hidden.push(pending.subject.clone()));
        self.show(words.into(), Some(pending), UNDO_FOR);
    }

    /// Whether `subject` is gone or about to go.
    pub fn hides(self, subject: &str) -> bool {
        self.hidden.with(|hidden| hidden.iter().any(|known| known == subject))
    }

    /// It could not be made to go after all.
    pub fn show_again(self, subject: &str) {
        self.hidden.update(|hidden| hidden.retain(|known| known != subject));
    }

    fn show(self, words: String, pending: Option<Pending>, shown_for: Duration) {
        let number = self.number().unwrap_or(0).wrapping_add(1);
        self.end();
        self.message.set(Some(Message { number, words, pending }));
        set_timeout(
            move || {
                if self.number() == Some(number) {
                    self.end();
                }
            },
            shown_for,
        );
    }

    /// Takes the message away and does what it had promised.
    fn end(self) {
        if let Some(pending) = self.take() {
            (pending.act)();
        }
    }

    fn undo(self) -> bool {
        let undone = self.take();
        if let Some(pending) = &undone {
            self.show_again(&pending.subject);
            (pending.undo)();
        }
        undone.is_some()
    }

    fn take(self) -> Option<Pending> {
        let message = self.message.try_get_untracked().flatten();
        if message.is_some() {
            self.message.set(None);
        }
        message.and_then(|message| message.pending)
    }

    fn number(self) -> Option<u32> {
        let shown = self.message.try_get_untracked().flatten();
        shown.map(|message| message.number)
    }
}

/// The live region is always there, so that its first message is read out too.
#[component]
pub fn ToastHost(toast: Toast) -> impl IntoView {
    let content = move || {
        toast.message.get().map(|message| {
            let undo = message.pending.is_some().then(|| {
                view! {
                    <button type="button" on:click=move |_| {
                        toast.undo();
                    }>{t().common.undo}</button>
                }
                .into_any()
            });
            view! { <p class="toast-host"><span>{message.words}</span> {undo}</p> }.into_any()
        })
    };
    view! { <div role="status">{dynamic(content)}</div> }.into_any()
}
