//! Arithmetic of documents, for the server that issues them and the form that writes them.
//!
//! Shares add up to the cent, and nothing overflows: everything is integer cents, and products are taken in 128 bits.

use std::cmp::Reverse;

/// South Africa's standard rate, in percent.
pub const VAT_PERCENT: i64 = 15;

/// Places after the dot of a quantity, as a power of ten.
const QUANTITY_UNIT: i64 = 1_000;
/// Largest quantity of a line.
pub const QUANTITY_MAX: i64 = 1_000_000;
/// Largest price of one unit, in cents: R100 000 000.00.
pub const UNIT_PRICE_MAX: i64 = 10_000_000_000;
/// Largest total of a document, in cents: R1 000 000 000.00.
pub const TOTAL_MAX: i64 = 100_000_000_000;
/// Most lines of a document; with the limits above, their sums stay far inside 64 bits.
pub const LINES_MAX: usize = 100;

/// A quantity in thousandths, above nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity(i64);

/// Why a text is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidQuantity {
    NotADecimal,
    TooManyPlaces,
    Nothing,
    TooLarge,
}

impl Quantity {
    /// Reads `1`, `1.5`, `0.125`: digits, and a dot with at most three places.
    pub fn parse(text: &str) -> Result<Self, InvalidQuantity> {
        let (whole, places) = text
            .split_once('.')
            .map_or((text, None), |(whole, places)| (whole, Some(places)));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !places.is_none_or(is_number) {
            return Err(InvalidQuantity::NotADecimal);
        }
        // Noughts at the end say nothing.
        let places = places.unwrap_or_default().trim_end_matches('0');
        if places.len() > 3 {
            return Err(InvalidQuantity::TooManyPlaces);
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > 7 {
            return Err(InvalidQuantity::TooLarge);
        }
        let thousandths: i64 = format!("{whole}{places:0<3}")
            .parse()
            .expect("at most ten digits, three at least");
        match thousandths {
            0 => Err(InvalidQuantity::Nothing),
            _ if thousandths > QUANTITY_MAX * QUANTITY_UNIT => Err(InvalidQuantity::TooLarge),
            _ => Ok(Self(thousandths)),
        }
    }

    /// The shortest text: `1`, `1.5`.
    pub fn to_text(self) -> String {
        let (whole, places) = (self.0 / QUANTITY_UNIT, self.0 % QUANTITY_UNIT);
        match places {
            0 => whole.to_string(),
            _ => format!("{whole}.{places:03}").trim_end_matches('0').to_owned(),
        }
    }

    /// `quantity × unit price`, rounded half up to the cent, once; the price is not negative.
    pub fn times(self, unit_price_minor: i64) -> i64 {
        let exact = i128::from(self.0) * i128::from(unit_price_minor);
        let unit = i128::from(QUANTITY_UNIT);
        narrow((exact + unit / 2) / unit)
    }
}

/// A line before VAT is shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    pub net_minor: i64,
    /// In percent.
    pub vat_percent: i64,
}

/// What a document comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    pub subtotal_minor: i64,
    pub vat_minor: i64,
    pub total_minor: i64,
    /// VAT of each line, in order; they add up to the VAT of the document.
    pub line_vat_minor: Vec<i64>,
}

/// VAT is rounded half up once for each rate, and shared over its lines by largest remainder.
pub fn totals(lines: &[Priced]) -> Totals {
    let mut line_vat_minor = vec![0; lines.len()];
    let mut rates: Vec<i64> = lines.iter().map(|line| line.vat_percent).collect();
    rates.sort_unstable();
    rates.dedup();
    for rate in rates {
        let members: Vec<usize> = (0..lines.len())
            .filter(|index| lines[*index].vat_percent == rate)
            .collect();
        let nets: Vec<i64> = members.iter().map(|index| lines[*index].net_minor).collect();
        let base: i128 = nets.iter().map(|net| i128::from(*net)).sum();
        let vat = narrow((base * i128::from(rate) + 50) / 100);
        for (index, part) in members.into_iter().zip(share(vat, &nets)) {
            line_vat_minor[index] = part;
        }
    }
    let subtotal_minor = lines.iter().map(|line| line.net_minor).sum();
    let vat_minor = line_vat_minor.iter().sum();
    Totals {
        subtotal_minor,
        vat_minor,
        total_minor: subtotal_minor + vat_minor,
        line_vat_minor,
    }
}

/// The rate that a text stands for, in percent: `15` or `0`.
pub fn vat_percent(text: &str) -> Option<i64> {
    [VAT_PERCENT, 0].into_iter().find(|rate| rate.to_string() == text)
}

/// `total` in parts that are proportional to `weights` and add up exactly: each gets its share rounded down, and the
/// cents that are left go to the largest remainders, the earlier one first among equals.
///
/// Weights are not negative. Where all are nothing, the first part takes all.
pub fn share(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum == 0 {
        let mut parts = vec![0; weights.len()];
        if let Some(first) = parts.first_mut() {
            *first = total;
        }
        return parts;
    }
    let exact = |weight: i64| i128::from(total) * i128::from(weight);
    let mut parts: Vec<i64> = weights
        .iter()
        .map(|weight| narrow(exact(*weight).div_euclid(sum)))
        .collect();
    let given: i128 = parts.iter().map(|part| i128::from(*part)).sum();
    let left = usize::try_from(i128::from(total) - given).expect("rounding down leaves less than a cent a part");
    let mut order: Vec<usize> = (0..weights.len()).collect();
    // Stable: the earlier one first among equals.
    order.sort_by_key(|index| Reverse(exact(weights[*index]).rem_euclid(sum)));
    for index in order.into_iter().take(left) {
        parts[index] += 1;
    }
    parts
}

