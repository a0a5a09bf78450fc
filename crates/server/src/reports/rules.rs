//! Pure rules of reports: which days they cover, how these are cut into periods, how late a debt is.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use common::{
    FieldError,
    reports::{Group, ReportQuery, Span},
};

use crate::days;

/// More would be no report; it also bounds the work.
const MOST_PERIODS: usize = 400;

/// Days from the first to the last, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl Range {
    /// Its first instant, inclusive.
    pub fn starts(self) -> DateTime<Utc> {
        days::start_of(self.first)
    }

    /// Its last instant, exclusive.
    pub fn ends(self) -> DateTime<Utc> {
        days::end_of(self.last)
    }

    /// As documents tell it; today is not over yet.
    pub fn span(self, today: NaiveDate) -> Span {
        Span {
            from: self.first.to_string(),
            to: self.last.to_string(),
            is_unfinished: self.last >= today,
        }
    }
}

/// What a report covers and its periods, which are cut off at its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    pub whole: Range,
    pub periods: Vec<Range>,
}

pub fn cut(query: &ReportQuery, today: NaiveDate) -> Result<Cut, FieldError> {
    let last = query.to.as_deref().map(|text| days::parse("to", text)).transpose()?;
    let last = last.unwrap_or(today);
    let first = query
        .from
        .as_deref()
        .map(|text| days::parse("from", text))
        .transpose()?;
    let first = first.unwrap_or_else(|| last.checked_sub_months(Months::new(12)).unwrap_or(last));
    days::in_order(first, last)?;
    let group = query.group.unwrap_or(Group::Month);
    let mut periods = Vec::new();
    let mut from = first;
    while from <= last {
        if periods.len() == MOST_PERIODS {
            return Err(FieldError::new(
                "group",
                "too_many",
                format!("This makes more than {MOST_PERIODS} periods. Use longer periods or fewer days."),
            ));
        }
        let next = next_period(from, group);
        let end = next.checked_sub_days(Days::new(1)).unwrap_or(last).min(last);
        periods.push(Range { first: from, last: end });
        from = next;
    }
    Ok(Cut {
        whole: Range { first, last },
        periods,
    })
}

/// The day on which the period after that of `day` begins.
fn next_period(day: NaiveDate, group: Group) -> NaiveDate {
    match group {
        Group::Day => days::next(day),
        Group::Week => day + Days::new(7 - u64::from(day.weekday().num_days_from_monday())),
        Group::Month => day.with_day(1).unwrap_or(day) + Months::new(1),
    }
}

/// The days late of each age; `None` is not due, and no end.
pub const AGES: [(Option<i32>, Option<i32>); 5] = [
    (None, None),
    (Some(1), Some(30)),
    (Some(31), Some(60)),
    (Some(61), Some(90)),
    (Some(91), None),
];

/// Where ages part, from young to old: what is due at or after the first is not late on the day `on`, and so on.
pub fn age_bounds(on: NaiveDate) -> [DateTime<Utc>; 4] {
    [0, 30, 60, 90].map(|late| days::start_of(on.checked_sub_days(Days::new(late)).unwrap_or(on)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn query(from: Option<&str>, to: Option<&str>, group: Option<Group>) -> ReportQuery {
        ReportQuery {
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            group,
        }
    }

    fn names(cut: &Cut) -> Vec<String> {
        let name = |range: &Range| format!("{} {}", range.first, range.last);
        cut.periods.iter().map(name).collect()
    }

    #[test]
    fn periods_are_cut_at_mondays_and_months() {
        let today = day("2026-11-24");
        let weeks = query(Some("2026-11-18"), Some("2026-11-24"), Some(Group::Week));
        let weeks = cut(&weeks, today).unwrap();
        assert_eq!(names(&weeks), ["2026-11-18 2026-11-22", "2026-11-23 2026-11-24"]);
        let months = query(Some("2026-01-31"), Some("2026-03-01"), None);
        assert_eq!(
            names(&cut(&months, today).unwrap()),
            [
                "2026-01-31 2026-01-31",
                "2026-02-01 2026-02-28",
                "2026-03-01 2026-03-01"
            ]
        );
        let absent = cut(&ReportQuery::default(), today).unwrap();
        assert_eq!((absent.whole.first, absent.whole.last), (day("2025-11-24"), today));
        assert_eq!(absent.periods.len(), 13);
        assert!(absent.whole.span(today).is_unfinished && !absent.periods[0].span(today).is_unfinished);
    }

    #[test]
    fn too_much_is_refused_by_name() {
        let today = day("2026-11-24");
        let days = query(Some("2020-01-01"), Some("2026-11-24"), Some(Group::Day));
        assert_eq!(cut(&days, today).unwrap_err().field, "group");
        let backwards = query(Some("2026-11-02"), Some("2026-11-01"), None);
        assert_eq!(cut(&backwards, today).unwrap_err().field, "to");
    }

    #[test]
    fn a_debt_is_late_from_the_day_after_it_was_due() {
        let bounds = age_bounds(day("2026-11-24"));
        assert_eq!(bounds[0].to_rfc3339(), "2026-11-23T22:00:00+00:00");
        // Due on 25 October is 30 days late.
        assert_eq!(bounds[1].to_rfc3339(), "2026-10-24T22:00:00+00:00");
        assert!(bounds.is_sorted_by(|a, b| a > b));
    }

    proptest! {
        #[test]
        fn periods_cover_each_day_once(start in 0_u64..9000, length in 0_u64..380, group in 0_usize..3) {
            let first = day("2001-01-01") + Days::new(start);
            let last = first + Days::new(length);
            let asked = query(Some(&first.to_string()), Some(&last.to_string()), Some(Group::ALL[group]));
            let cut = cut(&asked, last).unwrap();
            let mut expected = first;
            for period in &cut.periods {
                prop_assert_eq!(period.first, expected);
                prop_assert!(period.first <= period.last);
                expected = period.last + Days::new(1);
            }
            prop_assert_eq!(expected, last + Days::new(1));
        }
    }
}
