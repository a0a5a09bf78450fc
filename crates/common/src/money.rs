//! Money in integer minor units, and the one way that amounts are written for people.
//!
//! There is no conversion from or to floats; arithmetic is checked and keeps to one currency.

use std::fmt;

use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// Currencies that documents and prices can be shown in; PayFast charges ZAR only.
    pub enum Currency {
        Zar = "ZAR",
        Usd = "USD",
        Eur = "EUR",
        Gbp = "GBP",
    }
}

impl Currency {
    /// What stands before the number.
    pub fn symbol(self) -> &'static str {
        match self {
            Currency::Zar => "R",
            Currency::Usd => "US$",
            Currency::Eur => "€",
            Currency::Gbp => "£",
        }
    }
}

/// An amount: cents (or the like) and their currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

/// Two amounts could not be combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("amounts in {0} and {1} cannot be combined")]
    CurrencyMismatch(Currency, Currency),
    #[error("the amount is too large")]
    Overflow,
}

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Rand, from cents.
    pub const fn zar(minor: i64) -> Self {
        Self::new(minor, Currency::Zar)
    }

    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    pub fn checked_add(self, other: Money) -> Result<Money, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    pub fn checked_sub(self, other: Money) -> Result<Money, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    fn combine(self, other: Money, operation: fn(i64, i64) -> Option<i64>) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        operation(self.minor, other.minor)
            .map(|minor| Self { minor, ..self })
            .ok_or(MoneyError::Overflow)
    }

    /// Digits with a dot and no grouping, as CSV files and PayFast write them: `17190.00`, `-0.05`.
    pub fn to_decimal(self) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        let absolute = self.minor.unsigned_abs();
        format!("{sign}{}.{:02}", absolute / 100, absolute % 100)
    }
}

/// Writes an amount for people: symbol, no-break space between groups, dot, two decimals always.
///
/// ```
/// use common::money::{Money, format_money};
/// assert_eq!(format_money(Money::zar(1_719_000)), "R17\u{a0}190.00");
/// assert_eq!(format_money(Money::zar(-52_900)), "\u{2212}R529.00");
/// ```
pub fn format_money(money: Money) -> String {
    let absolute = money.minor.unsigned_abs();
    let digits = (absolute / 100).to_string();
    let mut text = String::new();
    if money.minor < 0 {
        text.push('\u{2212}');
    }
    text.push_str(money.currency.symbol());
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text.push_str(&format!(".{:02}", absolute % 100));
    text
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_money(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_for_people() {
        for (minor, currency, expected) in [
            (52_900, Currency::Zar, "R529.00"),
            (0, Currency::Zar, "R0.00"),
            (5, Currency::Zar, "R0.05"),
            (99_999, Currency::Zar, "R999.99"),
            (100_000, Currency::Zar, "R1\u{a0}000.00"),
            (123_456_789, Currency::Zar, "R1\u{a0}234\u{a0}567.89"),
            (-1, Currency::Zar, "\u{2212}R0.01"),
            (2_900, Currency::Usd, "US$29.00"),
            (
                i64::MIN,
                Currency::Zar,
                "\u{2212}R92\u{a0}233\u{a0}720\u{a0}368\u{a0}547\u{a0}758.08",
            ),
        ] {
            assert_eq!(format_money(Money::new(minor, currency)), expected);
        }
    }

    #[test]
    fn machines_get_plain_decimals() {
        assert_eq!(Money::zar(1_719_000).to_decimal(), "17190.00");
        assert_eq!(Money::zar(-5).to_decimal(), "-0.05");
    }

    #[test]
    fn arithmetic_is_checked() {
        assert_eq!(Money::zar(1).checked_add(Money::zar(2)), Ok(Money::zar(3)));
        assert_eq!(
            Money::zar(i64::MAX).checked_add(Money::zar(1)),
            Err(MoneyError::Overflow)
        );
        assert!(Money::zar(1).checked_sub(Money::new(1, Currency::Usd)).is_err());
    }

    #[test]
    fn the_wire_form_holds_integers_only() {
        assert_eq!(
            serde_json::to_string(&Money::zar(52_900)).unwrap(),
            r#"{"minor":52900,"currency":"ZAR"}"#
        );
        assert!(serde_json::from_str::<Money>(r#"{"minor":529.5,"currency":"ZAR"}"#).is_err());
    }
}
