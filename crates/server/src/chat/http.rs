//! HTTP of the realtime transport: the ticket, and the handshake that uses it up.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ORIGIN, SEC_WEBSOCKET_PROTOCOL},
    web::{Data, Payload},
};
use common::{
    ErrorCode,
    chat::{FRAME_MAX, SUBPROTOCOL, TICKET_PREFIX},
};

use super::{service, socket};
use crate::{app::App, error::ApiError, http::Caller};

pub async fn ticket(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    let ticket = service::issue_ticket(&app, caller.session_id()?).await?;
    Ok(HttpResponse::Created().json(ticket))
}

/// Opens the socket, or refuses before the upgrade: 401 for the ticket, 403 for the origin, 426 for the version.
pub async fn open(app: Data<App>, request: HttpRequest, body: Payload) -> Result<HttpResponse, ApiError> {
    let offered = offered_protocols(&request);
    let ticket = offered
        .iter()
        .find_map(|protocol| protocol.strip_prefix(TICKET_PREFIX))
        .ok_or_else(service::no_ticket)?;
    let origin = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok());
    if !origin.is_some_and(|origin| app.config.http.is_own_origin(origin)) {
        return Err(ApiError::new(
            ErrorCode::Csrf,
            "this socket is opened from another site",
        ));
    }
    if !offered.iter().any(|protocol| protocol == SUBPROTOCOL) {
        return Err(ApiError::new(
            ErrorCode::UpgradeRequired,
            format!("this server speaks {SUBPROTOCOL}"),
        ));
    }
    let login = service::redeem_ticket(&app, ticket).await?;
    let (response, session, stream) = actix_ws::handle_with_protocols(&request, body, &[SUBPROTOCOL])
        .map_err(|error| ApiError::new(ErrorCode::Malformed, error.to_string()))?;
    let stream = stream
        .max_frame_size(FRAME_MAX)
        .aggregate_continuations()
        .max_continuation_size(FRAME_MAX);
    let place = app.sockets.enter(login.session_id, login.user_id);
    actix_web::rt::spawn(socket::run(app.into_inner(), login, place, session, stream));
    Ok(response)
}

fn offered_protocols(request: &HttpRequest) -> Vec<String> {
    request
        .headers()
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(|protocol| protocol.trim().to_owned())
        .collect()
}
