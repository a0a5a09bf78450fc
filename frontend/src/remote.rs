//! Data that a page asks the server for: waiting, here, or failed, with a way to ask again.

use std::{any::Any, future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::Failure,
    components::{dynamic::dynamic, problem::ProblemPanel},
    explain::could_not_load,
};

/// An answer on its way; the last good one stays while a newer one is asked for.
///
/// The answer is kept without its type, so that signals of one type serve all pages.
pub struct Remote<T: Send + Sync + 'static> {
    value: RwSignal<Option<Arc<dyn Any + Send + Sync>>>,
    pub failure: RwSignal<Option<Failure>>,
    pub is_busy: RwSignal<bool>,
    round: RwSignal<u32>,
    kind: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Send + Sync + 'static> Copy for Remote<T> {}

/// Keeps an answer, of whatever type, where the page reads it.
type Keep = Box<dyn FnOnce()>;
type Answer = Pin<Box<dyn Future<Output = Result<Keep, Failure>>>>;

/// Runs `fetch` now and whenever a signal that it reads (before its first `await`) changes.
pub fn remote<T, F>(fetch: impl Fn() -> F + 'static) -> Remote<T>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    remote_by(fetch, Remote::set)
}

/// Like [`remote`], for a page where something is typed: an answer that says the same leaves it as it is.
pub fn steady_remote<T, F>(fetch: impl Fn() -> F + 'static) -> Remote<T>
where
    T: PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    remote_by(fetch, |remote, answer| {
        if untrack(|| remote.with(|shown| shown != Some(&answer))) {
            remote.set(answer);
        }
    })
}

fn remote_by<T, F>(fetch: impl Fn() -> F + 'static, keep: fn(Remote<T>, T)) -> Remote<T>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    let remote = Remote {
        value: RwSignal::new(None),
        failure: RwSignal::new(None),
        is_busy: RwSignal::new(true),
        round: RwSignal::new(0),
        kind: PhantomData,
    };
    let ask = move || -> Answer {
        let answer = fetch();
        Box::pin(async move {
            let answer = answer.await?;
            Ok(Box::new(move || keep(remote, answer)) as Keep)
        })
    };
    keep_asking(Box::new(ask), remote.failure, remote.is_busy, remote.round);
    remote
}

/// The part that does not depend on the type of the answer, compiled once.
fn keep_asking(
    ask: Box<dyn Fn() -> Answer>,
    failure: RwSignal<Option<Failure>>,
    is_busy: RwSignal<bool>,
    round: RwSignal<u32>,
) {
    let latest = StoredValue::new(0_u32);
    Effect::new(move |_| {
        round.track();
        let answer = ask();
        latest.update_value(|number| *number += 1);
        let mine = latest.get_value();
        is_busy.set(true);
        spawn_local(async move {
            let answer = answer.await;
            // A newer question was asked, or the page is gone.
            if latest.try_get_value() != Some(mine) {
                return;
            }
            match answer {
                Ok(keep) => {
                    failure.set(None);
                    keep();
                }
                Err(reason) => failure.set(Some(reason)),
            }
            is_busy.set(false);
        });
    });
}

impl<T: Send + Sync + 'static> Remote<T> {
    /// Reads the answer, if it is here.
    pub fn with<R>(self, read: impl FnOnce(Option<&T>) -> R) -> R {
        let value = self.value.get();
        read(value.as_deref().and_then(<dyn Any + Send + Sync>::downcast_ref))
    }

    /// Replaces the answer by one that the page got by other means.
    pub fn set(self, value: T) {
        self.value.set(Some(Arc::new(value)));
    }

    /// Takes away an answer that is not about what the page shows now.
    pub fn forget(self) {
        self.value.set(None);
    }

    /// Whether what is shown is being replaced.
    pub fn is_refreshing(self) -> Signal<bool> {
        Signal::derive(move || self.is_busy.get() && self.value.with(Option::is_some))
    }

    /// Asks again after a failure, as if for the first time.
    pub fn retry(self) -> Callback<()> {
        let (failure, round) = (self.failure, self.round);
        Callback::new(move |()| {
            failure.set(None);
            round.update(|round| *round += 1);
        })
    }
}

impl<T: Clone + Send + Sync + 'static> Remote<T> {
    pub fn get(self) -> Option<T> {
        self.with(|value| value.cloned())
    }

    /// Changes the answer by what the page knows has happened to it; nothing when the page is gone.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        let shown = self.value.try_get_untracked().flatten();
        if let Some(mut value) = shown.and_then(|shown| shown.downcast_ref::<T>().cloned()) {
            change(&mut value);
            self.set(value);
        }
    }

    /// `ready` with the data, `waiting` before, and words with a way to try again when it failed.
    pub fn show(
        self,
        what: &'static str,
        waiting: fn() -> AnyView,
        ready: impl Fn(T) -> AnyView + Send + 'static,
    ) -> AnyView {
        let retry = self.retry();
        self.show_or(waiting, ready, move |failure| {
            view! { <ProblemPanel words=could_not_load(&failure, what) retry/> }.into_any()
        })
    }

    /// Like [`Remote::show`], with its own view of failures.
    pub fn show_or(
        self,
        waiting: fn() -> AnyView,
        ready: impl Fn(T) -> AnyView + Send + 'static,
        failed: impl Fn(Failure) -> AnyView + Send + 'static,
    ) -> AnyView {
        // While there is an answer, failures must not be read: what is typed below would be built anew.
        dynamic(move || match self.get() {
            Some(value) => ready(value),
            None => self.failure.get().map_or_else(waiting, &failed),
        })
    }
}
