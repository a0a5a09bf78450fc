//! The order of sending: each thread is a lane with one send on its way, and after a reconnect a batch.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::{Entry, Op, State, say};
use crate::{
    chat::{
        ClientFrame,
        client::effects::{Out, OutgoingState},
        client_frames::{Delete, Edit, SendMessage},
        limits::{FRAME_MAX, LANES_MAX, SEND_BATCH_MAX, SEND_RATE},
    },
    ids::ThreadId,
};

/// What a frame needs beside its record's bytes, at most.
const FRAME_EXTRA: usize = 64;

#[derive(Debug, Clone, Default)]
pub struct Lanes {
    /// The number of each thread that has something on its way.
    slots: BTreeMap<ThreadId, u8>,
    /// Until when a lane rests.
    resting: BTreeMap<ThreadId, u64>,
    /// Entries before this one waited for the connection, and may go in batches.
    backlog_before: u64,
    /// Sends that the server's bucket has room for, and since when.
    tokens: f64,
    tokens_at: u64,
}

impl Lanes {
    pub fn connected(&mut self, next_order: u64) {
        self.backlog_before = next_order;
        self.tokens = SEND_RATE.burst;
    }

    pub fn disconnected(&mut self) {
        self.slots.clear();
        self.resting.clear();
    }

    pub fn rest(&mut self, thread: ThreadId, until: u64) {
        let resting = self.resting.entry(thread).or_default();
        *resting = until.max(*resting);
    }

    pub fn flush(&mut self, entries: &mut [Entry], now: u64, out: &mut Out) {
        self.refill(now);
        self.resting.retain(|_, until| now < *until);
        let in_flight: BTreeSet<ThreadId> = in_flight(entries).collect();
        self.slots.retain(|thread, _| in_flight.contains(thread));
        let mut blocked: BTreeSet<ThreadId> = self.resting.keys().copied().chain(in_flight).collect();
        for first in 0..entries.len() {
            let thread = entries[first].record.thread;
            if entries[first].state == State::Unsent || !blocked.insert(thread) {
                continue;
            }
            if entries[first].state != State::Queued {
                continue;
            }
            if self.slots.len() >= LANES_MAX || self.tokens < 1.0 {
                return;
            }
            self.tokens -= 1.0;
            let slot = self.take_slot(thread);
            let batch = self.batch(entries, first);
            let frames = batch
                .into_iter()
                .map(|at| depart(&mut entries[at], slot, now, out))
                .collect();
            out.batches.push(frames);
        }
    }

    /// When a lane has rested, or the bucket has a token again, if anything waits for that.
    pub fn deadline(&self, entries: &[Entry], now: u64) -> Option<u64> {
        let in_flight: BTreeSet<ThreadId> = in_flight(entries).collect();
        let waiting = entries
            .iter()
            .filter(|entry| entry.state == State::Queued && !in_flight.contains(&entry.record.thread));
        let token_at = now + ((1.0 - self.tokens).max(0.0) * 1_000.0 / SEND_RATE.per_second).ceil() as u64;
        waiting
            .filter_map(|entry| match self.resting.get(&entry.record.thread) {
                Some(until) => Some(*until),
                None => (self.tokens < 1.0).then_some(token_at),
            })
            .min()
    }

    /// The entries that go together with `first`: alone, or its lane's backlog.
    fn batch(&self, entries: &[Entry], first: usize) -> Vec<usize> {
        let thread = entries[first].record.thread;
        let mut batch = vec![first];
        let mut bytes = entries[first].bytes + FRAME_EXTRA;
        if entries[first].record.order >= self.backlog_before {
            return batch;
        }
        for (at, entry) in entries.iter().enumerate().skip(first + 1) {
            if entry.record.thread != thread || entry.state == State::Unsent {
                continue;
            }
            bytes += entry.bytes + FRAME_EXTRA;
            let fits = batch.len() < SEND_BATCH_MAX && bytes <= FRAME_MAX;
            if entry.state != State::Queued || entry.record.order >= self.backlog_before || !fits {
                break;
            }
            batch.push(at);
        }
        batch
    }

    fn take_slot(&mut self, thread: ThreadId) -> u8 {
        let slot = (0..=u8::MAX)
            .find(|slot| !self.slots.values().any(|taken| taken == slot))
            .expect("there are fewer lanes than numbers");
        self.slots.insert(thread, slot);
        slot
    }

    fn refill(&mut self, now: u64) {
        let passed = now.saturating_sub(self.tokens_at) as f64 / 1_000.0;
        self.tokens = (self.tokens + passed * SEND_RATE.per_second).min(SEND_RATE.burst);
        self.tokens_at = now;
    }
}

fn in_flight(entries: &[Entry]) -> impl Iterator<Item = ThreadId> + '_ {
    entries
        .iter()
        .filter(|entry| matches!(entry.state, State::InFlight { .. }))
        .map(|entry| entry.record.thread)
}

/// Marks the entry as on its way; that it was tried is stored, so that nobody edits it after a reload.
fn depart(entry: &mut Entry, lane: u8, now: u64, out: &mut Out) -> ClientFrame {
    entry.state = State::InFlight { since: now };
    say(entry.record.cid, OutgoingState::Sending, out);
    if !entry.record.was_tried {
        entry.record.was_tried = true;
        entry.persist(out);
    }
    let record = entry.record.clone();
    let cid = record.cid;
    match record.op {
        Op::Send { reply_to, body } => SendMessage {
            cid,
            thread: record.thread,
            lane,
            reply_to,
            body,
            queued_at: i64::try_from(record.queued_at_ms)
                .ok()
                .and_then(DateTime::from_timestamp_millis)
                .unwrap_or_default(),
        }
        .into(),
        Op::Edit { item, body } => Edit { cid, item, body }.into(),
        Op::Delete { item } => Delete { cid, item }.into(),
    }
}
