//! How much a client and a server may send, keep and wait for; each number stands once, here.

use serde::{Deserialize, Serialize};

/// Largest frame that a client may send, in bytes; a batch is one frame.
pub const FRAME_MAX: usize = 64 * 1024;
/// Largest frame that the server sends, in bytes; a longer `sync` is split.
pub const SERVER_FRAME_MAX: usize = 256 * 1024;
/// Largest body of a message, in bytes of its JSON.
pub const BODY_MAX: usize = 16 * 1024;
/// Frames in one array.
pub const BATCH_MAX: usize = 64;
/// Levels of brackets in one frame, the batch's own included.
pub const DEPTH_MAX: usize = 16;
/// Threads that one socket follows.
pub const SUBSCRIPTIONS_MAX: usize = 128;
/// Sockets of one person on one node; one more closes the oldest.
pub const SOCKETS_PER_USER: usize = 10;
/// Events that a subscription catches up with; more is a `gap`.
pub const CATCH_UP_MAX: u64 = 300;
/// Events that one `fetch` may ask for.
pub const FETCH_MAX: u32 = 200;
/// Members of a thread above which nobody is told who types.
pub const TYPING_MEMBERS_MAX: usize = 100;

/// Sends of one thread that wait for their answers: one, and after a reconnect a batch of these.
pub const SEND_BATCH_MAX: usize = 32;
/// Threads that have a send on its way at the same time.
pub const LANES_MAX: usize = 8;
pub const OUTBOX_ITEMS_MAX: usize = 500;
pub const OUTBOX_BYTES_MAX: usize = 2 * 1024 * 1024;
/// An unsent message older than this is not sent any more unless its author says so.
pub const OUTBOX_TTL_MS: u64 = 24 * 60 * 60 * 1000;

/// Frames that a node keeps for a session to continue, whichever is reached first.
pub const RING_FRAMES: usize = 512;
pub const RING_BYTES: usize = 256 * 1024;
pub const RING_MS: u64 = 120_000;
/// What may wait for a client that reads slowly; more closes it.
pub const QUEUE_FRAMES: usize = 256;
pub const QUEUE_BYTES: usize = 1024 * 1024;
/// One write may take this long.
pub const WRITE_MS: u64 = 10_000;

/// The first frame must come within this time.
pub const HELLO_MS: u64 = 10_000;
/// Middle of the time between pings; each is up to a fifth shorter or longer.
pub const PING_MS: u64 = 25_000;
pub const PONG_MS: u64 = 8_000;
/// Clients come back over this time when a node goes away without naming one.
pub const DRAIN_WINDOW_MS: u64 = 15_000;

/// Somebody who typed is shown for this long at most.
pub const TYPING_TTL_MS: u64 = 8_000;

/// A token bucket: so many per second, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    pub burst: f64,
}

/// All frames of one socket.
pub const FRAME_RATE: Rate = Rate {
    per_second: 20.0,
    burst: 60.0,
};
/// Messages of one person; a batch of one lane counts once.
pub const SEND_RATE: Rate = Rate {
    per_second: 5.0,
    burst: 10.0,
};
/// `typing` of one person in one thread.
pub const TYPING_RATE: Rate = Rate {
    per_second: 0.5,
    burst: 1.0,
};
/// `hello` of one person on one device.
pub const HELLO_RATE: Rate = Rate {
    per_second: 10.0 / 60.0,
    burst: 10.0,
};
/// So many breaches within the time close the socket with 4029.
pub const BREACHES_MAX: usize = 3;
pub const BREACHES_MS: u64 = 10_000;

/// The limits as `welcome` tells them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of the largest frame.
    pub frame: usize,
    /// Bytes of the largest body.
    pub body: usize,
    /// Threads that may be followed.
    pub subs: usize,
    /// Frames per second, for people: `20/s`.
    pub rate: String,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame: FRAME_MAX,
            body: BODY_MAX,
            subs: SUBSCRIPTIONS_MAX,
            rate: format!("{}/s", FRAME_RATE.per_second),
        }
    }
}
