//! HTTP of accounts.

use actix_web::{HttpResponse, web::Data};
use common::accounts::{AccountChange, AccountSearch};

use super::service;
use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{Caller, Json, Query},
};

pub async fn search(app: Data<App>, query: Query<AccountSearch>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::search(&app, &query.0.search).await?))
}

pub async fn get(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    let (id, role) = caller.acts_for()?;
    Ok(HttpResponse::Ok().json(service::load(&app, id, role).await?))
}

pub async fn change(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    change: Json<AccountChange>,
) -> Result<HttpResponse, ApiError> {
    let (id, role) = caller.acts_for()?;
    Ok(HttpResponse::Ok().json(service::change(&app, id, role, change.0, origin).await?))
}
