//! The log as CSV: read in pages and sent as it is read, so that its length costs no memory.

use chrono::SecondsFormat;
use common::audit::{AuditChange, AuditEntry, AuditFilter};
use futures_util::Stream;

use super::{
    service::Reader,
    store::{self, EntryRow, ListFilter},
};
use crate::{csv, days, db::Db, error::ApiError, search};

/// Rows of one read; the transaction of each is short.
const READ_AT_ONCE: i64 = 500;

const HEAD: [&str; 12] = [
    "id",
    "at",
    "action",
    "actor_kind",
    "actor",
    "subject_kind",
    "subject",
    "subject_id",
    "changes",
    "from",
    "account_id",
    "request_id",
];

/// The lines that the reader may see, newest first, as chunks of text.
pub fn export(
    db: Db,
    reader: Reader,
    query: AuditFilter,
) -> Result<impl Stream<Item = Result<Vec<u8>, ApiError>>, ApiError> {
    let first = ListFilter {
        of: reader.account_id.map(|account_id| (account_id, reader.user_id)),
        action: query.action,
        period: days::period(query.from.as_deref(), query.to.as_deref())?,
        search: search::typed(query.search.as_deref())?.map(str::to_owned),
        after: None,
        newest_first: true,
        limit: READ_AT_ONCE,
    };
    Ok(csv::table(&HEAD, first, move |filter| read_on(db.clone(), filter)))
}

async fn read_on(db: Db, filter: ListFilter) -> Result<csv::Chunk<ListFilter>, ApiError> {
    let (mut filter, rows) = db
        .read(move |conn| {
            let rows = store::load_page(conn, &filter)?;
            Ok::<_, ApiError>((filter, rows))
        })
        .await?;
    filter.after = rows.last().map(|row| (row.at, row.id));
    let is_last = i64::try_from(rows.len()).is_ok_and(|read| read < READ_AT_ONCE);
    let entries = rows.into_iter().map(EntryRow::into_entry);
    Ok((
        entries.flat_map(|entry| line(&entry)).collect(),
        (!is_last).then_some(filter),
    ))
}

fn line(entry: &AuditEntry) -> Vec<u8> {
    let text = |id: Option<String>| id.unwrap_or_default();
    let changes: Vec<String> = entry.changes.iter().map(in_words).collect();
    csv::line([
        entry.id.as_str(),
        &entry.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        entry.action.as_str(),
        entry.actor_kind.as_str(),
        &entry.actor,
        &entry.subject_kind,
        &entry.subject,
        &text(entry.subject_id.clone()),
        &changes.join("; "),
        &text(entry.from.clone()),
        &text(entry.account_id.map(|id| id.to_string())),
        &text(entry.request_id.clone()),
    ])
}

fn in_words(change: &AuditChange) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(nothing)".to_owned());
    format!("{}: {} → {}", change.field, value(&change.before), value(&change.after))
}
