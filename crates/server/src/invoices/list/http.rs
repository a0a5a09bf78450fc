//! HTTP of the lists of invoices.

use actix_web::{HttpResponse, web::Data};
use common::invoices::{InvoiceFilter, InvoiceQuery};

use super::Reader;
use crate::{
    app::App,
    days,
    error::ApiError,
    http::{Caller, Query, file},
};

pub async fn list(app: Data<App>, caller: Caller, query: Query<InvoiceQuery>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::list(&app, reader(&caller), query.0).await?))
}

pub async fn totals(app: Data<App>, caller: Caller, query: Query<InvoiceFilter>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::totals(&app, reader(&caller), query.0).await?))
}

pub async fn export(app: Data<App>, caller: Caller, query: Query<InvoiceFilter>) -> Result<HttpResponse, ApiError> {
    let chunks = super::export(&app, reader(&caller), query.0).await?;
    let name = format!("invoices-{}.csv", days::of(app.clock.now()));
    Ok(file::csv(&name, chunks))
}

fn reader(caller: &Caller) -> Reader {
    Reader {
        account_id: caller.readable_account(),
        is_staff: caller.staff_role.is_some(),
    }
}
