//! What a page does while the server cannot be reached: it keeps what it has, says since when that is known, turns
//! off what needs the server, and asks again by itself.
//!
//! Whether there is a network is what the last answer said; browsers only give the hint to ask (a machine may have
//! a network that leads nowhere, or none and the server on itself).

use std::time::Duration;

use leptos::{ev, prelude::*};
use leptos_router::hooks::use_location;

use crate::{
    api::Failure,
    browser,
    components::{
        dynamic::{dynamic, react},
        icon::icon_16,
    },
    dates,
    remote::Remote,
    session::use_session,
    text,
};

/// How long a page waits before it asks a silent server again.
const AGAIN: Duration = Duration::from_secs(10);

#[derive(Clone, Copy)]
pub struct Network {
    is_off: RwSignal<bool>,
    /// When what is shown was the truth, `14:32`.
    as_of: RwSignal<Option<String>>,
    tries: RwSignal<u32>,
}

impl Network {
    /// For one page, as long as it is open.
    pub fn watch() -> Self {
        browser::wear("network", include_str!("../styles/network.css"));
        let network = Self {
            is_off: RwSignal::new(false),
            as_of: RwSignal::new(None),
            tries: RwSignal::new(0),
        };
        let lost = window_event_listener(ev::offline, move |_| network.lost());
        let back = window_event_listener(ev::online, move |_| network.try_again());
        on_cleanup(move || {
            lost.remove();
            back.remove();
        });
        provide_context(network);
        network
    }

    /// What reads this before it asks the server asks again when the network may be back.
    pub fn track(self) {
        self.tries.track();
    }

    fn try_again(self) {
        // The page may be gone.
        self.tries.try_update(|tries| *tries += 1);
    }

    fn lost(self) {
        self.is_off.set(true);
        let tries = self.tries.get_untracked();
        let again = move || {
            // Only one of several that wait.
            if self.tries.try_get_untracked() == Some(tries) {
                self.try_again();
            }
        };
        set_timeout(again, AGAIN);
    }

    /// Keeps the answer of `remote` for as long as the page is about the same: an older answer stands for a newer
    /// one, but never for another list or document.
    pub fn keep<T: Send + Sync + 'static>(self, remote: Remote<T>) {
        let session = use_session();
        let (path, query) = (use_location().pathname, use_location().search);
        let question = move || untrack(|| (session.account_id(), path.get(), query.get()));
        let answered = StoredValue::new(None);
        react(move || match remote.failure.get() {
            // It is being asked.
            _ if remote.is_busy.get() => {}
            Some(Failure::Offline) => {
                if answered.get_value() != Some(question()) {
                    remote.forget();
                    self.as_of.set(None);
                }
                self.lost();
            }
            Some(Failure::Unreadable | Failure::Refused { .. }) => self.is_off.set(false),
            None if remote.with(|answer| answer.is_none()) => {}
            None => {
                answered.set_value(Some(question()));
                self.as_of.set(Some(dates::clock_time(browser::now())));
                self.is_off.set(false);
            }
        });
    }

    /// "You are offline. As of 14:32.", a quiet line below the head of the page.
    pub fn line(self) -> AnyView {
        let texts = text::network();
        let words = move || {
            self.is_off.get().then(|| {
                let as_of = self.as_of.get().map(|time| texts.as_of(&time));
                view! { <span class="offline-line">{icon_16("info")} <span>{texts.offline} " " {as_of}</span></span> }
                    .into_any()
            })
        };
        view! { <div class="no-print" role="status">{dynamic(words)}</div> }.into_any()
    }
}

/// Actions that need the server: off while it cannot be reached, with the reason beside them.
pub fn needed(actions: AnyView) -> AnyView {
    // Parts of a page also stand on pages that watch no network.
    let Some(Network { is_off, .. }) = use_context() else {
        return actions;
    };
    let why = move || {
        is_off
            .get()
            .then(|| view! { <span class="needs-network-why small">{text::network().needed}</span> }.into_any())
    };
    view! {
        <div class="needs-network" inert=is_off>{actions}</div>
        {dynamic(why)}
    }
    .into_any()
}
