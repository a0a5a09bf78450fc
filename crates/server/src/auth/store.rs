//! The tables `users`, `registrations` and `sessions`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    auth::{StaffRole, User},
    ids::{RegistrationId, SessionId, UserId},
};
use diesel::prelude::*;

use crate::db::{
    Conn, each_backend,
    schema::{registrations, sessions, users},
};

#[derive(Queryable)]
pub struct UserRow {
    pub id: UserId,
    pub email: String,
    pub password_hash: String,
    pub first_name: String,
    pub last_name: String,
    pub staff_role: Option<StaffRole>,
    pub totp_secret: Option<String>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
            staff_role: row.staff_role,
        }
    }
}

type UserColumns = (
    users::id,
    users::email,
    users::password_hash,
    users::first_name,
    users::last_name,
    users::staff_role,
    users::totp_secret,
);

const USER: UserColumns = (
    users::id,
    users::email,
    users::password_hash,
    users::first_name,
    users::last_name,
    users::staff_role,
    users::totp_secret,
);

pub fn find_user_by_email(conn: &mut Conn, email_key: &str) -> QueryResult<Option<UserRow>> {
    users::table
        .filter(users::email_key.eq(email_key))
        .select(USER)
        .first(conn)
        .optional()
}

pub fn find_user(conn: &mut Conn, id: UserId) -> QueryResult<Option<UserRow>> {
    users::table.find(id).select(USER).first(conn).optional()
}

pub struct NewUser<'a> {
    pub id: UserId,
    pub email: &'a str,
    pub email_key: &'a str,
    pub password_hash: &'a str,
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub staff_role: Option<StaffRole>,
    pub totp_secret: Option<&'a str>,
    pub now: DateTime<Utc>,
}

/// `false` when the address has a user already.
pub fn insert_user(conn: &mut Conn, user: &NewUser<'_>) -> QueryResult<bool> {
    let row = (
        users::id.eq(user.id),
        users::email.eq(user.email),
        users::email_key.eq(user.email_key),
        users::password_hash.eq(user.password_hash),
        users::first_name.eq(user.first_name),
        users::last_name.eq(user.last_name),
        users::staff_role.eq(user.staff_role),
        users::totp_secret.eq(user.totp_secret),
        users::totp_last_step.eq(0_i64),
        users::created_at.eq(user.now.naive_utc()),
    );
    let inserted = each_backend!(conn, |c| diesel::insert_into(users::table)
        .values(row)
        .on_conflict(users::email_key)
        .do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

/// Sets a new password and TOTP secret, of which no code was used yet; only the demo data needs it.
pub fn set_credentials(conn: &mut Conn, id: UserId, password_hash: &str, totp_secret: Option<&str>) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::password_hash.eq(password_hash),
            users::totp_secret.eq(totp_secret),
            users::totp_last_step.eq(0_i64),
        ))
        .execute(conn)
        .map(drop)
}

/// Marks a TOTP step as used; `false` when it, or a later one, was used before.
pub fn use_totp_step(conn: &mut Conn, id: UserId, step: i64) -> QueryResult<bool> {
    diesel::update(users::table.find(id).filter(users::totp_last_step.lt(step)))
        .set(users::totp_last_step.eq(step))
        .execute(conn)
        .map(|updated| updated == 1)
}

#[derive(Queryable)]
pub struct RegistrationRow {
    pub email: String,
    pub email_key: String,
    pub password_hash: String,
    pub first_name: String,
    pub last_name: String,
    pub company_name: String,
}

