//! Bars over time as SVG. Arrows, hover and tap show the values of a bar in words.

use common::{Money, money::format_money};
use leptos::{ev, html, prelude::*};

use super::{
    axis::short,
    layout::{BOTTOM, Bar, LEFT, Layout, TOP, best, layout, outline},
};
use crate::{components::dynamic::dynamic, text::reports};

/// A period of the chart.
#[derive(Debug, Clone)]
pub struct Point {
    pub bar: Bar,
    /// Below the bar.
    pub label: String,
    /// In sentences: `Oct 2026`.
    pub name: String,
}

/// What is drawn.
#[derive(Debug, Clone)]
pub struct Chart {
    pub title: String,
    /// Of each part, from R0 outwards.
    pub series: Vec<&'static str>,
    pub points: Vec<Point>,
    pub empty: &'static str,
}

impl Chart {
    /// What the picture says: `Revenue rose from R96k in Dec 2025 to R160k in Oct 2026.`
    pub fn sentence(&self) -> String {
        let texts = reports();
        let finished = || self.points.iter().filter(|point| !point.bar.is_unfinished);
        let (Some(first), Some(last)) = (finished().next(), finished().next_back()) else {
            return self.title.clone();
        };
        if self
            .points
            .iter()
            .all(|point| point.bar.parts.iter().all(|part| *part == 0))
        {
            return self.empty.to_owned();
        }
        let (from, to) = (short(first.bar.sum()), short(last.bar.sum()));
        match last.bar.sum().cmp(&first.bar.sum()) {
            std::cmp::Ordering::Greater => texts.rose(&self.title, &from, &first.name, &to, &last.name),
            std::cmp::Ordering::Less => texts.fell(&self.title, &from, &first.name, &to, &last.name),
            std::cmp::Ordering::Equal => texts.stayed(&self.title, &to),
        }
    }

    /// The values of one period in words.
    fn values(&self, index: usize) -> String {
        let Some(point) = self.points.get(index) else {
            return String::new();
        };
        let money = |minor| format_money(Money::zar(minor));
        let parts: Vec<_> = self
            .series
            .iter()
            .zip(&point.bar.parts)
            .map(|(name, minor)| format!("{name} {}", money(*minor)))
            .collect();
        let total = match parts.len() {
            1 => String::new(),
            _ => format!(", {} {}", reports().together, money(point.bar.parts.iter().sum())),
        };
        format!("{}: {}{total}", point.name, parts.join(", "))
    }
}

pub fn bars(chart: Chart) -> AnyView {
    let texts = reports();
    let width = RwSignal::new(0.0);
    let node = NodeRef::<html::Div>::new();
    let measure = move || {
        if let Some(node) = node.try_get_untracked().flatten() {
            width.set(f64::from(node.client_width()));
        }
    };
    node.on_load(move |_| request_animation_frame(measure));
    let resized = window_event_listener(ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());
    let chosen = RwSignal::new(None::<usize>);
    let readout = {
        let chart = chart.clone();
        move || match chosen.get() {
            Some(index) => view! { <span>{chart.values(index)}</span> }.into_any(),
            None => view! { <span class="muted">{texts.how_to_read}</span> }.into_any(),
        }
    };
    let drawn = move || {
        let width = width.get();
        (width > 0.0).then(|| draw(&chart, width, chosen))
    };
    view! {
        <div class="chart" node_ref=node>{dynamic(drawn)}</div>
        <p class="chart-readout small" role="status">{dynamic(readout)}</p>
    }
    .into_any()
}

fn draw(chart: &Chart, width: f64, chosen: RwSignal<Option<usize>>) -> AnyView {
    let bars: Vec<Bar> = chart.points.iter().map(|point| point.bar.clone()).collect();
    let layout = layout(&bars, width);
    let count = bars.len();
    let press = move |event: ev::KeyboardEvent| {
        let at = chosen.get_untracked();
        let next = match event.key().as_str() {
            "ArrowRight" => at.map_or(0, |at| (at + 1).min(count - 1)),
            "ArrowLeft" => at.map_or(count - 1, |at| at.saturating_sub(1)),
            "Home" => 0,
            "End" => count - 1,
            "Escape" => return chosen.set(None),
            _ => return,
        };
        event.prevent_default();
        chosen.set((count > 0).then_some(next));
    };
    let is_empty = bars.iter().all(|bar| bar.sum() == 0);
    let empty = is_empty.then(|| {
        let (x, y) = (LEFT + (layout.width - LEFT) / 2.0, layout.height / 2.0);
        view! { <text class="chart-empty" x=x y=y text-anchor="middle">{chart.empty}</text> }.into_any()
    });
    let hatches = (1..=chart.series.len()).map(|number| {
        view! {
            <pattern id=format!("hatch-{number}") width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <rect width="3.5" height="6" class=format!("mark-{number}")/>
            </pattern>
        }
        .into_any()
    });
    view! {
        <svg
            role="img"
            tabindex="0"
            aria-label=chart.sentence()
            width=layout.width
            height=layout.height
            viewBox=format!("0 0 {} {}", layout.width, layout.height)
            on:keydown=press
            on:pointerleave=move |_| chosen.set(None)
        >
            <defs>{hatches.collect_view()}</defs>
            {lines(&layout)}
            {marks(chart, &layout, chosen)}
            {labels(chart, &layout)}
            {annotation(chart, &layout, &bars)}
            {empty}
        </svg>
    }
    .into_any()
}

