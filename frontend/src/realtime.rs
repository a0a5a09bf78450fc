//! Chat as it happens: the shell around the machine of `common::chat::client`, and what pages read of it.
//!
//! The machine decides everything; here stand the socket, the timer, the storage and the tabs. Nothing runs before the
//! first page of chat is opened: [`use_chat_socket`] begins it.

mod book;
pub mod js;
pub mod log;
mod reading;
mod shell;
mod socket;
mod store;
mod tabs;

use common::{
    chat::{
        Body, ConnectionHealth, Item, ItemStatus, LoadingState, Seq,
        client::{Input, Op, OutgoingState, Refusal},
        threads::Thread,
    },
    ids::{ClientMessageId, ItemId, ThreadId, UserId},
};
use leptos::prelude::*;

pub use book::{Outgoing, at, words};
pub use log::Stage;
pub use reading::learn;

use crate::{
    api::Failure,
    browser,
    session::{Who, use_session},
};

/// Something was not taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    pub why: Refusal,
    /// What was typed, when it left the composer already.
    pub words: Option<String>,
}

/// What pages follow; they live as long as the tab.
#[derive(Clone, Copy)]
struct Signals {
    revision: RwSignal<u32>,
    looks: RwSignal<u32>,
    health: RwSignal<Option<ConnectionHealth>>,
    refused: RwSignal<Option<Refused>>,
}

impl Signals {
    fn new() -> Self {
        // A new root takes the place of the page's owner, which the page still needs.
        let page = Owner::current();
        let owner = Owner::new_root(None);
        if let Some(page) = page {
            page.set();
        }
        let signals = owner.with(|| Self {
            revision: RwSignal::new(0),
            looks: RwSignal::new(0),
            health: RwSignal::new(None),
            refused: RwSignal::new(None),
        });
        // No page may take them along when it goes.
        std::mem::forget(owner);
        signals
    }

    fn changed(self) {
        self.revision.update(|revision| *revision = revision.wrapping_add(1));
    }

    fn look(self) {
        self.looks.update(|looks| *looks = looks.wrapping_add(1));
    }

    fn health_is(self, health: ConnectionHealth) {
        self.health.set(Some(health));
    }

    fn refused(self, why: Refusal, words: Option<String>) {
        self.refused.set(Some(Refused { why, words }));
    }
}

/// The one connection of this person, as pages see it.
#[derive(Clone, Copy)]
pub struct ChatSocket {
    /// `None` until the first tab has said how it is.
    pub health: Signal<Option<ConnectionHealth>>,
    /// What was not taken last; the page that shows it puts `None`.
    pub refused: RwSignal<Option<Refused>>,
    signals: Signals,
    pub own: UserId,
}

/// Begins chat for whoever is signed in, if it has not begun; the page must be one for people who are.
pub fn use_chat_socket() -> Option<ChatSocket> {
    let own = use_session().who.with_untracked(|who| match who {
        Who::Somebody(signed_in) => Some(signed_in.user.id),
        Who::Asking | Who::Nobody | Who::Unreachable(_) => None,
    })?;
    shell::start(own);
    let signals = shell::signals()?;
    Some(ChatSocket {
        health: signals.health.into(),
        refused: signals.refused,
        signals,
        own,
    })
}

impl ChatSocket {
    /// Tries at once, whatever was planned.
    pub fn try_now(self) {
        shell::tell(Input::RetryNow);
    }

    /// Messages that wait, in all threads.
    pub fn queued(self) -> usize {
        self.signals.revision.track();
        let is_waiting = |outgoing: &&Outgoing| !matches!(outgoing.state, Some(OutgoingState::NotSent(_)));
        shell::read(|book| book.outgoing.iter().filter(is_waiting).count()).unwrap_or_default()
    }

    /// The threads, the most recently active first; `None` until they are read.
    pub fn threads(self) -> Option<Result<Vec<(Thread, bool)>, Failure>> {
        self.signals.revision.track();
        shell::read(|book| {
            let result = book.list.clone()?;
            Some(result.map(|_| {
                let logs = book.threads().into_iter();
                logs.map(|log| (log.thread.clone(), !log.typing.is_empty())).collect()
            }))
        })
        .flatten()
    }

    pub fn read_threads(self) {
        reading::list();
    }

    /// Whether the list goes on.
    pub fn has_more_threads(self) -> bool {
        self.signals.revision.track();
        shell::read(|book| matches!(book.list, Some(Ok(Some(_))))).unwrap_or_default()
    }

    pub fn read_more_threads(self) {
        reading::more_threads();
    }
}

/// One thread, as its page sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ThreadHandle {
    pub id: ThreadId,
    pub own: UserId,
}

/// What a page shows of a thread at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct ThreadView {
    pub thread: Thread,
    pub stage: Stage,
    pub loading: LoadingState,
    pub has_older: bool,
    pub is_reading_older: bool,
    pub is_refused: bool,
    pub typing: Vec<UserId>,
    pub items: Vec<ItemView>,
    pub waiting: Vec<Outgoing>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ItemView {
    pub item: Item,
    /// Its words while it is being written, or as they will be when a change is committed.
    pub words: Option<String>,
    /// A change of it waits: `true` when it will be deleted.
    pub pending: Option<bool>,
    pub is_read: bool,
}

