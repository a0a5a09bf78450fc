//! Forgetting, resetting, changing and judging a password.

use serde::{Deserialize, Serialize};

use crate::{
    auth::{Done, MailOnItsWay},
    endpoint::{Access, Endpoint, Method},
};

crate::redacted_debug!(PasswordReset, PasswordChange, PasswordCandidate);

/// An address that a link is sent to, if it belongs to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailRequest {
    pub email: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    pub token: String,
    pub password: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    pub current_password: String,
    pub new_password: String,
}

/// A password to judge, with what its owner's name and address would give away.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordCandidate {
    pub password: String,
    /// Words that must not carry the password: the address, names, the company.
    #[serde(default)]
    pub context: Vec<String>,
}

/// How long a password would stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordStrength {
    /// 0 (guessed at once) to 4 (strong), as zxcvbn counts.
    pub score: u8,
    /// Whether a sign-up or change would take it.
    pub is_acceptable: bool,
    /// What is wrong with it, a sentence; absent when nothing is.
    pub warning: Option<String>,
    /// How to make it better, a sentence each.
    pub suggestions: Vec<String>,
}

/// Sends the link of a pending sign-up again; the same answer for every address.
pub struct ResendVerification;
impl Endpoint for ResendVerification {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/verify-email/resend";
    const ACCESS: Access = Access::Public;
    type Request = MailRequest;
    type Response = MailOnItsWay;
}

/// Sends a link that sets a new password; the same answer for every address.
pub struct ForgotPassword;
impl Endpoint for ForgotPassword {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/password/forgot";
    const ACCESS: Access = Access::Public;
    type Request = MailRequest;
    type Response = MailOnItsWay;
}

/// Sets a new password and ends every session of the person; the second factor stays.
pub struct ResetPassword;
impl Endpoint for ResetPassword {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/password/reset";
    const ACCESS: Access = Access::Public;
    type Request = PasswordReset;
    type Response = Done;
}

/// Sets a new password, gives this session a new token and ends all others.
pub struct ChangePassword;
impl Endpoint for ChangePassword {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/password/change";
    const ACCESS: Access = Access::SignedIn;
    type Request = PasswordChange;
    type Response = Done;
}

/// Judges a password while it is typed; nothing is stored or logged.
pub struct JudgePassword;
impl Endpoint for JudgePassword {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/password/strength";
    const ACCESS: Access = Access::Public;
    type Request = PasswordCandidate;
    type Response = PasswordStrength;
}
