//! HTTP of accounts.

use actix_web::{HttpResponse, web::Data};
use common::{
    ErrorCode,
    accounts::{AccountChange, AccountRole},
    ids::AccountId,
};

use super::service;
use crate::{
    app::App,
    error::ApiError,
    http::{Caller, IdPath, Json},
};

pub async fn get(app: Data<App>, caller: Caller, id: IdPath<AccountId>) -> Result<HttpResponse, ApiError> {
    let role = role_in(&caller, id.0)?;
    Ok(HttpResponse::Ok().json(service::load(&app, id.0, role).await?))
}

pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: IdPath<AccountId>,
    change: Json<AccountChange>,
) -> Result<HttpResponse, ApiError> {
    let role = role_in(&caller, id.0)?;
    if role < AccountRole::Member {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            format!("this needs the role member; yours is {role}"),
        ));
    }
    Ok(HttpResponse::Ok().json(service::change(&app, id.0, role, change.0).await?))
}

/// The account is named by the path here, not by `X-Account-Id`.
fn role_in(caller: &Caller, id: AccountId) -> Result<AccountRole, ApiError> {
    let role = caller
        .memberships
        .iter()
        .find(|(account, _)| *account == id)
        .map(|(_, role)| *role);
    role.or(caller.staff_role.map(|_| AccountRole::Viewer))
        .ok_or_else(|| ApiError::not_found("account"))
}
