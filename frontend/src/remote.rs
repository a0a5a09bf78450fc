//! Data that a page asks the server for: waiting, here, or failed, with a way to ask again.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use crate::{api::Failure, components::problem::ProblemPanel, explain::could_not_load};

/// An answer on its way; the last good one stays while a newer one is asked for.
pub struct Remote<T: Send + Sync + 'static> {
    pub value: RwSignal<Option<T>>,
    pub failure: RwSignal<Option<Failure>>,
    pub is_busy: RwSignal<bool>,
    round: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Send + Sync + 'static> Copy for Remote<T> {}

/// Runs `fetch` now and whenever a signal that it reads (before its first `await`) changes.
pub fn remote<T, F>(fetch: impl Fn() -> F + 'static) -> Remote<T>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    let remote = Remote {
        value: RwSignal::new(None),
        failure: RwSignal::new(None),
        is_busy: RwSignal::new(true),
        round: RwSignal::new(0),
    };
    let latest = StoredValue::new(0_u32);
    Effect::new(move |_| {
        remote.round.track();
        let answer = fetch();
        latest.update_value(|number| *number += 1);
        let mine = latest.get_value();
        remote.is_busy.set(true);
        spawn_local(async move {
            let answer = answer.await;
            // A newer question was asked, or the page is gone.
            if latest.try_get_value() != Some(mine) {
                return;
            }
            match answer {
                Ok(value) => {
                    remote.failure.set(None);
                    remote.value.set(Some(value));
                }
                Err(failure) => remote.failure.set(Some(failure)),
            }
            remote.is_busy.set(false);
        });
    });
    remote
}

impl<T: Send + Sync + 'static> Remote<T> {
    /// Whether what is shown is being replaced.
    pub fn is_refreshing(self) -> bool {
        self.is_busy.get() && self.value.with(Option::is_some)
    }

    /// Asks again; what is shown stays until the answer is here.
    pub fn reload(self) {
        self.round.update(|round| *round += 1);
    }
}

impl<T: Clone + Send + Sync + 'static> Remote<T> {
    /// `ready` with the data, `waiting` before, and words with a way to try again when it failed.
    pub fn show(
        self,
        what: &'static str,
        waiting: fn() -> AnyView,
        ready: impl Fn(T) -> AnyView + Send + 'static,
    ) -> impl IntoView {
        self.show_or(waiting, ready, move |failure| {
            let retry = Callback::new(move |()| {
                self.failure.set(None);
                self.reload();
            });
            view! { <ProblemPanel words=could_not_load(&failure, what) retry/> }.into_any()
        })
    }

    /// Like [`Remote::show`], with its own view of failures.
    pub fn show_or(
        self,
        waiting: fn() -> AnyView,
        ready: impl Fn(T) -> AnyView + Send + 'static,
        failed: impl Fn(Failure) -> AnyView + Send + 'static,
    ) -> impl IntoView {
        move || match (self.value.get(), self.failure.get()) {
            (Some(value), _) => ready(value),
            (None, Some(failure)) => failed(failure),
            (None, None) => waiting(),
        }
    }
}
