//! Who may open a socket, and which sockets must close.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    ErrorCode,
    chat::{CloseReason, Ticket},
    ids::SessionId,
};

use super::store;
use crate::{
    app::App,
    auth::{self, service::Login},
    db::{Conn, QueryResult},
    error::ApiError,
    http::session::{hash_token, random_token},
};

/// A ticket is for the handshake that follows at once.
const TICKET_KEPT: TimeDelta = TimeDelta::seconds(30);
/// Sessions asked for in one query; both databases take that many parameters.
const ASKED_AT_ONCE: usize = 500;

/// Makes a ticket for one socket of this login; only its hash is stored.
pub async fn issue_ticket(app: &App, session_id: SessionId) -> Result<Ticket, ApiError> {
    let ticket = random_token();
    let token_hash = hash_token(&ticket);
    let exp = app.clock.now() + TICKET_KEPT;
    app.db
        .write(move |conn| store::insert_ticket(conn, &token_hash, session_id, exp))
        .await?;
    Ok(Ticket { ticket, exp })
}

/// Uses up a ticket; it must belong to a login that still lives.
pub async fn redeem_ticket(app: &App, ticket: &str) -> Result<Login, ApiError> {
    let token_hash = hash_token(ticket);
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let session_id = store::find_ticket(conn, &token_hash, now)?.ok_or_else(no_ticket)?;
            if !store::take_ticket(conn, &token_hash)? {
                return Err(no_ticket());
            }
            let logins = auth::service::logins(conn, &[session_id])?;
            logins
                .into_iter()
                .find(|login| login.ends_at > now)
                .ok_or_else(no_ticket)
        })
        .await
}

pub(super) fn no_ticket() -> ApiError {
    ApiError::new(
        ErrorCode::NotSignedIn,
        "this needs a ticket of POST /api/v1/chat/ticket, which works once, for 30 seconds",
    )
}

/// Which of these logins have ended, and how the sockets that they opened must close.
pub async fn ended_logins(app: &App, sessions: Vec<SessionId>) -> Result<HashMap<SessionId, CloseReason>, ApiError> {
    let now = app.clock.now();
    let ended = app
        .db
        .read(move |conn| -> QueryResult<_> {
            let mut ended = HashMap::new();
            for sessions in sessions.chunks(ASKED_AT_ONCE) {
                let known: HashMap<_, _> = auth::service::logins(conn, sessions)?
                    .into_iter()
                    .map(|login| (login.session_id, login.ends_at))
                    .collect();
                ended.extend(sessions.iter().filter_map(|session| match known.get(session) {
                    None => Some((*session, CloseReason::Revoked)),
                    Some(ends_at) if *ends_at <= now => Some((*session, CloseReason::AuthExpired)),
                    Some(_) => None,
                }));
            }
            Ok(ended)
        })
        .await?;
    Ok(ended)
}

/// Forgets tickets that nobody used.
pub fn purge_expired(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    store::purge_tickets(conn, now)
}
