//! The table `audit_entries`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    audit::{ActorKind, AuditAction},
    ids::{AccountId, AuditEntryId, UserId},
};
use diesel::{define_sql_function, prelude::*};

use super::service::{Entry, Origin};
use crate::{
    days::Period,
    db::{Conn, schema::audit_entries},
    search::like_pattern,
};

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

#[derive(Queryable)]
pub struct EntryRow {
    pub id: AuditEntryId,
    pub at: NaiveDateTime,
    pub action: AuditAction,
    pub actor_kind: ActorKind,
    pub actor: String,
    pub account_id: Option<AccountId>,
    pub subject_kind: String,
    pub subject_id: Option<String>,
    pub subject: String,
    /// JSON of a list of changes.
    pub changes: String,
    pub peer: Option<String>,
    pub request_id: Option<String>,
}

/// What a list asks for; rows come by time, then id.
pub struct ListFilter {
    /// Entries of this account, and those by or about this person that concern no account; `None` for all.
    pub of: Option<(AccountId, UserId)>,
    pub action: Option<AuditAction>,
    pub period: Period,
    pub search: Option<String>,
    pub after: Option<(NaiveDateTime, AuditEntryId)>,
    pub newest_first: bool,
    pub limit: i64,
}

define_sql_function! {
    /// Folds ASCII on SQLite, every letter on PostgreSQL.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// The filters that page and count share; a macro, since each has a type of its own.
macro_rules! narrow {
    ($query:expr, $filter:expr) => {{
        let mut query = $query.into_boxed();
        if let Some((account_id, user_id)) = $filter.of {
            let about = audit_entries::subject_kind
                .eq("user")
                .and(audit_entries::subject_id.eq(user_id.to_string()));
            let own = audit_entries::account_id
                .is_null()
                .and(audit_entries::user_id.eq(user_id).or(about.nullable()));
            query = query.filter(audit_entries::account_id.eq(account_id).or(own).assume_not_null());
        }
        if let Some(action) = $filter.action {
            query = query.filter(audit_entries::action.eq(action));
        }
        if let Some(from) = $filter.period.from {
            query = query.filter(audit_entries::at.ge(from.naive_utc()));
        }
        if let Some(until) = $filter.period.until {
            query = query.filter(audit_entries::at.lt(until.naive_utc()));
        }
        if let Some(text) = &$filter.search {
            let (folded, typed) = (like_pattern(&text.to_lowercase()), like_pattern(text));
            let actor = lower(audit_entries::actor).like(folded.clone()).escape('\\');
            let subject = lower(audit_entries::subject).like(folded).escape('\\');
            // SQLite folds ASCII only: other letters are found as they were typed.
            let as_typed = audit_entries::actor.like(typed.clone()).escape('\\');
            let as_typed = as_typed.or(audit_entries::subject.like(typed).escape('\\'));
            query = query.filter(actor.or(subject).or(as_typed));
        }
        query
    }};
}

pub fn load_page(conn: &mut Conn, filter: &ListFilter) -> QueryResult<Vec<EntryRow>> {
    let columns = (
        audit_entries::id,
        audit_entries::at,
        audit_entries::action,
        audit_entries::actor_kind,
        audit_entries::actor,
        audit_entries::account_id,
        audit_entries::subject_kind,
        audit_entries::subject_id,
        audit_entries::subject,
        audit_entries::changes,
        audit_entries::peer,
        audit_entries::request_id,
    );
    let mut query = narrow!(audit_entries::table.select(columns).limit(filter.limit), filter);
    let (at, id) = (audit_entries::at, audit_entries::id);
    if let Some((after_at, after_id)) = filter.after {
        query = if filter.newest_first {
            query.filter(at.lt(after_at).or(at.eq(after_at).and(id.lt(after_id))))
        } else {
            query.filter(at.gt(after_at).or(at.eq(after_at).and(id.gt(after_id))))
        };
    }
    if filter.newest_first {
        query.order((at.desc(), id.desc()))
    } else {
        query.order((at.asc(), id.asc()))
    }
    .load(conn)
}

/// Most lines of one thing's history.
const ABOUT_MOST: i64 = 500;

/// Lines about any of these things with the person behind each, newest first.
pub fn load_about(conn: &mut Conn, subject_ids: &[String]) -> QueryResult<Vec<(EntryRow, Option<UserId>)>> {
    let columns = (
        audit_entries::id,
        audit_entries::at,
        audit_entries::action,
        audit_entries::actor_kind,
        audit_entries::actor,
        audit_entries::account_id,
        audit_entries::subject_kind,
        audit_entries::subject_id,
        audit_entries::subject,
        audit_entries::changes,
        audit_entries::peer,
        audit_entries::request_id,
    );
    audit_entries::table
        .filter(audit_entries::subject_id.eq_any(subject_ids.to_vec()))
        .order((audit_entries::at.desc(), audit_entries::id.desc()))
        .limit(ABOUT_MOST)
        .select((columns, audit_entries::user_id))
        .load(conn)
}

/// Rows that match, counted up to `at_most`.
pub fn count(conn: &mut Conn, filter: &ListFilter, at_most: i64) -> QueryResult<i64> {
    let ids: Vec<AuditEntryId> =
        narrow!(audit_entries::table.select(audit_entries::id).limit(at_most), filter).load(conn)?;
    Ok(i64::try_from(ids.len()).unwrap_or(at_most))
}
