//! Pure rules of the books: what balances, and what the hash covers.

use chrono::{DateTime, SecondsFormat, Utc};
use common::{Currency, books::LedgerAccount, ids::AccountId};
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

#[cfg(test)]
mod tests {
    use LedgerAccount::{Receivable, Revenue, VatOutput};

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
}
