//! The worker's part of reconciliation: fetches the statement page by page under a lease, and judges each line.
//!
//! Each line is one transaction, so a crash in the middle costs only the rest: what was judged is found again.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use common::{ids::ReconciliationId, reconciliations::ReconciliationStatus};

use super::{
    judging::{self, Place},
    rules::{self, Tally},
    store::{self, ReconciliationRow},
};
use crate::{app::App, error::ApiError, payments::gateway::Reply};

/// A worker that died gives its comparison back after this time; renewed with each page.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// After this many failures the comparison is `failed`. The worker starts another one on the next day, a few times, and
/// a person may at once.
const MOST_ATTEMPTS: i32 = 8;

/// Runs every comparison that is due and tells how many.
pub async fn run_due(app: &App) -> Result<usize, ApiError> {
    let now = app.clock.now();
    let due = app.db.read(move |conn| store::load_due(conn, now, 4)).await?;
    let mut tried = 0;
    for id in due {
        match run(app, id).await {
            Ok(was_tried) => tried += usize::from(was_tried),
            Err(error) => tracing::error!(reconciliation.id = %id, ?error, "Could not run a reconciliation"),
        }
    }
    Ok(tried)
}

async fn run(app: &App, id: ReconciliationId) -> Result<bool, ApiError> {
    let now = app.clock.now();
    let claimed = app
        .db
        .write(move |conn| store::claim(conn, id, now, now + LEASE))
        .await?;
    let Some(mut row) = claimed else { return Ok(false) };
    match compare(app, &mut row).await? {
        Compared::Done { tally, unread } => finish(app, row, tally, unread).await?,
        Compared::Interrupted(reason) => give_back(app, row, reason).await?,
        Compared::TakenOver => {}
    }
    Ok(true)
}

enum Compared {
    Done {
        tally: Tally,
        /// Rows that could not be read, in words.
        unread: Vec<String>,
    },
    Interrupted(String),
    /// The lease ran out and another worker has it.
    TakenOver,
}

async fn compare(app: &App, row: &mut ReconciliationRow) -> Result<Compared, ApiError> {
    let range = row.range();
    let (mut tally, mut unread) = (Tally::default(), Vec::new());
    let mut equal_lines: HashMap<String, u32> = HashMap::new();
    let mut told: HashSet<(String, String)> = HashSet::new();
    let mut offset = Some(0);
    while let Some(start) = offset {
        let page = match app.gateway.statement(range.from, range.to, start).await {
            Reply::Answered(page) => page,
            Reply::Refused(reason) | Reply::Lost(reason) => return Ok(Compared::Interrupted(reason)),
        };
        unread.extend(
            page.statement
                .malformed
                .iter()
                .map(|bad| format!("row {}: {}", bad.row, bad.reason)),
        );
        for line in page.statement.lines {
            let seen = equal_lines.entry(rules::identity(&line)).or_default();
            let ordinal = *seen;
            *seen += 1;
            let payment = line.pf_payment_id.clone().map(|id| (line.kind.clone(), id));
            let is_repeated = payment.is_some_and(|payment| !told.insert(payment));
            let place = Place { ordinal, is_repeated };
            tally.count(judging::take(app, row.id, line, place).await?);
        }
        offset = page.next_offset;
        if !hold(app, row).await? {
            return Ok(Compared::TakenOver);
        }
    }
    for verdict in judging::find_missing(app, row.id, range).await? {
        tally.count(verdict);
    }
    Ok(Compared::Done { tally, unread })
}

async fn hold(app: &App, row: &mut ReconciliationRow) -> Result<bool, ApiError> {
    let until = app.clock.now() + LEASE;
    let mut held = row.clone();
    let (is_held, held) = app
        .db
        .write(move |conn| store::extend_lease(conn, &mut held, until).map(|is_held| (is_held, held)))
        .await?;
    *row = held;
    Ok(is_held)
}

async fn finish(app: &App, row: ReconciliationRow, tally: Tally, unread: Vec<String>) -> Result<(), ApiError> {
    let now = app.clock.now();
    let (status, reason) = match unread.len() {
        0 => (ReconciliationStatus::Finished, String::new()),
        count => {
            let first = unread.first().map(String::as_str).unwrap_or_default();
            let reason = format!("{count} of the statement's rows cannot be read; {first}");
            (ReconciliationStatus::Failed, reason)
        }
    };
    if tally.differences > 0 {
        tracing::warn!(reconciliation.id = %row.id, differences = tally.differences, "A reconciliation found differences");
    }
    if status == ReconciliationStatus::Failed {
        tell_failed(&row, &reason);
    }
    app.db
        .write(move |conn| store::finish(conn, &row, status, &reason, tally, now))
        .await?;
    Ok(())
}

async fn give_back(app: &App, row: ReconciliationRow, reason: String) -> Result<(), ApiError> {
    let now = app.clock.now();
    tracing::warn!(reconciliation.id = %row.id, attempts = row.attempts, %reason, "Could not have PayFast's statement");
    app.db
        .write(move |conn| {
            if row.attempts >= MOST_ATTEMPTS {
                tell_failed(&row, &reason);
                let failed = ReconciliationStatus::Failed;
                store::finish(conn, &row, failed, &reason, Tally::default(), now)
            } else {
                store::postpone(conn, &row, &reason, later(row.attempts, now))
            }
        })
        .await?;
    Ok(())
}

fn tell_failed(row: &ReconciliationRow, reason: &str) {
    tracing::error!(
        reconciliation.id = %row.id,
        from = %row.from_day,
        to = %row.to_day,
        page = true,
        %reason,
        "A reconciliation failed: these days are not compared"
    );
}

/// 1, 5, 30 minutes, then every two hours.
fn later(attempts: i32, now: DateTime<Utc>) -> DateTime<Utc> {
    now + crate::refunds::rules::pause_after(attempts)
}
