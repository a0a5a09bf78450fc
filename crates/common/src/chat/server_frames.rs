//! What the server says.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    events::{Event, UserEvent},
    items::{Cursor, Seq},
    limits::Limits,
};
use crate::ids::{ClientMessageId, ItemId, SocketSessionId, ThreadId, UserId};

frames! {
    /// A frame from the server.
    pub enum ServerFrame {
        Welcome(Welcome) = "welcome",
        Event(Event) = "ev",
        Sync(Sync) = "sync",
        Live(Live) = "live",
        Gap(Gap) = "gap",
        UserEvent(UserEvent) = "uev",
        Ack(Ack) = "ack",
        Nack(Nack) = "nack",
        StreamDelta(StreamDelta) = "stream.delta",
        StreamSnap(StreamSnap) = "stream.snap",
        Typing(Typing) = "typing",
        Presence(Presence) = "presence",
        Ping(ServerPing) = "ping",
        Pong(ServerPong) = "pong",
        Error(FrameError) = "error",
        Reconnect(Reconnect) = "reconnect",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    pub v: u32,
    pub session: SocketSessionId,
    /// This socket, for logs.
    pub conn: String,
    pub node: String,
    /// The session went on: what was missed follows without a `sync`.
    pub resumed: bool,
    pub ping_ms: u64,
    pub pong_ms: u64,
    pub limits: Limits,
    /// The server's time in milliseconds since 1970.
    pub st: i64,
    /// The end of the person's own stream.
    pub user_cursor: Cursor,
}

/// Events that were missed, one for each sequence from `from` to `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sync {
    pub thread: ThreadId,
    pub epoch: String,
    pub from: Seq,
    pub to: Seq,
    pub items: Vec<Event>,
    /// There are later ones that this frame had no room for.
    pub more: bool,
}

/// Everything up to `seq` was sent; what follows comes as it happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    pub thread: ThreadId,
    pub seq: Seq,
}

/// The cursor cannot be continued: read the thread anew through HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub thread: ThreadId,
    pub epoch: String,
    /// Nothing up to here exists any more.
    pub floor: Seq,
    pub head: Seq,
    #[serde(deserialize_with = "gap_reason")]
    pub why: GapReason,
}

crate::text_enum! {
    pub enum GapReason {
        Epoch = "epoch",
        Retention = "retention",
        TooMany = "too_many",
        Lost = "lost",
        Other = "other",
    }
}

/// What was sent is committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    pub cid: ClientMessageId,
    pub thread: ThreadId,
    pub seq: Seq,
    pub item: ItemId,
    #[serde(with = "crate::instant::millis")]
    pub ts: DateTime<Utc>,
    /// It had been committed before.
    pub dup: bool,
}

/// What was sent is not committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nack {
    pub cid: ClientMessageId,
    #[serde(deserialize_with = "nack_code")]
    pub code: NackCode,
    /// Whether sending it again may help, after `after_ms`.
    pub retry: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
}

crate::text_enum! {
    pub enum NackCode {
        RateLimited = "rate_limited",
        Forbidden = "forbidden",
        TooLarge = "too_large",
        Invalid = "invalid",
        Blocked = "blocked",
        Expired = "expired",
        Unavailable = "unavailable",
        /// A code that this program is too old for.
        Other = "other",
    }
}

/// A piece of what the assistant writes; `i` counts from 1 without a hole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamDelta {
    pub thread: ThreadId,
    pub item: ItemId,
    pub i: u64,
    pub s: String,
}

/// All that the assistant wrote up to `i`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamSnap {
    pub item: ItemId,
    pub i: u64,
    pub s: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    pub thread: ThreadId,
    pub user: UserId,
    pub on: bool,
    pub ttl_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    pub users: BTreeMap<UserId, Seen>,
}

/// How somebody is, and when they were last here, where they let it be seen: `["away", "2026-…"]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen(
    #[serde(deserialize_with = "presence_state")] pub PresenceState,
    #[serde(with = "crate::instant::millis::option")] pub Option<DateTime<Utc>>,
);

crate::text_enum! {
    pub enum PresenceState {
        Online = "online",
        Away = "away",
        Offline = "offline",
        /// We cannot tell, which is not the same as offline.
        Unknown = "unknown",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerPing {
    pub n: u64,
    pub st: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerPong {
    pub n: u64,
    /// As the client sent it.
    pub ct: i64,
    pub st: i64,
}

/// A frame was refused that has no `nack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameError {
    /// Of the frame that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(deserialize_with = "frame_error_code")]
    pub code: FrameErrorCode,
    pub msg: String,
    pub retry: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
}

crate::text_enum! {
    pub enum FrameErrorCode {
        /// The server knows no such frame, or not at this moment.
        Unsupported = "unsupported",
        Invalid = "invalid",
        Forbidden = "forbidden",
        RateLimited = "rate_limited",
        /// More threads than one socket may follow.
        TooMany = "too_many",
        Unavailable = "unavailable",
        /// A code that this program is too old for.
        Other = "other",
    }
}

/// The node goes away: connect again at a random moment of the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconnect {
    pub window_ms: u64,
    pub why: String,
}

/// Reads a code leniently: an old client must not drop a frame because a newer server has a new code.
macro_rules! lenient {
    ($($function:ident: $name:ident or $other:ident),+ $(,)?) => { $(
        fn $function<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
            let text = String::deserialize(deserializer)?;
            Ok($name::parse(&text).unwrap_or($name::$other))
        }
    )+ };
}

lenient! {
    gap_reason: GapReason or Other,
    nack_code: NackCode or Other,
    presence_state: PresenceState or Unknown,
    frame_error_code: FrameErrorCode or Other,
}
