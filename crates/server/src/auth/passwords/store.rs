//! The table `password_resets`, and the password's columns of `users`.

use chrono::{DateTime, Utc};
use common::ids::UserId;
use diesel::prelude::*;

use crate::db::{
    Conn,
    schema::{password_resets, users},
};

pub fn insert_reset(
    conn: &mut Conn,
    token_hash: &str,
    user_id: UserId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(password_resets::table)
        .values((
            password_resets::token_hash.eq(token_hash),
            password_resets::user_id.eq(user_id),
            password_resets::created_at.eq(now.naive_utc()),
            password_resets::expires_at.eq(expires_at.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Whose password a link sets, when it has not expired.
pub fn find_reset(conn: &mut Conn, token_hash: &str, now: DateTime<Utc>) -> QueryResult<Option<UserId>> {
    password_resets::table
        .find(token_hash)
        .filter(password_resets::expires_at.gt(now.naive_utc()))
        .select(password_resets::user_id)
        .first(conn)
        .optional()
}

/// Uses a link up; `false` when another request was faster or it has expired.
pub fn take_reset(conn: &mut Conn, token_hash: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::delete(password_resets::table.find(token_hash))
        .filter(password_resets::expires_at.gt(now.naive_utc()))
        .execute(conn)
        .map(|removed| removed == 1)
}

/// Ends every link of a person.
pub fn remove_resets(conn: &mut Conn, user_id: UserId) -> QueryResult<()> {
    diesel::delete(password_resets::table.filter(password_resets::user_id.eq(user_id)))
        .execute(conn)
        .map(drop)
}

pub fn set_password(conn: &mut Conn, id: UserId, hash: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::password_hash.eq(hash),
            users::password_changed_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Forgets links that have ended.
pub fn purge_expired(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(password_resets::table.filter(password_resets::expires_at.le(now.naive_utc()))).execute(conn)
}
