//! A person's own stream: threads joined and left, settings, purges; with a cursor that any node continues.

mod store;

use chrono::{DateTime, Utc};
use common::{
    chat::{Cursor, UserChange, UserEvent, limits::CATCH_UP_MAX},
    ids::{ThreadId, UserId},
};
use serde::Deserialize;
use serde_json::{Value, json};

use self::store::EventRow;
use super::log::seq;
use crate::{
    clock,
    db::{Conn, QueryResult},
};

pub use self::store::{heads, purge};

/// Gives the next number of the person's stream, whose row is held until the commit.
///
/// Whoever appends to several at once does so in the order of the people, and after every thread that it holds.
pub fn append(conn: &mut Conn, user_id: UserId, change: UserChange, now: DateTime<Utc>) -> QueryResult<()> {
    let head = advance(conn, user_id, now)?;
    let event = UserEvent { seq: seq(head), change };
    let mut told = serde_json::to_value(&event).expect("an event holds only text and numbers");
    store::insert_event(
        conn,
        &EventRow {
            user_id,
            seq: head,
            kind: event.change.kind().to_owned(),
            at: now.naive_utc(),
            data: told.get_mut("d").map(Value::take).unwrap_or_default().to_string(),
        },
    )
}

fn advance(conn: &mut Conn, user_id: UserId, now: DateTime<Utc>) -> QueryResult<i64> {
    if !store::advance(conn, user_id)? {
        begin(conn, user_id, now)?;
        store::advance(conn, user_id)?;
    }
    Ok(store::find_log(conn, user_id)?.map_or(0, |log| log.head))
}

fn begin(conn: &mut Conn, user_id: UserId, now: DateTime<Utc>) -> QueryResult<()> {
    store::insert_log(conn, user_id, &clock::new_id::<ThreadId>(now).to_string())
}

/// The end of a stream that may not have begun.
pub fn head(conn: &mut Conn, user_id: UserId) -> QueryResult<Option<Cursor>> {
    Ok(store::find_log(conn, user_id)?.map(|log| Cursor {
        epoch: log.epoch,
        seq: seq(log.head),
    }))
}

/// Begins the stream unless it has begun, and holds it until the commit.
pub fn hold(conn: &mut Conn, user_id: UserId, now: DateTime<Utc>) -> QueryResult<()> {
    begin(conn, user_id, now)?;
    store::hold(conn, user_id)
}

/// What follows on a position, when all of it is there; else nothing, and clients read everything anew.
pub fn after(conn: &mut Conn, user_id: UserId, cursor: &Cursor, head: &Cursor) -> QueryResult<Vec<UserEvent>> {
    let missed = head.seq.get().saturating_sub(cursor.seq.get());
    if cursor.epoch != head.epoch || missed == 0 || missed > CATCH_UP_MAX {
        return Ok(Vec::new());
    }
    let from = i64::try_from(cursor.seq.get()).unwrap_or(i64::MAX);
    let rows = store::load_events(conn, user_id, from)?;
    let is_whole = rows.first().is_some_and(|row| row.seq == from.saturating_add(1));
    Ok(match is_whole {
        true => rows.iter().map(event).collect(),
        false => Vec::new(),
    })
}

fn event(row: &EventRow) -> UserEvent {
    let data: Value = serde_json::from_str(&row.data).unwrap_or_default();
    UserEvent::deserialize(json!({ "seq": row.seq, "k": row.kind, "d": data }))
        .expect("a number and a kind were written by us; data of any shape is read")
}
