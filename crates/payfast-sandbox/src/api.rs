//! The REST API: who calls, which route it is, which fault strikes, and the envelope of the answer.
//!
//! Errors come in PayFast's order: missing headers, a malformed signature, the version, the merchant, the signature, the
//! route. A caller may be refused before it learns whether a route exists.

mod refunds;
mod statement;
mod subscriptions;

use crate::api_faults::{ApiFault, HOLD, Struck};
use crate::state::{Event, Value};
use crate::{Shared, page};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use payfast::form::{self, Pair};
use payfast::{api, hosts};
use serde_json::{Value as Json, json};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

/// The connection of a request, kept so that it can be closed without an answer.
pub type Connection = Arc<TcpStream>;

/// Adds the routes of the API.
pub fn routes(app: &mut web::ServiceConfig) {
    for path in [
        "/ping",
        "/subscriptions/{rest:.*}",
        "/process/query/{rest:.*}",
        "/refunds/{rest:.*}",
        "/transactions/{rest:.*}",
    ] {
        app.route(path, web::route().to(serve));
    }
}

/// What is answered.
pub(crate) enum Reply {
    /// In the envelope, with HTTP 200.
    Done(Json),
    /// In the envelope, with this code.
    Failed(Failure),
    /// The greeting of the ping.
    Text(&'static str),
    /// A statement.
    Csv(String),
    /// The connection is held and then closed.
    Silence,
}

/// A refusal in PayFast's words.
pub(crate) struct Failure {
    pub code: u16,
    /// HTTP status, where it differs from the code.
    pub http_status: Option<u16>,
    pub response: Json,
    pub message: String,
}

impl Reply {
    pub fn failed(code: u16, message: impl Into<String>) -> Self {
        Reply::with_reason(code, Json::Bool(false), message)
    }

    pub fn with_reason(code: u16, response: Json, message: impl Into<String>) -> Self {
        Reply::Failed(Failure {
            code,
            http_status: None,
            response,
            message: message.into(),
        })
    }

    fn message(&self) -> String {
        match self {
            Reply::Failed(failure) => failure.message.clone(),
            Reply::Silence => "no answer".into(),
            _ => String::new(),
        }
    }
}

/// The fields of query and body that a call brought, without `testing`.
pub(crate) struct Fields(Vec<Pair>);

impl Fields {
    /// A field as text, blank where it is absent.
    pub fn text(&self, name: &str) -> String {
        let value = payfast::checkout::value_of(&self.0, name);
        String::from_utf8_lossy(payfast::form::trim(value)).into_owned()
    }

    /// A whole number; `None` where it is absent or none.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.text(name).parse().ok()
    }
}

async fn serve(shared: web::Data<Shared>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let (method, path) = (request.method().as_str().to_owned(), request.path().to_owned());
    let query = form::parse(request.query_string().as_bytes());
    let mut fields = query.clone();
    let is_readable = match body_fields(&body) {
        Some(body) => {
            fields.extend(body);
            true
        }
        None => false,
    };
    fields.retain(|(name, _)| name != b"testing");
    let whole = shared.state().take_api_fault(&[Struck::Any]);
    let (reply, struck) = match whole {
        Some(ApiFault::ServerError) => (Reply::failed(500, "Application Error"), whole),
        Some(ApiFault::RateLimited) => {
            let message = "Signature rate limit reached, please try again in a few minute";
            (Reply::failed(429, message), whole)
        }
        Some(_) => {
            log(&shared, &method, &path, &fields, 0, "connection closed", whole);
            return close(&request);
        }
        None => match refusal(&shared, &request, &fields, &query, is_readable) {
            Some(refusal) => (refusal, None),
            None => answer(&shared, &method, &path, &query, Fields(fields.clone())).await,
        },
    };
    let message = reply.message();
    if matches!(reply, Reply::Silence) {
        log(&shared, &method, &path, &fields, 0, &message, struck);
        shared.sender.hold(HOLD).await;
        return close(&request);
    }
    let response = write(reply);
    let status = response.status().as_u16();
    log(&shared, &method, &path, &fields, status, &message, struck);
    response
}

/// Everything that is judged before the route.
fn refusal(
    shared: &Shared,
    request: &HttpRequest,
    fields: &[Pair],
    query: &[Pair],
    is_readable: bool,
) -> Option<Reply> {
    let header = |name: &str| request.headers().get(name).map_or(&b""[..], |value| value.as_bytes());
    let names = ["merchant-id", "version", "timestamp"];
    if !is_readable || names.iter().any(|name| header(name).is_empty()) {
        return Some(Reply::failed(400, "Required variables not present in request"));
    }
    let signature = header("signature");
    if signature.is_empty() {
        return Some(Reply::failed(400, "Signature not present in headers"));
    }
    if signature.len() != 32 || !signature.iter().all(u8::is_ascii_hexdigit) {
        return Some(Reply::failed(400, "Value for signature is not in the expected format"));
    }
    if header("version") != api::VERSION.as_bytes() {
        return Some(Reply::failed(400, "API version is not valid"));
    }
    let config = &shared.config;
    if header("merchant-id") != config.merchant_id.as_bytes() {
        return Some(Reply::failed(401, "Merchant not found"));
    }
    let mut signed: Vec<(&[u8], &[u8])> = names.iter().map(|name| (name.as_bytes(), header(name))).collect();
    signed.extend(fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice())));
    let is_signed =
        config.passphrase.is_some() && api::param_string(&signed, config.passphrase.as_ref()).is_signed_by(signature);
    // The public sandbox's merchant exists only there.
    let is_elsewhere = config.strict && config.merchant_id == hosts::SANDBOX_MERCHANT.0 && !is_testing(query);
    (!is_signed || is_elsewhere).then(|| Reply::failed(401, "Merchant authorisation failed"))
}

