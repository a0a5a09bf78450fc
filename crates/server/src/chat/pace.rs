//! How fast clients may talk: token buckets of sockets, people and devices.
//!
//! Counted on each node, without asking anybody: what one person can do on several nodes is bounded by their number.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use common::{
    chat::limits::{BREACHES_MAX, BREACHES_MS, HELLO_RATE, Rate, SEND_RATE, TYPING_RATE},
    ids::{ThreadId, UserId},
};

/// Buckets that are full again are forgotten when there are more than these.
const KEPT: usize = 1_024;

/// The next token comes after so many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFast {
    pub after_ms: u64,
}

/// One bucket; times are milliseconds of any one clock.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    tokens: f64,
    at: i64,
}

impl Bucket {
    pub fn full(rate: Rate, now: i64) -> Self {
        Self {
            tokens: rate.burst,
            at: now,
        }
    }

    pub fn take(&mut self, rate: Rate, now: i64) -> Result<(), TooFast> {
        self.tokens = self.at_time(rate, now);
        self.at = self.at.max(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let seconds = (1.0 - self.tokens) / rate.per_second;
        Err(TooFast {
            // What is left of a millisecond by rounding is none.
            after_ms: (seconds * 1_000.0 - 1e-6).ceil() as u64,
        })
    }

    fn at_time(&self, rate: Rate, now: i64) -> f64 {
        // A clock that is set back gives nothing and takes nothing.
        let seconds = (now - self.at).max(0) as f64 / 1_000.0;
        (self.tokens + seconds * rate.per_second).min(rate.burst)
    }
}

/// A bucket for each key.
pub struct Buckets<K> {
    rate: Rate,
    held: Mutex<HashMap<K, Bucket>>,
}

impl<K: Eq + Hash> Buckets<K> {
    fn new(rate: Rate) -> Self {
        Self {
            rate,
            held: Mutex::default(),
        }
    }

    pub fn take(&self, key: K, now: i64) -> Result<(), TooFast> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // The room grows with those who talk, so that looking through it stays rare.
        if held.len() >= KEPT && held.len() == held.capacity() {
            held.retain(|_, bucket| bucket.at_time(self.rate, now) < self.rate.burst);
        }
        held.entry(key)
            .or_insert_with(|| Bucket::full(self.rate, now))
            .take(self.rate, now)
    }
}

/// The buckets of one node.
pub struct Pace {
    factor: f64,
    pub sends: Buckets<UserId>,
    pub hellos: Buckets<(UserId, String)>,
    pub typing: Buckets<(UserId, ThreadId)>,
}

impl Pace {
    /// `factor` widens all of them, as `RATE_LIMIT_FACTOR` does for HTTP.
    pub fn new(factor: u32) -> Self {
        let factor = f64::from(factor);
        Self {
            factor,
            sends: Buckets::new(scaled(SEND_RATE, factor)),
            hellos: Buckets::new(scaled(HELLO_RATE, factor)),
            typing: Buckets::new(scaled(TYPING_RATE, factor)),
        }
    }

    pub fn scaled(&self, rate: Rate) -> Rate {
        scaled(rate, self.factor)
    }
}

fn scaled(rate: Rate, factor: f64) -> Rate {
    Rate {
        per_second: rate.per_second * factor,
        burst: rate.burst * factor,
    }
}

/// When one socket went too fast.
#[derive(Debug, Default)]
pub struct Breaches(VecDeque<i64>);

impl Breaches {
    /// Whether this one was one too many.
    pub fn add(&mut self, now: i64) -> bool {
        let since = now - i64::try_from(BREACHES_MS).unwrap_or(i64::MAX);
        self.0.retain(|at| *at > since);
        self.0.push_back(now);
        self.0.len() >= BREACHES_MAX
    }
}

/// 0 to 1, for spreading what would else happen in step.
pub fn random_fraction() -> f64 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use common::chat::limits::FRAME_RATE;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::full(FRAME_RATE, 0);
        assert!((0..60).all(|_| bucket.take(FRAME_RATE, 0).is_ok()));
        assert_eq!(bucket.take(FRAME_RATE, 0), Err(TooFast { after_ms: 50 }));
        assert_eq!(bucket.take(FRAME_RATE, 49), Err(TooFast { after_ms: 1 }));
        assert!(bucket.take(FRAME_RATE, 50).is_ok());
        assert!(bucket.take(FRAME_RATE, 10).is_err(), "the clock went back");
        assert_eq!(
            (0..99).filter(|_| bucket.take(FRAME_RATE, 3_600_000).is_ok()).count(),
            60
        );
    }

    #[test]
    fn keys_do_not_share_and_full_buckets_are_forgotten() {
        let buckets = Buckets::new(SEND_RATE);
        assert!((0..10).all(|_| buckets.take(1, 0).is_ok()));
        assert!(buckets.take(1, 0).is_err());
        assert!(buckets.take(2, 0).is_ok());
        for key in 0..100_000 {
            let now = i64::from(key) * 1_000;
            assert!(buckets.take(key + 3, now).is_ok());
        }
        assert!(buckets.held.lock().unwrap().len() < 4 * KEPT);
    }

    #[test]
    fn three_breaches_in_ten_seconds_are_too_many() {
        let mut breaches = Breaches::default();
        assert!(!breaches.add(0));
        assert!(!breaches.add(1_000));
        assert!(!breaches.add(10_500));
        assert!(breaches.add(10_900));
    }
}
