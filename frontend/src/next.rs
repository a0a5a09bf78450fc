//! Where to go after signing in: only ever a page of this site.

use crate::browser;

/// Survives the trip through the mail program, which opens the link in a new tab.
const KEY: &str = "capecontrol.next";

/// `path` if it is a path of this site, else `None`.
///
/// Browsers read `//host` and `/\host` as other sites, and drop tabs and line ends before they look.
pub fn safe(path: &str) -> Option<&str> {
    let mut bytes = path.bytes();
    let starts_here = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    let is_plain = !path
        .chars()
        .any(|character| character.is_control() || character == '\\');
    (starts_here && is_plain).then_some(path)
}

/// `page?next=path`, for links to pages that come before `path`.
pub fn link(page: &str, path: &str) -> String {
    format!("{page}?next={}", browser::encode(path))
}

/// Keeps `path` for [`take`] in any tab of this browser.
pub fn remember(path: &str) {
    if safe(path).is_some() {
        browser::local().set(KEY, path);
    }
}

/// What was remembered, once.
pub fn take() -> Option<String> {
    let path = peek();
    browser::local().remove(KEY);
    path
}

/// What was remembered, without using it up.
pub fn peek() -> Option<String> {
    browser::local().get(KEY).filter(|path| safe(path).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_site_are_taken() {
        for path in ["/", "/home", "/checkout?plan=PRO_MONTHLY", "/invoices/7#top"] {
            assert_eq!(safe(path), Some(path));
        }
    }

    #[test]
    fn other_sites_are_refused() {
        for path in [
            "",
            "home",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "\\/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            " /home",
            "/\n/evil.example",
            "/a\\b",
        ] {
            assert_eq!(safe(path), None, "{path:?}");
        }
    }
}
