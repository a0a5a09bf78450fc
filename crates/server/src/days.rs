//! Days in South Africa, which keeps UTC+2 all year, as half-open ranges of instants. Pure.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use common::FieldError;

const OFFSET: TimeDelta = TimeDelta::hours(2);

/// Instants from the first, inclusive, to the last, exclusive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

/// The period of whole days in South Africa, both inclusive.
pub fn period(from: Option<&str>, to: Option<&str>) -> Result<Period, FieldError> {
    let first = from.map(|text| parse("from", text)).transpose()?;
    let last = to.map(|text| parse("to", text)).transpose()?;
    if let (Some(first), Some(last)) = (first, last) {
        in_order(first, last)?;
    }
    Ok(Period {
        from: first.map(start_of),
        until: last.map(end_of),
    })
}

/// Refuses a last day before the first.
pub fn in_order(first: NaiveDate, last: NaiveDate) -> Result<(), FieldError> {
    if last < first {
        let message = "Use a day that is not before `from`.";
        return Err(FieldError::new("to", "out_of_range", message));
    }
    Ok(())
}

/// Reads a day of this century, `2026-11-01`.
pub fn parse(field: &str, text: &str) -> Result<NaiveDate, FieldError> {
    let is_plain = text.len() == 10 && text.starts_with("20");
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| is_plain)
        .ok_or_else(|| FieldError::new(field, "invalid", "Use a day such as 2026-11-01."))
}

/// Midnight at which a day begins.
pub fn start_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() - OFFSET
}

/// Midnight at which a day ends.
pub fn end_of(day: NaiveDate) -> DateTime<Utc> {
    start_of(next(day))
}

pub fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

/// The day that an instant falls on.
pub fn of(at: DateTime<Utc>) -> NaiveDate {
    (at + OFFSET).date_naive()
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
        let day = parse("from", "2026-11-01").unwrap();
        assert_eq!(of(start_of(day)), day);
        assert_eq!(of(end_of(day)), next(day));
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
}
