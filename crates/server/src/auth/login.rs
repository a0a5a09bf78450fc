//! Signing in and out, and who is signed in.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use common::{
    ErrorCode, FieldError,
    audit::AuditAction,
    auth::{Credentials, SignedIn},
    ids::UserId,
    validate::Email,
};

use super::{
    limits, mails, mfa, password,
    passwords::enqueue,
    sessions::{
        SESSION_KEPT, device,
        store::{self as session_store, NewSession},
    },
    store::{self, UserRow},
};
use crate::{
    accounts,
    app::App,
    audit::{self, Origin},
    clock,
    config::Config,
    db::{Conn, QueryResult},
    error::ApiError,
    http::{access::Caller, session::SessionToken},
    jobs::{self, Job},
};

/// Where a sign-in comes from, for the list of sessions and the log.
pub struct Device {
    pub user_agent: String,
    pub origin: Origin,
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
    limits::before_sign_in(app, &email_key, device.peer).await?;
    let key = email_key.clone();
    let refused = Refused {
        email_key: email_key.clone(),
        origin: device.origin.clone(),
    };
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
    let is_right = password::verify(credentials.password.clone(), stored).await?;
    let waits = password::verify(credentials.password, pending).await?;
    let user = match user {
        Some(user) if is_right => user,
        _ => {
            refused.note(app, "password").await?;
            return Err(if waits { email_unverified() } else { wrong_credentials() });
        }
    };
    limits::after_right_password(app, &key, device.peer).await;
    let user_id = user.id;
    let has_code = credentials.totp.as_deref().is_some_and(|code| !code.trim().is_empty());
    if user.totp_secret.is_some() && has_code {
        limits::before_code(app, user_id).await?;
    }
    let Ok(proof) = second_factor(&app.config, &user, credentials.totp.as_deref(), now)? else {
        refused.note(app, "code").await?;
        return Err(wrong_totp());
    };
    let token = SessionToken::generate();
    let token_hash = token.hash();
    let old_hash = old_token.map(|token| token.hash());
    let config = app.config.clone();
    let signed_in = app
        .db
        .write(move |conn| {
            // A password or factor that was changed in this moment counts already.
            if !store::hold(conn, &user)? {
                return Err(ApiError::conflict("your sign-in was changed a moment ago; try again"));
            }
            let origin = device.origin.acting_as(user.id, &user.email);
            if let Some(proof) = &proof {
                match mfa::spend(conn, &user, proof, &origin, now)? {
                    None => return Ok(None),
                    Some(mfa::Spent::App) => {}
                    Some(mfa::Spent::RecoveryCode { left }) => {
                        let mail = mails::recovery_code_used(&config, user.person(), left);
                        jobs::enqueue(conn, &Job::Mail(mail), now)?;
                    }
                }
            }
            if let Some(old) = old_hash {
                session_store::remove_by_token(conn, &old)?;
            }
            let session = NewSession {
                id: clock::new_id(now),
                token_hash: &token_hash,
                user_id: user.id,
                user_agent: &device.user_agent,
                peer: origin.peer.as_deref().unwrap_or_default(),
                has_second_factor: proof.is_some(),
                now,
                expires_at: now + SESSION_KEPT,
            };
            session_store::insert(conn, &session)?;
            let entry = audit::Entry {
                action: AuditAction::SignedIn,
                account_id: None,
                subject_kind: "session",
                subject_id: Some(session.id.as_str()),
                subject: &device::describe(&device.user_agent),
                changes: Vec::new(),
            };
            audit::record(conn, &origin, &entry, now)?;
            signed_in(conn, user, now).map(Some)
        })
        .await?;
    let Some(signed_in) = signed_in else {
        refused.note(app, "code").await?;
        return Err(wrong_totp());
    };
    limits::after_right_code(app, user_id).await;
    app.wake_worker();
    Ok((token, signed_in))
}

/// What the given code proves: nothing is needed without a factor; the inner error is a wrong code.
fn second_factor(
    config: &Config,
    user: &UserRow,
    code: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Result<Option<mfa::Proof>, ()>, ApiError> {
    let Some(sealed) = user.totp_secret.as_deref() else {
        return Ok(Ok(None));
    };
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
        return Err(ApiError::new(
            ErrorCode::MfaRequired,
            "enter the code of your authenticator app",
        ));
    };
    Ok(mfa::proof(config, user, sealed, code, now).map(Some).ok_or(()))
}

/// A sign-in that was not let in.
///
/// It is noted by a job, whoever was named: the same work for known and unknown addresses. The worker writes it into
/// the log when the address has a user; what strangers type is not kept.
struct Refused {
    email_key: String,
    origin: Origin,
}

impl Refused {
    async fn note(self, app: &App, reason: &str) -> Result<(), ApiError> {
        let job = Job::SignInRefused {
            email_key: self.email_key,
            reason: reason.to_owned(),
            origin: self.origin,
            at: app.clock.now(),
        };
        enqueue(app, job).await
    }
}

/// Writes a refused sign-in into the log when the address has a user; the worker's part of [`login`].
pub async fn record_refusal(
    app: &App,
    email_key: String,
    reason: String,
    origin: Origin,
    at: DateTime<Utc>,
) -> Result<(), ApiError> {
    app.db
        .write(move |conn| -> QueryResult<()> {
            let Some(user) = store::find_user_by_email(conn, &email_key)? else {
                return Ok(());
            };
            let mut entry = user.entry(AuditAction::SignInRefused);
            entry.changes = audit::service::changed([("refused", None, Some(&reason))]);
            audit::record(conn, &origin, &entry, at)
        })
        .await?;
    Ok(())
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
pub async fn logout(
    app: &App,
    token: SessionToken,
    user_agent: &str,
    caller: Option<Caller>,
    origin: Origin,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let device = device::describe(user_agent);
    let session_id = caller.and_then(|caller| caller.session_id().ok());
    app.db
        .write(move |conn| -> QueryResult<()> {
            let has_ended = session_store::remove_by_token(conn, &token.hash())?;
            let Some(session_id) = session_id.filter(|_| has_ended) else {
                return Ok(());
            };
            let entry = audit::Entry {
                action: AuditAction::SignedOut,
                account_id: None,
                subject_kind: "session",
                subject_id: Some(session_id.as_str()),
                subject: &device,
                changes: Vec::new(),
            };
            audit::record(conn, &origin, &entry, now)
        })
        .await?;
    Ok(())
}

fn email_unverified() -> ApiError {
    let detail = "confirm your e-mail address first; we sent you a link";
    ApiError::new(ErrorCode::EmailUnverified, detail)
}

fn wrong_credentials() -> ApiError {
    ApiError::new(ErrorCode::InvalidCredentials, "e-mail or password is wrong")
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
