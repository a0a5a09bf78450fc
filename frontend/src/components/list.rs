//! A list of money: a table that can be sorted and selected from, cards on a phone, and what stands around it.
//!
//! Knows neither addresses nor data: `lists.rs` ties it to the address.

use leptos::{ev, prelude::*};

use super::{
    button::{Kind, PlainButton},
    data::fact,
    dialog::Dialog,
    dynamic::{dynamic, flag, pressed},
    icon::{icon_14, icon_16},
};
use crate::{browser, text};

/// The search field; `/` leads to it.
pub const SEARCH_ID: &str = "list-search";
/// The button that adds a filter; it gets the keyboard when the last filter is removed.
pub const ADD_FILTER_ID: &str = "list-add-filter";
const ROW_ID: &str = "list-row-";

/// The rows that are chosen, by their ids.
#[derive(Clone, Copy)]
pub struct Selection {
    pub ids: RwSignal<Vec<String>>,
    /// Everything that matches, beyond this page.
    pub is_all: RwSignal<bool>,
    /// On a phone rows are chosen only after Select was pressed.
    pub is_choosing: RwSignal<bool>,
}

impl Selection {
    pub fn new() -> Self {
        Self {
            ids: RwSignal::new(Vec::new()),
            is_all: RwSignal::new(false),
            is_choosing: RwSignal::new(false),
        }
    }

    pub fn has(self, id: &str) -> bool {
        self.ids.with(|ids| ids.iter().any(|chosen| chosen == id))
    }

    pub fn count(self) -> usize {
        self.ids.with(Vec::len)
    }

    pub fn toggle(self, id: &str) {
        self.is_all.set(false);
        self.ids.update(|ids| match ids.iter().position(|chosen| chosen == id) {
            Some(at) => drop(ids.remove(at)),
            None => ids.push(id.to_owned()),
        });
    }

    pub fn clear(self) {
        self.is_all.set(false);
        self.ids.set(Vec::new());
    }
}

/// Head of a column.
#[derive(Clone, Copy)]
pub struct Head {
    pub name: &'static str,
    /// Amounts stand to the right.
    pub is_number: bool,
    /// The orders that it offers: smallest first, largest first.
    pub orders: Option<(&'static str, &'static str)>,
}

impl Head {
    pub fn text(name: &'static str) -> Self {
        Self {
            name,
            is_number: false,
            orders: None,
        }
    }

    pub fn number(name: &'static str) -> Self {
        Self {
            is_number: true,
            ..Self::text(name)
        }
    }

    pub fn sorted_by(self, smallest: &'static str, largest: &'static str) -> Self {
        Self {
            orders: Some((smallest, largest)),
            ..self
        }
    }
}

/// One row; its first cell has the link, made by [`row_link`].
pub struct ListRow {
    pub id: String,
    /// `INV-001053`
    pub name: String,
    pub cells: Vec<AnyView>,
}

/// The link that opens a row; all of the row is its target.
pub fn row_link(index: usize, href: String, words: String, is_quiet: bool) -> AnyView {
    view! { <a id=format!("{ROW_ID}{index}") href=href class:muted=is_quiet>{words}</a> }.into_any()
}

/// What a table of rows needs to know.
pub struct Listing {
    pub class: &'static str,
    pub caption: &'static str,
    pub heads: Vec<Head>,
    pub rows: Vec<ListRow>,
    /// The order that is shown.
    pub order: Signal<String>,
    pub on_order: Callback<&'static str>,
    pub selection: Option<Selection>,
}

