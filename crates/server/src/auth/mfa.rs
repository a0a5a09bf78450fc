//! The second factor: enrolling, confirming, spending codes, renewing them, and turning it off.
//!
//! The secret is sealed at rest, recovery codes are kept as fingerprints, and a code that was used is worth nothing:
//! each is spent by a compare-and-swap in the transaction that it opens.

pub mod codes;
pub mod qr;
pub mod store;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    ErrorCode, FieldError,
    audit::AuditAction,
    ids::UserId,
    mfa::{MfaEnrolment, MfaStatus, RecoveryCodes},
};

use self::codes::Typed;
use super::{
    mails, seal,
    sessions::store as session_store,
    store::{self as user_store, UserRow},
};
use crate::{
    app::App,
    audit::{self, Origin},
    clock,
    config::Config,
    db::{Conn, QueryResult},
    error::ApiError,
    http::{access::Caller, session::SessionToken},
    jobs::{self, Job},
    mail::Mail,
};

/// Whoever finds an open browser must not be able to lock its owner out with a factor of their own.
const FRESH: TimeDelta = TimeDelta::minutes(15);

pub async fn status(app: &App, user_id: UserId) -> Result<MfaStatus, ApiError> {
    app.db
        .read(move |conn| {
            let user = user_store::load_user(conn, user_id)?;
            Ok(MfaStatus {
                is_enabled: user.totp_secret.is_some(),
                enabled_at: user.totp_enabled_at.map(|at| at.and_utc()),
                recovery_codes_left: store::count_codes(conn, user_id)?,
                is_required: user.staff_role.is_some(),
            })
        })
        .await
}

/// Makes a secret that counts once a code of it was confirmed; a second call makes another.
pub async fn enrol(app: &App, caller: &Caller) -> Result<MfaEnrolment, ApiError> {
    let secret = codes::new_totp_secret();
    let user_id = caller.user_id;
    let (session_id, now) = (caller.session_id()?, app.clock.now());
    let sealed = seal::seal(&app.config.secret_key, user_id, &secret);
    let is_kept = app
        .db
        .write(move |conn| {
            let since = session_store::find_start(conn, session_id)?;
            if since.is_none_or(|since| now - since.and_utc() > FRESH) {
                return Err(ApiError::new(
                    ErrorCode::SignInAgain,
                    "sign out and in again first: two-step sign-in is turned on within 15 minutes of signing in",
                ));
            }
            Ok(store::set_pending(conn, user_id, &sealed)?)
        })
        .await?;
    if !is_kept {
        return Err(already_on());
    }
    let otpauth_uri = codes::otpauth_uri(&secret, &caller.email);
    Ok(MfaEnrolment {
        qr: qr::draw(&otpauth_uri),
        secret,
        otpauth_uri,
    })
}

/// Turns the factor on: recovery codes, a new token for this session, and the end of all others.
pub async fn confirm(
    app: &App,
    caller: &Caller,
    code: &str,
    origin: Origin,
) -> Result<(SessionToken, RecoveryCodes), ApiError> {
    let now = app.clock.now();
    let user = load_user(app, caller.user_id).await?;
    if user.totp_secret.is_some() {
        return Err(already_on());
    }
    let pending = user
        .totp_pending_secret
        .clone()
        .ok_or_else(|| ApiError::conflict("start two-step sign-in first, then enter a code"))?;
    let Some(Proof::Step(step)) = proof(&app.config, &user, &pending, code, now) else {
        return Err(wrong_code());
    };
    let config = app.config.clone();
    let token = SessionToken::generate();
    let token_hash = token.hash();
    let session_id = caller.session_id()?;
    let recovery_codes = app
        .db
        .write(move |conn| {
            if !store::enable(conn, user.id, &pending, step, now)? {
                return Err(already_on());
            }
            let recovery_codes = replace_codes(conn, &config, user.id, now)?;
            let session_id = session_store::rotate(conn, session_id, clock::new_id(now), &token_hash)?
                .ok_or_else(|| ApiError::new(ErrorCode::NotSignedIn, "sign in first"))?;
            session_store::mark_second_factor(conn, session_id)?;
            session_store::remove_others(conn, user.id, session_id)?;
            record(conn, &origin, AuditAction::MfaEnabled, &user, now)?;
            send(conn, mails::mfa_enabled(&config, user.person()), now)?;
            Ok(recovery_codes)
        })
        .await?;
    app.wake_worker();
    Ok((token, RecoveryCodes { recovery_codes }))
}

/// Turns the factor off; staff must keep theirs.
pub async fn disable(app: &App, caller: &Caller, code: &str, origin: Origin) -> Result<(), ApiError> {
    let now = app.clock.now();
    let user = load_user(app, caller.user_id).await?;
    if user.staff_role.is_some() {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "staff need two-step sign-in, so it cannot be turned off",
        ));
    }
    let proof = current_proof(&app.config, &user, code, now)?;
    let config = app.config.clone();
    app.db
        .write(move |conn| {
            spend(conn, &user, &proof, &origin, now)?.ok_or_else(wrong_code)?;
            turn_off(conn, user.id)?;
            record(conn, &origin, AuditAction::MfaDisabled, &user, now)?;
            send(conn, mails::mfa_disabled(&config, user.person()), now)?;
            Ok::<_, ApiError>(())
        })
        .await?;
    app.wake_worker();
    Ok(())
}

