//! What a person sent and the server has not committed: stored first, in order for each thread, never lost.
//!
//! Entries belong to one person; another person's are neither loaded nor sent.

mod lanes;

use serde::{Deserialize, Serialize};

use self::lanes::Lanes;
use super::effects::{Effect, Out, OutgoingState};
use crate::{
    chat::{
        Body, Seq,
        limits::{OUTBOX_BYTES_MAX, OUTBOX_ITEMS_MAX, OUTBOX_TTL_MS},
        server_frames::{Ack, Nack, NackCode},
    },
    ids::{ClientMessageId, ItemId, ThreadId, UserId},
};

/// A send that is neither acknowledged nor refused for this long is sent again.
const ANSWER_MS: u64 = 20_000;
/// How long a lane rests when the server does not say.
const REST_MS: u64 = 1_000;
const LEAST_REST_MS: u64 = 100;

/// What is asked of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Send { reply_to: Option<ItemId>, body: Body },
    Edit { item: ItemId, body: Body },
    Delete { item: ItemId },
}

impl Op {
    fn body_mut(&mut self) -> Option<&mut Body> {
        match self {
            Op::Send { body, .. } | Op::Edit { body, .. } => Some(body),
            Op::Delete { .. } => None,
        }
    }

    fn is_sendable(&self) -> bool {
        match self {
            Op::Send { body, .. } | Op::Edit { body, .. } => body.is_sendable(),
            Op::Delete { .. } => true,
        }
    }
}

/// One entry as the storage keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub user: UserId,
    pub cid: ClientMessageId,
    pub thread: ThreadId,
    pub op: Op,
    pub queued_at_ms: u64,
    /// Orders what was queued in the same millisecond.
    pub order: u64,
    /// It was sent at least once, so it may have arrived.
    pub was_tried: bool,
    pub unsent: Option<UnsentReason>,
}

crate::text_enum! {
    /// Why a message will not be sent unless its author says so.
    pub enum UnsentReason {
        Expired = "expired",
        Forbidden = "forbidden",
        TooLarge = "too_large",
        Invalid = "invalid",
        Blocked = "blocked",
        Refused = "refused",
    }
}

crate::text_enum! {
    /// Why something was not done with the outbox.
    pub enum Refusal {
        NotSignedIn = "not_signed_in",
        /// Empty, too large, or nothing that a person may send.
        Invalid = "invalid",
        Full = "full",
        /// The storage did not take it.
        NotStored = "not_stored",
        /// It is on its way, or may have arrived.
        OnItsWay = "on_its_way",
        Unknown = "unknown",
    }
}

#[derive(Debug, Clone, Default)]
pub struct Outbox {
    user: Option<UserId>,
    /// In the order of sending.
    entries: Vec<Entry>,
    lanes: Lanes,
    next_order: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    record: Record,
    bytes: usize,
    /// Of the record; the storage says which one it has.
    revision: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not in the storage yet.
    Storing,
    Queued,
    InFlight {
        since: u64,
    },
    Unsent,
}

impl Outbox {
    /// Holds the entries of this person from now on, and nobody else's.
    pub fn belong_to(&mut self, user: UserId) {
        if self.user != Some(user) {
            *self = Self {
                user: Some(user),
                ..Self::default()
            };
        }
    }

    /// At logout: nothing stays, in the storage or here.
    pub fn wipe(&mut self, out: &mut Out) {
        if let Some(user) = self.user.take() {
            out.push(Effect::Wipe { user });
        }
        *self = Self::default();
    }

    pub fn load(&mut self, user: UserId, mut records: Vec<Record>, out: &mut Out) {
        if self.user != Some(user) {
            return;
        }
        records.sort_by_key(|record| (record.queued_at_ms, record.order));
        for record in records {
            self.take_stored(record, out);
        }
    }