pub fn listing(listing: Listing) -> AnyView {
    let Listing {
        class,
        caption,
        heads,
        rows,
        order,
        on_order,
        selection,
    } = listing;
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let select_head = selection.map(|selection| select_all_head(selection, ids));
    let heads = heads.into_iter().map(|head| head_cell(head, order, on_order));
    let rows = rows.into_iter().map(|row| {
        let ListRow { id, name, cells } = row;
        let chosen = id.clone();
        let is_chosen = move || selection.is_some_and(|selection| selection.has(&chosen));
        let tick = selection.map(|selection| select_cell(selection, id, &name));
        view! { <tr role="row" class:is-chosen=is_chosen>{tick} {cells}</tr> }.into_any()
    });
    let is_choosing = move || selection.is_some_and(|selection| selection.is_choosing.get());
    view! {
        <table role="table" class=format!("listing {class}") class:is-choosing=is_choosing>
            <caption class="visually-hidden">{caption}</caption>
            <thead role="rowgroup"><tr role="row">{select_head} {heads.collect_view()}</tr></thead>
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn head_cell(head: Head, order: Signal<String>, on_order: Callback<&'static str>) -> AnyView {
    let class = if head.is_number { "num" } else { "" };
    let Some((smallest, largest)) = head.orders else {
        return view! { <th role="columnheader" scope="col" class=class>{head.name}</th> }.into_any();
    };
    let sorted = Signal::derive(move || {
        order.with(|order| match order.as_str() {
            order if order == smallest => Some("ascending"),
            order if order == largest => Some("descending"),
            _ => None,
        })
    });
    // The first press puts the largest or newest first, as people look for it.
    let press = move |_| {
        let next = if sorted.get_untracked() == Some("descending") {
            smallest
        } else {
            largest
        };
        on_order.run(next);
    };
    let mark = move || sorted.get().map(|_| icon_14("down"));
    view! {
        <th role="columnheader" scope="col" class=class aria-sort=sorted>
            <button class="sort" type="button" on:click=press>{head.name} {dynamic(mark)}</button>
        </th>
    }
    .into_any()
}

fn select_all_head(selection: Selection, ids: Vec<String>) -> AnyView {
    let total = ids.len();
    let on_page = ids.clone();
    let chosen = move || on_page.iter().filter(|id| selection.has(id)).count();
    let state = Signal::derive(move || match chosen() {
        0 => "false",
        count if count == total => "true",
        _ => "mixed",
    });
    let press = move |_| match state.get_untracked() {
        "true" => selection.clear(),
        _ => selection.ids.set(ids.clone()),
    };
    view! {
        <th role="columnheader" scope="col" class="cell-select">
            <button class="tick" type="button" role="checkbox" aria-checked=state aria-label=text::lists().select_page on:click=press></button>
        </th>
    }
    .into_any()
}

fn select_cell(selection: Selection, id: String, name: &str) -> AnyView {
    let chosen = id.clone();
    let state = pressed(move || selection.has(&chosen));
    view! {
        <td role="cell" class="cell-select">
            <button
                class="tick"
                type="button"
                role="checkbox"
                aria-checked=state
                aria-label=text::lists().select_row(name)
                on:click=move |_| selection.toggle(&id)
            ></button>
        </td>
    }
    .into_any()
}

/// A choice among few that can be combined, with a count beside each.
pub struct Chip {
    pub value: &'static str,
    pub name: &'static str,
    pub count: Signal<Option<String>>,
}

/// The first chip has no value and stands for all.
pub fn chips(
    label: &'static str,
    chips: Vec<Chip>,
    chosen: Signal<Vec<String>>,
    on_press: Callback<&'static str>,
) -> AnyView {
    let chips = chips.into_iter().map(|chip| {
        let value = chip.value;
        let is_on = Memo::new(move |_| {
            chosen.with(|chosen| match value.is_empty() {
                true => chosen.is_empty(),
                false => chosen.iter().any(|chosen| chosen == value),
            })
        });
        let count = move || chip.count.get().map(|count| view! { <span class="chip-count">{count}</span> }.into_any());
        view! {
            <button class="chip" type="button" aria-pressed=pressed(move || is_on.get()) on:click=move |_| on_press.run(value)>
                {dynamic(move || is_on.get().then(|| icon_16("check")))}
                {chip.name}
                {dynamic(count)}
            </button>
        }
        .into_any()
    });
    view! { <div class="chips no-print" role="toolbar" aria-label=label>{chips.collect_view()}</div> }.into_any()
}

/// A filter that is on.
#[derive(Clone, PartialEq)]
pub struct Token {
    pub icon: Option<&'static str>,
    pub words: String,
    /// Names in the address that it takes away.
    pub names: &'static [&'static str],
}

/// The filters that are on, each with a button that removes it.
pub fn tokens(tokens: Signal<Vec<Token>>, on_remove: Callback<&'static [&'static str]>) -> AnyView {
    dynamic(move || {
        let tokens = tokens.get();
        if tokens.is_empty() {
            return ().into_any();
        }
        let last = tokens.len() - 1;
        let items = tokens.into_iter().enumerate().map(|(index, token)| {
            let names = token.names;
            let remove = move |_| {
                on_remove.run(names);
                // The next one takes this one's place and number.
                let next = if index == last {
                    ADD_FILTER_ID.to_owned()
                } else {
                    token_id(index)
                };
                request_animation_frame(move || browser::focus(&next));
            };
            view! {
                <li class="token">
                    {token.icon.map(icon_14)}
                    <span>{token.words.clone()}</span>
                    <button id=token_id(index) type="button" aria-label=text::lists().remove_filter(&token.words) on:click=remove>{icon_14("cross")}</button>
                </li>
            }
            .into_any()
        });
        view! { <ul class="tokens" aria-label=text::lists().filters_shown>{items.collect_view()}</ul> }.into_any()
    })
}

fn token_id(index: usize) -> String {
    format!("list-token-{index}")
}

