//! HTTP of the lists of payments.

use actix_web::{HttpResponse, web::Data};
use common::payments::{PaymentFilter, PaymentQuery};

use crate::{
    app::App,
    days,
    error::ApiError,
    http::{Caller, Query, file},
};

pub async fn list(app: Data<App>, caller: Caller, query: Query<PaymentQuery>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::list(&app, caller.readable_account(), query.0).await?))
}

pub async fn export(app: Data<App>, caller: Caller, query: Query<PaymentFilter>) -> Result<HttpResponse, ApiError> {
    let chunks = super::export(&app, caller.readable_account(), query.0).await?;
    let name = format!("payments-{}.csv", days::of(app.clock.now()));
    Ok(file::csv(&name, chunks))
}
