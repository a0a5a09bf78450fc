//! The session cookie. An anonymous session is only its cookie; a signed-in one has a row in `sessions`.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use sha2::{Digest, Sha256};

use crate::config::Config;

/// An opaque bearer secret: only its hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// 256 random bits.
    pub fn generate() -> Self {
        Self(random_token())
    }

    /// Reads the cookie; text of another shape counts as no session.
    pub fn from_request(request: &HttpRequest, config: &Config) -> Option<Self> {
        let cookie = request.cookie(cookie_name(config))?;
        let is_ours = cookie.value().len() == 64 && cookie.value().bytes().all(|byte| byte.is_ascii_hexdigit());
        is_ours.then(|| Self(cookie.value().to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> String {
        hash_token(&self.0)
    }

    /// The cookie that carries this token until the browser closes or the session ends.
    pub fn cookie(&self, config: &Config) -> Cookie<'static> {
        build_cookie(self.0.clone(), config)
    }
}

/// A cookie that makes the browser forget the session.
pub fn removal_cookie(config: &Config) -> Cookie<'static> {
    let mut cookie = build_cookie(String::new(), config);
    cookie.set_max_age(Duration::ZERO);
    cookie
}

fn build_cookie(value: String, config: &Config) -> Cookie<'static> {
    Cookie::build(cookie_name(config), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.http.is_https())
        .finish()
}

/// The `__Host-` prefix pins the cookie to this host and to https (RFC 6265bis section 4.1.3.2).
fn cookie_name(config: &Config) -> &'static str {
    if config.http.is_https() {
        "__Host-capecontrol_session"
    } else {
        "capecontrol_session"
    }
}

/// 256 random bits as hex.
pub fn random_token() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    hex::encode(bytes)
}

/// What is stored in place of a random token.
pub fn hash_token(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
