//! The header `Idempotency-Key`, and answers that may be replayed.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use common::FieldError;

use super::{Answer, Key};
use crate::error::ApiError;

/// The key of a request that may come without one.
pub fn key(request: &HttpRequest) -> Result<Option<Key>, ApiError> {
    Key::parse(request.headers().get("idempotency-key").map(|value| value.as_bytes()))
}

/// The key of a request that needs one.
pub fn required_key(request: &HttpRequest) -> Result<Key, ApiError> {
    key(request)?
        .ok_or_else(|| FieldError::required("Idempotency-Key", "Send this header with a key of your own.").into())
}

pub fn answer(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    if answer.is_replayed {
        response.insert_header(("idempotency-replayed", "true"));
    }
    response.content_type("application/json").body(answer.body)
}
