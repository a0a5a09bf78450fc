//! The only place that reads the time and makes ids, so that tests and simulations can move it by months.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound, TimeDelta, Utc};
use common::ids::Id;
use uuid::{Builder, ContextV7, Timestamp, Uuid};

/// Tells the time; cheap to clone.
#[derive(Clone, Default)]
pub enum Clock {
    #[default]
    System,
    /// Microseconds since 1970; stands still until it is moved.
    Fixed(Arc<AtomicI64>),
}

/// Keeps ids of one process in the order in which they were made, also within a millisecond.
static ID_ORDER: std::sync::Mutex<ContextV7> = std::sync::Mutex::new(ContextV7::new());

impl Clock {
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(now.timestamp_micros())))
    }

    /// Now, in whole microseconds: what both databases give back as it was written.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Clock::System => Utc::now().trunc_subsecs(6),
            Clock::Fixed(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).expect("a test clock stays in range")
            }
        }
    }

    /// Moves a fixed clock; a system clock is left alone.
    pub fn advance(&self, by: TimeDelta) {
        if let (Clock::Fixed(micros), Some(by)) = (self, by.num_microseconds()) {
            micros.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// A new id that sorts after the ones made before.
    pub fn new_id<T: Id>(&self) -> T {
        new_id(self.now())
    }
}

/// A new id that carries `now`; sorts after the ones made before in this process.
pub fn new_id<T: Id>(now: DateTime<Utc>) -> T {
    let order = ID_ORDER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    T::from_uuid(Uuid::new_v7(Timestamp::from_unix(
        &*order,
        seconds,
        now.timestamp_subsec_nanos(),
    )))
}

/// An id for a day: the same `bytes` give the same id, so that what happens once a day has one.
pub fn id_of_day<T: Id>(day: NaiveDate, bytes: [u8; 10]) -> T {
    let midnight = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    let millis = u64::try_from(midnight).unwrap_or_default();
    T::from_uuid(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

/// The moment `after` from now, for timeouts of connections; a fixed clock does not move it.
pub fn deadline(after: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + after
}

/// Measures how long something takes; for logs, never for decisions.
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
