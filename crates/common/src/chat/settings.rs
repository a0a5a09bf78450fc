//! What a person lets others see, how long messages are kept, and what one may take along or away.

use serde::{Deserialize, Serialize};

use crate::{
    accounts::AccountRole,
    endpoint::{Access, Endpoint, Method},
    ids::UserId,
};

/// Longest retention that is not for ever.
pub const RETENTION_DAYS_MAX: u32 = 3_650;
/// People whom one person may block.
pub const BLOCKED_MAX: usize = 500;

/// A person's own settings. Whoever hides something from others is not shown it of them where it says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatSettings {
    /// Others see whether one is online, away or offline.
    pub shows_presence: bool,
    /// Others see since when one is offline.
    pub shows_last_seen: bool,
    /// Others see that one types.
    pub shows_typing: bool,
    /// Others see up to where one has read; whoever hides it does not see it of others.
    pub shows_reading: bool,
    /// People outside one's threads may find one.
    pub is_discoverable: bool,
    /// Messages of one's threads are gone after so many days; for ever when absent.
    #[serde(default)]
    pub retention_days: Option<u32>,
    /// Nothing of the moment passes between these people and oneself.
    #[serde(default)]
    pub blocked: Vec<UserId>,
}

impl Default for ChatSettings {
    fn default() -> Self {
        Self {
            shows_presence: true,
            shows_last_seen: true,
            shows_typing: true,
            shows_reading: true,
            is_discoverable: true,
            retention_days: None,
            blocked: Vec::new(),
        }
    }
}

/// How long a company keeps what is said in its threads; the shortest of it and its people's own counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// For ever when absent.
    #[serde(default)]
    pub days: Option<u32>,
}

/// How much of one's own was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryDeleted {
    pub items: u64,
}

pub struct GetChatSettings;
impl Endpoint for GetChatSettings {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/chat/settings";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = ChatSettings;
}

/// Puts all settings in the place of the old ones.
pub struct SetChatSettings;
impl Endpoint for SetChatSettings {
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/chat/settings";
    const ACCESS: Access = Access::SignedIn;
    type Request = ChatSettings;
    type Response = ChatSettings;
}

pub struct GetRetention;
impl Endpoint for GetRetention {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/chat/retention";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    type Request = ();
    type Response = Retention;
}

pub struct SetRetention;
impl Endpoint for SetRetention {
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/chat/retention";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = Retention;
    type Response = Retention;
}

/// A file with the caller's settings, threads and own messages.
pub struct ExportChat;
impl Endpoint for ExportChat {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/chat/export";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = ();
}

/// Takes back everything that the caller wrote, in every thread. Asked again after a failure, it goes on.
pub struct DeleteHistory;
impl Endpoint for DeleteHistory {
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/chat/history";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = HistoryDeleted;
}