    /// Takes what is in the storage already; an entry that is known is replaced while it was never sent.
    pub fn take_stored(&mut self, record: Record, out: &mut Out) {
        if self.user != Some(record.user) {
            return;
        }
        let cid = record.cid;
        let state = match record.unsent {
            Some(reason) => {
                say(cid, OutgoingState::NotSent(reason), out);
                State::Unsent
            }
            None => State::Queued,
        };
        self.next_order = self.next_order.max(record.order + 1);
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.record.cid == cid) {
            if entry.state == State::Queued && !entry.record.was_tried {
                *entry = Entry::new(record, state);
            }
            return;
        }
        if state == State::Queued {
            say(cid, OutgoingState::Queued, out);
        }
        self.entries.push(Entry::new(record, state));
    }

    pub fn compose(&mut self, cid: ClientMessageId, thread: ThreadId, op: Op, now: u64, out: &mut Out) {
        let Some(user) = self.user else {
            return refuse(cid, Refusal::NotSignedIn, out);
        };
        if self.find(cid).is_some() {
            return;
        }
        let entry = Entry::new(
            Record {
                user,
                cid,
                thread,
                op,
                queued_at_ms: now,
                order: self.next_order,
                was_tried: false,
                unsent: None,
            },
            State::Storing,
        );
        if !entry.record.op.is_sendable() {
            return refuse(cid, Refusal::Invalid, out);
        }
        if self.entries.len() >= OUTBOX_ITEMS_MAX || self.bytes() + entry.bytes > OUTBOX_BYTES_MAX {
            return refuse(cid, Refusal::Full, out);
        }
        self.next_order += 1;
        entry.persist(out);
        self.entries.push(entry);
    }

    /// The storage has it; gives back the record when it is ready to be sent.
    pub fn persisted(&mut self, cid: ClientMessageId, revision: u32, out: &mut Out) -> Option<Record> {
        let entry = self.find_mut(cid)?;
        if entry.state != State::Storing || entry.revision != revision {
            return None;
        }
        entry.state = State::Queued;
        say(cid, OutgoingState::Queued, out);
        Some(entry.record.clone())
    }

    /// What was never stored was never taken; an edit or a retry that was not stored is told.
    pub fn persist_failed(&mut self, cid: ClientMessageId, out: &mut Out) {
        let Some(at) = self.find(cid).filter(|at| self.entries[*at].state == State::Storing) else {
            return;
        };
        if self.entries[at].revision == 0 {
            self.entries.remove(at);
        } else {
            self.entries[at].state = State::Queued;
        }
        refuse(cid, Refusal::NotStored, out);
    }

    pub fn edit(&mut self, cid: ClientMessageId, body: Body, out: &mut Out) {
        let others: usize = self.bytes();
        let Some(entry) = self.find_mut(cid) else {
            return refuse(cid, Refusal::Unknown, out);
        };
        let is_waiting = matches!(entry.state, State::Storing | State::Queued);
        if !is_waiting || entry.record.was_tried {
            return refuse(cid, Refusal::OnItsWay, out);
        }
        let mut changed = entry.record.clone();
        let Some(old) = changed.op.body_mut().filter(|_| body.is_sendable()) else {
            return refuse(cid, Refusal::Invalid, out);
        };
        *old = body;
        let changed = Entry {
            revision: entry.revision + 1,
            ..Entry::new(changed, State::Storing)
        };
        if others - entry.bytes + changed.bytes > OUTBOX_BYTES_MAX {
            return refuse(cid, Refusal::Full, out);
        }
        *entry = changed;
        entry.persist(out);
    }

    pub fn delete(&mut self, cid: ClientMessageId, out: &mut Out) {
        let Some(at) = self.find(cid) else {
            return refuse(cid, Refusal::Unknown, out);
        };
        if matches!(self.entries[at].state, State::InFlight { .. }) {
            return refuse(cid, Refusal::OnItsWay, out);
        }
        self.remove(at, out);
    }

    /// The author wants it sent after all: last in its thread, for another day, under the same id.
    pub fn retry(&mut self, cid: ClientMessageId, now: u64, out: &mut Out) {
        let Some(at) = self.find(cid).filter(|at| self.entries[*at].state == State::Unsent) else {
            return;
        };
        let mut entry = self.entries.remove(at);
        entry.record.unsent = None;
        entry.record.queued_at_ms = now;
        entry.record.order = self.next_order;
        entry.revision += 1;
        entry.state = State::Storing;
        self.next_order += 1;
        entry.persist(out);
        self.entries.push(entry);
    }

    /// A socket is open: what waited until now may go in batches.
    pub fn connected(&mut self) {
        self.lanes.connected(self.next_order);
    }

    /// What is on its way may have arrived or not; it is sent again under the same id.
    pub fn disconnected(&mut self, out: &mut Out) {
        self.lanes.disconnected();
        for entry in &mut self.entries {
            entry.take_back(out);
        }
    }

    /// The server refused the size of what was on its way: the largest of it.
    pub fn too_big(&mut self, out: &mut Out) {
        let largest = self
            .entries
            .iter_mut()
            .filter(|entry| matches!(entry.state, State::InFlight { .. }))
            .max_by_key(|entry| entry.bytes);
        if let Some(entry) = largest {
            entry.give_up(UnsentReason::TooLarge, out);
        }
    }

    /// Committed, known by its acknowledgement or its echo; gives back how long the answer took.
    pub fn committed(
        &mut self,
        cid: ClientMessageId,
        item: Option<ItemId>,
        seq: Seq,
        now: u64,
        out: &mut Out,
    ) -> Option<u64> {
        let at = self.find(cid)?;
        let took = match self.entries[at].state {
            State::InFlight { since } => Some(now.saturating_sub(since)),
            State::Storing | State::Queued | State::Unsent => None,
        };
        self.remove(at, out);
        say(cid, OutgoingState::Sent { item, seq }, out);
        took
    }

    pub fn acknowledged(&mut self, ack: &Ack, now: u64, out: &mut Out) -> Option<u64> {
        self.committed(ack.cid, Some(ack.item), ack.seq, now, out)
    }

    /// Refused: for good, or until its lane has rested.
    pub fn refused(&mut self, nack: &Nack, now: u64, out: &mut Out) {
        let Some(entry) = self.find_mut(nack.cid) else { return };
        if nack.retry {
            let thread = entry.record.thread;
            entry.take_back(out);
            let rest = nack.after_ms.unwrap_or(REST_MS).max(LEAST_REST_MS);
            self.lanes.rest(thread, now + rest);
            return;
        }
        if entry.state == State::Unsent {
            return;
        }
        let reason = match nack.code {
            NackCode::Forbidden => UnsentReason::Forbidden,
            NackCode::TooLarge => UnsentReason::TooLarge,
            NackCode::Invalid => UnsentReason::Invalid,
            NackCode::Blocked => UnsentReason::Blocked,
            NackCode::Expired => UnsentReason::Expired,
            NackCode::RateLimited | NackCode::Unavailable | NackCode::Other => UnsentReason::Refused,
        };
        entry.give_up(reason, out);
    }

    /// A day is over; what is on its way just now waits for its answer.
    pub fn expire(&mut self, now: u64, out: &mut Out) {
        for entry in &mut self.entries {
            let is_waiting = matches!(entry.state, State::Storing | State::Queued);
            if is_waiting && now >= entry.expires_at() {
                entry.give_up(UnsentReason::Expired, out);
            }
        }
    }

    /// Sends what may be sent now; only called while a welcomed socket is open.
    pub fn flush(&mut self, now: u64, out: &mut Out) {
        for entry in &mut self.entries {
            if matches!(entry.state, State::InFlight { since } if now >= since + ANSWER_MS) {
                entry.take_back(out);
            }
        }
        self.expire(now, out);
        self.lanes.flush(&mut self.entries, now, out);
    }

    /// When something becomes due; sends count only while a socket is open.
    pub fn deadline(&self, now: u64, is_open: bool) -> Option<u64> {
        let own = self.entries.iter().filter_map(|entry| match entry.state {
            State::Storing | State::Queued => Some(entry.expires_at()),
            State::InFlight { since } => is_open.then_some(since + ANSWER_MS),
            State::Unsent => None,
        });
        let lanes = is_open.then(|| self.lanes.deadline(&self.entries, now)).flatten();
        own.chain(lanes).min()
    }

    /// Entries that wait, and since when the oldest does.
    pub fn waiting(&self) -> (usize, Option<u64>) {
        let waiting = self.entries.iter().filter(|entry| entry.state != State::Unsent);
        let oldest = waiting.clone().map(|entry| entry.record.queued_at_ms).min();
        (waiting.count(), oldest)
    }

    pub fn count(&self) -> usize {
        self.entries.len()
    }

    pub fn bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.bytes).sum()
    }

    fn find(&self, cid: ClientMessageId) -> Option<usize> {
        self.entries.iter().position(|entry| entry.record.cid == cid)
    }

    fn find_mut(&mut self, cid: ClientMessageId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.record.cid == cid)
    }

    fn remove(&mut self, at: usize, out: &mut Out) {
        let record = self.entries.remove(at).record;
        out.push(Effect::Remove {
            user: record.user,
            cid: record.cid,
        });
    }
}

