//! The signed-in browsers of a person.

pub mod device;
pub mod store;

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use common::{Page, audit::AuditAction, ids::SessionId, sessions::Session};

use crate::{
    accounts,
    app::App,
    audit::{self, Origin},
    db::{Conn, QueryResult},
    error::ApiError,
    http::access::{Caller, Credential},
};
use store::SessionRow;

/// A session ends after this time without a request …
pub const SESSION_IDLE: TimeDelta = TimeDelta::hours(12);
/// … and after this time in any case.
pub const SESSION_KEPT: TimeDelta = TimeDelta::days(7);
/// The last use of a session is written at most this often, but at once when the address is another.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(5);

/// The signed-in person behind a session token's hash; idle and ended sessions are nobody's.
pub async fn find_caller(app: &App, token_hash: String, peer: IpAddr) -> Result<Option<Caller>, ApiError> {
    let now = app.clock.now();
    let found = app
        .db
        .read(move |conn| -> QueryResult<_> {
            let Some(session) = store::find_caller(conn, &token_hash, now, now - SESSION_IDLE)? else {
                return Ok(None);
            };
            let memberships = accounts::service::memberships(conn, session.user_id)?;
            Ok(Some((session, memberships)))
        })
        .await?;
    let Some((session, memberships)) = found else {
        return Ok(None);
    };
    let peer = peer.to_string();
    if now - session.last_seen_at.and_utc() > TOUCH_EVERY || session.last_peer != peer {
        app.db
            .write(move |conn| store::touch(conn, session.id, &peer, now))
            .await?;
    }
    Ok(Some(Caller {
        credential: Credential::Session(session.id),
        user_id: session.user_id,
        email: session.email,
        staff_role: session.staff_role.filter(|_| session.has_second_factor),
        lacks_second_factor: session.staff_role.is_some() && !session.has_second_factor,
        memberships,
        account: None,
    }))
}

/// All living sessions of the caller, the current one first, then the latest used.
pub async fn list(app: &App, caller: &Caller) -> Result<Page<Session>, ApiError> {
    let now = app.clock.now();
    let (user_id, current) = (caller.user_id, caller.session_id()?);
    let mut rows = app
        .db
        .read(move |conn| store::load_living(conn, user_id, now, now - SESSION_IDLE))
        .await?;
    rows.sort_by_key(|row| row.id != current);
    let items: Vec<_> = rows.into_iter().map(|row| row.into_session(current)).collect();
    Ok(Page {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
        total_at_least: None,
    })
}

impl SessionRow {
    fn into_session(self, current: SessionId) -> Session {
        Session {
            id: self.id,
            is_current: self.id == current,
            device: device::describe(&self.user_agent),
            opened_from: self.peer,
            last_seen_from: self.last_peer,
            created_at: self.created_at.and_utc(),
            last_seen_at: self.last_seen_at.and_utc(),
            expires_at: self.expires_at.and_utc(),
            has_second_factor: self.has_second_factor,
        }
    }
}

/// Ends one session of the caller; their own counts as signing out.
pub async fn revoke(app: &App, caller: &Caller, id: SessionId, origin: Origin) -> Result<(), ApiError> {
    let now = app.clock.now();
    let (user_id, action) = (
        caller.user_id,
        if id == caller.session_id()? {
            AuditAction::SignedOut
        } else {
            AuditAction::SessionRevoked
        },
    );
    app.db
        .write(move |conn| {
            let session = store::load_living(conn, user_id, now, now - SESSION_IDLE)?
                .into_iter()
                .find(|session| session.id == id);
            let session = session.ok_or_else(|| ApiError::not_found("session"))?;
            if !store::remove(conn, id)? {
                return Err(ApiError::not_found("session"));
            }
            record(conn, &origin, action, &session, now)?;
            Ok(())
        })
        .await
}

/// Ends every session of the caller but the one that asks.
pub async fn revoke_others(app: &App, caller: &Caller, origin: Origin) -> Result<(), ApiError> {
    let now = app.clock.now();
    let (user_id, current) = (caller.user_id, caller.session_id()?);
    app.db
        .write(move |conn| -> QueryResult<()> {
            for session in store::load_living(conn, user_id, now, now - SESSION_IDLE)? {
                if session.id != current && store::remove(conn, session.id)? {
                    record(conn, &origin, AuditAction::SessionRevoked, &session, now)?;
                }
            }
            store::remove_others(conn, user_id, current)
        })
        .await?;
    Ok(())
}

/// Writes a line about a session, which is named by its device.
fn record(
    conn: &mut Conn,
    origin: &Origin,
    action: AuditAction,
    session: &SessionRow,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let entry = audit::Entry {
        action,
        account_id: None,
        subject_kind: "session",
        subject_id: Some(session.id.as_str()),
        subject: &device::describe(&session.user_agent),
        changes: Vec::new(),
    };
    audit::record(conn, origin, &entry, now)
}
