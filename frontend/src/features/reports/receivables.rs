//! Receivables: what customers owe, and who.

use common::{
    money::format_money,
    reports::{ReceivablesReport, ReportReceivables},
};
use leptos::prelude::*;

use super::{
    ages::{age_name, ages},
    page::query,
    parts::{Figure, figures},
    period::{self, Period},
};
use crate::{
    api,
    components::{
        data::{cell, row},
        skeleton::card_skeleton,
    },
    remote::remote,
    text::reports,
};

pub fn report(period: Memo<Period>) -> AnyView {
    let report = remote(move || {
        let query = query(period.get());
        async move { api::call::<ReportReceivables>(&[], &query).await }
    });
    view! {
        <div class="stack" class:is-stale=report.is_refreshing()>
            {report.show(reports().failed, card_skeleton, |report| shown(&report))}
        </div>
    }
    .into_any()
}

fn shown(report: &ReceivablesReport) -> AnyView {
    let texts = reports();
    let not_late = report.total.checked_sub(report.overdue).unwrap_or(report.total);
    let late = match report.overdue.is_zero() {
        true => String::new(),
        false => texts.is_late(&format_money(report.overdue)),
    };
    let count: i64 = report.ages.iter().map(|age| age.invoices).sum();
    let strip = figures(vec![
        Figure::money(texts.still_to_pay, report.total).with(late, "is-late"),
        Figure::money(texts.late, report.overdue),
        Figure::money(texts.not_late, not_late),
        Figure {
            name: texts.debtors,
            value: report.customers.len().to_string(),
            more: texts.counted(&count.to_string()),
            tone: "",
        },
    ]);
    if report.customers.is_empty() {
        return view! { {strip} <div class="card empty"><p>{texts.nothing_owed}</p></div> }.into_any();
    }
    view! {
        {strip}
        {ages(report)}
        {customers(report)}
        <p class="small muted">{texts.counted_on(&period::words(&report.on, &report.on))}</p>
    }
    .into_any()
}

fn customers(report: &ReceivablesReport) -> AnyView {
    let texts = reports();
    let names: Vec<String> = report.ages.iter().map(age_name).collect();
    let rows = report.customers.iter().map(|customer| {
        let href = format!("/invoices?status=open&account_id={}", customer.account_id);
        let mut cells = vec![
            cell(
                "plain-head",
                view! { <a class="inline-touch" href=href>{customer.customer_name.clone()}</a> }.into_any(),
            ),
            cell("num", customer.invoices),
        ];
        cells.extend(customer.ages.iter().map(|age| match age.is_zero() {
            true => cell("num muted", "–"),
            false => cell("num", format_money(*age)),
        }));
        cells.push(cell("num strong", format_money(customer.balance)));
        row(cells)
    });
    let heads = names
        .into_iter()
        .map(|name| view! { <th role="columnheader" scope="col" class="num">{name}</th> }.into_any());
    let head = |name: &'static str, class: &'static str| {
        view! { <th role="columnheader" scope="col" class=class>{name}</th> }.into_any()
    };
    // Its columns are data, which `data::table` has no names for.
    view! {
        <section class="stack">
            <h2>{texts.by_customer}</h2>
            <div class="plain-table" tabindex="0" role="region" aria-label=texts.by_customer>
                <table role="table">
                    <caption class="visually-hidden">{texts.by_customer}</caption>
                    <thead role="rowgroup">
                        <tr role="row">{head(texts.customer, "")} {head(texts.invoices, "num")} {heads.collect_view()} {head(texts.sum, "num")}</tr>
                    </thead>
                    <tbody role="rowgroup">{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
