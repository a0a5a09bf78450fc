//! Every field of the checkout form, in the order in which it is signed, with its rule.
//!
//! The order is that of PayFast's attribute tables (PayFast, step 2); it is not alphabetical. Two fields
//! (`notify_method`, `currency`) appear only in the official library's list.

use crate::amount::Amount;
use crate::form::trim;

/// A field of the checkout form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether a form without it is refused.
    pub required: bool,
    /// What its value must be.
    pub rule: Rule,
}

/// What a field's value must be, after trimming; a blank value is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Digits, so many at most.
    Digits(usize),
    /// A whole number, maybe negative, of so many characters at most.
    Integer(usize),
    /// So many characters at most.
    Text(usize),
    /// Letters and digits.
    MerchantKey,
    /// An absolute `http` or `https` address.
    Url,
    /// An e-mail address of so many characters at most.
    Email(usize),
    /// A South African identity number.
    IdentityNumber,
    /// Rand with at most two decimals after a dot, R5.00 or more; a recurring agreement may start at R0.00.
    Amount,
    /// Rand with at most two decimals after a dot, R5.00 or more.
    RecurringAmount,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A day that exists, `YYYY-MM-DD`.
    Date,
}

const FLAG: Rule = Rule::OneOf(&["0", "1"]);
const BOOLEAN: Rule = Rule::OneOf(&["true", "false", "1", "0"]);
const CUSTOM_INTEGER: Rule = Rule::Integer(255);
const CUSTOM_TEXT: Rule = Rule::Text(255);

/// Codes of `payment_method`; the form names one at most, blank means all.
pub const PAYMENT_METHODS: &[&str] = &[
    "ef", "cc", "dc", "mp", "mc", "sc", "ss", "zp", "mt", "rc", "mu", "ap", "sp", "cp", "ab", "gp", "nd", "pf",
    // Older libraries write these two; see `checkout::concerns`.
    "eft", "rcs",
];

/// All signed fields in the order of the signature.
pub const FIELDS: &[Field] = &[
    required("merchant_id", Rule::Digits(8)),
    required("merchant_key", Rule::MerchantKey),
    optional("return_url", Rule::Url),
    optional("cancel_url", Rule::Url),
    optional("notify_url", Rule::Url),
    optional("notify_method", Rule::Text(100)),
    optional("fica_idnumber", Rule::IdentityNumber),
    optional("name_first", Rule::Text(100)),
    optional("name_last", Rule::Text(100)),
    optional("email_address", Rule::Email(100)),
    optional("cell_number", Rule::Text(100)),
    optional("m_payment_id", Rule::Text(100)),
    required("amount", Rule::Amount),
    required("item_name", Rule::Text(100)),
    optional("item_description", Rule::Text(255)),
    optional("custom_int1", CUSTOM_INTEGER),
    optional("custom_int2", CUSTOM_INTEGER),
    optional("custom_int3", CUSTOM_INTEGER),
    optional("custom_int4", CUSTOM_INTEGER),
    optional("custom_int5", CUSTOM_INTEGER),
    optional("custom_str1", CUSTOM_TEXT),
    optional("custom_str2", CUSTOM_TEXT),
    optional("custom_str3", CUSTOM_TEXT),
    optional("custom_str4", CUSTOM_TEXT),
    optional("custom_str5", CUSTOM_TEXT),
    optional("email_confirmation", FLAG),
    optional("confirmation_address", Rule::Email(100)),
    optional("currency", Rule::OneOf(&["ZAR"])),
    optional("payment_method", Rule::OneOf(PAYMENT_METHODS)),
    optional("subscription_type", Rule::OneOf(&["1", "2"])),
    optional("billing_date", Rule::Date),
    optional("recurring_amount", Rule::RecurringAmount),
    optional("frequency", Rule::OneOf(&["1", "2", "3", "4", "5", "6"])),
    // The documentation says one character, yet its own sample is 12.
    optional("cycles", Rule::Digits(10)),
    optional("subscription_notify_email", BOOLEAN),
    optional("subscription_notify_webhook", BOOLEAN),
    optional("subscription_notify_buyer", BOOLEAN),
];

const fn required(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        required: true,
        rule,
    }
}

const fn optional(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        required: false,
        rule,
    }
}

impl Rule {
    /// What is wrong with a value, in PayFast's words where they are known.
    ///
    /// The value is trimmed first and must not be blank. Lengths are in characters.
    pub fn fault(self, value: &[u8]) -> Option<String> {
        let value = trim(value);
        if value.contains(&0) {
            return Some("must not contain NUL".into());
        }
        let keeps = match self {
            Rule::Digits(most) => value.len() <= most && value.iter().all(u8::is_ascii_digit),
            Rule::Integer(most) => value.len() <= most && is_integer(value),
            Rule::Text(most) => length(value) <= most,
            Rule::MerchantKey => value.len() <= 32 && value.iter().all(u8::is_ascii_alphanumeric),
            Rule::Url => Url::parse(value).is_some(),
            Rule::Email(most) => length(value) <= most && is_email(value),
            Rule::IdentityNumber => is_identity_number(value),
            Rule::Amount => {
                amount(value).is_some_and(|amount| amount == Amount::default() || amount >= Amount::MINIMUM)
            }
            Rule::RecurringAmount => amount(value).is_some_and(|amount| amount >= Amount::MINIMUM),
            Rule::OneOf(words) => words.iter().any(|word| word.as_bytes() == value),
            Rule::Date => is_date(value),
        };
        (!keeps).then(|| self.demand())
    }

