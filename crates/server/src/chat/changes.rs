//! What authors do to what they wrote: changing it and taking it back, each with a number of its own in the log.
//!
//! Staff change nothing that others wrote. What is taken back leaves no body: neither in the item nor in the log.

use chrono::{DateTime, Utc};
use common::{
    chat::{Body, Event, ItemStatus},
    ids::{ClientMessageId, ItemId, ThreadId, UserId},
};
use serde_json::{Value, json};

use super::{
    log::{self, Refusal, Sent, What},
    threads::store::{self, EventRow, ItemRow, ThreadRow},
};
use crate::db::{Conn, QueryResult};

const EDITED: &str = "item.edited";
const DELETED: &str = "item.deleted";

/// What an author wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    pub author_id: UserId,
    pub cid: ClientMessageId,
    pub item_id: ItemId,
    pub deed: Deed,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    Edit(Body),
    Delete,
}

impl Deed {
    fn kind(&self) -> &'static str {
        match self {
            Deed::Edit(_) => EDITED,
            Deed::Delete => DELETED,
        }
    }
}

/// Does what the author wants, or finds it done.
pub fn change(conn: &mut Conn, wish: &Wish, now: DateTime<Utc>) -> QueryResult<Result<Sent, Refusal>> {
    let Some(thread_id) = find_thread(conn, wish)? else {
        return Ok(Err(Refusal::Forbidden));
    };
    // Held first: whoever asks for the same at the same time finds it done.
    let Some(thread) = store::lock_thread(conn, thread_id)? else {
        return Ok(Err(Refusal::Forbidden));
    };
    if store::find_member(conn, thread.id, wish.author_id)?.is_none() {
        return Ok(Err(Refusal::Forbidden));
    }
    if let Some(known) = store::find_send(conn, wish.author_id, wish.cid)? {
        return Ok(match known.item_id == wish.item_id {
            true => log::found(&known, thread.id, wish.deed.kind()),
            false => Err(Refusal::Invalid),
        });
    }
    let item = store::find_item(conn, thread.id, wish.item_id)?;
    let Some(item) = item.filter(|item| item.by_user == Some(wish.author_id)) else {
        return Ok(Err(Refusal::Forbidden));
    };
    match &wish.deed {
        Deed::Edit(body) => edit(conn, &thread, &item, wish, body, now),
        Deed::Delete => delete(conn, &thread, &item, wish, now).map(Ok),
    }
}

/// The thread of the item, also of one that is gone since the author's id did something to it.
fn find_thread(conn: &mut Conn, wish: &Wish) -> QueryResult<Option<ThreadId>> {
    if let Some(thread_id) = store::thread_of_item(conn, wish.item_id)? {
        return Ok(Some(thread_id));
    }
    let known = store::find_send(conn, wish.author_id, wish.cid)?;
    Ok(known
        .filter(|known| known.item_id == wish.item_id)
        .map(|known| known.thread_id))
}

fn edit(
    conn: &mut Conn,
    thread: &ThreadRow,
    item: &ItemRow,
    wish: &Wish,
    body: &Body,
    now: DateTime<Utc>,
) -> QueryResult<Result<Sent, Refusal>> {
    if item.status != ItemStatus::Done {
        return Ok(Err(Refusal::Invalid));
    }
    if let Err(refusal) = log::check_body(body) {
        return Ok(Err(refusal));
    }
    let body = serde_json::to_value(body).expect("a body holds only text and numbers");
    let row = append(conn, thread, wish, json!({ "item": item.id, "body": body }), now)?;
    store::set_body(conn, item.id, &body.to_string(), now)?;
    Ok(Ok(log::written(&row, item.id)))
}

fn delete(conn: &mut Conn, thread: &ThreadRow, item: &ItemRow, wish: &Wish, now: DateTime<Utc>) -> QueryResult<Sent> {
    let events = store::load_events_of_item(conn, item.id)?;
    if let Some(done) = events.iter().find(|event| event.kind == DELETED) {
        log::remember(conn, wish.author_id, wish.cid, done, item.id)?;
        let sent = log::written(done, item.id);
        return Ok(Sent { event: None, ..sent });
    }
    take_out(conn, item.id, &events)?;
    let row = append(conn, thread, wish, json!({ "item": item.id }), now)?;
    Ok(log::written(&row, item.id))
}

/// Takes one's own item back without an id of a client, in a thread that is held; nothing when it is gone.
pub fn take_back(
    conn: &mut Conn,
    thread: &ThreadRow,
    author_id: UserId,
    item_id: ItemId,
    now: DateTime<Utc>,
) -> QueryResult<Option<Event>> {
    let item = store::find_item(conn, thread.id, item_id)?;
    let is_there = item.is_some_and(|item| item.by_user == Some(author_id) && item.status != ItemStatus::Deleted);
    if !is_there {
        return Ok(None);
    }
    let events = store::load_events_of_item(conn, item_id)?;
    take_out(conn, item_id, &events)?;
    let what = What {
        kind: DELETED,
        by: Some(author_id),
        cid: None,
        item_id: Some(item_id),
        data: json!({ "item": item_id }),
    };
    Ok(Some(log::event(&log::append(conn, thread, what, now)?)))
}

fn take_out(conn: &mut Conn, item_id: ItemId, events: &[EventRow]) -> QueryResult<()> {
    scrub(conn, events)?;
    store::set_deleted(conn, item_id)
}

fn append(conn: &mut Conn, thread: &ThreadRow, wish: &Wish, data: Value, now: DateTime<Utc>) -> QueryResult<EventRow> {
    let what = What {
        kind: wish.deed.kind(),
        by: Some(wish.author_id),
        cid: Some(wish.cid),
        item_id: Some(wish.item_id),
        data,
    };
    let row = log::append(conn, thread, what, now)?;
    log::remember(conn, wish.author_id, wish.cid, &row, wish.item_id)?;
    Ok(row)
}

/// Takes the bodies out of what the log says about an item; its numbers stay.
pub fn scrub(conn: &mut Conn, events: &[EventRow]) -> QueryResult<()> {
    for event in events {
        let mut data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let Some(fields) = data.as_object_mut().filter(|fields| fields.contains_key("body")) else {
            continue;
        };
        fields.insert("body".to_owned(), json!({ "type": "deleted" }));
        fields.remove("reason");
        if let Some(status) = fields.get_mut("status") {
            *status = json!(ItemStatus::Deleted);
        }
        store::set_event_data(conn, event.thread_id, event.seq, &data.to_string())?;
    }
    Ok(())
}
