//! Dates as people in South Africa read them: `24 Nov 2026, 09:14`, at UTC+2 all year.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};

use crate::text::t;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// Africa/Johannesburg has had no summer time since 1944.
const OFFSET_HOURS: i64 = 2;

/// `24 Nov 2026`
pub fn date(at: DateTime<Utc>) -> String {
    calendar_day(local(at).date())
}

/// `24 Nov`, where the year is plain.
pub fn short_date(at: DateTime<Utc>) -> String {
    let local = local(at);
    format!("{} {}", local.day(), MONTHS[local.month0() as usize])
}

/// A day without a time: `24 Nov 2026`.
pub fn calendar_day(day: NaiveDate) -> String {
    format!("{} {} {}", day.day(), MONTHS[day.month0() as usize], day.year())
}

/// Two days: `1 Nov – 24 Nov 2026`, with both years where they differ.
pub fn day_range(from: NaiveDate, to: NaiveDate) -> String {
    if from.year() == to.year() {
        let from = format!("{} {}", from.day(), MONTHS[from.month0() as usize]);
        return format!("{from} – {}", calendar_day(to));
    }
    format!("{} – {}", calendar_day(from), calendar_day(to))
}

/// The day of the calendar in South Africa.
pub fn today(now: DateTime<Utc>) -> NaiveDate {
    local(now).date()
}

/// `2026-11-24`, as fields and addresses write a day; no other form, and only of this century.
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) || !year.starts_with("20") {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The other way round: `2026-11-24`.
pub fn day_text(day: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
}

/// `14:32`
pub fn clock_time(at: DateTime<Utc>) -> String {
    let local = local(at);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// `24 Nov 2026, 09:14`
pub fn date_time(at: DateTime<Utc>) -> String {
    format!("{}, {}", date(at), clock_time(at))
}

/// The day in South Africa as requests and addresses write it: `2026-11-24`.
pub fn day(at: DateTime<Utc>) -> String {
    let local = local(at);
    format!("{:04}-{:02}-{:02}", local.year(), local.month(), local.day())
}

/// A day as [`day`] writes it, in words; what is none stays as it is.
pub fn day_words(day: &str) -> String {
    match common::instant::parse(&format!("{day}T10:00:00Z")) {
        Some(noon) => date(noon),
        None => day.to_owned(),
    }
}

/// How long ago: `5 minutes ago`, `yesterday`; after a week the date.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let texts = t().common;
    let minutes = (now - at).num_minutes();
    let days = -days_until(at, now);
    match (days, minutes) {
        (_, ..1) => texts.just_now.to_owned(),
        (_, 1) => texts.minute_ago.to_owned(),
        (_, 2..60) => texts.minutes_ago(&minutes.to_string()),
        (_, 60..120) => texts.hour_ago.to_owned(),
        (..=0, _) | (1, ..720) => texts.hours_ago(&(minutes / 60).to_string()),
        (1, _) => texts.yesterday.to_owned(),
        (2..=7, _) => texts.days_ago(&days.to_string()),
        _ => date(at),
    }
}

/// A wait in words: `40 seconds`; from two minutes on in whole minutes, rounded up, then in hours.
pub fn duration(seconds: u32) -> String {
    let texts = t().common;
    match seconds {
        1 => texts.one_second.to_owned(),
        60 => texts.one_minute.to_owned(),
        0..120 => texts.seconds(&seconds.to_string()),
        120..3_540 => texts.minutes(&seconds.div_ceil(60).to_string()),
        3_540..=3_600 => texts.one_hour.to_owned(),
        _ => texts.hours(&seconds.div_ceil(3_600).to_string()),
    }
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
    fn days_are_written_for_machines_and_read_by_people() {
        assert_eq!(day(at("2026-12-31T22:05:00Z")), "2027-01-01");
        assert_eq!(day_words("2026-02-03"), "3 Feb 2026");
        assert_eq!(day_words("soon"), "soon");
    }

    #[test]
    fn days_are_read_as_fields_write_them() {
        for text in ["2026-11-24", "2028-02-29"] {
            assert_eq!(parse_day(text).map(day_text).as_deref(), Some(text));
        }
        for text in ["", "24-11-2026", "2026-02-29", "1999-01-01", "2026-1-1", "2026-11-24-1"] {
            assert_eq!(parse_day(text), None, "{text}");
        }
        let [first, last, next] = ["2026-11-01", "2026-11-24", "2027-01-02"].map(|text| parse_day(text).unwrap());
        assert_eq!(day_range(first, last), "1 Nov – 24 Nov 2026");
        assert_eq!(day_range(first, next), "1 Nov 2026 – 2 Jan 2027");
    }

    #[test]
    fn the_past_is_told_by_its_distance() {
        let now = at("2026-11-24T10:00:00Z");
        for (text, words) in [
            ("2026-11-24T10:00:30Z", "just now"),
            ("2026-11-24T09:59:01Z", "just now"),
            ("2026-11-24T09:58:30Z", "1 minute ago"),
            ("2026-11-24T09:15:00Z", "45 minutes ago"),
            ("2026-11-24T08:30:00Z", "1 hour ago"),
            ("2026-11-24T05:00:00Z", "5 hours ago"),
            ("2026-11-23T23:00:00Z", "11 hours ago"),
            ("2026-11-23T20:00:00Z", "yesterday"),
            ("2026-11-21T10:00:00Z", "3 days ago"),
            ("2026-11-10T10:00:00Z", "10 Nov 2026"),
        ] {
            assert_eq!(ago(at(text), now), words, "{text}");
        }
    }

    #[test]
    fn waits_are_told_in_whole_units() {
        for (seconds, words) in [
            (1, "1 second"),
            (40, "40 seconds"),
            (60, "1 minute"),
            (119, "119 seconds"),
            (121, "3 minutes"),
            (900, "15 minutes"),
            (3_600, "1 hour"),
            (3_601, "2 hours"),
        ] {
            assert_eq!(duration(seconds), words);
        }
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