async fn answer(
    shared: &Shared,
    method: &str,
    path: &str,
    query: &[Pair],
    fields: Fields,
) -> (Reply, Option<ApiFault>) {
    let state = shared.state();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (method, parts.as_slice()) {
        ("GET", ["ping"]) => {
            let greeting = if is_testing(query) {
                "\"API V1\""
            } else {
                "\"Payfast API\""
            };
            (Reply::Text(greeting), None)
        }
        ("POST", ["subscriptions", token, "adhoc"]) => {
            let fault = state.take_api_fault(&[Struck::Charge]);
            (subscriptions::charge(shared, token, &fields, fault).await, fault)
        }
        ("GET", ["subscriptions", token, "fetch"]) => (subscriptions::fetch(state, token), None),
        ("PUT", ["subscriptions", token, action @ ("pause" | "unpause")]) => {
            (subscriptions::pause(state, token, action, &fields), None)
        }
        ("PUT", ["subscriptions", token, "cancel"]) => (subscriptions::cancel(shared, token).await, None),
        ("PATCH", ["subscriptions", token, "update"]) => (subscriptions::update(state, token, &fields), None),
        ("GET", ["process", "query", id]) => (subscriptions::query(state, id), None),
        ("GET", ["refunds", "query", id]) => {
            let fault = state.take_api_fault(&[Struck::Refundable]);
            (refunds::query(state, id, fault), fault)
        }
        ("GET", ["refunds", id]) => (refunds::list(state, id), None),
        ("POST", ["refunds", id]) => {
            let fault = state.take_api_fault(&[Struck::Refundable, Struck::Refund]);
            (refunds::create(state, id, &fields, fault), fault)
        }
        ("GET", ["transactions", "history"]) => statement::answer(state, "", &fields),
        ("GET", ["transactions", "history", span @ ("daily" | "weekly" | "monthly")]) => {
            statement::answer(state, span, &fields)
        }
        (_, parts) if is_known(parts) => (Reply::failed(400, "The request method is not valid"), None),
        _ => (Reply::failed(404, "Service / endpoint not found"), None),
    }
}

/// Whether a path has another method.
fn is_known(parts: &[&str]) -> bool {
    matches!(
        parts,
        ["ping"]
            | [
                "subscriptions",
                _,
                "adhoc" | "fetch" | "pause" | "unpause" | "cancel" | "update"
            ]
            | ["process" | "refunds", "query", _]
            | ["refunds", _]
            | ["transactions", "history"]
            | ["transactions", "history", "daily" | "weekly" | "monthly"]
    )
}

fn is_testing(query: &[Pair]) -> bool {
    payfast::checkout::value_of(query, "testing") == b"true"
}

/// The fields of a JSON object of one level, or of a form; `None` where it is neither.
fn body_fields(body: &[u8]) -> Option<Vec<Pair>> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Some(form::parse(body));
    }
    let object: serde_json::Map<String, Json> = serde_json::from_slice(body).ok()?;
    let text = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        // As PHP's `http_build_query` writes them.
        Json::Bool(yes) => Some(u8::from(*yes).to_string()),
        Json::Null => Some(String::new()),
        Json::Array(_) | Json::Object(_) => None,
    };
    let pair = |(name, value): (&String, &Json)| Some((name.clone().into_bytes(), text(value)?.into_bytes()));
    object.iter().map(pair).collect()
}

fn write(reply: Reply) -> HttpResponse {
    match reply {
        Reply::Done(data) => HttpResponse::Ok().json(json!({ "code": 200, "status": "success", "data": data })),
        Reply::Failed(failure) => {
            let status = failure.http_status.unwrap_or(failure.code);
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            HttpResponse::build(status).json(json!({
                "code": failure.code,
                "status": "failed",
                "data": { "response": failure.response, "message": failure.message },
            }))
        }
        Reply::Text(text) => HttpResponse::Ok().content_type("application/json").body(text),
        Reply::Csv(csv) => HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(csv),
        Reply::Silence => HttpResponse::InternalServerError().finish(),
    }
}

/// Closes the connection; what is answered then reaches nobody.
fn close(request: &HttpRequest) -> HttpResponse {
    if let Some(connection) = request.conn_data::<Connection>() {
        // The caller may have gone already.
        let _ = connection.shutdown(Shutdown::Both);
    }
    HttpResponse::InternalServerError().finish()
}

fn log(
    shared: &Shared,
    method: &str,
    path: &str,
    fields: &[Pair],
    status: u16,
    message: &str,
    fault: Option<ApiFault>,
) {
    let fields = fields.iter().map(|(name, value)| {
        let is_private = name.starts_with(b"bank_") || name.starts_with(b"acc_") || name == b"cc_cvv";
        let value = if is_private { b"hidden".to_vec() } else { value.clone() };
        (page::text(name), Value(value))
    });
    shared.state().log(Event::ApiCalled {
        method: method.to_owned(),
        path: path.to_owned(),
        fields: fields.collect(),
        status,
        message: message.to_owned(),
        fault,
    });
}
