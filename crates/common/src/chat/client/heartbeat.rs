//! Whether the line is alive: the server pings, silence is death, and own pings measure and probe.

use crate::chat::{client_frames::Ping, server_frames::Welcome};

const PROBE_MS: u64 = 3_000;
/// A probe asks a line that was silent for this long.
pub const PROBE_AFTER_MS: u64 = 10_000;
/// How soon a doubtful line is measured again.
const DOUBT_MS: u64 = 5_000;

#[derive(Debug, Clone)]
pub struct Heartbeat {
    ping_ms: u64,
    pong_ms: u64,
    last_frame_at: u64,
    number: u64,
    waits: Option<Waits>,
    measure_at: Option<u64>,
}

/// A ping that has no answer yet.
#[derive(Debug, Clone, Copy)]
struct Waits {
    number: u64,
    sent_at: u64,
    is_probe: bool,
}

/// What a moment brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    Dead,
    /// A pong did not come in time.
    Missed,
    /// It is time to measure.
    Measure,
}

impl Heartbeat {
    pub fn new(welcome: &Welcome, now: u64) -> Self {
        Self {
            ping_ms: welcome.ping_ms,
            pong_ms: welcome.pong_ms,
            last_frame_at: now,
            number: 0,
            waits: None,
            measure_at: None,
        }
    }

    pub fn last_frame_at(&self) -> u64 {
        self.last_frame_at
    }

    /// Anything that comes is life; a probe that waits becomes a measurement.
    pub fn heard(&mut self, now: u64) {
        self.last_frame_at = now;
        if let Some(waits) = &mut self.waits {
            waits.is_probe = false;
        }
    }

    /// A ping that measures, unless one is on its way.
    pub fn measure(&mut self, now: u64) -> Option<Ping> {
        self.measure_at = None;
        self.waits.is_none().then(|| self.ping(now, Waits::measures))
    }

    /// A ping that must be answered within three seconds, unless such a one is on its way.
    pub fn probe(&mut self, now: u64) -> Option<Ping> {
        let is_probing = self.waits.is_some_and(|waits| waits.is_probe);
        (!is_probing).then(|| self.ping(now, Waits::probes))
    }

    /// Measures again soon.
    pub fn doubt(&mut self, now: u64) {
        self.measure_at.get_or_insert(now + DOUBT_MS);
    }

    /// The round trip that this pong ends.
    pub fn pong(&mut self, number: u64, now: u64) -> Option<u64> {
        let waits = self.waits.take_if(|waits| waits.number == number)?;
        Some(now.saturating_sub(waits.sent_at))
    }

    pub fn deadline(&self) -> u64 {
        let times = [self.waits.map(|waits| self.limit(waits)), self.measure_at];
        times.into_iter().flatten().fold(self.silent_at(), u64::min)
    }

    /// What is due at `now`; `None` when nothing is.
    pub fn beat(&mut self, now: u64) -> Option<Beat> {
        if now >= self.silent_at() {
            return Some(Beat::Dead);
        }
        if let Some(waits) = self.waits.take_if(|waits| now >= limit(*waits, self.pong_ms)) {
            return Some(if waits.is_probe { Beat::Dead } else { Beat::Missed });
        }
        self.measure_at.take_if(|at| now >= *at).map(|_| Beat::Measure)
    }

    /// One fifth above the usual time between pings, and the time of a pong.
    fn silent_at(&self) -> u64 {
        self.last_frame_at + self.ping_ms * 6 / 5 + self.pong_ms
    }

    fn limit(&self, waits: Waits) -> u64 {
        limit(waits, self.pong_ms)
    }

    fn ping(&mut self, now: u64, kind: fn(u64, u64) -> Waits) -> Ping {
        self.number += 1;
        self.waits = Some(kind(self.number, now));
        Ping {
            n: self.number,
            ct: i64::try_from(now).unwrap_or(i64::MAX),
        }
    }
}

impl Waits {
    fn measures(number: u64, sent_at: u64) -> Self {
        Self {
            number,
            sent_at,
            is_probe: false,
        }
    }

    fn probes(number: u64, sent_at: u64) -> Self {
        Self {
            number,
            sent_at,
            is_probe: true,
        }
    }
}

fn limit(waits: Waits, pong_ms: u64) -> u64 {
    waits.sent_at + if waits.is_probe { PROBE_MS } else { pong_ms }
}
