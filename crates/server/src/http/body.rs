//! Reading requests: JSON bodies, query strings and ids in paths, each refused by field and reason.

use std::{
    future::{Ready, ready},
    time::Duration,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use common::{ErrorCode, FieldError, ids::InvalidId};
use futures_util::{FutureExt, StreamExt, future::LocalBoxFuture};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{app::App, error::ApiError};

/// Largest JSON body; the biggest honest one is an invoice with many lines.
const JSON_MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting; the deepest honest body has three levels.
const JSON_MAX_DEPTH: usize = 16;

/// A JSON body. 415 for another content type, 413 when too large, 408 when too slow, 400 when it is no JSON, 422 by
/// field.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + Serialize> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request.content_type().eq_ignore_ascii_case("application/json");
        let payload = payload.take();
        let time = time_for_body(request);
        async move {
            if !is_json {
                return Err(ApiError::new(
                    ErrorCode::UnsupportedMediaType,
                    "send the body as JSON with the header Content-Type: application/json",
                ));
            }
            let bytes = read_limited(payload, JSON_MAX_BYTES, time).await?;
            parse_json(&bytes).map(Json)
        }
        .boxed_local()
    }
}

/// Longest time that a body may take.
pub fn time_for_body(request: &HttpRequest) -> Duration {
    let app = request
        .app_data::<web::Data<App>>()
        .expect("the application is registered in app.rs");
    app.config.http.client_timeout
}

/// Collects a body of at most `max` bytes, 413 above, within `time`, 408 after it.
pub async fn read_limited(payload: Payload, max: usize, time: Duration) -> Result<web::BytesMut, ApiError> {
    let slow = |_| {
        ApiError::new(
            ErrorCode::RequestTimeout,
            format!("the body did not arrive within {} seconds", time.as_secs()),
        )
    };
    tokio::time::timeout(time, collect(payload, max)).await.map_err(slow)?
}

async fn collect(mut payload: Payload, max: usize) -> Result<web::BytesMut, ApiError> {
    let mut bytes = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| ApiError::new(ErrorCode::Malformed, "the body ended before it was complete"))?;
        if bytes.len() + chunk.len() > max {
            return Err(ApiError::new(
                ErrorCode::PayloadTooLarge,
                format!("the body is larger than {max} bytes"),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn parse_json<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, ApiError> {
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to();
        return Err(ApiError::new(
            ErrorCode::Malformed,
            format!("the body is not UTF-8: byte {at} begins no character"),
        ));
    }
    if depth(bytes) > JSON_MAX_DEPTH {
        return Err(ApiError::new(
            ErrorCode::Invalid,
            format!("the body is nested deeper than {JSON_MAX_DEPTH} levels"),
        ));
    }
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(ApiError::new(ErrorCode::Invalid, "the body must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        if cause.is_data() {
            invalid(&path, &cause.to_string())
        } else {
            malformed(&cause.to_string())
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error.to_string()))?;
    match list_for_object(bytes, &value) {
        Some(path) => Err(ApiError::invalid(vec![FieldError::new(
            path,
            "invalid",
            "This must be a JSON object, not a list.",
        )])),
        None => Ok(value),
    }
}

/// How deep lists and objects are nested, without reading what they hold.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The field that was sent as a list though it is an object.
///
/// serde reads a list as the fields in order, and a field that is added later would change its meaning. What was
/// read writes itself as it should have been sent, so both are compared.
fn list_for_object<T: Serialize>(bytes: &[u8], read: &T) -> Option<String> {
    if !bytes.contains(&b'[') {
        return None;
    }
    let sent: Value = serde_json::from_slice(bytes).ok()?;
    compare("", &sent, &serde_json::to_value(read).ok()?)
}

fn compare(path: &str, sent: &Value, read: &Value) -> Option<String> {
    match (sent, read) {
        (Value::Array(_), Value::Object(_)) => Some(path.to_owned()),
        (Value::Array(sent), Value::Array(read)) => sent
            .iter()
            .zip(read)
            .enumerate()
            .find_map(|(index, (sent, read))| compare(&format!("{path}[{index}]"), sent, read)),
        (Value::Object(sent), Value::Object(read)) => sent.iter().find_map(|(name, sent)| {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            compare(&path, sent, read.get(name)?)
        }),
        _ => None,
    }
}

fn malformed(cause: &str) -> ApiError {
    ApiError::new(ErrorCode::Malformed, format!("the body is not JSON: {cause}"))
}

/// Turns serde's words into a field error; serde names missing and unknown fields between backticks.
fn invalid(path: &str, cause: &str) -> ApiError {
    let named = cause.split('`').nth(1).unwrap_or_default();
    let inside = |name: &str| match path {
        "" | "." => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    let cause = cause.split(" at line ").next().unwrap_or(cause);
    let error = if cause.starts_with("missing field") {
        FieldError::new(inside(named), "required", "This field is required.")
    } else if cause.starts_with("duplicate field") {
        FieldError::new(inside(named), "duplicate", "This field is given twice.")
    } else if cause.starts_with("unknown field") {
        let known = path
            .strip_suffix(named)
            .map_or_else(|| inside(named), |_| path.to_owned());
        FieldError::new(known, "unknown", "This field is not known.")
    } else {
        FieldError::new(if path == "." { "" } else { path }, "invalid", in_words(cause))
    };
    ApiError::invalid(vec![error])
}

/// What the standard library's readers of numbers and flags say, in words that tell what to send.
fn in_words(cause: &str) -> &str {
    match cause {
        "invalid digit found in string" | "cannot parse integer from empty string" => "This must be a whole number.",
        "number too large to fit in target type" => "This number is too large.",
        "number too small to fit in target type" => "This number is too small.",
        "provided string was not `true` or `false`" => "This must be true or false.",
        _ => cause,
    }
}

/// A query string; an unknown parameter or value is 422. A list is a parameter that is repeated.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let deserializer = serde_html_form::Deserializer::new(form_pairs(request.query_string()));
        ready(
            serde_path_to_error::deserialize(deserializer)
                .map(Query)
                .map_err(|error| {
                    let path = error.path().to_string();
                    // A repeated parameter is one field.
                    let path = path.split('[').next().unwrap_or_default();
                    invalid(path, &error.into_inner().to_string())
                }),
        )
    }
}

fn form_pairs(query: &str) -> url::form_urlencoded::Parse<'_> {
    url::form_urlencoded::parse(query.as_bytes())
}

