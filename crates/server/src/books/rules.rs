//! Pure rules of the books: what balances, and what the hash covers.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use common::{
    Currency,
    books::{Invariant, LedgerAccount},
    ids::AccountId,
};
use sha2::{Digest, Sha256};

/// The hash that the first transaction follows.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One side of an entry; debits are positive, credits negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    pub account: LedgerAccount,
    pub minor: i64,
}

/// Debits `minor`; nothing is left out by [`entry`].
pub fn debit(account: LedgerAccount, minor: i64) -> Leg {
    Leg { account, minor }
}

/// Credits `minor`.
pub fn credit(account: LedgerAccount, minor: i64) -> Leg {
    Leg { account, minor: -minor }
}

/// Why legs are no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    #[error("the legs add up to {0} cents, not to nothing")]
    Sum(i128),
    #[error("an entry needs two legs that are not nothing")]
    Empty,
}

/// The legs that are not nothing, when they balance.
pub fn entry(legs: &[Leg]) -> Result<Vec<Leg>, Unbalanced> {
    let legs: Vec<Leg> = legs.iter().copied().filter(|leg| leg.minor != 0).collect();
    let sum: i128 = legs.iter().map(|leg| i128::from(leg.minor)).sum();
    match (sum, legs.len()) {
        (0, 2..) => Ok(legs),
        (0, _) => Err(Unbalanced::Empty),
        _ => Err(Unbalanced::Sum(sum)),
    }
}

/// What the hash of a transaction covers, besides the hash before it.
pub struct Hashed<'a> {
    pub serial: i64,
    pub at: DateTime<Utc>,
    pub kind: &'a str,
    pub source: &'a str,
    pub account_id: Option<AccountId>,
    pub currency: Currency,
    pub description: &'a str,
    pub legs: &'a [Leg],
}

/// SHA-256 over the hash before and each field on a line of its own, in hex.
pub fn hash(previous: &str, hashed: &Hashed<'_>) -> String {
    let mut digest = Sha256::new();
    let mut field = |text: &str| {
        // The length first, so that no text can pass for two.
        digest.update(format!("{}:", text.len()));
        digest.update(text);
        digest.update("\n");
    };
    field(previous);
    field(&hashed.serial.to_string());
    field(&hashed.at.to_rfc3339_opts(SecondsFormat::Micros, true));
    field(hashed.kind);
    field(hashed.source);
    field(hashed.account_id.as_ref().map_or("", |id| id.as_str()));
    field(hashed.currency.as_str());
    field(hashed.description);
    for leg in hashed.legs {
        field(leg.account.as_str());
        field(&leg.minor.to_string());
    }
    hex::encode(digest.finalize())
}

/// What an invariant promises; with nothing to look at, it says that it promises nothing yet.
pub fn sentence(invariant: Invariant, checked: Option<i64>) -> String {
    let (promise, nothing) = match invariant {
        Invariant::I1 => ("The debits of every entry equal its credits.", "There is no entry yet."),
        Invariant::I2 => (
            "What each customer owes in the books is what their open invoices leave to pay, and their credit in the \
             books is the credit that they have, never below nothing.",
            "There is no customer yet.",
        ),
        Invariant::I3 => (
            "Every invoice is the sum of its lines and their VAT, and its balance follows from what was paid and \
             credited, never below nothing.",
            "There is no invoice yet.",
        ),
        Invariant::I4 => (
            "No payment is refunded beyond what came in, no invoice credited beyond its total, and what is on its way \
             back is set aside.",
            "Nothing was refunded or credited yet.",
        ),
        Invariant::I5 => (
            "Every document, payment and refund has exactly one entry of each kind, over its own amount, and every \
             entry tells of one of them.",
            "No money has moved yet.",
        ),
        Invariant::I6 => (
            "Every issued invoice and credit note says what it said when it was issued.",
            "No document was issued yet.",
        ),
        Invariant::I7 => (
            "The numbers of invoices and of credit notes are 1 to n, without a hole and none twice.",
            "No number was given yet.",
        ),
        Invariant::I8 => (
            "What PayFast holds for us in the books is what its statement says, line by line.",
            "No statement was reconciled yet, so there is nothing to compare with.",
        ),
        Invariant::I9 => ("No time on a plan is paid for twice.", "No plan was bought yet."),
        Invariant::I10 => (
            "No payment or refund has had an unknown end for longer than seven days.",
            "None has an unknown end now.",
        ),
        Invariant::Chain => (
            "Every entry carries the hash of the one before it, from the first to the last.",
            "There is no entry yet.",
        ),
    };
    if checked == Some(0) {
        format!("{promise} {nothing}")
    } else {
        promise.to_owned()
    }
}

