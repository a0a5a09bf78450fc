//! Requests that are refused for the size of their head, and connections that must not go on after a refusal.
//!
//! What two servers could read apart (`Content-Length` with `Transfer-Encoding`, either of them twice) is refused by
//! actix before it comes here; `tests/it/attacks` holds it to that.

use actix_web::{
    Error, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderValue},
    middleware::Next,
};
use common::ErrorCode;

use crate::error::ApiError;

/// Largest head; cookies, tokens and a user agent need a tenth of it.
const HEAD_MAX_BYTES: usize = 16 * 1024;

/// Answers 431 to a head that is too large; closes the connection when a body was left unread.
pub async fn middleware<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut response = match check(request.request()) {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(refusal) => request.error_response(refusal).map_into_boxed_body(),
    };
    // What follows on this connection may belong to the body that was not read.
    if [408, 413, 431].contains(&response.status().as_u16()) {
        response
            .response_mut()
            .head_mut()
            .set_connection_type(actix_web::http::ConnectionType::Close);
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    Ok(response)
}

fn check(request: &HttpRequest) -> Result<(), ApiError> {
    let headers = request.headers();
    let size = |text: &[u8]| text.len() + b": \r\n".len();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + size(value.as_bytes()))
        .sum();
    if bytes + request.uri().to_string().len() > HEAD_MAX_BYTES {
        return Err(ApiError::new(
            ErrorCode::HeadersTooLarge,
            format!("the address and the headers are larger than {HEAD_MAX_BYTES} bytes"),
        ));
    }
    Ok(())
}
