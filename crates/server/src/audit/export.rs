//! The log as CSV: read in pages and sent as it is read, so that its length costs no memory.

use chrono::SecondsFormat;
use common::audit::{AuditChange, AuditEntry, AuditFilter};
use futures_util::{Stream, stream};

use super::{
    rules,
    service::Reader,
    store::{self, EntryRow, ListFilter},
};
use crate::{csv, db::Db, error::ApiError};

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
        period: rules::period(query.from.as_deref(), query.to.as_deref())?,
        search: rules::search(query.search.as_deref())?.map(str::to_owned),
        after: None,
        newest_first: true,
        limit: READ_AT_ONCE,
    };
    let chunks = stream::try_unfold((Some(first), csv::line(HEAD)), move |(filter, mut chunk)| {
        let db = db.clone();
        async move {
            let Some(mut filter) = filter else { return Ok(None) };
            let (filter, rows) = db
                .read(move |conn| {
                    let rows = store::load_page(conn, &filter)?;
                    filter.after = rows.last().map(|row| (row.at, row.id));
                    Ok::<_, ApiError>((filter, rows))
                })
                .await?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|read| read < READ_AT_ONCE);
            for entry in rows.into_iter().map(EntryRow::into_entry) {
                chunk.extend(line(&entry));
            }
            Ok(Some((chunk, ((!is_last).then_some(filter), Vec::new()))))
        }
    });
    Ok(chunks)
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
