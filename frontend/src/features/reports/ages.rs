//! What customers owe, by how late it is: bars with their values beside them, or a table.

use common::{
    money::format_money,
    reports::{AgeBucket, ReceivablesReport},
};
use leptos::prelude::*;

use super::parts::{chart_or_table, share, table};
use crate::{
    components::{
        data::{Column, cell, row},
        icon::icon_16,
    },
    text::reports,
};

/// Height of one age in the picture.
const ROW_REM: usize = 3;

pub fn age_name(age: &AgeBucket) -> String {
    let texts = reports();
    match (age.from_days, age.to_days) {
        (None, _) => texts.not_due.to_owned(),
        (Some(from), Some(to)) => texts.days(&from.to_string(), &to.to_string()),
        (Some(from), None) => texts.over_days(&(from - 1).to_string()),
    }
}

/// Bars by age, or a table of the same.
pub fn ages(report: &ReceivablesReport) -> AnyView {
    let texts = reports();
    let [drawn, listed] = [report.clone(), report.clone()];
    let more = view! {
        <p class="chart-note no-print">
            <a class="small-link" href="/invoices?status=overdue">{texts.see_overdue} {icon_16("right")}</a>
        </p>
    };
    chart_or_table(
        texts.by_age.to_owned(),
        ().into_any(),
        move || picture(&drawn),
        move || rows(&listed),
        more.into_any(),
    )
}

/// What the picture says, its values with it: nothing else in it is read out.
fn sentence(report: &ReceivablesReport) -> String {
    let texts = reports();
    let late = texts.late_of(&format_money(report.overdue), &format_money(report.total));
    let ages = report
        .ages
        .iter()
        .map(|age| format!("{} {}", age_name(age), format_money(age.balance)));
    format!("{late} {}.", ages.collect::<Vec<_>>().join(", "))
}

/// The longest bar is the largest age; late money has its own colour. Its sizes follow those of the text.
fn picture(report: &ReceivablesReport) -> AnyView {
    let largest = report.ages.iter().map(|age| age.balance.minor).max().unwrap_or(0);
    let rows = report.ages.iter().enumerate().map(|(index, age)| {
        let mark = if age.from_days.is_some() { "mark-5" } else { "mark-1" };
        let width = format!("{:.1}%", share(age.balance.minor, largest) * 100.0);
        view! {
            <svg y=format!("{}rem", index * ROW_REM) width="100%" height=format!("{ROW_REM}rem")>
                <text class="age-name" x="0" y="1.25rem">{age_name(age)}</text>
                <text class="age-value" x="100%" y="1.25rem" text-anchor="end">{format_money(age.balance)}</text>
                <rect class="share-track" y="1.75rem" width="100%" height="10" rx="3"/>
                <rect class=mark y="1.75rem" width=width height="10" rx="3"/>
            </svg>
        }
        .into_any()
    });
    let height = format!("{}rem", report.ages.len() * ROW_REM);
    view! { <svg class="ages" role="img" aria-label=sentence(report) width="100%" height=height>{rows.collect_view()}</svg> }
        .into_any()
}

fn rows(report: &ReceivablesReport) -> AnyView {
    let texts = reports();
    let line = |name: String, class: &'static str, invoices: i64, balance| {
        row(vec![
            cell("plain-head", name),
            cell(class, invoices),
            cell(class, format_money(balance)),
        ])
    };
    let ages = report
        .ages
        .iter()
        .map(|age| line(age_name(age), "num", age.invoices, age.balance));
    let count = report.ages.iter().map(|age| age.invoices).sum();
    let sum = line(texts.sum.to_owned(), "num strong", count, report.total);
    let columns = vec![
        Column::Text(texts.age),
        Column::Number(texts.invoices),
        Column::Number(texts.still_to_pay),
    ];
    table(texts.by_age, columns, ages.chain([sum]).collect())
}

#[cfg(test)]
mod tests {
    use common::Money;

    use super::*;

    #[test]
    fn ages_are_named_by_their_days() {
        let name = |from_days, to_days| {
            age_name(&AgeBucket {
                from_days,
                to_days,
                invoices: 0,
                balance: Money::zar(0),
            })
        };
        assert_eq!(name(None, None), "Not yet due");
        assert_eq!(name(Some(1), Some(30)), "1 to 30 days late");
        assert_eq!(name(Some(91), None), "Over 90 days late");
    }

    #[test]
    fn the_picture_is_told_with_its_values() {
        let age = |from_days, to_days, minor| AgeBucket {
            from_days,
            to_days,
            invoices: 1,
            balance: Money::zar(minor),
        };
        let report = ReceivablesReport {
            on: "2026-11-24".to_owned(),
            total: Money::zar(30_000),
            overdue: Money::zar(10_000),
            ages: vec![age(None, None, 20_000), age(Some(1), Some(30), 10_000)],
            customers: Vec::new(),
        };
        assert_eq!(
            sentence(&report),
            "R100.00 of R300.00 is late. Not yet due R200.00, 1 to 30 days late R100.00."
        );
    }
}
