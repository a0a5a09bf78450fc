//! Who follows which thread on this node, and what waits to be written to each socket.
//!
//! Nothing here waits: what a socket cannot take is dropped when it is only of the moment, and else ends the socket,
//! whose cursors bring it back without a loss.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use common::{
    chat::{
        Event, ServerFrame,
        limits::{QUEUE_BYTES, QUEUE_FRAMES},
    },
    ids::{ThreadId, UserId},
};
use tokio::sync::Notify;

/// Every thread that somebody follows here.
#[derive(Default)]
pub struct Hub {
    threads: Mutex<HashMap<ThreadId, HashMap<u64, Arc<Queue>>>>,
    next: AtomicU64,
}

/// What is told to whoever follows a thread.
#[derive(Debug, Clone)]
pub enum Told {
    /// One number of the log; it is never dropped.
    Event(Arc<LogEvent>),
    /// Of the moment, such as typing; text of a frame.
    Moment(Arc<str>),
}

/// An event as its author and as everybody else is told it.
#[derive(Debug)]
pub struct LogEvent {
    pub thread: ThreadId,
    pub seq: u64,
    author: Option<UserId>,
    to_author: String,
    to_others: String,
}

impl LogEvent {
    pub fn new(event: Event) -> Self {
        let write = |event: &Event| common::chat::wire::write(&[ServerFrame::Event(event.clone())]);
        let anonymous = Event {
            cid: None,
            ..event.clone()
        };
        Self {
            thread: event.thread,
            seq: event.seq.get(),
            author: event.by,
            to_author: write(&event),
            to_others: write(&anonymous),
        }
    }

    /// The frame for somebody: only authors are told their own ids.
    pub fn text_for(&self, user_id: UserId) -> &str {
        match self.author == Some(user_id) {
            true => &self.to_author,
            false => &self.to_others,
        }
    }
}

impl Told {
    fn bytes(&self) -> usize {
        match self {
            Told::Event(event) => event.to_others.len(),
            Told::Moment(text) => text.len(),
        }
    }
}

/// A socket's place in the hub; it leaves every thread when this is dropped.
pub struct Follower {
    hub: Arc<Hub>,
    id: u64,
    pub queue: Arc<Queue>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.hub.lock().retain(|_, followers| {
            followers.remove(&self.id);
            !followers.is_empty()
        });
    }
}

impl Follower {
    pub fn follow(&self, thread: ThreadId) {
        let mut threads = self.hub.lock();
        threads
            .entry(thread)
            .or_default()
            .insert(self.id, Arc::clone(&self.queue));
    }

    pub fn leave(&self, thread: ThreadId) {
        let mut threads = self.hub.lock();
        if let Some(followers) = threads.get_mut(&thread) {
            followers.remove(&self.id);
            if followers.is_empty() {
                threads.remove(&thread);
            }
        }
    }
}

impl Hub {
    pub fn enter(self: &Arc<Self>) -> Follower {
        Follower {
            hub: Arc::clone(self),
            id: self.next.fetch_add(1, Ordering::Relaxed),
            queue: Arc::default(),
        }
    }

    /// Tells everybody who follows the thread here, but not `except`.
    pub fn tell(&self, thread: ThreadId, told: &Told, except: Option<&Follower>) {
        let threads = self.lock();
        let followers = threads.get(&thread).into_iter().flatten();
        for (id, queue) in followers {
            if except.is_none_or(|except| except.id != *id) {
                queue.push(told.clone());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThreadId, HashMap<u64, Arc<Queue>>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What waits to be written to one socket, bounded in frames and bytes.
#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Told>,
    bytes: usize,
    is_over: bool,
}

impl State {
    /// What is of the moment is dropped when this is reached.
    fn is_half_full(&self) -> bool {
        self.waiting.len() * 2 >= QUEUE_FRAMES || self.bytes * 2 >= QUEUE_BYTES
    }
}

/// The socket reads too slowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

impl Queue {
    fn push(&self, told: Told) {
        let mut state = self.lock();
        if state.is_over || matches!(told, Told::Moment(_)) && state.is_half_full() {
            return;
        }
        state.bytes += told.bytes();
        if state.waiting.len() >= QUEUE_FRAMES || state.bytes > QUEUE_BYTES {
            // The cursors of the client bring back what is given up here.
            state.is_over = true;
            state.waiting.clear();
        } else {
            state.waiting.push_back(told);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// The next that waits, or the end.
    pub async fn pop(&self) -> Result<Told, Overflow> {
        loop {
            {
                let mut state = self.lock();
                if state.is_over {
                    return Err(Overflow);
                }
                if let Some(told) = state.waiting.pop_front() {
                    state.bytes -= told.bytes();
                    return Ok(told);
                }
            }
            self.changed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(number: u8) -> ThreadId {
        ThreadId::parse(&format!("01929b7e-7c1c-7000-8000-0000000000{number:02}")).unwrap()
    }

    fn moment(text: &str) -> Told {
        Told::Moment(Arc::from(text))
    }

    fn waiting(follower: &Follower) -> usize {
        follower.queue.lock().waiting.len()
    }

    #[test]
    fn only_followers_are_told_and_nobody_stays_behind() {
        let hub = Arc::new(Hub::default());
        let (one, two) = (hub.enter(), hub.enter());
        one.follow(thread(1));
        two.follow(thread(1));
        two.follow(thread(2));
        hub.tell(thread(1), &moment("a"), Some(&one));
        hub.tell(thread(2), &moment("b"), None);
        assert_eq!((waiting(&one), waiting(&two)), (0, 2));
        two.leave(thread(1));
        hub.tell(thread(1), &moment("c"), None);
        assert_eq!((waiting(&one), waiting(&two)), (1, 2));
        drop((one, two));
        assert!(hub.lock().is_empty());
    }

    #[actix_web::test]
    async fn a_slow_reader_loses_moments_first_and_then_its_socket() {
        let hub = Arc::new(Hub::default());
        let slow = hub.enter();
        slow.follow(thread(1));
        for _ in 0..QUEUE_FRAMES {
            hub.tell(thread(1), &moment("typing"), None);
        }
        assert_eq!(waiting(&slow), QUEUE_FRAMES / 2);
        assert!(slow.queue.pop().await.is_ok());
        let large = LogEvent {
            thread: thread(1),
            seq: 1,
            author: None,
            to_author: String::new(),
            to_others: "x".repeat(QUEUE_BYTES / 2),
        };
        let large = Told::Event(Arc::new(large));
        hub.tell(thread(1), &large, None);
        assert!(slow.queue.pop().await.is_ok());
        hub.tell(thread(1), &large, None);
        hub.tell(thread(1), &large, None);
        assert!(matches!(slow.queue.pop().await, Err(Overflow)));
        assert_eq!(waiting(&slow), 0, "nothing is kept for it");
    }
}
