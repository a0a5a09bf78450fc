//! HTTP of checkout, payments and notifications.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use common::{
    ErrorCode,
    ids::{InvoiceId, ItnId, PaymentId},
    invoices::{NewReceipt, Reason},
    itn::{ItnQuery, ReplayQuery},
    payments::{CheckoutRequest, NewCharge},
};

use super::{charges, credit, eft, itn, service};
use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{
        Caller, IdPath, Json, Query,
        body::{read_limited, time_for_body},
        peer,
    },
    idempotency::http::{answer, key, required_key},
};

pub async fn check_out(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    request: HttpRequest,
    body: Json<CheckoutRequest>,
) -> Result<HttpResponse, ApiError> {
    let key = required_key(&request)?;
    let buyer = buyer(&caller, origin)?;
    service::check_out(&app, buyer, body.0, key).await.map(answer)
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

/// Who buys or pays for the account that the request acts for.
fn buyer(caller: &Caller, origin: Origin) -> Result<service::Buyer, ApiError> {
    Ok(service::Buyer {
        account_id: caller.account_id()?,
        user_id: caller.user_id,
        origin,
    })
}

pub async fn charge(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    request: HttpRequest,
    id: IdPath<InvoiceId>,
    body: Json<NewCharge>,
) -> Result<HttpResponse, ApiError> {
    let key = required_key(&request)?;
    let buyer = buyer(&caller, origin)?;
    let app = app.into_inner();
    Ok(answer(charges::charge(&app, buyer, id.0, body.0, key).await?))
}

pub async fn get_credit(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(credit::load(&app, caller.account_id()?).await?))
}

pub async fn apply_credit(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    request: HttpRequest,
    id: IdPath<InvoiceId>,
) -> Result<HttpResponse, ApiError> {
    let key = key(&request)?;
    let buyer = buyer(&caller, origin)?;
    Ok(answer(credit::apply_to_invoice(&app, buyer, id.0, key).await?))
}

fn clerk(caller: &Caller, origin: Origin) -> eft::Clerk {
    eft::Clerk {
        user_id: caller.user_id,
        origin,
    }
}

pub async fn record_receipt(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    request: HttpRequest,
    id: IdPath<InvoiceId>,
    body: Json<NewReceipt>,
) -> Result<HttpResponse, ApiError> {
    let key = required_key(&request)?;
    let recorded = eft::record_receipt(&app, clerk(&caller, origin), id.0, body.0, key).await?;
    Ok(answer(recorded))
}

pub async fn reverse(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<PaymentId>,
    body: Json<Reason>,
) -> Result<HttpResponse, ApiError> {
    let reversed = eft::reverse(&app, clerk(&caller, origin), id.0, body.0).await?;
    Ok(HttpResponse::Ok().json(reversed))
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

pub async fn replay_itn(
    app: Data<App>,
    origin: Origin,
    id: IdPath<ItnId>,
    query: Query<ReplayQuery>,
) -> Result<HttpResponse, ApiError> {
    let outcome = if query.0.dry_run {
        itn::replay::dry_run(&app, id.0).await?
    } else {
        itn::replay::replay(&app, id.0, origin).await?
    };
    Ok(HttpResponse::Ok().json(outcome))
}
