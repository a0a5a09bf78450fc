//! Lists: keyset paging with an opaque cursor.

use serde::{Deserialize, Serialize};

/// Rows on a page when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 20;
/// Most rows on one page.
pub const MAX_LIMIT: u32 = 100;
/// Totals are counted exactly up to here; above, only "at least this many" is told.
pub const EXACT_TOTAL: i64 = 10_000;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Pass as `cursor` for the next page; `None` on the last one.
    pub next_cursor: Option<String>,
    /// Rows that match, exact up to [`EXACT_TOTAL`].
    pub total: Option<i64>,
    /// Set instead of `total` when there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_at_least: Option<i64>,
}

impl<T> Page<T> {
    /// Converts each item and keeps the paging.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(convert).collect(),
            next_cursor: self.next_cursor,
            total: self.total,
            total_at_least: self.total_at_least,
        }
    }
}
