//! Who follows which thread on this node, and what waits to be written to each socket.
//!
//! Nothing here waits: what a socket cannot take is dropped when it is only of the moment, and else ends the socket,
//! whose cursors bring it back without a loss.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use common::{
    chat::{
        Change, Event, ServerFrame,
        events::MemberChange,
        limits::{QUEUE_BYTES, QUEUE_FRAMES},
    },
    ids::{ThreadId, UserId},
};
use tokio::sync::Notify;

use super::settings;

/// Every thread that somebody follows here, and every person who is connected.
#[derive(Default)]
pub struct Hub {
    threads: Mutex<HashMap<ThreadId, Followed>>,
    people: Mutex<HashMap<UserId, Followers>>,
    next: AtomicU64,
    /// Counts the threads that were followed first, or by nobody any more.
    version: AtomicU64,
    changed: Notify,
}

type Followers = HashMap<u64, Arc<Queue>>;

#[derive(Default)]
struct Followed {
    followers: Followers,
    /// The highest number of its log that was told here.
    told: u64,
}

/// What is told to whoever follows a thread.
#[derive(Debug, Clone)]
pub enum Told {
    /// One number of the log; it is never dropped.
    Event(Arc<LogEvent>),
    /// Of the moment, such as typing; dropped where it does not fit.
    Moment(Arc<Moment>),
    /// The person's own stream goes on.
    Woken,
}

/// What passes, and from whom.
#[derive(Debug)]
pub struct Moment {
    pub by: UserId,
    /// Those whom `by` has blocked.
    pub hidden_from: Arc<HashSet<UserId>>,
    /// A frame.
    pub text: String,
}

/// Who is told, and what they let themselves see.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub user_id: UserId,
    pub shows_reading: bool,
    pub blocked: Arc<HashSet<UserId>>,
}

impl Viewer {
    /// Whether the two are kept apart.
    pub fn is_apart_from(&self, by: UserId, hidden_from: &HashSet<UserId>) -> bool {
        hidden_from.contains(&self.user_id) || self.blocked.contains(&by)
    }
}

/// An event as its author and as everybody else is told it.
#[derive(Debug)]
pub struct LogEvent {
    pub thread: ThreadId,
    pub seq: u64,
    author: Option<UserId>,
    hidden_from: Arc<HashSet<UserId>>,
    to_author: String,
    to_others: String,
    /// For those who may not see how far the author has read.
    masked: Option<String>,
    /// Somebody came or went.
    pub member: Option<MemberChange>,
}

impl LogEvent {
    /// `hidden_from` are those whom the author has blocked.
    pub fn new(event: Event, hidden_from: Arc<HashSet<UserId>>) -> Self {
        let write = |event: &Event| common::chat::wire::write(&[ServerFrame::Event(event.clone())]);
        let anonymous = Event {
            cid: None,
            ..event.clone()
        };
        Self {
            thread: event.thread,
            seq: event.seq.get(),
            author: event.by,
            hidden_from,
            to_author: write(&event),
            to_others: write(&anonymous),
            masked: matches!(event.change, Change::Read(_)).then(|| write(&settings::masked(anonymous))),
            member: match event.change {
                Change::Member(member) => Some(member),
                _ => None,
            },
        }
    }

    /// The frame for somebody: only authors are told their own ids, and reading is seen by those who show it.
    pub fn text_for(&self, viewer: &Viewer) -> &str {
        if self.author == Some(viewer.user_id) {
            return &self.to_author;
        }
        let is_apart = self
            .author
            .is_some_and(|author| viewer.is_apart_from(author, &self.hidden_from));
        match &self.masked {
            Some(masked) if is_apart || !viewer.shows_reading => masked,
            _ => &self.to_others,
        }
    }
}

impl Told {
    fn bytes(&self) -> usize {
        match self {
            Told::Event(event) => event.to_others.len(),
            Told::Moment(moment) => moment.text.len(),
            Told::Woken => 0,
        }
    }
}

/// A socket's place in the hub; it leaves every thread when this is dropped.
pub struct Follower {
    hub: Arc<Hub>,
    id: u64,
    user_id: UserId,
    /// What it follows.
    threads: Mutex<HashSet<ThreadId>>,
    pub queue: Arc<Queue>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        let threads = std::mem::take(&mut *self.threads());
        threads.into_iter().for_each(|thread| self.hub.remove(thread, self.id));
        let mut people = self.hub.people();
        if let Some(followers) = people.get_mut(&self.user_id) {
            followers.remove(&self.id);
            if followers.is_empty() {
                people.remove(&self.user_id);
            }
        }
    }
}

impl Follower {
    pub fn follow(&self, thread: ThreadId) {
        self.threads().insert(thread);
        let mut threads = self.hub.lock();
        let followed = threads.entry(thread).or_default();
        followed.followers.insert(self.id, Arc::clone(&self.queue));
        if followed.followers.len() == 1 {
            self.hub.has_changed();
        }
    }

