//! Type: the fonts of the paper, the shapes of a line of text, its width, and where it breaks.
//!
//! Digits are always tabular. A character that the font lacks is replaced by something readable, never by a box.

use std::ops::Range;

use krilla::text::{Font, KrillaGlyph};

use super::face::Face;

/// Red Hat Text as the client shows it; see `assets/fonts/README.md`.
const FILES: [&[u8]; 3] = [
    include_bytes!("../../../assets/fonts/RedHatText-Regular.ttf"),
    include_bytes!("../../../assets/fonts/RedHatText-SemiBold.ttf"),
    include_bytes!("../../../assets/fonts/RedHatText-Bold.ttf"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Regular,
    SemiBold,
    Bold,
}

/// How a text looks, without its colour; sizes are points.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub weight: Weight,
    pub size: f32,
    /// From one baseline to the next.
    pub leading: f32,
    /// Space added after each letter, in parts of the size.
    pub tracking: f32,
}

impl Style {
    pub const fn new(weight: Weight, size: f32, leading: f32) -> Self {
        Self {
            weight,
            size,
            leading,
            tracking: 0.0,
        }
    }

    pub const fn tracked(self, tracking: f32) -> Self {
        Self { tracking, ..self }
    }

    /// The same at another size.
    pub fn at(self, size: f32) -> Self {
        Self {
            size,
            leading: self.leading * size / self.size,
            ..self
        }
    }
}

/// One line of text, ready to be drawn.
#[derive(Debug, Clone)]
pub struct Line {
    /// What is drawn, with replacements made.
    pub text: String,
    pub glyphs: Vec<KrillaGlyph>,
    pub style: Style,
    /// In points.
    pub width: f32,
}

/// The fonts, read once for a document.
pub struct Fonts([Face; 3]);

impl Fonts {
    pub fn load() -> Self {
        Self(FILES.map(Face::new))
    }

    pub fn font(&self, weight: Weight) -> Font {
        self.face(weight).font().clone()
    }

    pub fn width(&self, style: Style, text: &str) -> f32 {
        self.line(style, text).width
    }

    pub fn line(&self, style: Style, text: &str) -> Line {
        let (text, mut glyphs) = self.face(style.weight).shape_readable(text);
        if let Some((_, inner)) = glyphs.split_last_mut() {
            for glyph in inner {
                glyph.x_advance += style.tracking;
            }
        }
        let advance: f32 = glyphs.iter().map(|glyph| glyph.x_advance).sum();
        Line {
            text,
            glyphs,
            style,
            width: advance * style.size,
        }
    }

    /// The text on one line, smaller if it has to be.
    pub fn fit(&self, style: Style, text: &str, width: f32) -> Line {
        let line = self.line(style, text);
        if line.width <= width {
            return line;
        }
        self.line(style.at(style.size * width / line.width), text)
    }

    /// The text on one line, with an ellipsis for what does not fit.
    pub fn clip(&self, style: Style, text: &str, width: f32) -> Line {
        let line = self.line(style, text);
        if line.width <= width {
            return line;
        }
        let room = width - self.width(style, "…");
        let start = &self.wrap(style, &line.text, room)[0];
        self.line(style, &format!("{}…", start.text.trim_end()))
    }

    /// Breaks at spaces, after hyphens and slashes, and inside a word that is wider than a line.
    ///
    /// Each line keeps the space it was broken at, so that the words of the file stay apart.
    pub fn wrap(&self, style: Style, text: &str, width: f32) -> Vec<Line> {
        let whole = self.line(style, text);
        let text = whole.text.as_str();
        let mut ranges = Vec::new();
        let (mut start, mut used) = (0, 0.0);
        // The last place where this line may be broken, and the width up to there.
        let mut place = (0, 0.0);
        for glyph in &whole.glyphs {
            let at = glyph.text_range.start;
            let advance = glyph.x_advance * style.size;
            if may_break(text, at) {
                place = (at, used);
            }
            let is_space = text[at..].starts_with(' ');
            if !is_space && used + advance > width && at > start {
                // Without such a place the word itself is cut, but never between a letter and its marks.
                let (end, until) = if place.0 > start { place } else { (at, used) };
                ranges.push(start..end);
                start = end;
                used -= until;
            }
            used += advance;
        }
        ranges.push(start..text.len());
        let last = ranges.len() - 1;
        let line = |(index, range): (usize, Range<usize>)| {
            let text = &text[range];
            self.line(style, if index == last { text.trim_end() } else { text })
        };
        ranges.into_iter().enumerate().map(line).collect()
    }