/// Opens a thread: reads it, follows it, and keeps it current.
pub fn use_thread(socket: ChatSocket, id: ThreadId) -> ThreadHandle {
    reading::open(id);
    ThreadHandle { id, own: socket.own }
}

impl ThreadHandle {
    /// `None` until anything is known; `Err` when it could not be read at all.
    pub fn view(self) -> Option<Result<ThreadView, Failure>> {
        if let Some(signals) = shell::signals() {
            signals.revision.track();
        }
        shell::read(|book| {
            let Some(log) = book.logs.get(&self.id) else {
                return book.failed.get(&self.id).cloned().map(Err);
            };
            let items = log.items().map(|item| {
                let pending = book.pending(item.id).map(|outgoing| &outgoing.record.op);
                let changed = match pending {
                    Some(Op::Edit { body, .. }) => words(body).map(str::to_owned),
                    _ => None,
                };
                let streamed = (item.status == ItemStatus::Streaming)
                    .then(|| book.streams.get(&item.id).cloned())
                    .flatten();
                ItemView {
                    item: item.clone(),
                    words: changed
                        .or(streamed)
                        .or_else(|| item.body.as_ref().and_then(words).map(str::to_owned)),
                    pending: pending.map(|op| matches!(op, Op::Delete { .. })),
                    is_read: item.by == Some(self.own) && log.is_read_by_others(item.seq, self.own),
                }
            });
            Some(Ok(ThreadView {
                thread: log.thread.clone(),
                stage: log.stage.clone(),
                loading: log.loading,
                has_older: log.has_older,
                is_reading_older: log.is_reading_older,
                is_refused: log.is_refused,
                typing: log.typing.iter().copied().filter(|user| *user != self.own).collect(),
                items: items.collect(),
                waiting: book.waiting(self.id).cloned().collect(),
            }))
        })
        .flatten()
    }

    /// Runs again what reads this when the person looks at the page again.
    pub fn track_looks(self) {
        if let Some(signals) = shell::signals() {
            signals.looks.track();
        }
    }

    pub fn is_looked_at(self) -> bool {
        !shell::is_hidden()
    }

    pub fn read_again(self) {
        reading::open(self.id);
    }

    /// Reads older items; `then` runs just before they are shown.
    pub fn read_older(self, then: impl FnOnce() + 'static) {
        reading::older(self.id, then);
    }

    /// Whether it was taken; if not, `refused` of the socket says why.
    pub fn send(self, text: &str) -> bool {
        self.compose(Op::Send {
            reply_to: None,
            body: Body::text(text),
        })
    }

    /// Changes a message that was sent.
    pub fn edit(self, item: ItemId, text: &str) -> bool {
        self.compose(Op::Edit {
            item,
            body: Body::text(text),
        })
    }

    /// Takes back a message that was sent.
    pub fn delete(self, item: ItemId) {
        self.compose(Op::Delete { item });
    }

    fn compose(self, op: Op) -> bool {
        let cid = new_cid();
        let thread = self.id;
        shell::tell(Input::Compose { cid, thread, op });
        shell::read(|book| book.find(cid).is_some()).unwrap_or_default()
    }

    /// Whether it was taken, as [`ThreadHandle::send`].
    pub fn edit_queued(self, cid: ClientMessageId, text: &str) -> bool {
        let body = Body::text(text);
        shell::tell(Input::EditQueued { cid, body });
        let now = |outgoing: &Outgoing| match &outgoing.record.op {
            Op::Send { body, .. } | Op::Edit { body, .. } => words(body) == Some(text),
            Op::Delete { .. } => false,
        };
        shell::read(|book| book.find(cid).is_some_and(now)).unwrap_or_default()
    }

    pub fn delete_queued(self, cid: ClientMessageId) {
        shell::delete_queued(cid);
    }

    pub fn retry(self, cid: ClientMessageId) {
        shell::tell(Input::RetryUnsent { cid });
    }

    /// A key was pressed in the composer.
    pub fn key(self) {
        shell::tell(Input::Key { thread: self.id });
    }

    pub fn blur(self) {
        shell::tell(Input::Blur);
    }

    pub fn mark_read(self, seq: Seq) {
        let thread = self.id;
        shell::tell(Input::MarkRead { thread, seq });
    }

    pub fn draft(self) -> String {
        store::draft(self.own, self.id)
    }

    pub fn keep_draft(self, text: &str) {
        store::keep_draft(self.own, self.id, text);
    }
}

/// At sign-out: every tab stops, and nothing of the person stays in this browser.
///
/// It needs none of the above, so that the pages of the account do not load it.
pub async fn leave(user: UserId) {
    tabs::Channel::open(user).post_out();
    store::delete(user).await;
}

/// A new id of a message, which sorts by its time (RFC 9562 section 5.7).
fn new_cid() -> ClientMessageId {
    let ms = browser::now().timestamp_millis();
    let random = || (js_sys::Math::random() * 4_294_967_296.0) as u32;
    let (a, b, c) = (random(), random(), random());
    let text = format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:04x}{:08x}",
        (ms >> 16) & 0xffff_ffff,
        ms & 0xffff,
        a & 0xfff,
        0x8000 | (b & 0x3fff),
        (b >> 16) & 0xffff,
        c
    );
    ClientMessageId::parse(&text).expect("the digits of a UUID")
}
