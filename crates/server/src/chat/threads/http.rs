//! HTTP of threads.

use actix_web::{HttpResponse, web::Data};
use common::{
    chat::threads::{ItemQuery, NewThread, ThreadQuery},
    ids::ThreadId,
};

use super::Reader;
use crate::{
    app::App,
    error::ApiError,
    http::{Caller, IdPath, Json, Query},
};

pub async fn create(app: Data<App>, caller: Caller, new: Json<NewThread>) -> Result<HttpResponse, ApiError> {
    let thread = super::create(&app, caller.account_id()?, Reader::from(&caller), new.0).await?;
    Ok(HttpResponse::Created().json(thread))
}

pub async fn list(app: Data<App>, caller: Caller, query: Query<ThreadQuery>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::list(&app, Reader::from(&caller), query.0).await?))
}

pub async fn get(app: Data<App>, caller: Caller, id: IdPath<ThreadId>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::load(&app, id.0, Reader::from(&caller)).await?))
}

pub async fn items(
    app: Data<App>,
    caller: Caller,
    id: IdPath<ThreadId>,
    query: Query<ItemQuery>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::items(&app, id.0, Reader::from(&caller), query.0).await?))
}
