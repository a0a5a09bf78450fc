//! What operators and public pages ask: health, version, who sells.

use actix_web::{HttpRequest, HttpResponse, http::header::AUTHORIZATION, web::Data};
use common::{
    ErrorCode,
    site::{Site, Supplier},
};
use serde_json::json;

use super::service;
use crate::{app::App, error::ApiError, http::access::bearer, metrics};

/// This program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "live" }))
}

/// The database answers and has every migration; 503 otherwise.
pub async fn ready(app: Data<App>) -> Result<HttpResponse, ApiError> {
    match app.db.needs_migration().await {
        Ok(false) => Ok(HttpResponse::Ok().json(json!({ "status": "ready" }))),
        Ok(true) => Err(ApiError::unavailable(
            "migrations are missing; run `capecontrol migrate`",
        )),
        Err(error) => {
            tracing::error!(%error, "The database does not answer");
            Err(ApiError::unavailable("the database does not answer"))
        }
    }
}

pub async fn version() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "version": VERSION }))
}

/// The metrics on the address of the API: there only with a token, and only when they have no address of their own.
pub async fn metrics(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if app.config.metrics.bind.is_some() || app.config.metrics.token.is_none() {
        return Err(ApiError::new(ErrorCode::NotFound, "there is no such route"));
    }
    own_metrics(app, request).await
}

/// The metrics on an address of their own; a token is asked for when there is one.
pub async fn own_metrics(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if app.config.metrics.token.is_some() {
        let header = request.headers().get(AUTHORIZATION);
        let offered = header.and_then(|value| bearer(value.as_bytes()));
        if !offered.is_some_and(|token| service::is_metrics_token(&app, token)) {
            return Err(ApiError::new(
                ErrorCode::NotSignedIn,
                "send `Authorization: Bearer …` with the token of the metrics",
            ));
        }
    }
    let text = service::metrics(&app).await?;
    Ok(HttpResponse::Ok().content_type(metrics::CONTENT_TYPE).body(text))
}

pub async fn site(app: Data<App>) -> HttpResponse {
    let supplier = &app.config.supplier;
    HttpResponse::Ok().json(Site {
        supplier: Supplier {
            name: supplier.name.clone(),
            address: supplier.address.clone(),
            vat_number: supplier.vat_number.clone(),
            bank: supplier.bank.clone(),
        },
        payfast_mode: app.config.payfast.mode,
        version: VERSION.to_owned(),
    })
}
