//! The same request twice has one effect and one answer.
//!
//! The stored answer is written in the transaction of the work, so a crash leaves both or neither,
//! and a second request that comes meanwhile waits for the first one's commit.

pub mod http;
pub mod store;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    ErrorCode, FieldError,
    ids::{AccountId, ApiKeyId, UserId},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{clock, db::Conn, error::ApiError};

/// How long an answer is kept.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// Whose key it is: keys are unique per account, actor and route.
#[derive(Debug, Clone)]
pub struct Scope {
    account_id: AccountId,
    user_id: UserId,
    /// The route, and behind it the API key when that is the actor.
    route: String,
}

impl Scope {
    /// A person's keys, or those of the API key that they made: each is an actor of its own.
    pub fn new(account_id: AccountId, user_id: UserId, api_key_id: Option<ApiKeyId>, route: &str) -> Self {
        let route = match api_key_id {
            Some(id) => format!("{route} {id}"),
            None => route.to_owned(),
        };
        Self {
            account_id,
            user_id,
            route,
        }
    }
}

/// A key as the client sent it: 1 to 255 visible characters.
#[derive(Debug, Clone)]
pub struct Key(String);

impl Key {
    /// Reads the header `Idempotency-Key`; absent is `None`.
    pub fn parse(header: Option<&[u8]>) -> Result<Option<Self>, ApiError> {
        let Some(bytes) = header else { return Ok(None) };
        let is_visible = (1..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
        match std::str::from_utf8(bytes) {
            Ok(text) if is_visible => Ok(Some(Self(text.to_owned()))),
            _ => Err(FieldError::new("Idempotency-Key", "invalid", "Use 1 to 255 visible characters.").into()),
        }
    }
}

/// The answer of a request, fresh or stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub is_replayed: bool,
}

impl Answer {
    /// The answer of a request that came without a key.
    pub fn fresh(status: u16, body: &impl Serialize) -> Result<Self, ApiError> {
        Ok(Self {
            status,
            body: serde_json::to_string(body).map_err(ApiError::internal)?,
            is_replayed: false,
        })
    }
}

/// Puts the outcome of work that went on after [`once`] in the place of its answer: later requests replay this one.
pub fn replace_answer(
    conn: &mut Conn,
    scope: &Scope,
    key: &Key,
    status: u16,
    body: &impl Serialize,
) -> Result<Answer, ApiError> {
    let answer = Answer::fresh(status, body)?;
    store::set_answer(conn, scope, &key.0, status, &answer.body)?;
    Ok(answer)
}

/// Does `work` unless this key has an answer already; call it inside `Db::write`.
///
/// The same key with another `request` is refused with `idempotency_mismatch`. Refusals are not stored: nothing
/// happened, so the same key may be tried again.
pub fn once<T: Serialize>(
    conn: &mut Conn,
    scope: &Scope,
    key: &Key,
    request: &impl Serialize,
    status: u16,
    now: DateTime<Utc>,
    work: impl FnOnce(&mut Conn) -> Result<T, ApiError>,
) -> Result<Answer, ApiError> {
    let request = serde_json::to_vec(request).map_err(ApiError::internal)?;
    let request_sha256 = hex::encode(Sha256::digest(&request));
    store::remove_older(conn, scope, &key.0, now - KEPT)?;
    // The row is taken first: a concurrent request with the same key waits here for our commit.
    if !store::take(conn, clock::new_id(now), scope, &key.0, &request_sha256, now)? {
        let stored = store::load(conn, scope, &key.0)?;
        if stored.request_sha256 != request_sha256 {
            return Err(ApiError::new(
                ErrorCode::IdempotencyMismatch,
                "this Idempotency-Key was used with another body; use a new key for a new request",
            ));
        }
        return Ok(Answer {
            status: stored.status,
            body: stored.body,
            is_replayed: true,
        });
    }
    let body = serde_json::to_string(&work(conn)?).map_err(ApiError::internal)?;
    store::set_answer(conn, scope, &key.0, status, &body)?;
    Ok(Answer {
        status,
        body,
        is_replayed: false,
    })
}
