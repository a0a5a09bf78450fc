//! Parts of a page that follow signals, compiled once.
//!
//! A closure in `view!` brings its own copy of the code that builds, compares and removes what it shows.
//! Through [`dynamic`] all of them share one, which is a tenth of the client.

use leptos::prelude::*;

/// Shows what `view` returns, again whenever a signal that it reads changes.
pub fn dynamic<V: IntoView + 'static>(view: impl Fn() -> V + Send + 'static) -> AnyView {
    shared(Box::new(move || view().into_any()))
}

fn shared(view: Box<dyn Fn() -> AnyView + Send>) -> AnyView {
    (move || view()).into_any()
}

/// A flag of ARIA: `true` or not there.
pub fn flag(is_on: impl Fn() -> bool + Send + Sync + 'static) -> Signal<Option<&'static str>> {
    Signal::derive(move || is_on().then_some("true"))
}

/// A pressed state of ARIA: `true` or `false`.
pub fn pressed(is_on: impl Fn() -> bool + Send + Sync + 'static) -> Signal<&'static str> {
    Signal::derive(move || if is_on() { "true" } else { "false" })
}

/// Marks the link to the page that is open.
pub fn current(is_here: impl Fn() -> bool + Send + Sync + 'static) -> Signal<Option<&'static str>> {
    Signal::derive(move || is_here().then_some("page"))
}

/// Runs `act` now and whenever a signal that it reads changes.
pub fn react(act: impl Fn() + 'static) {
    shared_effect(Box::new(act));
}

fn shared_effect(act: Box<dyn Fn()>) {
    Effect::new(move |_| act());
}
