//! Keyset paging by time of creation and id, shared by all lists.

pub mod keyset;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, NaiveDateTime};
use common::{
    FieldError, Page,
    page::{DEFAULT_LIMIT, EXACT_TOTAL, MAX_LIMIT},
};

use crate::error::ApiError;

/// One more than can be told exactly.
pub const COUNT_UP_TO: i64 = EXACT_TOTAL + 1;

/// The paging part of a query, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    limit: usize,
    after: Option<(NaiveDateTime, String)>,
    pub newest_first: bool,
}

impl Paging {
    pub fn parse(limit: Option<u32>, cursor: Option<&str>, sort: Option<&str>) -> Result<Self, ApiError> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(FieldError::new("limit", "out_of_range", format!("Use 1 to {MAX_LIMIT}.")).into());
        }
        let newest_first = match sort {
            None | Some("-created_at") => true,
            Some("created_at") => false,
            Some(_) => {
                return Err(FieldError::new("sort", "unknown", "Use `created_at` or `-created_at`.").into());
            }
        };
        let after = cursor.map(decode).transpose()?;
        Ok(Self {
            limit: limit as usize,
            after,
            newest_first,
        })
    }

    /// Where the page starts.
    pub fn after<I, E>(&self, parse: impl Fn(&str) -> Result<I, E>) -> Result<Option<(NaiveDateTime, I)>, ApiError> {
        self.after
            .as_ref()
            .map(|(at, id)| parse(id).map(|id| (*at, id)).map_err(|_| bad_cursor().into()))
            .transpose()
    }

    /// Rows to ask for: one more than the page holds tells whether there is a next one.
    pub fn fetch(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX - 1) + 1
    }

    /// Makes the page of `rows`, which were asked for with [`Paging::fetch`].
    pub fn page<T>(&self, mut rows: Vec<T>, total: i64, key: impl Fn(&T) -> (NaiveDateTime, String)) -> Page<T> {
        let has_next = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next_cursor = rows.last().filter(|_| has_next).map(|row| encode(&key(row)));
        let is_exact = total <= EXACT_TOTAL;
        Page {
            items: rows,
            next_cursor,
            total: is_exact.then_some(total),
            total_at_least: (!is_exact).then_some(EXACT_TOTAL),
        }
    }
}

fn encode((at, id): &(NaiveDateTime, String)) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {id}", at.and_utc().timestamp_micros()))
}

fn decode(cursor: &str) -> Result<(NaiveDateTime, String), ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad_cursor())?;
    let text = String::from_utf8(bytes).map_err(|_| bad_cursor())?;
    let (micros, id) = text.split_once(' ').ok_or_else(bad_cursor)?;
    let at = micros
        .parse()
        .ok()
        .and_then(DateTime::from_timestamp_micros)
        .filter(|at| (2000..=9999).contains(&at.year()))
        .ok_or_else(bad_cursor)?;
    Ok((at.naive_utc(), id.to_owned()))
}

fn bad_cursor() -> FieldError {
    FieldError::new(
        "cursor",
        "invalid",
        "Use the `next_cursor` of the page before, unchanged.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip() {
        let key = (
            DateTime::from_timestamp_micros(1_795_392_000_123_456)
                .unwrap()
                .naive_utc(),
            "id".to_owned(),
        );
        assert_eq!(decode(&encode(&key)).unwrap(), key);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (limit, cursor, sort) in [
            (Some(0), None, None),
            (Some(101), None, None),
            (None, Some("x!"), None),
            (None, None, Some("amount")),
        ] {
            assert!(Paging::parse(limit, cursor, sort).is_err());
        }
    }
}
