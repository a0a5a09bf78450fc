//! Rand and cents, as PayFast writes them in forms and notifications.
//!
//! The REST API counts in cents instead; use [`Amount::cents`] there.

use crate::error::AmountError;
use std::fmt;
use std::str::FromStr;

/// An amount of South African rand, in whole cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

impl Amount {
    /// The least amount that a live account takes (PayFast, "Going live").
    pub const MINIMUM: Amount = Amount(500);

    /// Makes an amount of so many cents.
    pub const fn from_cents(cents: i64) -> Self {
        Amount(cents)
    }

    /// The amount in cents.
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// Reads `529.00`, `529.5`, `529` or `-4.60`.
    ///
    /// Signs other than `-`, spaces, group separators, exponents and a third significant decimal are refused.
    ///
    /// ```
    /// use payfast::Amount;
    ///
    /// assert_eq!(Amount::parse("529.00"), Ok(Amount::from_cents(52_900)));
    /// assert_eq!(Amount::parse(b"-4.60"), Ok(Amount::from_cents(-460)));
    /// assert!(Amount::parse("1,234.00").is_err());
    /// ```
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, AmountError> {
        let text = text.as_ref();
        let (digits, sign) = match text.strip_prefix(b"-") {
            Some(rest) => (rest, -1),
            None => (text, 1),
        };
        let (rand, decimals) = match digits.iter().position(|&byte| byte == b'.') {
            Some(dot) => (&digits[..dot], &digits[dot + 1..]),
            None => (digits, &b"0"[..]),
        };
        if rand.is_empty() || decimals.is_empty() {
            return Err(AmountError::Malformed);
        }
        let mut cents: i64 = 0;
        for &byte in rand {
            cents = push_digit(cents, byte)?;
        }
        for position in 0..2 {
            cents = push_digit(cents, decimals.get(position).copied().unwrap_or(b'0'))?;
        }
        // PayFast never sends a third decimal. Zeros there change nothing, so they are tolerated.
        if decimals.iter().skip(2).any(|&byte| byte != b'0') {
            return Err(AmountError::Malformed);
        }
        Ok(Amount(sign * cents))
    }
}

fn push_digit(cents: i64, byte: u8) -> Result<i64, AmountError> {
    if !byte.is_ascii_digit() {
        return Err(AmountError::Malformed);
    }
    cents
        .checked_mul(10)
        .and_then(|tens| tens.checked_add(i64::from(byte - b'0')))
        .ok_or(AmountError::TooLarge)
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", cents / 100, cents % 100))
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        Amount::parse(text)
    }
}

/// Whether a notified gross is the expected amount, give or take one cent.
///
/// The tolerance is PayFast's own (notification check 3); it is exact here, since cents are compared.
pub fn amounts_match(expected: Amount, gross: Amount) -> bool {
    expected.0.abs_diff(gross.0) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_with_two_decimals() {
        for (cents, text) in [
            (0, "0.00"),
            (5, "0.05"),
            (52_900, "529.00"),
            (-460, "-4.60"),
            (-5, "-0.05"),
        ] {
            assert_eq!(Amount::from_cents(cents).to_string(), text);
        }
        assert_eq!(Amount::from_cents(i64::MIN).to_string(), "-92233720368547758.08");
    }

    #[test]
    fn reads_what_payfast_writes() {
        for (text, cents) in [
            ("200", 20_000),
            ("200.0", 20_000),
            ("200.000", 20_000),
            ("0.5", 50),
            ("-0.00", 0),
        ] {
            assert_eq!(Amount::parse(text), Ok(Amount(cents)), "{text}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "", "-", ".", "5.", ".5", "+5", " 5", "5 ", "1,00", "1e2", "5.001", "0x5", "--5", "5.-1", "٥", "NaN",
        ] {
            assert_eq!(Amount::parse(text), Err(AmountError::Malformed), "{text}");
        }
        assert_eq!(Amount::parse("92233720368547758.08"), Err(AmountError::TooLarge));
        assert_eq!(Amount::parse("99999999999999999999"), Err(AmountError::TooLarge));
    }

    #[test]
    fn one_cent_is_tolerated_and_two_are_not() {
        let expected = Amount::from_cents(20_000);
        for (cents, matches) in [
            (19_998, false),
            (19_999, true),
            (20_000, true),
            (20_001, true),
            (20_002, false),
        ] {
            assert_eq!(amounts_match(expected, Amount(cents)), matches, "{cents}");
        }
        assert!(!amounts_match(Amount(i64::MIN), Amount(i64::MAX)));
    }
}
