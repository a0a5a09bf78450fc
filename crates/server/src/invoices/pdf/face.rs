//! One font: the shapes of a text, and something readable for each character that the font lacks.

use harfrust::{
    Direction, Feature, FontRef, GlyphInfo, GlyphPosition, ShapeOptions, ShapePlan, ShaperData, Tag, UnicodeBuffer,
    script,
};
use icu_normalizer::DecomposingNormalizer;
use krilla::text::{Font, GlyphId, KrillaGlyph};

/// Digits of one width.
const TABULAR: [Feature; 1] = [Feature {
    tag: Tag::new(b"tnum"),
    value: 1,
    start: 0,
    end: u32::MAX,
}];

pub struct Face {
    font: Font,
    reference: FontRef<'static>,
    data: ShaperData,
    plan: ShapePlan,
    /// Width of every tabular digit, in parts of the size.
    digit: f32,
}

impl Face {
    /// Reads a font that is part of the program.
    pub fn new(file: &'static [u8]) -> Self {
        let reference = FontRef::new(file).expect("the shipped font is whole");
        let data = ShaperData::new(&reference);
        let shaper = data.shaper(&reference).build();
        let plan = ShapePlan::new(&shaper, Direction::LeftToRight, Some(script::LATIN), None, &TABULAR);
        let mut face = Self {
            font: Font::new(file.into(), 0).expect("the shipped font is whole"),
            reference,
            data,
            plan,
            digit: 0.0,
        };
        face.digit = face.shape("0")[0].x_advance;
        face
    }

    pub fn font(&self) -> &Font {
        &self.font
    }

    fn shape(&self, text: &str) -> Vec<KrillaGlyph> {
        let shaper = self.data.shaper(&self.reference).build();
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(Direction::LeftToRight);
        buffer.set_script(script::LATIN);
        let options = ShapeOptions::new().plan(Some(&self.plan)).features(&TABULAR);
        let shaped = shaper.shape(buffer, options);
        let units = self.font.units_per_em();
        let starts: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        let glyph = |(index, (info, position)): (usize, (&GlyphInfo, &GlyphPosition))| {
            let start = starts[index];
            let end = starts[index..].iter().copied().find(|next| *next > start);
            // The font moves some pairs of digits together, which would spoil columns of amounts.
            let is_before_digit = matches!(text.as_bytes()[start..], [b'0'..=b'9', b'0'..=b'9', ..]);
            KrillaGlyph {
                glyph_id: GlyphId::new(info.glyph_id),
                text_range: start..end.unwrap_or(text.len()),
                x_advance: if is_before_digit {
                    self.digit
                } else {
                    position.x_advance as f32 / units
                },
                x_offset: position.x_offset as f32 / units,
                y_offset: position.y_offset as f32 / units,
                y_advance: 0.0,
                location: None,
            }
        };
        let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
        glyphs.enumerate().map(glyph).collect()
    }

    /// Shapes the text, with a replacement for each character that the font lacks.
    pub fn shape_readable(&self, text: &str) -> (String, Vec<KrillaGlyph>) {
        let glyphs = self.shape(text);
        if is_whole(&glyphs) && !text.chars().any(is_unseen) {
            return (text.to_owned(), glyphs);
        }
        let readable = self.readable(text);
        let glyphs = self.shape(&readable);
        (readable, glyphs)
    }

    fn readable(&self, text: &str) -> String {
        let mut readable = String::with_capacity(text.len());
        let mut rest = text;
        // A letter and the marks on it are judged together: the font may have them as one shape.
        while let Some(first) = rest.chars().next() {
            let marks = rest[first.len_utf8()..].chars().take_while(|next| is_mark(*next));
            let length = first.len_utf8() + marks.map(char::len_utf8).sum::<usize>();
            let (cluster, after) = rest.split_at(length);
            if is_unseen(first) {
                readable.push_str(if first.is_whitespace() { " " } else { "" });
            } else if self.has_all(cluster) {
                readable.push_str(cluster);
            } else {
                readable.push_str(&self.substitute(cluster));
            }
            rest = after;
        }
        readable
    }

    /// The plain letters of a cluster, else a question mark.
    fn substitute(&self, cluster: &str) -> String {
        let plain = DecomposingNormalizer::new_nfkd().normalize(cluster);
        let substitute: String = plain
            .chars()
            .filter(|character| !is_mark(*character))
            .map(|character| match character {
                '\u{2010}' | '\u{2011}' | '\u{2012}' => '-',
                '\u{2015}' => '—',
                // The clicks of Khoekhoe and Juǀʼhoan; `!` is written with an ordinary exclamation mark, too.
                'ǀ' => '|',
                'ǃ' => '!',
                'ǂ' => '=',
                other => other,
            })
            .flat_map(|character| {
                if character == 'ǁ' {
                    vec!['|', '|']
                } else {
                    vec![character]
                }
            })
            .collect();
        if !substitute.is_empty() && self.has_all(&substitute) {
            substitute
        } else {
            "?".to_owned()
        }
    }

    fn has_all(&self, text: &str) -> bool {
        is_whole(&self.shape(text))
    }
}

/// Whether the font has a shape for everything; number 0 is its box for what is missing.
fn is_whole(glyphs: &[KrillaGlyph]) -> bool {
    glyphs.iter().all(|glyph| glyph.glyph_id.to_u32() != 0)
}

/// Marks that stand on the letter before them.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{fe00}'..='\u{fe2f}')
}

/// Line ends, controls, and what only steers the direction or joins of other scripts.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regular() -> Face {
        Face::new(include_bytes!("../../../assets/fonts/RedHatText-Regular.ttf"))
    }

    #[test]
    fn names_of_the_country_are_written_as_they_are() {
        let face = regular();
        for name in [
            "Tšhwane Rentals",
            "Café Zoë & Béla",
            "Renée Naudé, Môreson, Brûlée, Señor",
            "Tshivenḓa: Ḽuṱingo Ṋanga ṅwana Ṱhohoyanḓou Ḓ ḽ ṋ Ṅ",
            "R17\u{a0}190.00 \u{2212}R1.00 15% × 2 – “ja” ‘nee’ … € £ ʼn ŉ",
            "e\u{301} s\u{30c} d\u{32d}",
        ] {
            let (text, glyphs) = face.shape_readable(name);
            assert_eq!(text, name.replace('ŉ', "ʼn"));
            assert!(is_whole(&glyphs), "{name}");
        }
    }

    #[test]
    fn other_characters_become_readable() {
        let face = regular();
        for (written, read) in [
            ("Ḥassan ṣāliḥ", "Hassan sālih"),
            ("ǂKhomani ǀXam ǁKhara ǃXun", "=Khomani |Xam ||Khara !Xun"),
            ("ﬁne №5 Ｆｕｌｌ", "fine No5 Full"),
            ("nood\u{2011}hulp\u{2003}2", "nood-hulp\u{2003}2"),
            ("a\u{200b}b\u{202e}c\u{ad}d\nx\ty", "abcd x y"),
            ("深圳 🎉 Иван", "?? ? ????"),
        ] {
            let (text, glyphs) = face.shape_readable(written);
            assert_eq!(text, read);
            assert!(is_whole(&glyphs), "{written}");
        }
    }
}
