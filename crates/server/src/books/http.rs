//! HTTP of the books, for the staff of billing.

use actix_web::{HttpResponse, web::Data};
use common::books::LedgerQuery;

use super::{service, verify};
use crate::{app::App, error::ApiError, http::Query};

pub async fn get(app: Data<App>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(verify::load(&app).await?))
}

pub async fn verify(app: Data<App>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(verify::verify(&app).await?))
}

pub async fn list(app: Data<App>, query: Query<LedgerQuery>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::list(&app, query.0).await?))
}
