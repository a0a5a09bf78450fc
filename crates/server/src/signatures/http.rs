//! HTTP of the signature doctor.

use actix_web::{HttpResponse, web::Data};
use common::signatures::SignatureQuestion;

use super::service;
use crate::{
    app::App,
    error::ApiError,
    http::{Caller, Json},
};

pub async fn diagnose(
    app: Data<App>,
    caller: Caller,
    question: Json<SignatureQuestion>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::diagnose(&app, caller.user_id, question.0).await?))
}
