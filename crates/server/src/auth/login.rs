//! Signing in and out, and who is signed in.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use common::{
    ErrorCode, FieldError,
    auth::{Credentials, SignedIn},
    ids::UserId,
    validate::Email,
};
use totp_rs::{Algorithm, Secret, TOTP};

use super::{
    password,
    sessions::{
        SESSION_KEPT,
        store::{self as session_store, NewSession},
    },
    store::{self, UserRow},
};
use crate::{
    accounts,
    app::App,
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    http::session::SessionToken,
};

/// Where a sign-in comes from, for the list of sessions.
pub struct Device {
    pub user_agent: String,
    pub peer: IpAddr,
}

/// Checks the credentials and opens a session with a token of its own.
pub async fn login(
    app: &App,
    credentials: Credentials,
    device: Device,
    old_token: Option<SessionToken>,
) -> Result<(SessionToken, SignedIn), ApiError> {
    let now = app.clock.now();
    let email_key = Email::parse("email", &credentials.email)
        .map(|email| email.key())
        .unwrap_or_default();
    let (user, pending) = app
        .db
        .read(move |conn| -> QueryResult<_> {
            let user = store::find_user_by_email(conn, &email_key)?;
            let pending = store::find_pending_password(conn, &email_key, now)?;
            Ok((user, pending))
        })
        .await?;
    // Two verifications in every case, so that the time tells nothing.
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = password::verify(credentials.password.clone(), stored).await;
    let waits = password::verify(credentials.password, pending).await;
    let user = match user {
        Some(user) if is_right => user,
        _ if waits => {
            let detail = "confirm your e-mail address first; we sent you a link";
            return Err(ApiError::new(ErrorCode::EmailUnverified, detail));
        }
        _ => {
            return Err(ApiError::new(
                ErrorCode::InvalidCredentials,
                "e-mail or password is wrong",
            ));
        }
    };
    let totp_step = check_totp(&user, credentials.totp.as_deref(), now)?;
    let token = SessionToken::generate();
    let token_hash = token.hash();
    let old_hash = old_token.map(|token| token.hash());
    let signed_in = app
        .db
        .write(move |conn| {
            if let Some(step) = totp_step
                && !store::use_totp_step(conn, user.id, step)?
            {
                return Err(wrong_totp());
            }
            if let Some(old) = old_hash {
                session_store::remove_session(conn, &old)?;
            }
            let session = NewSession {
                id: clock::new_id(now),
                token_hash: &token_hash,
                user_id: user.id,
                user_agent: &device.user_agent,
                peer: &device.peer.to_string(),
                has_second_factor: totp_step.is_some(),
                now,
                expires_at: now + SESSION_KEPT,
            };
            session_store::insert_session(conn, &session)?;
            signed_in(conn, user, now)
        })
        .await?;
    Ok((token, signed_in))
}

/// The TOTP step that the code belongs to (RFC 6238, 30 s, one step of drift either way); `None` without a factor.
fn check_totp(user: &UserRow, code: Option<&str>, now: DateTime<Utc>) -> Result<Option<i64>, ApiError> {
    let Some(secret) = &user.totp_secret else {
        return Ok(None);
    };
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
        return Err(ApiError::new(
            ErrorCode::MfaRequired,
            "enter the code of your authenticator app",
        ));
    };
    let totp = totp(secret).map_err(ApiError::internal)?;
    let current = now.timestamp() / 30;
    (current - 1..=current + 1)
        .find(|step| {
            let expected = totp.generate(u64::try_from(step * 30).unwrap_or_default());
            bool::from(subtle::ConstantTimeEq::ct_eq(
                expected.as_bytes(),
                code.trim().as_bytes(),
            ))
        })
        .map(Some)
        .ok_or_else(wrong_totp)
}

fn totp(secret: &str) -> Result<TOTP, String> {
    let bytes = Secret::Encoded(secret.to_owned())
        .to_bytes()
        .map_err(|error| format!("{error:?}"))?;
    TOTP::new(Algorithm::SHA1, 6, 1, 30, bytes).map_err(|error| error.to_string())
}

fn wrong_totp() -> ApiError {
    ApiError::with_fields(
        ErrorCode::InvalidCredentials,
        vec![FieldError::new(
            "totp",
            "invalid",
            "This code is wrong or was used already. Wait for the next one.",
        )],
    )
}

fn signed_in(conn: &mut Conn, user: UserRow, now: DateTime<Utc>) -> Result<SignedIn, ApiError> {
    let accounts = accounts::service::summaries(conn, user.id, now)?;
    Ok(SignedIn {
        user: user.into(),
        accounts,
    })
}

/// Who is signed in, read anew.
pub async fn me(app: &App, user_id: UserId) -> Result<SignedIn, ApiError> {
    let now = app.clock.now();
    app.db
        .read(move |conn| {
            let user = store::find_user(conn, user_id)?.ok_or_else(|| ApiError::not_found("user"))?;
            signed_in(conn, user, now)
        })
        .await
}

/// Ends the session; a second time changes nothing.
pub async fn logout(app: &App, token: SessionToken) -> Result<(), ApiError> {
    app.db
        .write(move |conn| session_store::remove_session(conn, &token.hash()))
        .await?;
    Ok(())
}
