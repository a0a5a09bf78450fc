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

pub fn insert(conn: &mut Conn, session: &NewSession<'_>) -> QueryResult<()> {
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

/// A session with what its person may do.
#[derive(Queryable)]
pub struct CallerRow {
    pub id: SessionId,
    pub last_seen_at: NaiveDateTime,
    pub last_peer: String,
    pub user_id: UserId,
    pub email: String,
    pub staff_role: Option<StaffRole>,
    pub has_second_factor: bool,
}

/// A session that was used since `idle_since` and has not reached its end.
pub fn find_caller(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> QueryResult<Option<CallerRow>> {
    sessions::table
        .inner_join(users::table)
        .filter(sessions::token_hash.eq(token_hash))
        .filter(sessions::expires_at.gt(now.naive_utc()))
        .filter(sessions::last_seen_at.gt(idle_since.naive_utc()))
        .select((
            sessions::id,
            sessions::last_seen_at,
            sessions::last_peer,
            users::id,
            users::email,
            users::staff_role,
            sessions::has_second_factor,
        ))
        .first(conn)
        .optional()
}

#[derive(Queryable)]
pub struct SessionRow {
    pub id: SessionId,
    pub user_agent: String,
    pub peer: String,
    pub last_peer: String,
    pub created_at: NaiveDateTime,
    pub last_seen_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
    pub has_second_factor: bool,
}

/// The sessions of a person that have not ended, the latest used first.
pub fn load_living(
    conn: &mut Conn,
    user_id: UserId,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> QueryResult<Vec<SessionRow>> {
    sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::expires_at.gt(now.naive_utc()))
        .filter(sessions::last_seen_at.gt(idle_since.naive_utc()))
        .order((sessions::last_seen_at.desc(), sessions::id.desc()))
        .select((
            sessions::id,
            sessions::user_agent,
            sessions::peer,
            sessions::last_peer,
            sessions::created_at,
            sessions::last_seen_at,
            sessions::expires_at,
            sessions::has_second_factor,
        ))
        .load(conn)
}

pub fn touch(conn: &mut Conn, id: SessionId, peer: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(sessions::table.find(id))
        .set((sessions::last_seen_at.eq(now.naive_utc()), sessions::last_peer.eq(peer)))
        .execute(conn)
        .map(drop)
}

/// Puts a new session with another token in the place of one, whose token, tickets and sockets end; `None` when it
/// has ended before.
pub fn rotate(conn: &mut Conn, id: SessionId, new_id: SessionId, token_hash: &str) -> QueryResult<Option<SessionId>> {
    let columns = (
        sessions::user_id,
        sessions::user_agent,
        sessions::peer,
        sessions::created_at,
        sessions::last_seen_at,
        sessions::expires_at,
        sessions::has_second_factor,
        sessions::last_peer,
    );
    type Kept = (
        UserId,
        String,
        String,
        NaiveDateTime,
        NaiveDateTime,
        NaiveDateTime,
        bool,
        String,
    );
    let old: Option<Kept> = sessions::table.find(id).select(columns).first(conn).optional()?;
    let Some(kept) = old else {
        return Ok(None);
    };
    if !remove(conn, id)? {
        return Ok(None);
    }
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(new_id),
            sessions::token_hash.eq(token_hash),
            sessions::user_id.eq(kept.0),
            sessions::user_agent.eq(kept.1),
            sessions::peer.eq(kept.2),
            sessions::created_at.eq(kept.3),
            sessions::last_seen_at.eq(kept.4),
            sessions::expires_at.eq(kept.5),
            sessions::has_second_factor.eq(kept.6),
            sessions::last_peer.eq(kept.7),
        ))
        .execute(conn)?;
    Ok(Some(new_id))
}

/// When the session was opened by a sign-in; `None` when it has ended.
pub fn find_start(conn: &mut Conn, id: SessionId) -> QueryResult<Option<NaiveDateTime>> {
    sessions::table
        .find(id)
        .select(sessions::created_at)
        .first(conn)
        .optional()
}

pub fn mark_second_factor(conn: &mut Conn, id: SessionId) -> QueryResult<()> {
    diesel::update(sessions::table.find(id))
        .set(sessions::has_second_factor.eq(true))
        .execute(conn)
        .map(drop)
}

/// No session of a person counts as proven by a second factor any longer.
pub fn unmark_second_factor(conn: &mut Conn, user_id: UserId) -> QueryResult<()> {
    diesel::update(sessions::table.filter(sessions::user_id.eq(user_id)))
        .set(sessions::has_second_factor.eq(false))
        .execute(conn)
        .map(drop)
}

/// Ends a session; `false` when it had ended.
pub fn remove(conn: &mut Conn, id: SessionId) -> QueryResult<bool> {
    diesel::delete(sessions::table.find(id))
        .execute(conn)
        .map(|removed| removed == 1)
}

pub fn remove_by_token(conn: &mut Conn, token_hash: &str) -> QueryResult<bool> {
    diesel::delete(sessions::table.filter(sessions::token_hash.eq(token_hash)))
        .execute(conn)
        .map(|removed| removed == 1)
}

pub fn remove_all(conn: &mut Conn, user_id: UserId) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id)))
        .execute(conn)
        .map(drop)
}

pub fn remove_others(conn: &mut Conn, user_id: UserId, kept: SessionId) -> QueryResult<()> {
    diesel::delete(sessions::table)
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::id.ne(kept))
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
    pub staff_role: Option<StaffRole>,
    pub has_second_factor: bool,
}

/// The rows of these sessions, ended or not; revoked ones have none.
pub fn load_logins(conn: &mut Conn, sessions: &[SessionId]) -> QueryResult<Vec<LoginRow>> {
    sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq_any(sessions))
        .select((
            sessions::id,
            sessions::user_id,
            sessions::last_seen_at,
            sessions::expires_at,
            users::staff_role,
            sessions::has_second_factor,
        ))
        .load(conn)
}