fn lines(layout: &Layout) -> AnyView {
    let right = layout.width;
    let lines = layout.lines.iter().map(|(amount, y)| {
        let class = if *amount == 0 { "chart-base" } else { "chart-line" };
        view! {
            <line class=class x1=LEFT x2=right y1=*y y2=*y/>
            <text class="chart-label" x=LEFT - 8.0 y=*y + 4.0 text-anchor="end">{short(*amount)}</text>
        }
        .into_any()
    });
    lines.collect_view().into_any()
}

fn marks(chart: &Chart, layout: &Layout, chosen: RwSignal<Option<usize>>) -> AnyView {
    let (slot, height) = (layout.slot, layout.height - TOP - BOTTOM);
    let marks = layout.bars.iter().enumerate().map(|(index, parts)| {
        let is_unfinished = chart.points[index].bar.is_unfinished;
        let paths = parts.iter().map(|mark| {
            let number = mark.series + 1;
            let path = outline(mark);
            match is_unfinished {
                true => view! { <path d=path fill=format!("url(#hatch-{number})")/> }.into_any(),
                false => view! { <path d=path class=format!("mark-{number}")/> }.into_any(),
            }
        });
        let x = layout.middles[index] - slot / 2.0;
        view! {
            <g>
                <rect
                    class="chart-slot"
                    class:is-chosen=move || chosen.get() == Some(index)
                    x=x
                    y=TOP
                    width=slot
                    height=height
                    on:pointerenter=move |_| chosen.set(Some(index))
                    on:pointerdown=move |_| chosen.set(Some(index))
                />
                <g class="chart-marks">{paths.collect_view()}</g>
            </g>
        }
        .into_any()
    });
    marks.collect_view().into_any()
}

/// Never tilted; where they would touch, every second or third is left out, counted from the newest.
fn labels(chart: &Chart, layout: &Layout) -> AnyView {
    let last = chart.points.len().saturating_sub(1);
    let y = layout.height - 8.0;
    let labels = chart
        .points
        .iter()
        .enumerate()
        .filter(|(index, _)| (last - index).is_multiple_of(layout.label_every))
        .map(|(index, point)| {
            let class = if point.bar.is_unfinished {
                "chart-label is-now"
            } else {
                "chart-label"
            };
            view! { <text class=class x=layout.middles[index] y=y text-anchor="middle">{point.label.clone()}</text> }
                .into_any()
        });
    labels.collect_view().into_any()
}

fn annotation(chart: &Chart, layout: &Layout, bars: &[Bar]) -> Option<AnyView> {
    let index = best(bars)?;
    let tops = layout.bars[index].iter().map(|mark| mark.rect.y);
    let (point, top) = (&chart.points[index], tops.reduce(f64::min)?);
    let words = reports().best(&point.label, &short(point.bar.sum()));
    let middle = layout.middles[index];
    // Words grow away from the nearer edge.
    let (anchor, x) = match middle > layout.width / 2.0 {
        true => ("end", (middle + layout.slot / 2.0).min(layout.width)),
        false => ("start", middle - layout.slot / 2.0),
    };
    Some(view! { <text class="chart-note-mark" x=x y=top - 8.0 text-anchor=anchor>{words}</text> }.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(sums: &[(i64, bool)]) -> Chart {
        let point = |(index, (sum, is_unfinished)): (usize, &(i64, bool))| Point {
            bar: Bar {
                parts: vec![*sum, 0],
                is_unfinished: *is_unfinished,
            },
            label: index.to_string(),
            name: format!("month {index}"),
        };
        Chart {
            title: "Revenue".to_owned(),
            series: vec!["before VAT", "VAT"],
            points: sums.iter().enumerate().map(point).collect(),
            empty: "Nothing in this period.",
        }
    }

    #[test]
    fn the_picture_is_told_in_one_sentence() {
        let of = |sums: &[(i64, bool)]| chart(sums).sentence();
        assert_eq!(
            of(&[(9_600_000, false), (1, false), (16_000_000, false), (5, true)]),
            "Revenue rose from R96k in month 0 to R160k in month 2."
        );
        assert_eq!(
            of(&[(20_000, false), (10_000, false)]),
            "Revenue fell from R200 in month 0 to R100 in month 1."
        );
        assert_eq!(of(&[(10_000, false), (10_000, false)]), "Revenue stayed at R100.");
        assert_eq!(of(&[(0, false), (0, false)]), "Nothing in this period.");
        assert_eq!(of(&[(3, true)]), "Revenue");
    }

    #[test]
    fn values_are_whole_amounts() {
        let chart = chart(&[(46_000, false)]);
        assert_eq!(
            chart.values(0),
            "month 0: before VAT R460.00, VAT R0.00, together R460.00"
        );
        assert_eq!(chart.values(7), "");
    }
}