/// A walk over the numbers of a series in the order of their text, which knows a hole or a double when it passes one.
///
/// Numbers are padded to six digits, so those of one length come in order; longer ones come in between.
#[derive(Debug, Default)]
pub struct SeriesWalk {
    /// The last of each length.
    last: BTreeMap<usize, i64>,
    count: i64,
}

/// Digits that a number has at least.
const PADDED_TO: usize = 6;

impl SeriesWalk {
    /// Takes the next number, such as `INV-000007`; says what is wrong with it.
    pub fn step(&mut self, number: &str) -> Result<(), String> {
        self.count += 1;
        let digits = number.rsplit('-').next().unwrap_or_default();
        let (length, serial) = match digits.parse::<i64>() {
            Ok(serial) if digits.bytes().all(|byte| byte.is_ascii_digit()) => (digits.len(), serial),
            _ => return Err(format!("{number} is no number of a series")),
        };
        let first = if length <= PADDED_TO {
            1
        } else {
            10_i64.pow(length as u32 - 1)
        };
        let expected = self.last.get(&length).map_or(first, |last| last + 1);
        self.last.insert(length, serial);
        if length < PADDED_TO || serial != expected {
            return Err(format!("{number} comes where {expected} should"));
        }
        Ok(())
    }

    /// The series has given `last` numbers: all of them must have passed.
    pub fn end(&self, last: i64) -> Result<(), String> {
        let highest = self.last.values().copied().max().unwrap_or_default();
        if (self.count, highest) == (last, last) {
            return Ok(());
        }
        let count = self.count;
        Err(format!(
            "{last} numbers were given; there are {count}, and the highest is {highest}"
        ))
    }
}

