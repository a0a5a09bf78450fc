//! A browser's worth of HTTP/1.1 (RFC 9112) over a plain socket: cookies, forms, two kinds of bodies.
//!
//! One connection per request; only for programs on this machine that we started ourselves.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::failure::{Failure, OrFail, Outcome};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Speaks to one origin and keeps its cookies.
pub struct Client {
    /// `http://host:port`.
    origin: String,
    cookies: BTreeMap<String, String>,
}

pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    pub fn get(&mut self, path: &str) -> Outcome<Response> {
        self.send("GET", path, &[], "")
    }

    /// Posts fields as a form, in order.
    pub fn post_form(&mut self, path: &str, fields: &[(String, String)]) -> Outcome<Response> {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Origin", "null"),
        ];
        self.send("POST", path, &headers, &body.join("&"))
    }

    /// `path` may be a whole address of this origin, as redirects give it.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Outcome<Response> {
        let path = path.strip_prefix(self.origin.as_str()).unwrap_or(path);
        let host = self.origin.trim_start_matches("http://");
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAccept: */*\r\nContent-Length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request.push_str(&format!("Cookie: {}\r\n", pairs.join("; ")));
        }
        request.push_str("\r\n");
        request.push_str(body);
        let what = format!("{method} {}{path}", self.origin);
        let bytes = exchange(host, request.as_bytes()).or_fail(&what, "is the program still running? Read its log")?;
        let response = parse(&bytes).ok_or_else(|| {
            Failure::new(
                format!("{what}: the answer is not HTTP"),
                "does another program use the port?",
            )
        })?;
        self.keep_cookies(&response);
        Ok(response)
    }

    fn keep_cookies(&mut self, response: &Response) {
        for (name, value) in &response.headers {
            if !name.eq_ignore_ascii_case("set-cookie") {
                continue;
            }
            let pair = value.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

fn exchange(host: &str, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(request)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Option<Response> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let mut response = Response {
        status,
        headers,
        body: String::new(),
    };
    let raw = &bytes[end + 4..];
    let is_chunked = response
        .header("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let body = if is_chunked { join_chunks(raw)? } else { raw.to_vec() };
    response.body = String::from_utf8_lossy(&body).into_owned();
    Some(response)
}

fn join_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The first form of a page that has a button whose text starts with `button`: its action, its fields.
///
/// A select gives the value that `choose` names for it, a button its own name and value.
pub fn form_with_button(page: &str, button: &str, choose: (&str, &str)) -> Option<(String, Vec<(String, String)>)> {
    page.split("<form").skip(1).find_map(|text| {
        let form = text.split("</form>").next()?;
        let (open, inside) = form.split_once('>')?;
        let pressed = inside.split("<button").skip(1).find_map(|text| {
            let (tag, label) = text.split_once('>')?;
            let label = label.split("</button>").next()?;
            let words = without_tags(label);
            words.trim().starts_with(button).then_some(tag)
        })?;
        let mut fields: Vec<(String, String)> = inside
            .split("<input")
            .skip(1)
            .filter_map(|text| text.split_once('>'))
            .filter_map(|(tag, _)| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
            .collect();
        if inside
            .split("<select")
            .skip(1)
            .any(|tag| attribute(tag, "name").as_deref() == Some(choose.0))
        {
            fields.push((choose.0.to_owned(), choose.1.to_owned()));
        }
        if let Some(name) = attribute(pressed, "name") {
            fields.push((name, attribute(pressed, "value").unwrap_or_default()));
        }
        let action = attribute(pressed, "formaction").or_else(|| attribute(open, "action"))?;
        Some((action, fields))
    })
}

fn without_tags(html: &str) -> String {
    html.split('<')
        .enumerate()
        .map(|(index, part)| {
            if index == 0 {
                part
            } else {
                part.split_once('>').map_or("", |(_, text)| text)
            }
        })
        .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let value = tag.split_once(&format!(" {name}=\""))?.1.split('"').next()?;
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunked_answer_is_joined() {
        let bytes =
            b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3;x=y\r\n:1}\r\n0\r\n\r\n";
        let response = parse(bytes).unwrap();
        assert_eq!((response.status, response.body.as_str()), (201, "{\"a\":1}"));
    }

    #[test]
    fn cookies_are_kept_without_their_attributes() {
        let mut client = Client::new("http://127.0.0.1:1");
        let response =
            parse(b"HTTP/1.1 200 OK\r\nSet-Cookie: id=7; Path=/; HttpOnly\r\nset-cookie: b=2\r\n\r\n").unwrap();
        client.keep_cookies(&response);
        assert_eq!(client.cookies.get("id").map(String::as_str), Some("7"));
        assert_eq!(client.cookies.get("b").map(String::as_str), Some("2"));
    }

    #[test]
    fn form_values_are_encoded() {
        assert_eq!(encode("R5 & é"), "R5+%26+%C3%A9");
    }

    #[test]
    fn form_of_a_button_is_found() {
        let page = r#"<form action="/cancel"><button>Cancel</button></form>
            <form method="post" action="/pay/1?a=1&amp;b=2"><input type="hidden" name="t" value="x&quot;">
            <select name="fault"><option>none</option></select><button name="go" value="1"> <b>Pay</b> R5.00</button></form>"#;
        let (action, fields) = form_with_button(page, "Pay", ("fault", "none")).unwrap();
        assert_eq!(action, "/pay/1?a=1&b=2");
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(fields, [("t", "x\""), ("fault", "none"), ("go", "1")]);
    }
}
