//! The second factor's columns of `users`, and the table `recovery_codes`.

use chrono::{DateTime, Utc};
use common::ids::{RecoveryCodeId, UserId};
use diesel::prelude::*;

use crate::db::{
    Conn,
    schema::{recovery_codes, users},
};

/// Keeps a sealed secret that waits for its first code; `false` when a factor is on.
pub fn set_pending(conn: &mut Conn, id: UserId, sealed: &str) -> QueryResult<bool> {
    diesel::update(users::table.find(id).filter(users::totp_secret.is_null()))
        .set(users::totp_pending_secret.eq(sealed))
        .execute(conn)
        .map(|updated| updated == 1)
}

/// Turns the very secret on that waits, with `step` as its first used code; `false` when another request was faster.
pub fn enable(conn: &mut Conn, id: UserId, pending: &str, step: i64, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(users::table.find(id))
        .filter(users::totp_secret.is_null())
        .filter(users::totp_pending_secret.eq(pending))
        .set((
            users::totp_secret.eq(pending),
            users::totp_pending_secret.eq(None::<String>),
            users::totp_enabled_at.eq(now.naive_utc()),
            users::totp_last_step.eq(step),
        ))
        .execute(conn)
        .map(|updated| updated == 1)
}

/// Forgets the factor and what waits to become one.
pub fn disable(conn: &mut Conn, id: UserId) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::totp_secret.eq(None::<String>),
            users::totp_pending_secret.eq(None::<String>),
            users::totp_enabled_at.eq(None::<chrono::NaiveDateTime>),
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

pub fn insert_code(
    conn: &mut Conn,
    id: RecoveryCodeId,
    user_id: UserId,
    code_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(recovery_codes::table)
        .values((
            recovery_codes::id.eq(id),
            recovery_codes::user_id.eq(user_id),
            recovery_codes::code_hash.eq(code_hash),
            recovery_codes::created_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

pub fn remove_codes(conn: &mut Conn, user_id: UserId) -> QueryResult<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user_id)))
        .execute(conn)
        .map(drop)
}

/// Marks a code as used; `false` when there is no such code or it was used before.
pub fn use_code(conn: &mut Conn, user_id: UserId, code_hash: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(recovery_codes::table)
        .filter(recovery_codes::user_id.eq(user_id))
        .filter(recovery_codes::code_hash.eq(code_hash))
        .filter(recovery_codes::used_at.is_null())
        .set(recovery_codes::used_at.eq(now.naive_utc()))
        .execute(conn)
        .map(|updated| updated == 1)
}

/// Codes that were not used yet.
pub fn count_codes(conn: &mut Conn, user_id: UserId) -> QueryResult<u32> {
    recovery_codes::table
        .filter(recovery_codes::user_id.eq(user_id))
        .filter(recovery_codes::used_at.is_null())
        .count()
        .get_result::<i64>(conn)
        .map(|left| u32::try_from(left).unwrap_or_default())
}
