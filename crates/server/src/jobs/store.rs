//! The table `jobs`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::ids::JobId;
use diesel::prelude::*;

use crate::db::{Conn, schema::jobs};

pub struct JobRow {
    pub id: JobId,
    pub payload: String,
    /// Tries so far, this one included.
    pub attempts: i32,
}

pub fn insert(conn: &mut Conn, id: JobId, kind: &str, payload: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(id),
            jobs::kind.eq(kind),
            jobs::payload.eq(payload),
            jobs::status.eq("queued"),
            jobs::attempts.eq(0),
            jobs::run_at.eq(now.naive_utc()),
            jobs::last_error.eq(""),
            jobs::created_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Jobs that may be claimed now, the oldest first; those whose worker died come back by their lease.
pub fn load_due(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<JobId>> {
    let now = now.naive_utc();
    jobs::table
        .filter(jobs::status.eq("queued"))
        .filter(jobs::run_at.le(now))
        .filter(jobs::lease_until.is_null().or(jobs::lease_until.lt(now)))
        .order((jobs::run_at, jobs::id))
        .limit(limit)
        .select(jobs::id)
        .load(conn)
}

/// Takes the job for this worker; `None` when another was faster.
pub fn claim(
    conn: &mut Conn,
    id: JobId,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> QueryResult<Option<JobRow>> {
    let now = now.naive_utc();
    let claimed = diesel::update(jobs::table.filter(jobs::id.eq(id)).filter(jobs::status.eq("queued")))
        .filter(jobs::run_at.le(now))
        .filter(jobs::lease_until.is_null().or(jobs::lease_until.lt(now)))
        .set((
            jobs::lease_until.eq(lease_until.naive_utc()),
            jobs::attempts.eq(jobs::attempts + 1),
        ))
        .execute(conn)?;
    if claimed == 0 {
        return Ok(None);
    }
    let (payload, attempts) = jobs::table
        .find(id)
        .select((jobs::payload, jobs::attempts))
        .first(conn)?;
    Ok(Some(JobRow { id, payload, attempts }))
}

/// The payload goes with the work: mails may hold links that sign people up.
pub fn finish(conn: &mut Conn, id: JobId, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(jobs::table.find(id))
        .set((
            jobs::status.eq("done"),
            jobs::payload.eq(""),
            jobs::finished_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Notes the failure; without `retry_at` the job is dead.
pub fn fail(conn: &mut Conn, id: JobId, error: &str, retry_at: Option<DateTime<Utc>>) -> QueryResult<()> {
    diesel::update(jobs::table.find(id))
        .set((
            jobs::status.eq(if retry_at.is_some() { "queued" } else { "dead" }),
            jobs::last_error.eq(error),
            jobs::lease_until.eq(None::<NaiveDateTime>),
            retry_at.map(|at| jobs::run_at.eq(at.naive_utc())),
        ))
        .execute(conn)
        .map(drop)
}

/// Forgets what dead jobs would have done, when their last try was before `before`.
pub fn purge_payloads(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(jobs::table.filter(jobs::status.eq("dead")))
        .filter(jobs::run_at.lt(before.naive_utc()))
        .filter(jobs::payload.ne(""))
        .set(jobs::payload.eq(""))
        .execute(conn)
}

/// Jobs that are not done, dead ones included.
pub fn count_open(conn: &mut Conn) -> QueryResult<i64> {
    jobs::table.filter(jobs::status.ne("done")).count().get_result(conn)
}

/// Jobs that will be tried, and those that wait for a person.
pub fn count_waiting_and_dead(conn: &mut Conn) -> QueryResult<(i64, i64)> {
    let mut count = |status: &str| jobs::table.filter(jobs::status.eq(status)).count().get_result(conn);
    Ok((count("queued")?, count("dead")?))
}

/// Forgets what was done before `before`.
pub fn purge_done(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(jobs::table)
        .filter(jobs::status.eq("done"))
        .filter(jobs::finished_at.lt(before.naive_utc()))
        .execute(conn)
}
