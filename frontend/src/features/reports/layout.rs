//! Where the marks of a chart stand, in pixels. Pure: sizes and values in, rectangles out.

use super::axis::Axis;

/// What one bar is made of, from R0 outwards, in cents; what is below nothing hangs below R0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub parts: Vec<i64>,
    /// The period goes on after today: it is hatched.
    pub is_unfinished: bool,
}

impl Bar {
    pub fn sum(&self) -> i64 {
        self.parts.iter().sum()
    }

    /// How far it reaches up.
    fn above(&self) -> i64 {
        self.parts.iter().map(|part| (*part).max(0)).sum()
    }

    /// How far it reaches down: nothing, or an amount below nothing.
    fn below(&self) -> i64 {
        self.parts.iter().map(|part| (*part).min(0)).sum()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// Which end of a part is the end of its bar, and round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    Top,
    Bottom,
    Neither,
}

/// A part of a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    pub series: usize,
    pub rect: Rect,
    pub round: Round,
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
    /// The parts of each bar, from R0 outwards; parts of nothing have no rectangle.
    pub bars: Vec<Vec<Mark>>,
    /// Every so many bars have a label.
    pub label_every: usize,
}

pub const LEFT: f64 = 52.0;
/// What the label of the last bar needs where bars are narrow.
const RIGHT: f64 = 8.0;
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
    let width = available.max(LEFT + count * (LEAST_BAR + GAP) + RIGHT);
    let lowest = bars.iter().map(Bar::below).min().unwrap_or(0);
    let axis = Axis::of(lowest, bars.iter().map(Bar::above).max().unwrap_or(0));
    let scale = (HEIGHT - TOP - BOTTOM) / axis.span() as f64;
    let base = TOP + axis.top() as f64 * scale;
    let slot = (width - LEFT - RIGHT) / count;
    let thick = (slot * 0.56).clamp(LEAST_BAR, MOST_BAR);
    let middles: Vec<f64> = (0..bars.len())
        .map(|index| LEFT + slot * (index as f64 + 0.5))
        .collect();
    let marks = bars
        .iter()
        .zip(&middles)
        .map(|(bar, middle)| stack(bar, middle - thick / 2.0, thick, base, scale));
    Layout {
        width,
        height: HEIGHT,
        lines: axis
            .lines()
            .map(|amount| (amount, base - amount as f64 * scale))
            .collect(),
        bars: marks.collect(),
        middles,
        slot,
        label_every: (LABEL / slot).ceil().max(1.0) as usize,
    }
}

/// The parts of one bar, away from `base`: up, and down where they are below nothing.
fn stack(bar: &Bar, x: f64, width: f64, base: f64, scale: f64) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for is_up in [true, false] {
        let first = marks.len();
        let mut y = base;
        let parts = bar.parts.iter().enumerate();
        for (series, part) in parts.filter(|(_, part)| **part != 0 && (**part > 0) == is_up) {
            let height = part.unsigned_abs() as f64 * scale;
            // A gap of two pixels between the parts of a stack, as long as something is left.
            let gap = if marks.len() == first {
                0.0
            } else {
                GAP.min(height / 2.0)
            };
            let top = if is_up { y - height } else { y + gap };
            marks.push(Mark {
                series,
                rect: Rect {
                    x,
                    y: top,
                    width,
                    height: height - gap,
                },
                round: Round::Neither,
            });
            y += if is_up { -height } else { height };
        }
        if let Some(end) = marks[first..].last_mut() {
            end.round = if is_up { Round::Top } else { Round::Bottom };
        }
    }
    marks
}

/// The outline of a part; where its bar ends, the corners are rounded by three pixels.
pub fn outline(mark: &Mark) -> String {
    let Rect { x, y, width, height } = mark.rect;
    let radius = 3.0_f64.min(height).min(width / 2.0);
    let (near, far, inward) = match mark.round {
        Round::Top => (y + height, y, radius),
        Round::Bottom => (y, y + height, -radius),
        Round::Neither => (y + height, y, 0.0),
    };
    let (right, side, turn) = (x + width, inward.abs(), far + inward);
    format!(
        "M{x:.1} {near:.1}V{turn:.1}Q{x:.1} {far:.1} {:.1} {far:.1}H{:.1}Q{right:.1} {far:.1} {right:.1} {turn:.1}V{near:.1}Z",
        x + side,
        right - side,
    )
}

