//! Places the words on pages: head, parties, lines, totals, ways to pay, and the foot of each page.

use super::{
    paper::{Area, BOTTOM, Ink, LEFT, Mark, Paper, Pen, RIGHT, Role, TOP},
    table,
    text::{Fonts, Line, Style, Weight},
    words::{Headline, Label, Note, Total, TotalWeight, Words},
};

/// What flows ends here; the foot of the page stands below.
pub const FLOW_BOTTOM: f32 = BOTTOM - 32.0;
/// Where the flow starts on the second page and later ones.
pub const TOP_OF_NEXT: f32 = TOP + 30.0;
pub const BODY: Style = Style::new(Weight::Regular, 10.0, 14.25);
pub const LABEL: Style = Style::new(Weight::SemiBold, 9.25, 13.0);
pub const THIN: f32 = 0.6;

const TITLE: Style = Style::new(Weight::Bold, 18.0, 22.0).tracked(-0.01);
const AMOUNT: Style = Style::new(Weight::Bold, 24.0, 30.0).tracked(-0.03);
const NAME: Style = Style::new(Weight::SemiBold, 11.0, 15.0);
const EMPHASIS: Style = Style::new(Weight::SemiBold, 10.0, 14.25);
const BALANCE: Style = Style::new(Weight::Bold, 14.0, 18.0).tracked(-0.01);
const SMALL: Style = Style::new(Weight::Regular, 9.0, 12.5);
const WORD_MARK: Style = Style::new(Weight::Bold, 13.75, 18.0).tracked(-0.01);

/// Between the mark of a copy and the title, frame and gap on both sides.
const MARK_ROOM: f32 = 28.0;
/// The left column of the head and of the parties.
const PARTY_WIDTH: f32 = 270.0;
/// Of one name or one line of an address; the longest honest ones take three.
const TEXT_LINES: usize = 5;
/// Left edge of the totals and of the second way to pay.
const TOTALS_LEFT: f32 = 305.0;

pub fn lay_out(words: &Words, fonts: &Fonts) -> Paper {
    let mut pen = Pen::new(fonts);
    head(&mut pen, words);
    parties(&mut pen, words);
    table::draw(&mut pen, words);
    totals(&mut pen, words);
    notes(&mut pen, words);
    feet(&mut pen, &words.foot);
    pen.paper
}

/// Begins a page that goes on with the document, and names it at the top.
pub fn continue_on_next_page(pen: &mut Pen<'_>, words: &Words) {
    pen.turn_page();
    let reference = pen
        .fonts
        .fit(LABEL, &format!("{} {}", words.title, words.number), 240.0);
    let supplier = pen
        .fonts
        .fit(SMALL, &words.supplier[0], RIGHT - LEFT - reference.width - 24.0);
    pen.left(LEFT, TOP, supplier, Ink::Muted, None);
    pen.right(RIGHT, TOP, reference, Ink::Muted, None);
    pen.rule(LEFT, RIGHT, TOP + 19.0, THIN, Ink::Border);
    pen.y = TOP_OF_NEXT;
}

/// Goes on with the next page when `height` does not fit on this one.
fn need(pen: &mut Pen<'_>, words: &Words, height: f32) {
    if pen.y + height > FLOW_BOTTOM {
        continue_on_next_page(pen, words);
    }
}

fn head(pen: &mut Pen<'_>, words: &Words) {
    pen.mark(
        Mark::Logo {
            x: LEFT,
            y: TOP,
            scale: 0.8,
        },
        None,
    );
    let brand = pen.node(None, Role::Paragraph);
    let word_mark = pen.fonts.line(WORD_MARK, "CapeControl");
    pen.on_baseline(LEFT + 31.0, TOP + 13.6, word_mark, Ink::Text, Some(brand));
    let mut left = TOP + 26.0;
    for line in party_lines(pen, BODY, &words.supplier) {
        let leading = line.style.leading;
        pen.left(LEFT, left, line, Ink::Muted, Some(brand));
        left += leading;
    }

    let room = RIGHT - LEFT - PARTY_WIDTH - 16.0;
    let title = pen.node(None, Role::Title(words.title.clone()));
    let mark = words.mark.map(|text| pen.fonts.line(LABEL, text));
    let mark_width = mark.as_ref().map_or(0.0, |mark| mark.width + MARK_ROOM);
    let line = pen.fonts.fit(TITLE, &words.title, room - mark_width);
    let title_left = RIGHT - line.width;
    pen.on_baseline(title_left, TOP + 14.6, line, Ink::Text, Some(title));
    if let Some(mark) = mark {
        let right = title_left - MARK_ROOM / 2.0;
        let top = TOP + 1.8;
        let frame = Area {
            left: right - mark.width - 6.0,
            top: top - 2.0,
            right: right + 6.0,
            bottom: top + LABEL.leading + 2.0,
        };
        let node = pen.node(None, Role::Paragraph);
        pen.mark(Mark::Frame(frame), None);
        pen.right(right, top, mark, Ink::Accent, Some(node));
    }
    let values: Vec<Line> = words
        .meta
        .iter()
        .map(|(_, value)| pen.fonts.fit(BODY, value, room - 70.0))
        .collect();
    let widest = values.iter().map(|line| line.width).fold(0.0, f32::max);
    let mut right = TOP + 26.0;
    for ((label, _), value) in words.meta.iter().zip(values) {
        let node = pen.node(None, Role::Paragraph);
        let label = pen.fonts.line(BODY, label);
        pen.right(RIGHT - widest - 13.0, right, label, Ink::Muted, Some(node));
        pen.right(RIGHT, right, value, Ink::Text, Some(node));
        right += 16.0;
    }
    pen.y = left.max(right) + 20.0;
    pen.rule(LEFT, RIGHT, pen.y, 1.5, Ink::Accent);
    pen.y += 15.0;
}

