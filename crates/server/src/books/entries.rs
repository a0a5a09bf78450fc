//! The legs of each movement of money; one function for each kind of entry.
//!
//! Pure: amounts in, legs out. Legs of nothing are left out, so what moves nothing has none.

use common::books::LedgerAccount::{
    self, BadDebt, CustomerCredit, PayfastClearing, PayfastFees, Receivable, Revenue, Rounding, VatOutput,
};

use super::rules::{Leg, credit, debit};

/// Dr receivable / Cr revenue, VAT output.
pub fn invoice_issued(net_minor: i64, vat_minor: i64) -> Vec<Leg> {
    movement(&[
        debit(Receivable, net_minor + vat_minor),
        credit(Revenue, net_minor),
        credit(VatOutput, vat_minor),
    ])
}

/// A payment as it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Where the money is: PayFast's clearing account, or the bank.
    pub into: LedgerAccount,
    /// What really came; PayFast's may differ by a cent from what was asked for.
    pub gross_minor: i64,
    pub fee_minor: i64,
    /// Part that the invoice took.
    pub applied_minor: i64,
    /// Part that became the customer's credit.
    pub excess_minor: i64,
    /// The VAT in the applied part when the invoice had been written off, `None` when it had not.
    pub written_off_vat_minor: Option<i64>,
}

/// Dr where the money is / Cr receivable, customer credit; Dr fees / Cr where the money is.
///
/// On an invoice that was written off, the applied part goes back to bad debt and VAT output.
pub fn payment_received(received: &Received) -> Vec<Leg> {
    let asked = received.applied_minor + received.excess_minor;
    let mut legs = vec![
        debit(received.into, received.gross_minor),
        credit(Rounding, received.gross_minor - asked),
    ];
    match received.written_off_vat_minor {
        None => legs.push(credit(Receivable, received.applied_minor)),
        Some(vat) => legs.extend([credit(BadDebt, received.applied_minor - vat), credit(VatOutput, vat)]),
    }
    legs.extend([
        credit(CustomerCredit, received.excess_minor),
        debit(PayfastFees, received.fee_minor),
        credit(received.into, received.fee_minor),
    ]);
    movement(&legs)
}

/// Dr PayFast clearing / Cr customer credit; the fee as with any payment.
pub fn paid_again(gross_minor: i64, fee_minor: i64) -> Vec<Leg> {
    movement(&[
        debit(PayfastClearing, gross_minor),
        credit(CustomerCredit, gross_minor),
        debit(PayfastFees, fee_minor),
        credit(PayfastClearing, fee_minor),
    ])
}

/// The VAT in `part` of a document, rounded half up; of the whole it is the document's VAT exactly.
///
/// What is split in steps takes the difference of two of these, so that the steps add up to the whole.
pub fn vat_share(part_minor: i64, vat_minor: i64, total_minor: i64) -> i64 {
    if total_minor == 0 {
        return 0;
    }
    let (part, vat, total) = (i128::from(part_minor), i128::from(vat_minor), i128::from(total_minor));
    let share = (2 * part * vat + total).div_euclid(2 * total);
    i64::try_from(share).expect("a part's VAT is not more than the whole's")
}

fn movement(legs: &[Leg]) -> Vec<Leg> {
    legs.iter().copied().filter(|leg| leg.minor != 0).collect()
}

#[cfg(test)]
mod tests {
    use common::books::LedgerAccount::Bank;
    use proptest::prelude::*;

    use super::{super::rules::entry, *};

    const PURCHASE: Received = Received {
        into: PayfastClearing,
        gross_minor: 52_900,
        fee_minor: 1_217,
        applied_minor: 52_900,
        excess_minor: 0,
        written_off_vat_minor: None,
    };

    fn sum(legs: &[Leg], account: LedgerAccount) -> i64 {
        legs.iter()
            .filter(|leg| leg.account == account)
            .map(|leg| leg.minor)
            .sum()
    }

    #[test]
    fn a_purchase_leaves_the_net_with_payfast() {
        let legs = payment_received(&PURCHASE);
        assert_eq!(sum(&legs, PayfastClearing), 51_683);
        assert_eq!(sum(&legs, PayfastFees), 1_217);
        assert_eq!(sum(&legs, Receivable), -52_900);
        assert_eq!(sum(&legs, Rounding), 0);
        assert!(invoice_issued(0, 0).is_empty());
    }

    #[test]
    fn a_cent_more_or_less_is_rounding() {
        for (gross_minor, rounding) in [(52_901, -1), (52_899, 1)] {
            let legs = payment_received(&Received {
                gross_minor,
                ..PURCHASE
            });
            assert_eq!(sum(&legs, Rounding), rounding);
            assert_eq!(entry(&legs).unwrap(), legs);
        }
    }

    #[test]
    fn money_for_a_written_off_invoice_reverses_the_loss() {
        let legs = payment_received(&Received {
            written_off_vat_minor: Some(6_900),
            ..PURCHASE
        });
        assert_eq!(sum(&legs, Receivable), 0);
        assert_eq!((sum(&legs, BadDebt), sum(&legs, VatOutput)), (-46_000, -6_900));
    }

    proptest! {
        #[test]
        fn every_entry_balances(
            net in 1..1_000_000_000_i64, vat in 0..150_000_000_i64, applied in 0..1_000_000_000_i64,
            excess in 0..1_000_000_000_i64, fee in 0..100_000_i64, cent in -1..=1_i64, written_off: bool, eft: bool,
        ) {
            let received = Received {
                into: if eft { Bank } else { PayfastClearing },
                gross_minor: applied + excess + cent,
                fee_minor: fee,
                applied_minor: applied,
                excess_minor: excess,
                written_off_vat_minor: written_off.then(|| vat_share(applied, vat, net + vat)),
            };
            for legs in [payment_received(&received), invoice_issued(net, vat), paid_again(net, fee)] {
                if !legs.is_empty() {
                    prop_assert_eq!(entry(&legs).unwrap(), legs);
                }
            }
        }

        #[test]
        fn shares_of_vat_add_up(total in 1..1_000_000_000_i64, cuts in prop::collection::vec(0.0..1.0_f64, 0..6)) {
            let vat = total * 15 / 115;
            let mut points: Vec<i64> = cuts.iter().map(|cut| (total as f64 * cut) as i64).chain([0, total]).collect();
            points.sort_unstable();
            let shares = points.windows(2).map(|step| vat_share(step[1], vat, total) - vat_share(step[0], vat, total));
            let shares: Vec<i64> = shares.collect();
            prop_assert_eq!(shares.iter().sum::<i64>(), vat);
            for (share, step) in shares.iter().zip(points.windows(2)) {
                prop_assert!((0..=step[1] - step[0]).contains(share));
            }
        }
    }
}
