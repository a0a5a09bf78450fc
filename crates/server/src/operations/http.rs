//! What operators and public pages ask: health, version, who sells.

use actix_web::{HttpResponse, web::Data};
use common::site::{Site, Supplier};
use serde_json::json;

use crate::{app::App, error::ApiError};

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

pub async fn site(app: Data<App>) -> HttpResponse {
    let supplier = &app.config.supplier;
    HttpResponse::Ok().json(Site {
        supplier: Supplier {
            name: supplier.name.clone(),
            address: supplier.address.clone(),
            vat_number: supplier.vat_number.clone(),
        },
        payfast_mode: app.config.payfast.mode,
        version: VERSION.to_owned(),
    })
}
