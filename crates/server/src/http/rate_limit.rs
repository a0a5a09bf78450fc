//! The general limit per address, before anything of a request is looked at.
//!
//! It guards the API; files of the client cost nothing and probes must always be answered. PayFast's notifications
//! are never limited: a refused one would be money that nobody hears of. Other limits stand in the services.

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};
use common::{API_BASE, Endpoint, payments::ReceiveItn};

use super::peer;
use crate::{app::App, error::ApiError, limits::Quota};

/// Answers 429 when the address has asked too often.
pub async fn middleware<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match check(&request).await {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(refusal) => Ok(request.error_response(refusal).map_into_boxed_body()),
    }
}

async fn check(request: &ServiceRequest) -> Result<(), ApiError> {
    // As routes see it: `/%61pi` is decoded there, and would slip past a comparison of what was sent.
    let path = request.match_info().as_str();
    if !path.starts_with("/api") {
        return Ok(());
    }
    let app = request
        .app_data::<web::Data<App>>()
        .expect("the application is registered in app.rs");
    let address = peer::address(request.request(), &app.config.http.trusted_proxies);
    let is_itn = path.strip_prefix(API_BASE) == Some(ReceiveItn::PATH);
    let quota = match is_itn {
        true if peer::contains(&app.config.payfast.itn_sources, address) => return Ok(()),
        true => Quota::ForeignItn,
        false => Quota::Request,
    };
    app.limits.check(quota, &[address.into()]).await
}
