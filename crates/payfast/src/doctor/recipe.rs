//! How a signature is made: the right way of each kind, and every known way to get it wrong.

use super::Kind;
use crate::checkout;
use crate::fields::FIELDS;
use crate::form::{self, Pair};
use crate::hosts;
use crate::signature::Passphrase;

/// Fields of a notification in PayFast's order; a charge has its token second.
const ITN_FIELDS: [&str; 24] = [
    "m_payment_id",
    "pf_payment_id",
    "payment_status",
    "item_name",
    "item_description",
    "amount_gross",
    "amount_fee",
    "amount_net",
    "custom_str1",
    "custom_str2",
    "custom_str3",
    "custom_str4",
    "custom_str5",
    "custom_int1",
    "custom_int2",
    "custom_int3",
    "custom_int4",
    "custom_int5",
    "name_first",
    "name_last",
    "email_address",
    "merchant_id",
    "token",
    "billing_date",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Table,
    Given,
    Alphabetical,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Blanks {
    Kept,
    Dropped,
    /// Kept, and those that PayFast always sends put back.
    Restored,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trim {
    Php,
    Nothing,
    /// Every white space that Unicode knows.
    Unicode,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Php,
    /// A space is `%20`, all else as PHP.
    Percent20,
    LowerHex,
    /// JavaScript's `encodeURIComponent`, with its spaces as `%20`.
    Js,
    /// The same with `+`, as the documentation's sample.
    JsPlus,
    TildeRaw,
    StarRaw,
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Last,
    First,
    Sorted,
    Nowhere,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Given,
    CrLf,
    Lf,
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Entities {
    Given,
    Escaped,
    Unescaped,
}

/// A way to make a signature.
#[derive(Clone)]
pub struct Recipe {
    kind: Kind,
    order: Order,
    blanks: Blanks,
    zeros_dropped: bool,
    trim: Trim,
    encoding: Encoding,
    breaks: Breaks,
    entities: Entities,
    place: Place,
    passphrase: Vec<u8>,
    passphrase_encoded: u8,
    passphrase_trimmed: bool,
    /// Also when it is empty.
    passphrase_always: bool,
    /// Names that are not signed and yet were.
    extra: &'static [&'static str],
    unknown_signed: bool,
    /// Names that are signed and yet were not.
    left_out: &'static [&'static str],
    timestamp_raw: bool,
}

/// A known mistake.
#[derive(Clone, Copy)]
pub struct Mistake {
    /// Stable name of the rule that it breaks.
    pub rule: &'static str,
    pub make: fn(&mut Recipe),
}

/// Every mistake that can be made with a kind, the likeliest first.
pub fn mistakes(kind: Kind) -> Vec<Mistake> {
    let mut all: Vec<Mistake> = Vec::new();
    let mut add = |rule: &'static str, make: fn(&mut Recipe)| all.push(Mistake { rule, make });
    match kind {
        Kind::Checkout => {
            add("order", |recipe| recipe.order = Order::Given);
            add("order", |recipe| recipe.order = Order::Alphabetical);
            add("blank_kept", |recipe| recipe.blanks = Blanks::Kept);
            add("zero_dropped", |recipe| recipe.zeros_dropped = true);
            add("trim", |recipe| recipe.trim = Trim::Nothing);
            add("trim", |recipe| recipe.trim = Trim::Unicode);
            add("passphrase_wrong_place", |recipe| recipe.place = Place::Sorted);
            add("signed_too_little", |recipe| recipe.left_out = &["merchant_key"]);
            add("signed_too_little", |recipe| recipe.left_out = &["fica_idnumber"]);
            add("signed_too_little", |recipe| {
                recipe.left_out = &["return_url", "cancel_url", "notify_url"];
            });
            add("signed_too_much", |recipe| recipe.extra = &["setup"]);
            add("signed_too_much", |recipe| recipe.unknown_signed = true);
            add("signed_too_much", |recipe| recipe.extra = &["signature"]);
        }
        Kind::Itn => {
            add("blank_dropped", |recipe| recipe.blanks = Blanks::Dropped);
            add("order", |recipe| recipe.order = Order::Table);
            add("order", |recipe| recipe.order = Order::Alphabetical);
            add("blank_dropped", |recipe| recipe.blanks = Blanks::Restored);
            add("trim", |recipe| recipe.trim = Trim::Php);
            add("zero_dropped", |recipe| recipe.zeros_dropped = true);
            add("passphrase_wrong_place", |recipe| recipe.place = Place::Sorted);
            add("signed_too_much", |recipe| recipe.extra = &["signature"]);
        }
        Kind::Api => {
            add("passphrase_wrong_place", |recipe| recipe.place = Place::Last);
            add("signed_too_much", |recipe| recipe.extra = &["testing"]);
            add("timestamp_unencoded", |recipe| recipe.timestamp_raw = true);
            add("order", |recipe| recipe.order = Order::Given);
            add("blank_dropped", |recipe| recipe.blanks = Blanks::Dropped);
            add("zero_dropped", |recipe| recipe.zeros_dropped = true);
            add("trim", |recipe| recipe.trim = Trim::Php);
            add("signed_too_little", |recipe| recipe.left_out = &["timestamp"]);
            add("signed_too_little", |recipe| recipe.left_out = &["version"]);
            add("signed_too_much", |recipe| recipe.extra = &["signature"]);
        }
    }
    add("passphrase_missing", |recipe| recipe.place = Place::Nowhere);
    add("passphrase_extra", |recipe| recipe.passphrase_always = true);
    add("passphrase_wrong_place", |recipe| recipe.place = Place::First);
    add("passphrase_encoded_twice", |recipe| recipe.passphrase_encoded = 2);
    add("passphrase_unencoded", |recipe| recipe.passphrase_encoded = 0);
    add("passphrase_trim", |recipe| {
        recipe.passphrase_trimmed = !recipe.passphrase_trimmed
    });
    add("encoding", |recipe| recipe.encoding = Encoding::Percent20);
    add("encoding", |recipe| recipe.encoding = Encoding::Js);
    add("encoding", |recipe| recipe.encoding = Encoding::JsPlus);
    add("encoding", |recipe| recipe.encoding = Encoding::TildeRaw);
    add("encoding", |recipe| recipe.encoding = Encoding::StarRaw);
    add("encoding", |recipe| recipe.encoding = Encoding::Nothing);
    add("case", |recipe| recipe.encoding = Encoding::LowerHex);
    add("html_entities", |recipe| recipe.entities = Entities::Escaped);
    add("html_entities", |recipe| recipe.entities = Entities::Unescaped);
    add("line_breaks", |recipe| recipe.breaks = Breaks::CrLf);
    add("line_breaks", |recipe| recipe.breaks = Breaks::Lf);
    add("line_breaks", |recipe| recipe.breaks = Breaks::Nothing);
    add("passphrase_wrong", |recipe| {
        recipe.passphrase = hosts::SANDBOX_MERCHANT.2.into()
    });
    add("passphrase_wrong", |recipe| recipe.passphrase.make_ascii_lowercase());
    add("passphrase_wrong", |recipe| recipe.passphrase.make_ascii_uppercase());
    all
}

impl Recipe {
    /// The right way.
    pub fn correct(kind: Kind, passphrase: &Passphrase) -> Self {
        let is_checkout = kind == Kind::Checkout;
        Recipe {
            kind,
            order: match kind {
                Kind::Checkout => Order::Table,
                Kind::Itn => Order::Given,
                Kind::Api => Order::Alphabetical,
            },
            blanks: if is_checkout { Blanks::Dropped } else { Blanks::Kept },
            zeros_dropped: false,
            trim: if is_checkout { Trim::Php } else { Trim::Nothing },
            encoding: Encoding::Php,
            breaks: Breaks::Given,
            entities: Entities::Given,
            place: if kind == Kind::Api { Place::Sorted } else { Place::Last },
            passphrase: passphrase.bytes().to_vec(),
            passphrase_encoded: 1,
            passphrase_trimmed: is_checkout,
            passphrase_always: false,
            extra: &[],
            unknown_signed: false,
            left_out: &[],
            timestamp_raw: false,
        }
    }

    /// What is hashed.
    pub fn string(&self, fields: &[Pair]) -> SignedString {
        let mut parts: Vec<Part> = self
            .chosen(fields)
            .into_iter()
            .filter_map(|pair| self.part(pair))
            .collect();
        if self.order == Order::Alphabetical {
            parts.sort_by(|one, other| one.name.cmp(&other.name));
        }
        if let Some(passphrase) = self.passphrase_part() {
            let is_unsorted = self.kind == Kind::Api && self.order == Order::Given;
            let at = match self.place {
                Place::First => 0,
                Place::Sorted if !is_unsorted => {
                    // Whoever sorts the passphrase in sorts everything.
                    parts.sort_by(|one, other| one.name.cmp(&other.name));
                    parts.iter().filter(|part| part.name < passphrase.name).count()
                }
                _ => parts.len(),
            };
            parts.insert(at, passphrase);
        }
        SignedString { parts }
    }

    fn chosen(&self, fields: &[Pair]) -> Vec<Pair> {
        let is_signed = |name: &[u8]| {
            let named = |names: &[&str]| names.iter().any(|other| other.as_bytes() == name);
            if named(self.left_out) {
                return false;
            }
            if named(self.extra) {
                return true;
            }
            match self.kind {
                Kind::Checkout => {
                    let is_known = FIELDS.iter().any(|field| field.name.as_bytes() == name);
                    is_known || (self.unknown_signed && !named(&["signature", "setup", "passphrase"]))
                }
                Kind::Itn => name != b"signature",
                Kind::Api => !named(&["signature", "testing", "passphrase"]),
            }
        };
        let signed = |name: &[u8]| {
            (
                name.to_vec(),
                checkout::value_of(fields, &String::from_utf8_lossy(name)).to_vec(),
            )
        };
        if self.order == Order::Table || self.blanks == Blanks::Restored {
            return self.in_table_order(fields, is_signed);
        }
        if self.kind == Kind::Checkout {
            // Of duplicates the last value counts, at the first place, as in PHP.
            let mut seen: Vec<&[u8]> = Vec::new();
            for (name, _) in fields.iter().filter(|(name, _)| is_signed(name)) {
                if !seen.contains(&name.as_slice()) {
                    seen.push(name);
                }
            }
            return seen.into_iter().map(signed).collect();
        }
        fields.iter().filter(|(name, _)| is_signed(name)).cloned().collect()
    }

    fn in_table_order(&self, fields: &[Pair], is_signed: impl Fn(&[u8]) -> bool) -> Vec<Pair> {
        let table: Vec<&str> = match self.kind {
            Kind::Checkout => FIELDS.iter().map(|field| field.name).collect(),
            _ => ITN_FIELDS.to_vec(),
        };
        let has = |name: &str| fields.iter().any(|(known, _)| known == name.as_bytes());
        let is_restored = |name: &str| {
            self.blanks == Blanks::Restored
                && !has(name)
                && !matches!(name, "token" | "billing_date")
                && !name.starts_with("amount_")
        };
        let mut chosen: Vec<Pair> = table
            .iter()
            .filter(|name| (has(name) && is_signed(name.as_bytes())) || is_restored(name))
            .map(|name| (name.as_bytes().to_vec(), checkout::value_of(fields, name).to_vec()))
            .collect();
        let others = fields
            .iter()
            .filter(|(name, _)| !table.iter().any(|known| known.as_bytes() == name.as_slice()) && is_signed(name));
        chosen.extend(others.cloned());
        chosen
    }

    fn part(&self, (name, value): Pair) -> Option<Part> {
        if value.is_empty() && self.blanks == Blanks::Dropped || self.zeros_dropped && value == b"0" {
            return None;
        }
        let value = self.altered(&value);
        let value = match self.trim {
            Trim::Php => form::trim(&value).to_vec(),
            Trim::Nothing => value,
            Trim::Unicode => String::from_utf8_lossy(&value).trim().as_bytes().to_vec(),
        };
        let is_raw = self.timestamp_raw && name == b"timestamp";
        let encoded = if is_raw { value } else { self.encoding.apply(&value) };
        let is_secret = name == b"passphrase";
        Some(Part {
            name,
            value: encoded,
            is_secret,
        })
    }

    fn altered(&self, value: &[u8]) -> Vec<u8> {
        if self.breaks == Breaks::Given && self.entities == Entities::Given {
            return value.to_vec();
        }
        // Only ASCII is replaced, so bytes that are no text are left alone elsewhere.
        let Ok(text) = std::str::from_utf8(value) else {
            return value.to_vec();
        };
        let text = match self.breaks {
            Breaks::Given => text.to_owned(),
            Breaks::CrLf => text.replace("\r\n", "\n").replace('\n', "\r\n"),
            Breaks::Lf => text.replace("\r\n", "\n"),
            Breaks::Nothing => text.replace(['\r', '\n'], ""),
        };
        let text = match self.entities {
            Entities::Given => text,
            Entities::Escaped => text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#039;"),
            Entities::Unescaped => super::read::unescape(&text),
        };
        text.into_bytes()
    }

    fn passphrase_part(&self) -> Option<Part> {
        if self.place == Place::Nowhere || (self.passphrase.is_empty() && !self.passphrase_always) {
            return None;
        }
        let mut value = self.passphrase.clone();
        if self.passphrase_trimmed {
            value = form::trim(&value).to_vec();
        }
        for _ in 0..self.passphrase_encoded {
            value = self.encoding.apply(&value);
        }
        Some(Part {
            name: b"passphrase".to_vec(),
            value,
            is_secret: true,
        })
    }
}

impl Encoding {
    fn apply(self, value: &[u8]) -> Vec<u8> {
        if self == Encoding::Nothing {
            return value.to_vec();
        }
        let encoded = form::encode(value);
        let restore = |text: String, codes: &[(&str, &str)]| {
            codes
                .iter()
                .fold(text, |text, (code, character)| text.replace(code, character))
        };
        let js = [
            ("%21", "!"),
            ("%27", "'"),
            ("%28", "("),
            ("%29", ")"),
            ("%2A", "*"),
            ("%7E", "~"),
        ];
        match self {
            Encoding::Percent20 => encoded.replace('+', "%20"),
            Encoding::LowerHex => lower_hex(&encoded),
            Encoding::Js => restore(encoded.replace('+', "%20"), &js),
            Encoding::JsPlus => restore(encoded, &js),
            Encoding::TildeRaw => restore(encoded, &js[5..]),
            Encoding::StarRaw => restore(encoded, &js[4..5]),
            Encoding::Php | Encoding::Nothing => encoded,
        }
        .into_bytes()
    }
}

fn lower_hex(encoded: &str) -> String {
    let mut left = 0;
    let lower = |character: char| {
        if character == '%' {
            left = 2;
            return character;
        }
        if left > 0 {
            left -= 1;
            return character.to_ascii_lowercase();
        }
        character
    };
    encoded.chars().map(lower).collect()
}

struct Part {
    name: Vec<u8>,
    value: Vec<u8>,
    is_secret: bool,
}

impl Part {
    fn shown(&self) -> String {
        let value = if self.is_secret {
            "•••".into()
        } else {
            String::from_utf8_lossy(&self.value)
        };
        format!("{}={value}", String::from_utf8_lossy(&self.name))
    }
}

/// What is hashed, in parts, so that it can be shown without its passphrase.
pub struct SignedString {
    parts: Vec<Part>,
}

impl SignedString {
    pub fn signature(&self) -> String {
        format!("{:x}", md5::compute(self.bytes()))
    }

    pub fn shown(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(Part::shown).collect();
        parts.join("&")
    }

    pub fn is_same_as(&self, other: &SignedString) -> bool {
        self.bytes() == other.bytes()
    }

    /// Where two strings part, in characters as they are shown; the passphrase where only that differs.
    pub fn parts_from(&self, other: &SignedString) -> usize {
        let (mine, theirs) = (self.shown(), other.shown());
        if mine == theirs {
            let secret = mine.find("•••").unwrap_or(mine.len());
            return mine[..secret].chars().count();
        }
        mine.chars()
            .zip(theirs.chars())
            .take_while(|(one, two)| one == two)
            .count()
    }

    /// The field that a character belongs to, counted from 1.
    pub fn field_at(&self, at: usize) -> Option<(usize, String)> {
        let mut begin = 0;
        for (index, part) in self.parts.iter().enumerate() {
            let end = begin + part.shown().chars().count();
            // The `&` after a field counts to it.
            if at <= end && (at < end || index + 1 < self.parts.len()) {
                return Some((index + 1, String::from_utf8_lossy(&part.name).into_owned()));
            }
            begin = end + 1;
        }
        None
    }

    fn bytes(&self) -> Vec<u8> {
        let parts: Vec<Vec<u8>> = self
            .parts
            .iter()
            .map(|part| [part.name.as_slice(), b"=", &part.value].concat())
            .collect();
        parts.join(&b'&')
    }
}
