//! Decisions of signing up and in; each change is one transaction.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    ErrorCode, FieldError,
    auth::{Credentials, Registration, SignedIn, StaffRole},
    ids::UserId,
    validate::{Email, NAME_MAX_CHARS, Name, check_new_password, line},
};
use totp_rs::{Algorithm, Secret, TOTP};

pub use super::logins::{Login, logins};
use super::{
    password,
    store::{self, NewRegistration, NewSession, NewUser, RegistrationRow, UserRow},
};
use crate::{
    accounts,
    app::App,
    audit::Origin,
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    http::{
        access::{Caller, Credential},
        session::{SessionToken, hash_token, random_token},
    },
    jobs::{self, Job},
    mail::Mail,
};

/// A link that confirms an address works this long.
const VERIFICATION_KEPT: TimeDelta = TimeDelta::hours(24);
/// A session ends after this time without a request …
pub(super) const SESSION_IDLE: TimeDelta = TimeDelta::hours(12);
/// … and after this time in any case.
const SESSION_KEPT: TimeDelta = TimeDelta::days(7);
/// The last use of a session is written at most this often.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(5);

/// Takes a sign-up and sends its mail; known and unknown addresses are answered alike.
pub async fn register(app: &App, registration: Registration) -> Result<(), ApiError> {
    let (email, mut row) = check_registration(&registration)?;
    row.password_hash = password::hash(registration.password).await;
    let now = app.clock.now();
    let token = random_token();
    let confirm_url = app.config.http.url(&format!("/verify-email?token={token}"));
    let sign_in_url = app.config.http.url("/sign-in");
    app.db
        .write(move |conn| -> QueryResult<()> {
            let is_known = store::find_user_by_email(conn, &row.email_key)?.is_some();
            let mail = if is_known {
                known_address_mail(&email, &sign_in_url)
            } else {
                confirmation_mail(&email, &confirm_url)
            };
            // A sign-up of a known address is kept as well, with a link that nobody gets: whoever signs in with the
            // password of that sign-up hears the same as for an unknown address.
            let new = NewRegistration {
                id: clock::new_id(now),
                row,
                token_hash: hash_token(&if is_known { random_token() } else { token }),
                now,
                expires_at: now + VERIFICATION_KEPT,
            };
            store::insert_registration(conn, &new)?;
            jobs::enqueue(conn, &Job::Mail(mail), now)
        })
        .await?;
    app.wake_worker();
    Ok(())
}

/// The checked fields, without a password hash yet; all that is wrong is told at once.
fn check_registration(registration: &Registration) -> Result<(Email, RegistrationRow), ApiError> {
    let mut errors = Vec::new();
    let email = collect(&mut errors, Email::parse("email", &registration.email));
    collect(&mut errors, check_new_password("password", &registration.password));
    let first_name = collect(
        &mut errors,
        Name::parse("first_name", &registration.first_name, "your first name"),
    );
    let last_name = collect(
        &mut errors,
        Name::parse("last_name", &registration.last_name, "your last name"),
    );
    let company_name = registration.company_name.as_deref().unwrap_or_default();
    let company_name = collect(&mut errors, line("company_name", company_name, NAME_MAX_CHARS));
    if !registration.terms_accepted {
        errors.push(FieldError::required(
            "terms_accepted",
            "Accept the terms to create an account.",
        ));
    }
    let (Some(email), Some(first_name), Some(last_name), Some(company_name), true) =
        (email, first_name, last_name, company_name, errors.is_empty())
    else {
        return Err(ApiError::invalid(errors));
    };
    let full_name = || format!("{} {}", first_name.as_str(), last_name.as_str());
    let row = RegistrationRow {
        email: email.as_str().to_owned(),
        email_key: email.key(),
        password_hash: String::new(),
        company_name: company_name.unwrap_or_else(full_name),
        first_name: first_name.into_string(),
        last_name: last_name.into_string(),
    };
    Ok((email, row))
}

fn collect<T>(errors: &mut Vec<FieldError>, result: Result<T, FieldError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

/// Nothing that was typed stands in it: anybody can have it sent to any address.
fn confirmation_mail(email: &Email, url: &str) -> Mail {
    Mail {
        to: email.as_str().to_owned(),
        subject: "Confirm your e-mail address".to_owned(),
        text: format!(
            "Hello\n\n\
             Open this link and press the button to confirm your e-mail address:\n\n{url}\n\n\
             The link works once, for 24 hours.\n\
             If you did not sign up at CapeControl, ignore this mail: nothing was created.\n"
        ),
    }
}

fn known_address_mail(email: &Email, url: &str) -> Mail {
    Mail {
        to: email.as_str().to_owned(),
        subject: "You already have an account".to_owned(),
        text: format!(
            "Hello\n\n\
             Somebody, probably you, signed up at CapeControl with this address, which has an account already.\n\
             Nothing was changed. Sign in here:\n\n{url}\n"
        ),
    }
}

/// Turns a sign-up into a user with an account of their own; the token works once.
pub async fn verify_email(app: &App, token: &str, origin: Origin) -> Result<(), ApiError> {
    let token_hash = hash_token(token);
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let row = store::find_registration(conn, &token_hash, now)?.ok_or_else(token_invalid)?;
            store::remove_registrations(conn, &row.email_key)?;
            let user_id = clock::new_id(now);
            let is_new = store::insert_user(conn, &NewUser::of(&row, user_id, now))?;
            if !is_new {
                return Err(token_invalid());
            }
            let origin = origin.acting_as(user_id, &row.email);
            accounts::service::open_for(conn, &origin, user_id, &row.company_name, &row.email, now)?;
            Ok(())
        })
        .await
}

