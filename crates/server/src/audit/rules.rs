//! Pure rules of reading the log: days, and words to search for.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use common::FieldError;

/// South Africa keeps UTC+2 all year.
const OFFSET: TimeDelta = TimeDelta::hours(2);
/// Shorter words would find nearly everything.
const SEARCH_MIN_CHARS: usize = 3;
const SEARCH_MAX_CHARS: usize = 100;

/// Instants from the first, inclusive, to the last, exclusive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

/// The period of whole days in South Africa, both inclusive.
pub fn period(from: Option<&str>, to: Option<&str>) -> Result<Period, FieldError> {
    let first = from.map(|text| day("from", text)).transpose()?;
    let last = to.map(|text| day("to", text)).transpose()?;
    if let (Some(first), Some(last)) = (first, last)
        && last < first
    {
        return Err(FieldError::new(
            "to",
            "out_of_range",
            "Use a day that is not before `from`.",
        ));
    }
    let after = |day: NaiveDate| day.checked_add_days(Days::new(1)).unwrap_or(day);
    Ok(Period {
        from: first.map(start_of),
        until: last.map(after).map(start_of),
    })
}

fn day(field: &str, text: &str) -> Result<NaiveDate, FieldError> {
    let is_plain = text.len() == 10 && text.starts_with("20");
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| is_plain)
        .ok_or_else(|| FieldError::new(field, "invalid", "Use a day such as 2026-11-01."))
}

fn start_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() - OFFSET
}

/// What to look for; `None` when nothing was typed.
pub fn search(text: Option<&str>) -> Result<Option<&str>, FieldError> {
    let text = text.unwrap_or_default().trim();
    if text.chars().any(char::is_control) {
        let message = "Use one line without control characters.";
        return Err(FieldError::new("search", "invalid", message));
    }
    match text.chars().count() {
        0 => Ok(None),
        SEARCH_MIN_CHARS..=SEARCH_MAX_CHARS => Ok(Some(text)),
        _ => {
            let message = format!("Use {SEARCH_MIN_CHARS} to {SEARCH_MAX_CHARS} characters.");
            Err(FieldError::new("search", "out_of_range", message))
        }
    }
}

/// A pattern of SQL's `like` that finds `text` anywhere, with `\` before what would match more.
pub fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_and_end_at_midnight_in_south_africa() {
        let november = period(Some("2026-11-01"), Some("2026-11-30")).unwrap();
        assert_eq!(november.from.unwrap().to_rfc3339(), "2026-10-31T22:00:00+00:00");
        assert_eq!(november.until.unwrap().to_rfc3339(), "2026-11-30T22:00:00+00:00");
        assert_eq!(period(None, None), Ok(Period::default()));
    }

    #[test]
    fn other_days_are_refused_by_name() {
        for text in [
            "",
            "2026-1-1",
            "2026-02-30",
            "1999-01-01",
            "2026-11-01T00:00",
            "yesterday",
            "9999-12-31",
        ] {
            assert_eq!(period(Some(text), None).unwrap_err().field, "from", "{text}");
            assert_eq!(period(None, Some(text)).unwrap_err().field, "to", "{text}");
        }
        assert_eq!(period(Some("2026-11-02"), Some("2026-11-01")).unwrap_err().field, "to");
    }

    #[test]
    fn a_search_is_taken_as_it_is_typed() {
        assert_eq!(search(Some("  ")), Ok(None));
        assert_eq!(search(Some(" nomsa ")), Ok(Some("nomsa")));
        assert!(search(Some("no")).is_err() && search(Some(&"x".repeat(101))).is_err());
        assert_eq!(like_pattern(r"100%_\"), r"%100\%\_\\%");
    }
}
