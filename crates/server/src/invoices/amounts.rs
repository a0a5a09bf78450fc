//! Arithmetic of documents: what both sides share is in [`common::vat`], and here is how a document is cut in slices.

pub use common::vat::{
    InvalidQuantity, LINES_MAX, Priced, QUANTITY_MAX, Quantity, TOTAL_MAX, Totals, UNIT_PRICE_MAX, share, totals,
    vat_percent,
};
use common::{Currency, Money};

use super::rules::Split;
use crate::books::entries::vat_share;

/// Net and VAT of the slice from `from_minor` to `to_minor` of a document of `total_minor` with `vat_minor` in it.
///
/// A slice takes the difference between where it ends and where it begins, so that however a document is cut, its
/// slices add up and the last one takes the remainder.
pub fn slice(from_minor: i64, to_minor: i64, total_minor: i64, vat_minor: i64, currency: Currency) -> Split {
    // Of two shares, the larger remainder is VAT rounded half up.
    let vat_up_to = |part| vat_share(part, vat_minor, total_minor);
    let vat = vat_up_to(to_minor) - vat_up_to(from_minor);
    Split {
        net: Money::new(to_minor - from_minor - vat, currency),
        vat: Money::new(vat, currency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: u64 = 1_000_000;

    /// Numbers that look random and are the same in each run (SplitMix64).
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, end: u64) -> i64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            i64::try_from((mixed ^ (mixed >> 31)) % end).unwrap()
        }
    }

    #[test]
    fn a_slice_is_the_larger_remainder_of_net_and_vat() {
        let mut numbers = Numbers(5);
        for _ in 0..CASES {
            let total = 1 + numbers.below(1_000);
            let vat = numbers.below(u64::try_from(total * 15 / 115).unwrap() + 1);
            let part = numbers.below(u64::try_from(total).unwrap() + 1);
            let found = slice(0, part, total, vat, Currency::Zar);
            assert_eq!(
                found.vat.minor,
                share(part, &[vat, total - vat])[0],
                "{part} of {total}"
            );
        }
    }

    #[test]
    fn slices_of_a_document_add_up_however_it_is_cut() {
        let mut numbers = Numbers(4);
        for _ in 0..CASES {
            let total = 1 + numbers.below(2_000_000);
            let vat = numbers.below(u64::try_from(total * 15 / 115).unwrap() + 1);
            let (mut at, mut nets, mut vats) = (0, 0, 0);
            while at < total {
                let to = at + 1 + numbers.below(u64::try_from(total - at).unwrap());
                let part = slice(at, to, total, vat, Currency::Zar);
                assert_eq!(part.net.minor + part.vat.minor, to - at);
                assert!(
                    part.net.minor >= 0 && part.vat.minor >= 0,
                    "{at}..{to} of {total} with {vat}"
                );
                (at, nets, vats) = (to, nets + part.net.minor, vats + part.vat.minor);
            }
            assert_eq!((nets, vats), (total - vat, vat));
        }
    }
}