    fn face(&self, weight: Weight) -> &Face {
        &self.0[weight as usize]
    }
}

/// Whether a line may end before the character at `at`.
fn may_break(text: &str, at: usize) -> bool {
    let (before, after) = (text[..at].chars().next_back(), text[at..].chars().next());
    match (before, after) {
        (Some(' '), Some(next)) => next != ' ',
        (Some('-' | '/' | '–'), Some(next)) => next.is_alphanumeric(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: Style = Style::new(Weight::Regular, 10.0, 14.0);

    fn texts(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn lines_break_between_words_and_lose_none() {
        let fonts = Fonts::load();
        let text = "Onderhoud van die stelsel, maandeliks vooruit betaalbaar, insluitend nood-ondersteuning na ure";
        for width in [40.0, 80.0, 120.0, 400.0] {
            let lines = fonts.wrap(BODY, text, width);
            assert_eq!(texts(&lines).concat(), text);
            for line in &lines {
                let letters = fonts.width(BODY, line.text.trim_end());
                assert!(letters <= width + 0.5, "{} is {letters} wide", line.text);
            }
        }
        assert_eq!(texts(&fonts.wrap(BODY, "Kalk Bay", 30.0)), ["Kalk ", "Bay"]);
        assert_eq!(texts(&fonts.wrap(BODY, "", 30.0)), [""]);
    }

    #[test]
    fn a_word_wider_than_the_line_is_cut() {
        let fonts = Fonts::load();
        let word = "Tweebuffelsmeteenskootmorsdoodgeskietfontein".repeat(3);
        let lines = fonts.wrap(BODY, &word, 100.0);
        assert!(lines.len() > 5);
        assert!(lines.iter().all(|line| line.width <= 100.0));
        assert_eq!(texts(&lines).concat(), word);
        let address = "https://pay.example.co.za/invoices/01929b7e-7c1c-7000-8000-000000000001";
        assert_eq!(texts(&fonts.wrap(BODY, address, 220.0)).concat(), address);
        // A mark stays with its letter.
        let marked = "e\u{301}".repeat(60);
        let lines = fonts.wrap(BODY, &marked, 50.0);
        assert!(lines.iter().all(|line| line.text.starts_with('e')));
    }

    #[test]
    fn digits_stand_below_one_another() {
        let fonts = Fonts::load();
        for weight in [Weight::Regular, Weight::SemiBold, Weight::Bold] {
            let style = Style::new(weight, 10.0, 14.0);
            assert_eq!(fonts.width(style, "1111111"), fonts.width(style, "8078049"));
        }
    }

    #[test]
    fn what_must_stand_on_one_line_gets_smaller() {
        let fonts = Fonts::load();
        let amount = "R92\u{a0}233\u{a0}720\u{a0}368\u{a0}547\u{a0}758.08";
        let style = Style::new(Weight::Bold, 24.0, 28.0).tracked(-0.025);
        let line = fonts.fit(style, amount, 120.0);
        assert!(line.width <= 120.1 && line.style.size < 24.0);
        assert_eq!(fonts.fit(style, "R1.00", 120.0).style.size, 24.0);
    }

    #[test]
    fn what_may_be_shortened_ends_with_an_ellipsis() {
        let fonts = Fonts::load();
        let line = fonts.clip(BODY, "Karoo Kiln Studio (Pty) Ltd", 60.0);
        assert_eq!(line.text, "Karoo Kiln…");
        assert!(line.width <= 60.0);
        assert_eq!(fonts.clip(BODY, "Karoo", 60.0).text, "Karoo");
    }
}
