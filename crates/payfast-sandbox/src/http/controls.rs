//! The page where a buyer renews a card, and the dashboard's buttons: faults, agreements, payouts.

use super::{find_payment_of, html, not_found, redirect, see_other};
use crate::api_faults::ApiFault;
use crate::{Shared, page};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use payfast::api::reply::SubscriptionStatus;
use payfast::form::{self, trim};
use payfast::{Amount, checkout};
use uuid::Uuid;

pub fn routes(app: &mut web::ServiceConfig) {
    app.route("/api-faults", web::post().to(set_fault))
        .route("/agreements/{token}", web::post().to(change_agreement))
        .route("/payouts", web::post().to(pay_out));
}

/// Shows whose card it is; `return` leads back.
pub async fn card_page(shared: web::Data<Shared>, token: web::Path<String>, request: HttpRequest) -> HttpResponse {
    let query = form::parse(request.query_string().as_bytes());
    let agreement = token
        .parse()
        .ok()
        .and_then(|token| shared.state().find_agreement(token));
    match agreement.filter(|agreement| agreement.status != SubscriptionStatus::Cancelled) {
        Some(agreement) => {
            let payment = find_payment_of(&shared, &agreement);
            let back = page::text(trim(checkout::value_of(&query, "return")));
            html(StatusCode::OK, page::card_update(&agreement, payment.as_ref(), &back))
        }
        None => not_found().await,
    }
}

/// Renews the card, or not, and goes back; no notification is sent.
pub async fn card_action(shared: web::Data<Shared>, token: web::Path<String>, body: web::Bytes) -> HttpResponse {
    let posted = form::parse(&body);
    let back = page::text(trim(checkout::value_of(&posted, "return")));
    let Some(token) = token.parse::<Uuid>().ok() else {
        return not_found().await;
    };
    let found = if checkout::value_of(&posted, "action") == b"update" {
        shared
            .state()
            .change_agreement(token, |agreement| agreement.card_updates += 1)
    } else {
        shared.state().find_agreement(token)
    };
    if found.is_none() {
        return not_found().await;
    }
    let is_address = ["http://", "https://"].iter().any(|scheme| back.starts_with(scheme));
    if is_address && !back.contains(char::is_control) {
        redirect(StatusCode::SEE_OTHER, &back)
    } else {
        see_other("/")
    }
}

/// `fault` names one, or `clear` forgets all.
async fn set_fault(shared: web::Data<Shared>, body: web::Bytes) -> HttpResponse {
    let posted = form::parse(&body);
    match (
        checkout::value_of(&posted, "fault"),
        checkout::value_of(&posted, "action"),
    ) {
        (_, b"clear") => shared.state().clear_api_faults(),
        (name, _) => match ApiFault::parse(name) {
            Some(fault) => shared.state().add_api_fault(fault),
            None => return html(StatusCode::BAD_REQUEST, page::unknown_action()),
        },
    }
    see_other("/")
}

/// `action` is `charge` (with `amount` in rand), `cancel`, `lock` or `unlock`.
async fn change_agreement(shared: web::Data<Shared>, token: web::Path<String>, body: web::Bytes) -> HttpResponse {
    let posted = form::parse(&body);
    let Some(token) = token.parse::<Uuid>().ok() else {
        return not_found().await;
    };
    let set = |status: SubscriptionStatus| {
        let state = shared.state();
        state
            .change_agreement(token, |agreement| agreement.status = status)
            .is_some()
    };
    let is_done = match checkout::value_of(&posted, "action") {
        b"charge" => match Amount::parse(trim(checkout::value_of(&posted, "amount"))) {
            Ok(amount) if amount >= Amount::MINIMUM => shared.charge(token, amount).await.is_ok(),
            _ => false,
        },
        b"cancel" => shared.cancel_agreement(token).await.is_ok(),
        b"lock" => set(SubscriptionStatus::Failed),
        b"unlock" => set(SubscriptionStatus::Active),
        _ => false,
    };
    if is_done {
        see_other("/")
    } else {
        html(StatusCode::BAD_REQUEST, page::agreement_unchanged())
    }
}

/// `amount` in rand; blank pays out everything.
async fn pay_out(shared: web::Data<Shared>, body: web::Bytes) -> HttpResponse {
    let posted = form::parse(&body);
    let amount = match trim(checkout::value_of(&posted, "amount")) {
        b"" => Ok(shared.state().balance()),
        text => Amount::parse(text),
    };
    match amount {
        Ok(amount) if amount > Amount::default() => {
            let gross = Amount::from_cents(-amount.cents());
            shared.state().book_other("WITHDRAWAL", gross);
            see_other("/")
        }
        _ => html(StatusCode::BAD_REQUEST, page::agreement_unchanged()),
    }
}
