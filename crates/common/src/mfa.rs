//! The second factor: codes of an authenticator app (TOTP, RFC 6238) and recovery codes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    auth::Done,
    endpoint::{Access, Endpoint, Method},
};

crate::redacted_debug!(MfaEnrolment, QrCode, MfaCode, RecoveryCodes);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaStatus {
    pub is_enabled: bool,
    #[serde(default, with = "crate::instant::option")]
    pub enabled_at: Option<DateTime<Utc>>,
    /// Codes that were not used yet.
    pub recovery_codes_left: u32,
    /// Staff must have a second factor, and cannot turn it off.
    pub is_required: bool,
}

/// A secret that counts only once a code of it was confirmed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaEnrolment {
    /// Base 32, for typing by hand.
    pub secret: String,
    /// What the QR code holds.
    pub otpauth_uri: String,
    pub qr: QrCode,
}

/// A QR code as the data of one SVG path on a grid of `size` × `size` units, quiet zone included.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrCode {
    pub size: u32,
    pub path: String,
}

/// A code of the app; where a factor exists, a recovery code is taken too.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MfaCode {
    pub code: String,
}

/// Codes that work once each in place of the app; shown only here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}

pub struct GetMfa;
impl Endpoint for GetMfa {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/auth/mfa";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = MfaStatus;
}

/// Starts, or starts anew; an enabled factor must be disabled first.
pub struct EnrolMfa;
impl Endpoint for EnrolMfa {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/mfa/enrol";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = MfaEnrolment;
}

/// Turns the factor on, gives the session a new token and ends all others.
pub struct ConfirmMfa;
impl Endpoint for ConfirmMfa {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/mfa/confirm";
    const ACCESS: Access = Access::SignedIn;
    type Request = MfaCode;
    type Response = RecoveryCodes;
}

/// Turns the factor off; refused for staff.
pub struct DisableMfa;
impl Endpoint for DisableMfa {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/mfa/disable";
    const ACCESS: Access = Access::SignedIn;
    type Request = MfaCode;
    type Response = Done;
}

/// Replaces all recovery codes.
pub struct RenewRecoveryCodes;
impl Endpoint for RenewRecoveryCodes {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/mfa/recovery-codes";
    const ACCESS: Access = Access::SignedIn;
    type Request = MfaCode;
    type Response = RecoveryCodes;
}
