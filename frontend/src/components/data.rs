//! Facts and tables: the shapes that data has on every page.

use leptos::prelude::*;

use super::icon::icon_14;
use crate::text::t;

/// One row of a list of facts (`dl`).
pub fn fact(label: impl Into<String>, value: impl IntoView + 'static) -> AnyView {
    draw_fact("", label.into(), value.into_any())
}

/// A sum, or the last line of several.
pub fn fact_of(class: &'static str, label: &'static str, value: String) -> AnyView {
    draw_fact(class, label.to_owned(), value.into_any())
}

fn draw_fact(class: &'static str, label: String, value: AnyView) -> AnyView {
    view! { <div class=class><dt>{label}</dt><dd>{value}</dd></div> }.into_any()
}

/// A fact that leads to its page.
pub fn fact_link(label: &'static str, href: String, words: String) -> AnyView {
    fact(
        label,
        view! { <a class="inline-touch" href=href>{words}</a> }.into_any(),
    )
}

/// How a column stands: text to the left, amounts to the right.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Text(&'static str),
    Number(&'static str),
}

/// A table that is cards on a phone. Roles are named, because `display` takes them away in some browsers.
pub fn table(class: &'static str, caption: &'static str, columns: Vec<Column>, rows: Vec<AnyView>) -> AnyView {
    let heads = columns.into_iter().map(|column| {
        let (name, class) = match column {
            Column::Text(name) => (name, ""),
            Column::Number(name) => (name, "num"),
        };
        view! { <th role="columnheader" scope="col" class=class>{name}</th> }.into_any()
    });
    view! {
        <table role="table" class=class>
            <caption class="visually-hidden">{caption}</caption>
            <thead role="rowgroup"><tr role="row">{heads.collect_view()}</tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}

pub fn row(cells: Vec<AnyView>) -> AnyView {
    view! { <tr role="row">{cells}</tr> }.into_any()
}

pub fn cell(class: &'static str, content: impl IntoView + 'static) -> AnyView {
    draw_cell(class, content.into_any())
}

fn draw_cell(class: &'static str, content: AnyView) -> AnyView {
    view! { <td role="cell" class=class>{content}</td> }.into_any()
}

/// Text for machines: mono, wraps, and can be reached by keyboard to be selected.
pub fn code_block(name: &'static str, text: String) -> AnyView {
    view! { <pre class="code" role="region" aria-label=name tabindex="0"><code>{text}</code></pre> }.into_any()
}

/// Where a page stands below its list.
pub fn crumbs(href: &'static str, list: &'static str, here: Signal<String>) -> AnyView {
    view! {
        <nav class="crumbs no-print" aria-label=t().common.back>
            <a href=href>{list}</a>
            {icon_14("right")}
            <span>{here}</span>
        </nav>
    }
    .into_any()
}
