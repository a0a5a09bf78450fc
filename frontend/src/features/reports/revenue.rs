//! Revenue: what was invoiced, what came, what went.

use common::{
    money::format_money,
    reports::{Group, ReportRevenue, RevenuePeriod, RevenueReport},
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
            let report = api::call::<ReportRevenue>(&[], &query(period)).await?;
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

fn shown(group: Group, report: RevenueReport) -> AnyView {
    let texts = reports();
    let with_vat = report.net.checked_add(report.vat).unwrap_or(report.net);
    let refunded = match report.refunded.is_zero() {
        true => String::new(),
        false => texts.went_back(&format_money(report.refunded)),
    };
    let kept = match report.collected.minor {
        ..=0 => String::new(),
        paid => texts.kept(&tenths(report.fees.minor, paid)),
    };
    let strip = figures(vec![
        Figure::money(texts.before_vat, report.net).with(texts.with_vat(&format_money(with_vat)), ""),
        Figure::money(texts.vat_part, report.vat),
        Figure::money(texts.collected, report.collected).with(refunded, ""),
        Figure::money(texts.fees, report.fees).with(kept, ""),
    ]);
    let is_unfinished = report.periods.last().is_some_and(|period| period.span.is_unfinished);
    let note = if is_unfinished {
        texts.unfinished
    } else {
        texts.finished
    };
    let has_vat = report.periods.iter().any(|period| !period.vat.is_zero());
    let chart = chart_of(&report, group, has_vat);
    let series = chart.series.clone();
    let periods = report.periods;
    view! {
        {strip}
        {chart_or_table(
            texts.revenue_title.to_owned(),
            legend(&series),
            move || bars(chart.clone()),
            move || rows(&periods),
            parts::note(note),
        )}
    }
    .into_any()
}

/// Percent with one place.
fn tenths(part: i64, whole: i64) -> String {
    let tenths = (part * 1_000 + whole / 2) / whole;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn chart_of(report: &RevenueReport, group: Group, has_vat: bool) -> Chart {
    let texts = reports();
    let points = report.periods.iter().map(|each| Point {
        bar: Bar {
            parts: match has_vat {
                true => vec![each.net.minor, each.vat.minor],
                false => vec![each.net.minor],
            },
            is_unfinished: each.span.is_unfinished,
        },
        label: period::label(&each.span, group),
        name: period::words(&each.span.from, &each.span.to),
    });
    Chart {
        title: texts.revenue_title.to_owned(),
        series: match has_vat {
            true => vec![texts.before_vat, texts.vat_part],
            false => vec![texts.before_vat],
        },
        points: points.collect(),
        empty: texts.nothing_invoiced,
    }
}

fn rows(periods: &[RevenuePeriod]) -> AnyView {
    let texts = reports();
    let rows = periods.iter().map(|each| {
        row(vec![
            cell("plain-head", period::words(&each.span.from, &each.span.to)),
            cell("num", each.invoices),
            cell("num", format_money(each.invoiced)),
            cell("num", format_money(each.credited)),
            cell("num strong", format_money(each.net)),
            cell("num", format_money(each.vat)),
            cell("num", format_money(each.collected)),
            cell("num", format_money(each.fees)),
            cell("num", format_money(each.refunded)),
        ])
    });
    let columns = vec![
        Column::Text(texts.period_head),
        Column::Number(texts.invoices),
        Column::Number(texts.before_vat),
        Column::Number(texts.credited),
        Column::Number(texts.net),
        Column::Number(texts.vat_part),
        Column::Number(texts.collected),
        Column::Number(texts.fees),
        Column::Number(texts.refunded),
    ];
    table(texts.revenue_title, columns, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_one_place() {
        assert_eq!(tenths(0, 100), "0.0");
        assert_eq!(tenths(3_500, 100_000), "3.5");
        assert_eq!(tenths(100, 100), "100.0");
    }
}
