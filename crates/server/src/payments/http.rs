//! HTTP of checkout, payments and notifications.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Payload},
};
use common::{
    ErrorCode, FieldError,
    ids::{ItnId, PaymentId},
    itn::ItnQuery,
    payments::CheckoutRequest,
};

use super::{itn, service};
use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{
        Caller, IdPath, Json, Query,
        body::{read_limited, time_for_body},
        peer,
    },
    idempotency::{Answer, Key},
};

pub async fn check_out(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    request: HttpRequest,
    body: Json<CheckoutRequest>,
) -> Result<HttpResponse, ApiError> {
    let header = request.headers().get("idempotency-key").map(|value| value.as_bytes());
    let key = Key::parse(header)?
        .ok_or_else(|| FieldError::required("Idempotency-Key", "Send this header with a key of your own."))?;
    let buyer = service::Buyer {
        account_id: caller.account_id()?,
        user_id: caller.user_id,
        origin,
    };
    service::check_out(&app, buyer, body.0, key).await.map(answer)
}

fn answer(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    if answer.is_replayed {
        response.insert_header(("idempotency-replayed", "true"));
    }
    response.content_type("application/json").body(answer.body)
}

pub async fn get(app: Data<App>, caller: Caller, id: IdPath<PaymentId>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::load(&app, id.0, caller.readable_account()).await?))
}

pub async fn cancel(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<PaymentId>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::cancel(&app, id.0, caller.account_id()?, origin).await?))
}

/// Stores PayFast's notification, whatever it holds, and answers; it is judged afterwards.
pub async fn receive_itn(app: Data<App>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, ApiError> {
    if !request
        .content_type()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    {
        return Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "a notification is sent as application/x-www-form-urlencoded",
        ));
    }
    let body = read_limited(payload.into_inner(), itn::MAX_BYTES, time_for_body(&request)).await?;
    let from = peer::address(&request, &app.config.http.trusted_proxies);
    itn::receive(&app, body.to_vec(), from).await.map_err(|error| {
        tracing::error!(?error, "Could not store a notification");
        ApiError::unavailable("the notification could not be stored; send it again")
    })?;
    Ok(HttpResponse::Ok().finish())
}

pub async fn list_itns(app: Data<App>, query: Query<ItnQuery>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(itn::list(&app, query.0).await?))
}

pub async fn get_itn(app: Data<App>, id: IdPath<ItnId>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(itn::load(&app, id.0).await?))
}
