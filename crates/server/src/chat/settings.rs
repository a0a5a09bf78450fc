//! What people let others see, and who is kept apart.

pub mod http;
pub mod store;

use std::collections::HashSet;

use common::{
    FieldError,
    chat::{
        Change, Event, UserChange,
        events::SettingsChanged,
        settings::{BLOCKED_MAX, ChatSettings, RETENTION_DAYS_MAX},
    },
    ids::{ThreadId, UserId},
};
use serde_json::json;

use super::{threads, user_log};
use crate::{
    app::App,
    db::{Conn, QueryResult},
    error::ApiError,
};

pub async fn load(app: &App, user_id: UserId) -> QueryResult<ChatSettings> {
    app.db.read(move |conn| find(conn, user_id)).await
}

pub fn find(conn: &mut Conn, user_id: UserId) -> QueryResult<ChatSettings> {
    let row = store::find(conn, user_id)?;
    let blocked = store::blocked_by(conn, user_id)?;
    Ok(ChatSettings {
        blocked,
        ..row.map_or_else(ChatSettings::default, Into::into)
    })
}

/// Replaces the settings and tells the person's own devices, when anything changed.
pub async fn set(app: &App, user_id: UserId, mut settings: ChatSettings) -> Result<ChatSettings, ApiError> {
    check_days("retention_days", settings.retention_days)?;
    settings.blocked.sort_unstable();
    settings.blocked.dedup();
    if settings.blocked.len() > BLOCKED_MAX {
        return Err(blocked(
            "too_many",
            &format!("You can block up to {BLOCKED_MAX} people."),
        ));
    }
    if settings.blocked.contains(&user_id) {
        return Err(blocked("self", "You cannot block yourself."));
    }
    let now = app.clock.now();
    let settings = app
        .db
        .write(move |conn| {
            // Held first: of two changes at once, one is whole.
            user_log::hold(conn, user_id, now)?;
            if store::count_people(conn, &settings.blocked)? != settings.blocked.len() {
                return Err(blocked("unknown", "One of these people does not exist."));
            }
            if find(conn, user_id)? != settings {
                user_log::append(conn, user_id, UserChange::Settings(SettingsChanged {}), now)?;
                store::replace(conn, user_id, &settings)?;
            }
            Ok(settings)
        })
        .await?;
    app.hub.wake(user_id);
    Ok(settings)
}

fn blocked(code: &'static str, message: &str) -> ApiError {
    FieldError::new("blocked", code, message.to_owned()).into()
}

/// For ever, or a number of days.
pub fn check_days(field: &'static str, days: Option<u32>) -> Result<(), ApiError> {
    if days.is_some_and(|days| !(1..=RETENTION_DAYS_MAX).contains(&days)) {
        let message = format!("Use 1 to {RETENTION_DAYS_MAX} days, or nothing to keep messages for ever.");
        return Err(FieldError::new(field, "out_of_range", message).into());
    }
    Ok(())
}

/// Whether everybody else in the thread has blocked the sender.
pub fn is_shut_out(conn: &mut Conn, thread_id: ThreadId, sender_id: UserId) -> QueryResult<bool> {
    // Most people are blocked by nobody, and their messages need not know who is in the thread.
    let blocking: HashSet<UserId> = store::all_who_block(conn, sender_id)?.into_iter().collect();
    if blocking.is_empty() {
        return Ok(false);
    }
    let members = threads::store::load_member_ids(conn, &[thread_id])?;
    let mut others = members
        .into_iter()
        .map(|(_, user_id)| user_id)
        .filter(|user_id| *user_id != sender_id)
        .peekable();
    Ok(others.peek().is_some() && others.all(|other| blocking.contains(&other)))
}

/// Takes out of a log what its authors do not let this reader see; every number stays.
pub fn mask(conn: &mut Conn, events: Vec<Event>, reader: UserId) -> QueryResult<Vec<Event>> {
    let of_others = |event: &Event| matches!(event.change, Change::Read(_)) && event.by != Some(reader);
    let authors: HashSet<UserId> = events
        .iter()
        .filter(|event| of_others(event))
        .filter_map(|event| event.by)
        .collect();
    if authors.is_empty() {
        return Ok(events);
    }
    let authors: Vec<_> = authors.into_iter().collect();
    let own = find(conn, reader)?;
    let mut hidden: HashSet<UserId> = store::who_hides_reading(conn, &authors)?.into_iter().collect();
    hidden.extend(store::who_blocks(conn, &authors, reader)?);
    hidden.extend(&own.blocked);
    let events = events.into_iter().map(|event| {
        let is_hidden = event.by.is_some_and(|by| hidden.contains(&by)) || !own.shows_reading;
        match of_others(&event) && is_hidden {
            true => masked(event),
            false => event,
        }
    });
    Ok(events.collect())
}

/// An event that says nothing but its number.
pub fn masked(event: Event) -> Event {
    Event {
        by: None,
        cid: None,
        change: Change::Unknown {
            kind: event.change.kind().to_owned(),
            data: json!({}),
        },
        ..event
    }
}
