//! Just enough JSON (RFC 8259) to read answers of our own server and reports of our own tools.

#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Json::as_text)
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A count or size; zero when it is absent.
    pub fn number(&self, name: &str) -> u64 {
        match self.get(name) {
            Some(Json::Number(number)) if *number >= 0.0 => *number as u64,
            _ => 0,
        }
    }

    /// The items of a list; none when it is absent.
    pub fn list(&self, name: &str) -> &[Json] {
        self.get(name).map_or(&[], Json::items)
    }

    pub fn items(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            _ => &[],
        }
    }
}

/// Writes `text` as a JSON string.
pub fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

pub fn parse(text: &str) -> Result<Json, String> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value()?;
    parser.space();
    if parser.at == text.len() {
        Ok(value)
    } else {
        Err(parser.wrong("end of text"))
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn value(&mut self) -> Result<Json, String> {
        self.space();
        match self.peek() {
            Some('{') => self.object(),
            Some('[') => self.list(),
            Some('"') => self.string().map(Json::Text),
            Some('t') => self.word("true", Json::Bool(true)),
            Some('f') => self.word("false", Json::Bool(false)),
            Some('n') => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self) -> Result<Json, String> {
        let mut members = Vec::new();
        self.expect('{')?;
        self.space();
        while self.peek() != Some('}') {
            self.space();
            let name = self.string()?;
            self.space();
            self.expect(':')?;
            members.push((name, self.value()?));
            self.space();
            if self.peek() == Some(',') {
                self.at += 1;
            } else if self.peek() != Some('}') {
                return Err(self.wrong("`,` or `}`"));
            }
        }
        self.at += 1;
        Ok(Json::Object(members))
    }

    fn list(&mut self) -> Result<Json, String> {
        let mut items = Vec::new();
        self.expect('[')?;
        self.space();
        while self.peek() != Some(']') {
            items.push(self.value()?);
            self.space();
            if self.peek() == Some(',') {
                self.at += 1;
            } else if self.peek() != Some(']') {
                return Err(self.wrong("`,` or `]`"));
            }
        }
        self.at += 1;
        Ok(Json::List(items))
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect('"')?;
        let mut string = String::new();
        loop {
            let character = self.next().ok_or("unfinished string")?;
            match character {
                '"' => return Ok(string),
                '\\' => string.push(self.escape()?),
                character => string.push(character),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        Ok(match self.next().ok_or("unfinished escape")? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let first = self.hex()?;
                let mut units = vec![first];
                if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    units.push(self.hex()?);
                }
                char::decode_utf16(units)
                    .next()
                    .and_then(Result::ok)
                    .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => other,
        })
    }

    fn hex(&mut self) -> Result<u16, String> {
        let digits = self.text.get(self.at..self.at + 4).ok_or("unfinished escape")?;
        self.at += 4;
        u16::from_str_radix(digits, 16).map_err(|error| error.to_string())
    }

    fn number(&mut self) -> Result<Json, String> {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c)))
            .unwrap_or(rest.len());
        let number = rest[..end].parse().map_err(|_| self.wrong("a value"))?;
        self.at += end;
        Ok(Json::Number(number))
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, String> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.wrong(word));
        }
        self.at += word.len();
        Ok(value)
    }

    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn expect(&mut self, character: char) -> Result<(), String> {
        if self.next() == Some(character) {
            Ok(())
        } else {
            Err(self.wrong(&format!("`{character}`")))
        }
    }

    fn wrong(&self, wanted: &str) -> String {
        format!("JSON: expected {wanted} at byte {}", self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_are_read() {
        let json = parse(r#" {"a":[1,-2.5e1,true,null,"x\n\"\u00e9\ud83d\ude00"],"b":{}, "c": []} "#).unwrap();
        let items = json.get("a").unwrap().items();
        assert_eq!(items[1], Json::Number(-25.0));
        assert_eq!(items[4].as_text(), Some("x\n\"é😀"));
        assert_eq!(json.get("b"), Some(&Json::Object(Vec::new())));
    }

    #[test]
    fn broken_text_is_refused() {
        for text in ["", "{", "[1 2]", "\"a", "{\"a\" 1}", "1 2", "\"\\u12\"", "tru"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quoted_text_reads_back() {
        let text = "a\"b\\c\n\u{1}é";
        assert_eq!(parse(&quote(text)), Ok(Json::Text(text.to_owned())));
    }
}
