//! Signing up, signing in, and who is signed in.

use serde::{Deserialize, Serialize};

use crate::{
    accounts::AccountSummary,
    endpoint::{Access, Endpoint, Method},
    ids::UserId,
};

crate::redacted_debug!(CsrfToken, Registration, EmailVerification, Credentials);

crate::text_enum! {
    /// Roles of the platform's own staff; see the access rules of each endpoint.
    pub enum StaffRole {
        /// Threads, and reading.
        Support = "support",
        /// Also money.
        Billing = "billing",
        /// Everything.
        Admin = "admin",
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsrfToken {
    /// Send as `X-CSRF-Token` on every unsafe method; new after each sign-in.
    pub csrf_token: String,
    /// Whether this session belongs to somebody, so that a page need not ask `/auth/me` in vain.
    #[serde(default)]
    pub signed_in: bool,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    pub email: String,
    pub password: String,
    pub first_name: String,
    pub last_name: String,
    /// The account's name; the person's own name when absent.
    #[serde(default)]
    pub company_name: Option<String>,
    pub terms_accepted: bool,
}

/// The same answer whether or not the address was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailOnItsWay {
    pub message: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailVerification {
    pub token: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub email: String,
    pub password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailConfirmed {
    /// The address was signed up with several passwords, so a mail brings a link that sets the one that counts.
    #[serde(default)]
    pub choose_password: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub staff_role: Option<StaffRole>,
}

/// Who is signed in and the accounts they may act for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub user: User,
    pub accounts: Vec<AccountSummary>,
}

/// Empty JSON object, for answers that carry nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}

pub struct GetCsrf;
impl Endpoint for GetCsrf {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/auth/csrf";
    const ACCESS: Access = Access::Public;
    type Request = ();
    type Response = CsrfToken;
}

pub struct Register;
impl Endpoint for Register {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/register";
    const ACCESS: Access = Access::Public;
    type Request = Registration;
    type Response = MailOnItsWay;
}

pub struct VerifyEmail;
impl Endpoint for VerifyEmail {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/verify-email";
    const ACCESS: Access = Access::Public;
    type Request = EmailVerification;
    type Response = EmailConfirmed;
}

pub struct Login;
impl Endpoint for Login {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/login";
    const ACCESS: Access = Access::Public;
    type Request = Credentials;
    type Response = SignedIn;
}

/// Signing out twice, or without a session, is not an error.
pub struct Logout;
impl Endpoint for Logout {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/logout";
    const ACCESS: Access = Access::Public;
    type Request = ();
    type Response = Done;
}

pub struct GetMe;
impl Endpoint for GetMe {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/auth/me";
    const ACCESS: Access = Access::SignedIn;
    type Request = ();
    type Response = SignedIn;
}
