//! Forgetting, resetting and changing a password.
//!
//! Asking for a link only writes a job, whoever is named: known and unknown addresses cannot be told apart by the
//! answer or its time. What the address means is found out by the worker.

pub mod store;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    ErrorCode, FieldError,
    audit::AuditAction,
    ids::UserId,
    passwords::{PasswordChange, PasswordReset},
    validate::{Email, check_new_password},
};

use super::{
    mails, password,
    sessions::store as session_store,
    store::{self as user_store, UserRow},
};
use crate::{
    accounts,
    app::App,
    audit::{self, Origin},
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    http::{
        access::Caller,
        session::{SessionToken, hash_token, random_token},
    },
    jobs::{self, Job},
};

/// A link that sets a new password works this long.
pub(super) const RESET_KEPT: TimeDelta = TimeDelta::hours(1);

/// Takes the wish for a link.
pub async fn forgot(app: &App, email: &Email, origin: Origin) -> Result<(), ApiError> {
    let job = Job::PasswordReset {
        email_key: email.key(),
        origin,
    };
    enqueue(app, job).await
}

/// Writes one job and wakes the worker: the same work for every address.
pub(super) async fn enqueue(app: &App, job: Job) -> Result<(), ApiError> {
    let now = app.clock.now();
    app.db.write(move |conn| jobs::enqueue(conn, &job, now)).await?;
    app.wake_worker();
    Ok(())
}

/// Sends the link when the address has a user; the worker's part of [`forgot`].
pub async fn send_reset(app: &App, email_key: String, origin: Origin) -> Result<(), ApiError> {
    let now = app.clock.now();
    let config = app.config.clone();
    app.db
        .write(move |conn| -> QueryResult<()> {
            let Some(user) = user_store::find_user_by_email(conn, &email_key)? else {
                return Ok(());
            };
            let token = new_reset(conn, user.id, now, RESET_KEPT)?;
            audit::record(conn, &origin, &user.entry(AuditAction::PasswordResetAsked), now)?;
            let mail = mails::reset_password(&config, &user.email, &token);
            jobs::enqueue(conn, &Job::Mail(mail), now)
        })
        .await?;
    Ok(())
}

/// The token of a new link, of which only the hash is stored.
pub fn new_reset(conn: &mut Conn, user_id: UserId, now: DateTime<Utc>, kept: TimeDelta) -> QueryResult<String> {
    let token = random_token();
    store::insert_reset(conn, &hash_token(&token), user_id, now, now + kept)?;
    Ok(token)
}

/// Sets a new password by a link; every session ends, the second factor stays.
pub async fn reset(app: &App, reset: PasswordReset, origin: Origin) -> Result<(), ApiError> {
    check_new_password("password", &reset.password)?;
    let token_hash = hash_token(&reset.token);
    let now = app.clock.now();
    let (user, companies) = {
        let token_hash = token_hash.clone();
        app.db
            .read(move |conn| {
                let user_id = store::find_reset(conn, &token_hash, now)?.ok_or_else(link_ended)?;
                person(conn, user_id, now)
            })
            .await?
    };
    password::check_new("password", &reset.password, &context(&user, &companies)).await?;
    let password_hash = password::hash(reset.password).await?;
    let config = app.config.clone();
    app.db
        .write(move |conn| {
            // The person first, as everywhere: two requests that lock crosswise would end each other.
            user_store::lock(conn, user.id)?;
            // Of two requests with one link, the one that takes it decides.
            if !store::take_reset(conn, &token_hash, now)? {
                return Err(link_ended());
            }
            store::set_password(conn, user.id, &password_hash, now)?;
            store::remove_resets(conn, user.id)?;
            session_store::remove_all(conn, user.id)?;
            user_store::remove_registrations(conn, &user.email_key)?;
            let origin = origin.acting_as(user.id, &user.email);
            audit::record(conn, &origin, &user.entry(AuditAction::PasswordReset), now)?;
            let mail = mails::password_changed(&config, user.person());
            jobs::enqueue(conn, &Job::Mail(mail), now)?;
            Ok(())
        })
        .await?;
    app.wake_worker();
    Ok(())
}

/// Sets a new password for who knows the present one; this session gets a new token, all others end.
pub async fn change(
    app: &App,
    caller: &Caller,
    change: PasswordChange,
    origin: Origin,
) -> Result<SessionToken, ApiError> {
    let now = app.clock.now();
    let user_id = caller.user_id;
    let (user, companies) = app.db.read(move |conn| person(conn, user_id, now)).await?;
    if !password::verify(change.current_password, Some(user.password_hash.clone())).await? {
        return Err(FieldError::new(
            "current_password",
            "wrong",
            "This is not your present password. Nothing was changed.",
        )
        .into());
    }
    password::check_new("new_password", &change.new_password, &context(&user, &companies)).await?;
    let password_hash = password::hash(change.new_password).await?;
    let token = SessionToken::generate();
    let token_hash = token.hash();
    let session_id = caller.session_id()?;
    let config = app.config.clone();
    app.db
        .write(move |conn| {
            if !user_store::hold(conn, &user)? {
                return Err(ApiError::conflict("your sign-in was changed a moment ago; try again"));
            }
            let session_id = session_store::rotate(conn, session_id, clock::new_id(now), &token_hash)?
                .ok_or_else(|| ApiError::new(ErrorCode::NotSignedIn, "sign in first"))?;
            store::set_password(conn, user.id, &password_hash, now)?;
            store::remove_resets(conn, user.id)?;
            session_store::remove_others(conn, user.id, session_id)?;
            audit::record(conn, &origin, &user.entry(AuditAction::PasswordChanged), now)?;
            let mail = mails::password_changed(&config, user.person());
            jobs::enqueue(conn, &Job::Mail(mail), now)?;
            Ok(())
        })
        .await?;
    app.wake_worker();
    Ok(token)
}

/// The user and the names of their companies, which a password must not lean on.
fn person(conn: &mut Conn, user_id: UserId, now: DateTime<Utc>) -> Result<(UserRow, Vec<String>), ApiError> {
    let user = user_store::load_user(conn, user_id)?;
    let accounts = accounts::service::summaries(conn, user_id, now)?;
    Ok((user, accounts.into_iter().map(|account| account.company_name).collect()))
}

fn context<'a>(user: &'a UserRow, companies: &'a [String]) -> Vec<&'a str> {
    let own = [user.email.as_str(), &user.first_name, &user.last_name];
    own.into_iter().chain(companies.iter().map(String::as_str)).collect()
}

fn link_ended() -> ApiError {
    ApiError::with_fields(
        ErrorCode::TokenInvalid,
        vec![FieldError::new(
            "token",
            "invalid",
            "This link was used already or is too old. Ask for a new one.",
        )],
    )
}
