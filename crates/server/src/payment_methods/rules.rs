//! Pure rules of saved cards: what owners may type, when a card ends, and what a notification about one does.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use common::{
    FieldError,
    payment_methods::{Expiry, PaymentMethodStatus},
    validate::line,
};

use crate::payments;

/// South Africa keeps UTC+2 all year.
const OFFSET: TimeDelta = TimeDelta::hours(2);
const LABEL_MAX_CHARS: usize = 60;
/// Cards that one account may have at the same time, pending ones included.
pub const MOST_METHODS: usize = 20;

/// What its owner calls a card.
pub fn check_label(text: &str) -> Result<String, FieldError> {
    line("label", text, LABEL_MAX_CHARS)?
        .ok_or_else(|| FieldError::required("label", "Name the card, for example Visa."))
}

/// The last four digits, as they stand on the card.
pub fn check_last_four(text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        let message = "Enter the last four digits only; never the whole number.";
        Err(FieldError::new("last_four", "invalid", message))
    }
}

/// A month that has not ended yet.
pub fn check_expiry(expiry: Expiry, now: DateTime<Utc>) -> Result<Expiry, FieldError> {
    if !(2000..=2099).contains(&expiry.year) || !(1..=12).contains(&expiry.month) {
        return Err(FieldError::new(
            "expires",
            "invalid",
            "Enter the month and year on the card.",
        ));
    }
    if days_left(expiry, now) < 0 {
        return Err(FieldError::new("expires", "out_of_range", "This card has expired."));
    }
    Ok(expiry)
}

/// Days until the card's last day in South Africa, which is the last of its month; negative when it has passed.
pub fn days_left(expiry: Expiry, now: DateTime<Utc>) -> i64 {
    let (year, month) = match expiry.month {
        12 => (expiry.year + 1, 1),
        month => (expiry.year, month + 1),
    };
    let month = u32::try_from(month).unwrap_or(1);
    let last_day = NaiveDate::from_ymd_opt(year, month, 1)
        .and_then(|day| day.pred_opt())
        .unwrap_or(NaiveDate::MAX);
    (last_day - (now + OFFSET).date_naive()).num_days()
}

/// Which warning is due, in days before the end; `None` while the end is far.
pub fn warning(expiry: Expiry, now: DateTime<Utc>) -> Option<i64> {
    match days_left(expiry, now) {
        ..=7 => Some(7),
        8..=30 => Some(30),
        _ => None,
    }
}

/// What is kept of a warning, so that each is sent once: the expiry that was warned of, and how near it was.
pub fn warned_for(expiry: Expiry, days: i64) -> String {
    format!("{:04}-{:02} {days}", expiry.year, expiry.month)
}

/// The steps at which a card is warned of, in days before its end; the last one is for whatever is nearer.
pub const WARNED_AT: [i64; 2] = [30, 7];

/// The first month, as year and month, of which no card ends within so many days.
pub fn horizon(now: DateTime<Utc>, days: i64) -> (i32, i32) {
    let day = (now + OFFSET + TimeDelta::days(days + 1)).date_naive();
    (day.year(), i32::try_from(day.month()).unwrap_or(12))
}

/// The state of an active card with this expiry.
pub fn active_status(expiry: Option<Expiry>, now: DateTime<Utc>) -> PaymentMethodStatus {
    match expiry.and_then(|expiry| warning(expiry, now)) {
        Some(_) => PaymentMethodStatus::Expiring,
        None => PaymentMethodStatus::Active,
    }
}

/// Whether it can be charged.
pub fn is_usable(status: PaymentMethodStatus) -> bool {
    matches!(status, PaymentMethodStatus::Active | PaymentMethodStatus::Expiring)
}

/// What a method is when PayFast tells of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub status: PaymentMethodStatus,
    /// Nobody removed it: its day for PayFast's page passed.
    pub has_lapsed: bool,
    /// The token that is told is the one that it has.
    pub has_token: bool,
}

/// What a notification about a token does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Keep the token; the card can be charged.
    Store,
    /// PayFast has a token that nobody wants here: it is cancelled there.
    CancelAtPayfast,
    /// PayFast or the bank ended the agreement.
    Revoke,
    Keep,
}