/// Periods, by their first day, joined where they touch or overlap.
pub fn runs_of_days(periods: &[(NaiveDate, NaiveDate)]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut runs: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for &(from, to) in periods {
        match runs.last_mut() {
            Some((_, end)) if end.succ_opt().is_none_or(|next| from <= next) => *end = to.max(*end),
            _ => runs.push((from, to)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use LedgerAccount::{Receivable, Revenue, VatOutput};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_entry_balances_or_is_refused() {
        let legs = [
            debit(Receivable, 52_900),
            credit(Revenue, 46_000),
            credit(VatOutput, 6_900),
        ];
        assert_eq!(entry(&legs).unwrap(), legs);
        assert_eq!(entry(&legs[..2]), Err(Unbalanced::Sum(6_900)));
        assert_eq!(
            entry(&[debit(Receivable, 0), credit(Revenue, 0)]),
            Err(Unbalanced::Empty)
        );
        // No VAT is no leg.
        let without_vat = [debit(Receivable, 100), credit(Revenue, 100), credit(VatOutput, 0)];
        assert_eq!(entry(&without_vat).unwrap().len(), 2);
    }

    #[test]
    fn every_invariant_says_what_it_promises() {
        for invariant in Invariant::ALL {
            let promise = sentence(*invariant, None);
            assert_eq!(sentence(*invariant, Some(7)), promise);
            assert!(sentence(*invariant, Some(0)).starts_with(&format!("{promise} ")));
        }
    }

    fn walk(numbers: &[&str], last: i64) -> Result<(), String> {
        let mut walk = SeriesWalk::default();
        numbers.iter().try_for_each(|number| walk.step(number))?;
        walk.end(last)
    }

    #[test]
    fn a_series_has_neither_hole_nor_double() {
        assert_eq!(walk(&[], 0), Ok(()));
        assert_eq!(walk(&["INV-000001", "INV-000002"], 2), Ok(()));
        for (numbers, last) in [
            (&["INV-000002"][..], 2),
            (&["INV-000001", "INV-000003"], 3),
            (&["INV-000001", "INV-000001"], 2),
            (&["INV-000001"], 2),
            (&["INV-000001", "INV-000002"], 1),
            (&["INV-1"], 1),
            (&["INV-00000x"], 1),
            (&["INV-+00001"], 1),
            (&[""], 1),
        ] {
            assert!(walk(numbers, last).is_err(), "{numbers:?} of {last}");
        }
    }

    #[test]
    fn a_series_may_grow_beyond_six_digits() {
        let mut numbers: Vec<String> = (1..=1_000_002).map(|serial| format!("INV-{serial:06}")).collect();
        numbers.sort();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        assert_eq!(walk(&numbers, 1_000_002), Ok(()));
        assert!(walk(&numbers[1..], 1_000_002).is_err());
    }

    #[test]
    fn days_that_touch_are_one_run() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        let periods = [
            (day(1), day(3)),
            (day(2), day(2)),
            (day(4), day(4)),
            (day(6), day(7)),
            (day(6), day(9)),
        ];
        assert_eq!(runs_of_days(&periods), [(day(1), day(4)), (day(6), day(9))]);
        assert_eq!(runs_of_days(&[]), []);
    }

    fn accounts() -> impl Strategy<Value = LedgerAccount> {
        prop::sample::select(LedgerAccount::ALL)
    }

    fn legs() -> impl Strategy<Value = Vec<Leg>> {
        let leg = (accounts(), -1_000_000_000_000..1_000_000_000_000_i64);
        prop::collection::vec(leg.prop_map(|(account, minor)| Leg { account, minor }), 0..8)
    }

    fn hash_of(serial: i64, source: &str, description: &str, legs: &[Leg]) -> String {
        let hashed = Hashed {
            serial,
            at: DateTime::from_timestamp(1_795_000_000, 0).unwrap(),
            kind: "payment_received",
            source,
            account_id: None,
            currency: Currency::Zar,
            description,
            legs,
        };
        hash(GENESIS, &hashed)
    }

    proptest! {
        /// What is left of an entry adds up to nothing and has no leg of nothing; else it is refused.
        #[test]
        fn only_what_balances_is_an_entry(mut legs in legs(), closes: bool) {
            let sum: i64 = legs.iter().map(|leg| leg.minor).sum();
            if closes {
                legs.push(Leg { account: LedgerAccount::Rounding, minor: -sum });
            }
            let is_open = legs.iter().map(|leg| leg.minor).sum::<i64>() != 0;
            match entry(&legs) {
                Ok(kept) => {
                    prop_assert!(!is_open && kept.len() >= 2);
                    prop_assert!(kept.iter().all(|leg| leg.minor != 0));
                    prop_assert_eq!(kept.iter().map(|leg| leg.minor).sum::<i64>(), 0);
                    prop_assert!(legs.iter().filter(|leg| leg.minor != 0).eq(kept.iter()));
                }
                Err(Unbalanced::Sum(off)) => prop_assert!(is_open && off != 0),
                Err(Unbalanced::Empty) => prop_assert!(!is_open && legs.iter().all(|leg| leg.minor == 0)),
            }
        }

        /// Legs too large to add up in 64 bits are no way around it.
        #[test]
        fn sums_do_not_wrap(count in 2_usize..6) {
            let legs = vec![debit(LedgerAccount::Bank, i64::MAX); count];
            prop_assert!(matches!(entry(&legs), Err(Unbalanced::Sum(_))));
        }

        #[test]
        fn the_hash_covers_every_leg(legs in legs(), at in 0_usize..8, by in 1..100_i64) {
            let whole = hash_of(1, "a", "b", &legs);
            prop_assert_eq!(&hash_of(1, "a", "b", &legs), &whole);
            prop_assert_ne!(&hash_of(2, "a", "b", &legs), &whole);
            if let Some(index) = at.checked_rem(legs.len()) {
                let mut changed = legs.clone();
                changed[index].minor += by;
                prop_assert_ne!(&hash_of(1, "a", "b", &changed), &whole);
                changed.remove(index);
                prop_assert_ne!(&hash_of(1, "a", "b", &changed), &whole);
            }
        }

        #[test]
        fn text_that_moves_to_the_next_field_is_another_hash(left in ".{0,9}", moved in ".{1,5}", right in ".{0,9}") {
            let one = hash_of(1, &format!("{left}{moved}"), &right, &[]);
            prop_assert_ne!(one, hash_of(1, &left, &format!("{moved}{right}"), &[]));
        }
    }
}
