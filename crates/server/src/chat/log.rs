//! The log of a thread: the one way in which anything is written into one.
//!
//! Whoever appends holds the thread's row until the commit, so that numbers are without a hole and have one order on
//! every node. A message is known by its sender's own id: sent again, it is told and not written.

use chrono::{DateTime, Utc};
use common::{
    chat::{Body, Event, ItemStatus, Seq, limits::BODY_MAX},
    ids::{ClientMessageId, ItemId, ThreadId, UserId},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    settings,
    threads::store::{self, EventRow, ItemRow, SendRow, ThreadRow},
};
use crate::db::{Conn, QueryResult};

/// The kind of the event that an item begins with.
pub const CREATED: &str = "item.created";

/// A message as a member sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub thread_id: ThreadId,
    pub sender_id: UserId,
    pub cid: ClientMessageId,
    pub reply_to: Option<ItemId>,
    pub body: Body,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub thread_id: ThreadId,
    pub seq: Seq,
    pub item_id: ItemId,
    pub at: DateTime<Utc>,
    /// What the others are told; nothing when the message had been written before.
    pub event: Option<Event>,
}

/// Why a message is not taken; sending it again changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such thread, or the sender does not belong to it.
    Forbidden,
    TooLarge,
    /// Everybody else in the thread has blocked the sender.
    Blocked,
    /// It says nothing, answers what is not there, or its id was used in another thread.
    Invalid,
}

/// Writes the message, or finds it written. `new_id` is the item's, when it is new.
pub fn send(
    conn: &mut Conn,
    message: &Message,
    new_id: ItemId,
    now: DateTime<Utc>,
) -> QueryResult<Result<Sent, Refusal>> {
    // Held first: whoever sends the same at the same time finds it written.
    let Some(thread) = store::lock_thread(conn, message.thread_id)? else {
        return Ok(Err(Refusal::Forbidden));
    };
    if store::find_member(conn, thread.id, message.sender_id)?.is_none() {
        return Ok(Err(Refusal::Forbidden));
    }
    if let Some(known) = store::find_send(conn, message.sender_id, message.cid)? {
        return Ok(found(&known, thread.id, CREATED));
    }
    if let Err(refusal) = check(conn, &thread, message)? {
        return Ok(Err(refusal));
    }
    let body = serde_json::to_value(&message.body).expect("a body holds only text and numbers");
    let data = json!({ "item": new_id, "reply_to": message.reply_to, "status": ItemStatus::Done, "body": body });
    let what = What {
        kind: CREATED,
        by: Some(message.sender_id),
        cid: Some(message.cid),
        item_id: Some(new_id),
        data,
    };
    let row = append(conn, &thread, what, now)?;
    store::insert_item(
        conn,
        &ItemRow {
            id: new_id,
            thread_id: thread.id,
            seq: row.seq,
            by_user: row.by_user,
            cid: row.cid,
            reply_to: message.reply_to,
            status: ItemStatus::Done,
            body: Some(body.to_string()),
            at: row.at,
            edited_at: None,
        },
    )?;
    remember(conn, message.sender_id, message.cid, &row, new_id)?;
    // Whoever writes has read what stands above.
    store::set_read(conn, thread.id, message.sender_id, row.seq)?;
    Ok(Ok(written(&row, new_id)))
}

/// What is told about an event that has just been appended.
pub fn written(row: &EventRow, item_id: ItemId) -> Sent {
    Sent {
        thread_id: row.thread_id,
        seq: seq(row.seq),
        item_id,
        at: row.at.and_utc(),
        event: Some(event(row)),
    }
}

/// Keeps what the sender's own id has done.
pub fn remember(
    conn: &mut Conn,
    sender_id: UserId,
    cid: ClientMessageId,
    row: &EventRow,
    item_id: ItemId,
) -> QueryResult<()> {
    store::insert_send(
        conn,
        &SendRow {
            sender_id,
            cid,
            kind: row.kind.clone(),
            thread_id: row.thread_id,
            item_id,
            seq: row.seq,
            at: row.at,
        },
    )
}

/// What an id has done before; another use of it than now is none.
pub fn found(known: &SendRow, thread_id: ThreadId, kind: &str) -> Result<Sent, Refusal> {
    if known.thread_id != thread_id || known.kind != kind {
        return Err(Refusal::Invalid);
    }
    Ok(Sent {
        thread_id,
        seq: seq(known.seq),
        item_id: known.item_id,
        at: known.at.and_utc(),
        event: None,
    })
}

fn check(conn: &mut Conn, thread: &ThreadRow, message: &Message) -> QueryResult<Result<(), Refusal>> {
    if let Err(refusal) = check_body(&message.body) {
        return Ok(Err(refusal));
    }
    if settings::is_shut_out(conn, thread.id, message.sender_id)? {
        return Ok(Err(Refusal::Blocked));
    }
    if let Some(answered) = message.reply_to
        && store::find_item(conn, thread.id, answered)?.is_none()
    {
        return Ok(Err(Refusal::Invalid));
    }
    Ok(Ok(()))
}

/// Whether a person may say this.
pub fn check_body(body: &Body) -> Result<(), Refusal> {
    if body.bytes() > BODY_MAX {
        return Err(Refusal::TooLarge);
    }
    if !body.is_sendable() {
        return Err(Refusal::Invalid);
    }
    Ok(())
}

/// What is appended.
pub struct What {
    pub kind: &'static str,
    pub by: Option<UserId>,
    pub cid: Option<ClientMessageId>,
    pub item_id: Option<ItemId>,
    pub data: Value,
}

/// Gives the next number of a log that is held.
pub fn append(conn: &mut Conn, thread: &ThreadRow, what: What, now: DateTime<Utc>) -> QueryResult<EventRow> {
    let row = EventRow {
        thread_id: thread.id,
        seq: thread.head + 1,
        kind: what.kind.to_owned(),
        at: now.naive_utc(),
        by_user: what.by,
        cid: what.cid,
        item_id: what.item_id,
        data: what.data.to_string(),
    };
    store::set_head(conn, thread.id, row.seq, now)?;
    store::insert_event(conn, &row)?;
    Ok(row)
}

/// An event as the protocol tells it.
pub fn event(row: &EventRow) -> Event {
    let data: Value = serde_json::from_str(&row.data).unwrap_or_default();
    let ts = row.at.and_utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let told = json!({
        "thread": row.thread_id, "seq": row.seq, "k": row.kind, "cid": row.cid, "by": row.by_user, "ts": ts, "d": data,
    });
    Event::deserialize(told).expect("ids, a number and an instant were written by us; data of any shape is read")
}

/// The number of an event that is stored.
pub fn seq(stored: i64) -> Seq {
    u64::try_from(stored)
        .ok()
        .and_then(|seq| Seq::try_from(seq).ok())
        .expect("a log counts from nothing and stays below 2^53")
}