/// Every pair of a method's standing and a notification.
pub fn next(standing: Standing, event: payments::rules::Event) -> Outcome {
    use PaymentMethodStatus::{Active, Expiring, Pending, Revoked};
    use payments::rules::Event::{ItnCancelled, ItnComplete};
    match (standing.status, event) {
        (Pending, ItnComplete) => Outcome::Store,
        // The customer did come through, only late.
        (Revoked, ItnComplete) if standing.has_lapsed => Outcome::Store,
        (_, ItnComplete) if standing.has_token => Outcome::Keep,
        // Removed meanwhile, or saved twice from one form: the token that is in use stays.
        (Revoked | Active | Expiring, ItnComplete) => Outcome::CancelAtPayfast,
        (Active | Expiring, ItnCancelled) if standing.has_token => Outcome::Revoke,
        _ => Outcome::Keep,
    }
}

#[cfg(test)]
mod tests {
    use payments::rules::Event;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_card_works_to_the_last_day_of_its_month() {
        let december = Expiry { year: 2026, month: 12 };
        assert_eq!(days_left(december, at("2026-12-31T21:59:59Z")), 0);
        assert_eq!(days_left(december, at("2026-12-31T22:00:00Z")), -1);
        assert_eq!(
            days_left(Expiry { year: 2028, month: 2 }, at("2028-02-28T10:00:00Z")),
            1
        );
        assert!(check_expiry(december, at("2026-12-31T21:59:59Z")).is_ok());
        assert!(check_expiry(december, at("2026-12-31T22:00:00Z")).is_err());
        for (year, month) in [(1999, 12), (2100, 1), (2030, 0), (2030, 13)] {
            assert!(check_expiry(Expiry { year, month }, at("2026-01-01T00:00:00Z")).is_err());
        }
    }

    #[test]
    fn warnings_come_30_and_7_days_before() {
        let expiry = Expiry { year: 2027, month: 1 };
        for (now, expected) in [
            ("2026-12-31T12:00:00Z", None),
            ("2027-01-01T12:00:00Z", Some(30)),
            ("2027-01-23T12:00:00Z", Some(30)),
            ("2027-01-24T12:00:00Z", Some(7)),
            ("2027-02-10T12:00:00Z", Some(7)),
        ] {
            assert_eq!(warning(expiry, at(now)), expected, "{now}");
            for step in WARNED_AT {
                let is_near = (2027, 1) < horizon(at(now), step);
                assert_eq!(is_near, expected.is_some_and(|days| days <= step), "{now} {step}");
            }
        }
        assert_ne!(warned_for(expiry, 30), warned_for(expiry, 7));
    }

    #[test]
    fn labels_and_digits_are_judged() {
        assert_eq!(check_label(" Visa ").unwrap(), "Visa");
        assert!(check_label(" ").is_err() && check_label(&"x".repeat(61)).is_err());
        assert_eq!(check_last_four("0042").unwrap(), "0042");
        for wrong in ["42", "4111111111111111", "12a4", "٤٢٤٢"] {
            assert!(check_last_four(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_token_that_is_in_use_is_never_cancelled_by_a_notification() {
        use PaymentMethodStatus::{Active, Expiring, Pending, Revoked};
        for (status, has_lapsed, has_token, complete, cancelled) in [
            (Pending, false, false, Outcome::Store, Outcome::Keep),
            (Active, false, true, Outcome::Keep, Outcome::Revoke),
            (Active, false, false, Outcome::CancelAtPayfast, Outcome::Keep),
            (Expiring, false, true, Outcome::Keep, Outcome::Revoke),
            (Revoked, true, false, Outcome::Store, Outcome::Keep),
            (Revoked, false, false, Outcome::CancelAtPayfast, Outcome::Keep),
            (Revoked, false, true, Outcome::Keep, Outcome::Keep),
        ] {
            let standing = Standing {
                status,
                has_lapsed,
                has_token,
            };
            assert_eq!(next(standing, Event::ItnComplete), complete, "{standing:?}");
            assert_eq!(next(standing, Event::ItnCancelled), cancelled, "{standing:?}");
            for other in [Event::ItnPending, Event::ItnFailed] {
                assert_eq!(next(standing, other), Outcome::Keep);
            }
        }
    }
}
