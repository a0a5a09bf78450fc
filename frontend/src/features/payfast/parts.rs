//! What the lists of these tools share: chips and fields that stand in the address, and the frame of a list.

use common::{Money, money::format_money};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
};

use crate::{
    address::query_value,
    components::{
        button::{Kind, PlainButton},
        dynamic::{dynamic, flag, pressed},
        icon::icon_16,
        skeleton::rows_skeleton,
    },
    remote::Remote,
    text::payfast,
};

/// Opens this page with other values of its query; the list begins anew.
pub fn use_query_change() -> Callback<Vec<(&'static str, String)>> {
    let navigate = use_navigate();
    let path = use_location().pathname;
    let query = use_query_map();
    Callback::new(move |changes: Vec<(&'static str, String)>| {
        let mut query = query.get_untracked();
        query.remove("cursor");
        query.remove("page");
        for (name, value) in changes {
            query.remove(name);
            if !value.is_empty() {
                query.insert(name, value);
            }
        }
        let options = NavigateOptions {
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&format!("{}{}", path.get_untracked(), query.to_query_string()), options);
    })
}

/// Chips of which one is on; the first one stands for all.
pub fn chips(label: &'static str, name: &'static str, options: Vec<(&'static str, String)>) -> AnyView {
    let change = use_query_change();
    let value = query_value(name);
    let chips = options.into_iter().map(|(option, words)| {
        let is_on = move || *value.read() == option;
        view! {
            <button class="chip" type="button" aria-pressed=pressed(is_on) on:click=move |_| change.run(vec![(name, option.to_owned())])>
                {dynamic(move || is_on().then(|| icon_16("check")))}
                {words}
            </button>
        }
        .into_any()
    });
    view! { <div class="chips no-print" role="toolbar" aria-label=label>{chips.collect_view()}</div> }.into_any()
}

/// Where a list shows, and keeps its old rows while new ones come.
pub fn list<T: Clone + Send + Sync + 'static>(
    rows: Remote<T>,
    failed: &'static str,
    ready: impl Fn(T) -> AnyView + Send + 'static,
) -> AnyView {
    view! {
        <div class="list" class:is-stale=rows.is_refreshing() aria-busy=flag(move || rows.is_busy.get())>
            {rows.show(failed, rows_skeleton, ready)}
        </div>
    }
    .into_any()
}

/// An empty list: nothing so far, or nothing that matches what the address asks for.
pub fn empty(words: &'static str) -> AnyView {
    let query = use_query_map();
    let is_filtered = query.with_untracked(|query| query.clone().into_iter().next().is_some());
    if !is_filtered {
        return view! { <div class="list-table empty"><p>{words}</p></div> }.into_any();
    }
    let path = use_location().pathname;
    let navigate = use_navigate();
    let clear = Callback::new(move |()| navigate(&path.get_untracked(), NavigateOptions::default()));
    view! {
        <div class="list-table empty">
            <p>{payfast().none_match}</p>
            <PlainButton label=payfast().clear kind=Kind::Secondary on_press=clear/>
        </div>
    }
    .into_any()
}

/// An amount as PayFast writes it, `529.00`; what is none stays as it is.
pub fn rand(text: &str) -> String {
    let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
    let is_amount = cents.len() == 2 && (whole.to_owned() + cents).bytes().all(|byte| byte.is_ascii_digit());
    match format!("{whole}{cents}").parse() {
        Ok(minor) if is_amount => format_money(Money::zar(minor)),
        _ => text.to_owned(),
    }
}

/// Why the days of a range cannot be, in words.
pub fn range_error(from: &str, to: &str, most: Option<i64>) -> Option<(&'static str, &'static str)> {
    let texts = payfast();
    match (day_number(from), day_number(to)) {
        (None, _) if !from.is_empty() => Some(("from", texts.day_unknown)),
        (_, None) if !to.is_empty() => Some(("to", texts.day_unknown)),
        (Some(from), Some(to)) if to < from => Some(("to", texts.days_turned)),
        (Some(from), Some(to)) if most.is_some_and(|most| to - from >= most) => Some(("to", texts.days_many)),
        _ => None,
    }
}

fn day_number(text: &str) -> Option<i64> {
    let is_day = text.len() == 10 && text.starts_with("20");
    let at = common::instant::parse(&format!("{text}T00:00:00Z")).filter(|_| is_day)?;
    Some(at.timestamp() / 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payfast_writes_rand_plainly() {
        assert_eq!(rand("529.00"), "R529.00");
        assert_eq!(rand("1799.5"), "1799.5");
        assert_eq!(rand("-1.00"), "-1.00");
        assert_eq!(rand("nothing"), "nothing");
    }

    #[test]
    fn ranges_have_an_order_and_a_length() {
        assert_eq!(range_error("2026-11-01", "2026-12-01", Some(31)), None);
        assert_eq!(range_error("", "", Some(31)), None);
        let field = |from, to| range_error(from, to, Some(31)).map(|(field, _)| field);
        assert_eq!(field("2026-11-01", "2026-12-02"), Some("to"));
        assert_eq!(field("2026-11-02", "2026-11-01"), Some("to"));
        assert_eq!(field("2026-02-30", "2026-11-01"), Some("from"));
        assert_eq!(field("", "tomorrow"), Some("to"));
    }
}
