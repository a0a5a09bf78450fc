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

fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Malformed => StatusCode::BAD_REQUEST,
        ErrorCode::NotSignedIn | ErrorCode::InvalidCredentials | ErrorCode::MfaRequired => StatusCode::UNAUTHORIZED,
        ErrorCode::EmailUnverified
        | ErrorCode::Forbidden
        | ErrorCode::Csrf
        | ErrorCode::MfaEnrolmentRequired
        | ErrorCode::InvitationForAnotherAddress
        | ErrorCode::ScopeMissing => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::Conflict
        | ErrorCode::IdempotencyMismatch
        | ErrorCode::IdempotencyInFlight
        | ErrorCode::LastOwner
        | ErrorCode::EmailTaken => StatusCode::CONFLICT,
        ErrorCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::Invalid
        | ErrorCode::AccountRequired
        | ErrorCode::TokenInvalid
        | ErrorCode::BillingDetailsMissing => StatusCode::UNPROCESSABLE_ENTITY,
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
            _ => Self::internal(error),
        }
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::invalid(vec![error])
    }
}