/// The texts of a party, wrapped; what is absurdly long is cut, so that the VAT number is always there.
fn party_lines(pen: &Pen<'_>, style: Style, texts: &[String]) -> Vec<Line> {
    let mut all = Vec::new();
    for text in texts {
        let mut lines = pen.fonts.wrap(style, text, PARTY_WIDTH);
        if lines.len() > TEXT_LINES {
            lines.truncate(TEXT_LINES);
            lines.push(pen.fonts.line(style, "…"));
        }
        all.extend(lines);
    }
    all
}

fn parties(pen: &mut Pen<'_>, words: &Words) {
    let top = pen.y;
    let heading = pen.node(None, Role::Heading("Billed to".to_owned()));
    let label = pen.fonts.line(LABEL, "Billed to");
    pen.left(LEFT, top, label, Ink::Muted, Some(heading));
    let node = pen.node(None, Role::Paragraph);
    let mut left = top + 15.5;
    let names = party_lines(pen, NAME, std::slice::from_ref(&words.customer_name));
    let lines = party_lines(pen, BODY, &words.customer);
    let inked = names.into_iter().map(|line| (line, Ink::Text));
    for (line, ink) in inked.chain(lines.into_iter().map(|line| (line, Ink::Muted))) {
        let leading = line.style.leading;
        pen.left(LEFT, left, line, ink, Some(node));
        left += leading;
    }
    let right = headline(pen, &words.headline, top);
    pen.y = left.max(right) + 24.0;
}

/// Draws label, amount and note at the right edge; returns where they end.
fn headline(pen: &mut Pen<'_>, headline: &Headline, top: f32) -> f32 {
    let room = RIGHT - LEFT - PARTY_WIDTH - 16.0;
    let node = pen.node(None, Role::Paragraph);
    let mut y = top;
    match &headline.label {
        Label::Plain(text) => {
            let label = pen.fonts.line(LABEL, text);
            pen.right(RIGHT, y, label, Ink::Muted, Some(node));
            y += 15.0;
        }
        Label::Stamp(text) => {
            let label = pen.fonts.fit(LABEL, text, room - 14.0);
            let frame = Area {
                left: RIGHT - label.width - 14.0,
                top: y - 3.5,
                right: RIGHT,
                bottom: y + label.style.leading + 3.5,
            };
            pen.mark(Mark::Frame(frame), None);
            pen.right(RIGHT - 7.0, y, label, Ink::Accent, Some(node));
            y += 19.5;
        }
    }
    let node = pen.node(None, Role::Paragraph);
    let amount = pen.fonts.fit(AMOUNT, &headline.amount, room);
    pen.right(RIGHT, y, amount, Ink::Text, Some(node));
    y += AMOUNT.leading;
    if let Some(note) = &headline.note {
        let node = pen.node(None, Role::Paragraph);
        let note = pen.fonts.fit(BODY, note, room);
        pen.right(RIGHT, y, note, Ink::Muted, Some(node));
        y += BODY.leading;
    }
    y
}

/// Heights of a row of totals: above its text, of the text, and below it.
fn total_height(total: &Total) -> f32 {
    let note = if total.note.is_some() { SMALL.leading } else { 0.0 };
    match total.weight {
        TotalWeight::Balance => 40.0,
        TotalWeight::Part | TotalWeight::Sum => 20.5 + note,
    }
}

