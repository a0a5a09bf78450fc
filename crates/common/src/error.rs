//! What the API answers when it refuses: RFC 9457 problem documents with stable codes.

use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// Stable codes of refusals; appended, never reused.
    pub enum ErrorCode {
        /// The request could not be read at all.
        Malformed = "malformed",
        /// A field, parameter or header has a value that is not allowed.
        Invalid = "invalid",
        NotSignedIn = "not_signed_in",
        InvalidCredentials = "invalid_credentials",
        MfaRequired = "mfa_required",
        EmailUnverified = "email_unverified",
        Forbidden = "forbidden",
        Csrf = "csrf",
        NotFound = "not_found",
        MethodNotAllowed = "method_not_allowed",
        Conflict = "conflict",
        IdempotencyMismatch = "idempotency_mismatch",
        IdempotencyInFlight = "idempotency_in_flight",
        PayloadTooLarge = "payload_too_large",
        UnsupportedMediaType = "unsupported_media_type",
        AccountRequired = "account_required",
        RateLimited = "rate_limited",
        /// The socket speaks another protocol.
        UpgradeRequired = "upgrade_required",
        Unavailable = "unavailable",
        Internal = "internal",
        /// A mail token that is unknown, used or too old.
        TokenInvalid = "token_invalid",
        /// The billing details do not suffice for the tax document.
        BillingDetailsMissing = "billing_details_missing",
        /// Staff must turn on two-step sign-in before they do anything else.
        MfaEnrolmentRequired = "mfa_enrolment_required",
        /// This needs a sign-in of a few minutes ago.
        SignInAgain = "sign_in_again",
        /// An account keeps at least one owner.
        LastOwner = "last_owner",
        /// The invitation was sent to another address than the signed-in one.
        InvitationForAnotherAddress = "invitation_for_another_address",
        /// Only told to whoever proved that the address is theirs.
        EmailTaken = "email_taken",
        /// The API key is not allowed to do this.
        ScopeMissing = "scope_missing",
        /// The request came too slowly.
        RequestTimeout = "request_timeout",
        HeadersTooLarge = "headers_too_large",
        /// A change of a document that people edit must say, with `If-Match`, which version it changes.
        PreconditionRequired = "precondition_required",
        /// Somebody else was faster: the document is not the version that `If-Match` names.
        PreconditionFailed = "precondition_failed",
    }
}

/// One field that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Name as in the request, with dots for nesting: `billing_address.city`.
    pub field: String,
    /// Stable reason: `required`, `too_long`, `unknown`, ….
    pub code: String,
    /// Sentence for people.
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        }
    }

    pub fn required(field: &str, message: &str) -> Self {
        Self::new(field, "required", message)
    }
}

/// An `application/problem+json` body (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// See [`ErrorCode`]; text, so that an old client can read a new server.
    pub code: String,
    pub request_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Problem {
    pub fn is(&self, code: ErrorCode) -> bool {
        self.code == code.as_str()
    }

    /// The message for `field`, if that field was refused.
    pub fn field(&self, field: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }
}
