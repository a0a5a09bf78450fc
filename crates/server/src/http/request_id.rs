//! One id per request, in the log, in `X-Request-Id` and in every problem document; the request's log line and its
//! place in the metrics.
//!
//! The line names the pattern of the route, never the query: links in mails carry their tokens there.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use tracing::Instrument;
use uuid::Uuid;

use crate::{app::App, clock::Stopwatch};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that this task answers; empty outside one.
pub fn current() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}

/// Makes the id, holds it while the request runs, puts it on the answer and logs one line.
pub async fn middleware<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let started = Stopwatch::start();
    let id = Uuid::now_v7().to_string();
    let value = HeaderValue::from_str(&id).expect("a UUID is visible ASCII");
    let span = tracing::info_span!("request", id = %id);
    let mut response = CURRENT.scope(id, next.call(request)).instrument(span.clone()).await?;
    response.headers_mut().insert(HEADER, value);
    let method = response.request().method();
    let route = response.request().match_pattern().unwrap_or_else(|| "other".to_owned());
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    if let Some(app) = response.request().app_data::<web::Data<App>>() {
        app.metrics.answered(method.as_str(), &route, status, elapsed);
    }
    let elapsed_ms = elapsed.as_millis();
    tracing::info!(parent: &span, %method, route, status, elapsed_ms, "Answered {method} {route} with {status}");
    Ok(response)
}