/// The id in a path; text that is no id is 404, as an id that nobody has.
pub struct IdPath<T>(pub T);

impl<T> FromRequest for IdPath<T>
where
    T: TryFromId,
{
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get(T::PARAMETER).unwrap_or_default();
        ready(
            T::try_from_id(text)
                .map(IdPath)
                .map_err(|_| ApiError::not_found(T::WHAT)),
        )
    }
}

/// Ids that stand in paths, with the word for what they name.
pub trait TryFromId: Sized {
    const WHAT: &'static str;
    /// Name of its place in the path.
    const PARAMETER: &'static str;
    fn try_from_id(text: &str) -> Result<Self, InvalidId>;
}

macro_rules! path_ids {
    ($($id:ident = $what:literal in $parameter:literal),+ $(,)?) => { $(
        impl TryFromId for common::ids::$id {
            const WHAT: &'static str = $what;
            const PARAMETER: &'static str = $parameter;
            fn try_from_id(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
    )+ };
}

path_ids! {
    AccountId = "account" in "id",
    ApiKeyId = "API key" in "id",
    CreditNoteId = "credit note" in "id",
    InvitationId = "invitation" in "invitation_id",
    InvoiceId = "invoice" in "id",
    ItnId = "notification" in "id",
    PaymentId = "payment" in "id",
    PaymentMethodId = "payment method" in "id",
    ReconciliationId = "reconciliation" in "id",
    RefundId = "refund" in "id",
    SessionId = "session" in "id",
    ThreadId = "thread" in "id",
    UserId = "member" in "user_id",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_of(body: &str) -> (String, String) {
        match parse_json::<common::accounts::AccountChange>(body.as_bytes()) {
            Err(ApiError::Refused {
                code: ErrorCode::Invalid,
                errors,
                ..
            }) => (errors[0].field.clone(), errors[0].code.clone()),
            Err(ApiError::Refused { code, .. }) => (String::new(), code.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn refusals_name_the_field() {
        let named = |field: &str, code: &str| (field.to_owned(), code.to_owned());
        assert_eq!(field_of(r#"{"plan":"FREE"}"#), named("plan", "unknown"));
        assert_eq!(field_of(r#"{"company_name":7}"#), named("company_name", "invalid"));
        assert_eq!(
            field_of(r#"{"billing_address":{"line1":"x"}}"#),
            named("billing_address.city", "required")
        );
        assert_eq!(
            field_of(r#"{"billing_address":{"line9":"x"}}"#),
            named("billing_address.line9", "unknown")
        );
        assert_eq!(field_of("{"), named("", "malformed"));
        assert_eq!(field_of("{} x"), named("", "malformed"));
    }

    #[test]
    fn numbers_and_flags_of_an_address_are_refused_in_words() {
        for (query, field, message) in [
            ("min=abc", "min", "This must be a whole number."),
            ("min=99999999999999999999", "min", "This number is too large."),
            ("max=-99999999999999999999", "max", "This number is too small."),
        ] {
            let request = actix_web::test::TestRequest::with_uri(&format!("/?{query}")).to_http_request();
            let read =
                Query::<common::invoices::InvoiceFilter>::from_request(&request, &mut Payload::None).into_inner();
            match read.map(|_| ()) {
                Err(ApiError::Refused { errors, .. }) => {
                    assert_eq!((errors[0].field.as_str(), errors[0].message.as_str()), (field, message));
                }
                other => panic!("{query}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_list_is_no_object_at_any_depth() {
        let list = r#"{"billing_address":["1 Main Road",null,"Prince Albert","6930","ZA"]}"#;
        assert_eq!(field_of(list), ("billing_address".to_owned(), "invalid".to_owned()));
    }

    #[test]
    fn nesting_is_counted_outside_texts_only() {
        assert_eq!(depth(br#"{"a":[{"b":1}]}"#), 3);
        assert_eq!(depth(br#"{"a":"[[[[\"[[["}"#), 1);
        assert_eq!(depth(b"[[[]][]"), 3);
        assert_eq!(depth(b"]]]][["), 2);
        let deep = format!(r#"{{"company_name":{}1{}}}"#, "[".repeat(16), "]".repeat(16));
        match parse_json::<common::accounts::AccountChange>(deep.as_bytes()) {
            Err(ApiError::Refused { detail, .. }) => assert_eq!(detail, "the body is nested deeper than 16 levels"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn broken_text_is_named_by_its_place() {
        match parse_json::<common::accounts::AccountChange>(b"{\"company_name\":\"\xff\"}") {
            Err(ApiError::Refused { code, detail, .. }) => {
                assert_eq!(code, ErrorCode::Malformed);
                assert_eq!(detail, "the body is not UTF-8: byte 17 begins no character");
            }
            other => panic!("{other:?}"),
        }
    }
}
