//! What is heard of each thread, in sequence: the next event is applied, holes are filled or read anew.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Random,
    effects::{Effect, Out},
};
use crate::{
    chat::{
        Cursor, Event, LoadingState, Seq,
        client_frames::{Fetch, Subscribe, Unsubscribe},
        limits::{FETCH_MAX, SUBSCRIPTIONS_MAX},
        server_frames::{FrameError, FrameErrorCode, Gap, Live, Sync},
    },
    ids::{ClientMessageId, ThreadId},
};

/// A hole that is not filled within this time is a gap.
const GAP_MS: u64 = 3_000;
/// Events that wait behind a hole.
const BUFFER: usize = 512;
const RELOAD_BASE_MS: f64 = 1_000.0;
const RELOAD_CAP_MS: f64 = 30_000.0;
const SUBSCRIBE_AGAIN_MS: u64 = 2_000;

#[derive(Debug, Clone, Default)]
pub struct Threads {
    logs: BTreeMap<ThreadId, Log>,
    /// The longest followed first.
    followed: VecDeque<ThreadId>,
    requests: u64,
    /// Threads of the requests that wait for an answer.
    asked: BTreeMap<String, ThreadId>,
}

#[derive(Debug, Clone)]
struct Log {
    cursor: Cursor,
    is_live: bool,
    /// It stood in the last `hello`.
    is_asked_for: bool,
    /// The furthest event that is known to exist.
    target: Seq,
    /// Events behind a hole.
    buffer: BTreeMap<Seq, Event>,
    is_fetching: bool,
    gap_at: Option<u64>,
    subscribe_at: Option<u64>,
    reload: Option<Reload>,
    /// Own messages whose acknowledgement came before their event.
    acknowledged: BTreeMap<Seq, ClientMessageId>,
    state: LoadingState,
}

/// The thread is read through HTTP.
#[derive(Debug, Clone)]
struct Reload {
    request: u64,
    epoch: String,
    tries: u32,
    /// When to ask again, after a failure.
    again_at: Option<u64>,
}

impl Threads {
    /// For `hello`, which asks for all of them.
    pub fn cursors(&mut self) -> BTreeMap<ThreadId, Cursor> {
        self.logs
            .iter_mut()
            .map(|(thread, log)| {
                log.is_asked_for = true;
                (*thread, log.cursor.clone())
            })
            .collect()
    }

    /// Follows a thread; one too many, and the longest followed is left.
    pub fn subscribe(&mut self, thread: ThreadId, cursor: Cursor, out: &mut Out) {
        if self.logs.contains_key(&thread) {
            return;
        }
        if self.followed.len() >= SUBSCRIPTIONS_MAX
            && let Some(oldest) = self.followed.front().copied()
        {
            self.unsubscribe(oldest, out);
        }
        self.followed.push_back(thread);
        self.logs.insert(
            thread,
            Log {
                cursor,
                is_live: false,
                is_asked_for: false,
                target: Seq::ZERO,
                buffer: BTreeMap::new(),
                is_fetching: false,
                gap_at: None,
                subscribe_at: None,
                reload: None,
                acknowledged: BTreeMap::new(),
                state: LoadingState::Idle,
            },
        );
        self.ask_to_follow(thread, out);
    }

    pub fn unsubscribe(&mut self, thread: ThreadId, out: &mut Out) {
        if !self.forget(thread) {
            return;
        }
        self.requests += 1;
        out.say(Unsubscribe {
            id: Some(self.requests.to_string()),
            threads: vec![thread],
        });
    }

    /// Whether it was followed.
    pub fn forget(&mut self, thread: ThreadId) -> bool {
        self.followed.retain(|followed| *followed != thread);
        self.asked.retain(|_, asked| *asked != thread);
        self.logs.remove(&thread).is_some()
    }

    /// A resumed session goes on where it was; else each thread waits for its `live`.
    pub fn connected(&mut self, is_resumed: bool, out: &mut Out) {
        for thread in self.followed.clone() {
            let Some(log) = self.logs.get_mut(&thread) else {
                continue;
            };
            log.is_live &= is_resumed;
            log.show(thread, out);
            if !log.is_asked_for {
                self.ask_to_follow(thread, out);
            }
        }
    }

    /// The next socket sends what is missing from the cursors on.
    pub fn disconnected(&mut self) {
        self.asked.clear();
        for log in self.logs.values_mut() {
            (log.is_fetching, log.gap_at, log.subscribe_at) = (false, None, None);
            log.buffer.clear();
        }
    }

    /// Gives back what may be shown, in order.
    pub fn event(&mut self, event: Event, now: u64, out: &mut Out) -> Vec<Event> {
        let thread = event.thread;
        let Some(log) = self.logs.get_mut(&thread) else {
            return vec![];
        };
        log.hear(event);
        let applied = log.advance();
        self.look_for_holes(thread, now, out);
        applied
    }

