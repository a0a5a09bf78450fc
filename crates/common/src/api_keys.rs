//! Keys that programs use in place of a session.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::AccountRole,
    auth::Done,
    endpoint::{Access, Endpoint, Method},
    ids::ApiKeyId,
    page::Page,
};

crate::redacted_debug!(ApiKeySecret);

/// Days a key lives when its maker does not say, and at most.
pub const DEFAULT_LIFE_DAYS: u32 = 365;
pub const MAX_LIFE_DAYS: u32 = 730;
/// Living keys of one account, at most.
pub const MAX_KEYS: usize = 20;
/// Hours that the old secret goes on working after a rotation.
pub const ROTATION_OVERLAP_HOURS: u32 = 24;

crate::text_enum! {
    /// What a key may do; endpoints without a scope are closed to keys.
    pub enum ApiScope {
        AccountRead = "account:read",
        AccountWrite = "account:write",
        InvoicesRead = "invoices:read",
        PaymentsRead = "payments:read",
        /// Starts checkouts and cancels payments.
        PaymentsWrite = "payments:write",
    }
}

impl ApiScope {
    /// Whether it lets a key change something; writing does not include reading.
    pub fn is_write(self) -> bool {
        matches!(self, ApiScope::AccountWrite | ApiScope::PaymentsWrite)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    pub scopes: Vec<ApiScope>,
    /// First characters of the secret, to tell keys apart.
    pub prefix: String,
    /// Name of the person who made it.
    pub created_by: String,
    #[serde(with = "crate::instant")]
    pub created_at: DateTime<Utc>,
    #[serde(with = "crate::instant")]
    pub expires_at: DateTime<Utc>,
    /// Written at most every five minutes.
    #[serde(default, with = "crate::instant::option")]
    pub last_used_at: Option<DateTime<Utc>>,
    pub last_used_from: Option<String>,
    /// After a rotation: until when the secret before works.
    #[serde(default, with = "crate::instant::option")]
    pub old_secret_until: Option<DateTime<Utc>>,
    pub is_expired: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    pub name: String,
    pub scopes: Vec<ApiScope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

/// The only answer that holds the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeySecret {
    #[serde(flatten)]
    pub key: ApiKey,
    /// Send as `Authorization: Bearer ck_…`.
    pub secret: String,
}

/// Keys that were not revoked, newest first, expired ones for 30 days; one page.
pub struct ListApiKeys;
impl Endpoint for ListApiKeys {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api-keys";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = ();
    type Response = Page<ApiKey>;
}

/// Makes a key of the account; at most [`MAX_KEYS`] live at a time (409).
pub struct CreateApiKey;
impl Endpoint for CreateApiKey {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api-keys";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = NewApiKey;
    type Response = ApiKeySecret;
}

/// Gives a new secret; the old one works [`ROTATION_OVERLAP_HOURS`] longer, the expiry starts anew.
/// The secret before the old one ends at once. An expired key cannot be rotated (409).
pub struct RotateApiKey;
impl Endpoint for RotateApiKey {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api-keys/{id}/rotate";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = ();
    type Response = ApiKeySecret;
}

/// Ends a key at once, both secrets.
pub struct RevokeApiKey;
impl Endpoint for RevokeApiKey {
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/api-keys/{id}";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = ();
    type Response = Done;
}
