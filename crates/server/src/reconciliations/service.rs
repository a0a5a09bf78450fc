//! Starting and reading comparisons, and PayFast's statement for whoever needs to know.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use common::{
    Page,
    audit::AuditAction,
    ids::{ReconciliationId, StatementLineId, UserId},
    reconciliations::{
        NewReconciliation, Reconciliation, ReconciliationQuery, ReconciliationStatus, StatementLine, StatementQuery,
    },
};

use super::{
    rules::{self, Range, Read, Reading, Tally},
    store::{self, LineFilter, ReconciliationRow},
};
use crate::{
    app::App,
    audit::{self, Entry, Origin, service::changed},
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    paging::{self, Paging},
    payments::gateway::Reply,
};

/// Writes a comparison down; the worker fetches the statement.
pub async fn start(
    app: &App,
    user_id: UserId,
    origin: Origin,
    wish: NewReconciliation,
) -> Result<Reconciliation, ApiError> {
    let now = app.clock.now();
    let range = Range::parse(&wish, now)?;
    if !app.gateway.has_api() {
        return Err(ApiError::conflict(
            "PayFast's API is not set up here: set PAYFAST_API_BASE and PAYFAST_PASSPHRASE",
        ));
    }
    let row = new_row(clock::new_id(now), range, Some(user_id), now);
    let started = app
        .db
        .write(move |conn| -> Result<_, ApiError> {
            store::insert(conn, &row)?;
            record(conn, &origin, &row, now)?;
            Ok(Reconciliation::from(&row))
        })
        .await?;
    app.wake_worker();
    Ok(started)
}

/// Writes down the comparisons that the days until yesterday need, once for all nodes, and tells how many are new; the
/// worker calls it again and again.
pub async fn schedule_daily(app: &App) -> Result<usize, ApiError> {
    if !app.gateway.has_api() {
        return Ok(0);
    }
    let now = app.clock.now();
    let rows = app.db.read(move |conn| due_daily(conn, now)).await?;
    let mut new = 0;
    for row in rows {
        let write = move |conn: &mut Conn| -> Result<bool, ApiError> {
            let is_new = store::insert(conn, &row)?;
            if is_new {
                record(conn, &Origin::system(), &row, now)?;
            }
            Ok(is_new)
        };
        new += usize::from(app.db.write(write).await?);
    }
    Ok(new)
}

fn due_daily(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<Vec<ReconciliationRow>> {
    let days: Vec<NaiveDate> = rules::days_to_read(store::first_daily_day(conn)?, now).collect();
    let Some(first) = days.first() else {
        return Ok(Vec::new());
    };
    let known: HashMap<ReconciliationId, Read> = store::load_daily(conn, *first)?
        .into_iter()
        .map(|(id, status, started_at)| (id, Read { status, started_at }))
        .collect();
    let due = days.into_iter().filter_map(|day| {
        let id = |reading: Reading| clock::id_of_day(day, reading.id_bytes(day));
        let reading = rules::due_reading(day, now, |reading| known.get(&id(reading)).copied())?;
        Some(new_row(id(reading), Range::of(day), None, now))
    });
    Ok(due.collect())
}

fn new_row(id: ReconciliationId, range: Range, requested_by: Option<UserId>, now: DateTime<Utc>) -> ReconciliationRow {
    let Tally {
        lines,
        matched,
        healed,
        differences,
    } = Tally::default();
    ReconciliationRow {
        id,
        from_day: range.from,
        to_day: range.to,
        status: ReconciliationStatus::Running,
        reason: String::new(),
        lines,
        matched,
        healed,
        differences,
        requested_by,
        created_at: now.naive_utc(),
        finished_at: None,
        attempts: 0,
        next_try_at: Some(now.naive_utc()),
        lease_until: None,
    }
}

fn record(conn: &mut Conn, origin: &Origin, row: &ReconciliationRow, now: DateTime<Utc>) -> Result<(), ApiError> {
    let (from, to) = (row.from_day.to_string(), row.to_day.to_string());
    let entry = Entry {
        action: AuditAction::ReconciliationStarted,
        account_id: None,
        subject_kind: "reconciliation",
        subject_id: Some(row.id.as_str()),
        subject: &format!("{from} to {to}"),
        changes: changed([("from", None, Some(&from)), ("to", None, Some(&to))]),
    };
    audit::record(conn, origin, &entry, now)?;
    Ok(())
}

/// One page of all comparisons, newest first.
pub async fn list(app: &App, query: ReconciliationQuery) -> Result<Page<Reconciliation>, ApiError> {
    let paging = Paging::parse(query.limit, query.cursor.as_deref(), None)?;
    app.db
        .read(move |conn| {
            let total = store::count(conn, paging::COUNT_UP_TO)?;
            let rows = store::load_page(conn, paging.after(ReconciliationId::parse)?, paging.fetch())?;
            Ok(paging
                .page(rows, total, |row| (row.created_at, row.id.to_string()))
                .map(|row| (&row).into()))
        })
        .await
}

pub async fn load(app: &App, id: ReconciliationId) -> Result<Reconciliation, ApiError> {
    let row = app.db.read(move |conn| store::find(conn, id)).await?;
    row.map(|row| (&row).into())
        .ok_or_else(|| ApiError::not_found("reconciliation"))
}

/// The lines of a comparison's days, newest first, whichever comparison stored them.
pub async fn lines(app: &App, id: ReconciliationId, query: StatementQuery) -> Result<Page<StatementLine>, ApiError> {
    let paging = Paging::parse(query.limit, query.cursor.as_deref(), None)?;
    app.db
        .read(move |conn| {
            let row = store::find(conn, id)?.ok_or_else(|| ApiError::not_found("reconciliation"))?;
            let (from, until) = row.range().instants();
            let filter = LineFilter {
                from,
                until,
                verdict: query.verdict,
                after: paging.after(StatementLineId::parse)?,
                limit: paging.fetch(),
            };
            let total = store::count_lines(conn, &filter, paging::COUNT_UP_TO)?;
            let rows = store::load_lines(conn, &filter)?;
            Ok(paging
                .page(rows, total, |row| (row.at, row.id.to_string()))
                .map(|row| (&row).into()))
        })
        .await
}

/// PayFast's whole statement of the days between two instants, or why it cannot be had or read.
pub async fn fetch(
    app: &App,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
) -> Result<Vec<payfast::api::StatementLine>, String> {
    let Range { from, to } = Range::between(first, last);
    let (mut lines, mut offset) = (Vec::new(), Some(0));
    while let Some(start) = offset {
        match app.gateway.statement(from, to, start).await {
            Reply::Answered(page) => {
                if let Some(bad) = page.statement.malformed.first() {
                    return Err(format!(
                        "row {} of the statement cannot be read: {}",
                        bad.row, bad.reason
                    ));
                }
                lines.extend(page.statement.lines);
                offset = page.next_offset;
            }
            Reply::Refused(reason) | Reply::Lost(reason) => return Err(reason),
        }
    }
    Ok(lines)
}
