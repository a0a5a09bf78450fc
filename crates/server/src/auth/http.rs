//! HTTP of signing up and in, sessions, passwords and the second factor.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, USER_AGENT},
    web::Data,
};
use common::{
    auth::{Credentials, CsrfToken, Done, EmailVerification, MailOnItsWay, Registration},
    ids::SessionId,
    mfa::MfaCode,
    passwords::{MailRequest, PasswordCandidate, PasswordChange, PasswordReset},
    validate::Email,
};

use super::{
    limits::{self, MailFor},
    mfa, passwords,
    service::{self, Device},
    sessions, strength,
};
use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{
        Caller, IdPath, Json, csrf,
        peer::Peer,
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

pub async fn register(
    app: Data<App>,
    request: HttpRequest,
    peer: Peer,
    registration: Json<Registration>,
) -> Result<HttpResponse, ApiError> {
    let browser = SessionToken::from_request(&request, &app.config);
    service::register(&app, registration.0, browser, peer.0).await?;
    Ok(mail_on_its_way(
        "We sent you a mail. Open its link to confirm your address.",
    ))
}

pub async fn resend_verification(
    app: Data<App>,
    peer: Peer,
    request: Json<MailRequest>,
) -> Result<HttpResponse, ApiError> {
    let email = Email::parse("email", &request.0.email)?;
    limits::before_mail(&app, MailFor::Confirmation, &email.key(), peer.0).await?;
    service::resend_confirmation(&app, &email).await?;
    Ok(mail_on_its_way(
        "If this address waits to be confirmed, we sent the link again.",
    ))
}

pub async fn verify_email(
    app: Data<App>,
    request: HttpRequest,
    peer: Peer,
    origin: Origin,
    verification: Json<EmailVerification>,
) -> Result<HttpResponse, ApiError> {
    limits::before_mail_token(&app, peer.0).await?;
    let browser = SessionToken::from_request(&request, &app.config);
    let confirmed = service::verify_email(&app, &verification.0.token, browser, origin).await?;
    Ok(HttpResponse::Ok().json(confirmed))
}

pub async fn login(
    app: Data<App>,
    request: HttpRequest,
    peer: Peer,
    origin: Origin,
    credentials: Json<Credentials>,
) -> Result<HttpResponse, ApiError> {
    let device = Device {
        user_agent: user_agent(&request),
        origin,
        peer: peer.0,
    };
    let old_token = SessionToken::from_request(&request, &app.config);
    let (token, signed_in) = service::login(&app, credentials.0, device, old_token).await?;
    Ok(HttpResponse::Ok().cookie(token.cookie(&app.config)).json(signed_in))
}

fn user_agent(request: &HttpRequest) -> String {
    let agent = request.headers().get(USER_AGENT);
    let agent = agent.and_then(|value| value.to_str().ok()).unwrap_or_default();
    agent.chars().take(USER_AGENT_MAX_CHARS).collect()
}

pub async fn logout(
    app: Data<App>,
    request: HttpRequest,
    caller: Option<Caller>,
    origin: Origin,
) -> Result<HttpResponse, ApiError> {
    if let Some(token) = SessionToken::from_request(&request, &app.config) {
        service::logout(&app, token, &user_agent(&request), caller, origin).await?;
    }
    Ok(signed_out(&app))
}

pub async fn me(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::me(&app, caller.user_id).await?))
}

pub async fn list_sessions(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(sessions::list(&app, &caller).await?))
}

pub async fn revoke_session(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<SessionId>,
) -> Result<HttpResponse, ApiError> {
    sessions::revoke(&app, &caller, id.0, origin).await?;
    if id.0 == caller.session_id()? {
        return Ok(signed_out(&app));
    }
    Ok(done())
}

pub async fn revoke_other_sessions(app: Data<App>, caller: Caller, origin: Origin) -> Result<HttpResponse, ApiError> {
    sessions::revoke_others(&app, &caller, origin).await?;
    Ok(done())
}

pub async fn judge_password(
    app: Data<App>,
    peer: Peer,
    candidate: Json<PasswordCandidate>,
) -> Result<HttpResponse, ApiError> {
    limits::before_judging(&app, peer.0).await?;
    let PasswordCandidate { password, context } = candidate.0;
    Ok(HttpResponse::Ok().json(strength::judge(password, context).await?))
}

pub async fn forgot_password(
    app: Data<App>,
    peer: Peer,
    origin: Origin,
    request: Json<MailRequest>,
) -> Result<HttpResponse, ApiError> {
    let email = Email::parse("email", &request.0.email)?;
    limits::before_mail(&app, MailFor::PasswordReset, &email.key(), peer.0).await?;
    passwords::forgot(&app, &email, origin).await?;
    Ok(mail_on_its_way(
        "If this address has an account, we sent it a link that sets a new password.",
    ))
}

pub async fn reset_password(
    app: Data<App>,
    peer: Peer,
    origin: Origin,
    reset: Json<PasswordReset>,
) -> Result<HttpResponse, ApiError> {
    limits::before_mail_token(&app, peer.0).await?;
    passwords::reset(&app, reset.0, origin).await?;
    Ok(done())
}

pub async fn change_password(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    change: Json<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    limits::before_present_password(&app, caller.user_id).await?;
    let token = passwords::change(&app, &caller, change.0, origin).await?;
    limits::after_present_password(&app, caller.user_id).await;
    Ok(HttpResponse::Ok().cookie(token.cookie(&app.config)).json(Done {}))
}

pub async fn mfa_status(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(mfa::status(&app, caller.user_id).await?))
}

pub async fn enrol_mfa(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(mfa::enrol(&app, &caller).await?))
}

pub async fn confirm_mfa(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    code: Json<MfaCode>,
) -> Result<HttpResponse, ApiError> {
    limits::before_code(&app, caller.user_id).await?;
    let (token, codes) = mfa::confirm(&app, &caller, &code.0.code, origin).await?;
    limits::after_right_code(&app, caller.user_id).await;
    Ok(HttpResponse::Ok().cookie(token.cookie(&app.config)).json(codes))
}

pub async fn disable_mfa(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    code: Json<MfaCode>,
) -> Result<HttpResponse, ApiError> {
    limits::before_code(&app, caller.user_id).await?;
    mfa::disable(&app, &caller, &code.0.code, origin).await?;
    limits::after_right_code(&app, caller.user_id).await;
    Ok(done())
}

pub async fn renew_recovery_codes(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    code: Json<MfaCode>,
) -> Result<HttpResponse, ApiError> {
    limits::before_code(&app, caller.user_id).await?;
    let codes = mfa::renew_codes(&app, &caller, &code.0.code, origin).await?;
    limits::after_right_code(&app, caller.user_id).await;
    Ok(HttpResponse::Ok().json(codes))
}

fn done() -> HttpResponse {
    HttpResponse::Ok().json(Done {})
}

fn signed_out(app: &App) -> HttpResponse {
    HttpResponse::Ok().cookie(removal_cookie(&app.config)).json(Done {})
}

/// The same words for known and unknown addresses.
fn mail_on_its_way(message: &str) -> HttpResponse {
    HttpResponse::Accepted().json(MailOnItsWay {
        message: message.to_owned(),
    })
}