fn narrow(minor: i128) -> i64 {
    i64::try_from(minor).expect("limits of quantity, price and lines keep amounts inside 64 bits")
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
    fn quantities_are_decimals_of_three_places() {
        for (text, shown) in [
            ("1", "1"),
            ("1.5", "1.5"),
            ("0.125", "0.125"),
            ("1.50", "1.5"),
            ("2.000000", "2"),
            ("007", "7"),
            ("0.001", "0.001"),
            ("1000000", "1000000"),
        ] {
            assert_eq!(
                Quantity::parse(text).map(Quantity::to_text).as_deref(),
                Ok(shown),
                "{text}"
            );
        }
        use InvalidQuantity::{NotADecimal, Nothing, TooLarge, TooManyPlaces};
        for (text, why) in [
            ("", NotADecimal),
            (".5", NotADecimal),
            ("1.", NotADecimal),
            ("1,5", NotADecimal),
            ("1e3", NotADecimal),
            ("-1", NotADecimal),
            ("+1", NotADecimal),
            ("1 000", NotADecimal),
            ("٣", NotADecimal),
            ("NaN", NotADecimal),
            ("0.0001", TooManyPlaces),
            ("0", Nothing),
            ("0.000", Nothing),
            ("1000000.001", TooLarge),
            ("99999999999999999999999999", TooLarge),
        ] {
            assert_eq!(Quantity::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn prices_are_rounded_half_up_once_a_line() {
        for (quantity, price, net) in [
            ("1", 46_000, 46_000),
            ("1.5", 333, 500),
            ("0.001", 499, 0),
            ("0.001", 500, 1),
            ("3", 0, 0),
            ("0.333", 1_000, 333),
            ("1000000", UNIT_PRICE_MAX, 10_000_000_000_000_000),
        ] {
            assert_eq!(
                Quantity::parse(quantity).unwrap().times(price),
                net,
                "{quantity} x {price}"
            );
        }
    }

    #[test]
    fn vat_is_rounded_once_a_rate_and_shared_out() {
        let line = |net_minor, vat_percent| Priced { net_minor, vat_percent };
        // Three lines of R0.03 carry 1.35 cents together: 1 cent, not three times nothing.
        let three = totals(&[line(3, 15), line(3, 15), line(3, 15)]);
        assert_eq!((three.vat_minor, three.line_vat_minor), (1, vec![1, 0, 0]));
        let mixed = totals(&[line(10_000, 15), line(5_000, 0), line(333, 15)]);
        assert_eq!((mixed.vat_minor, mixed.total_minor), (1_550, 16_883));
        assert_eq!(mixed.line_vat_minor, [1_500, 0, 50]);
        assert_eq!(totals(&[]).total_minor, 0);
        let largest = totals(&[line(QUANTITY_MAX * UNIT_PRICE_MAX, 15); LINES_MAX]);
        assert_eq!(largest.total_minor, 1_150_000_000_000_000_000);
    }

    #[test]
    fn the_rates_are_two() {
        assert_eq!((vat_percent("15"), vat_percent("0")), (Some(15), Some(0)));
        for text in ["", "14", "15%", "15.0", "-0", " 15"] {
            assert_eq!(vat_percent(text), None, "{text}");
        }
    }

    #[test]
    fn shares_add_up_and_are_within_a_cent() {
        let mut numbers = Numbers(1);
        for _ in 0..CASES {
            let weights: [i64; 4] = std::array::from_fn(|_| numbers.below(3_000) * numbers.below(2));
            let total = numbers.below(1_000_000);
            let parts = share(total, &weights);
            assert_eq!(parts.iter().sum::<i64>(), total, "{weights:?}");
            let sum: i64 = weights.iter().sum();
            for (part, weight) in parts.iter().zip(weights) {
                assert!(
                    sum == 0 || (part * sum - total * weight).abs() < sum,
                    "{total} {weights:?}: {parts:?}"
                );
            }
        }
    }

    #[test]
    fn documents_add_up_line_by_line() {
        let mut numbers = Numbers(2);
        for _ in 0..CASES {
            let lines: [Priced; 4] = std::array::from_fn(|_| Priced {
                net_minor: Quantity(1 + numbers.below(5_000)).times(numbers.below(100_000)),
                vat_percent: VAT_PERCENT * numbers.below(2),
            });
            let found = totals(&lines);
            let base: i64 = lines
                .iter()
                .filter(|line| line.vat_percent > 0)
                .map(|line| line.net_minor)
                .sum();
            assert_eq!(found.vat_minor, (base * 15 + 50) / 100);
            assert_eq!(found.line_vat_minor.iter().sum::<i64>(), found.vat_minor);
            assert_eq!(found.subtotal_minor + found.vat_minor, found.total_minor);
            assert!(
                lines
                    .iter()
                    .zip(&found.line_vat_minor)
                    .all(|(line, vat)| *vat >= 0 && (line.vat_percent > 0 || *vat == 0))
            );
        }
    }

    #[test]
    fn a_price_times_a_quantity_is_within_half_a_cent() {
        let mut numbers = Numbers(3);
        for _ in 0..CASES {
            let (thousandths, price) = (1 + numbers.below(1_000_000_000), numbers.below(10_000_000_000));
            let net = i128::from(Quantity(thousandths).times(price));
            let error = net * 1_000 - i128::from(thousandths) * i128::from(price);
            assert!((-499..=500).contains(&error), "{thousandths} x {price} = {net}");
        }
    }
}
