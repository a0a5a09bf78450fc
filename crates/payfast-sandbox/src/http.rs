//! The routes: PayFast's own below `/eng` and `/onsite`, its REST API, and the emulator's dashboard.

mod controls;

use crate::api;
use crate::faults::Fault;
use crate::page;
use crate::state::{Event, Outcome, Payment, PaymentError, Value};
use crate::validate::{self, Verdict};
use crate::{Shared, address};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use payfast::form::{self, Pair};
use payfast::{checkout, hosts};
use serde_json::json;
use uuid::Uuid;

/// [`hosts::CARD_UPDATE_PATH`] with its token.
const CARD_UPDATE: &str = "/eng/recurring/update/{token}";

/// Adds all routes to an application.
pub fn routes(app: &mut web::ServiceConfig) {
    app.configure(api::routes)
        .configure(controls::routes)
        .route("/", web::get().to(dashboard))
        .route("/log.json", web::get().to(log))
        .route("/notifications/{id}/resend", web::post().to(resend))
        .route(hosts::PROCESS_PATH, web::post().to(process_post))
        .route(hosts::PROCESS_PATH, web::get().to(process_get))
        .route("/eng/process/payment/{id}", web::get().to(payment_page))
        .route("/eng/process/payment/{id}", web::post().to(payment_action))
        .route(hosts::VALIDATE_PATH, web::post().to(confirm))
        .route(hosts::ONSITE_PATH, web::post().to(onsite))
        .route(CARD_UPDATE, web::get().to(controls::card_page))
        .route(CARD_UPDATE, web::post().to(controls::card_action))
        .route(hosts::ONSITE_ENGINE_PATH, web::get().to(onsite_engine))
        .default_service(web::to(not_found));
}

async fn dashboard(shared: web::Data<Shared>) -> HttpResponse {
    html(StatusCode::OK, page::dashboard(&shared.config, shared.state()))
}

async fn log(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(json!({ "items": shared.state().entries() }))
}

async fn resend(shared: web::Data<Shared>, id: web::Path<String>) -> HttpResponse {
    match id.parse().ok() {
        Some(id) if shared.sender.attempt(id).await.is_some() => see_other("/"),
        _ => not_found().await,
    }
}

async fn process_post(shared: web::Data<Shared>, body: web::Bytes) -> HttpResponse {
    process(&shared, &body)
}

/// PayFast takes the same parameters in the query, though it documents only the form.
async fn process_get(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    process(&shared, request.query_string().as_bytes())
}

fn process(shared: &Shared, body: &[u8]) -> HttpResponse {
    let posted = form::parse(body);
    let verdict = validate::judge(&posted, &shared.config);
    let errors = verdict.errors.clone();
    match accept(shared, hosts::PROCESS_PATH, posted, verdict) {
        // The real page answers 200 too.
        None => html(StatusCode::OK, page::refused(&errors)),
        Some(payment) => redirect(StatusCode::FOUND, &payment_path(&payment)),
    }
}

async fn onsite(shared: web::Data<Shared>, body: web::Bytes) -> HttpResponse {
    let posted = form::parse(&body);
    let verdict = validate::judge_onsite(&posted, &shared.config);
    let errors: Vec<String> = verdict.errors.iter().map(ToString::to_string).collect();
    match accept(&shared, hosts::ONSITE_PATH, posted, verdict) {
        None => HttpResponse::BadRequest().json(json!({ "uuid": null, "errors": errors })),
        Some(payment) => HttpResponse::Ok().json(json!({ "uuid": payment.id })),
    }
}

/// The only page with a script: it tells the frame around it how the payment ended.
fn onsite_result(is_paid: bool) -> HttpResponse {
    let mut page = html(StatusCode::OK, page::onsite_result(is_paid));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
    page.headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    page
}

async fn onsite_engine() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .body(include_str!("page/engine.js"))
}

