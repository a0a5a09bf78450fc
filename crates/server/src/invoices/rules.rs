//! Pure rules of invoices: VAT, numbers, and what money does to an invoice.

use common::{
    Money,
    invoices::{InvoiceState, InvoiceStatus},
};

/// South Africa's standard rate, in percent.
pub const VAT_PERCENT: i64 = 15;

/// A price and the VAT inside it; `net + vat` is the price exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    pub net: Money,
    pub vat: Money,
}

/// Takes the VAT out of a price that includes it: `vat = price × 15 / 115`, rounded half up, once.
///
/// A supplier without a VAT number charges none.
pub fn split_price(price: Money, charges_vat: bool) -> Split {
    let vat = if charges_vat { included_vat(price.minor) } else { 0 };
    Split {
        net: Money::new(price.minor - vat, price.currency),
        vat: Money::new(vat, price.currency),
    }
}

fn included_vat(gross: i64) -> i64 {
    let numerator = i128::from(gross) * i128::from(VAT_PERCENT);
    let denominator = i128::from(100 + VAT_PERCENT);
    // Half up, away from zero for negative amounts as well.
    let half = denominator / 2 * numerator.signum();
    let vat = (numerator + half) / denominator;
    i64::try_from(vat).expect("the VAT is smaller than the price")
}

/// `INV-000001`.
pub fn invoice_number(serial: i64) -> String {
    format!("INV-{serial:06}")
}

/// The stored state behind what a list is narrowed to.
pub fn stored(state: InvoiceState) -> InvoiceStatus {
    match state {
        InvoiceState::Draft => InvoiceStatus::Draft,
        InvoiceState::Open | InvoiceState::Overdue | InvoiceState::PartiallyPaid => InvoiceStatus::Open,
        InvoiceState::Paid => InvoiceStatus::Paid,
        InvoiceState::Void => InvoiceStatus::Void,
        InvoiceState::Uncollectible => InvoiceStatus::Uncollectible,
    }
}

/// What a payment does to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    pub status: InvoiceStatus,
    /// Part of the payment that the invoice takes.
    pub applied_minor: i64,
    /// The rest, which becomes credit of the customer.
    pub excess_minor: i64,
    /// A draft is finalised by its payment and gets its number with it.
    pub needs_number: bool,
}

/// `payment_applied` for each state of an invoice (and `finalize` for the frozen draft of a purchase).
///
/// Money for an invoice that takes none becomes credit whole.
pub fn settle(status: InvoiceStatus, balance_minor: i64, paid_minor: i64) -> Settlement {
    let takes_money = matches!(
        status,
        InvoiceStatus::Draft | InvoiceStatus::Open | InvoiceStatus::Uncollectible
    );
    let applied_minor = if takes_money {
        paid_minor.min(balance_minor).max(0)
    } else {
        0
    };
    let next = match status {
        InvoiceStatus::Draft | InvoiceStatus::Open | InvoiceStatus::Uncollectible if applied_minor == balance_minor => {
            InvoiceStatus::Paid
        }
        InvoiceStatus::Draft => InvoiceStatus::Open,
        other => other,
    };
    Settlement {
        status: next,
        applied_minor,
        excess_minor: paid_minor - applied_minor,
        needs_number: status == InvoiceStatus::Draft,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vat_is_taken_out_of_inclusive_prices() {
        for (price, vat) in [
            (52_900, 6_900),
            (499_000, 65_087),
            (179_900, 23_465),
            (1_719_000, 224_217),
            (500, 65),
            (0, 0),
        ] {
            let split = split_price(Money::zar(price), true);
            assert_eq!((split.vat.minor, split.net.minor), (vat, price - vat), "{price}");
        }
        assert_eq!(split_price(Money::zar(52_900), false).vat, Money::zar(0));
    }

    #[test]
    fn every_state_has_an_answer_to_money() {
        use InvoiceStatus::{Draft, Open, Paid, Uncollectible, Void};
        for (status, balance, paid, next, applied, excess) in [
            (Draft, 100, 100, Paid, 100, 0),
            (Draft, 100, 101, Paid, 100, 1),
            (Draft, 100, 99, Open, 99, 0),
            (Open, 100, 100, Paid, 100, 0),
            (Open, 100, 40, Open, 40, 0),
            (Open, 100, 150, Paid, 100, 50),
            (Paid, 0, 100, Paid, 0, 100),
            (Void, 100, 100, Void, 0, 100),
            (Uncollectible, 100, 100, Paid, 100, 0),
            (Uncollectible, 100, 40, Uncollectible, 40, 0),
        ] {
            let settlement = settle(status, balance, paid);
            let found = (settlement.status, settlement.applied_minor, settlement.excess_minor);
            assert_eq!(found, (next, applied, excess), "{status} {balance} {paid}");
            assert_eq!(settlement.needs_number, status == Draft);
        }
    }

    #[test]
    fn numbers_grow_past_six_digits() {
        assert_eq!(invoice_number(7), "INV-000007");
        assert_eq!(invoice_number(1_234_567), "INV-1234567");
    }

    proptest! {
        #[test]
        fn vat_and_net_are_the_price(price in 0_i64..=i64::MAX / 2) {
            let split = split_price(Money::zar(price), true);
            prop_assert_eq!(split.net.minor + split.vat.minor, price);
            // Within half a cent of the exact share.
            let error = i128::from(split.vat.minor) * 115 - i128::from(price) * 15;
            prop_assert!((-57..=57).contains(&error));
        }

        #[test]
        fn money_is_never_made_or_lost(balance in 0_i64..1_000_000, paid in 0_i64..1_000_000, state in 0..5_usize) {
            let settlement = settle(InvoiceStatus::ALL[state], balance, paid);
            prop_assert_eq!(settlement.applied_minor + settlement.excess_minor, paid);
            prop_assert!(settlement.applied_minor <= balance && settlement.applied_minor >= 0);
        }
    }
}
