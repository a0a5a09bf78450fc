//! Instants, for people and for machines at once.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::{browser, dates};

/// `24 Nov 2026, 09:14`
pub fn time(at: DateTime<Utc>) -> impl IntoView {
    view! { <time datetime=dates::machine(at)>{dates::date_time(at)}</time> }.into_any()
}

/// `24 Nov 2026`
pub fn day(at: DateTime<Utc>) -> impl IntoView {
    view! { <time datetime=dates::machine(at)>{dates::date(at)}</time> }.into_any()
}

/// `5 minutes ago`, with the full time on hover.
pub fn time_ago(at: DateTime<Utc>) -> AnyView {
    let words = dates::ago(at, browser::now());
    view! { <time datetime=dates::machine(at) title=dates::date_time(at)>{words}</time> }.into_any()
}
