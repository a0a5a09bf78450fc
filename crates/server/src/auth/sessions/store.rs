//! The table `sessions`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    auth::StaffRole,
    ids::{SessionId, UserId},
};
use diesel::prelude::*;

use crate::db::{
    Conn,
    schema::{sessions, users},
};

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

/// Forgets sessions that have ended.
pub fn purge_expired(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::expires_at.le(now.naive_utc()))).execute(conn)
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
