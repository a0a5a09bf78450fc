//! Everything that the pages of chat show: the threads, their logs, and what waits to be sent.

use std::collections::BTreeMap;

use chrono::DateTime;
use common::{
    chat::{
        Body, Item, ItemStatus,
        client::{Op, OutgoingState, Record},
        threads::Thread,
    },
    ids::{ClientMessageId, ItemId, ThreadId, UserId},
};

use super::log::Log;
use crate::api::Failure;

/// One entry of the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    pub record: Record,
    /// `None` until it is in the storage.
    pub state: Option<OutgoingState>,
}

#[derive(Debug)]
pub struct Book {
    pub own: UserId,
    /// Where the list of threads goes on, or why it was not read.
    pub list: Option<Result<Option<String>, Failure>>,
    pub logs: BTreeMap<ThreadId, Log>,
    /// Threads of which nothing could be read.
    pub failed: BTreeMap<ThreadId, Failure>,
    pub outgoing: Vec<Outgoing>,
    /// What left the outbox last, until it is known why.
    left: Option<Outgoing>,
    /// The words of streams that run.
    pub streams: BTreeMap<ItemId, String>,
}

impl Book {
    pub fn of(own: UserId) -> Self {
        Self {
            own,
            list: None,
            logs: BTreeMap::new(),
            failed: BTreeMap::new(),
            outgoing: vec![],
            left: None,
            streams: BTreeMap::new(),
        }
    }

    /// A page of the list, and where the next one begins; logs that are open stay.
    pub fn list_is(&mut self, threads: Vec<Thread>, next: Option<String>) {
        for thread in threads {
            self.learn(thread);
        }
        self.list = Some(Ok(next));
    }

    /// A thread as the server tells it; what is ahead of that stays.
    pub fn learn(&mut self, thread: Thread) -> &mut Log {
        let known = self.logs.entry(thread.id).or_insert_with(|| Log::of(thread.clone()));
        if known.thread.head <= thread.head {
            known.thread = thread;
        } else {
            known.thread.members = thread.members;
        }
        known
    }

    /// The most recently active first.
    pub fn threads(&self) -> Vec<&Log> {
        let mut logs: Vec<&Log> = self.logs.values().filter(|log| !log.is_refused).collect();
        logs.sort_by_key(|log| std::cmp::Reverse((log.thread.active_at, log.thread.id)));
        logs
    }

    /// What waits in a thread, in the order of sending.
    pub fn waiting(&self, thread: ThreadId) -> impl Iterator<Item = &Outgoing> {
        self.outgoing
            .iter()
            .filter(move |outgoing| outgoing.record.thread == thread)
    }

    /// What is written to the storage, or was found in it.
    pub fn put(&mut self, record: Record, state: Option<OutgoingState>) {
        let at = self
            .outgoing
            .iter()
            .position(|outgoing| outgoing.record.cid == record.cid);
        match at {
            Some(at) => {
                let is_moved = self.outgoing[at].record.order != record.order;
                let known = &mut self.outgoing[at];
                known.record = record;
                known.state = state.or(known.state);
                if is_moved {
                    let last = self.outgoing.remove(at);
                    self.outgoing.push(last);
                }
            }
            None => self.outgoing.push(Outgoing { record, state }),
        }
    }

    pub fn remove(&mut self, cid: ClientMessageId) {
        if let Some(at) = self.outgoing.iter().position(|outgoing| outgoing.record.cid == cid) {
            self.left = Some(self.outgoing.remove(at));
        }
    }

    pub fn find(&self, cid: ClientMessageId) -> Option<&Outgoing> {
        self.outgoing.iter().find(|outgoing| outgoing.record.cid == cid)
    }

    /// What was sent is shown as sent at once, even when its event comes later.
    pub fn moved(&mut self, cid: ClientMessageId, state: OutgoingState) {
        if let Some(outgoing) = self.outgoing.iter_mut().find(|outgoing| outgoing.record.cid == cid) {
            outgoing.state = Some(state);
        }
        let OutgoingState::Sent { item: Some(id), seq } = state else {
            return;
        };
        let Some(Outgoing { record, .. }) = self.left.take_if(|left| left.record.cid == cid) else {
            return;
        };
        if let Op::Send { reply_to, body } = record.op
            && let Some(log) = self.logs.get_mut(&record.thread)
        {
            log.echo(Item {
                id,
                seq,
                cid: Some(cid),
                by: Some(self.own),
                ts: at(record.queued_at_ms),
                reply_to,
                status: ItemStatus::Done,
                body: Some(body),
                edited_at: None,
            });
        }
    }

    /// The change of an item that was sent and is not committed yet.
    pub fn pending(&self, item: ItemId) -> Option<&Outgoing> {
        self.outgoing.iter().rev().find(|outgoing| match outgoing.record.op {
            Op::Edit { item: of, .. } | Op::Delete { item: of } => of == item,
            Op::Send { .. } => false,
        })
    }
}

/// The words of a message; `None` for what is no text.
pub fn words(body: &Body) -> Option<&str> {
    match body {
        Body::Text { text } => Some(text),
        _ => None,
    }
}

pub fn at(ms: u64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp_millis(i64::try_from(ms).unwrap_or(i64::MAX)).unwrap_or_default()
}
