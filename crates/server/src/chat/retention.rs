//! How long threads are kept: the shortest of what the company and its people in a thread want; and the purge.

pub mod http;
mod store;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    audit::AuditAction,
    chat::{UserChange, events::Purged, settings::Retention},
    ids::{AccountId, ThreadId, UserId},
};

use super::{changes, log::seq, settings::check_days, threads::store as thread_store, user_log};
use crate::{
    accounts,
    app::App,
    audit::{self, Origin, service::changed},
    db::{Conn, QueryResult},
    error::ApiError,
};

/// Events that are purged in one transaction.
const PURGED_AT_ONCE: i64 = 2_000;

pub async fn load(app: &App, account_id: AccountId) -> QueryResult<Retention> {
    app.db.read(move |conn| find(conn, account_id)).await
}

fn find(conn: &mut Conn, account_id: AccountId) -> QueryResult<Retention> {
    let days = store::find_days(conn, account_id)?;
    Ok(Retention {
        days: days.and_then(|days| u32::try_from(days).ok()),
    })
}

pub async fn set(app: &App, account_id: AccountId, new: Retention, origin: Origin) -> Result<Retention, ApiError> {
    check_days("days", new.days)?;
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            // Two changes at once follow one another.
            let account = accounts::service::find_locked(conn, account_id)?;
            let account = account.ok_or_else(|| ApiError::not_found("account"))?;
            let old = find(conn, account_id)?;
            if old == new {
                return Ok(new);
            }
            store::put_days(conn, account_id, new.days.and_then(|days| i32::try_from(days).ok()))?;
            let text = |days: Option<u32>| days.map(|days| days.to_string());
            let entry = audit::Entry {
                action: AuditAction::AccountChanged,
                account_id: Some(account_id),
                subject_kind: "account",
                subject_id: Some(account_id.as_str()),
                subject: &account.company_name,
                changes: changed([(
                    "chat_retention_days",
                    text(old.days).as_deref(),
                    text(new.days).as_deref(),
                )]),
            };
            audit::record(conn, &origin, &entry, now)?;
            Ok(new)
        })
        .await
}

/// Purges what is older than its threads are kept; gives back how many threads lost something.
pub async fn purge_due(app: &App) -> Result<usize, ApiError> {
    let now = app.clock.now();
    let kept = app.db.read(days_of_threads).await?;
    let mut purged = 0;
    for (thread_id, days) in kept {
        let before = now - TimeDelta::days(days.into());
        let mut has_lost = false;
        loop {
            let told = app.db.write(move |conn| purge(conn, thread_id, before, now)).await?;
            let Some(members) = told else { break };
            members.into_iter().for_each(|user_id| app.hub.wake(user_id));
            has_lost = true;
        }
        purged += usize::from(has_lost);
    }
    Ok(purged)
}

/// For how many days each thread is kept that is not kept for ever.
fn days_of_threads(conn: &mut Conn) -> QueryResult<Vec<(ThreadId, i32)>> {
    let held = store::held_threads(conn)?;
    let mut days: HashMap<ThreadId, i32> = HashMap::new();
    let wanted = store::days_by_account(conn)?
        .into_iter()
        .chain(store::days_by_member(conn)?);
    for (thread_id, wanted) in wanted {
        let kept = days.entry(thread_id).or_insert(wanted);
        *kept = wanted.min(*kept);
    }
    for thread_id in held {
        days.remove(&thread_id);
    }
    let mut days: Vec<_> = days.into_iter().collect();
    days.sort_unstable();
    Ok(days)
}

/// Purges some of a thread; tells whom to wake, or nothing when there is nothing to purge.
fn purge(
    conn: &mut Conn,
    thread_id: ThreadId,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<Option<Vec<UserId>>> {
    let Some(thread) = thread_store::lock_thread(conn, thread_id)? else {
        return Ok(None);
    };
    let last = thread_store::last_before(conn, thread_id, thread.floor, before, PURGED_AT_ONCE)?;
    let Some(floor) = last else { return Ok(None) };
    // What was changed lately says in the log what was written long ago.
    for item_id in thread_store::items_up_to(conn, thread_id, floor)? {
        let events = thread_store::load_events_of_item(conn, item_id)?;
        let later: Vec<_> = events.into_iter().filter(|event| event.seq > floor).collect();
        changes::scrub(conn, &later)?;
    }
    thread_store::purge_up_to(conn, thread_id, floor)?;
    let members = thread_store::load_member_ids(conn, &[thread_id])?;
    let members: Vec<UserId> = members.into_iter().map(|(_, user_id)| user_id).collect();
    for user_id in &members {
        let purged = Purged {
            thread: thread_id,
            floor: seq(floor),
        };
        user_log::append(conn, *user_id, UserChange::Purged(purged), now)?;
    }
    Ok(Some(members))
}
