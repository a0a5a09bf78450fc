//! VAT: what is to be handed over, by period.

use common::{
    money::format_money,
    reports::{Group, ReportVat, VatPeriod, VatReport},
};
use leptos::prelude::*;

use super::{
    chart::{Chart, Point, bars},
    layout::Bar,
    page::query,
    parts::{self, Figure, chart_or_table, figures, legend, table},
    period::{self, Period},
};
use crate::{
    api,
    components::{
        badge::{Mark, Tone, badge},
        data::{Column, cell, row},
        skeleton::card_skeleton,
    },
    remote::remote,
    text::reports,
};

pub fn report(period: Memo<Period>) -> AnyView {
    let report = remote(move || {
        let period = period.get();
        async move {
            let report = api::call::<ReportVat>(&[], &query(period)).await?;
            Ok((period.group, report))
        }
    });
    view! {
        <div class="stack" class:is-stale=report.is_refreshing()>
            {report.show(reports().failed, card_skeleton, |(group, report)| shown(group, report))}
        </div>
    }
    .into_any()
}

fn shown(group: Group, report: VatReport) -> AnyView {
    let texts = reports();
    let sum = |of: fn(&VatPeriod) -> i64| {
        let minor = report.periods.iter().map(of).sum();
        common::Money::new(minor, report.payable.currency)
    };
    let strip = figures(vec![
        Figure::money(texts.hand_over, report.payable),
        Figure::money(texts.output_vat, sum(|each| each.output_vat.minor)),
        Figure::money(texts.credit_vat, sum(|each| each.credited_vat.minor)),
        Figure::money(texts.bad_debt_vat, sum(|each| each.bad_debt_vat.minor)),
    ]);
    let is_unfinished = report.periods.last().is_some_and(|period| period.span.is_unfinished);
    let note = if is_unfinished {
        texts.unfinished
    } else {
        texts.finished
    };
    let points = report.periods.iter().map(|each| Point {
        bar: Bar {
            parts: vec![each.payable.minor],
            is_unfinished: each.span.is_unfinished,
        },
        label: period::label(&each.span, group),
        name: period::words(&each.span.from, &each.span.to),
    });
    let chart = Chart {
        title: texts.hand_over.to_owned(),
        series: vec![texts.hand_over],
        points: points.collect(),
        empty: texts.nothing_invoiced,
    };
    let periods = report.periods.clone();
    view! {
        {strip}
        {chart_or_table(
            texts.hand_over.to_owned(),
            legend(&[texts.hand_over]),
            move || bars(chart.clone()),
            move || rows(&periods),
            parts::note(note),
        )}
    }
    .into_any()
}

fn rows(periods: &[VatPeriod]) -> AnyView {
    let texts = reports();
    let rows = periods.iter().rev().map(|each| {
        let mark = match each.span.is_unfinished {
            true => Mark::new(Tone::Info, "clock", texts.open),
            false => Mark::new(Tone::Neutral, "lock", texts.closed),
        };
        row(vec![
            cell("plain-head", period::words(&each.span.from, &each.span.to)),
            cell("num", format_money(each.standard_rated)),
            cell("num", format_money(each.zero_rated)),
            cell("num", format_money(each.output_vat)),
            cell("num", format_money(each.credited_vat)),
            cell("num", format_money(each.bad_debt_vat)),
            cell("num strong", format_money(each.payable)),
            cell("", badge(mark)),
        ])
    });
    let columns = vec![
        Column::Text(texts.period_head),
        Column::Number(texts.standard_rated),
        Column::Number(texts.zero_rated),
        Column::Number(texts.output_vat),
        Column::Number(texts.credit_vat),
        Column::Number(texts.bad_debt_vat),
        Column::Number(texts.hand_over),
        Column::Text(texts.state),
    ];
    table(texts.hand_over, columns, rows.collect())
}