impl Entry {
    fn new(record: Record, state: State) -> Self {
        let bytes = serde_json::to_string(&record)
            .expect("a record holds only text and numbers")
            .len();
        Self {
            record,
            bytes,
            revision: 0,
            state,
        }
    }

    fn expires_at(&self) -> u64 {
        self.record.queued_at_ms + OUTBOX_TTL_MS
    }

    fn persist(&self, out: &mut Out) {
        out.push(Effect::Persist {
            record: self.record.clone(),
            revision: self.revision,
        });
    }

    /// On its way no more: it waits again.
    fn take_back(&mut self, out: &mut Out) {
        if matches!(self.state, State::InFlight { .. }) {
            self.state = State::Queued;
            say(self.record.cid, OutgoingState::Queued, out);
        }
    }

    fn give_up(&mut self, reason: UnsentReason, out: &mut Out) {
        self.state = State::Unsent;
        self.record.unsent = Some(reason);
        self.persist(out);
        say(self.record.cid, OutgoingState::NotSent(reason), out);
    }
}

fn say(cid: ClientMessageId, state: OutgoingState, out: &mut Out) {
    out.push(Effect::Outgoing { cid, state });
}

fn refuse(cid: ClientMessageId, why: Refusal, out: &mut Out) {
    out.push(Effect::Refused { cid, why });
}
