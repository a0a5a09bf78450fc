//! Form encoding, byte for byte as PHP does it.
//!
//! PayFast signs what PHP's `urlencode` yields. The usual Rust encoders differ: `form_urlencoded` leaves `*` alone,
//! percent-encoders write a space as `%20`, and most decoders replace bytes that are not UTF-8. Hence our own.

/// One decoded name and value, in the order received.
pub type Pair = (Vec<u8>, Vec<u8>);

/// PHP's `urlencode`: letters, digits, `-`, `_`, `.` stay, a space is `+`, all else is `%XX` in upper case.
///
/// ```
/// assert_eq!(payfast::form::encode("Joe's ~ café*"), "Joe%27s+%7E+caf%C3%A9%2A");
/// ```
pub fn encode(value: impl AsRef<[u8]>) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let value = value.as_ref();
    let mut encoded = String::with_capacity(value.len() + value.len() / 4);
    for &byte in value {
        match byte {
            b' ' => encoded.push('+'),
            byte if is_unreserved(byte) => encoded.push(char::from(byte)),
            byte => {
                encoded.push('%');
                encoded.push(char::from(HEX[usize::from(byte >> 4)]));
                encoded.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    encoded
}

/// PHP's `urldecode`: `+` is a space, `%XX` in either case is a byte, a stray `%` stays as it is.
pub fn decode(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut rest = text.as_ref();
    let mut decoded = Vec::with_capacity(rest.len());
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after;
                }
                _ => decoded.push(b'%'),
            },
            (&byte, _) => decoded.push(byte),
        }
    }
    decoded
}

/// Splits a form-encoded body into decoded pairs, in order, with blanks and duplicates kept.
///
/// A part without `=` is a name with an empty value; empty parts, as in `a=1&&b=2`, are no fields.
pub fn parse(body: &[u8]) -> Vec<Pair> {
    body.split(|&byte| byte == b'&')
        .filter(|part| !part.is_empty())
        .map(|part| match part.iter().position(|&byte| byte == b'=') {
            Some(equals) => (decode(&part[..equals]), decode(&part[equals + 1..])),
            None => (decode(part), Vec::new()),
        })
        .collect()
}

/// Writes pairs as a form-encoded body.
pub fn body<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: &[(N, V)]) -> String {
    let parts: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    parts.join("&")
}

/// PHP's `trim`: strips space, tab, LF, CR, NUL and VT from both ends, and nothing else.
///
/// Rust's own `trim` also takes form feeds and no-break spaces, which PayFast keeps.
pub fn trim(value: &[u8]) -> &[u8] {
    let is_kept = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0 | 0x0b);
    match (value.iter().position(is_kept), value.iter().rposition(is_kept)) {
        (Some(first), Some(last)) => &value[first..=last],
        _ => &[],
    }
}

/// Trims as [`trim`] does and joins lines with a space; of bytes that are no text the replacement character is left.
pub(crate) fn one_line(value: impl AsRef<[u8]>) -> String {
    let text = String::from_utf8_lossy(trim(value.as_ref()));
    text.split(['\r', '\n'])
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a byte is written as itself by [`encode`].
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_each_byte_as_php_does() {
        assert_eq!(encode("~*!'() -_.+%/&="), "%7E%2A%21%27%28%29+-_.%2B%25%2F%26%3D");
        assert_eq!(encode([0u8, 0x7f, 0x80, 0xff]), "%00%7F%80%FF");
    }

    #[test]
    fn decodes_stray_percent_signs_as_themselves() {
        for (text, decoded) in [
            ("%", "%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("%%41", "%A"),
            ("a+%2b%2B", "a ++"),
        ] {
            assert_eq!(decode(text), decoded.as_bytes(), "{text}");
        }
    }

    #[test]
    fn keeps_order_blanks_and_duplicates() {
        let pairs = parse(b"b=1&a=&&b=2&c&=x&d=e=f");
        let expected = [("b", "1"), ("a", ""), ("b", "2"), ("c", ""), ("", "x"), ("d", "e=f")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn trims_only_what_php_trims() {
        assert_eq!(trim(b"\0\t\n\x0b\r  a b \x0c"), b"a b \x0c");
        assert_eq!(trim("\u{a0}x\u{a0}".as_bytes()), "\u{a0}x\u{a0}".as_bytes());
        assert_eq!(trim(b" \t "), b"");
        assert_eq!(trim(b""), b"");
    }
}
