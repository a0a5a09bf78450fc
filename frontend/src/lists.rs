//! The view of a list that the address holds: filters, order, page; and the parts that change it.
//!
//! Each change is a place in the history, so Back undoes it; and a link to it shows the same to others.

use std::time::Duration;

use chrono::{Datelike, Months, NaiveDate};
use common::{FieldError, Money, money::format_money};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
    params::ParamsMap,
};

use crate::{
    browser,
    components::{
        button::{Kind, PlainButton},
        copy::CopyButton,
        dialog::Dialog,
        dynamic::{dynamic, react},
        field::{ErrorSummary, Errors, Field, Select},
        icon::icon_16,
        list::{ADD_FILTER_ID, Token, search_field},
        money::{MoneyField, Unclear, amount_text, parse_amount},
    },
    dates, text,
};

/// The server looks for nothing shorter or longer.
const SEARCH_CHARS: std::ops::RangeInclusive<usize> = 3..=100;
/// What is typed is looked for when the keys rest.
const SEARCH_REST: Duration = Duration::from_millis(350);
/// Places of the page in the address, which every other change takes away.
const PAGING: [&str; 2] = ["cursor", "page"];

/// What the address says about a list.
#[derive(Clone, Copy)]
pub struct ListView {
    path: Memo<String>,
    query: Memo<ParamsMap>,
    go: Callback<(String, bool)>,
}

/// The view of the page that is open.
pub fn use_list_view() -> ListView {
    browser::wear("lists", include_str!("../styles/lists.css"));
    let navigate = use_navigate();
    ListView {
        path: use_location().pathname,
        query: use_query_map(),
        go: Callback::new(move |(address, replace): (String, bool)| {
            let options = NavigateOptions {
                scroll: false,
                replace,
                ..NavigateOptions::default()
            };
            navigate(&address, options);
        }),
    }
}

type Pairs = Vec<(String, String)>;

impl ListView {
    /// The value of `name`; empty when it is not there.
    pub fn value(self, name: &str) -> String {
        self.query.with(|query| query.get(name).unwrap_or_default())
    }

    pub fn values(self, name: &str) -> Vec<String> {
        let values = self.query.with(|query| query.get_all(name).unwrap_or_default());
        values.into_iter().filter(|value| !value.is_empty()).collect()
    }

    /// The value of `name` as a signal that changes only when it differs.
    pub fn signal(self, name: &'static str) -> Signal<String> {
        Memo::new(move |_| self.value(name)).into()
    }

    pub fn signals(self, name: &'static str) -> Signal<Vec<String>> {
        Memo::new(move |_| self.values(name)).into()
    }

    /// A day, when the address names one.
    pub fn day(self, name: &str) -> Option<NaiveDate> {
        dates::parse_day(&self.value(name))
    }

    /// The first and the last day; none when they are turned round, since the server would refuse them.
    pub fn days(self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        match (self.day("from"), self.day("to")) {
            (Some(from), Some(to)) if to < from => (None, None),
            days => days,
        }
    }

    /// The least and the largest amount; none when they are turned round.
    pub fn amounts(self) -> (Option<i64>, Option<i64>) {
        let cents = |name| self.value(name).parse::<i64>().ok().filter(|cents| *cents >= 0);
        match (cents("min"), cents("max")) {
            (Some(min), Some(max)) if max < min => (None, None),
            amounts => amounts,
        }
    }

    /// The text to look for, when the server would look for it.
    pub fn search(self) -> Option<String> {
        let text = self.value("search").trim().to_owned();
        SEARCH_CHARS.contains(&text.chars().count()).then_some(text)
    }

    /// Whether anything narrows the list.
    pub fn is_narrowed(self) -> bool {
        self.pairs().iter().any(|(name, _)| name != "sort")
    }