    pub fn leave(&self, thread: ThreadId) {
        self.threads().remove(&thread);
        self.hub.remove(thread, self.id);
    }

    fn threads(&self) -> MutexGuard<'_, HashSet<ThreadId>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    pub fn enter(self: &Arc<Self>, user_id: UserId) -> Follower {
        let (id, queue) = (self.next.fetch_add(1, Ordering::Relaxed), Arc::<Queue>::default());
        self.people().entry(user_id).or_default().insert(id, Arc::clone(&queue));
        Follower {
            hub: Arc::clone(self),
            id,
            user_id,
            threads: Mutex::default(),
            queue,
        }
    }

    /// Makes every socket of the person look at the person's own stream.
    pub fn wake(&self, user_id: UserId) {
        let people = self.people();
        let queues = people.get(&user_id).into_iter().flatten();
        queues.for_each(|(_, queue)| queue.push(Told::Woken));
    }

    /// Everybody who is connected here.
    pub fn connected(&self) -> Vec<UserId> {
        self.people().keys().copied().collect()
    }

    pub fn is_followed(&self, thread: ThreadId) -> bool {
        self.lock().contains_key(&thread)
    }

    /// Tells everybody who follows one of the threads here, once.
    pub fn tell_any(&self, threads: &[ThreadId], told: &Told) {
        let all = self.lock();
        let mut queues: HashMap<u64, &Arc<Queue>> = HashMap::new();
        for thread in threads {
            let followers = all.get(thread).into_iter().flat_map(|followed| &followed.followers);
            queues.extend(followers.map(|(id, queue)| (*id, queue)));
        }
        queues.into_values().for_each(|queue| queue.push(told.clone()));
    }

    /// Tells everybody who follows the thread here, but not `except`.
    pub fn tell(&self, thread: ThreadId, told: &Told, except: Option<&Follower>) {
        let mut threads = self.lock();
        let Some(followed) = threads.get_mut(&thread) else {
            return;
        };
        if let Told::Event(event) = told {
            followed.told = followed.told.max(event.seq);
        }
        for (id, queue) in &followed.followers {
            if except.is_none_or(|except| except.id != *id) {
                queue.push(told.clone());
            }
        }
    }

    /// Every thread that somebody follows here, with the highest number that was told of it; 0 before the first.
    pub fn followed(&self) -> HashMap<ThreadId, u64> {
        let threads = self.lock();
        threads
            .iter()
            .map(|(thread, followed)| (*thread, followed.told))
            .collect()
    }

    /// Another number than before means that [`Hub::followed`] has other threads.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// Waits until [`Hub::version`] moves; for one that waits.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn remove(&self, thread: ThreadId, id: u64) {
        let mut threads = self.lock();
        let Some(followed) = threads.get_mut(&thread) else {
            return;
        };
        followed.followers.remove(&id);
        if followed.followers.is_empty() {
            threads.remove(&thread);
            self.has_changed();
        }
    }

    fn has_changed(&self) {
        self.version.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThreadId, Followed>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn people(&self) -> MutexGuard<'_, HashMap<UserId, Followers>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
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
        let is_vain = match &told {
            Told::Moment(_) => state.is_half_full(),
            // One look at the stream finds everything.
            Told::Woken => state.waiting.iter().any(|told| matches!(told, Told::Woken)),
            Told::Event(_) => false,
        };
        if state.is_over || is_vain {
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

    fn user(number: u8) -> UserId {
        UserId::parse(&format!("01929b7e-7c1c-7000-8000-0000000001{number:02}")).unwrap()
    }

    fn moment(text: &str) -> Told {
        Told::Moment(Arc::new(Moment {
            by: user(9),
            hidden_from: Arc::default(),
            text: text.to_owned(),
        }))
    }

    fn waiting(follower: &Follower) -> usize {
        follower.queue.lock().waiting.len()
    }

    #[test]
    fn only_followers_are_told_and_nobody_stays_behind() {
        let hub = Arc::new(Hub::default());
        let (one, two) = (hub.enter(user(1)), hub.enter(user(2)));
        one.follow(thread(1));
        two.follow(thread(1));
        two.follow(thread(2));
        hub.tell(thread(1), &moment("a"), Some(&one));
        hub.tell(thread(2), &moment("b"), None);
        assert_eq!((waiting(&one), waiting(&two)), (0, 2));
        two.leave(thread(1));
        hub.tell(thread(1), &moment("c"), None);
        assert_eq!((waiting(&one), waiting(&two)), (1, 2));
        hub.wake(user(2));
        hub.wake(user(2));
        assert_eq!((waiting(&one), waiting(&two)), (1, 3), "one look is enough");
        drop((one, two));
        assert!(hub.lock().is_empty() && hub.people().is_empty());
    }

    #[actix_web::test]
    async fn a_slow_reader_loses_moments_first_and_then_its_socket() {
        let hub = Arc::new(Hub::default());
        let slow = hub.enter(user(1));
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
            hidden_from: Arc::default(),
            masked: None,
            member: None,
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
