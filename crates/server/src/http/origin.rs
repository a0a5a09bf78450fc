//! Who makes a request and from where, as the audit log tells it.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use common::audit::ActorKind;

use super::{Caller, Credential, peer, request_id};
use crate::{app::App, audit::Origin, error::ApiError};

impl FromRequest for Origin {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request
            .app_data::<Data<App>>()
            .expect("the application is registered in app.rs");
        let address = peer::address(request, &app.config.http.trusted_proxies).to_string();
        let from = |kind, actor| Self {
            kind,
            actor,
            user_id: None,
            api_key_id: None,
            peer: Some(address),
            request_id: Some(request_id::current()),
        };
        let origin = match request.extensions().get::<Caller>() {
            None => from(ActorKind::Anonymous, String::new()),
            Some(caller) => match &caller.credential {
                Credential::Session(_) => Self {
                    user_id: Some(caller.user_id),
                    ..from(ActorKind::User, caller.email.clone())
                },
                // What a key does is not what its maker did.
                Credential::ApiKey { id, name, .. } => Self {
                    api_key_id: Some(*id),
                    ..from(ActorKind::ApiKey, name.clone())
                },
            },
        };
        ready(Ok(origin))
    }
}
