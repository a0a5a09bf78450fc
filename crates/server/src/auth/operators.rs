//! Users that are made and changed at the command line.

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    audit::AuditAction,
    auth::StaffRole,
    ids::UserId,
    validate::{Email, check_new_password},
};

use super::{
    mails, mfa, password, passwords, seal,
    sessions::store as session_store,
    store::{self, NewUser, UserRow},
};
use crate::{
    app::App,
    audit::{self, Origin},
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    http::session::random_token,
    jobs::{self, Job},
};

/// A link that an operator hands over works this long.
const LINK_KEPT: TimeDelta = TimeDelta::hours(24);

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
    let password_hash = password::hash(user.password).await?;
    let now = app.clock.now();
    let config = app.config.clone();
    let saved = app
        .db
        .write(move |conn| -> QueryResult<_> {
            let email_key = user.email.key();
            let existing = store::find_user_by_email(conn, &email_key)?;
            let id = existing.as_ref().map_or_else(|| clock::new_id(now), |user| user.id);
            let sealed = user
                .totp_secret
                .map(|secret| seal::seal(&config.secret_key, id, &secret));
            if existing.is_some() {
                store::set_credentials(conn, id, &password_hash, sealed.as_deref(), now)?;
                return Ok((id, false));
            }
            let new = NewUser {
                id,
                email: user.email.as_str(),
                email_key: &email_key,
                password_hash: &password_hash,
                first_name: &user.first_name,
                last_name: &user.last_name,
                staff_role: user.staff_role,
                totp_secret: sealed.as_deref(),
                now,
            };
            Ok((id, store::insert_user(conn, &new)?))
        })
        .await?;
    Ok(saved)
}

/// Somebody who is to work for the platform.
pub struct NewStaff {
    pub email: Email,
    pub role: StaffRole,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
}

/// Makes a user with a role, or gives an existing one the role and ends their sessions; tells a link that sets a
/// password.
pub async fn create_staff(app: &App, staff: NewStaff) -> Result<String, ApiError> {
    let now = app.clock.now();
    // Nobody knows it: the link sets the first password.
    let nobody_s = password::hash(random_token()).await?;
    let token = app
        .db
        .write(move |conn| -> QueryResult<_> {
            let origin = Origin::operator();
            let email_key = staff.email.key();
            let local = staff.email.as_str().split('@').next().unwrap_or_default();
            let new = NewUser {
                id: clock::new_id(now),
                email: staff.email.as_str(),
                email_key: &email_key,
                password_hash: &nobody_s,
                first_name: staff.first_name.as_deref().unwrap_or(local),
                last_name: staff.last_name.as_deref().unwrap_or_default(),
                staff_role: None,
                totp_secret: None,
                now,
            };
            let is_new = store::insert_user(conn, &new)?;
            let user = store::find_user_by_email(conn, &email_key)?.expect("it was made or found a moment ago");
            if is_new {
                store::remove_registrations(conn, &email_key)?;
                audit::record(conn, &origin, &user.entry(AuditAction::UserRegistered), now)?;
            }
            // Whoever knows the old password must not get the role with it: the link alone opens the door.
            if user.staff_role.is_none() {
                passwords::store::set_password(conn, user.id, &nobody_s, now)?;
            }
            set_role(conn, &user, Some(staff.role), now)?;
            passwords::new_reset(conn, user.id, now, LINK_KEPT)
        })
        .await?;
    Ok(mails::reset_url(&app.config, &token))
}

/// Takes the role of the staff from a user and ends their sessions; `false` when they have none.
pub async fn remove_staff(app: &App, email: &Email) -> Result<bool, ApiError> {
    let now = app.clock.now();
    let email_key = email.key();
    let removed = app
        .db
        .write(move |conn| -> QueryResult<_> {
            let user = store::find_user_by_email(conn, &email_key)?;
            let Some(user) = user.filter(|user| user.staff_role.is_some()) else {
                return Ok(false);
            };
            set_role(conn, &user, None, now)?;
            Ok(true)
        })
        .await?;
    Ok(removed)
}

/// Another role starts with new sessions, so that nothing done before it counts.
fn set_role(conn: &mut Conn, user: &UserRow, role: Option<StaffRole>, now: DateTime<Utc>) -> QueryResult<()> {
    store::set_staff_role(conn, user.id, role)?;
    session_store::remove_all(conn, user.id)?;
    passwords::store::remove_resets(conn, user.id)?;
    let mut entry = user.entry(AuditAction::StaffRoleChanged);
    let (before, after) = (user.staff_role.map(StaffRole::as_str), role.map(StaffRole::as_str));
    entry.changes = audit::service::changed([("staff_role", before, after)]);
    audit::record(conn, &Origin::operator(), &entry, now)
}

/// One line of the list of staff.
pub struct Staff {
    pub email: String,
    pub role: StaffRole,
    pub has_second_factor: bool,
}

pub async fn list_staff(app: &App) -> Result<Vec<Staff>, ApiError> {
    let users = app.db.read(store::load_staff).await?;
    let staff = users.into_iter().filter_map(|user| {
        Some(Staff {
            role: user.staff_role?,
            has_second_factor: user.totp_secret.is_some(),
            email: user.email,
        })
    });
    Ok(staff.collect())
}

/// Turns the second factor of somebody off who lost the app and the codes, and ends their sessions; `false` when there
/// is none.
pub async fn reset_second_factor(app: &App, email: &Email) -> Result<bool, ApiError> {
    let now = app.clock.now();
    let email_key = email.key();
    let config = app.config.clone();
    let is_off = app
        .db
        .write(move |conn| -> QueryResult<_> {
            let user = store::find_user_by_email(conn, &email_key)?;
            let Some(user) = user.filter(|user| user.totp_secret.is_some()) else {
                return Ok(false);
            };
            mfa::turn_off(conn, user.id)?;
            session_store::remove_all(conn, user.id)?;
            audit::record(conn, &Origin::operator(), &user.entry(AuditAction::MfaDisabled), now)?;
            let mail = mails::mfa_disabled(&config, user.person());
            jobs::enqueue(conn, &Job::Mail(mail), now)?;
            Ok(true)
        })
        .await?;
    Ok(is_off)
}
