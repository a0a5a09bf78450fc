//! The scale of a chart: from R0, in round steps, with at most five lines. Pure.

/// A scale; its lines stand at 0, `step`, … `step * steps`, in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    pub step: i64,
    pub steps: i64,
}

/// R0 is a line too.
const MOST_STEPS: i64 = 4;
/// Cents in the smallest step: R1.
const LEAST: i64 = 100;

impl Axis {
    /// The closest scale on which `largest` fits.
    pub fn of(largest: i64) -> Self {
        let largest = largest.max(1);
        let mut unit = LEAST;
        loop {
            for tenths in [10, 20, 25, 50] {
                let step = unit / 10 * tenths;
                let steps = largest.saturating_add(step - 1) / step;
                if steps <= MOST_STEPS {
                    return Self { step, steps };
                }
            }
            unit = unit.saturating_mul(10);
        }
    }

    pub fn top(self) -> i64 {
        self.step * self.steps
    }

    /// Amounts of the lines, from R0 up.
    pub fn lines(self) -> impl Iterator<Item = i64> {
        (0..=self.steps).map(move |line| line * self.step)
    }
}

/// An amount as axes and marks show it: `R160k`, `R2.5m`, `R529`. Nowhere else are amounts shortened.
pub fn short(minor: i64) -> String {
    let sign = if minor < 0 { "\u{2212}" } else { "" };
    let rand = (minor.unsigned_abs() + 50) / 100;
    let (number, unit) = match rand {
        0..1_000 => return format!("{sign}R{rand}"),
        1_000..1_000_000 => (tenths(rand, 1_000), "k"),
        1_000_000..1_000_000_000 => (tenths(rand, 1_000_000), "m"),
        _ => (tenths(rand, 1_000_000_000), "bn"),
    };
    format!("{sign}R{number}{unit}")
}

/// One place behind the dot below a hundred, none above or when it is a nought.
fn tenths(rand: u64, unit: u64) -> String {
    let tenths = (rand * 10 + unit / 2) / unit;
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole @ ..100, tenth) => format!("{whole}.{tenth}"),
        _ => ((rand + unit / 2) / unit).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_begins_at_nothing_and_has_five_lines_at_most() {
        for (largest, step, steps) in [
            (0, 100, 1),
            (52_900, 20_000, 3),
            (16_000_000, 5_000_000, 4),
            (20_000_000, 5_000_000, 4),
            (20_000_001, 10_000_000, 3),
            (9_000, 2_500, 4),
        ] {
            assert_eq!(Axis::of(largest), Axis { step, steps }, "{largest}");
        }
        for largest in (0..60).map(|power| 1_i64 << power) {
            let axis = Axis::of(largest);
            assert!(axis.top() >= largest && axis.lines().count() <= 5, "{largest}");
            assert_eq!(axis.lines().next(), Some(0));
        }
    }

    #[test]
    fn axes_shorten_amounts() {
        for (minor, words) in [
            (0, "R0"),
            (52_900, "R529"),
            (100_000, "R1k"),
            (16_000_000, "R160k"),
            (16_049_900, "R160k"),
            (250_000, "R2.5k"),
            (250_000_000, "R2.5m"),
            (-5_000_000, "\u{2212}R50k"),
            (9_990_000, "R99.9k"),
        ] {
            assert_eq!(short(minor), words);
        }
    }
}
