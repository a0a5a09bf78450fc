//! Who may pass: the guard that each route of the one list carries, and the caller it finds.

use std::{
    borrow::Cow,
    future::{Ready, ready},
};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
    web,
};
use common::{
    API_BASE, Access, ErrorCode,
    accounts::AccountRole,
    api_keys::ApiScope,
    auth::StaffRole,
    ids::{AccountId, ApiKeyId, SessionId, UserId},
};

use url::form_urlencoded;

use super::{csrf, peer, session::SessionToken};
use crate::{api_keys, app::App, auth, error::ApiError, limits::Quota};

/// By what somebody proves who they are.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A person's browser.
    Session(SessionId),
    /// A program of an account.
    ApiKey {
        id: ApiKeyId,
        /// The key in words: its name and the beginning of its secret.
        name: String,
        scopes: Vec<ApiScope>,
    },
}

/// Who asks and what they may do: a signed-in person, or an API key.
#[derive(Debug, Clone)]
pub struct Caller {
    pub credential: Credential,
    /// The person; for a key, the one who made it and may have left since.
    pub user_id: UserId,
    /// The address that the person signs in with.
    pub email: String,
    /// Only with a second factor: without one, staff have no more rights than anybody.
    pub staff_role: Option<StaffRole>,
    /// Staff who must turn on two-step sign-in first.
    pub lacks_second_factor: bool,
    pub memberships: Vec<(AccountId, AccountRole)>,
    /// The account that the request acts for; set on routes with [`Access::Account`].
    pub account: Option<(AccountId, AccountRole)>,
}

impl Caller {
    /// The session that the request came with; keys have none, and are kept off the routes that ask.
    pub fn session_id(&self) -> Result<SessionId, ApiError> {
        match self.credential {
            Credential::Session(id) => Ok(id),
            Credential::ApiKey { .. } => Err(closed_to_keys()),
        }
    }

    /// The account that the request acts for, and the role in it.
    pub fn acts_for(&self) -> Result<(AccountId, AccountRole), ApiError> {
        self.account.ok_or_else(account_required)
    }

    /// The account that the request acts for.
    pub fn account_id(&self) -> Result<AccountId, ApiError> {
        self.acts_for().map(|(id, _)| id)
    }

    /// Whose rows may be shown: one account's, or every account's (`None`) for staff who named no account.
    pub fn readable_account(&self) -> Option<AccountId> {
        self.account.map(|(id, _)| id)
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Caller>().cloned().ok_or_else(not_signed_in))
    }
}

/// Lets the request pass when it may, with its [`Caller`] in the extensions; answers a problem when not.
pub async fn guard<B: MessageBody + 'static>(
    access: Access,
    scope: Option<ApiScope>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match admit(access, scope, request.request()).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Err(refusal) => Ok(request.error_response(refusal).map_into_boxed_body()),
    }
}

async fn admit(access: Access, scope: Option<ApiScope>, request: &HttpRequest) -> Result<Option<Caller>, ApiError> {
    if matches!(access, Access::Gateway | Access::Ticket) {
        return Ok(None);
    }
    let app = request
        .app_data::<web::Data<App>>()
        .expect("the application is registered in app.rs");
    let is_unsafe = !request.method().is_safe();
    // Keys too: one that a browser sends from another site stands in a page for everybody to read.
    if is_unsafe {
        csrf::check_origin(request, &app.config)?;
    }
    // Whoever sends credentials in a header speaks for them alone; the cookie is not looked at.
    let header = request.headers().get(header::AUTHORIZATION);
    let caller = match header {
        Some(_) if access == Access::Public => None,
        Some(value) => Some(find_key(app, request, value.as_bytes()).await?),
        None => find_person(app, request).await?,
    };
    // A stranger hears 401 before anything about tokens.
    if access != Access::Public && caller.is_none() {
        return Err(not_signed_in());
    }
    match caller.as_ref().map(|caller| &caller.credential) {
        Some(Credential::ApiKey { scopes, .. }) => check_scope(scope, scopes)?,
        Some(Credential::Session(_)) | None if is_unsafe => csrf::check_token(request, &app.config)?,
        Some(Credential::Session(_)) | None => {}
    }
    let Some(mut caller) = caller else { return Ok(None) };
    let counted = match &caller.credential {
        Credential::Session(_) => caller.user_id.to_string(),
        Credential::ApiKey { id, .. } => id.to_string(),
    };
    app.limits.check(Quota::Person, &[counted.as_str().into()]).await?;
    caller.account = match access {
        Access::Public | Access::SignedIn | Access::Ticket | Access::Gateway => None,
        Access::Staff(needed) => {
            check_staff(&caller, needed)?;
            None
        }
        Access::Account(needed) => {
            // Staff read every account and change none.
            let may_read = needed == AccountRole::Viewer && !is_unsafe;
            choose_account(&caller, needed, may_read.then_some(StaffRole::Support), request)?
        }
        Access::AccountOrStaff(needed, reader) => choose_account(&caller, needed, Some(reader), request)?,
    };
    if let Some((account_id, _)) = caller.account {
        app.limits.check(Quota::Account, &[account_id.as_str().into()]).await?;
    }
    Ok(Some(caller))
}

