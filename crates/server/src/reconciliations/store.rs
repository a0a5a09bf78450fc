//! The tables `reconciliations` and `statement_lines`.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use common::{
    Currency, Money,
    ids::{PaymentId, ReconciliationId, StatementLineId, UserId},
    reconciliations::{Reconciliation, ReconciliationStatus, StatementLine, StatementVerdict},
};
use diesel::prelude::*;

use super::rules::{Range, Tally};
use crate::db::{
    Conn, each_backend,
    schema::{reconciliations, statement_lines},
};

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = reconciliations)]
pub struct ReconciliationRow {
    pub id: ReconciliationId,
    pub from_day: NaiveDate,
    pub to_day: NaiveDate,
    pub status: ReconciliationStatus,
    pub reason: String,
    pub lines: i64,
    pub matched: i64,
    pub healed: i64,
    pub differences: i64,
    pub requested_by: Option<UserId>,
    pub created_at: NaiveDateTime,
    pub finished_at: Option<NaiveDateTime>,
    pub attempts: i32,
    pub next_try_at: Option<NaiveDateTime>,
    pub lease_until: Option<NaiveDateTime>,
}

impl ReconciliationRow {
    pub fn range(&self) -> Range {
        Range {
            from: self.from_day,
            to: self.to_day,
        }
    }
}

impl From<&ReconciliationRow> for Reconciliation {
    fn from(row: &ReconciliationRow) -> Self {
        Self {
            id: row.id,
            from: row.from_day.to_string(),
            to: row.to_day.to_string(),
            status: row.status,
            reason: row.reason.clone(),
            lines: row.lines,
            matched: row.matched,
            healed: row.healed,
            differences: row.differences,
            created_at: row.created_at.and_utc(),
            finished_at: row.finished_at.map(|at| at.and_utc()),
        }
    }
}

