//! HTTP of reconciliation.

use actix_web::{HttpResponse, web::Data};
use common::{
    ids::ReconciliationId,
    reconciliations::{NewReconciliation, ReconciliationQuery, StatementQuery},
};

use super::service;
use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{Caller, IdPath, Json, Query},
};

pub async fn start(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    body: Json<NewReconciliation>,
) -> Result<HttpResponse, ApiError> {
    let started = service::start(&app, caller.user_id, origin, body.0).await?;
    Ok(HttpResponse::Accepted().json(started))
}

pub async fn list(app: Data<App>, query: Query<ReconciliationQuery>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::list(&app, query.0).await?))
}

pub async fn get(app: Data<App>, id: IdPath<ReconciliationId>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::load(&app, id.0).await?))
}

pub async fn lines(
    app: Data<App>,
    id: IdPath<ReconciliationId>,
    query: Query<StatementQuery>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::lines(&app, id.0, query.0).await?))
}
