//! Who may open a socket, and which sockets must close.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    ErrorCode,
    chat::{CloseReason, Event, Ticket},
    ids::{AccountId, SessionId, UserId},
};

use super::{fanout, presence, store, threads, user_log};
use crate::{
    app::App,
    auth::{self, service::Login},
    db::{Conn, QueryResult},
    error::ApiError,
    http::session::{hash_token, random_token},
};

/// A ticket is for the handshake that follows at once.
const TICKET_KEPT: TimeDelta = TimeDelta::seconds(30);
/// Longer than any client keeps what it has not sent.
const SENDS_KEPT: TimeDelta = TimeDelta::days(30);
/// Whoever was away for longer reads everything anew.
const STREAM_KEPT: TimeDelta = TimeDelta::days(30);
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

/// Wakes the sockets of people whose own streams moved since the last look, on whatever node.
pub async fn wake_people(app: &App, heads: &mut HashMap<UserId, i64>) -> QueryResult<()> {
    let people = app.hub.connected();
    if people.is_empty() {
        heads.clear();
        return Ok(());
    }
    let found = app
        .db
        .read(move |conn| -> QueryResult<HashMap<_, _>> {
            let mut found = HashMap::new();
            for people in people.chunks(ASKED_AT_ONCE) {
                found.extend(user_log::heads(conn, people)?);
            }
            Ok(found)
        })
        .await?;
    for (user_id, head) in &found {
        if heads.get(user_id) != Some(head) {
            app.hub.wake(*user_id);
        }
    }
    *heads = found;
    Ok(())
}

/// Takes somebody out of every thread of an account; [`tell_left`] tells so after the commit.
pub fn leave_account(
    conn: &mut Conn,
    account_id: AccountId,
    user_id: UserId,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Event>> {
    threads::leave_account(conn, account_id, user_id, now)
}

/// Tells those who follow the threads.
pub fn tell_left(app: &App, user_id: UserId, events: Vec<Event>) {
    app.hub.wake(user_id);
    tell(app, events);
}

/// Tells what is committed and no secret of anybody's.
pub(super) fn tell(app: &App, events: Vec<Event>) {
    for event in events {
        fanout::tell(app, event, Arc::default());
    }
}

/// Forgets tickets that nobody used, what clients have long stopped to send again, and leases that nobody renews.
pub fn purge_expired(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    Ok(store::purge_tickets(conn, now)?
        + threads::store::purge_sends(conn, now - SENDS_KEPT)?
        + user_log::purge(conn, now - STREAM_KEPT)?
        + presence::purge(conn, now)?)
}
