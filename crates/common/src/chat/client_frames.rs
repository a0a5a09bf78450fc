//! What a client says.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use super::items::{Body, Cursor, Seq};
use crate::ids::{ClientMessageId, ItemId, SocketSessionId, ThreadId};

frames! {
    /// A frame from the client.
    pub enum ClientFrame {
        Hello(Hello) = "hello",
        Subscribe(Subscribe) = "sub",
        Unsubscribe(Unsubscribe) = "unsub",
        Send(SendMessage) = "send",
        Typing(SetTyping) = "typing",
        Presence(SetPresence) = "presence",
        Read(MarkRead) = "read",
        CancelStream(CancelStream) = "stream.cancel",
        Fetch(Fetch) = "fetch",
        Edit(Edit) = "edit",
        Delete(Delete) = "delete",
        AuthRefresh(AuthRefresh) = "auth.refresh",
        Ping(Ping) = "ping",
        Pong(Pong) = "pong",
        Bye(Bye) = "bye",
    }
}

crate::redacted_debug!(AuthRefresh);

/// The first frame, within ten seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub v: u32,
    pub device: String,
    pub tab: String,
    #[serde(default, deserialize_with = "known_capabilities")]
    pub caps: Vec<Capability>,
    /// The session to continue, with the last `sseq` that came.
    #[serde(default)]
    pub session: Option<SocketSessionId>,
    #[serde(default)]
    pub sseq: u64,
    /// The threads to follow, each from where it was left.
    #[serde(default)]
    pub cursors: BTreeMap<ThreadId, Cursor>,
    #[serde(default)]
    pub user_cursor: Cursor,
    /// Streams that are shown, with the last `i` that came.
    #[serde(default)]
    pub streams: BTreeMap<ItemId, u64>,
    #[serde(default)]
    pub presence: OwnPresence,
}

crate::text_enum! {
    /// What a client can do; servers ignore what they do not know.
    pub enum Capability {
        Batch = "batch",
        Stream = "stream",
        /// No typing, presence or deltas, please: the line is too slow.
        Lite = "lite",
    }
}

crate::text_enum! {
    /// What a person lets others see of themselves.
    #[derive(Default)]
    pub enum OwnPresence {
        #[default]
        Online = "online",
        Away = "away",
        Invisible = "invisible",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribe {
    /// Comes back in `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub threads: BTreeMap<ThreadId, Cursor>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsubscribe {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub threads: Vec<ThreadId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessage {
    pub cid: ClientMessageId,
    pub thread: ThreadId,
    /// Which of the client's lanes it travels in; a thread keeps its lane until all is answered.
    #[serde(default)]
    pub lane: u8,
    #[serde(default)]
    pub reply_to: Option<ItemId>,
    pub body: Body,
    #[serde(with = "crate::instant::millis")]
    pub queued_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTyping {
    pub thread: ThreadId,
    pub on: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPresence {
    pub state: OwnPresence,
    /// Seconds since the last key or movement.
    #[serde(default)]
    pub idle_s: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRead {
    pub thread: ThreadId,
    pub seq: Seq,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelStream {
    pub item: ItemId,
}

/// Asks for events after a position; `sync` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub thread: ThreadId,
    pub after: Seq,
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    pub cid: ClientMessageId,
    pub item: ItemId,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    pub cid: ClientMessageId,
    pub item: ItemId,
}

/// A new ticket before the login ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthRefresh {
    pub ticket: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    pub n: u64,
    /// The client's time in milliseconds since 1970.
    pub ct: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    pub n: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {}

fn known_capabilities<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Capability>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    Ok(names.iter().filter_map(|name| Capability::parse(name)).collect())
}
