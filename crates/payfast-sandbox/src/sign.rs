//! Signs JSON lines, for programs in any language that want to compare their signature.
//!
//! A line is `{"kind": "checkout|onsite|itn|api", "input": [[name, value], …], "passphrase": string|null}`, for a
//! notification also `"raw_body"`, which decides. The answer has `param_string`, `signature` and, for a notification,
//! `valid`: the verdict on the signature that came with it.

use payfast::form::{self, Pair};
use payfast::{Itn, ParamString, Passphrase, api, checkout};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

/// Why a line cannot be signed; it never repeats what the line held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// Not JSON, or not an object of that form.
    #[error("the line is not a JSON object with kind, input and passphrase")]
    Malformed,
    /// A value that has no one way to be written.
    #[error("a value is a string, an integer, a boolean or {{\"hex\": \"…\"}}")]
    Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Checkout,
    Onsite,
    Itn,
    Api,
}

#[derive(Deserialize)]
struct Line {
    kind: Kind,
    #[serde(default)]
    input: Vec<(Value, Value)>,
    #[serde(default)]
    passphrase: Option<String>,
    #[serde(default)]
    raw_body: Option<Value>,
}

/// Answers each line of `input` with a line; says whether all could be signed.
///
/// A line that cannot is answered with `{"error": …}`, so answers stay in step. Blank lines are skipped.
pub fn lines(mut input: impl BufRead, mut output: impl Write) -> io::Result<bool> {
    let mut all_signed = true;
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if !line.trim_ascii().is_empty() {
            let answer = self::line(&line).unwrap_or_else(|error| {
                all_signed = false;
                json!({ "error": error.to_string() })
            });
            writeln!(output, "{answer}")?;
            output.flush()?;
        }
        line.clear();
    }
    Ok(all_signed)
}

/// Answers one line.
///
/// ```
/// let answer = payfast_sandbox::sign::line(br#"{"kind":"api","input":[["version","v1"]],"passphrase":null}"#)?;
/// assert_eq!(answer["param_string"], "version=v1");
/// # Ok::<(), payfast_sandbox::sign::SignError>(())
/// ```
pub fn line(line: &[u8]) -> Result<Value, SignError> {
    let line: Line = serde_json::from_slice(line).map_err(|_| SignError::Malformed)?;
    let passphrase = line.passphrase.map(Passphrase::new);
    let passphrase = passphrase.as_ref();
    let fields: Vec<Pair> = line
        .input
        .iter()
        .map(|(name, value)| Ok((bytes(name)?, bytes(value)?)))
        .collect::<Result<_, _>>()?;
    Ok(match line.kind {
        Kind::Checkout | Kind::Onsite => answer(&checkout::param_string(&fields, passphrase)),
        Kind::Api => answer(&api::param_string(&fields, passphrase)),
        Kind::Itn => {
            let body = match &line.raw_body {
                Some(body) => bytes(body)?,
                None => form::body(&fields).into_bytes(),
            };
            let itn = Itn::parse(&body);
            let mut answer = answer(&itn.param_string(passphrase));
            answer["valid"] = itn.verify(passphrase).into();
            answer
        }
    })
}

/// The string with its passphrase: this is the tool's purpose, and it goes only where the passphrase came from.
fn answer(string: &ParamString) -> Value {
    json!({ "param_string": String::from_utf8_lossy(string.expose()), "signature": string.signature() })
}

fn bytes(value: &Value) -> Result<Vec<u8>, SignError> {
    match value {
        Value::String(text) => Ok(text.clone().into_bytes()),
        Value::Number(number) if !number.is_f64() => Ok(number.to_string().into_bytes()),
        Value::Bool(is_true) => Ok(if *is_true { b"1".to_vec() } else { b"0".to_vec() }),
        Value::Object(object) => object
            .get("hex")
            .filter(|_| object.len() == 1)
            .and_then(Value::as_str)
            .and_then(unhex)
            .ok_or(SignError::Value),
        _ => Err(SignError::Value),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(line: &str) -> Value {
        self::line(line.as_bytes()).unwrap()
    }

    #[test]
    fn values_are_text_integers_booleans_or_bytes() {
        let answer = signed(
            r#"{"kind":"api","input":[["a","x y"],["b",-7],["c",true],["d",false],["e",{"hex":"00fF"}]],"passphrase":""}"#,
        );
        assert_eq!(answer["param_string"], "a=x+y&b=-7&c=1&d=0&e=%00%FF");
        for value in ["1.5", "null", "[]", "{}", r#"{"hex":"0"}"#, r#"{"hex":"zz"}"#] {
            let line = format!(r#"{{"kind":"api","input":[["a",{value}]]}}"#);
            assert_eq!(self::line(line.as_bytes()), Err(SignError::Value), "{value}");
        }
    }

    #[test]
    fn raw_body_decides() {
        let answer =
            signed(r#"{"kind":"itn","raw_body":"a=1&signature=3872c9ae3f427af0be0ead09d07ae2cf","input":[["a","2"]]}"#);
        assert_eq!(
            answer,
            json!({"param_string": "a=1", "signature": "3872c9ae3f427af0be0ead09d07ae2cf", "valid": true})
        );
        let answer = signed(r#"{"kind":"itn","input":[["a","1"],["signature","3872c9ae3f427af0be0ead09d07ae2cf"]]}"#);
        assert_eq!(answer["valid"], true);
    }

    #[test]
    fn bad_lines_are_answered_in_step_and_not_repeated() {
        let input = "{\"kind\":\"api\",\"passphrase\":\"s3cret\",}\n\n{\"kind\":\"api\",\"input\":[]}";
        let mut output = Vec::new();
        assert!(!lines(input.as_bytes(), &mut output).unwrap());
        let output = String::from_utf8(output).unwrap();
        assert_eq!(output.lines().count(), 2);
        assert!(!output.contains("s3cret"), "{output}");
    }
}
