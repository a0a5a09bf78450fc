//! Secrets that would do in public what they do in a demo: refused when `PUBLIC_URL` is https.

use common::site::PayfastMode;
use payfast::hosts::SANDBOX_MERCHANT;
use secrecy::ExposeSecret;
use url::Url;

use super::{Payfast, Reader};

/// Words that stand in examples and in nobody's random key.
const WORDS: [&str; 12] = [
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "password",
    "example",
    "default",
    "insecure",
    "capecontrol",
    "demo",
    "test",
    "0123456789",
];
/// Passwords that databases come with.
const DATABASE_PASSWORDS: [&str; 10] = [
    "postgres",
    "password",
    "passwd",
    "admin",
    "root",
    "secret",
    "changeme",
    "capecontrol",
    "test",
    "1234",
];
/// Bits that a key must hold at least, estimated from its characters: 32 hex digits hold 128.
const LEAST_BITS: f64 = 100.0;

/// Names every setting that must not go public.
pub(super) fn check(reader: &mut Reader<'_>, secret_key: Option<&str>, payfast: &Payfast) {
    if let Some(reason) = secret_key.and_then(weakness) {
        reader.wrong(
            "SECRET_KEY",
            format!("{reason}; `openssl rand -hex 32` makes a good one"),
        );
    }
    if let Some(url) = reader.text("DATABASE_URL")
        && has_default_password(&url)
    {
        reader.wrong(
            "DATABASE_URL",
            "its password is one that databases come with; choose another",
        );
    }
    if payfast.mode != PayfastMode::Live {
        return;
    }
    let (id, key, passphrase) = SANDBOX_MERCHANT;
    if payfast.merchant_id == id {
        reader.wrong("PAYFAST_MERCHANT_ID", "this is PayFast's public sandbox merchant");
    }
    if payfast.merchant_key.expose_secret() == key {
        reader.wrong(
            "PAYFAST_MERCHANT_KEY",
            "this is the key of PayFast's public sandbox merchant",
        );
    }
    match reader.text("PAYFAST_PASSPHRASE") {
        None => reader.wrong(
            "PAYFAST_PASSPHRASE",
            "missing; without it anybody who knows the merchant id can sign notifications",
        ),
        Some(own) if own == passphrase => reader.wrong(
            "PAYFAST_PASSPHRASE",
            "this is the passphrase of PayFast's public sandbox merchant",
        ),
        Some(_) => {}
    }
}

/// Why a key would be easy to guess.
fn weakness(key: &str) -> Option<&'static str> {
    let lower = key.to_lowercase();
    if WORDS.iter().any(|word| lower.contains(word)) {
        return Some("it holds a word or a row of digits as examples do");
    }
    let bytes = key.as_bytes();
    let is_repeated = (1..=bytes.len() / 2).any(|period| bytes.iter().zip(&bytes[period..]).all(|(a, b)| a == b));
    if is_repeated {
        return Some("it repeats itself");
    }
    (entropy_bits(bytes) < LEAST_BITS).then_some("it has too few different characters")
}

/// Shannon's measure over the characters, times their number; an upper bound of what a reader must guess.
fn entropy_bits(bytes: &[u8]) -> f64 {
    let length = bytes.len() as f64;
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) * (length / f64::from(*count)).log2())
        .sum()
}

fn has_default_password(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        url.password().is_some_and(|password| {
            let password = password.to_lowercase();
            password == url.username().to_lowercase() || DATABASE_PASSWORDS.contains(&password.as_str())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_keys_are_told_apart_from_random_ones() {
        for weak in [
            "0123456789abcdef0123456789abcdef",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "xK4qxK4qxK4qxK4qxK4qxK4qxK4qxK4q",
            "please-changeme-before-you-go-live-9f2c",
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccdd",
        ] {
            assert!(weakness(weak).is_some(), "{weak}");
        }
        // Of /dev/urandom, once.
        for good in [
            "8c1fd0a3b97e2465fa60d18e3c75b92fe4a7081d6bc35f9207de8a41c6b3f590",
            "8c1fd0a3b97e2465fa60d18e3c75b92f",
            "q7Zt2LmWc9Xr4VnB8sKd1FhJ6gPy3AeU",
        ] {
            assert_eq!(weakness(good), None, "{good}");
        }
    }

    #[test]
    fn default_passwords_are_known() {
        assert!(has_default_password("postgres://postgres:postgres@db/capecontrol"));
        assert!(has_default_password("postgres://shop:Shop@db/capecontrol"));
        assert!(!has_default_password("postgres://shop:t6Wq-kd0v@db/capecontrol"));
        assert!(!has_default_password("postgres://shop@db/capecontrol"));
        assert!(!has_default_password("sqlite:data/capecontrol.sqlite3"));
    }
}