    /// Everything but the page.
    pub fn pairs(self) -> Pairs {
        self.query.with(|query| {
            let pairs = query
                .into_iter()
                .map(|(name, value)| (name.to_string(), value.to_owned()));
            pairs
                .filter(|(name, value)| !value.is_empty() && !PAGING.contains(&name.as_str()))
                .collect()
        })
    }

    /// Tells this list apart from others, and from itself under other filters.
    pub fn name(self) -> String {
        address(&self.path.get(), &self.pairs(), str::to_owned)
    }

    /// The link to this view, page included.
    pub fn link(self) -> String {
        let query = self.query.with(ParamsMap::to_query_string);
        format!("{}{}{query}", browser::origin(), self.path.get())
    }

    /// Puts other values at `names`, and goes to the first page.
    pub fn set(self, changes: &[(&str, Vec<String>)]) {
        self.change(changes, false);
    }

    /// Like [`ListView::set`], without a place in the history: for what changes with every key.
    pub fn set_in_place(self, changes: &[(&str, Vec<String>)]) {
        self.change(changes, true);
    }

    fn change(self, changes: &[(&str, Vec<String>)], is_in_place: bool) {
        let before = untrack(|| self.pairs());
        let after = changed(before.clone(), changes);
        if after != before {
            let path = self.path.get_untracked();
            self.go.run((address(&path, &after, browser::encode), is_in_place));
        }
    }

    pub fn remove(self, names: &[&str]) {
        let changes: Vec<_> = names.iter().map(|name| (*name, Vec::new())).collect();
        self.set(&changes);
    }

    /// Takes every filter away; the order stays.
    pub fn clear(self) {
        let names: Vec<String> = untrack(|| self.pairs()).into_iter().map(|(name, _)| name).collect();
        let names: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| *name != "sort")
            .collect();
        self.remove(&names);
    }

    /// Adds or removes one value of `name`; without a value all of them go.
    pub fn toggle(self, name: &'static str, value: &str) {
        let mut values = untrack(|| self.values(name));
        match values.iter().position(|known| known == value) {
            _ if value.is_empty() => values.clear(),
            Some(at) => drop(values.remove(at)),
            None => values.push(value.to_owned()),
        }
        self.set(&[(name, values)]);
    }
}

fn changed(mut pairs: Pairs, changes: &[(&str, Vec<String>)]) -> Pairs {
    for (name, values) in changes {
        pairs.retain(|(known, _)| known != name);
        let values = values.iter().filter(|value| !value.is_empty());
        pairs.extend(values.map(|value| ((*name).to_owned(), value.clone())));
    }
    pairs
}

fn address(path: &str, pairs: &[(String, String)], encode: fn(&str) -> String) -> String {
    let mut address = path.to_owned();
    for (index, (name, value)) in pairs.iter().enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.push_str(&format!("{name}={}", encode(value)));
    }
    address
}

/// The tokens for days and amounts; `days` and `amounts` name what they limit: "Issued", "Total".
pub fn range_tokens(view: ListView, days: &'static str, amounts: &'static str) -> Vec<Token> {
    let texts = text::lists();
    let mut tokens = Vec::new();
    let words = match view.days() {
        (Some(from), Some(to)) => Some(texts.on_days(days, &dates::day_range(from, to))),
        (Some(from), None) => Some(texts.since_day(days, &dates::calendar_day(from))),
        (None, Some(to)) => Some(texts.to_day(days, &dates::calendar_day(to))),
        (None, None) => None,
    };
    tokens.extend(words.map(|words| Token {
        icon: Some("calendar"),
        words,
        names: &["from", "to"],
    }));
    let rand = |minor: i64| format_money(Money::zar(minor));
    let words = match view.amounts() {
        (Some(min), Some(max)) => Some(texts.between(amounts, &rand(min), &rand(max))),
        (Some(min), None) => Some(texts.at_least(amounts, &rand(min))),
        (None, Some(max)) => Some(texts.at_most(amounts, &rand(max))),
        (None, None) => None,
    };
    tokens.extend(words.map(|words| Token {
        icon: None,
        words,
        names: &["min", "max"],
    }));
    tokens
}

