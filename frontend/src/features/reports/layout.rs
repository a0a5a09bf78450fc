//! Where the marks of a chart stand, in pixels. Pure: sizes and values in, rectangles out.

use super::axis::Axis;

/// What one bar is made of, from the bottom up, in cents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub parts: Vec<i64>,
    /// The period goes on after today: it is hatched.
    pub is_unfinished: bool,
}

impl Bar {
    pub fn sum(&self) -> i64 {
        self.parts.iter().map(|part| (*part).max(0)).sum()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub width: f64,
    pub height: f64,
    /// The amounts of the axis and the height of their lines.
    pub lines: Vec<(i64, f64)>,
    /// The middle of each bar.
    pub middles: Vec<f64>,
    /// Width of the place of one bar, which takes hover and tap.
    pub slot: f64,
    /// The parts of each bar, from the bottom up; parts of nothing have no rectangle.
    pub bars: Vec<Vec<(usize, Rect)>>,
    /// Every so many bars have a label.
    pub label_every: usize,
}

pub const LEFT: f64 = 52.0;
pub const TOP: f64 = 24.0;
pub const BOTTOM: f64 = 28.0;
const HEIGHT: f64 = 264.0;
const LEAST_BAR: f64 = 8.0;
const MOST_BAR: f64 = 36.0;
const GAP: f64 = 2.0;
/// What a label of the axis below needs.
const LABEL: f64 = 40.0;

/// Lays `bars` out on `available` pixels; many bars need more, and scroll.
pub fn layout(bars: &[Bar], available: f64) -> Layout {
    let count = bars.len().max(1) as f64;
    let width = available.max(LEFT + count * (LEAST_BAR + GAP));
    let axis = Axis::of(bars.iter().map(Bar::sum).max().unwrap_or(0));
    let plot = HEIGHT - TOP - BOTTOM;
    let base = TOP + plot;
    let scale = plot / axis.top() as f64;
    let slot = (width - LEFT) / count;
    let thick = (slot * 0.56).clamp(LEAST_BAR, MOST_BAR);
    let middles: Vec<f64> = (0..bars.len())
        .map(|index| LEFT + slot * (index as f64 + 0.5))
        .collect();
    let rects = bars.iter().zip(&middles).map(|(bar, middle)| {
        let mut y = base;
        let mut rects = Vec::new();
        for (series, part) in bar.parts.iter().enumerate().filter(|(_, part)| **part > 0) {
            let height = *part as f64 * scale;
            // A gap of two pixels between the parts of a stack, as long as something is left.
            let gap = if rects.is_empty() { 0.0 } else { GAP.min(height / 2.0) };
            rects.push((
                series,
                Rect {
                    x: middle - thick / 2.0,
                    y: y - height,
                    width: thick,
                    height: height - gap,
                },
            ));
            y -= height;
        }
        rects
    });
    Layout {
        width,
        height: HEIGHT,
        lines: axis
            .lines()
            .map(|amount| (amount, base - amount as f64 * scale))
            .collect(),
        bars: rects.collect(),
        middles,
        slot,
        label_every: (LABEL / slot).ceil().max(1.0) as usize,
    }
}

/// The outline of a bar with its upper corners rounded by three pixels.
pub fn outline(rect: Rect, is_top: bool) -> String {
    let Rect { x, y, width, height } = rect;
    let round = if is_top {
        3.0_f64.min(height).min(width / 2.0)
    } else {
        0.0
    };
    let (right, bottom) = (x + width, y + height);
    format!(
        "M{x:.1} {bottom:.1}V{:.1}Q{x:.1} {y:.1} {:.1} {y:.1}H{:.1}Q{right:.1} {y:.1} {right:.1} {:.1}V{bottom:.1}Z",
        y + round,
        x + round,
        right - round,
        y + round
    )
}

/// The one bar worth a note: the highest finished one, where there is one and something to compare it with.
pub fn best(bars: &[Bar]) -> Option<usize> {
    let finished = || bars.iter().enumerate().filter(|(_, bar)| !bar.is_unfinished);
    let (index, best) = finished().max_by_key(|(_, bar)| bar.sum())?;
    let is_alone = finished().filter(|(_, bar)| bar.sum() == best.sum()).count() == 1;
    (is_alone && best.sum() > 0 && finished().count() > 2).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(parts: &[i64]) -> Bar {
        Bar {
            parts: parts.to_vec(),
            is_unfinished: false,
        }
    }

    #[test]
    fn parts_stand_on_each_other_and_reach_their_sum() {
        let layout = layout(&[bar(&[10_000, 10_000]), bar(&[0, 0])], 400.0);
        let parts = &layout.bars[0];
        let (base, top) = (HEIGHT - BOTTOM, layout.lines.last().unwrap().1);
        assert_eq!(layout.lines[0].1, base);
        assert_eq!(top, TOP);
        assert!((parts[0].1.y + parts[0].1.height - base).abs() < 0.01);
        assert!((parts[1].1.y - TOP).abs() < 0.01, "R200 is the top line");
        assert!((parts[0].1.y - (parts[1].1.y + parts[1].1.height) - GAP).abs() < 0.01);
        assert!(layout.bars[1].is_empty());
    }

    #[test]
    fn bars_are_never_thinner_than_eight_pixels() {
        let bars = vec![bar(&[1]); 61];
        let layout = layout(&bars, 320.0);
        assert!(layout.width > 320.0);
        assert!(layout.bars.iter().all(|parts| parts[0].1.width >= LEAST_BAR));
        assert!(layout.slot >= LEAST_BAR + GAP);
        assert!(layout.label_every >= 3);
    }

    #[test]
    fn nothing_stands_outside_the_picture() {
        let bars: Vec<_> = (1..=12).map(|month| bar(&[month * 1_000, -500, 700])).collect();
        let layout = layout(&bars, 640.0);
        for rect in layout.bars.iter().flatten().map(|(_, rect)| rect) {
            assert!(rect.x >= LEFT && rect.x + rect.width <= 640.0);
            assert!(rect.y >= TOP - 0.01 && rect.height > 0.0);
        }
        assert_eq!(
            layout.bars[0].iter().map(|(series, _)| *series).collect::<Vec<_>>(),
            [0, 2]
        );
    }

    #[test]
    fn the_best_is_finished_and_alone() {
        let unfinished = Bar {
            is_unfinished: true,
            ..bar(&[900])
        };
        assert_eq!(best(&[bar(&[1]), bar(&[3]), bar(&[2]), unfinished.clone()]), Some(1));
        assert_eq!(best(&[bar(&[3]), bar(&[3]), bar(&[2])]), None);
        assert_eq!(best(&[bar(&[1]), bar(&[2])]), None);
        assert_eq!(best(&[bar(&[0]), bar(&[0]), bar(&[0])]), None);
    }

    #[test]
    fn only_the_top_of_a_stack_is_round() {
        let rect = Rect {
            x: 10.0,
            y: 20.0,
            width: 20.0,
            height: 30.0,
        };
        assert!(outline(rect, true).starts_with("M10.0 50.0V23.0Q10.0 20.0 13.0 20.0H27.0"));
        assert!(outline(rect, false).starts_with("M10.0 50.0V20.0Q10.0 20.0 10.0 20.0H30.0"));
    }
}
