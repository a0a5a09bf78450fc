//! When to try again: full jitter, so that clients that were cut together do not come back together.

use super::Random;
use crate::chat::limits::DRAIN_WINDOW_MS;

const BASE_MS: f64 = 500.0;
const CAP_MS: f64 = 20_000.0;
/// The cap for pages that nobody has looked at for a while.
const HIDDEN_CAP_MS: f64 = 60_000.0;
const HIDDEN_AFTER_MS: u64 = 5 * 60_000;
const LEAST_MS: u64 = 100;
/// A socket that lived shorter than this was no success.
const STEADY_MS: u64 = 10_000;
const ONLINE_SPREAD_MS: f64 = 1_000.0;
const OFFLINE_EVERY_MS: u64 = 30_000;
const VISIBLE_EVERY_MS: u64 = 2_000;
const RATE_LIMITED_MS: u64 = 10_000;
/// From so many failures on, people are told that it does not work.
pub const FAILED_AFTER: u32 = 10;

/// What is remembered between attempts.
#[derive(Debug, Clone, Default)]
pub struct Reconnect {
    failures: u32,
    /// The server asked for no attempt before this.
    not_before: u64,
    hidden_since: Option<u64>,
    is_offline: bool,
    last_attempt_at: Option<u64>,
    last_visible_at: Option<u64>,
    /// The node goes away: the moment drawn for leaving it.
    leave_at: Option<u64>,
}

impl Reconnect {
    pub fn failures(&self) -> u32 {
        self.failures
    }

    pub fn is_offline(&self) -> bool {
        self.is_offline
    }

    pub fn leave_at(&self) -> Option<u64> {
        self.leave_at
    }

    pub fn attempt_starts(&mut self, now: u64) {
        self.last_attempt_at = Some(now);
        self.leave_at = None;
    }

    /// The socket that was welcomed at `since` has ended: only a steady one starts the count anew.
    pub fn ended(&mut self, since: u64, now: u64) {
        if now.saturating_sub(since) >= STEADY_MS {
            self.failures = 0;
        }
    }

    /// When to try after a failure or an end.
    pub fn next_attempt(&mut self, now: u64, random: Random<'_>) -> u64 {
        if let Some(leave_at) = self.leave_at.take() {
            return self.allowed(leave_at.max(now));
        }
        let cap = match self.hidden_since {
            Some(since) if now.saturating_sub(since) > HIDDEN_AFTER_MS => HIDDEN_CAP_MS,
            _ => CAP_MS,
        };
        // 2^20 is far above every cap; a larger power would only overflow.
        let ceiling = cap.min(BASE_MS * f64::from(1_u32 << self.failures.min(20)));
        self.failures = self.failures.saturating_add(1);
        let at = now + ((random() * ceiling) as u64).max(LEAST_MS);
        match self.last_attempt_at {
            Some(last) if self.is_offline => self.allowed(at.max(last + OFFLINE_EVERY_MS)),
            _ => self.allowed(at),
        }
    }

    /// `Retry-After`: a floor for every later attempt, whoever asks for it.
    pub fn not_before(&mut self, at: u64) {
        self.not_before = self.not_before.max(at);
    }

    pub fn rate_limited(&mut self, now: u64) {
        self.not_before(now + RATE_LIMITED_MS);
    }

    /// The node goes away within the window.
    pub fn drain(&mut self, window_ms: Option<u64>, now: u64, random: Random<'_>) {
        let window = window_ms.unwrap_or(DRAIN_WINDOW_MS);
        self.leave_at
            .get_or_insert_with(|| now + (random() * window as f64) as u64);
    }

    /// Forgets a moment of leaving that no longer counts.
    pub fn stay(&mut self) {
        self.leave_at = None;
    }

    pub fn hidden(&mut self, now: u64) {
        self.hidden_since.get_or_insert(now);
    }

    /// When to try, if now is too late: a person looks at the page. At most once in two seconds.
    pub fn visible(&mut self, now: u64) -> Option<u64> {
        self.hidden_since = None;
        let is_due = self.last_visible_at.is_none_or(|last| now >= last + VISIBLE_EVERY_MS);
        if self.is_offline || !is_due {
            return None;
        }
        self.last_visible_at = Some(now);
        Some(self.allowed(now))
    }

    pub fn online(&mut self, now: u64, random: Random<'_>) -> u64 {
        self.is_offline = false;
        self.allowed(now + (random() * ONLINE_SPREAD_MS) as u64)
    }

    /// Puts off an attempt that was planned for `at`.
    pub fn offline(&mut self, at: u64) -> u64 {
        self.is_offline = true;
        self.last_attempt_at.map_or(at, |last| at.max(last + OFFLINE_EVERY_MS))
    }

    /// Something was heard, whatever the browser says.
    pub fn heard(&mut self) {
        self.is_offline = false;
    }

    /// `at`, or when the server allows it.
    pub fn allowed(&self, at: u64) -> u64 {
        at.max(self.not_before)
    }
}
