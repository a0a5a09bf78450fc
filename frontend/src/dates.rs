//! Dates as people in South Africa read them: `24 Nov 2026, 09:14`, at UTC+2 all year.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// Africa/Johannesburg has had no summer time since 1944.
const OFFSET_HOURS: i64 = 2;

/// `24 Nov 2026`
pub fn date(at: DateTime<Utc>) -> String {
    let local = local(at);
    format!("{} {} {}", local.day(), MONTHS[local.month0() as usize], local.year())
}

/// `24 Nov 2026, 09:14`
pub fn date_time(at: DateTime<Utc>) -> String {
    let local = local(at);
    format!("{}, {:02}:{:02}", date(at), local.hour(), local.minute())
}

/// For the `datetime` attribute of `<time>`.
pub fn machine(at: DateTime<Utc>) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// Calendar days from `now` to `at` in South Africa; negative in the past.
pub fn days_until(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    local(at).date().signed_duration_since(local(now).date()).num_days()
}

fn local(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc() + TimeDelta::hours(OFFSET_HOURS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_shown_two_hours_ahead_of_utc() {
        assert_eq!(date_time(at("2026-11-24T07:14:59Z")), "24 Nov 2026, 09:14");
        assert_eq!(date_time(at("2026-12-31T22:05:00Z")), "1 Jan 2027, 00:05");
        assert_eq!(date(at("2026-02-28T21:59:59Z")), "28 Feb 2026");
        assert_eq!(machine(at("2026-11-24T07:14:59Z")), "2026-11-24T07:14:59Z");
    }

    #[test]
    fn days_are_calendar_days_in_south_africa() {
        let now = at("2026-11-24T20:00:00Z");
        assert_eq!(days_until(at("2026-11-24T21:00:00Z"), now), 0);
        assert_eq!(days_until(at("2026-11-24T22:00:00Z"), now), 1);
        assert_eq!(days_until(at("2026-11-27T06:00:00Z"), now), 3);
        assert_eq!(days_until(at("2026-11-22T21:59:00Z"), now), -2);
    }
}