    pub fn sync(&mut self, sync: Sync, now: u64, out: &mut Out) -> Vec<Event> {
        let thread = sync.thread;
        let Some(log) = self.logs.get_mut(&thread) else {
            return vec![];
        };
        if log.cursor.epoch.is_empty() {
            log.cursor.epoch.clone_from(&sync.epoch);
        }
        if log.cursor.epoch != sync.epoch {
            self.reload(thread, sync.epoch, out);
            return vec![];
        }
        for event in sync.items {
            log.hear(event);
        }
        let applied = log.advance();
        let was_fetching = std::mem::take(&mut log.is_fetching);
        if was_fetching && sync.more && log.reload.is_none() {
            log.gap_at = None;
            self.fetch(thread, now, out);
        }
        self.look_for_holes(thread, now, out);
        applied
    }

    pub fn live(&mut self, live: &Live, now: u64, out: &mut Out) {
        let Some(log) = self.logs.get_mut(&live.thread) else {
            return;
        };
        log.is_live = true;
        log.target = log.target.max(live.seq);
        self.look_for_holes(live.thread, now, out);
    }

    pub fn gap(&mut self, gap: Gap, out: &mut Out) {
        self.reload(gap.thread, gap.epoch, out);
        if let Some(log) = self.logs.get_mut(&gap.thread) {
            log.target = log.target.max(gap.head);
        }
    }

    /// A request was refused: for good, or for a while.
    pub fn refused(&mut self, error: &FrameError, now: u64, out: &mut Out) {
        let Some(thread) = error.id.as_ref().and_then(|id| self.asked.remove(id)) else {
            return;
        };
        let Some(log) = self.logs.get_mut(&thread) else { return };
        if error.retry {
            log.subscribe_at = Some(now + error.after_ms.unwrap_or(SUBSCRIBE_AGAIN_MS).max(100));
        } else if matches!(error.code, FrameErrorCode::Forbidden | FrameErrorCode::TooMany) {
            self.forget(thread);
            out.push(Effect::ThreadRefused {
                thread,
                code: error.code,
            });
        }
    }

    /// `None` when another reload is waited for.
    pub fn reloaded(
        &mut self,
        thread: ThreadId,
        request: u64,
        head: Seq,
        now: u64,
        out: &mut Out,
    ) -> Option<Vec<Event>> {
        let log = self.logs.get_mut(&thread)?;
        let reload = log.reload.take_if(|reload| reload.request == request)?;
        log.cursor = Cursor {
            epoch: reload.epoch,
            seq: head,
        };
        let applied = log.advance();
        self.look_for_holes(thread, now, out);
        Some(applied)
    }

    pub fn reload_failed(&mut self, thread: ThreadId, request: u64, now: u64, random: Random<'_>, out: &mut Out) {
        let Some(log) = self.logs.get_mut(&thread) else { return };
        let Some(reload) = log.reload.as_mut().filter(|reload| reload.request == request) else {
            return;
        };
        let ceiling = RELOAD_CAP_MS.min(RELOAD_BASE_MS * f64::from(1_u32 << reload.tries.min(10)));
        reload.tries += 1;
        reload.again_at = Some(now + (ceiling * (0.5 + random() / 2.0)) as u64);
        log.show(thread, out);
    }

    /// An own message is committed; whether its event must still come is remembered.
    pub fn acknowledged(&mut self, thread: ThreadId, seq: Seq, cid: ClientMessageId) {
        if let Some(log) = self.logs.get_mut(&thread)
            && log.cursor.seq < seq
        {
            log.acknowledged.insert(seq, cid);
        }
    }

    /// Which own message this event shows, when its acknowledgement told.
    pub fn own(&mut self, event: &Event) -> Option<ClientMessageId> {
        self.logs.get_mut(&event.thread)?.acknowledged.remove(&event.seq)
    }

    pub fn cursor(&self, thread: ThreadId) -> Option<&Cursor> {
        self.logs.get(&thread).map(|log| &log.cursor)
    }

    /// Gives back how many gaps have opened.
    pub fn run_due(&mut self, now: u64, is_open: bool, out: &mut Out) -> u32 {
        let mut gaps = 0;
        for thread in self.followed.clone() {
            let Some(log) = self.logs.get_mut(&thread) else {
                continue;
            };
            if log.subscribe_at.take_if(|at| now >= *at).is_some() && is_open {
                self.ask_to_follow(thread, out);
            } else if log.gap_at.take_if(|at| now >= *at).is_some() {
                let epoch = log.cursor.epoch.clone();
                self.reload(thread, epoch, out);
                gaps += 1;
            } else if let Some(reload) = log.reload.as_mut()
                && reload.again_at.take_if(|at| now >= *at).is_some()
            {
                self.ask_again(thread, out);
            }
        }
        gaps
    }

