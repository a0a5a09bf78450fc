//! The realtime protocol `chatkit.rt.v1`: how a socket is opened, kept and closed.
//!
//! Frames are JSON objects tagged by `t`; a client may send up to [`BATCH_MAX`] of them as one array.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    endpoint::{Access, Endpoint, Method},
    ids::SessionId,
};

/// Offered in `Sec-WebSocket-Protocol`, beside `ticket.<ticket>`.
pub const SUBPROTOCOL: &str = "chatkit.rt.v1";
/// What stands before the ticket in the list of subprotocols.
pub const TICKET_PREFIX: &str = "ticket.";
pub const VERSION: u32 = 1;
/// Largest frame that a client may send, in bytes.
pub const FRAME_MAX: usize = 64 * 1024;
pub const BATCH_MAX: usize = 64;

/// Lets its holder open one socket, once, before `exp`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub ticket: String,
    #[serde(with = "crate::instant")]
    pub exp: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t")]
pub enum ClientFrame {
    /// The first frame, within ten seconds.
    #[serde(rename = "hello")]
    Hello { v: u32, device: String, tab: String },
    #[serde(rename = "ping")]
    Ping { n: u64, ct: i64 },
    #[serde(rename = "pong")]
    Pong { n: u64 },
    /// A new ticket before the login ends.
    #[serde(rename = "auth.refresh")]
    AuthRefresh { ticket: String },
    #[serde(rename = "bye")]
    Bye {},
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t")]
pub enum ServerFrame {
    #[serde(rename = "welcome")]
    Welcome {
        v: u32,
        session: SessionId,
        conn: String,
        resumed: bool,
        ping_ms: u64,
        pong_ms: u64,
        limits: Limits,
        /// The server's time in milliseconds since 1970.
        st: i64,
    },
    #[serde(rename = "ping")]
    Ping { n: u64, st: i64 },
    #[serde(rename = "pong")]
    Pong { n: u64, ct: i64, st: i64 },
    #[serde(rename = "error")]
    Error {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        code: String,
        msg: String,
        retry: bool,
    },
    /// The node goes away: connect again at a random moment of the window.
    #[serde(rename = "reconnect")]
    Reconnect { window_ms: u64, why: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of the largest frame.
    pub frame: usize,
}

/// Why a socket was closed: 4000 to 4499 ask the client to come back, 4500 to 4599 to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseReason {
    PongTimeout = 4000,
    /// The login reached its end: sign in again, then reconnect with a new ticket.
    AuthExpired = 4002,
    Drain = 4003,
    TooManySockets = 4013,
    RateLimited = 4029,
    /// Signed out, revoked, or no longer allowed.
    Revoked = 4501,
    Version = 4502,
    Malformed = 4504,
}

impl CloseReason {
    pub fn code(self) -> u16 {
        self as u16
    }

    /// A few words for whoever reads a log.
    pub fn words(self) -> &'static str {
        match self {
            CloseReason::PongTimeout => "no answer to a ping",
            CloseReason::AuthExpired => "the login has ended",
            CloseReason::Drain => "the server goes away",
            CloseReason::TooManySockets => "too many sockets",
            CloseReason::RateLimited => "too many frames",
            CloseReason::Revoked => "signed out",
            CloseReason::Version => "another version of the protocol",
            CloseReason::Malformed => "not a frame",
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_tagged_by_t() {
        let hello: ClientFrame =
            serde_json::from_str(r#"{"t":"hello","v":1,"device":"d_1","tab":"a","caps":["batch"]}"#).unwrap();
        assert_eq!(
            hello,
            ClientFrame::Hello {
                v: 1,
                device: "d_1".to_owned(),
                tab: "a".to_owned()
            }
        );
        let pong = ServerFrame::Pong { n: 9, ct: 1, st: 2 };
        assert_eq!(
            serde_json::to_string(&pong).unwrap(),
            r#"{"t":"pong","n":9,"ct":1,"st":2}"#
        );
        assert!(serde_json::from_str::<ClientFrame>(r#"{"t":"dance"}"#).is_err());
    }
}
