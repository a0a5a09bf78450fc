//! How good the line is: round trips as RFC 6298 smooths them, lost pongs, slow acknowledgements, reconnects.

use std::collections::VecDeque;

use crate::chat::Quality;

const ROUND_TRIPS: usize = 20;
const PONGS: usize = 10;
const ACKS: usize = 20;
const SLOW_RTT_MS: f64 = 600.0;
const SLOW_ACK_MS: u64 = 2_000;
const RECONNECTS_MS: u64 = 10 * 60_000;
const UNSTEADY_MS: u64 = 2 * 60_000;
const UNSTEADY: usize = 2;
const BAD_SAMPLES: u32 = 2;
const GOOD_SAMPLES: u32 = 3;

#[derive(Debug, Clone, Default)]
pub struct Health {
    smoothed: Option<Smoothed>,
    round_trips: VecDeque<u64>,
    /// Whether each of the last pings was answered.
    pongs: VecDeque<bool>,
    acks: VecDeque<u64>,
    reconnects: VecDeque<u64>,
    bad_in_a_row: u32,
    good_in_a_row: u32,
    is_degraded: bool,
    pub clock_offset_ms: i64,
    pub resumed: u32,
    pub gaps: u32,
    /// When the connection was last lost, or asked for.
    pub down_since: Option<u64>,
    pub was_open: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Smoothed {
    pub srtt: f64,
    pub rttvar: f64,
}

impl Health {
    /// A socket was welcomed.
    pub fn opened(&mut self, now: u64) {
        if self.was_open {
            self.reconnects.push_back(now);
        }
        self.was_open = true;
        self.down_since = None;
        self.is_degraded = false;
        (self.bad_in_a_row, self.good_in_a_row) = (0, 0);
    }

    pub fn lost(&mut self, now: u64) {
        self.down_since.get_or_insert(now);
    }

    /// A pong came; RFC 6298 section 2.
    pub fn round_trip(&mut self, rtt_ms: u64, now: u64) {
        let rtt = rtt_ms as f64;
        self.smoothed = Some(match self.smoothed {
            None => Smoothed {
                srtt: rtt,
                rttvar: rtt / 2.0,
            },
            Some(Smoothed { srtt, rttvar }) => Smoothed {
                rttvar: rttvar * 0.75 + (srtt - rtt).abs() * 0.25,
                srtt: srtt * 0.875 + rtt * 0.125,
            },
        });
        keep(&mut self.round_trips, rtt_ms, ROUND_TRIPS);
        keep(&mut self.pongs, true, PONGS);
        self.sample(now, Answer::Came);
    }

    pub fn pong_missed(&mut self, now: u64) {
        keep(&mut self.pongs, false, PONGS);
        self.sample(now, Answer::Missed);
    }

    /// A message was acknowledged after this time.
    pub fn acknowledged(&mut self, after_ms: u64, now: u64) {
        keep(&mut self.acks, after_ms, ACKS);
        self.sample(now, Answer::Came);
    }

    pub fn is_degraded(&self) -> bool {
        self.is_degraded
    }

    /// Whether the next sample should not wait for the server's ping.
    pub fn is_in_doubt(&self) -> bool {
        self.is_degraded || self.bad_in_a_row > 0
    }

    pub fn smoothed(&self) -> Option<Smoothed> {
        self.smoothed
    }

    pub fn rtt_min(&self) -> Option<u64> {
        self.round_trips.iter().copied().min()
    }

    pub fn rtt_p95(&self) -> Option<u64> {
        p95(&self.round_trips)
    }

    pub fn ack_p95(&self) -> Option<u64> {
        p95(&self.acks)
    }

    pub fn pongs_lost(&self) -> u32 {
        self.pongs.iter().filter(|came| !**came).count() as u32
    }

    /// In the last ten minutes.
    pub fn reconnects(&self, now: u64) -> u32 {
        self.reconnects_within(RECONNECTS_MS, now) as u32
    }

    pub fn quality(&self) -> Quality {
        match self.smoothed {
            None => Quality::Unknown,
            Some(Smoothed { srtt, rttvar }) if srtt < 100.0 && rttvar < 30.0 => Quality::Excellent,
            Some(Smoothed { srtt, .. }) if srtt < 250.0 => Quality::Good,
            Some(Smoothed { srtt, .. }) if srtt < 600.0 => Quality::Fair,
            Some(_) => Quality::Poor,
        }
    }

    fn sample(&mut self, now: u64, answer: Answer) {
        self.reconnects.retain(|at| now.saturating_sub(*at) < RECONNECTS_MS);
        let is_bad = answer == Answer::Missed
            || self.smoothed.is_some_and(|smoothed| smoothed.srtt > SLOW_RTT_MS)
            || self.ack_p95().is_some_and(|p95| p95 > SLOW_ACK_MS)
            || self.reconnects_within(UNSTEADY_MS, now) >= UNSTEADY;
        if is_bad {
            self.bad_in_a_row += 1;
            self.good_in_a_row = 0;
            self.is_degraded |= self.bad_in_a_row >= BAD_SAMPLES;
        } else {
            self.good_in_a_row += 1;
            self.bad_in_a_row = 0;
            self.is_degraded &= self.good_in_a_row < GOOD_SAMPLES;
        }
    }

    fn reconnects_within(&self, window_ms: u64, now: u64) -> usize {
        self.reconnects
            .iter()
            .filter(|at| now.saturating_sub(**at) < window_ms)
            .count()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Came,
    Missed,
}

fn keep<T>(window: &mut VecDeque<T>, value: T, most: usize) {
    if window.len() == most {
        window.pop_front();
    }
    window.push_back(value);
}

fn p95(window: &VecDeque<u64>) -> Option<u64> {
    let mut sorted: Vec<u64> = window.iter().copied().collect();
    sorted.sort_unstable();
    // The nearest rank: of twenty the nineteenth.
    let rank = (sorted.len() * 95).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}
