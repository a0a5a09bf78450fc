//! HTTP of signing up and in.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, USER_AGENT},
    web::Data,
};
use common::auth::{Credentials, CsrfToken, Done, EmailVerification, MailOnItsWay, Registration};

use super::service::{self, Device};
use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{
        Caller, Json, csrf, peer,
        session::{SessionToken, removal_cookie},
    },
};

/// Longest part of a user agent that is kept.
const USER_AGENT_MAX_CHARS: usize = 200;

/// Gives the token of the session, and a session when there is none.
pub async fn csrf_token(app: Data<App>, request: HttpRequest, caller: Option<Caller>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "no-store"));
    let token = SessionToken::from_request(&request, &app.config).unwrap_or_else(|| {
        let token = SessionToken::generate();
        response.cookie(token.cookie(&app.config));
        token
    });
    response.json(CsrfToken {
        csrf_token: csrf::token(&token, &app.config),
        signed_in: caller.is_some(),
    })
}

pub async fn register(app: Data<App>, registration: Json<Registration>) -> Result<HttpResponse, ApiError> {
    service::register(&app, registration.0).await?;
    Ok(HttpResponse::Accepted().json(MailOnItsWay {
        message: "We sent you a mail. Open its link to confirm your address.".to_owned(),
    }))
}

pub async fn verify_email(
    app: Data<App>,
    origin: Origin,
    verification: Json<EmailVerification>,
) -> Result<HttpResponse, ApiError> {
    service::verify_email(&app, &verification.0.token, origin).await?;
    Ok(HttpResponse::Ok().json(Done {}))
}

pub async fn login(
    app: Data<App>,
    request: HttpRequest,
    credentials: Json<Credentials>,
) -> Result<HttpResponse, ApiError> {
    let agent = request
        .headers()
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let device = Device {
        user_agent: agent.chars().take(USER_AGENT_MAX_CHARS).collect(),
        peer: peer::address(&request, &app.config.http.trusted_proxies),
    };
    let old_token = SessionToken::from_request(&request, &app.config);
    let (token, signed_in) = service::login(&app, credentials.0, device, old_token).await?;
    Ok(HttpResponse::Ok().cookie(token.cookie(&app.config)).json(signed_in))
}

pub async fn logout(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if let Some(token) = SessionToken::from_request(&request, &app.config) {
        service::logout(&app, token).await?;
    }
    Ok(HttpResponse::Ok().cookie(removal_cookie(&app.config)).json(Done {}))
}

pub async fn me(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::me(&app, caller.user_id).await?))
}
