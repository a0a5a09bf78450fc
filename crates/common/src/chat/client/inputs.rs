//! What happens to a client.

use super::outbox::{Op, Record};
use crate::{
    chat::{Body, ClientFrame, Cursor, Seq, ServerFrame, client_frames::OwnPresence},
    ids::{ClientMessageId, ItemId, ThreadId, UserId},
};

/// Which tab holds the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It holds the lock, or there are no locks and each tab has a socket.
    Leader,
    /// Another tab holds the socket and passes on what it hears.
    Follower,
}

/// One thing that happened. Events of a socket carry the generation of its attempt; late ones are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Somebody is signed in; also said again after a sign-in that was asked for.
    SignedIn {
        user: UserId,
    },
    /// On purpose, here or in another tab: what is stored for this person goes.
    LoggedOut,
    RoleChanged(Role),
    /// What the storage holds for that person.
    Loaded {
        user: UserId,
        records: Vec<Record>,
    },

    TicketGranted {
        generation: u64,
        ticket: String,
    },
    /// `status` is 0 when no answer came.
    TicketRefused {
        generation: u64,
        status: u16,
        retry_after_ms: Option<u64>,
    },
    Opened {
        generation: u64,
    },
    /// The handshake was answered with something else than 101; browsers only say `Closed`.
    UpgradeRefused {
        generation: u64,
        status: u16,
        retry_after_ms: Option<u64>,
    },
    Received {
        generation: u64,
        frame: ServerFrame,
    },
    /// A frame came that this program cannot read; the line is alive.
    ReceivedUnknown {
        generation: u64,
    },
    Closed {
        generation: u64,
        code: u16,
    },

    Online,
    Offline,
    Visible,
    Hidden,
    /// The page came back from the browser's cache, or the machine from sleep.
    PageShown,
    /// The button.
    RetryNow,
    /// The time of the last `WakeAt` has come.
    Tick,

    /// Follow a thread from where the storage has it; an empty epoch from the start.
    Subscribe {
        thread: ThreadId,
        cursor: Cursor,
    },
    Unsubscribe {
        thread: ThreadId,
    },
    /// A reload has stored everything up to `head`.
    Reloaded {
        thread: ThreadId,
        request: u64,
        head: Seq,
    },
    ReloadFailed {
        thread: ThreadId,
        request: u64,
    },
    /// How far the storage has the person's own stream.
    UserCursor(Cursor),
    UserReloaded {
        head: Seq,
    },
    UserReloadFailed,

    /// The person pressed send, or changed or deleted something that was sent.
    Compose {
        cid: ClientMessageId,
        thread: ThreadId,
        op: Op,
    },
    /// The record is in the storage.
    Persisted {
        cid: ClientMessageId,
        revision: u32,
    },
    PersistFailed {
        cid: ClientMessageId,
    },
    EditQueued {
        cid: ClientMessageId,
        body: Body,
    },
    DeleteQueued {
        cid: ClientMessageId,
    },
    /// Send again what was not sent.
    RetryUnsent {
        cid: ClientMessageId,
    },

    Key {
        thread: ThreadId,
    },
    /// The composer lost the focus.
    Blur,
    MarkRead {
        thread: ThreadId,
        seq: Seq,
    },
    SetPresence {
        state: OwnPresence,
        idle_s: u64,
    },
    CancelStream {
        item: ItemId,
    },
    /// A ticket for the open socket, before its login ends.
    RefreshTicket {
        ticket: String,
    },

    /// The leader heard this.
    Relayed(ServerFrame),
    /// A follower wants this.
    Asked(Ask),
}

/// What a follower asks the leader for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Say(Vec<ClientFrame>),
    /// The record is in the storage that all tabs share: send it.
    Queue(Box<Record>),
    Drop(ClientMessageId),
}
