//! Values of the address, as texts that change only when they differ.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// A value of the query; empty when it is not there.
pub fn query_value(name: &'static str) -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.read().get(name).unwrap_or_default())
}

/// A part of the path, by the name that the route gives it.
pub fn path_value(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get(name).unwrap_or_default())
}
