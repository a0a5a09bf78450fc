//! Reads what people paste: a body or query, lines, an HTML form, a JSON object, or an HTTP request as it was sent.

use super::Kind;
use crate::form::{self, Pair};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use std::fmt;

/// Headers that the API signs.
const SIGNED_HEADERS: [&str; 4] = ["merchant-id", "version", "timestamp", "signature"];
/// Names of HTTP itself, which are never PayFast's.
const OTHER_HEADERS: [&str; 10] = [
    "host",
    "content-type",
    "content-length",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "authorization",
    "origin",
];

/// Every field, in order.
pub fn fields(kind: Kind, text: &str) -> Vec<Pair> {
    let text = text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if let Some(pairs) = json(text) {
        return pairs;
    }
    if text.to_ascii_lowercase().contains("<input") {
        return html(text);
    }
    let is_one_line = !text.contains(['\n', '\r']);
    let (equals, colon) = (text.find('='), text.find(": "));
    if is_one_line && equals.is_some() && colon.is_none_or(|colon| equals < Some(colon)) {
        return query(text);
    }
    lines(kind, text)
}

/// A body, a query, or an address with one.
fn query(text: &str) -> Vec<Pair> {
    let query = match text.split_once('?') {
        Some((before, after)) if !before.contains('=') => after,
        _ => text,
    };
    form::parse(query.split('#').next().unwrap_or_default().as_bytes())
}

fn lines(kind: Kind, text: &str) -> Vec<Pair> {
    // A JSON body after headers.
    if let Some(at) = text.find("\n{").filter(|_| kind == Kind::Api)
        && let Some(body) = json(text[at..].trim())
    {
        let mut pairs = lines(kind, &text[..at]);
        pairs.extend(body);
        return pairs;
    }
    let mut pairs = Vec::new();
    for line in text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()) {
        let method = ["GET ", "POST ", "PUT ", "PATCH "]
            .iter()
            .find_map(|verb| line.strip_prefix(verb));
        if let Some(target) = method {
            let target = target.split(' ').next().unwrap_or_default();
            if let Some((_, after)) = target.split_once('?') {
                pairs.extend(form::parse(after.as_bytes()));
            }
            continue;
        }
        let colon = line.find(':');
        let equals = line.find('=');
        if is_body(line) {
            pairs.extend(query(line.trim()));
            continue;
        }
        let at = match (colon, equals) {
            (Some(colon), Some(equals)) => colon.min(equals),
            (Some(at), None) | (None, Some(at)) => at,
            (None, None) => continue,
        };
        let name = line[..at].trim().trim_matches('"');
        // After a colon comes a space that is not part of the value.
        let value = line[at + 1..].strip_prefix(' ').unwrap_or(&line[at + 1..]);
        let lower = name.to_ascii_lowercase();
        if OTHER_HEADERS.contains(&lower.as_str()) {
            continue;
        }
        let is_header = kind == Kind::Api && SIGNED_HEADERS.contains(&lower.as_str());
        let name = if is_header { lower } else { name.to_owned() };
        pairs.push((name.into_bytes(), value.as_bytes().to_vec()));
    }
    pairs
}

/// Whether a line is a whole body: each part of it has a name, which a value with an `&` in it has not.
fn is_body(line: &str) -> bool {
    let has_name = |part: &str| {
        let name = part.split_once('=').map(|(name, _)| name.trim());
        name.is_some_and(|name| !name.is_empty() && name.bytes().all(form::is_unreserved))
    };
    line.contains('&') && line.split('&').all(has_name)
}

/// Inputs of a form, with the names and values of their attributes as a browser would read them.
fn html(text: &str) -> Vec<Pair> {
    let lower = text.to_ascii_lowercase();
    let mut pairs = Vec::new();
    let mut from = 0;
    while let Some(start) = lower[from..].find("<input").map(|at| from + at + "<input".len()) {
        let end = end_of_tag(text, start);
        let attributes = attributes(&text[start..end]);
        let get = |name: &str| {
            attributes
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value)
        };
        let is_button = get("type").is_some_and(|kind| matches!(kind.as_str(), "submit" | "button" | "image"));
        if let Some(name) = get("name").filter(|_| !is_button) {
            let value = get("value").cloned().unwrap_or_default();
            pairs.push((name.clone().into_bytes(), value.into_bytes()));
        }
        from = end;
    }
    pairs
}

/// The `>` that closes a tag, outside quotation marks.
fn end_of_tag(text: &str, from: usize) -> usize {
    let mut quote = None;
    for (at, character) in text[from..].char_indices() {
        match (quote, character) {
            (None, '>') => return from + at,
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = tag.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '/'))
            .unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|first| matches!(first, '"' | '\''));
            let (raw, left) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
            value = unescape(raw);
            rest = left;
        }
        if !name.is_empty() {
            found.push((name, value));
        }
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
    }
    found
}

/// HTML's entities that shops meet, and all numbers.
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest[1..]
            .split_once(';')
            .map(|(entity, _)| entity)
            .filter(|entity| entity.len() <= 8);
        match entity.and_then(|entity| Some((entity.len(), character_of(entity)?))) {
            Some((length, character)) => {
                plain.push(character);
                rest = &rest[length + 2..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain + rest
}

fn character_of(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// A JSON object in its order; what lies in `headers`, `query`, `body` and the like counts as if it stood outside.
fn json(text: &str) -> Option<Vec<Pair>> {
    if !text.starts_with('{') {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let Value::Object(entries) = reader.deserialize_any(ValueVisitor).ok()? else {
        return None;
    };
    reader.end().ok()?;
    let mut pairs = Vec::new();
    flatten(entries, &mut pairs);
    Some(pairs)
}

fn flatten(entries: Vec<(String, Value)>, pairs: &mut Vec<Pair>) {
    for (name, value) in entries {
        match value {
            Value::Object(inner) => flatten(inner, pairs),
            Value::Text(text) => pairs.push((name.into_bytes(), text.into_bytes())),
            Value::Other => {}
        }
    }
}

/// JSON with the order of its names, which `serde_json` alone would sort.
enum Value {
    Object(Vec<(String, Value)>),
    Text(String),
    /// A list, which nothing of PayFast's has.
    Other,
}

struct ValueVisitor;

impl<'de> de::DeserializeSeed<'de> for ValueVisitor {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Text(u8::from(yes).to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Text(String::new()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        while list.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            entries.push((name, map.next_value_seed(ValueVisitor)?));
        }
        Ok(Value::Object(entries))
    }
}
