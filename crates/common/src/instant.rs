//! Instants on the wire: RFC 3339 in UTC, as chrono writes them.
//!
//! They are read by hand, because chrono's general parser alone would be a fiftieth of the client.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Reads `2026-11-24T07:14:59.123456Z`; the fraction may be absent, the zone is UTC.
///
/// ```
/// let at = common::instant::parse("2026-11-24T07:14:59.5Z").unwrap();
/// assert_eq!(at.timestamp_millis(), 1_795_504_499_500);
/// assert!(common::instant::parse("2026-11-24T07:14:59+02:00").is_none());
/// ```
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    let bytes = text.as_bytes();
    let has_shape = bytes.len() >= 19
        && [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]
            .iter()
            .all(|(place, mark)| bytes[*place] == *mark);
    if !has_shape {
        return None;
    }
    let number = |from: usize, to: usize| digits(&bytes[from..to]);
    let nanosecond = match &bytes[19..] {
        [] => 0,
        [b'.', fraction @ ..] if (1..=9).contains(&fraction.len()) => {
            digits(fraction)? * 10_u32.pow(9 - fraction.len() as u32)
        }
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(number(0, 4)? as i32, number(5, 7)?, number(8, 10)?)?;
    let time = NaiveTime::from_hms_nano_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, nanosecond)?;
    Some(NaiveDateTime::new(date, time).and_utc())
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0_u32, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
    })
}

/// For `#[serde(with = "crate::instant")]`.
pub fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    at.serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom("expected an RFC 3339 time in UTC"))
}

/// For `#[serde(default, with = "crate::instant::option")]`.
pub mod option {
    use super::{DateTime, Deserialize, Deserializer, Error, Serialize, Serializer, Utc, parse};

    pub fn serialize<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
        at.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else {
            return Ok(None);
        };
        parse(&text)
            .map(Some)
            .ok_or_else(|| D::Error::custom("expected an RFC 3339 time in UTC"))
    }
}

/// For `#[serde(with = "crate::instant::millis")]`: what is finer than a millisecond is cut off.
pub mod millis {
    use chrono::SubsecRound;

    pub use super::deserialize;
    use super::{DateTime, Serialize, Serializer, Utc};

    pub fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        at.trunc_subsecs(3).serialize(serializer)
    }

    /// For `#[serde(default, with = "crate::instant::millis::option")]`.
    pub mod option {
        use chrono::SubsecRound;

        pub use crate::instant::option::deserialize;
        use crate::instant::{DateTime, Serialize, Serializer, Utc};

        pub fn serialize<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
            at.map(|at| at.trunc_subsecs(3)).serialize(serializer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chrono_writes_is_read() {
        for text in [
            "2026-11-24T07:14:59Z",
            "2026-11-24T07:14:59.123456Z",
            "2024-02-29T23:59:59.000000001Z",
        ] {
            let at: DateTime<Utc> = text.parse().unwrap();
            let written = serde_json::to_value(at).unwrap();
            assert_eq!(parse(written.as_str().unwrap()), Some(at), "{text}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "2026-11-24",
            "2026-11-24 07:14:59Z",
            "2026-13-24T07:14:59Z",
            "2026-11-24T07:14:59",
            "2026-11-24T07:14:59.Z",
            "2026-11-24T07:14:59+02:00",
            "2026-11-24T07:1é:59Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
