//! The tables `users` and `registrations`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    auth::{StaffRole, User},
    ids::{RegistrationId, UserId},
};
use diesel::prelude::*;

use crate::db::{
    Conn, each_backend,
    schema::{registrations, users},
};

#[derive(Queryable)]
pub struct UserRow {
    pub id: UserId,
    pub email: String,
    pub password_hash: String,
    pub first_name: String,
    pub last_name: String,
    pub staff_role: Option<StaffRole>,
    /// Sealed; there is a second factor when it is there.
    pub totp_secret: Option<String>,
    /// Sealed; waits for its first code.
    pub totp_pending_secret: Option<String>,
    pub totp_enabled_at: Option<NaiveDateTime>,
    pub email_key: String,
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
    users::totp_pending_secret,
    users::totp_enabled_at,
    users::email_key,
);

const USER: UserColumns = (
    users::id,
    users::email,
    users::password_hash,
    users::first_name,
    users::last_name,
    users::staff_role,
    users::totp_secret,
    users::totp_pending_secret,
    users::totp_enabled_at,
    users::email_key,
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

/// A user who must be there.
pub fn load_user(conn: &mut Conn, id: UserId) -> QueryResult<UserRow> {
    users::table.find(id).select(USER).first(conn)
}

/// Locks the row until the end of the transaction.
pub fn lock(conn: &mut Conn, id: UserId) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set(users::email.eq(users::email))
        .execute(conn)
        .map(drop)
}

/// Locks the row when the password and the second factor still are those of `user`; `false` when they are not.
pub fn hold(conn: &mut Conn, user: &UserRow) -> QueryResult<bool> {
    let row = users::table
        .find(user.id)
        .filter(users::password_hash.eq(&user.password_hash));
    let same = users::email.eq(users::email);
    let updated = match &user.totp_secret {
        Some(sealed) => diesel::update(row.filter(users::totp_secret.eq(sealed)))
            .set(same)
            .execute(conn)?,
        None => diesel::update(row.filter(users::totp_secret.is_null()))
            .set(same)
            .execute(conn)?,
    };
    Ok(updated == 1)
}

/// Gives a role of the staff, or takes it with `None`.
pub fn set_staff_role(conn: &mut Conn, id: UserId, role: Option<StaffRole>) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set(users::staff_role.eq(role))
        .execute(conn)
        .map(drop)
}

/// Everybody with a role of the staff, by address.
pub fn load_staff(conn: &mut Conn) -> QueryResult<Vec<UserRow>> {
    users::table
        .filter(users::staff_role.is_not_null())
        .order(users::email_key)
        .select(USER)
        .load(conn)
}

pub struct NewUser<'a> {
    pub id: UserId,
    pub email: &'a str,
    pub email_key: &'a str,
    pub password_hash: &'a str,
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub staff_role: Option<StaffRole>,
    /// Sealed.
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
        users::totp_enabled_at.eq(user.totp_secret.map(|_| user.now.naive_utc())),
        users::created_at.eq(user.now.naive_utc()),
    );
    let inserted = each_backend!(conn, |c| diesel::insert_into(users::table)
        .values(row)
        .on_conflict(users::email_key)
        .do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

/// Sets a new password and sealed TOTP secret, of which no code was used yet; only the demo data needs it.
pub fn set_credentials(
    conn: &mut Conn,
    id: UserId,
    password_hash: &str,
    totp_secret: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::password_hash.eq(password_hash),
            users::totp_secret.eq(totp_secret),
            users::totp_enabled_at.eq(totp_secret.map(|_| now.naive_utc())),
            users::totp_last_step.eq(0_i64),
        ))
        .execute(conn)
        .map(drop)
}

#[derive(Queryable)]
pub struct RegistrationRow {
    pub email: String,
    pub email_key: String,
    pub password_hash: String,
    pub first_name: String,
    pub last_name: String,
    pub company_name: String,
    /// Of the anonymous session that signed up.
    pub browser_hash: Option<String>,
}

type RegistrationColumns = (
    registrations::email,
    registrations::email_key,
    registrations::password_hash,
    registrations::first_name,
    registrations::last_name,
    registrations::company_name,
    registrations::browser_hash,
);

const REGISTRATION: RegistrationColumns = (
    registrations::email,
    registrations::email_key,
    registrations::password_hash,
    registrations::first_name,
    registrations::last_name,
    registrations::company_name,
    registrations::browser_hash,
);

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
            registrations::browser_hash.eq(&new.row.browser_hash),
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
        .select(REGISTRATION)
        .first(conn)
        .optional()
}

/// The newest sign-up of an address that waits for confirmation.
pub fn find_newest_registration(
    conn: &mut Conn,
    email_key: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<RegistrationRow>> {
    registrations::table
        .filter(registrations::email_key.eq(email_key))
        .filter(registrations::expires_at.gt(now.naive_utc()))
        .order(registrations::created_at.desc())
        .select(REGISTRATION)
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

/// How many different passwords the living sign-ups of an address hold; one address has one salt.
pub fn count_passwords(conn: &mut Conn, email_key: &str, now: DateTime<Utc>) -> QueryResult<usize> {
    let hashes: Vec<String> = registrations::table
        .filter(registrations::email_key.eq(email_key))
        .filter(registrations::expires_at.gt(now.naive_utc()))
        .select(registrations::password_hash)
        .distinct()
        .limit(2)
        .load(conn)?;
    Ok(hashes.len())
}

/// Ends every sign-up of an address; its mail links stop working.
pub fn remove_registrations(conn: &mut Conn, email_key: &str) -> QueryResult<usize> {
    diesel::delete(registrations::table.filter(registrations::email_key.eq(email_key))).execute(conn)
}

/// Forgets sign-ups that have ended.
pub fn purge_expired(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(registrations::table.filter(registrations::expires_at.le(now.naive_utc()))).execute(conn)
}
