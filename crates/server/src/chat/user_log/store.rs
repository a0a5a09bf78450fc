//! The tables `chat_user_logs` and `chat_user_events`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::ids::UserId;
use diesel::prelude::*;

use crate::db::{
    Conn, each_backend,
    schema::{chat_user_events, chat_user_logs},
};

#[derive(Queryable)]
pub struct LogRow {
    pub epoch: String,
    pub head: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = chat_user_events)]
pub struct EventRow {
    pub user_id: UserId,
    pub seq: i64,
    pub kind: String,
    pub at: NaiveDateTime,
    /// JSON.
    pub data: String,
}

pub fn find_log(conn: &mut Conn, user_id: UserId) -> QueryResult<Option<LogRow>> {
    chat_user_logs::table
        .find(user_id)
        .select((chat_user_logs::epoch, chat_user_logs::head))
        .first(conn)
        .optional()
}

/// Leaves a stream alone that has begun.
pub fn insert_log(conn: &mut Conn, user_id: UserId, epoch: &str) -> QueryResult<()> {
    let row = (
        chat_user_logs::user_id.eq(user_id),
        chat_user_logs::epoch.eq(epoch),
        chat_user_logs::head.eq(0_i64),
    );
    each_backend!(conn, |c| diesel::insert_into(chat_user_logs::table)
        .values(row)
        .on_conflict(chat_user_logs::user_id)
        .do_nothing()
        .execute(c))
    .map(drop)
}

/// Takes the next number and holds the stream until the commit; `false` when it has not begun.
pub fn advance(conn: &mut Conn, user_id: UserId) -> QueryResult<bool> {
    diesel::update(chat_user_logs::table.find(user_id))
        .set(chat_user_logs::head.eq(chat_user_logs::head + 1))
        .execute(conn)
        .map(|updated| updated == 1)
}

pub fn hold(conn: &mut Conn, user_id: UserId) -> QueryResult<()> {
    diesel::update(chat_user_logs::table.find(user_id))
        .set(chat_user_logs::head.eq(chat_user_logs::head))
        .execute(conn)
        .map(drop)
}

pub fn insert_event(conn: &mut Conn, row: &EventRow) -> QueryResult<()> {
    diesel::insert_into(chat_user_events::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

pub fn load_events(conn: &mut Conn, user_id: UserId, after: i64) -> QueryResult<Vec<EventRow>> {
    chat_user_events::table
        .filter(chat_user_events::user_id.eq(user_id))
        .filter(chat_user_events::seq.gt(after))
        .order(chat_user_events::seq)
        .load(conn)
}

/// The ends of some people's streams.
pub fn heads(conn: &mut Conn, people: &[UserId]) -> QueryResult<Vec<(UserId, i64)>> {
    chat_user_logs::table
        .filter(chat_user_logs::user_id.eq_any(people.to_vec()))
        .select((chat_user_logs::user_id, chat_user_logs::head))
        .load(conn)
}

/// Forgets what happened before; whoever comes from there reads everything anew.
pub fn purge(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(chat_user_events::table.filter(chat_user_events::at.lt(before.naive_utc()))).execute(conn)
}