/// The search field of a list; `hint` says what it looks through.
pub fn list_search(view: ListView, hint: &'static str) -> AnyView {
    let value = RwSignal::new(untrack(|| view.value("search")));
    let shown = view.signal("search");
    // Back and a shared link change the field, unless somebody types there.
    react(move || {
        let shown = shown.get();
        if value.get_untracked().trim() != shown {
            value.set(shown);
        }
    });
    let round = StoredValue::new(0_u32);
    let on_search = Callback::new(move |()| {
        round.update_value(|round| *round += 1);
        let mine = round.get_value();
        set_timeout(
            move || {
                // A newer key was pressed, or the page is gone.
                if round.try_get_value() != Some(mine) {
                    return;
                }
                let text = value.get_untracked().trim().to_owned();
                if text.is_empty() || SEARCH_CHARS.contains(&text.chars().count()) {
                    view.set_in_place(&[("search", vec![text])]);
                }
            },
            SEARCH_REST,
        );
    });
    search_field(hint, value, on_search)
}

/// "This view has its own link", which copies it.
pub fn own_link(view: ListView) -> AnyView {
    let link = Signal::derive(move || view.link());
    view! {
        <span class="own-link"><CopyButton label=text::lists().own_link text=link kind=Kind::Quiet icon="link"/></span>
    }
    .into_any()
}

/// The buttons that open the filters: "Add a filter" where there is room, "Filters" on a phone.
pub fn filter_button(is_open: RwSignal<bool>) -> AnyView {
    let texts = text::lists();
    view! {
        <button id=ADD_FILTER_ID class="btn btn-quiet filter-button" type="button" aria-haspopup="dialog" on:click=move |_| is_open.set(true)>
            <span class="only-wide">{texts.add_filter}</span>
            <span class="only-phone filter-button-phone">{icon_16("filter")} {texts.filters}</span>
        </button>
    }
    .into_any()
}

/// What a sheet of filters offers beside days and amounts.
#[derive(Clone)]
pub struct FilterSheet {
    /// "Issued"
    pub days: &'static str,
    /// "Total"
    pub amounts: &'static str,
    /// "invoices"
    pub rows: &'static str,
    /// Orders and their words; the first is the one without a choice.
    pub orders: Vec<(&'static str, &'static str)>,
    /// Further fields of the page.
    pub more: Option<MoreFields>,
    /// How many rows match now.
    pub count: Signal<Option<String>>,
}

/// Builds further fields each time the sheet opens.
pub type MoreFields = std::sync::Arc<dyn Fn() -> AnyView + Send + Sync>;

/// The sheet of filters: from the bottom on a phone, a box elsewhere.
pub fn filter_sheet(view: ListView, is_open: RwSignal<bool>, sheet: FilterSheet) -> AnyView {
    let sheet = StoredValue::new(sheet);
    view! {
        <Dialog is_open title=text::lists().filters>
            {sheet.with_value(|sheet| sheet_form(view, is_open, sheet.clone()))}
        </Dialog>
    }
    .into_any()
}

