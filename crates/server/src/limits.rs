//! How often something may be asked: `app.limits.check(Quota::SignInPair, &[email_key.into(), peer.into()])`.
//!
//! The quotas stand in [`rules`]. Each node counts in [`memory`]; with `REDIS_URL` the nodes also share one budget
//! in [`redis`]. A request passes when both let it, so a node whose Redis is gone goes on with what it has counted
//! itself: the gate is never open, and nobody waits for Redis longer than `REDIS_TIMEOUT_MS`.

pub mod memory;
pub mod redis;
pub mod rules;

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use self::{
    memory::Memory,
    redis::Shared,
    rules::{Rule, TooMany},
};
use crate::{clock::Clock, config::Config, error::ApiError};

pub use rules::Quota;

/// A keyed hash of the parts: of one size, and nothing to read in it.
pub type Key = u128;

/// One part of what a budget belongs to.
pub enum Part<'a> {
    Text(&'a str),
    /// Counted by network: an IPv6 customer has a /64 to choose from, so an address alone would be no limit.
    Address(IpAddr),
}

impl<'a> From<&'a str> for Part<'a> {
    fn from(text: &'a str) -> Self {
        Part::Text(text)
    }
}

impl From<IpAddr> for Part<'_> {
    fn from(address: IpAddr) -> Self {
        Part::Address(address)
    }
}

/// The budgets of everybody who asks.
pub struct Limits {
    memory: Memory,
    shared: Option<Shared>,
    clock: Clock,
    factor: u32,
    secret_key: SecretString,
}

impl Limits {
    /// Opens no connection: a Redis that is away must not keep the server from starting.
    pub fn new(config: &Config, clock: Clock) -> Result<Self, ::redis::RedisError> {
        let url = config.limits.redis_url.as_ref();
        Ok(Self {
            memory: Memory::new(),
            shared: url
                .map(|url| Shared::open(url.expose_secret(), config.limits.redis_timeout))
                .transpose()?,
            clock,
            factor: config.limits.factor,
            secret_key: config.secret_key.clone(),
        })
    }

    /// Takes one request from the budget of `parts`; 429 with `Retry-After` when it is used up.
    pub async fn check(&self, quota: Quota, parts: &[Part<'_>]) -> Result<(), ApiError> {
        let rule = quota.rule().scaled(self.factor);
        let (key, now) = (self.key(quota, parts), self.now());
        self.take(quota, rule, key, now).await.map_err(|refused| {
            let seconds = u64::try_from(refused.wait_micros)
                .unwrap_or_default()
                .div_ceil(1_000_000);
            tracing::info!(
                quota = rule.name,
                retry_after_seconds = seconds,
                "Refused a request over its limit"
            );
            ApiError::rate_limited(seconds)
        })
    }

    async fn take(&self, quota: Quota, rule: Rule, key: Key, now: i64) -> Result<(), TooMany> {
        self.memory.take(quota, rule, key, now)?;
        match &self.shared {
            Some(shared) => shared.take(quota, rule, key, now).await.unwrap_or(Ok(())),
            None => Ok(()),
        }
    }

    /// Gives the budget of `parts` back, as after a right password.
    pub async fn forget(&self, quota: Quota, parts: &[Part<'_>]) {
        let key = self.key(quota, parts);
        self.memory.forget(quota, key);
        if let Some(shared) = &self.shared {
            // Without Redis the budget comes back by itself, only later.
            let _ = shared.forget(quota, key, self.now()).await;
        }
    }

    /// Forgets budgets that are whole again.
    pub fn purge(&self) {
        self.memory.purge(self.now());
    }

    /// Budgets that are held in memory.
    pub fn held(&self) -> usize {
        self.memory.len()
    }

    fn now(&self) -> i64 {
        self.clock.now().timestamp_micros()
    }

    fn key(&self, quota: Quota, parts: &[Part<'_>]) -> Key {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret_key.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(b"limit:");
        mac.update(quota.rule().name.as_bytes());
        for part in parts {
            let text = match part {
                Part::Text(text) => (*text).to_owned(),
                Part::Address(address) => network(*address),
            };
            // The length keeps `ab, c` apart from `a, bc`.
            mac.update(&text.len().to_be_bytes());
            mac.update(text.as_bytes());
        }
        let hash = mac.finalize().into_bytes();
        u128::from_be_bytes(hash[..16].try_into().expect("SHA-256 has 32 bytes"))
    }
}

/// An IPv4 address, or the /64 of an IPv6 one.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_six_is_counted_by_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("196.25.1.1"), of("196.25.1.2"));
        assert_eq!(of("::ffff:196.25.1.1"), of("196.25.1.1"));
    }
}
