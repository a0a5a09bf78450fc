//! What people search by: text without case and accents, kept beside the row that it finds.

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
