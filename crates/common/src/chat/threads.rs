//! Threads over HTTP: the list, one of them, and its items pagewise.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::items::{Item, Seq};
use crate::{
    endpoint::{Access, Endpoint, Method},
    ids::{AccountId, ThreadId, UserId},
    page::Page,
};

/// Longest title, in characters.
pub const TITLE_MAX_CHARS: usize = 120;
/// Items on a page when the caller does not say.
pub const ITEMS_DEFAULT: u32 = 50;
/// Most items on one page.
pub const ITEMS_MAX: u32 = 200;

crate::text_enum! {
    /// Where a thread stands in the product; it decides what the assistant may do there.
    pub enum Placement {
        Support = "support",
        Onboarding = "onboarding",
        Money = "money",
        Energy = "energy",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    pub id: ThreadId,
    pub title: String,
    pub placement: Placement,
    /// The company that it is about.
    pub account_id: AccountId,
    pub company_name: String,
    #[serde(with = "crate::instant::millis")]
    pub created_at: DateTime<Utc>,
    /// When its newest event happened.
    #[serde(with = "crate::instant::millis")]
    pub active_at: DateTime<Utc>,
    /// The log that `head` and `floor` count in; another epoch is another log.
    pub epoch: String,
    /// Its newest event.
    pub head: Seq,
    /// Events up to here are gone.
    pub floor: Seq,
    /// Up to where the caller has read; absent for staff who are no member.
    pub read: Option<Seq>,
    /// Items of others behind `read`, at most 100.
    pub unread: u32,
    /// The newest item, when there is one.
    pub last: Option<Item>,
    pub members: Vec<ThreadMember>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadMember {
    pub user_id: UserId,
    pub name: String,
    /// Works for us, not for the company.
    pub is_staff: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewThread {
    /// What it is about; `Support` and the like when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemQuery {
    /// Only items that were created before this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// 1 to [`ITEMS_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Items, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Items {
    pub items: Vec<Item>,
    /// Whether there are older ones.
    pub more: bool,
    /// Events up to here are gone.
    pub floor: Seq,
}

/// Opens a thread of the account that the request acts for, with the caller as its only member.
pub struct CreateThread;
impl Endpoint for CreateThread {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/chat/threads";
    const ACCESS: Access = Access::Account(crate::accounts::AccountRole::Viewer);
    type Request = NewThread;
    type Response = Thread;
}

/// The caller's threads, the most recently active first; staff who name no account see every company's.
pub struct ListThreads;
impl Endpoint for ListThreads {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/chat/threads";
    const ACCESS: Access = Access::SignedIn;
    type Request = ThreadQuery;
    type Response = Page<Thread>;
}

pub struct GetThread;
impl Endpoint for GetThread {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/chat/threads/{id}";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = Thread;
}

pub struct ListItems;
impl Endpoint for ListItems {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/chat/threads/{id}/items";
    const ACCESS: Access = Access::SignedIn;
    type Request = ItemQuery;
    type Response = Items;
}
