//! Tabs of one page: arrows, Home and End move, and what is chosen shows at once.

use std::cell::Cell;

use leptos::{ev::KeyboardEvent, prelude::*};

use super::dynamic::{dynamic, pressed};
use crate::browser;

thread_local! {
    static NUMBER: Cell<u32> = const { Cell::new(0) };
}

/// A name, and what stands behind it.
pub type Tab = (&'static str, Box<dyn Fn() -> AnyView + Send>);

pub fn tabs(label: &'static str, tabs: Vec<Tab>) -> AnyView {
    let number = NUMBER.replace(NUMBER.get().wrapping_add(1));
    let id = move |part: &str, index: usize| format!("tabs-{number}-{part}-{index}");
    let chosen = RwSignal::new(0_usize);
    let count = tabs.len();
    let (names, contents): (Vec<_>, Vec<_>) = tabs.into_iter().unzip();
    let heads = names.into_iter().enumerate().map(|(index, name)| {
        let press = move |event: KeyboardEvent| {
            if let Some(next) = next(&event.key(), index, count) {
                event.prevent_default();
                chosen.set(next);
                browser::focus(&id("tab", next));
            }
        };
        view! {
            <button
                type="button"
                role="tab"
                id=id("tab", index)
                aria-selected=pressed(move || chosen.get() == index)
                aria-controls=id("panel", 0)
                tabindex=move || if chosen.get() == index { "0" } else { "-1" }
                on:click=move |_| chosen.set(index)
                on:keydown=press
            >
                {name}
            </button>
        }
        .into_any()
    });
    view! {
        <div class="stack">
            <div class="tabs" role="tablist" aria-label=label>{heads.collect_view()}</div>
            <div role="tabpanel" id=id("panel", 0) aria-labelledby=move || id("tab", chosen.get())>
                {dynamic(move || contents.get(chosen.get()).map(|content| content()))}
            </div>
        </div>
    }
    .into_any()
}

fn next(key: &str, index: usize, count: usize) -> Option<usize> {
    match key {
        "ArrowRight" => Some((index + 1) % count),
        "ArrowLeft" => Some((index + count - 1) % count),
        "Home" => Some(0),
        "End" => Some(count - 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_go_round() {
        assert_eq!(next("ArrowRight", 2, 3), Some(0));
        assert_eq!(next("ArrowLeft", 0, 3), Some(2));
        assert_eq!(next("End", 0, 3), Some(2));
        assert_eq!(next("x", 0, 3), None);
    }
}
