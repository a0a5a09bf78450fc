//! Payments: what came, by method, and how it ended.

use common::{
    Money,
    money::{Currency, format_money},
    payments::{Method, PaymentStatus},
    reports::{PaymentsReport, PaymentsRow, ReportPayments},
};
use leptos::prelude::*;

use super::{
    page::query,
    parts::{Figure, Share, chart_or_table, figures, share, shares, table},
    period::Period,
};
use crate::{
    api,
    components::{
        badge::badge,
        data::{Column, cell, row},
        skeleton::card_skeleton,
    },
    remote::remote,
    status,
    text::reports,
};

pub fn report(period: Memo<Period>) -> AnyView {
    let report = remote(move || {
        let query = query(period.get());
        async move { api::call::<ReportPayments>(&[], &query).await }
    });
    view! {
        <div class="stack" class:is-stale=report.is_refreshing()>
            {report.show(reports().failed, card_skeleton, shown)}
        </div>
    }
    .into_any()
}

pub fn method_name(method: Method) -> &'static str {
    let texts = reports();
    match method {
        Method::Redirect => texts.redirect,
        Method::SavedCard => texts.saved_card,
        Method::Eft => texts.eft,
    }
}

/// Payments that were paid, and all that ended.
fn ended(rows: &[PaymentsRow]) -> (i64, i64) {
    let count = |is: fn(&PaymentsRow) -> bool| rows.iter().filter(|row| is(row)).map(|row| row.count).sum();
    (
        count(|row| row.status == PaymentStatus::Succeeded),
        count(|row| status::is_settled(row.status)),
    )
}

fn shown(report: PaymentsReport) -> AnyView {
    let texts = reports();
    let paid: Vec<&PaymentsRow> = report
        .rows
        .iter()
        .filter(|row| row.status == PaymentStatus::Succeeded)
        .collect();
    let currency = report.rows.first().map_or(Currency::Zar, |row| row.amount.currency);
    let sum = |of: fn(&PaymentsRow) -> i64| Money::new(paid.iter().map(|row| of(row)).sum(), currency);
    let (succeeded, all) = ended(&report.rows);
    let percent = match all {
        0 => "–".to_owned(),
        all => texts.percent(&((succeeded * 100 + all / 2) / all).to_string()),
    };
    let strip = figures(vec![
        Figure::money(texts.collected, sum(|row| row.amount.minor)),
        Figure::money(texts.fees, sum(|row| row.fee.minor)),
        Figure::money(texts.net, sum(|row| row.net.minor)),
        Figure {
            name: texts.success,
            value: percent,
            more: texts.of_all(&succeeded.to_string(), &all.to_string()),
            tone: "",
        },
    ]);
    if report.rows.is_empty() {
        return view! { {strip} <div class="card empty"><p>{texts.nothing_paid}</p></div> }.into_any();
    }
    let largest = paid.iter().map(|row| row.amount.minor).max().unwrap_or(0);
    let by_method: Vec<_> = Method::ALL
        .iter()
        .filter_map(|method| paid.iter().find(|row| row.method == *method))
        .map(|row| (method_name(row.method).to_owned(), row.amount))
        .collect();
    let chart = move || {
        let list = by_method.iter().map(|(name, amount)| Share {
            name: name.clone(),
            value: format_money(*amount),
            share: share(amount.minor, largest),
            mark: "mark-1",
        });
        match by_method.is_empty() {
            true => view! { <p class="soft">{reports().nothing_paid}</p> }.into_any(),
            false => shares(list.collect()),
        }
    };
    let rows = report.rows;
    view! {
        {strip}
        {chart_or_table(texts.by_method.to_owned(), ().into_any(), chart, move || table_of(&rows), ().into_any())}
    }
    .into_any()
}

fn table_of(rows: &[PaymentsRow]) -> AnyView {
    let texts = reports();
    let rows = rows.iter().map(|each| {
        row(vec![
            cell("plain-head", method_name(each.method)),
            cell("", badge(status::payment_for_staff(each.status))),
            cell("num", each.count),
            cell("num", format_money(each.amount)),
            cell("num", format_money(each.fee)),
            cell("num", format_money(each.net)),
        ])
    });
    let columns = vec![
        Column::Text(texts.method),
        Column::Text(texts.state),
        Column::Number(texts.number),
        Column::Number(texts.amount),
        Column::Number(texts.fee),
        Column::Number(texts.net),
    ];
    table(texts.all_payments, columns, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_on_their_way_are_neither_paid_nor_lost() {
        let row = |status, count| PaymentsRow {
            method: Method::Redirect,
            status,
            count,
            amount: Money::zar(1),
            fee: Money::zar(0),
            net: Money::zar(1),
        };
        let rows = [
            row(PaymentStatus::Succeeded, 8),
            row(PaymentStatus::Failed, 1),
            row(PaymentStatus::Expired, 1),
            row(PaymentStatus::Unknown, 5),
        ];
        assert_eq!(ended(&rows), (8, 10));
    }
}
