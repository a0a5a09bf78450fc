//! Cursors of lists with several orders: each names its list and its order, and is refused by any other.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, NaiveDateTime};
use common::{
    FieldError, Page,
    page::{DEFAULT_LIMIT, EXACT_TOTAL, MAX_LIMIT},
};
use uuid::Uuid;

use super::bad_cursor;
use crate::{db::sql::Value, error::ApiError};

/// The value that a row is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Time(NaiveDateTime),
    Int(i64),
}

/// What an order compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderOf {
    Times,
    Numbers,
}

/// Where a page ended: the last row's key and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub key: Key,
    pub id: String,
}

impl From<Position> for (Value, String) {
    fn from(position: Position) -> Self {
        let value = match position.key {
            Key::Time(at) => Value::Time(at),
            Key::Int(number) => Value::Int(number),
        };
        (value, position.id)
    }
}

/// Rows of a page, 1 to 100.
pub fn limit(limit: Option<u32>) -> Result<i64, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(i64::from(limit))
    } else {
        Err(FieldError::new("limit", "out_of_range", format!("Use 1 to {MAX_LIMIT}.")).into())
    }
}

/// Reads a cursor of `list` (its name and order), which compares `order`; any other text is refused.
pub fn decode(list: &str, order: OrderOf, cursor: &str) -> Result<Position, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad_cursor())?;
    let text = String::from_utf8(bytes).map_err(|_| bad_cursor())?;
    let mut parts = text.splitn(4, ' ');
    let mut part = || parts.next().ok_or_else(bad_cursor);
    if part()? != list {
        return Err(bad_cursor().into());
    }
    let (kind, number, id) = (part()?, part()?, part()?);
    let number: i64 = number.parse().map_err(|_| bad_cursor())?;
    let key = match (kind, order) {
        ("t", OrderOf::Times) => DateTime::from_timestamp_micros(number)
            .filter(|at| (2000..=9999).contains(&at.year()))
            .map(|at| Key::Time(at.naive_utc())),
        ("i", OrderOf::Numbers) => Some(Key::Int(number)),
        _ => None,
    };
    let id = Uuid::try_parse(id).map_err(|_| bad_cursor())?;
    Ok(Position {
        key: key.ok_or_else(bad_cursor)?,
        id: id.hyphenated().to_string(),
    })
}

pub fn encode(list: &str, position: &Position) -> String {
    let (kind, number) = match position.key {
        Key::Time(at) => ("t", at.and_utc().timestamp_micros()),
        Key::Int(number) => ("i", number),
    };
    URL_SAFE_NO_PAD.encode(format!("{list} {kind} {number} {}", position.id))
}

/// Makes the page of rows that were asked for with one more than `limit`.
pub fn page<T>(list: &str, mut rows: Vec<T>, limit: i64, total: i64, at: impl Fn(&T) -> Position) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_next = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| has_next).map(|row| encode(list, &at(row)));
    let is_exact = total <= EXACT_TOTAL;
    Page {
        items: rows,
        next_cursor,
        total: is_exact.then_some(total),
        total_at_least: (!is_exact).then_some(EXACT_TOTAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(key: Key) -> Position {
        Position {
            key,
            id: "01929b7e-7c1c-7000-8000-000000000000".to_owned(),
        }
    }

    #[test]
    fn cursors_round_trip_in_their_list_only() {
        let at = DateTime::from_timestamp_micros(1_795_392_000_123_456)
            .unwrap()
            .naive_utc();
        let (times, numbers) = (OrderOf::Times, OrderOf::Numbers);
        for (key, order, other) in [
            (Key::Time(at), times, numbers),
            (Key::Int(-5), numbers, times),
            (Key::Int(i64::MAX), numbers, times),
        ] {
            let cursor = encode("invoices -amount", &position(key));
            assert!(decode("invoices", order, &cursor).is_err());
            let cursor = encode("invoices:-amount", &position(key));
            assert_eq!(decode("invoices:-amount", order, &cursor).unwrap(), position(key));
            assert!(decode("invoices:amount", order, &cursor).is_err());
            assert!(decode("payments:-amount", order, &cursor).is_err());
            assert!(decode("invoices:-amount", other, &cursor).is_err());
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let id = "01929b7e-7c1c-7000-8000-000000000000";
        for text in [
            "".to_owned(),
            "l".to_owned(),
            "l t 5".to_owned(),
            format!("l x 5 {id}"),
            format!("l t 999999999999999999 {id}"),
            format!("l t {} {id}", i64::MAX),
            format!("l i five {id}"),
            "l i 5 nobody".to_owned(),
        ] {
            for order in [OrderOf::Times, OrderOf::Numbers] {
                assert!(decode("l", order, &URL_SAFE_NO_PAD.encode(&text)).is_err(), "{text}");
            }
        }
        assert!(decode("l", OrderOf::Times, "x!").is_err());
        assert!(limit(Some(0)).is_err() && limit(Some(101)).is_err());
    }
}