pub struct NewRegistration {
    pub id: RegistrationId,
    pub row: RegistrationRow,
    pub token_hash: String,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub fn insert_registration(conn: &mut Conn, new: &NewRegistration) -> QueryResult<()> {
    diesel::insert_into(registrations::table)
        .values((
            registrations::id.eq(new.id),
            registrations::email.eq(&new.row.email),
            registrations::email_key.eq(&new.row.email_key),
            registrations::password_hash.eq(&new.row.password_hash),
            registrations::first_name.eq(&new.row.first_name),
            registrations::last_name.eq(&new.row.last_name),
            registrations::company_name.eq(&new.row.company_name),
            registrations::token_hash.eq(&new.token_hash),
            registrations::created_at.eq(new.now.naive_utc()),
            registrations::expires_at.eq(new.expires_at.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// A sign-up by its mail token, when it has not expired.
pub fn find_registration(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<RegistrationRow>> {
    registrations::table
        .filter(registrations::token_hash.eq(token_hash))
        .filter(registrations::expires_at.gt(now.naive_utc()))
        .select((
            registrations::email,
            registrations::email_key,
            registrations::password_hash,
            registrations::first_name,
            registrations::last_name,
            registrations::company_name,
        ))
        .first(conn)
        .optional()
}

/// Password hash of the newest sign-up of an address that waits for confirmation.
pub fn find_pending_password(conn: &mut Conn, email_key: &str, now: DateTime<Utc>) -> QueryResult<Option<String>> {
    registrations::table
        .filter(registrations::email_key.eq(email_key))
        .filter(registrations::expires_at.gt(now.naive_utc()))
        .order(registrations::created_at.desc())
        .select(registrations::password_hash)
        .first(conn)
        .optional()
}

/// Ends every sign-up of an address; its mail links stop working.
pub fn remove_registrations(conn: &mut Conn, email_key: &str) -> QueryResult<usize> {
    diesel::delete(registrations::table.filter(registrations::email_key.eq(email_key))).execute(conn)
}

pub struct NewSession<'a> {
    pub id: SessionId,
    pub token_hash: &'a str,
    pub user_id: UserId,
    pub user_agent: &'a str,
    pub peer: &'a str,
    pub has_second_factor: bool,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub fn insert_session(conn: &mut Conn, session: &NewSession<'_>) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(session.id),
            sessions::token_hash.eq(session.token_hash),
            sessions::user_id.eq(session.user_id),
            sessions::user_agent.eq(session.user_agent),
            sessions::peer.eq(session.peer),
            sessions::last_peer.eq(session.peer),
            sessions::has_second_factor.eq(session.has_second_factor),
            sessions::created_at.eq(session.now.naive_utc()),
            sessions::last_seen_at.eq(session.now.naive_utc()),
            sessions::expires_at.eq(session.expires_at.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

#[derive(Queryable)]
pub struct SessionRow {
    pub id: SessionId,
    pub last_seen_at: NaiveDateTime,
    pub user_id: UserId,
    pub email: String,
    pub staff_role: Option<StaffRole>,
    pub has_second_factor: bool,
}

/// A session that was used since `idle_since` and has not reached its end.
pub fn find_session(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> QueryResult<Option<SessionRow>> {
    sessions::table
        .inner_join(users::table)
        .filter(sessions::token_hash.eq(token_hash))
        .filter(sessions::expires_at.gt(now.naive_utc()))
        .filter(sessions::last_seen_at.gt(idle_since.naive_utc()))
        .select((
            sessions::id,
            sessions::last_seen_at,
            users::id,
            users::email,
            users::staff_role,
            sessions::has_second_factor,
        ))
        .first(conn)
        .optional()
}

pub fn touch_session(conn: &mut Conn, id: SessionId, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(sessions::table.find(id))
        .set(sessions::last_seen_at.eq(now.naive_utc()))
        .execute(conn)
        .map(drop)
}

pub fn remove_session(conn: &mut Conn, token_hash: &str) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::token_hash.eq(token_hash)))
        .execute(conn)
        .map(drop)
}

/// Forgets sessions and sign-ups that have ended.
pub fn purge_expired(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    let now = now.naive_utc();
    let sessions = diesel::delete(sessions::table.filter(sessions::expires_at.le(now))).execute(conn)?;
    let registrations = diesel::delete(registrations::table.filter(registrations::expires_at.le(now))).execute(conn)?;
    Ok(sessions + registrations)
}

#[derive(Queryable)]
pub struct LoginRow {
    pub id: SessionId,
    pub user_id: UserId,
    pub last_seen_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
}

/// The rows of these sessions, ended or not; revoked ones have none.
pub fn load_logins(conn: &mut Conn, sessions: &[SessionId]) -> QueryResult<Vec<LoginRow>> {
    sessions::table
        .filter(sessions::id.eq_any(sessions))
        .select((
            sessions::id,
            sessions::user_id,
            sessions::last_seen_at,
            sessions::expires_at,
        ))
        .load(conn)
}
