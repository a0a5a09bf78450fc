//! The signed-in browsers of a person.

pub mod store;

use chrono::TimeDelta;

use crate::{
    accounts,
    app::App,
    db::QueryResult,
    error::ApiError,
    http::access::{Caller, Credential},
};

/// A session ends after this time without a request …
pub const SESSION_IDLE: TimeDelta = TimeDelta::hours(12);
/// … and after this time in any case.
pub const SESSION_KEPT: TimeDelta = TimeDelta::days(7);
/// The last use of a session is written at most this often.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(5);

/// The signed-in person behind a session token's hash; idle and ended sessions are nobody's.
pub async fn find_caller(app: &App, token_hash: String) -> Result<Option<Caller>, ApiError> {
    let now = app.clock.now();
    let found = app
        .db
        .read(move |conn| -> QueryResult<_> {
            let Some(session) = store::find_session(conn, &token_hash, now, now - SESSION_IDLE)? else {
                return Ok(None);
            };
            let memberships = accounts::service::memberships(conn, session.user_id)?;
            Ok(Some((session, memberships)))
        })
        .await?;
    let Some((session, memberships)) = found else {
        return Ok(None);
    };
    if now - session.last_seen_at.and_utc() > TOUCH_EVERY {
        app.db
            .write(move |conn| store::touch_session(conn, session.id, now))
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
