//! Instants, for people and for machines at once.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::dates;

/// `24 Nov 2026, 09:14`
pub fn time(at: DateTime<Utc>) -> impl IntoView {
    view! { <time datetime=dates::machine(at)>{dates::date_time(at)}</time> }.into_any()
}

/// `24 Nov 2026`
pub fn day(at: DateTime<Utc>) -> impl IntoView {
    view! { <time datetime=dates::machine(at)>{dates::date(at)}</time> }.into_any()
}
