//! The one period of all reports: presets, what stands in the address, and what each part of it is called. Pure.

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use common::reports::{Group, Span};

use crate::dates::{calendar_day, parse_day};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    ThisMonth,
    LastMonth,
    /// Two months, the first of them even: category A.
    VatPeriod,
    TwelveMonths,
}

pub const PRESETS: [Preset; 4] = [
    Preset::ThisMonth,
    Preset::LastMonth,
    Preset::VatPeriod,
    Preset::TwelveMonths,
];

/// Inclusive days, and the length of the bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub group: Group,
}

/// Bars that fit side by side.
const MOST_DAYS: i64 = 62;
const MOST_WEEKS: i64 = 53;

impl Preset {
    pub fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let month = first_of_month(today);
        match self {
            Preset::ThisMonth => (month, end_of(month, 1)),
            Preset::LastMonth => (back(month, 1), month - TimeDelta::days(1)),
            Preset::VatPeriod => {
                let first = if month.month().is_multiple_of(2) {
                    month
                } else {
                    back(month, 1)
                };
                (first, end_of(first, 2))
            }
            Preset::TwelveMonths => (back(month, 11), end_of(month, 1)),
        }
    }
}

impl Period {
    /// The usual one: twelve months up to this one.
    pub fn usual(today: NaiveDate) -> Self {
        Period::of(Preset::TwelveMonths.days(today), None)
    }

    /// What the address says; what it does not say, or says wrongly, is the usual.
    pub fn parse(from: &str, to: &str, group: &str, today: NaiveDate) -> Self {
        let days = parse_day(from).zip(parse_day(to)).filter(|(from, to)| from <= to);
        match days {
            Some(days) => Period::of(days, Group::parse(group)),
            None => Period::usual(today),
        }
    }

    /// Bars of `group` where they are not too many, else longer ones.
    pub fn of((from, to): (NaiveDate, NaiveDate), group: Option<Group>) -> Self {
        let days = (to - from).num_days() + 1;
        let fitting = match days {
            ..=14 => Group::Day,
            15..=100 => Group::Week,
            _ => Group::Month,
        };
        let group = match group.unwrap_or(fitting) {
            Group::Day if days > MOST_DAYS => fitting,
            Group::Week if days / 7 > MOST_WEEKS => Group::Month,
            group => group,
        };
        Self { from, to, group }
    }

    pub fn preset(self, today: NaiveDate) -> Option<Preset> {
        PRESETS
            .into_iter()
            .find(|preset| preset.days(today) == (self.from, self.to))
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `1 Dec 2025 – 24 Nov 2026`, `Nov 2026` for a whole month.
pub fn words(from: &str, to: &str) -> String {
    let (Some(from), Some(to)) = (parse_day(from), parse_day(to)) else {
        return format!("{from} – {to}");
    };
    match (from == to, from == first_of_month(from) && to == end_of(from, 1)) {
        (true, _) => calendar_day(from),
        (_, true) => format!("{} {}", MONTHS[from.month0() as usize], from.year()),
        _ => format!("{} – {}", calendar_day(from), calendar_day(to)),
    }
}

/// Below its bar: `Nov`, or `2 Nov`.
pub fn label(span: &Span, group: Group) -> String {
    let Some(day) = parse_day(&span.from) else {
        return String::new();
    };
    let month = MONTHS[day.month0() as usize];
    match group {
        Group::Month => month.to_owned(),
        Group::Day | Group::Week => format!("{} {month}", day.day()),
    }
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day - TimeDelta::days(i64::from(day.day0()))
}

fn back(month: NaiveDate, months: u32) -> NaiveDate {
    month.checked_sub_months(Months::new(months)).unwrap_or(month)
}

/// The last day of the `months`th month from `month` on.
fn end_of(month: NaiveDate, months: u32) -> NaiveDate {
    let next = month.checked_add_months(Months::new(months)).unwrap_or(month);
    next - TimeDelta::days(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_day(text).unwrap()
    }

    #[test]
    fn presets_are_whole_months() {
        let today = day("2026-11-24");
        for (preset, from, to) in [
            (Preset::ThisMonth, "2026-11-01", "2026-11-30"),
            (Preset::LastMonth, "2026-10-01", "2026-10-31"),
            (Preset::VatPeriod, "2026-10-01", "2026-11-30"),
            (Preset::TwelveMonths, "2025-12-01", "2026-11-30"),
        ] {
            assert_eq!(preset.days(today), (day(from), day(to)), "{preset:?}");
            assert_eq!(Period::of(preset.days(today), None).preset(today), Some(preset));
        }
        assert_eq!(Preset::VatPeriod.days(day("2026-12-05")).0, day("2026-12-01"));
        assert_eq!(Preset::VatPeriod.days(day("2027-01-05")).0, day("2026-12-01"));
    }

    #[test]
    fn the_address_names_days_that_a_calendar_has() {
        let today = day("2026-11-24");
        let usual = Period::usual(today);
        assert_eq!(Period::parse("", "", "", today), usual);
        assert_eq!(Period::parse("2026-02-30", "2026-03-01", "", today), usual);
        assert_eq!(Period::parse("2026-03-02", "2026-03-01", "", today), usual);
        let few = Period::parse("2026-11-01", "2026-11-07", "", today);
        assert_eq!((few.from, few.group), (day("2026-11-01"), Group::Day));
        assert_eq!(
            Period::parse("2026-11-01", "2026-11-30", "day", today).group,
            Group::Day
        );
        assert_eq!(
            Period::parse("2020-01-01", "2026-11-30", "day", today).group,
            Group::Month
        );
        assert_eq!(
            Period::parse("2020-01-01", "2026-11-30", "week", today).group,
            Group::Month
        );
    }

    #[test]
    fn periods_are_told_shortly() {
        assert_eq!(words("2026-11-01", "2026-11-30"), "Nov 2026");
        assert_eq!(words("2025-12-01", "2026-11-24"), "1 Dec 2025 – 24 Nov 2026");
        assert_eq!(words("2026-11-24", "2026-11-24"), "24 Nov 2026");
        let span = Span {
            from: "2026-11-02".to_owned(),
            to: "2026-11-08".to_owned(),
            is_unfinished: false,
        };
        assert_eq!(label(&span, Group::Month), "Nov");
        assert_eq!(label(&span, Group::Week), "2 Nov");
    }
}