fn totals(pen: &mut Pen<'_>, words: &Words) {
    // Together on one page if that is possible at all.
    let height: f32 = words.totals.iter().map(total_height).sum();
    if height < FLOW_BOTTOM - TOP_OF_NEXT - 14.0 {
        need(pen, words, height + 14.0);
    }
    pen.y += 14.0;
    let table = pen.node(None, Role::Table);
    let body = pen.node(Some(table), Role::TableBody);
    for total in &words.totals {
        need(pen, words, total_height(total));
        let row = pen.node(Some(body), Role::Row);
        let head = pen.node(Some(row), Role::RowHead);
        let cell = pen.node(Some(row), Role::Cell);
        let (style, ink) = match total.weight {
            TotalWeight::Part => (BODY, Ink::Muted),
            TotalWeight::Sum => (EMPHASIS, Ink::Text),
            TotalWeight::Balance => (BALANCE, Ink::Text),
        };
        let mut y = pen.y;
        if total.weight == TotalWeight::Balance {
            pen.rule(TOTALS_LEFT, RIGHT, y + 6.0, THIN * 1.25, Ink::StrongBorder);
            y += 16.0;
        }
        let room = RIGHT - TOTALS_LEFT;
        let amount = pen.fonts.fit(style, &total.amount, room * 0.68);
        let label = pen.fonts.fit(style, &total.label, room - amount.width - 12.0);
        pen.left(TOTALS_LEFT, y, label, ink, Some(head));
        pen.right(RIGHT, y, amount, Ink::Text, Some(cell));
        if let Some(note) = &total.note {
            let note = pen.fonts.clip(SMALL, note, room);
            pen.left(TOTALS_LEFT, y + BODY.leading, note, Ink::Muted, Some(head));
        }
        pen.y += total_height(total);
    }
}

fn notes(pen: &mut Pen<'_>, words: &Words) {
    let width = TOTALS_LEFT - LEFT - 20.0;
    let wrapped: Vec<(Vec<Line>, Vec<Line>)> = words
        .notes
        .iter()
        .map(|note| {
            let lines = note.lines.iter().flat_map(|line| pen.fonts.wrap(BODY, line, width));
            let link = note.link.iter().flat_map(|(text, _)| pen.fonts.wrap(BODY, text, width));
            (lines.collect(), link.collect())
        })
        .collect();
    let tallest = wrapped.iter().map(|(lines, link)| lines.len() + link.len()).max();
    let lines = tallest.unwrap_or_default() as f32;
    need(pen, words, 44.0 + EMPHASIS.leading + lines * BODY.leading);
    pen.y += 16.0;
    pen.rule(LEFT, RIGHT, pen.y, THIN, Ink::Border);
    pen.y += 14.0;
    let top = pen.y;
    for ((note, (lines, link)), x) in words.notes.iter().zip(wrapped).zip([LEFT, TOTALS_LEFT]) {
        pen.y = top;
        draw_note(pen, note, lines, link, x);
    }
}

fn draw_note(pen: &mut Pen<'_>, note: &Note, lines: Vec<Line>, link: Vec<Line>, x: f32) {
    let heading = pen.node(None, Role::Heading(note.title.to_owned()));
    let title = pen.fonts.line(EMPHASIS, note.title);
    pen.left(x, pen.y, title, Ink::Text, Some(heading));
    pen.y += EMPHASIS.leading + 0.5;
    if !lines.is_empty() {
        let node = pen.node(None, Role::Paragraph);
        for line in lines {
            pen.left(x, pen.y, line, Ink::Muted, Some(node));
            pen.y += BODY.leading;
        }
    }
    let Some((_, url)) = &note.link else { return };
    let paragraph = pen.node(None, Role::Paragraph);
    let node = pen.node(Some(paragraph), Role::Link);
    let mut areas = Vec::new();
    for line in link {
        areas.push(Area {
            left: x,
            top: pen.y,
            right: x + line.width,
            bottom: pen.y + BODY.leading,
        });
        pen.left(x, pen.y, line, Ink::Accent, Some(node));
        pen.y += BODY.leading;
    }
    let mark = Mark::Link {
        areas,
        url: url.clone(),
    };
    pen.mark(mark, Some(node));
}

/// The foot of each page, now that their number is known.
fn feet(pen: &mut Pen<'_>, text: &str) {
    let fonts = pen.fonts;
    let count = pen.paper.pages.len();
    let pages = std::mem::take(&mut pen.paper.pages);
    for (index, page) in pages.into_iter().enumerate() {
        pen.paper.pages.push(page);
        pen.rule(LEFT, RIGHT, BOTTOM - 19.0, THIN, Ink::Border);
        pen.left(LEFT, BOTTOM - 11.0, fonts.line(SMALL, text), Ink::Muted, None);
        let number = fonts.line(SMALL, &format!("Page {} of {count}", index + 1));
        pen.right(RIGHT, BOTTOM - 11.0, number, Ink::Muted, None);
    }
}
