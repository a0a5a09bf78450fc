//! HTTP of API keys.

use actix_web::{HttpResponse, web::Data};
use common::{api_keys::NewApiKey, auth::Done, ids::ApiKeyId};

use super::service::{self, Actor};
use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{Caller, IdPath, Json},
};

impl Actor {
    fn of(caller: &Caller, origin: Origin) -> Result<Self, ApiError> {
        Ok(Self {
            account_id: caller.account_id()?,
            user_id: caller.user_id,
            origin,
        })
    }
}

pub async fn list(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::list(&app, caller.account_id()?).await?))
}

pub async fn create(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    new: Json<NewApiKey>,
) -> Result<HttpResponse, ApiError> {
    let actor = Actor::of(&caller, origin)?;
    Ok(HttpResponse::Created().json(service::create(&app, actor, new.0).await?))
}

pub async fn rotate(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<ApiKeyId>,
) -> Result<HttpResponse, ApiError> {
    let actor = Actor::of(&caller, origin)?;
    Ok(HttpResponse::Ok().json(service::rotate(&app, actor, id.0).await?))
}

pub async fn revoke(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<ApiKeyId>,
) -> Result<HttpResponse, ApiError> {
    service::revoke(&app, Actor::of(&caller, origin)?, id.0).await?;
    Ok(HttpResponse::Ok().json(Done {}))
}