async fn find_person(app: &App, request: &HttpRequest) -> Result<Option<Caller>, ApiError> {
    match SessionToken::from_request(request, &app.config) {
        Some(token) => {
            let peer = peer::address(request, &app.config.http.trusted_proxies);
            auth::service::find_caller(app, token.hash(), peer).await
        }
        None => Ok(None),
    }
}

async fn find_key(app: &App, request: &HttpRequest, header: &[u8]) -> Result<Caller, ApiError> {
    let secret = bearer(header).ok_or_else(|| {
        ApiError::new(
            ErrorCode::NotSignedIn,
            "the header Authorization holds no API key; send `Authorization: Bearer ck_…`",
        )
    })?;
    let from = peer::address(request, &app.config.http.trusted_proxies);
    api_keys::service::find_caller(app, secret, from).await
}

/// The token of `Bearer …` (RFC 6750 section 2.1); the scheme's case does not matter.
pub fn bearer(header: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn check_scope(needed: Option<ApiScope>, scopes: &[ApiScope]) -> Result<(), ApiError> {
    match needed {
        None => Err(closed_to_keys()),
        Some(needed) if scopes.contains(&needed) => Ok(()),
        Some(needed) => Err(ApiError::new(
            ErrorCode::ScopeMissing,
            format!("this needs an API key with the scope {needed}"),
        )),
    }
}

fn check_staff(caller: &Caller, needed: StaffRole) -> Result<(), ApiError> {
    if caller.lacks_second_factor {
        return Err(ApiError::new(
            ErrorCode::MfaEnrolmentRequired,
            "turn on two-step sign-in first, in your security settings",
        ));
    }
    if caller.staff_role.is_none_or(|role| role < needed) {
        return Err(forbidden("this is for staff with another role"));
    }
    Ok(())
}

/// The account of the path, else `X-Account-Id`, else the only account, else 422.
///
/// Staff of the role `reader` or above read any account as a viewer, and every account when none is named.
fn choose_account(
    caller: &Caller,
    needed: AccountRole,
    reader: Option<StaffRole>,
    request: &HttpRequest,
) -> Result<Option<(AccountId, AccountRole)>, ApiError> {
    let named = named_account(request)?;
    let may_read_all = reader.is_some_and(|reader| caller.staff_role.is_some_and(|role| role >= reader));
    let chosen = match (named, caller.memberships.as_slice()) {
        (Some(id), memberships) => match memberships.iter().find(|(account, _)| *account == id) {
            Some(membership) => *membership,
            None if may_read_all => return Ok(Some((id, AccountRole::Viewer))),
            None => return Err(ApiError::not_found("account")),
        },
        (None, _) if may_read_all => return Ok(None),
        (None, [membership]) => *membership,
        (None, []) => {
            return Err(ApiError::new(
                ErrorCode::AccountRequired,
                "you belong to no account yet; ask an owner of the account to invite you",
            ));
        }
        (None, _) => return Err(account_required()),
    };
    if chosen.1 < needed {
        return Err(forbidden(&format!(
            "this needs the role {needed} in the account; yours is {}",
            chosen.1
        )));
    }
    Ok(Some(chosen))
}

/// The account that the path (below `/accounts/{id}`) or the header names; for a link, the query's `account_id`.
fn named_account(request: &HttpRequest) -> Result<Option<AccountId>, ApiError> {
    let is_in_path = request
        .match_pattern()
        .and_then(|pattern| {
            pattern
                .strip_prefix(API_BASE)
                .map(|path| path.starts_with("/accounts/{id}"))
        })
        .unwrap_or_default();
    let header = request.headers().get("x-account-id");
    let text = match header.map(|value| value.to_str().unwrap_or_default()) {
        _ if is_in_path => Some(Cow::from(request.match_info().query("id"))),
        Some(header) => Some(Cow::from(header)),
        // A browser follows a link to a file without our headers.
        None if request.method().is_safe() => form_urlencoded::parse(request.query_string().as_bytes())
            .find(|(name, _)| name == "account_id")
            .map(|(_, value)| value),
        None => None,
    };
    text.map(|text| AccountId::parse(&text).map_err(|_| ApiError::not_found("account")))
        .transpose()
}

fn account_required() -> ApiError {
    ApiError::new(
        ErrorCode::AccountRequired,
        "say which account this is for in the header X-Account-Id",
    )
}

fn closed_to_keys() -> ApiError {
    ApiError::new(
        ErrorCode::ScopeMissing,
        "this is closed to API keys; a person does it in the browser",
    )
}

fn not_signed_in() -> ApiError {
    ApiError::new(ErrorCode::NotSignedIn, "sign in first")
}

fn forbidden(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::Forbidden, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_read_in_any_case() {
        assert_eq!(bearer(b"Bearer ck_1"), Some("ck_1"));
        assert_eq!(bearer(b"bearer  ck_1 "), Some("ck_1"));
        for other in [
            &b"ck_1"[..],
            b"Basic Y2s6",
            b"Bearer",
            b"",
            b"Bearer\xff x",
            b"\xff\xff",
        ] {
            assert_eq!(bearer(other), None, "{other:?}");
        }
    }
}