/// Ends a person's factor with everything that belongs to it; their sessions have one proof less.
pub fn turn_off(conn: &mut Conn, user_id: UserId) -> QueryResult<()> {
    store::disable(conn, user_id)?;
    store::remove_codes(conn, user_id)?;
    session_store::unmark_second_factor(conn, user_id)
}

/// Replaces all recovery codes.
pub async fn renew_codes(app: &App, caller: &Caller, code: &str, origin: Origin) -> Result<RecoveryCodes, ApiError> {
    let now = app.clock.now();
    let user = load_user(app, caller.user_id).await?;
    let proof = current_proof(&app.config, &user, code, now)?;
    let config = app.config.clone();
    let recovery_codes = app
        .db
        .write(move |conn| {
            spend(conn, &user, &proof, &origin, now)?.ok_or_else(wrong_code)?;
            let recovery_codes = replace_codes(conn, &config, user.id, now)?;
            record(conn, &origin, AuditAction::RecoveryCodesRenewed, &user, now)?;
            send(conn, mails::recovery_codes_renewed(&config, user.person()), now)?;
            Ok::<_, ApiError>(recovery_codes)
        })
        .await?;
    app.wake_worker();
    Ok(RecoveryCodes { recovery_codes })
}

/// A code that fits a person; it counts once it was spent.
pub enum Proof {
    /// The step of a TOTP code.
    Step(i64),
    /// The fingerprint of what may be a recovery code.
    Recovery(String),
}

/// What was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    App,
    RecoveryCode { left: u32 },
}

/// Reads a code against the factor that is on; 409 when none is, 422 when the code is wrong.
fn current_proof(config: &Config, user: &UserRow, code: &str, now: DateTime<Utc>) -> Result<Proof, ApiError> {
    let sealed = user
        .totp_secret
        .as_deref()
        .ok_or_else(|| ApiError::conflict("two-step sign-in is off"))?;
    proof(config, user, sealed, code, now).ok_or_else(wrong_code)
}

/// Reads a code against a sealed secret; `None` when it is certainly wrong.
pub fn proof(config: &Config, user: &UserRow, sealed: &str, code: &str, now: DateTime<Utc>) -> Option<Proof> {
    match codes::read(code)? {
        Typed::Totp(digits) => {
            let Some(secret) = seal::open(&config.secret_key, user.id, sealed) else {
                tracing::error!(user.id = %user.id, "A second factor cannot be opened; was SECRET_KEY changed?");
                return None;
            };
            codes::matching_step(&secret, &digits, now).map(Proof::Step)
        }
        Typed::Recovery(code) => Some(Proof::Recovery(seal::fingerprint(&config.secret_key, user.id, &code))),
    }
}

/// Uses a code up and records a recovery code; `None` when it was used before or never existed.
pub fn spend(
    conn: &mut Conn,
    user: &UserRow,
    proof: &Proof,
    origin: &Origin,
    now: DateTime<Utc>,
) -> QueryResult<Option<Spent>> {
    // What is proven must still be asked for; and renewing and spending follow one another.
    if !user_store::hold(conn, user)? {
        return Ok(None);
    }
    match proof {
        Proof::Step(step) => Ok(store::use_totp_step(conn, user.id, *step)?.then_some(Spent::App)),
        Proof::Recovery(hash) => {
            if !store::use_code(conn, user.id, hash, now)? {
                return Ok(None);
            }
            record(conn, origin, AuditAction::RecoveryCodeUsed, user, now)?;
            let left = store::count_codes(conn, user.id)?;
            Ok(Some(Spent::RecoveryCode { left }))
        }
    }
}

/// Codes in place of all that the person had.
fn replace_codes(conn: &mut Conn, config: &Config, user_id: UserId, now: DateTime<Utc>) -> QueryResult<Vec<String>> {
    store::remove_codes(conn, user_id)?;
    let new = codes::new_recovery_codes();
    for code in &new {
        if let Some(Typed::Recovery(signs)) = codes::read(code) {
            let hash = seal::fingerprint(&config.secret_key, user_id, &signs);
            store::insert_code(conn, clock::new_id(now), user_id, &hash, now)?;
        }
    }
    Ok(new)
}

async fn load_user(app: &App, id: UserId) -> Result<UserRow, ApiError> {
    let user = app.db.read(move |conn| user_store::load_user(conn, id)).await?;
    Ok(user)
}

fn record(
    conn: &mut Conn,
    origin: &Origin,
    action: AuditAction,
    user: &UserRow,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    audit::record(conn, origin, &user.entry(action), now)
}

fn send(conn: &mut Conn, mail: Mail, now: DateTime<Utc>) -> QueryResult<()> {
    jobs::enqueue(conn, &Job::Mail(mail), now)
}

fn already_on() -> ApiError {
    ApiError::conflict("two-step sign-in is on; turn it off before you start anew")
}

fn wrong_code() -> ApiError {
    FieldError::new(
        "code",
        "invalid",
        "This code is wrong or was used already. Wait for the next one.",
    )
    .into()
}
