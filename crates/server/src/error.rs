//! Refusals and failures on their way to the client; the only place that knows status codes.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use common::{ErrorCode, FieldError, Problem};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::http::request_id;

/// Why a request was not done.
#[derive(Debug)]
pub enum ApiError {
    /// The caller can do something about it.
    Refused {
        code: ErrorCode,
        detail: String,
        errors: Vec<FieldError>,
        retry_after_seconds: Option<u64>,
    },
    /// Our fault: logged once, told as a fixed text.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Refused {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_seconds: None,
        }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(
            ErrorCode::NotFound,
            format!("this {what} does not exist or belongs to another account"),
        )
    }

    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Conflict, detail)
    }

    /// One or more fields have values that are not allowed.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self::with_fields(ErrorCode::Invalid, errors)
    }

    pub fn with_fields(code: ErrorCode, errors: Vec<FieldError>) -> Self {
        let detail = errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.message))
            .collect::<Vec<_>>();
        Self::Refused {
            code,
            detail: detail.join(" "),
            errors,
            retry_after_seconds: None,
        }
    }

    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::Refused {
            code: ErrorCode::Unavailable,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_seconds: Some(5),
        }
    }

    /// Too many requests of one kind; the next one passes after `seconds`.
    pub fn rate_limited(seconds: u64) -> Self {
        let seconds = seconds.max(1);
        Self::Refused {
            code: ErrorCode::RateLimited,
            detail: format!("Too many tries. You can try again in {}.", in_words(seconds)),
            errors: Vec::new(),
            retry_after_seconds: Some(seconds),
        }
    }

    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    fn code(&self) -> ErrorCode {
        match self {
            ApiError::Refused { code, .. } => *code,
            ApiError::Internal(_) => ErrorCode::Internal,
        }
    }
}

/// Rounded up, so that nobody comes back too early.
fn in_words(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        91..=5400 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3600)),
    }
}

fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Malformed => StatusCode::BAD_REQUEST,
        ErrorCode::NotSignedIn | ErrorCode::InvalidCredentials | ErrorCode::MfaRequired => StatusCode::UNAUTHORIZED,
        ErrorCode::EmailUnverified
        | ErrorCode::Forbidden
        | ErrorCode::Csrf
        | ErrorCode::MfaEnrolmentRequired
        | ErrorCode::SignInAgain
        | ErrorCode::InvitationForAnotherAddress
        | ErrorCode::ScopeMissing => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::Conflict
        | ErrorCode::IdempotencyMismatch
        | ErrorCode::IdempotencyInFlight
        | ErrorCode::LastOwner
        | ErrorCode::EmailTaken => StatusCode::CONFLICT,
        ErrorCode::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ErrorCode::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        ErrorCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::Invalid
        | ErrorCode::AccountRequired
        | ErrorCode::TokenInvalid
        | ErrorCode::BillingDetailsMissing => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        ErrorCode::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApiError::Refused { detail, .. } => f.write_str(detail),
            ApiError::Internal(_) => f.write_str("the server could not do this; nothing was changed"),
        }
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ApiError::Refused { .. } => None,
            ApiError::Internal(cause) => Some(&**cause),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        status_of(self.code())
    }

    fn error_response(&self) -> HttpResponse {
        let request_id = request_id::current();
        let status = self.status_code();
        let (errors, retry_after_seconds) = match self {
            ApiError::Refused {
                errors,
                retry_after_seconds,
                ..
            } => (errors.clone(), *retry_after_seconds),
            ApiError::Internal(error) => {
                tracing::error!(request.id = %request_id, error = %error, "A request failed");
                (Vec::new(), None)
            }
        };
        let mut response = HttpResponse::build(status);
        if let Some(seconds) = retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        // RFC 9110 section 15.5.2; browsers ask nobody for a password because of this scheme.
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.content_type("application/problem+json").body(
            serde_json::to_string(&Problem {
                kind: "about:blank".to_owned(),
                title: status.canonical_reason().unwrap_or("Refused").to_owned(),
                status: status.as_u16(),
                detail: self.to_string(),
                code: self.code().to_string(),
                request_id,
                errors,
            })
            .expect("a problem holds only text and numbers"),
        )
    }
}

impl From<DieselError> for ApiError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(
                DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection,
                _,
            ) => {
                tracing::error!(%error, "The database does not answer");
                Self::unavailable("the database does not answer; nothing was changed")
            }
            DieselError::DatabaseError(kind, cause) if is_contention(kind, cause.message()) => {
                tracing::warn!(%error, "The database was too busy for a request");
                Self::unavailable("too many changes happen at once; nothing was changed, try again in a moment")
            }
            _ => Self::internal(error),
        }
    }
}

/// Whether the same request may work a moment later: others held what it needed, or were served first.
fn is_contention(kind: &DatabaseErrorKind, message: &str) -> bool {
    // Diesel gives no SQLSTATE, so these are the words of SQLite and of PostgreSQL in English.
    let busy = [
        "database is locked",
        "database table is locked",
        "deadlock detected",
        "lock timeout",
        "could not obtain lock",
    ];
    matches!(kind, DatabaseErrorKind::SerializationFailure) || busy.iter().any(|words| message.contains(words))
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::invalid(vec![error])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(kind: DatabaseErrorKind, message: &str) -> ErrorCode {
        ApiError::from(DieselError::DatabaseError(kind, Box::new(message.to_owned()))).code()
    }

    #[test]
    fn a_busy_database_is_no_fault_of_ours() {
        for message in [
            "database is locked",
            "deadlock detected",
            "canceling statement due to lock timeout",
        ] {
            assert_eq!(code_of(DatabaseErrorKind::Unknown, message), ErrorCode::Unavailable);
        }
        let serialization = code_of(DatabaseErrorKind::SerializationFailure, "could not serialize access");
        assert_eq!(serialization, ErrorCode::Unavailable);
        let other = code_of(DatabaseErrorKind::UniqueViolation, "duplicate key");
        assert_eq!(other, ErrorCode::Internal);
    }

    #[test]
    fn waiting_times_are_told_in_words() {
        for (seconds, words) in [
            (1, "1 second"),
            (40, "40 seconds"),
            (91, "2 minutes"),
            (7200, "2 hours"),
        ] {
            assert_eq!(in_words(seconds), words);
        }
    }
}
