//! The table `audit_entries`.

use chrono::{DateTime, Utc};
use common::ids::AuditEntryId;
use diesel::prelude::*;

use super::service::{Entry, Origin};
use crate::db::{Conn, schema::audit_entries};

pub fn insert(
    conn: &mut Conn,
    id: AuditEntryId,
    origin: &Origin,
    entry: &Entry<'_>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let changes = serde_json::to_string(&entry.changes).expect("changes hold only text");
    diesel::insert_into(audit_entries::table)
        .values((
            audit_entries::id.eq(id),
            audit_entries::at.eq(now.naive_utc()),
            audit_entries::action.eq(entry.action),
            audit_entries::actor_kind.eq(origin.kind),
            audit_entries::actor.eq(&origin.actor),
            audit_entries::user_id.eq(origin.user_id),
            audit_entries::api_key_id.eq(origin.api_key_id),
            audit_entries::account_id.eq(entry.account_id),
            audit_entries::subject_kind.eq(entry.subject_kind),
            audit_entries::subject_id.eq(entry.subject_id),
            audit_entries::subject.eq(entry.subject),
            audit_entries::changes.eq(changes),
            audit_entries::peer.eq(&origin.peer),
            audit_entries::request_id.eq(&origin.request_id),
        ))
        .execute(conn)
        .map(drop)
}
