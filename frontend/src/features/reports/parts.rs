//! What the reports share: figures, the switch between chart and table, and shares as bars.

use common::{Money, money::format_money};
use leptos::prelude::*;

use crate::{
    components::{
        data::{self, Column},
        dynamic::{dynamic, pressed},
    },
    text::reports,
};

/// A figure of the strip: name, amount, and what stands below it with its tone.
pub struct Figure {
    pub name: &'static str,
    pub value: String,
    pub more: String,
    /// A class of the figure's last line: `is-late`, `is-soon`, or nothing.
    pub tone: &'static str,
}

impl Figure {
    pub fn money(name: &'static str, money: Money) -> Self {
        Self {
            name,
            value: format_money(money),
            more: String::new(),
            tone: "",
        }
    }

    pub fn with(self, more: String, tone: &'static str) -> Self {
        Self { more, tone, ..self }
    }
}

pub fn figures(list: Vec<Figure>) -> AnyView {
    let items = list.into_iter().map(|figure| {
        view! {
            <div>
                <dt>{figure.name}</dt>
                <dd class="amount-l">{figure.value}</dd>
                {(!figure.more.is_empty()).then(|| view! { <dd class=format!("figure-more {}", figure.tone)>{figure.more}</dd> }.into_any())}
            </div>
        }
        .into_any()
    });
    view! { <dl class="card figures">{items.collect_view()}</dl> }.into_any()
}

/// A card with a chart that can be read as a table too.
pub fn chart_or_table(
    title: String,
    legend: AnyView,
    chart: impl Fn() -> AnyView + Send + 'static,
    table: impl Fn() -> AnyView + Send + 'static,
    below: AnyView,
) -> AnyView {
    let texts = reports();
    let is_table = RwSignal::new(false);
    let switch = |wants_table: bool, words: &'static str| {
        view! {
            <button type="button" aria-pressed=pressed(move || is_table.get() == wants_table) on:click=move |_| is_table.set(wants_table)>{words}</button>
        }
        .into_any()
    };
    view! {
        <section class="card chart-card">
            <div class="card-part chart-head">
                <h2>{title}</h2>
                {legend}
                <div class="segmented no-print" role="group" aria-label=texts.shown_as>{switch(false, texts.chart)} {switch(true, texts.table)}</div>
            </div>
            <div class="chart-body">{dynamic(move || if is_table.get() { table() } else { chart() })}</div>
            {below}
        </section>
    }
    .into_any()
}

/// What has to be said about a chart, below it.
pub fn note(words: &'static str) -> AnyView {
    view! { <p class="chart-note small muted">{words}</p> }.into_any()
}

/// Names of the series in the order of the stack, from the top.
pub fn legend(names: &[&'static str]) -> AnyView {
    let items = names.iter().enumerate().rev().map(|(index, name)| {
        view! { <li><span class=format!("legend-mark mark-{}", index + 1) aria-hidden="true"></span> {*name}</li> }
            .into_any()
    });
    view! { <ul class="legend small">{items.collect_view()}</ul> }.into_any()
}

pub fn table(caption: &'static str, columns: Vec<Column>, rows: Vec<AnyView>) -> AnyView {
    view! { <div class="plain-table is-flat">{data::table("", caption, columns, rows)}</div> }.into_any()
}

/// One line of a list of shares: words, value, and a bar of `share` of the whole width.
pub struct Share {
    pub name: String,
    pub value: String,
    /// 0 to 1.
    pub share: f64,
    /// Late money has a colour of its own.
    pub mark: &'static str,
}

pub fn shares(list: Vec<Share>) -> AnyView {
    let items = list.into_iter().map(|share| {
        view! {
            <li>
                <span>{share.name}</span>
                <span class="strong">{share.value}</span>
                <svg class="share" aria-hidden="true" width="100%" height="10">
                    <rect class="share-track" width="100%" height="10" rx="3"/>
                    <rect class=share.mark width=format!("{:.1}%", share.share.clamp(0.0, 1.0) * 100.0) height="10" rx="3"/>
                </svg>
            </li>
        }
        .into_any()
    });
    view! { <ul class="shares">{items.collect_view()}</ul> }.into_any()
}

/// `part` of `whole`, nothing of nothing.
pub fn share(part: i64, whole: i64) -> f64 {
    match whole {
        ..=0 => 0.0,
        whole => part.max(0) as f64 / whole as f64,
    }
}
