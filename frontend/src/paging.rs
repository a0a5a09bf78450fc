//! Pages of a list: the page and its cursor stand in the address, the way back in the tab.
//!
//! The server pages by key, so a cursor leads forward only; the cursors of the pages before are kept per list.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
};

use crate::{address::query_value, browser, components::icon::icon_16, lists::grouped, text::t};

/// Rows on a page.
pub const ROWS: u32 = 20;

/// The page that the address names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub number: u32,
    pub cursor: Option<String>,
}

impl Place {
    fn parse(cursor: &str, page: &str) -> Self {
        let cursor = Some(cursor.to_owned()).filter(|cursor| !cursor.is_empty());
        Self {
            number: cursor.as_ref().and_then(|_| page.parse().ok()).unwrap_or(1).max(1),
            cursor,
        }
    }
}

/// Reads the page that the address names, and follows it.
pub fn use_place() -> impl Fn() -> Place + Copy + 'static {
    let cursor = query_value("cursor");
    let page = query_value("page");
    move || Place::parse(&cursor.read(), &page.read())
}

/// Range and total, Previous and Next.
#[component]
pub fn Pager(
    /// Names the list, with its filters.
    list: String,
    rows: usize,
    total: Option<i64>,
    next_cursor: Option<String>,
    /// Sums of all that match, beside the range.
    #[prop(optional)]
    sums: Option<AnyView>,
) -> impl IntoView {
    let texts = t().common;
    let place = untrack(use_place());
    let navigate = use_navigate();
    let path = use_location().pathname.get_untracked();
    let query = use_query_map().get_untracked();
    let slot = move |number: u32| format!("capecontrol.pages.{list}.{number}");
    browser::session().set(&slot(place.number), place.cursor.as_deref().unwrap_or_default());

    let open = move |number: u32, cursor: Option<String>| {
        let mut query = query.clone();
        query.remove("cursor");
        query.remove("page");
        if let Some(cursor) = cursor {
            query.insert("cursor", cursor);
            query.insert("page", number.to_string());
        }
        navigate(
            &format!("{path}{}", query.to_query_string()),
            NavigateOptions::default(),
        );
    };
    let first = (place.number - 1) * ROWS + 1;
    let from = first.to_string();
    let to = (first as usize + rows.saturating_sub(1)).to_string();
    let range = match total {
        Some(total) => texts.range(&from, &to, &grouped(total)),
        None => texts.range_open(&from, &to),
    };
    let number = place.number;
    let previous = (number > 1).then(|| {
        let open = open.clone();
        let cursor = browser::session()
            .get(&slot(number - 1))
            .filter(|cursor| !cursor.is_empty());
        view! {
            <button class="btn btn-secondary" type="button" on:click=move |_| open(number - 1, cursor.clone())>
                {icon_16("left")} <span>{texts.previous}</span>
            </button>
        }
        .into_any()
    });
    let next = next_cursor.map(|cursor| {
        view! {
            <button class="btn btn-secondary" type="button" on:click=move |_| open(number + 1, Some(cursor.clone()))>
                <span>{texts.next}</span> {icon_16("right")}
            </button>
        }
        .into_any()
    });
    view! {
        <nav class="list-foot pager" aria-label=texts.pages>
            <p role="status">{range}</p>
            {sums}
            <div class="pager-buttons no-print">{previous} {next}</div>
        </nav>
    }
    .into_any()
}