fn sheet_form(view: ListView, is_open: RwSignal<bool>, sheet: FilterSheet) -> AnyView {
    let texts = text::lists();
    let errors = Errors::new();
    let day = |name| RwSignal::new(untrack(|| view.value(name)));
    let (from, to) = (day("from"), day("to"));
    let (least, largest) = untrack(|| view.amounts());
    let cents =
        |cents: Option<i64>| RwSignal::new(cents.map(|cents| amount_text(Money::zar(cents))).unwrap_or_default());
    let (min, max) = (cents(least), cents(largest));
    let order = RwSignal::new(untrack(|| view.value("sort")));
    let options = sheet
        .orders
        .iter()
        .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
        .collect();
    let default_order = sheet.orders.first().map(|(value, _)| *value).unwrap_or_default();
    if order.get_untracked().is_empty() {
        order.set(default_order.to_owned());
    }
    let apply = move || {
        let days = [from, to].map(|day| day.get_untracked().trim().to_owned());
        let amounts = [min, max].map(|amount| amount.get_untracked());
        match checked(&days, &amounts) {
            Ok([min, max]) => {
                let [from, to] = days;
                let order = order.get_untracked();
                let order = if order == default_order { String::new() } else { order };
                view.set(&[
                    ("from", vec![from]),
                    ("to", vec![to]),
                    ("min", vec![min]),
                    ("max", vec![max]),
                    ("sort", vec![order]),
                ]);
                true
            }
            Err(found) => {
                errors.show(found);
                false
            }
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if apply() {
            is_open.set(false);
        }
    };
    // What is filled in narrows the list at once, so that the button can say how many rows there are.
    let follow = move |_| {
        let typed = [from, to].map(|day| day.get_untracked());
        let amounts = [min, max].map(|amount| amount.get_untracked());
        if checked(&typed, &amounts).is_ok() {
            apply();
        }
    };
    let clear = Callback::new(move |()| {
        is_open.set(false);
        view.clear();
    });
    let (rows, count) = (sheet.rows, sheet.count);
    let show = move || match count.get() {
        Some(count) => texts.show_count(&count, rows),
        None => format!("{} {rows}", texts.show),
    };
    view! {
        <form class="form filter-form" novalidate=true on:submit=submit on:change=follow>
            {sheet.more.map(|more| more())}
            <fieldset class="filter-part">
                <legend class="field-label">{sheet.days}</legend>
                {preset_buttons(from, to, Callback::new(move |()| {
                    apply();
                }))}
                <div class="field-pair">
                    <Field label=texts.first_day name="from" kind="date" value=from errors/>
                    <Field label=texts.last_day name="to" kind="date" value=to errors/>
                </div>
            </fieldset>
            <fieldset class="filter-part">
                <legend class="field-label">{sheet.amounts}</legend>
                <div class="field-pair">
                    <MoneyField label=texts.least name="min" value=min errors/>
                    <MoneyField label=texts.most name="max" value=max errors/>
                </div>
            </fieldset>
            <Select label=texts.order name="sort" value=order errors options/>
            <ErrorSummary errors/>
            <div class="dialog-actions">
                <PlainButton label=texts.clear on_press=clear kind=Kind::Secondary/>
                <button class="btn btn-primary" type="submit">{dynamic(show)}</button>
            </div>
        </form>
    }
    .into_any()
}

fn preset_buttons(from: RwSignal<String>, to: RwSignal<String>, on_choice: Callback<()>) -> AnyView {
    let buttons = presets(dates::today(browser::now())).map(|(name, first, last)| {
        let choose = move |_| {
            from.set(dates::day_text(first));
            to.set(dates::day_text(last));
            on_choice.run(());
        };
        view! { <button class="chip" type="button" on:click=choose>{name}</button> }.into_any()
    });
    view! { <div class="chips" role="group" aria-label=text::lists().presets>{buttons.into_iter().collect_view()}</div> }
        .into_any()
}

/// Often used ranges, up to `today`. A VAT period is two months and ends with an even one, as most vendors have it.
fn presets(today: NaiveDate) -> [(&'static str, NaiveDate, NaiveDate); 4] {
    let texts = text::lists();
    let month = today.with_day(1).unwrap_or(today);
    let last_month = month - Months::new(1);
    let period = if month.month().is_multiple_of(2) {
        last_month
    } else {
        month
    };
    let year = today.with_day(1).unwrap_or(today) - Months::new(11);
    [
        (texts.this_month, month, today),
        (texts.last_month, last_month, month.pred_opt().unwrap_or(month)),
        (texts.vat_period, period, today),
        (texts.twelve_months, year, today),
    ]
}

/// The least and the largest amount in cents as the address writes them; empty where nothing is asked.
fn checked(days: &[String; 2], amounts: &[String; 2]) -> Result<[String; 2], Vec<FieldError>> {
    let texts = text::lists();
    let mut errors = Vec::new();
    let parsed = [("from", &days[0]), ("to", &days[1])].map(|(name, text)| {
        let day = dates::parse_day(text);
        if day.is_none() && !text.is_empty() {
            errors.push(FieldError::new(name, "invalid", texts.day_unknown));
        }
        day
    });
    if let [Some(from), Some(to)] = parsed
        && to < from
    {
        errors.push(FieldError::new("to", "out_of_range", texts.days_turned));
    }
    let cents = [("min", &amounts[0]), ("max", &amounts[1])].map(|(name, text)| match parse_amount(text) {
        Ok(amount) => Some(amount.minor),
        Err(Unclear::Missing) => None,
        Err(unclear) => {
            errors.push(unclear.at(name));
            None
        }
    });
    if let [Some(min), Some(max)] = cents
        && max < min
    {
        errors.push(FieldError::new("max", "out_of_range", texts.amounts_turned));
    }
    match errors.is_empty() {
        true => Ok(cents.map(|cents| cents.map(|cents| cents.to_string()).unwrap_or_default())),
        false => Err(errors),
    }
}

/// How many: exact, or "more than 10 000".
pub fn count_words(count: i64) -> String {
    let exact = common::page::EXACT_TOTAL;
    match count > exact {
        true => text::lists().more_than(&grouped(exact)),
        false => grouped(count),
    }
}

/// `1 288`
pub fn grouped(count: i64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Pairs {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        list.iter().map(pair).collect()
    }

    #[test]
    fn the_address_repeats_what_has_several_values() {
        let before = pairs(&[("status", "open"), ("from", "2026-11-01")]);
        let after = changed(
            before,
            &[
                ("status", vec!["open".to_owned(), "overdue".to_owned()]),
                ("from", vec![String::new()]),
            ],
        );
        assert_eq!(
            address("/invoices", &after, str::to_owned),
            "/invoices?status=open&status=overdue"
        );
        assert_eq!(address("/invoices", &[], str::to_owned), "/invoices");
    }

    #[test]
    fn often_used_ranges_end_today_or_with_their_month() {
        let day = |text| dates::parse_day(text).unwrap();
        let ranges = presets(day("2026-11-24")).map(|(_, from, to)| (dates::day_text(from), dates::day_text(to)));
        let expected = [
            ("2026-11-01", "2026-11-24"),
            ("2026-10-01", "2026-10-31"),
            ("2026-11-01", "2026-11-24"),
            ("2025-12-01", "2026-11-24"),
        ];
        assert_eq!(ranges, expected.map(|(from, to)| (from.to_owned(), to.to_owned())));
        assert_eq!(presets(day("2026-12-31"))[2].1, day("2026-11-01"));
        assert_eq!(presets(day("2027-01-15"))[1].1, day("2026-12-01"));
    }

    #[test]
    fn filters_say_what_is_wrong_with_them() {
        let fields = |days: [&str; 2], amounts: [&str; 2]| {
            let result = checked(&days.map(str::to_owned), &amounts.map(str::to_owned));
            result.map_err(|errors| errors.into_iter().map(|error| error.field).collect::<Vec<_>>())
        };
        assert_eq!(
            fields(["2026-11-01", ""], ["500", ""]),
            Ok(["50000".to_owned(), String::new()])
        );
        assert_eq!(
            fields(["2026-11-02", "2026-11-01"], ["2", "1"]),
            Err(vec!["to".to_owned(), "max".to_owned()])
        );
        assert_eq!(
            fields(["soon", ""], ["1,234", ""]),
            Err(vec!["from".to_owned(), "min".to_owned()])
        );
    }

    #[test]
    fn counts_are_grouped_and_end_somewhere() {
        assert_eq!(count_words(54), "54");
        assert_eq!(count_words(1_288), "1\u{a0}288");
        assert_eq!(count_words(10_001), "more than 10\u{a0}000");
    }
}
