//! Versions of documents that people edit: `ETag` on answers, `If-Match` on changes (RFC 9110 section 13.1.1).

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use common::FieldError;

use crate::error::ApiError;

/// The versions that a change is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// The header is absent.
    Absent,
    /// `*`: whatever it is.
    Any,
    /// Any of these; weak tags and those of others are none.
    Versions(Vec<i64>),
}

impl IfMatch {
    fn parse(text: &str) -> Result<Self, FieldError> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        let mut versions = Vec::new();
        for tag in text.split(',').map(str::trim) {
            let strong = tag.strip_prefix("W/").unwrap_or(tag);
            let Some(inside) = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
                return Err(FieldError::new(
                    "If-Match",
                    "invalid",
                    "Send the ETag of the document, with its quotes.",
                ));
            };
            // A weak tag matches nothing here.
            versions.extend(inside.parse::<i64>().ok().filter(|_| strong == tag));
        }
        Ok(Self::Versions(versions))
    }

    /// Whether the change may go on: it is meant for this version, or for any.
    pub fn allows(&self, version: i64) -> bool {
        match self {
            Self::Absent | Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(header::IF_MATCH);
        ready(match header {
            None => Ok(Self::Absent),
            Some(value) => Self::parse(value.to_str().unwrap_or_default()).map_err(Into::into),
        })
    }
}

/// The header of a document of this version.
pub fn etag(version: i64) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{version}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_strongly() {
        for (text, allowed) in [
            ("\"3\"", true),
            ("*", true),
            ("\"2\", \"3\"", true),
            ("\"2\"", false),
            ("W/\"3\"", false),
            ("\"x\"", false),
            ("\"\"", false),
        ] {
            assert_eq!(IfMatch::parse(text).unwrap().allows(3), allowed, "{text}");
        }
        for broken in ["3", "", "\"3", "\"2\" \"3\",", "W/3"] {
            assert_eq!(IfMatch::parse(broken).unwrap_err().field, "If-Match", "{broken}");
        }
        assert!(IfMatch::Absent.allows(3));
    }
}
