//! Signing up: a row that waits for its address to be confirmed, and then becomes a user.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    ErrorCode, FieldError,
    audit::AuditAction,
    auth::{EmailConfirmed, Registration},
    ids::UserId,
    validate::{Email, NAME_MAX_CHARS, Name, check_new_password, line},
};

use super::{
    limits::{self, MailFor},
    mails, password,
    passwords::{self, enqueue},
    seal,
    store::{self, NewRegistration, NewUser, RegistrationRow},
};
use crate::{
    accounts,
    app::App,
    audit::{self, Origin},
    clock,
    db::QueryResult,
    error::ApiError,
    http::session::{SessionToken, hash_token, random_token},
    jobs::{self, Job},
};

/// A link that confirms an address works this long.
const VERIFICATION_KEPT: TimeDelta = TimeDelta::hours(24);

/// Takes a sign-up and sends its mail; known and unknown addresses are answered alike.
pub async fn register(
    app: &App,
    registration: Registration,
    browser: Option<SessionToken>,
    peer: IpAddr,
) -> Result<(), ApiError> {
    let (email, mut row) = check_registration(&registration)?;
    limits::before_mail(app, MailFor::SignUp, &row.email_key, peer).await?;
    judge(&registration).await?;
    row.browser_hash = browser.map(|token| token.hash());
    let salt = seal::sign_up_salt(&app.config.secret_key, &row.email_key);
    row.password_hash = password::hash_with(registration.password, salt).await?;
    let now = app.clock.now();
    let token = random_token();
    let config = app.config.clone();
    app.db
        .write(move |conn| -> QueryResult<()> {
            let is_known = store::find_user_by_email(conn, &row.email_key)?.is_some();
            let mail = if is_known {
                mails::address_is_known(&config, email.as_str())
            } else {
                mails::confirm_address(&config, email.as_str(), &token)
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
        browser_hash: None,
        company_name: company_name.unwrap_or_else(full_name),
        first_name: first_name.into_string(),
        last_name: last_name.into_string(),
    };
    Ok((email, row))
}

/// Refuses a password that is easy to guess; it costs time, so it comes after the limits.
async fn judge(registration: &Registration) -> Result<(), ApiError> {
    let context = [
        registration.email.as_str(),
        &registration.first_name,
        &registration.last_name,
        registration.company_name.as_deref().unwrap_or_default(),
    ];
    password::check_new("password", &registration.password, &context).await
}

fn collect<T>(errors: &mut Vec<FieldError>, result: Result<T, FieldError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

/// Takes the wish for another link; the same work for every address.
pub async fn resend_confirmation(app: &App, email: &Email) -> Result<(), ApiError> {
    let job = Job::Confirmation { email_key: email.key() };
    enqueue(app, job).await
}

/// Sends another link of the newest sign-up that waits; the worker's part of [`resend_confirmation`].
///
/// The link is one more: a stranger who asks for it must not end the one that was sent before. A known address gets
/// no mail, but its sign-up lives on as that of an unknown one would.
pub async fn send_confirmation(app: &App, email_key: String) -> Result<(), ApiError> {
    let now = app.clock.now();
    let config = app.config.clone();
    app.db
        .write(move |conn| -> QueryResult<()> {
            let is_known = store::find_user_by_email(conn, &email_key)?.is_some();
            let newest = store::find_newest_registration(conn, &email_key, now)?;
            let Some(row) = newest else {
                return Ok(());
            };
            let token = random_token();
            let mail = (!is_known).then(|| mails::confirm_address(&config, &row.email, &token));
            let again = NewRegistration {
                id: clock::new_id(now),
                row,
                token_hash: hash_token(&token),
                now,
                expires_at: now + VERIFICATION_KEPT,
            };
            store::insert_registration(conn, &again)?;
            match mail {
                Some(mail) => jobs::enqueue(conn, &Job::Mail(mail), now),
                None => Ok(()),
            }
        })
        .await?;
    Ok(())
}

/// Turns a sign-up into a user with an account of their own; the token works once.
///
/// The link proves the address, not who chose the password. When the address was signed up with several passwords,
/// that of the sign-up counts only in the browser that made it; else a mail brings a link that sets one (decision 8).
pub async fn verify_email(
    app: &App,
    token: &str,
    browser: Option<SessionToken>,
    origin: Origin,
) -> Result<EmailConfirmed, ApiError> {
    let token_hash = hash_token(token);
    let now = app.clock.now();
    let config = app.config.clone();
    let nobody_s = password::hash(random_token()).await?;
    let confirmed = app
        .db
        .write(move |conn| {
            let mut row = store::find_registration(conn, &token_hash, now)?.ok_or_else(token_invalid)?;
            let is_own = browser.is_some_and(|token| row.browser_hash == Some(token.hash()));
            let is_contested = !is_own && store::count_passwords(conn, &row.email_key, now)? > 1;
            if is_contested {
                row.password_hash = nobody_s;
            }
            store::remove_registrations(conn, &row.email_key)?;
            let user_id = clock::new_id(now);
            let is_new = store::insert_user(conn, &NewUser::of(&row, user_id, now))?;
            if !is_new {
                return Err(token_invalid());
            }
            let user = store::load_user(conn, user_id)?;
            let origin = origin.acting_as(user_id, &user.email);
            audit::record(conn, &origin, &user.entry(AuditAction::UserRegistered), now)?;
            accounts::service::open_for(conn, &origin, user_id, &row.company_name, &row.email, now)?;
            if is_contested {
                let token = passwords::new_reset(conn, user_id, now, passwords::RESET_KEPT)?;
                let mail = mails::choose_password(&config, &user.email, &token);
                jobs::enqueue(conn, &Job::Mail(mail), now)?;
            }
            Ok::<_, ApiError>(EmailConfirmed {
                choose_password: is_contested,
            })
        })
        .await?;
    app.wake_worker();
    Ok(confirmed)
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
