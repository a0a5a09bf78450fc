//! What a client's shell is told to do.

use super::{
    inputs::Ask,
    outbox::{Record, Refusal, UnsentReason},
};
use crate::{
    chat::{
        ClientFrame, ConnectionHealth, Cursor, Event, LoadingState, Seq, UserEvent,
        server_frames::{FrameErrorCode, Presence},
    },
    ids::{ClientMessageId, ItemId, ThreadId, UserId},
};

/// One thing to do, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    FetchTicket {
        generation: u64,
    },
    Open {
        generation: u64,
        ticket: String,
    },
    /// Close it and forget it; its later events are ignored anyway.
    Close {
        generation: u64,
    },
    /// Send as one frame: an object, or an array when there are several.
    Transmit {
        generation: u64,
        frames: Vec<ClientFrame>,
    },
    AskLeader(Ask),
    /// Replaces the one timer; `None` stops it.
    WakeAt(Option<u64>),
    /// The person has to sign in again; `SignedIn` goes on.
    SignIn,
    HealthChanged(ConnectionHealth),

    /// Write to the person's outbox, then say `Persisted` with the same revision.
    Persist {
        record: Record,
        revision: u32,
    },
    Remove {
        user: UserId,
        cid: ClientMessageId,
    },
    /// Delete everything that is stored for that person.
    Wipe {
        user: UserId,
    },
    Outgoing {
        cid: ClientMessageId,
        state: OutgoingState,
    },
    /// It was not taken; what was typed stays in the composer.
    Refused {
        cid: ClientMessageId,
        why: Refusal,
    },

    /// Show and store an event; `own` is the message of this client that it shows.
    Apply {
        event: Event,
        own: Option<ClientMessageId>,
    },
    SaveCursor {
        thread: ThreadId,
        cursor: Cursor,
    },
    /// Read the thread through HTTP from its head back to `known` or the floor, then say `Reloaded`.
    Reload {
        thread: ThreadId,
        request: u64,
        known: Cursor,
        epoch: String,
    },
    Loading {
        thread: ThreadId,
        state: LoadingState,
    },
    /// The thread is not followed any more.
    ThreadRefused {
        thread: ThreadId,
        code: FrameErrorCode,
    },
    ApplyUser(UserEvent),
    SaveUserCursor(Cursor),
    /// Read threads and settings anew, then say `UserReloaded`.
    ReloadUser,

    /// The whole text of a running stream.
    StreamSet {
        item: ItemId,
        text: String,
    },
    StreamAppend {
        item: ItemId,
        text: String,
    },
    /// Who types in a thread now.
    TypingChanged {
        thread: ThreadId,
        users: Vec<UserId>,
    },
    PresenceChanged(Presence),
    /// Nobody's presence is known while there is no connection.
    PresenceUnknown,
}

/// Where a message of this client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutgoingState {
    /// In the storage, so it survives a reload.
    Queued,
    Sending,
    /// Committed by the server.
    Sent {
        item: Option<ItemId>,
        seq: Seq,
    },
    /// Offer to retry and to delete.
    NotSent(UnsentReason),
}

/// Collects the effects of one input, and the frames that it wants sent.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub effects: Vec<Effect>,
    /// Frames that may share an array.
    pub frames: Vec<ClientFrame>,
    /// Arrays that stay as they are: one lane of the outbox each.
    pub batches: Vec<Vec<ClientFrame>>,
}

impl Out {
    pub fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub fn say(&mut self, frame: impl Into<ClientFrame>) {
        self.frames.push(frame.into());
    }
}
