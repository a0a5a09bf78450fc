//! Files that a browser saves.

use actix_web::{HttpResponse, http::header, web::Bytes};
use futures_util::{Stream, TryStreamExt};

use crate::error::ApiError;

/// JSON that is sent as it is read.
pub fn json(name: &str, chunks: impl Stream<Item = Result<Vec<u8>, ApiError>> + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(chunks.map_ok(Bytes::from))
}

/// A table that is sent as it is read.
pub fn csv(name: &str, chunks: impl Stream<Item = Result<Vec<u8>, ApiError>> + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(chunks.map_ok(Bytes::from))
}