/// Writes the form into the log and, without errors, makes it a payment.
fn accept(shared: &Shared, path: &'static str, mut posted: Vec<Pair>, verdict: Verdict) -> Option<Payment> {
    // It should not have come; it is neither kept nor shown.
    posted.retain(|(name, _)| name != b"passphrase");
    let fields = posted
        .iter()
        .map(|(name, value)| (page::text(name), Value(value.clone())))
        .collect();
    let errors: Vec<String> = verdict.errors.iter().map(ToString::to_string).collect();
    let warnings: Vec<String> = verdict.warnings.iter().map(ToString::to_string).collect();
    let payment = errors
        .is_empty()
        .then(|| shared.state().add_payment(posted, warnings.clone()));
    let id = payment.as_ref().map(|payment| payment.id);
    shared.state().log(Event::FormReceived {
        path,
        payment: id,
        fields,
        errors,
        warnings,
    });
    payment
}

async fn payment_page(shared: web::Data<Shared>, id: web::Path<String>, request: HttpRequest) -> HttpResponse {
    let Some(payment) = find_payment(&shared, &id) else {
        return not_found().await;
    };
    let is_onsite = request.query_string() == "onsite";
    match payment.outcome {
        Outcome::Waiting => html(StatusCode::OK, page::payment(&payment, is_onsite)),
        Outcome::Paid(_) => html(StatusCode::OK, page::paid(&payment)),
        Outcome::Cancelled => html(StatusCode::OK, page::cancelled(&payment)),
    }
}

async fn payment_action(shared: web::Data<Shared>, id: web::Path<String>, body: web::Bytes) -> HttpResponse {
    let Ok(id) = id.parse::<Uuid>() else {
        return not_found().await;
    };
    let posted = form::parse(&body);
    let fault = checkout::value_of(&posted, "fault");
    let fault = if fault.is_empty() {
        Some(Fault::None)
    } else {
        Fault::parse(fault)
    };
    let (went, is_paid) = match (checkout::value_of(&posted, "action"), fault) {
        (b"pay", Some(fault)) => (shared.pay(id, fault).await, true),
        (b"cancel", _) => (shared.cancel(id), false),
        _ => return html(StatusCode::BAD_REQUEST, page::unknown_action()),
    };
    if !checkout::value_of(&posted, "onsite").is_empty() && went.is_ok() {
        return onsite_result(is_paid);
    }
    let payment = shared.state().find_payment(id);
    match (went, payment) {
        (Ok(Some(address)), _) => redirect(StatusCode::SEE_OTHER, &address),
        (Ok(None), _) => see_other(&format!("/eng/process/payment/{id}")),
        // Paid is paid: a second click goes where the first went, and nothing is sent again.
        (Err(PaymentError::Paid), Some(payment)) => match address(&payment, "return_url") {
            Some(address) => redirect(StatusCode::SEE_OTHER, &address),
            None => see_other(&payment_path(&payment)),
        },
        (Err(PaymentError::Cancelled), Some(payment)) => html(StatusCode::CONFLICT, page::cancelled(&payment)),
        (Err(_), _) => not_found().await,
    }
}

async fn confirm(shared: web::Data<Shared>, body: web::Bytes) -> HttpResponse {
    let sent = shared.state().is_sent(&body);
    let answer = if sent {
        hosts::VALIDATE_VALID
    } else {
        hosts::VALIDATE_INVALID
    };
    shared.state().log(Event::ConfirmationAsked {
        body: page::text(&body),
        answer,
    });
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(answer)
}

async fn not_found() -> HttpResponse {
    html(StatusCode::NOT_FOUND, page::not_found())
}

fn find_payment(shared: &Shared, id: &str) -> Option<Payment> {
    shared.state().find_payment(id.parse().ok()?)
}

fn find_payment_of(shared: &Shared, agreement: &crate::Agreement) -> Option<Payment> {
    shared.state().find_payment(agreement.payment)
}

fn payment_path(payment: &Payment) -> String {
    format!("/eng/process/payment/{}", payment.id)
}

fn see_other(path: &str) -> HttpResponse {
    redirect(StatusCode::SEE_OTHER, path)
}

/// Sends the browser on; a header is ASCII, so other letters of an address are escaped.
fn redirect(status: StatusCode, address: &str) -> HttpResponse {
    let escaped = |byte: u8| {
        if byte.is_ascii() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    let address: String = address.bytes().map(escaped).collect();
    HttpResponse::build(status)
        .insert_header((LOCATION, address))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// A page. The policy allows no outside resources; `form-action` stays open, since a form ends at the merchant.
fn html(status: StatusCode, page: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        ))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("referrer-policy", "no-referrer"))
        .body(page)
}
