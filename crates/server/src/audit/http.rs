//! HTTP of the audit log.

use actix_web::{HttpResponse, web::Data};
use common::audit::{AuditFilter, AuditQuery};

use super::{export, service};
use crate::{
    app::App,
    error::ApiError,
    http::{Caller, Query, file},
};

pub async fn list(app: Data<App>, caller: Caller, query: Query<AuditQuery>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::list(&app, reader(&caller), query.0).await?))
}

pub async fn export(app: Data<App>, caller: Caller, query: Query<AuditFilter>) -> Result<HttpResponse, ApiError> {
    let chunks = export::export(app.db.clone(), reader(&caller), query.0)?;
    Ok(file::csv("audit-log.csv", chunks))
}

fn reader(caller: &Caller) -> service::Reader {
    service::Reader {
        account_id: caller.readable_account(),
        user_id: caller.user_id,
    }
}