/// The one bar worth a note: the highest one, where there is one, it is finished, and there is something to compare it with.
pub fn best(bars: &[Bar]) -> Option<usize> {
    let (index, best) = bars.iter().enumerate().max_by_key(|(_, bar)| bar.sum())?;
    let is_alone = bars.iter().filter(|bar| bar.sum() == best.sum()).count() == 1;
    let finished = bars.iter().filter(|bar| !bar.is_unfinished).count();
    (is_alone && !best.is_unfinished && best.sum() > 0 && finished > 2).then_some(index)
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
        let (lower, upper) = (parts[0].rect, parts[1].rect);
        assert_eq!(layout.lines[0].1, base);
        assert_eq!(top, TOP);
        assert!((lower.y + lower.height - base).abs() < 0.01);
        assert!((upper.y - TOP).abs() < 0.01, "R200 is the top line");
        assert!((lower.y - (upper.y + upper.height) - GAP).abs() < 0.01);
        assert!(layout.bars[1].is_empty());
    }

    #[test]
    fn bars_are_never_thinner_than_eight_pixels() {
        let bars = vec![bar(&[1]); 61];
        let layout = layout(&bars, 320.0);
        assert!(layout.width > 320.0);
        assert!(layout.bars.iter().all(|parts| parts[0].rect.width >= LEAST_BAR));
        assert!(layout.slot >= LEAST_BAR + GAP);
        assert!(layout.label_every >= 3);
    }

    #[test]
    fn nothing_stands_outside_the_picture() {
        let bars: Vec<_> = (1..=12).map(|month| bar(&[month * 1_000, -500, 700])).collect();
        let layout = layout(&bars, 640.0);
        for rect in layout.bars.iter().flatten().map(|mark| mark.rect) {
            assert!(rect.x >= LEFT && rect.x + rect.width <= 640.0);
            assert!(rect.y >= TOP - 0.01 && rect.height > 0.0);
            assert!(rect.y + rect.height <= HEIGHT - BOTTOM + 0.01);
        }
        assert_eq!(
            layout.bars[0].iter().map(|mark| mark.series).collect::<Vec<_>>(),
            [0, 2, 1],
            "from R0 up, then down"
        );
    }

    #[test]
    fn what_is_below_nothing_hangs_from_the_line_of_nothing() {
        let layout = layout(&[bar(&[15_000]), bar(&[-4_000, -1_000])], 400.0);
        let nothing = layout.lines.iter().find(|(amount, _)| *amount == 0).unwrap().1;
        let (lowest, y) = layout.lines[0];
        assert_eq!((lowest, y), (-5_000, HEIGHT - BOTTOM));
        assert_eq!(layout.bars[0][0].rect.y + layout.bars[0][0].rect.height, nothing);
        let [first, last] = layout.bars[1][..] else {
            panic!("two parts")
        };
        assert_eq!(first.rect.y, nothing);
        assert!((last.rect.y - first.rect.y - first.rect.height - GAP).abs() < 0.01);
        assert!((last.rect.y + last.rect.height - y).abs() < 0.01);
        assert_eq!((first.round, last.round), (Round::Neither, Round::Bottom));
        assert_eq!(bar(&[-4_000, -1_000]).sum(), -5_000);
    }

    #[test]
    fn the_best_is_finished_and_alone() {
        let unfinished = Bar {
            is_unfinished: true,
            ..bar(&[900])
        };
        assert_eq!(
            best(&[bar(&[1]), bar(&[1_000]), bar(&[2]), unfinished.clone()]),
            Some(1)
        );
        assert_eq!(best(&[bar(&[1]), bar(&[3]), bar(&[2]), unfinished.clone()]), None);
        assert_eq!(best(&[bar(&[3]), bar(&[3]), bar(&[2])]), None);
        assert_eq!(best(&[bar(&[1]), bar(&[2])]), None);
        assert_eq!(best(&[bar(&[0]), bar(&[0]), bar(&[0])]), None);
    }

    #[test]
    fn only_the_end_of_a_stack_is_round() {
        let rect = Rect {
            x: 10.0,
            y: 20.0,
            width: 20.0,
            height: 30.0,
        };
        let outline = |round| outline(&Mark { series: 0, rect, round });
        assert!(outline(Round::Top).starts_with("M10.0 50.0V23.0Q10.0 20.0 13.0 20.0H27.0"));
        assert!(outline(Round::Bottom).starts_with("M10.0 20.0V47.0Q10.0 50.0 13.0 50.0H27.0"));
        assert!(outline(Round::Neither).starts_with("M10.0 50.0V20.0Q10.0 20.0 10.0 20.0H30.0"));
    }
}
