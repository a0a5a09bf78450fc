//! HTTP of refunds.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use common::{
    ids::{PaymentId, RefundId},
    refunds::{BankDetails, NewRefund, RefundQuery},
};

use super::service::{self, Clerk};
use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{Caller, IdPath, Json, Query},
    idempotency::http::{answer, required_key},
};

fn clerk(caller: &Caller, origin: Origin) -> Clerk {
    Clerk {
        user_id: caller.user_id,
        origin,
    }
}

pub async fn create(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    request: HttpRequest,
    payment: IdPath<PaymentId>,
    body: Json<NewRefund>,
) -> Result<HttpResponse, ApiError> {
    let key = required_key(&request)?;
    let refund = service::request(&app, clerk(&caller, origin), payment.0, body.0, key).await?;
    Ok(answer(refund))
}

pub async fn set_bank_details(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<RefundId>,
    body: Json<BankDetails>,
) -> Result<HttpResponse, ApiError> {
    let refund = service::set_bank_details(&app, clerk(&caller, origin), id.0, body.0).await?;
    Ok(HttpResponse::Ok().json(refund))
}

pub async fn list(app: Data<App>, query: Query<RefundQuery>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::list(&app, query.0).await?))
}

pub async fn get(app: Data<App>, id: IdPath<RefundId>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::load(&app, id.0).await?))
}