impl<'a> NewUser<'a> {
    fn of(row: &'a RegistrationRow, id: UserId, now: DateTime<Utc>) -> Self {
        Self {
            id,
            email: &row.email,
            email_key: &row.email_key,
            password_hash: &row.password_hash,
            first_name: &row.first_name,
            last_name: &row.last_name,
            staff_role: None,
            totp_secret: None,
            now,
        }
    }
}

fn token_invalid() -> ApiError {
    ApiError::with_fields(
        ErrorCode::TokenInvalid,
        vec![FieldError::new(
            "token",
            "invalid",
            "This link was used already or is too old. Sign up again.",
        )],
    )
}

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
                store::remove_session(conn, &old)?;
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
            store::insert_session(conn, &session)?;
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
        .write(move |conn| store::remove_session(conn, &token.hash()))
        .await?;
    Ok(())
}

/// The signed-in person behind a session token's hash; idle and ended sessions are nobody's.
pub async fn find_caller(app: &App, token_hash: String) -> Result<Option<Caller>, ApiError> {
    let now = app.clock.now();
    let found = app
        .db
        .read(move |conn| -> QueryResult<_> {
            let Some(session) = store::find_session(conn, &token_hash, now, now - SESSION_IDLE)? else {
                return Ok(None);
            };
            let memberships = accounts::service::memberships(conn, session.user_id)?;
            Ok(Some((session, memberships)))
        })
        .await?;
    let Some((session, memberships)) = found else {
        return Ok(None);
    };
    if now - session.last_seen_at.and_utc() > TOUCH_EVERY {
        app.db
            .write(move |conn| store::touch_session(conn, session.id, now))
            .await?;
    }
    Ok(Some(Caller {
        credential: Credential::Session(session.id),
        user_id: session.user_id,
        email: session.email,
        staff_role: session.staff_role.filter(|_| session.has_second_factor),
        lacks_second_factor: session.staff_role.is_some() && !session.has_second_factor,
        memberships,
        account: None,
    }))
}

/// The mail address and names of a person, for forms that go out in their name.
pub fn find_person(conn: &mut Conn, user_id: UserId) -> QueryResult<Option<common::auth::User>> {
    Ok(store::find_user(conn, user_id)?.map(Into::into))
}

/// Forgets what has ended.
pub fn purge_expired(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    store::purge_expired(conn, now)
}

/// A confirmed user made by an operator: demo data and the first administrator.
pub struct OperatorUser {
    pub email: Email,
    pub password: String,
    pub first_name: String,
    pub last_name: String,
    pub staff_role: Option<StaffRole>,
    pub totp_secret: Option<String>,
}

/// Creates the user, or gives an existing one this password and second factor; tells the id and whether it is new.
pub async fn upsert_user(app: &App, user: OperatorUser) -> Result<(UserId, bool), ApiError> {
    check_new_password("password", &user.password)?;
    let password_hash = password::hash(user.password).await;
    let now = app.clock.now();
    let saved = app
        .db
        .write(move |conn| -> QueryResult<_> {
            let email_key = user.email.key();
            let new = NewUser {
                id: clock::new_id(now),
                email: user.email.as_str(),
                email_key: &email_key,
                password_hash: &password_hash,
                first_name: &user.first_name,
                last_name: &user.last_name,
                staff_role: user.staff_role,
                totp_secret: user.totp_secret.as_deref(),
                now,
            };
            if store::insert_user(conn, &new)? {
                return Ok((new.id, true));
            }
            let existing = store::find_user_by_email(conn, &email_key)?.expect("the address was taken a moment ago");
            store::set_credentials(conn, existing.id, &password_hash, user.totp_secret.as_deref())?;
            Ok((existing.id, false))
        })
        .await?;
    Ok(saved)
}

/// A new TOTP secret in base 32, 160 bits as RFC 4226 section 4 recommends.
pub fn new_totp_secret() -> String {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    Secret::Raw(bytes.to_vec()).to_encoded().to_string()
}
