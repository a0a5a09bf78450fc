//! HTTP of the audit log.

use actix_web::{HttpResponse, web::Data};
use common::audit::AuditQuery;

use super::service;
use crate::{
    app::App,
    error::ApiError,
    http::{Caller, Query},
};

pub async fn list(app: Data<App>, caller: Caller, query: Query<AuditQuery>) -> Result<HttpResponse, ApiError> {
    let reader = service::Reader {
        account_id: caller.readable_account(),
        user_id: caller.user_id,
    };
    Ok(HttpResponse::Ok().json(service::list(&app, reader, query.0).await?))
}
