//! Reports as documents; each is one read.

use chrono::NaiveDate;
use common::{
    Money,
    reports::{
        AgeBucket, CustomerDebt, PaymentsReport, PaymentsRow, ReceivablesReport, ReportQuery, RevenuePeriod,
        RevenueReport, VatPeriod, VatReport,
    },
};

use super::{
    rules::{self, Cut},
    store,
};
use crate::{app::App, days, error::ApiError};

/// Customers of the report on what is owed.
const MOST_CUSTOMERS: i64 = 100;

fn cut(app: &App, query: &ReportQuery) -> Result<(Cut, NaiveDate), ApiError> {
    let today = days::of(app.clock.now());
    Ok((rules::cut(query, today)?, today))
}

pub async fn revenue(app: &App, query: ReportQuery) -> Result<RevenueReport, ApiError> {
    let (cut, today) = cut(app, &query)?;
    app.db
        .read(move |conn| {
            let issued = store::issued(conn, &cut.periods)?;
            let credited = store::credited(conn, &cut.periods)?;
            let received = store::received(conn, &cut.periods)?;
            let again = store::received_again(conn, &cut.periods)?;
            let reversed = store::reversed(conn, &cut.periods)?;
            let refunded = store::refunded(conn, &cut.periods)?;
            let period = |(index, range): (usize, &rules::Range)| {
                let (issued, credited) = (issued[index], credited[index]);
                let collected = received[index].first + again[index].first - reversed[index].first;
                RevenuePeriod {
                    span: range.span(today),
                    invoices: issued.count,
                    invoiced: Money::zar(issued.first),
                    credited: Money::zar(credited.first),
                    net: Money::zar(issued.first - credited.first),
                    vat: Money::zar(issued.second - credited.second),
                    collected: Money::zar(collected),
                    fees: Money::zar(received[index].second),
                    refunded: Money::zar(refunded[index].first),
                }
            };
            let periods: Vec<RevenuePeriod> = cut.periods.iter().enumerate().map(period).collect();
            let total =
                |of: fn(&RevenuePeriod) -> Money| Money::zar(periods.iter().map(|period| of(period).minor).sum());
            Ok(RevenueReport {
                span: cut.whole.span(today),
                net: total(|period| period.net),
                vat: total(|period| period.vat),
                collected: total(|period| period.collected),
                fees: total(|period| period.fees),
                refunded: total(|period| period.refunded),
                periods,
            })
        })
        .await
}

pub async fn vat(app: &App, query: ReportQuery) -> Result<VatReport, ApiError> {
    let (cut, today) = cut(app, &query)?;
    app.db
        .read(move |conn| {
            let issued = store::issued(conn, &cut.periods)?;
            let supplied = store::supplied(conn, &cut.periods)?;
            let credited = store::credited(conn, &cut.periods)?;
            let moved = store::vat_moved(conn, &cut.periods)?;
            let period = |(index, range): (usize, &rules::Range)| {
                let (output, credited, moved) = (issued[index].second, credited[index].second, moved[index].first);
                // What is payable is what the books say; relief, and what a payment, credit note or voiding takes back
                // of it, is what the documents do not explain.
                let bad_debt = output - credited + moved;
                VatPeriod {
                    span: range.span(today),
                    standard_rated: Money::zar(supplied[index].first),
                    zero_rated: Money::zar(supplied[index].second),
                    output_vat: Money::zar(output),
                    credited_vat: Money::zar(credited),
                    bad_debt_vat: Money::zar(bad_debt),
                    payable: Money::zar(-moved),
                }
            };
            let periods: Vec<VatPeriod> = cut.periods.iter().enumerate().map(period).collect();
            Ok(VatReport {
                span: cut.whole.span(today),
                payable: Money::zar(periods.iter().map(|period| period.payable.minor).sum()),
                periods,
            })
        })
        .await
}

pub async fn receivables(app: &App, query: ReportQuery) -> Result<ReceivablesReport, ApiError> {
    let today = days::of(app.clock.now());
    let on = query.to.as_deref().map(|text| days::parse("to", text)).transpose()?;
    if let Some(from) = query.from.as_deref() {
        days::parse("from", from)?;
    }
    // What is owed is known until today; nothing is late because of days that are still to come.
    let on = on.map_or(today, |on| on.min(today));
    let bounds = rules::age_bounds(on);
    app.db
        .read(move |conn| {
            let ages = store::ages(conn, &bounds)?;
            let debts = store::debts(conn, &bounds, MOST_CUSTOMERS)?;
            let buckets = rules::AGES.iter().zip(ages);
            let total: i64 = ages.iter().map(|(_, balance)| balance).sum();
            Ok(ReceivablesReport {
                on: on.to_string(),
                total: Money::zar(total),
                overdue: Money::zar(total - ages[0].1),
                ages: buckets
                    .map(|((from_days, to_days), (invoices, balance))| AgeBucket {
                        from_days: *from_days,
                        to_days: *to_days,
                        invoices,
                        balance: Money::zar(balance),
                    })
                    .collect(),
                customers: debts
                    .into_iter()
                    .map(|debt| CustomerDebt {
                        account_id: debt.account_id,
                        invoices: debt.invoices,
                        balance: Money::zar(debt.balance),
                        ages: debt.ages().map(Money::zar).to_vec(),
                        customer_name: debt.customer_name,
                    })
                    .collect(),
            })
        })
        .await
}

pub async fn payments(app: &App, query: ReportQuery) -> Result<PaymentsReport, ApiError> {
    let (cut, today) = cut(app, &query)?;
    app.db
        .read(move |conn| {
            let rows = store::by_method(conn, cut.whole)?;
            Ok(PaymentsReport {
                span: cut.whole.span(today),
                rows: rows
                    .into_iter()
                    .map(|row| PaymentsRow {
                        method: row.method,
                        status: row.status,
                        count: row.count,
                        amount: Money::zar(row.amount),
                        fee: Money::zar(row.fee),
                        net: Money::zar(row.net),
                    })
                    .collect(),
            })
        })
        .await
}
