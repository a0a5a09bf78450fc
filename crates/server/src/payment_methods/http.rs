//! HTTP of saved cards.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use common::{
    auth::Done,
    ids::PaymentMethodId,
    payment_methods::{NewPaymentMethod, PaymentMethodChange},
};

use super::service;
use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{Caller, IdPath, Json},
    idempotency::http::{answer, key},
    payments::service::Buyer,
};

pub async fn list(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::list(&app, caller.account_id()?).await?))
}

pub async fn add(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    request: HttpRequest,
    body: Json<NewPaymentMethod>,
) -> Result<HttpResponse, ApiError> {
    let key = key(&request)?;
    let buyer = Buyer {
        account_id: caller.account_id()?,
        user_id: caller.user_id,
        origin,
    };
    Ok(answer(service::add(&app, buyer, body.0, key).await?))
}

pub async fn change(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<PaymentMethodId>,
    body: Json<PaymentMethodChange>,
) -> Result<HttpResponse, ApiError> {
    let method = service::change(&app, caller.account_id()?, id.0, body.0, origin).await?;
    Ok(HttpResponse::Ok().json(method))
}

pub async fn remove(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<PaymentMethodId>,
) -> Result<HttpResponse, ApiError> {
    service::remove(&app, caller.account_id()?, id.0, origin).await?;
    Ok(HttpResponse::Ok().json(Done {}))
}

pub async fn card_update(
    app: Data<App>,
    caller: Caller,
    id: IdPath<PaymentMethodId>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::card_update(&app, caller.account_id()?, id.0).await?))
}
