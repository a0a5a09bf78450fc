//! How the connection is, as the interface shows it.

use serde::{Deserialize, Serialize};

/// Shorter outages are not worth a banner.
pub const BANNER_AFTER_MS: u64 = 2_000;

crate::text_enum! {
    /// Where the connection stands.
    pub enum ConnectionState {
        /// Nobody has asked for one: signed out, or another tab holds it.
        Idle = "idle",
        /// For the first time.
        Connecting = "connecting",
        Open = "open",
        /// Open, but slow or lossy.
        Degraded = "degraded",
        Reconnecting = "reconnecting",
        /// The browser has no network; one try each half minute.
        Offline = "offline",
        /// Ten tries in vain, or the server wants no more; `error` says which.
        Failed = "failed",
    }
}

crate::text_enum! {
    /// How good the line is.
    pub enum Quality {
        /// Not measured yet.
        Unknown = "unknown",
        Excellent = "excellent",
        Good = "good",
        Fair = "fair",
        Poor = "poor",
    }
}

crate::text_enum! {
    /// What the interface tells a person, and what they can do about it.
    pub enum ErrorState {
        /// Tries go on; a button tries at once.
        Unreachable = "unreachable",
        Offline = "offline",
        /// Sign in again; what is unsent stays.
        SignedOut = "signed_out",
        /// Load the page anew.
        UpdateNeeded = "update_needed",
        Forbidden = "forbidden",
        /// The server did not understand this program.
        Rejected = "rejected",
        /// Too many tabs are open; a button takes the connection here.
        TooManyTabs = "too_many_tabs",
    }
}

crate::text_enum! {
    /// How far a thread is loaded.
    pub enum LoadingState {
        Idle = "idle",
        /// Nothing can be shown yet.
        Loading = "loading",
        /// What is shown is true, but not all.
        CatchingUp = "catching_up",
        Ready = "ready",
        /// It is tried again by itself.
        Failed = "failed",
    }
}

/// What is known of the connection at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionHealth {
    pub state: ConnectionState,
    pub quality: Quality,
    pub error: Option<ErrorState>,
    /// Time since the connection was last open; 0 while it is.
    pub outage_ms: u64,
    /// Time until the next try, when one is planned.
    pub retry_in_ms: Option<u64>,
    /// Tries in vain since the connection was last open.
    pub failures: u32,
    /// Smoothed round trip and its variation (RFC 6298).
    pub srtt_ms: Option<u64>,
    pub rttvar_ms: Option<u64>,
    /// Of the last 20 round trips.
    pub rtt_min_ms: Option<u64>,
    pub rtt_p95_ms: Option<u64>,
    /// From sending a message to its acknowledgement, of the last 20.
    pub ack_p95_ms: Option<u64>,
    /// Pings without an answer, of the last 10.
    pub pongs_lost: u32,
    /// In the last ten minutes.
    pub reconnects: u32,
    pub last_frame_age_ms: Option<u64>,
    /// The server's clock minus ours.
    pub clock_offset_ms: i64,
    /// Messages that wait, and how long the oldest has.
    pub queued: usize,
    pub queued_oldest_ms: u64,
    /// Sessions that went on, and gaps that had to be read anew.
    pub resumed: u32,
    pub gaps: u32,
}

impl ConnectionHealth {
    /// Whether somebody should be told: not for an outage of a blink.
    pub fn needs_banner(&self) -> bool {
        match self.state {
            ConnectionState::Idle | ConnectionState::Open => false,
            ConnectionState::Degraded | ConnectionState::Failed => true,
            ConnectionState::Connecting | ConnectionState::Reconnecting | ConnectionState::Offline => {
                self.outage_ms >= BANNER_AFTER_MS
            }
        }
    }
}
