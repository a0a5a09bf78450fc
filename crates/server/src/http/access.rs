//! Who may pass: the guard that each route of the one list carries, and the caller it finds.

use std::future::{Ready, ready};

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
    auth::StaffRole,
    ids::{AccountId, SessionId, UserId},
};

use super::{csrf, session::SessionToken};
use crate::{app::App, auth, error::ApiError};

/// A signed-in person and what they may do.
#[derive(Debug, Clone)]
pub struct Caller {
    pub user_id: UserId,
    pub session_id: SessionId,
    /// The address they sign in with.
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
    /// The account that the request acts for.
    pub fn account_id(&self) -> Result<AccountId, ApiError> {
        self.account.map(|(id, _)| id).ok_or_else(account_required)
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
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match admit(access, request.request()).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Err(refusal) => Ok(request.error_response(refusal).map_into_boxed_body()),
    }
}

async fn admit(access: Access, request: &HttpRequest) -> Result<Option<Caller>, ApiError> {
    if matches!(access, Access::Gateway | Access::Ticket) {
        return Ok(None);
    }
    let app = request
        .app_data::<web::Data<App>>()
        .expect("the application is registered in app.rs");
    let is_unsafe = !request.method().is_safe();
    if is_unsafe {
        csrf::check_origin(request, &app.config)?;
    }
    // A stranger hears 401 before anything about tokens.
    let caller = find_caller(app, request).await?;
    if access != Access::Public && caller.is_none() {
        return Err(not_signed_in());
    }
    if is_unsafe {
        csrf::check_token(request, &app.config)?;
    }
    let Some(mut caller) = caller else { return Ok(None) };
    match access {
        Access::Public | Access::SignedIn | Access::Ticket | Access::Gateway => {}
        Access::Staff(needed) => {
            if caller.lacks_second_factor {
                return Err(ApiError::new(
                    ErrorCode::MfaEnrolmentRequired,
                    "turn on two-step sign-in first, in your security settings",
                ));
            }
            if caller.staff_role.is_none_or(|role| role < needed) {
                return Err(forbidden("this is for staff with another role"));
            }
        }
        Access::Account(needed) => {
            let reader = (needed == AccountRole::Viewer).then_some(StaffRole::Support);
            caller.account = choose_account(&caller, needed, reader, request)?;
        }
        Access::AccountOrStaff(needed, reader) => {
            caller.account = choose_account(&caller, needed, Some(reader), request)?;
        }
    }
    Ok(Some(caller))
}

async fn find_caller(app: &App, request: &HttpRequest) -> Result<Option<Caller>, ApiError> {
    // Whoever sends credentials in a header speaks for them alone; the cookie is not looked at.
    if request.headers().contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    match SessionToken::from_request(request, &app.config) {
        Some(token) => auth::service::find_caller(app, token.hash()).await,
        None => Ok(None),
    }
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
        (None, [membership]) => *membership,
        (None, _) if may_read_all => return Ok(None),
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

/// The account that the path (below `/accounts/{id}`) or the header names.
fn named_account(request: &HttpRequest) -> Result<Option<AccountId>, ApiError> {
    let is_in_path = request
        .match_pattern()
        .and_then(|pattern| {
            pattern
                .strip_prefix(API_BASE)
                .map(|path| path.starts_with("/accounts/{id}"))
        })
        .unwrap_or_default();
    let text = if is_in_path {
        Some(request.match_info().query("id"))
    } else {
        let header = request.headers().get("x-account-id");
        header.map(|value| value.to_str().unwrap_or_default())
    };
    text.map(|text| AccountId::parse(text).map_err(|_| ApiError::not_found("account")))
        .transpose()
}

fn account_required() -> ApiError {
    ApiError::new(
        ErrorCode::AccountRequired,
        "say which account this is for in the header X-Account-Id",
    )
}

fn not_signed_in() -> ApiError {
    ApiError::new(ErrorCode::NotSignedIn, "sign in first")
}

fn forbidden(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::Forbidden, detail)
}
