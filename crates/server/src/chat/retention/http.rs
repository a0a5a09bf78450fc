//! HTTP of how long a company keeps its threads.

use actix_web::{HttpResponse, web::Data};
use common::chat::settings::Retention;

use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{Caller, Json},
};

pub async fn get(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::load(&app, caller.account_id()?).await?))
}

pub async fn set(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    new: Json<Retention>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::set(&app, caller.account_id()?, new.0, origin).await?))
}
