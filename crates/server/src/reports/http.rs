//! HTTP of reports: as documents, and the same rows as CSV.

use actix_web::{HttpResponse, web::Data};
use common::{Money, reports::ReportQuery};
use futures_util::stream;

use super::service;
use crate::{
    app::App,
    csv, days,
    error::ApiError,
    http::{Query, file},
};

type Answer = Result<HttpResponse, ApiError>;

pub async fn revenue(app: Data<App>, query: Query<ReportQuery>) -> Answer {
    Ok(HttpResponse::Ok().json(service::revenue(&app, query.0).await?))
}

pub async fn receivables(app: Data<App>, query: Query<ReportQuery>) -> Answer {
    Ok(HttpResponse::Ok().json(service::receivables(&app, query.0).await?))
}

pub async fn vat(app: Data<App>, query: Query<ReportQuery>) -> Answer {
    Ok(HttpResponse::Ok().json(service::vat(&app, query.0).await?))
}

pub async fn payments(app: Data<App>, query: Query<ReportQuery>) -> Answer {
    Ok(HttpResponse::Ok().json(service::payments(&app, query.0).await?))
}

pub async fn revenue_csv(app: Data<App>, query: Query<ReportQuery>) -> Answer {
    let report = service::revenue(&app, query.0).await?;
    let head = "from to currency invoices invoiced credited net vat collected fees refunded";
    let rows = report.periods.iter().map(|row| {
        let mut cells = vec![row.span.from.clone(), row.span.to.clone(), currency(row.net)];
        cells.push(row.invoices.to_string());
        cells.extend(
            [
                row.invoiced,
                row.credited,
                row.net,
                row.vat,
                row.collected,
                row.fees,
                row.refunded,
            ]
            .map(Money::to_decimal),
        );
        cells
    });
    Ok(table(&app, "revenue", head, rows))
}

pub async fn receivables_csv(app: Data<App>, query: Query<ReportQuery>) -> Answer {
    let report = service::receivables(&app, query.0).await?;
    let head = "on account_id customer currency invoices balance not_due days_1_to_30 days_31_to_60 days_61_to_90 \
                days_over_90";
    let rows = report.customers.iter().map(|row| {
        let mut cells = vec![report.on.clone(), row.account_id.to_string(), row.customer_name.clone()];
        cells.extend([
            currency(row.balance),
            row.invoices.to_string(),
            row.balance.to_decimal(),
        ]);
        cells.extend(row.ages.iter().map(|age| age.to_decimal()));
        cells
    });
    Ok(table(&app, "receivables", head, rows))
}

pub async fn vat_csv(app: Data<App>, query: Query<ReportQuery>) -> Answer {
    let report = service::vat(&app, query.0).await?;
    let head = "from to currency standard_rated zero_rated output_vat credited_vat bad_debt_vat payable";
    let rows = report.periods.iter().map(|row| {
        let mut cells = vec![row.span.from.clone(), row.span.to.clone(), currency(row.payable)];
        cells.extend(
            [
                row.standard_rated,
                row.zero_rated,
                row.output_vat,
                row.credited_vat,
                row.bad_debt_vat,
                row.payable,
            ]
            .map(Money::to_decimal),
        );
        cells
    });
    Ok(table(&app, "vat", head, rows))
}

pub async fn payments_csv(app: Data<App>, query: Query<ReportQuery>) -> Answer {
    let report = service::payments(&app, query.0).await?;
    let head = "from to method status currency count amount fee net";
    let rows = report.rows.iter().map(|row| {
        let mut cells = vec![report.span.from.clone(), report.span.to.clone()];
        cells.extend([row.method.to_string(), row.status.to_string(), currency(row.amount)]);
        cells.push(row.count.to_string());
        cells.extend([row.amount, row.fee, row.net].map(Money::to_decimal));
        cells
    });
    Ok(table(&app, "payments", head, rows))
}

fn currency(money: Money) -> String {
    money.currency.to_string()
}

/// A report is short: it is sent whole.
fn table(app: &App, name: &str, head: &str, rows: impl Iterator<Item = Vec<String>>) -> HttpResponse {
    let mut text = csv::line(head.split_whitespace());
    for row in rows {
        text.extend(csv::line(row.iter().map(String::as_str)));
    }
    let name = format!("{name}-{}.csv", days::of(app.clock.now()));
    file::csv(&name, stream::once(async { Ok(text) }))
}
