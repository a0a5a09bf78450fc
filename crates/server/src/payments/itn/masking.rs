//! PayFast's token of a saved card, masked wherever a notification is shown.
//!
//! Whoever knows it and our merchant's secrets can charge the card. The stored bytes keep it: they are the evidence that
//! the signature was right, and a replay hashes them again.

use std::borrow::Cow;

use payfast::Itn;

/// What is left of a value: its last characters, so that two can be told apart.
const SHOWN: usize = 4;

/// The text of a form-encoded body with its tokens masked, wherever their values stand.
pub fn mask_token(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let pairs: Vec<Cow<'_, str>> = text.split('&').map(mask_pair).collect();
    let mut masked = pairs.join("&");
    for (_, value) in Itn::parse(body).fields().filter(|(name, _)| is_token(name)) {
        let value = String::from_utf8_lossy(value);
        if value.chars().count() > SHOWN {
            masked = masked.replace(&*value, &mask(&value));
        }
    }
    masked
}

fn mask_pair(pair: &str) -> Cow<'_, str> {
    let itn = Itn::parse(pair.as_bytes());
    let Some((name, value)) = itn.fields().find(|(name, _)| is_token(name)) else {
        return Cow::Borrowed(pair);
    };
    let name = String::from_utf8_lossy(name);
    Cow::Owned(format!("{name}={}", mask(&String::from_utf8_lossy(value))))
}

fn is_token(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"token")
}

/// All but the last characters as `*`; PayFast's own are UUIDs, of anything else nothing is shown.
fn mask(value: &str) -> String {
    let length = value.chars().count();
    let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let shown = if is_plain && length > SHOWN { SHOWN } else { 0 };
    let tail: String = value.chars().skip(length - shown).collect();
    format!("{}{tail}", "*".repeat(length - shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_masked_wherever_it_stands() {
        for (body, shown) in [
            ("a=1&token=0f3c-77aa&signature=9", "a=1&token=*****77aa&signature=9"),
            (
                "token=0f3c-77aa&custom_str1=0f3c-77aa",
                "token=*****77aa&custom_str1=*****77aa",
            ),
            ("%74oken=0f3c%2D77aa", "token=*****77aa"),
            ("Token=0f3c-77aa&token=1234-5678", "Token=*****77aa&token=*****5678"),
            ("token=abcd", "token=****"),
            ("token=", "token="),
            ("token=a%26b%3Dcdef", "token=********"),
            ("a=1&b=2&&c", "a=1&b=2&&c"),
            ("tokens=0f3c-77aa", "tokens=0f3c-77aa"),
            ("", ""),
        ] {
            assert_eq!(mask_token(body.as_bytes()), shown, "{body}");
        }
        assert_eq!(mask_token(b"a=\xff&token=12345"), "a=\u{fffd}&token=*2345");
    }
}
