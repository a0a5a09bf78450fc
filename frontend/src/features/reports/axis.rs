//! The scale of a chart: from R0, in round steps, with at most five lines; below R0 only where something is. Pure.

/// A scale; its lines stand at `-step * below`, … 0, `step`, … `step * steps`, in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    pub step: i64,
    pub steps: i64,
    pub below: i64,
}

/// R0 is a line too.
const MOST_STEPS: i64 = 4;
/// Cents in the smallest step: R1.
const LEAST: i64 = 100;

impl Axis {
    /// The closest scale on which `largest` and what lies below R0, `lowest`, fit.
    pub fn of(lowest: i64, largest: i64) -> Self {
        let depth = lowest.min(0).saturating_neg();
        // A chart of nothing has a line above R0 too.
        let largest = largest.max(i64::from(depth == 0));
        let mut unit = LEAST;
        loop {
            for tenths in [10, 20, 25, 50] {
                let step = unit / 10 * tenths;
                let [steps, below] = [largest, depth].map(|amount| amount.saturating_add(step - 1) / step);
                if steps + below <= MOST_STEPS {
                    return Self { step, steps, below };
                }
            }
            unit = unit.saturating_mul(10);
        }
    }

    /// The amount between the lowest and the highest line.
    pub fn span(self) -> i64 {
        self.step * (self.steps + self.below)
    }

    pub fn top(self) -> i64 {
        self.step * self.steps
    }

    /// Amounts of the lines, from the lowest up.
    pub fn lines(self) -> impl Iterator<Item = i64> {
        (-self.below..=self.steps).map(move |line| line * self.step)
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
            let below = 0;
            assert_eq!(Axis::of(0, largest), Axis { step, steps, below }, "{largest}");
        }
        for largest in (0..60).map(|power| 1_i64 << power) {
            let axis = Axis::of(0, largest);
            assert!(axis.top() >= largest && axis.lines().count() <= 5, "{largest}");
            assert_eq!(axis.lines().next(), Some(0));
        }
    }

    #[test]
    fn an_axis_goes_below_nothing_as_far_as_it_must() {
        let lines = |lowest, largest| Axis::of(lowest, largest).lines().collect::<Vec<_>>();
        assert_eq!(lines(-5_000, 15_000), [-5_000, 0, 5_000, 10_000, 15_000]);
        assert_eq!(lines(-1, 20_000), [-10_000, 0, 10_000, 20_000]);
        assert_eq!(lines(-20_000, 0), [-20_000, -15_000, -10_000, -5_000, 0]);
        for power in 0..60 {
            let (lowest, largest) = (-(1_i64 << power), 1_i64 << (60 - power));
            let axis = Axis::of(lowest, largest);
            assert!(axis.lines().count() <= 5 && axis.lines().any(|line| line == 0));
            assert!(axis.top() >= largest && axis.top() - axis.span() <= lowest);
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
