//! The signed-in browsers of a person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    auth::Done,
    endpoint::{Access, Endpoint, Method},
    ids::SessionId,
    page::Page,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    /// Whether this is the session that asks.
    pub is_current: bool,
    /// Browser and system in words, such as `Firefox on Android`; `Unknown device` when the browser hides it.
    pub device: String,
    /// Where it was opened from: a network address, not a place.
    pub opened_from: String,
    /// Where it was used from last.
    pub last_seen_from: String,
    #[serde(with = "crate::instant")]
    pub created_at: DateTime<Utc>,
    #[serde(with = "crate::instant")]
    pub last_seen_at: DateTime<Utc>,
    #[serde(with = "crate::instant")]
    pub expires_at: DateTime<Utc>,
    /// Whether a second factor was given.
    pub has_second_factor: bool,
}

/// All living sessions, the current one first; there are few, so there is one page.
pub struct ListSessions;
impl Endpoint for ListSessions {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/auth/sessions";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = Page<Session>;
}

/// Ends every session but the one that asks.
pub struct RevokeOtherSessions;
impl Endpoint for RevokeOtherSessions {
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/auth/sessions";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = Done;
}

/// Ends one session; one's own counts as signing out.
pub struct RevokeSession;
impl Endpoint for RevokeSession {
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/auth/sessions/{id}";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = Done;
}