    fn demand(self) -> String {
        match self {
            Rule::Digits(most) => format!("must be a whole number of at most {most} digits"),
            Rule::Integer(most) => format!("must be a whole number of at most {most} characters"),
            Rule::Text(most) => format!("must be at most {most} characters"),
            Rule::MerchantKey => "Merchant key is invalid".into(),
            Rule::Url => "must be a valid URL".into(),
            Rule::Email(most) => format!("must be a valid e-mail address of at most {most} characters"),
            Rule::IdentityNumber => "must be a valid South African ID number of 13 digits".into(),
            Rule::Amount | Rule::RecurringAmount => "must be at least 5.00, with a dot and at most two decimals".into(),
            Rule::OneOf(words) => format!("must be one of {}", words.join(", ")),
            Rule::Date => "must be a date as YYYY-MM-DD".into(),
        }
    }
}

/// The parts of a web address that PayFast's rules look at.
pub(crate) struct Url<'a> {
    pub host: &'a str,
    pub port: u16,
}

impl<'a> Url<'a> {
    /// Reads an absolute `http` or `https` address.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\')) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let default_port = match scheme.to_ascii_lowercase().as_str() {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.rfind(':').filter(|colon| !authority[*colon..].contains(']')) {
            Some(colon) => (&authority[..colon], authority[colon + 1..].parse().ok()?),
            None => (authority, default_port),
        };
        is_host(host).then_some(Url { host, port })
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    host.len() <= 253
        && host
            .trim_end_matches('.')
            .split('.')
            .all(|label| !label.is_empty() && label.chars().all(plain))
}

fn length(value: &[u8]) -> usize {
    String::from_utf8_lossy(value).chars().count()
}

fn amount(value: &[u8]) -> Option<Amount> {
    let decimals = value.iter().rev().position(|&byte| byte == b'.').unwrap_or(0);
    Amount::parse(value)
        .ok()
        .filter(|_| decimals <= 2 && !value.starts_with(b"-"))
}

fn is_integer(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn is_email(value: &[u8]) -> bool {
    let Some((local, domain)) = std::str::from_utf8(value).ok().and_then(|text| text.rsplit_once('@')) else {
        return false;
    };
    let clean = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '@' | ',' | ';' | '<' | '>' | '"');
    !local.is_empty() && local.chars().all(clean) && is_host(domain)
}

pub(crate) fn is_date(value: &[u8]) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *value else {
        return false;
    };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2];
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let [year, month, day] = [&digits[..4], &digits[4..6], &digits[6..]]
        .map(|part| part.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0')));
    (1..=days_in_month(year, month)).contains(&day)
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Thirteen digits: a date of birth `YYMMDD`, a sequence, and a Luhn check digit.
fn is_identity_number(value: &[u8]) -> bool {
    if value.len() != 13 || !value.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let two = |at: usize| u32::from(value[at] - b'0') * 10 + u32::from(value[at + 1] - b'0');
    // The century is not written; 2000 is a leap year, so it admits each day that either century has.
    let born = (1..=days_in_month(2000 + two(0) % 4, two(2))).contains(&two(4));
    let luhn: u32 = value
        .iter()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0');
            if index % 2 == 0 {
                digit
            } else {
                digit * 2 / 10 + digit * 2 % 10
            }
        })
        .sum();
    born && luhn.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: Rule, good: &[&str], bad: &[&str]) {
        for value in good {
            assert_eq!(rule.fault(value.as_bytes()), None, "{value}");
        }
        for value in bad {
            assert!(rule.fault(value.as_bytes()).is_some(), "{value}");
        }
    }

    #[test]
    fn amounts() {
        check(
            Rule::Amount,
            &["5.00", "5", "5.5", "0.00", "123456.78"],
            &["4.99", "-5.00", "5,00", "R5", "5.000", "\u{a0}5.00"],
        );
        check(Rule::RecurringAmount, &["5.00"], &["0.00", "4.99"]);
    }

    #[test]
    fn urls() {
        check(
            Rule::Url,
            &[
                "https://example.com",
                "http://127.0.0.1:8080/itn?a=b#c",
                "HTTPS://[::1]:443/",
                "http://localhost",
                "https://u@x.co.za",
            ],
            &[
                "example.com",
                "/itn",
                "ftp://example.com",
                "https://",
                "https://a b.com",
                "https://x.com:99999",
                "https://x..com",
                "javascript:alert(1)",
                "https://x.com/\"><",
            ],
        );
    }

    #[test]
    fn emails() {
        check(
            Rule::Email(100),
            &["a@b.co.za", "zoe+pf@example.com", "x@demo.test"],
            &["a", "@b.com", "a@", "a b@c.com", "a@b@c.com"],
        );
        assert!(Rule::Email(10).fault(b"abcdef@example.com").is_some());
    }

    #[test]
    fn dates_exist() {
        check(
            Rule::Date,
            &["2024-02-29", "2026-12-31"],
            &[
                "2026-02-29",
                "2026-13-01",
                "2026-00-10",
                "26-01-01",
                "2026-1-01",
                "2026-01-00",
            ],
        );
    }

    #[test]
    fn identity_numbers() {
        check(
            Rule::IdentityNumber,
            &["8001015009087"],
            &["8001015009088", "8013015009087", "800101500908", "80010150O9087"],
        );
    }

    #[test]
    fn numbers_and_texts() {
        check(
            Rule::Digits(8),
            &["10000100"],
            &["100001000", "1000010a", "-1", "\u{a0}1"],
        );
        check(Rule::Integer(255), &["0", "-7"], &["-", "1.5", "x"]);
        check(Rule::Text(3), &["éèê", " abc "], &["abcd", "a\0b"]);
        check(Rule::Text(100), &["\u{a0}"], &[]);
    }
}
