//! Proof that an unsafe request comes from our own page: its origin, and a token bound to the session.

use actix_web::{HttpRequest, http::header};
use common::ErrorCode;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::session::SessionToken;
use crate::{config::Config, error::ApiError};

/// The token of a session: an HMAC, so that nothing needs to be stored and a sign-in changes it.
pub fn token(session: &SessionToken, config: &Config) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(config.secret_key.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(b"csrf:");
    mac.update(session.as_str().as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Refuses an unsafe request that another site made, whoever asks.
pub fn check_origin(request: &HttpRequest, config: &Config) -> Result<(), ApiError> {
    if let Some(origin) = text_header(request, header::ORIGIN.as_str())
        && !config.http.is_own_origin(origin)
    {
        return Err(refused("this request comes from another site"));
    }
    // Sent by current browsers only; it tells what a missing Origin would hide.
    if text_header(request, "sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return Err(refused("this request comes from another site"));
    }
    Ok(())
}

/// Refuses an unsafe request without the `X-CSRF-Token` of its session.
pub fn check_token(request: &HttpRequest, config: &Config) -> Result<(), ApiError> {
    let session = SessionToken::from_request(request, config)
        .ok_or_else(|| refused("there is no session yet; get a token from /api/v1/auth/csrf first"))?;
    let given = text_header(request, "x-csrf-token").ok_or_else(|| refused("the header X-CSRF-Token is missing"))?;
    if bool::from(given.as_bytes().ct_eq(token(&session, config).as_bytes())) {
        Ok(())
    } else {
        Err(refused(
            "the header X-CSRF-Token does not belong to this session; get a new one from /api/v1/auth/csrf",
        ))
    }
}

fn text_header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).map(|value| value.to_str().unwrap_or("?"))
}

fn refused(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::Csrf, detail)
}