    pub fn deadline(&self) -> Option<u64> {
        self.logs
            .values()
            .flat_map(|log| {
                let again_at = log.reload.as_ref().and_then(|reload| reload.again_at);
                [log.gap_at, log.subscribe_at, again_at].into_iter().flatten()
            })
            .min()
    }

    fn ask_to_follow(&mut self, thread: ThreadId, out: &mut Out) {
        let id = self.request(thread);
        let Some(log) = self.logs.get_mut(&thread) else { return };
        out.say(Subscribe {
            id: Some(id),
            threads: [(thread, log.cursor.clone())].into(),
        });
        log.show(thread, out);
    }

    fn fetch(&mut self, thread: ThreadId, now: u64, out: &mut Out) {
        if self.logs.get(&thread).is_none_or(|log| log.is_fetching) {
            return;
        }
        let id = self.request(thread);
        let Some(log) = self.logs.get_mut(&thread) else { return };
        log.is_fetching = true;
        log.gap_at.get_or_insert(now + GAP_MS);
        out.say(Fetch {
            id: Some(id),
            thread,
            after: log.cursor.seq,
            limit: FETCH_MAX,
        });
    }

    fn request(&mut self, thread: ThreadId) -> String {
        self.requests += 1;
        let id = self.requests.to_string();
        self.asked.insert(id.clone(), thread);
        id
    }

    /// A hole is fetched, and becomes a gap when that does not help.
    fn look_for_holes(&mut self, thread: ThreadId, now: u64, out: &mut Out) {
        let Some(log) = self.logs.get_mut(&thread) else { return };
        if log.reload.is_some() {
            return log.show(thread, out);
        }
        if log.buffer.len() >= BUFFER {
            log.buffer.clear();
            let epoch = log.cursor.epoch.clone();
            return self.reload(thread, epoch, out);
        }
        if log.cursor.seq >= log.target {
            log.gap_at = None;
        } else if log.gap_at.is_none() {
            self.fetch(thread, now, out);
        }
        if let Some(log) = self.logs.get_mut(&thread) {
            log.show(thread, out);
        }
    }

    fn reload(&mut self, thread: ThreadId, epoch: String, out: &mut Out) {
        let Some(log) = self.logs.get_mut(&thread) else { return };
        if log.reload.as_ref().is_some_and(|reload| reload.epoch == epoch) {
            return;
        }
        if log.cursor.epoch != epoch {
            // They belong to the log that is no more.
            log.buffer.clear();
            log.acknowledged.clear();
            log.target = Seq::ZERO;
        }
        (log.gap_at, log.is_fetching) = (None, false);
        log.reload = Some(Reload {
            request: 0,
            epoch,
            tries: 0,
            again_at: None,
        });
        self.ask_again(thread, out);
    }

    fn ask_again(&mut self, thread: ThreadId, out: &mut Out) {
        self.requests += 1;
        let Some(log) = self.logs.get_mut(&thread) else { return };
        let Some(reload) = &mut log.reload else { return };
        reload.request = self.requests;
        out.push(Effect::Reload {
            thread,
            request: reload.request,
            known: log.cursor.clone(),
            epoch: reload.epoch.clone(),
        });
        log.show(thread, out);
    }
}

impl Log {
    /// Keeps what is new; while the thread is read anew, at most a buffer of it.
    fn hear(&mut self, event: Event) {
        if event.seq <= self.cursor.seq && self.reload.is_none() {
            return;
        }
        self.target = self.target.max(event.seq);
        if self.buffer.len() < BUFFER {
            self.buffer.insert(event.seq, event);
        }
    }

    /// Takes the events that follow the head without a hole.
    fn advance(&mut self) -> Vec<Event> {
        let mut applied = Vec::new();
        if self.reload.is_some() {
            return applied;
        }
        while let Some(first) = self.buffer.first_entry() {
            if *first.key() > self.cursor.seq.next() {
                break;
            }
            let event = first.remove();
            if event.seq > self.cursor.seq {
                self.cursor.seq = event.seq;
                applied.push(event);
            }
        }
        applied
    }

    fn show(&mut self, thread: ThreadId, out: &mut Out) {
        let has_failed = self.reload.as_ref().is_some_and(|reload| reload.again_at.is_some());
        let is_whole = self.is_live && self.reload.is_none() && self.gap_at.is_none();
        let state = match (has_failed, is_whole) {
            (true, _) => LoadingState::Failed,
            (false, true) => LoadingState::Ready,
            (false, false) if self.cursor.seq == Seq::ZERO => LoadingState::Loading,
            (false, false) => LoadingState::CatchingUp,
        };
        if state != self.state {
            self.state = state;
            out.push(Effect::Loading { thread, state });
        }
    }
}
