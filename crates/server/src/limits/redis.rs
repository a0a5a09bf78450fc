//! Budgets that several nodes share, in Redis.
//!
//! One script does one step of GCRA, so that two nodes cannot take the same request from a budget. The time comes
//! from the caller: every node and every test has one clock, and a node that is behind only waits a little longer.
//! Redis may be slow or gone at any moment: whoever asks gets an answer or [`Unavailable`] within the
//! timeout.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use redis::{AsyncConnectionConfig, Client, RedisError, Script, aio::MultiplexedConnection};
use tokio::sync::Mutex;

use super::{
    Key,
    rules::{Quota, Rule, TooMany},
};

/// After a failure Redis is left alone for this time (microseconds), so that not every request waits in vain.
const PAUSE: i64 = 1_000_000;
/// How often a failure is logged (microseconds).
const LOG_EVERY: i64 = 60_000_000;

/// The same step as `rules::take`; numbers stay below 2^53, so Lua's doubles hold them exactly.
const TAKE: &str = r"
local now, interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local limit = now + tolerance
local whole_at = tonumber(redis.call('GET', KEYS[1]) or now)
local next = math.min(math.max(whole_at, now), limit) + interval
if next > limit then
    return next - limit
end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
return 0
";

/// A Redis that is named by `REDIS_URL`; opened when it is first asked.
pub struct Shared {
    client: Client,
    take: Script,
    /// Longest time that a request waits.
    timeout: Duration,
    connection: Mutex<Option<MultiplexedConnection>>,
    /// Not asked before this instant (microseconds).
    paused_until: AtomicI64,
    logged_at: AtomicI64,
}

/// Redis did not answer in time.
#[derive(Debug)]
pub struct Unavailable;

impl Shared {
    pub fn open(url: &str, timeout: Duration) -> Result<Self, RedisError> {
        Ok(Self {
            client: Client::open(url)?,
            take: Script::new(TAKE),
            timeout,
            connection: Mutex::new(None),
            paused_until: AtomicI64::new(i64::MIN),
            logged_at: AtomicI64::new(i64::MIN),
        })
    }

    /// Takes one request at `now` (microseconds) from the shared budget of `key`.
    pub async fn take(&self, quota: Quota, rule: Rule, key: Key, now: i64) -> Result<Result<(), TooMany>, Unavailable> {
        let work = async {
            let mut connection = self.connection().await?;
            self.take
                .key(name_of(quota, key))
                .arg(now)
                .arg(rule.interval())
                .arg(rule.tolerance())
                .invoke_async::<i64>(&mut connection)
                .await
        };
        let wait_micros = self.within_time(work, now).await?;
        Ok(match wait_micros {
            0 => Ok(()),
            wait_micros => Err(TooMany { wait_micros }),
        })
    }

    /// Gives `key` its whole budget back.
    pub async fn forget(&self, quota: Quota, key: Key, now: i64) -> Result<(), Unavailable> {
        let work = async {
            let mut connection = self.connection().await?;
            redis::cmd("DEL")
                .arg(name_of(quota, key))
                .query_async::<()>(&mut connection)
                .await
        };
        self.within_time(work, now).await
    }

    async fn within_time<T>(
        &self,
        work: impl Future<Output = Result<T, RedisError>>,
        now: i64,
    ) -> Result<T, Unavailable> {
        if now < self.paused_until.load(Ordering::Relaxed) {
            return Err(Unavailable);
        }
        let reason = match tokio::time::timeout(self.timeout, work).await {
            Ok(Ok(value)) => return Ok(value),
            // Its text may hold the URL's host, never its password.
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} ms", self.timeout.as_millis()),
        };
        self.paused_until.store(now + PAUSE, Ordering::Relaxed);
        if let Ok(mut connection) = self.connection.try_lock() {
            *connection = None;
        }
        let logged_at = self.logged_at.load(Ordering::Relaxed);
        let is_due = logged_at.saturating_add(LOG_EVERY) <= now;
        if is_due
            && self
                .logged_at
                .compare_exchange(logged_at, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            tracing::error!(%reason, "Redis does not answer; each node counts its own requests until it does");
        }
        Err(Unavailable)
    }

    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = kept.as_ref() {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        let connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        *kept = Some(connection.clone());
        Ok(connection)
    }
}

/// No mail address and no network address stands in Redis: `key` is a keyed hash.
fn name_of(quota: Quota, key: Key) -> String {
    format!("capecontrol:limit:{}:{key:032x}", quota.rule().name)
}
