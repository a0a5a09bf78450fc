//! HTTP of one's own history.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App,
    error::ApiError,
    http::{Caller, file},
};

pub async fn export(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    let chunks = super::export(app.into_inner(), caller.user_id);
    Ok(file::json("chat.json", chunks))
}

pub async fn delete(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::delete(&app, caller.user_id).await?))
}
