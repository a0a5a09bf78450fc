//! HTTP of a person's own settings.

use actix_web::{HttpResponse, web::Data};
use common::chat::settings::ChatSettings;

use crate::{
    app::App,
    error::ApiError,
    http::{Caller, Json},
};

pub async fn get(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::load(&app, caller.user_id).await?))
}

pub async fn set(app: Data<App>, caller: Caller, settings: Json<ChatSettings>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::set(&app, caller.user_id, settings.0).await?))
}