/// `false` when a comparison with this id is there.
pub fn insert(conn: &mut Conn, row: &ReconciliationRow) -> QueryResult<bool> {
    let inserted = each_backend!(conn, |c| diesel::insert_into(reconciliations::table)
        .values(row)
        .on_conflict(reconciliations::id)
        .do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

pub fn find(conn: &mut Conn, id: ReconciliationId) -> QueryResult<Option<ReconciliationRow>> {
    reconciliations::table.find(id).first(conn).optional()
}

/// The first day that the worker ever compared by itself.
pub fn first_daily_day(conn: &mut Conn) -> QueryResult<Option<NaiveDate>> {
    reconciliations::table
        .filter(reconciliations::requested_by.is_null())
        .select(diesel::dsl::min(reconciliations::from_day))
        .first(conn)
}

/// How the worker's own comparisons of a day and the days after it stand.
pub fn load_daily(
    conn: &mut Conn,
    since: NaiveDate,
) -> QueryResult<Vec<(ReconciliationId, ReconciliationStatus, NaiveDateTime)>> {
    reconciliations::table
        .filter(reconciliations::requested_by.is_null())
        .filter(reconciliations::from_day.ge(since))
        .select((
            reconciliations::id,
            reconciliations::status,
            reconciliations::created_at,
        ))
        .load(conn)
}

/// Comparisons to run now; those whose worker died come back by their lease.
pub fn load_due(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<ReconciliationId>> {
    let now = now.naive_utc();
    reconciliations::table
        .filter(reconciliations::status.eq(ReconciliationStatus::Running))
        .filter(reconciliations::next_try_at.le(now))
        .filter(
            reconciliations::lease_until
                .is_null()
                .or(reconciliations::lease_until.lt(now)),
        )
        .order((reconciliations::next_try_at, reconciliations::id))
        .limit(limit)
        .select(reconciliations::id)
        .load(conn)
}

/// Takes the comparison for this worker; `None` when another was faster.
pub fn claim(
    conn: &mut Conn,
    id: ReconciliationId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<Option<ReconciliationRow>> {
    let now = now.naive_utc();
    let claimed = diesel::update(reconciliations::table.find(id))
        .filter(reconciliations::status.eq(ReconciliationStatus::Running))
        .filter(reconciliations::next_try_at.le(now))
        .filter(
            reconciliations::lease_until
                .is_null()
                .or(reconciliations::lease_until.lt(now)),
        )
        .set((
            reconciliations::lease_until.eq(until.naive_utc()),
            reconciliations::attempts.eq(reconciliations::attempts + 1),
        ))
        .execute(conn)?;
    if claimed == 1 { find(conn, id) } else { Ok(None) }
}

/// Holds the comparison longer; `false` when another worker has it.
pub fn extend_lease(conn: &mut Conn, row: &mut ReconciliationRow, until: DateTime<Utc>) -> QueryResult<bool> {
    let extended = diesel::update(reconciliations::table.find(row.id))
        .filter(reconciliations::lease_until.eq(row.lease_until))
        .set(reconciliations::lease_until.eq(until.naive_utc()))
        .execute(conn)?;
    row.lease_until = Some(until.naive_utc());
    Ok(extended == 1)
}

/// Gives the comparison back for a later try.
pub fn postpone(conn: &mut Conn, row: &ReconciliationRow, reason: &str, until: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(reconciliations::table.find(row.id))
        .filter(reconciliations::lease_until.eq(row.lease_until))
        .set((
            reconciliations::reason.eq(reason),
            reconciliations::next_try_at.eq(until.naive_utc()),
            reconciliations::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)
        .map(drop)
}

/// Ends the comparison, if this worker still has it.
pub fn finish(
    conn: &mut Conn,
    row: &ReconciliationRow,
    status: ReconciliationStatus,
    reason: &str,
    tally: Tally,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(reconciliations::table.find(row.id))
        .filter(reconciliations::lease_until.eq(row.lease_until))
        .set((
            reconciliations::status.eq(status),
            reconciliations::reason.eq(reason),
            reconciliations::lines.eq(tally.lines),
            reconciliations::matched.eq(tally.matched),
            reconciliations::healed.eq(tally.healed),
            reconciliations::differences.eq(tally.differences),
            reconciliations::finished_at.eq(now.naive_utc()),
            reconciliations::next_try_at.eq(None::<NaiveDateTime>),
            reconciliations::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)
        .map(drop)
}

/// One page of all comparisons, newest first.
pub fn load_page(
    conn: &mut Conn,
    after: Option<(NaiveDateTime, ReconciliationId)>,
    limit: i64,
) -> QueryResult<Vec<ReconciliationRow>> {
    let mut query = reconciliations::table.limit(limit).into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            reconciliations::created_at
                .lt(at)
                .or(reconciliations::created_at.eq(at).and(reconciliations::id.lt(id))),
        );
    }
    query
        .order((reconciliations::created_at.desc(), reconciliations::id.desc()))
        .load(conn)
}

pub fn count(conn: &mut Conn, at_most: i64) -> QueryResult<i64> {
    let ids: Vec<ReconciliationId> = reconciliations::table
        .select(reconciliations::id)
        .limit(at_most)
        .load(conn)?;
    Ok(i64::try_from(ids.len()).unwrap_or(at_most))
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = statement_lines)]
pub struct LineRow {
    pub id: StatementLineId,
    pub line_sha256: String,
    pub reconciliation_id: ReconciliationId,
    pub at: NaiveDateTime,
    pub kind: String,
    pub name: String,
    pub description: String,
    pub currency: Currency,
    pub gross_minor: i64,
    pub fee_minor: i64,
    pub net_minor: i64,
    pub balance_minor: Option<i64>,
    pub m_payment_id: Option<String>,
    pub pf_payment_id: Option<String>,
    pub verdict: StatementVerdict,
    pub note: String,
    pub payment_id: Option<PaymentId>,
    pub created_at: NaiveDateTime,
}

impl From<&LineRow> for StatementLine {
    fn from(row: &LineRow) -> Self {
        let money = |minor| Money::new(minor, row.currency);
        Self {
            id: row.id,
            at: row.at.and_utc(),
            kind: row.kind.clone(),
            name: row.name.clone(),
            description: row.description.clone(),
            gross: money(row.gross_minor),
            fee: money(row.fee_minor),
            net: money(row.net_minor),
            pf_payment_id: row.pf_payment_id.clone(),
            payment_id: row.payment_id,
            verdict: row.verdict,
            note: row.note.clone(),
        }
    }
}

/// `false` when this line was stored before.
pub fn insert_line(conn: &mut Conn, row: &LineRow) -> QueryResult<bool> {
    let inserted = each_backend!(conn, |c| diesel::insert_into(statement_lines::table)
        .values(row)
        .on_conflict(statement_lines::line_sha256)
        .do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

pub fn find_line(conn: &mut Conn, line_sha256: &str) -> QueryResult<Option<LineRow>> {
    statement_lines::table
        .filter(statement_lines::line_sha256.eq(line_sha256))
        .first(conn)
        .optional()
}

/// The payout that a line tells of, `ordinal` equal ones before it: found by what moved, since earlier versions stored it
/// under the hash of its text.
pub fn find_payout(conn: &mut Conn, line: &LineRow, ordinal: u32) -> QueryResult<Option<LineRow>> {
    statement_lines::table
        .filter(statement_lines::at.eq(line.at))
        .filter(statement_lines::kind.eq(&line.kind))
        .filter(statement_lines::verdict.eq(StatementVerdict::Payout))
        .filter(statement_lines::gross_minor.eq(line.gross_minor))
        .filter(statement_lines::fee_minor.eq(line.fee_minor))
        .filter(statement_lines::net_minor.eq(line.net_minor))
        .order(statement_lines::id)
        .offset(i64::from(ordinal))
        .limit(1)
        .first(conn)
        .optional()
}

pub fn set_verdict(conn: &mut Conn, row: &LineRow) -> QueryResult<()> {
    diesel::update(statement_lines::table.find(row.id))
        .set((
            statement_lines::verdict.eq(row.verdict),
            statement_lines::note.eq(&row.note),
            statement_lines::payment_id.eq(row.payment_id),
        ))
        .execute(conn)
        .map(drop)
}

/// Other lines of the same kind about the same payment at PayFast, those of the same moment left out: PayFast may
/// write one line anew, with another balance or fee.
pub fn load_same(conn: &mut Conn, line: &LineRow) -> QueryResult<Vec<LineRow>> {
    statement_lines::table
        .filter(statement_lines::pf_payment_id.eq(&line.pf_payment_id))
        .filter(statement_lines::kind.eq(&line.kind))
        .filter(statement_lines::at.ne(line.at))
        .load(conn)
}

/// Whether the statement has a payment, in any line.
pub fn has_line(conn: &mut Conn, payment_id: PaymentId) -> QueryResult<bool> {
    let found: Option<StatementLineId> = statement_lines::table
        .filter(statement_lines::payment_id.eq(payment_id))
        .filter(statement_lines::verdict.ne(StatementVerdict::Missing))
        .select(statement_lines::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Forgets what stood in for a line that has come.
pub fn remove_missing(conn: &mut Conn, line_sha256: &str) -> QueryResult<()> {
    diesel::delete(statement_lines::table)
        .filter(statement_lines::line_sha256.eq(line_sha256))
        .filter(statement_lines::verdict.eq(StatementVerdict::Missing))
        .execute(conn)
        .map(drop)
}

/// What a list of lines asks for, newest first.
pub struct LineFilter {
    pub from: NaiveDateTime,
    pub until: NaiveDateTime,
    /// Any of these; empty for all.
    pub verdict: Vec<StatementVerdict>,
    pub after: Option<(NaiveDateTime, StatementLineId)>,
    pub limit: i64,
}

pub fn load_lines(conn: &mut Conn, filter: &LineFilter) -> QueryResult<Vec<LineRow>> {
    let mut query = statement_lines::table
        .filter(statement_lines::at.ge(filter.from))
        .filter(statement_lines::at.lt(filter.until))
        .limit(filter.limit)
        .into_boxed();
    if !filter.verdict.is_empty() {
        query = query.filter(statement_lines::verdict.eq_any(filter.verdict.clone()));
    }
    if let Some((at, id)) = filter.after {
        query = query.filter(
            statement_lines::at
                .lt(at)
                .or(statement_lines::at.eq(at).and(statement_lines::id.lt(id))),
        );
    }
    query
        .order((statement_lines::at.desc(), statement_lines::id.desc()))
        .load(conn)
}

/// Lines that match, counted up to `at_most`.
pub fn count_lines(conn: &mut Conn, filter: &LineFilter, at_most: i64) -> QueryResult<i64> {
    let mut query = statement_lines::table
        .filter(statement_lines::at.ge(filter.from))
        .filter(statement_lines::at.lt(filter.until))
        .select(statement_lines::id)
        .limit(at_most)
        .into_boxed();
    if !filter.verdict.is_empty() {
        query = query.filter(statement_lines::verdict.eq_any(filter.verdict.clone()));
    }
    let ids: Vec<StatementLineId> = query.load(conn)?;
    Ok(i64::try_from(ids.len()).unwrap_or(at_most))
}
