//! Who makes a request and from where, as the audit log tells it.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use common::audit::ActorKind;

use super::{Caller, peer, request_id};
use crate::{app::App, audit::Origin, error::ApiError};

impl FromRequest for Origin {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request
            .app_data::<Data<App>>()
            .expect("the application is registered in app.rs");
        let address = peer::address(request, &app.config.http.trusted_proxies).to_string();
        let caller = request.extensions().get::<Caller>().cloned();
        ready(Ok(Self {
            kind: caller.as_ref().map_or(ActorKind::Anonymous, |_| ActorKind::User),
            user_id: caller.as_ref().map(|caller| caller.user_id),
            actor: caller.map(|caller| caller.email).unwrap_or_default(),
            api_key_id: None,
            peer: Some(address),
            request_id: Some(request_id::current()),
        }))
    }
}