/// The field that looks for text; `value` follows what is typed, `on_search` runs when it rests.
pub fn search_field(hint: &'static str, value: RwSignal<String>, on_search: Callback<()>) -> AnyView {
    let texts = text::lists();
    let is_short = Memo::new(move |_| value.with(|text| (1..3).contains(&text.trim().chars().count())));
    view! {
        <form class="list-search no-print" role="search" on:submit=move |event| {
            event.prevent_default();
            on_search.run(());
        }>
            <label class="visually-hidden" for=SEARCH_ID>{texts.search}</label>
            <span class="list-search-icon">{icon_16("search")}</span>
            <input
                class="input"
                id=SEARCH_ID
                name="search"
                type="search"
                autocomplete="off"
                enterkeyhint="search"
                maxlength="100"
                placeholder=hint
                aria-describedby=move || is_short.get().then_some("list-search-more")
                prop:value=value
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    on_search.run(());
                }
            />
            <kbd class="only-wide" aria-hidden="true">{texts.search_key}</kbd>
            {dynamic(move || is_short.get().then(|| view! { <p class="hint" id="list-search-more">{texts.search_short}</p> }.into_any()))}
        </form>
    }
    .into_any()
}

/// What can be done with the chosen rows; stands above the foot of the list while there are some.
pub fn bulk_bar(selection: Selection, sum: Signal<String>, more: AnyView) -> AnyView {
    let texts = text::lists();
    let words = move || match selection.is_all.get() {
        true => String::new(),
        false => texts.selected(&selection.count().to_string()),
    };
    let is_empty = Memo::new(move |_| selection.count() == 0);
    let clear = move |_| {
        selection.clear();
        selection.is_choosing.set(false);
    };
    view! {
        <div class="bulk no-print" role="toolbar" aria-label=texts.selected_actions hidden=is_empty>
            <p class="bulk-words" role="status"><span class="strong">{words}</span> " " <span>{sum}</span></p>
            <div class="bulk-actions">{more}</div>
            <button class="bulk-clear" type="button" on:click=clear>{icon_16("cross")} {texts.clear_selection}</button>
        </div>
    }
    .into_any()
}

/// The keys of a list: `/`, J and K, arrows within it, X and `?`; gives the dialog that tells them.
///
/// `ids` are the rows that are shown, in order.
pub fn keys(ids: Signal<Vec<String>>, selection: Option<Selection>) -> AnyView {
    let is_open = RwSignal::new(false);
    let here = || {
        browser::focused_id()
            .strip_prefix(ROW_ID)
            .and_then(|number| number.parse::<usize>().ok())
    };
    let go = move |to: usize| browser::focus(&format!("{ROW_ID}{to}"));
    let listener = window_event_listener(ev::keydown, move |event: ev::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::is_typing() || browser::has_dialog() {
            return;
        }
        let Some(last) = ids.with_untracked(|ids| ids.len().checked_sub(1)) else {
            if event.key() == "/" {
                event.prevent_default();
                browser::focus(SEARCH_ID);
            }
            return;
        };
        match (event.key().as_str(), here()) {
            ("/", _) => browser::focus(SEARCH_ID),
            ("?", _) => is_open.set(true),
            ("j", None) => go(0),
            ("j" | "ArrowDown", Some(at)) => go((at + 1).min(last)),
            ("k", None) => go(last),
            ("k" | "ArrowUp", Some(at)) => go(at.saturating_sub(1)),
            ("x", Some(at)) => {
                let id = ids.with_untracked(|ids| ids.get(at).cloned());
                if let (Some(selection), Some(id)) = (selection, id) {
                    selection.toggle(&id);
                }
            }
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || listener.remove());
    keys_dialog(is_open)
}

fn keys_dialog(is_open: RwSignal<bool>) -> AnyView {
    let texts = text::lists();
    let close = Callback::new(move |()| is_open.set(false));
    let rows = move || {
        [
            ("/", texts.key_search),
            ("J ↓", texts.key_next),
            ("K ↑", texts.key_previous),
            ("Enter", texts.key_open),
            ("X", texts.key_select),
            ("?", texts.key_help),
        ]
        .map(|(key, words)| fact(words, view! { <kbd>{key}</kbd> }.into_any()))
        .into_iter()
        .collect_view()
    };
    view! {
        <Dialog is_open title=texts.keys_title>
            <dl class="facts facts-lined">{rows()}</dl>
            <div class="dialog-actions"><PlainButton label=texts.keys_close on_press=close kind=Kind::Secondary/></div>
        </Dialog>
    }
    .into_any()
}

/// An empty list: one sentence, one action.
pub fn empty(words: &'static str, action: AnyView) -> AnyView {
    view! { <div class="list-table empty"><p>{words}</p> {action}</div> }.into_any()
}

/// Whether old rows are shown while newer ones are on their way.
pub fn list_frame(is_stale: Signal<bool>, is_busy: RwSignal<bool>, content: AnyView) -> AnyView {
    view! {
        <div class="list" class:is-stale=is_stale aria-busy=flag(move || is_busy.get())>{content}</div>
    }
    .into_any()
}
