//! What people search by: text without case and accents, kept beside the row that it finds.

use common::FieldError;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Folds and joins texts into what is stored and searched: lower case, no accents, single spaces.
///
/// ```
/// assert_eq!(server::search::fold(["INV-000007", "Café  Zoë"]), "inv-000007 cafe zoe");
/// ```
pub fn fold<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut folded = String::new();
    for word in texts.into_iter().flat_map(str::split_whitespace) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        let plain = word.nfkd().filter(|character| !is_combining_mark(*character));
        folded.extend(plain.flat_map(char::to_lowercase));
    }
    folded
}

/// As [`fold`], but never empty: an empty text marks a row that search does not know yet.
pub fn stored<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let folded = fold(texts);
    if folded.is_empty() { " ".to_owned() } else { folded }
}

/// Shorter words would find nearly everything.
const MIN_CHARS: usize = 3;
const MAX_CHARS: usize = 100;

/// What somebody typed to search for; `None` when it is nothing.
pub fn typed(text: Option<&str>) -> Result<Option<&str>, FieldError> {
    let text = text.unwrap_or_default().trim();
    if text.chars().any(char::is_control) {
        let message = "Use one line without control characters.";
        return Err(FieldError::new("search", "invalid", message));
    }
    match text.chars().count() {
        0 => Ok(None),
        MIN_CHARS..=MAX_CHARS => Ok(Some(text)),
        _ => Err(out_of_range()),
    }
}

/// The same, folded as the stored text is; three characters must be left of it.
pub fn typed_and_folded(text: Option<&str>) -> Result<Option<String>, FieldError> {
    let Some(text) = typed(text)? else { return Ok(None) };
    let folded = fold([text]);
    if folded.chars().count() < MIN_CHARS {
        return Err(out_of_range());
    }
    Ok(Some(folded))
}

/// A pattern of SQL's `like` that finds `text` anywhere, with `\` before what would match more.
pub fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// A pattern of SQL's `like` that fits what contains `text`, and little else: its words in pieces of three letters.
///
/// PostgreSQL's index of words is read once for each three letters that stand together in a pattern, so this takes a
/// third of the time; what it finds must be compared with the text. That a word begins behind a space tells much.
pub fn sparse_like_pattern(text: &str) -> String {
    in_pieces(text, Rest::Kept)
}

/// The same without the one or two letters behind the pieces of a long word: less to read, for when something else
/// narrows what is found.
pub fn sparser_like_pattern(text: &str) -> String {
    in_pieces(text, Rest::OfNumbers)
}

/// What becomes of the letters behind the pieces of a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Kept,
    /// Only digits tell much.
    OfNumbers,
}

fn in_pieces(text: &str, rest: Rest) -> String {
    let mut pattern = String::new();
    let mut is_behind_space = false;
    for word in text.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let behind_space = std::mem::replace(&mut is_behind_space, word.ends_with(' '));
        let word = word.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        let letters: Vec<char> = word.chars().collect();
        let pieces = letters.len() / 3;
        let takes_rest = rest == Rest::Kept || pieces == 1 || letters.iter().any(char::is_ascii_digit);
        for piece in 0..pieces {
            let is_last = piece + 1 == pieces;
            let end = if is_last && takes_rest {
                letters.len()
            } else {
                3 * (piece + 1)
            };
            pattern.push('%');
            pattern.push_str(if piece == 0 && behind_space { " " } else { "" });
            pattern.extend(&letters[3 * piece..end]);
        }
    }
    if pattern.is_empty() {
        return like_pattern(text);
    }
    pattern.push('%');
    pattern
}

fn out_of_range() -> FieldError {
    let message = format!("Use {MIN_CHARS} to {MAX_CHARS} characters.");
    FieldError::new("search", "out_of_range", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_taken_as_it_is_typed() {
        assert_eq!(typed(Some("  ")), Ok(None));
        assert_eq!(typed(Some(" nomsa ")), Ok(Some("nomsa")));
        assert!(typed(Some("no")).is_err() && typed(Some(&"x".repeat(101))).is_err());
        assert!(typed(Some("no\0msa")).is_err());
        assert_eq!(like_pattern(r"100%_\"), r"%100\%\_\\%");
    }

    #[test]
    fn a_sparse_pattern_has_no_letter_twice() {
        for (text, sparse, sparser) in [
            ("consulting", "%con%sul%ting%", "%con%sul%tin%"),
            ("trading 4711", "%tra%ding% 4711%", "%tra%din% 4711%"),
            ("garden 20260412", "%gar%den% 202%60412%", "%gar%den% 202%60412%"),
            (" 235", "% 235%", "% 235%"),
            ("inv-000007", "%inv%000%007%", "%inv%000%007%"),
            ("a 10% b_", r"%a 10\% b\_%", r"%a 10\% b\_%"),
        ] {
            assert_eq!(sparse_like_pattern(text), sparse, "{text}");
            assert_eq!(sparser_like_pattern(text), sparser, "{text}");
        }
    }

    #[test]
    fn accents_alone_are_not_three_characters() {
        assert_eq!(typed_and_folded(Some("ÊTRE")), Ok(Some("etre".to_owned())));
        assert!(typed_and_folded(Some("e\u{302}\u{301}")).is_err());
    }
}
