//! The tables `chat_leases` and `chat_seen`.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use common::{chat::client_frames::OwnPresence, ids::UserId};
use diesel::prelude::*;

use super::rules;
use crate::db::{
    Conn, each_backend,
    schema::{chat_leases, chat_seen},
};

/// A lease that ended so long ago says no more than when its person was seen.
const ENDED_KEPT: TimeDelta = TimeDelta::minutes(10);

#[derive(Queryable, Insertable)]
#[diesel(table_name = chat_leases)]
pub struct LeaseRow {
    pub connection_id: String,
    pub user_id: UserId,
    pub state: OwnPresence,
    pub expires_at: NaiveDateTime,
}

impl LeaseRow {
    pub fn is_visible(&self, now: DateTime<Utc>) -> bool {
        self.state != OwnPresence::Invisible && self.expires_at.and_utc() > now
    }
}

impl From<&LeaseRow> for rules::Lease {
    fn from(row: &LeaseRow) -> Self {
        Self {
            state: row.state,
            expires_at: row.expires_at.and_utc(),
        }
    }
}

pub fn find_lease(conn: &mut Conn, connection: &str) -> QueryResult<Option<LeaseRow>> {
    chat_leases::table.find(connection).first(conn).optional()
}

/// Only the node of the socket writes its lease.
pub fn put_lease(
    conn: &mut Conn,
    connection: &str,
    user_id: UserId,
    state: OwnPresence,
    expires_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::delete(chat_leases::table.find(connection)).execute(conn)?;
    diesel::insert_into(chat_leases::table)
        .values(&LeaseRow {
            connection_id: connection.to_owned(),
            user_id,
            state,
            expires_at: expires_at.naive_utc(),
        })
        .execute(conn)
        .map(drop)
}

pub fn end_lease(conn: &mut Conn, connection: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(
        chat_leases::table
            .find(connection)
            .filter(chat_leases::expires_at.gt(now.naive_utc())),
    )
    .set(chat_leases::expires_at.eq(now.naive_utc()))
    .execute(conn)
    .map(drop)
}

pub fn renew(conn: &mut Conn, connections: &[String], expires_at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(chat_leases::table.filter(chat_leases::connection_id.eq_any(connections.to_vec())))
        .set(chat_leases::expires_at.eq(expires_at.naive_utc()))
        .execute(conn)
        .map(drop)
}

pub fn load_leases(conn: &mut Conn, people: &[UserId]) -> QueryResult<Vec<LeaseRow>> {
    chat_leases::table
        .filter(chat_leases::user_id.eq_any(people.to_vec()))
        .load(conn)
}

/// Moves forward when somebody was seen.
pub fn set_seen(conn: &mut Conn, user_id: UserId, at: DateTime<Utc>) -> QueryResult<()> {
    let row = (chat_seen::user_id.eq(user_id), chat_seen::at.eq(at.naive_utc()));
    each_backend!(conn, |c| diesel::insert_into(chat_seen::table)
        .values(row)
        .on_conflict(chat_seen::user_id)
        .do_nothing()
        .execute(c))?;
    diesel::update(chat_seen::table.find(user_id).filter(chat_seen::at.lt(at.naive_utc())))
        .set(chat_seen::at.eq(at.naive_utc()))
        .execute(conn)
        .map(drop)
}

pub fn load_seen(conn: &mut Conn, people: &[UserId]) -> QueryResult<Vec<(UserId, DateTime<Utc>)>> {
    let rows: Vec<(UserId, NaiveDateTime)> = chat_seen::table
        .filter(chat_seen::user_id.eq_any(people.to_vec()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(user_id, at)| (user_id, at.and_utc())).collect())
}

/// Forgets leases that ended long ago, but not when their people were seen.
pub fn purge(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    let before = (now - ENDED_KEPT).naive_utc();
    let mut ended: Vec<LeaseRow> = chat_leases::table
        .filter(chat_leases::expires_at.lt(before))
        .order((chat_leases::user_id, chat_leases::connection_id))
        .load(conn)?;
    ended.retain(|lease| lease.state != OwnPresence::Invisible);
    for lease in &ended {
        set_seen(conn, lease.user_id, lease.expires_at.and_utc())?;
    }
    diesel::delete(chat_leases::table.filter(chat_leases::expires_at.lt(before))).execute(conn)
}
