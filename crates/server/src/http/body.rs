//! Reading requests: JSON bodies, query strings and ids in paths, each refused by field and reason.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use common::{ErrorCode, FieldError, ids::InvalidId};
use futures_util::{FutureExt, StreamExt, future::LocalBoxFuture};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Largest JSON body; the biggest honest one is an invoice with many lines.
const JSON_MAX_BYTES: usize = 64 * 1024;

/// A JSON body. 415 for another content type, 413 when too large, 400 when it is no JSON, 422 by field.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request.content_type().eq_ignore_ascii_case("application/json");
        let payload = payload.take();
        async move {
            if !is_json {
                return Err(ApiError::new(
                    ErrorCode::UnsupportedMediaType,
                    "send the body as JSON with the header Content-Type: application/json",
                ));
            }
            let bytes = read_limited(payload, JSON_MAX_BYTES).await?;
            parse_json(&bytes).map(Json)
        }
        .boxed_local()
    }
}

/// Collects a body of at most `max` bytes; 413 above.
pub async fn read_limited(mut payload: Payload, max: usize) -> Result<web::BytesMut, ApiError> {
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

fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // serde would read a list as the fields in order; a field that is added later would change its meaning.
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
    Ok(value)
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
        FieldError::new(if path == "." { "" } else { path }, "invalid", cause)
    };
    ApiError::invalid(vec![error])
}

/// A query string; an unknown parameter or value is 422.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let deserializer = serde_urlencoded::Deserializer::new(form_pairs(request.query_string()));
        ready(
            serde_path_to_error::deserialize(deserializer)
                .map(Query)
                .map_err(|error| {
                    let path = error.path().to_string();
                    invalid(&path, &error.into_inner().to_string())
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
    InvitationId = "invitation" in "invitation_id",
    InvoiceId = "invoice" in "id",
    ItnId = "notification" in "id",
    PaymentId = "payment" in "id",
    SessionId = "session" in "id",
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
}
