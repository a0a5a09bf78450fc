//! The realtime protocol `chatkit.rt.v1`: what crosses the socket, and how a client keeps it open.
//!
//! Frames are JSON objects tagged by `t`; up to [`BATCH_MAX`] of them may come as one array.
//! [`wire`] reads and writes them, [`limits`] says how much is allowed, [`CloseReason`] why a socket ends.
//! [`client`] decides everything that a client does; it is pure, and its shell does the I/O.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::endpoint::{Access, Endpoint, Method};

/// Defines the frames of one side: an enum tagged by `t` whose variants carry one struct each.
///
/// Gives `TAGS`, `tag` and `From` of each struct, so that no frame can exist without standing in the list.
macro_rules! frames {
    ($(#[$meta:meta])* pub enum $name:ident { $($variant:ident($data:ident) = $tag:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, ::serde::Serialize)]
        #[serde(tag = "t")]
        pub enum $name { $(#[serde(rename = $tag)] $variant($data)),+ }

        impl $name {
            /// Every `t`, in the order of declaration.
            pub const TAGS: &'static [&'static str] = &[$($tag),+];

            /// What stands in `t`.
            pub fn tag(&self) -> &'static str {
                match self { $($name::$variant(_) => $tag),+ }
            }

            pub(crate) fn read(value: &::serde_json::Value) -> ::serde_json::Result<Self> {
                match $crate::chat::text_of(value, "t")? {
                    $($tag => ::serde::Deserialize::deserialize(value).map($name::$variant),)+
                    tag => Err(::serde::de::Error::unknown_variant(tag, Self::TAGS)),
                }
            }
        }

        read_by_value!($name);

        $(impl From<$data> for $name {
            fn from(frame: $data) -> Self {
                $name::$variant(frame)
            }
        })+
    };
}

/// Implements `Deserialize` by `read`, which takes a JSON value.
///
/// Derived code is compiled for each format and reader, and twice that for a tagged enum; this is a third of the
/// program that speaks the protocol in a browser.
macro_rules! read_by_value {
    ($name:ident) => {
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = ::serde_json::Value::deserialize(deserializer)?;
                $name::read(&value).map_err(::serde::de::Error::custom)
            }
        }
    };
}

/// A text that the object must have.
fn text_of<'v>(value: &'v serde_json::Value, name: &'static str) -> serde_json::Result<&'v str> {
    let text = value.get(name).ok_or_else(|| serde::de::Error::missing_field(name))?;
    Deserialize::deserialize(text)
}

pub mod client;
pub mod client_frames;
pub mod close;
pub mod events;
pub mod health;
pub mod items;
pub mod limits;
pub mod server_frames;
pub mod settings;
pub mod threads;
pub mod wire;

pub use client_frames::ClientFrame;
pub use close::{CloseClass, CloseReason};
pub use events::{Change, Event, UserChange, UserEvent};
pub use health::{ConnectionHealth, ConnectionState, ErrorState, LoadingState, Quality};
pub use items::{Body, Cursor, Item, ItemStatus, Seq};
pub use limits::{BATCH_MAX, FRAME_MAX, Limits};
pub use server_frames::ServerFrame;

/// Offered in `Sec-WebSocket-Protocol`, beside `ticket.<ticket>`.
pub const SUBPROTOCOL: &str = "chatkit.rt.v1";
/// What stands before the ticket in the list of subprotocols.
pub const TICKET_PREFIX: &str = "ticket.";
pub const VERSION: u32 = 1;

crate::redacted_debug!(Ticket);

/// Lets its holder open one socket, once, before `exp`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub ticket: String,
    #[serde(with = "crate::instant")]
    pub exp: DateTime<Utc>,
}

/// Gives a ticket for one socket of this login.
pub struct GetTicket;
impl Endpoint for GetTicket {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/chat/ticket";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = Ticket;
}

/// The WebSocket itself. No cookie counts here: the ticket does, and the exact `Origin`.
pub struct OpenSocket;
impl Endpoint for OpenSocket {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/chat/socket";
    const ACCESS: Access = Access::Ticket;
    type Request = ();
    type Response = ();
}
