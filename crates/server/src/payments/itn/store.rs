//! The tables `itns` and `verified_itns`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    ids::{ItnId, PaymentId},
    itn::{ItnStatus, ItnSummary},
};
use diesel::prelude::*;

use crate::db::{
    Conn, each_backend,
    schema::{itns, payments, verified_itns},
};

#[derive(Queryable)]
pub struct ItnRow {
    pub id: ItnId,
    pub body_sha256: String,
    pub raw_body: Vec<u8>,
    pub peer: String,
    pub received_at: NaiveDateTime,
    pub deliveries: i32,
    pub status: ItnStatus,
    pub reason: String,
    pub pf_payment_id: Option<String>,
    pub payment_status: Option<String>,
    pub payment_id: Option<PaymentId>,
    pub amount_gross: Option<String>,
    pub attempts: i32,
    pub next_check_at: Option<NaiveDateTime>,
    pub lease_until: Option<NaiveDateTime>,
    pub checked_at: Option<NaiveDateTime>,
    /// JSON of the four checks; empty before the first judgement.
    pub checks: String,
    /// JSON of what it changed.
    pub changes: String,
}

impl From<&ItnRow> for ItnSummary {
    fn from(row: &ItnRow) -> Self {
        Self {
            id: row.id,
            status: row.status,
            reason: row.reason.clone(),
            received_at: row.received_at.and_utc(),
            peer: row.peer.clone(),
            pf_payment_id: row.pf_payment_id.clone(),
            payment_status: row.payment_status.clone(),
            payment_id: row.payment_id,
            amount_gross: row.amount_gross.clone(),
            deliveries: row.deliveries,
        }
    }
}

pub struct NewItn<'a> {
    pub id: ItnId,
    pub body_sha256: &'a str,
    pub raw_body: &'a [u8],
    pub peer: &'a str,
    pub now: DateTime<Utc>,
}

/// Notifications in a state.
pub fn count_in(conn: &mut Conn, status: ItnStatus) -> QueryResult<i64> {
    itns::table.filter(itns::status.eq(status)).count().get_result(conn)
}

/// `false` when these bytes were stored before.
pub fn insert(conn: &mut Conn, itn: &NewItn<'_>) -> QueryResult<bool> {
    let at = itn.now.naive_utc();
    let row = (
        itns::id.eq(itn.id),
        itns::body_sha256.eq(itn.body_sha256),
        itns::raw_body.eq(itn.raw_body),
        itns::peer.eq(itn.peer),
        itns::received_at.eq(at),
        itns::deliveries.eq(1),
        itns::status.eq(ItnStatus::Received),
        itns::reason.eq(""),
        itns::attempts.eq(0),
        itns::next_check_at.eq(at),
    );
    let inserted = each_backend!(conn, |c| diesel::insert_into(itns::table)
        .values(row)
        .on_conflict(itns::body_sha256)
        .do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

/// Counts a repeated delivery and tells where the first one came from.
pub fn count_delivery(conn: &mut Conn, body_sha256: &str) -> QueryResult<(ItnId, String, ItnStatus)> {
    let same = itns::table.filter(itns::body_sha256.eq(body_sha256));
    diesel::update(same)
        .set(itns::deliveries.eq(itns::deliveries + 1))
        .execute(conn)?;
    same.select((itns::id, itns::peer, itns::status)).first(conn)
}

/// Looks at a refused or waiting notification anew, now that it came from `peer`.
pub fn check_again_from(conn: &mut Conn, id: ItnId, peer: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(itns::table.find(id))
        .set((
            itns::peer.eq(peer),
            itns::status.eq(ItnStatus::Received),
            itns::reason.eq(""),
            itns::next_check_at.eq(now.naive_utc()),
            itns::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)
        .map(drop)
}

/// Notifications to check now, the oldest first; those whose worker died come back by their lease.
pub fn load_due(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<ItnId>> {
    let now = now.naive_utc();
    itns::table
        .filter(itns::status.eq(ItnStatus::Received))
        .filter(itns::next_check_at.le(now))
        .filter(itns::lease_until.is_null().or(itns::lease_until.lt(now)))
        .order((itns::next_check_at, itns::id))
        .limit(limit)
        .select(itns::id)
        .load(conn)
}

/// Takes the notification for this worker; `None` when another was faster.
pub fn claim(conn: &mut Conn, id: ItnId, now: DateTime<Utc>, until: DateTime<Utc>) -> QueryResult<Option<ItnRow>> {
    let claimed = diesel::update(itns::table.find(id).filter(itns::status.eq(ItnStatus::Received)))
        .filter(itns::next_check_at.le(now.naive_utc()))
        .filter(itns::lease_until.is_null().or(itns::lease_until.lt(now.naive_utc())))
        .set((
            itns::lease_until.eq(until.naive_utc()),
            itns::attempts.eq(itns::attempts + 1),
        ))
        .execute(conn)?;
    if claimed == 1 { find(conn, id) } else { Ok(None) }
}

/// Takes a notification that stands in `from` for a replay; `None` when a worker has it.
pub fn claim_again(
    conn: &mut Conn,
    id: ItnId,
    from: ItnStatus,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<Option<ItnRow>> {
    let claimed = diesel::update(itns::table.find(id).filter(itns::status.eq(from)))
        .filter(itns::lease_until.is_null().or(itns::lease_until.lt(now.naive_utc())))
        .set((
            itns::status.eq(ItnStatus::Received),
            itns::reason.eq(""),
            itns::next_check_at.eq(now.naive_utc()),
            itns::lease_until.eq(until.naive_utc()),
            itns::attempts.eq(itns::attempts + 1),
        ))
        .execute(conn)?;
    if claimed == 1 { find(conn, id) } else { Ok(None) }
}

/// Makes a notification look claimed, whatever it is; only for a transaction that is rolled back.
pub fn open_for_rehearsal(conn: &mut Conn, id: ItnId, until: DateTime<Utc>) -> QueryResult<Option<ItnRow>> {
    diesel::update(itns::table.find(id))
        .set((
            itns::status.eq(ItnStatus::Received),
            itns::reason.eq(""),
            itns::lease_until.eq(until.naive_utc()),
        ))
        .execute(conn)?;
    find(conn, id)
}

/// Writes down what was found and changed, if the claim is still ours.
pub fn set_findings(conn: &mut Conn, claimed: &ItnRow, checks: &str, changes: &str) -> QueryResult<()> {
    diesel::update(itns::table.find(claimed.id))
        .filter(itns::status.eq(ItnStatus::Received))
        .filter(itns::lease_until.eq(claimed.lease_until))
        .set((itns::checks.eq(checks), itns::changes.eq(changes)))
        .execute(conn)
        .map(drop)
}

pub fn find(conn: &mut Conn, id: ItnId) -> QueryResult<Option<ItnRow>> {
    itns::table.find(id).first(conn).optional()
}

/// What the notification says of itself, once it was read.
#[derive(Default, AsChangeset)]
#[diesel(table_name = itns)]
pub struct Contents {
    pub pf_payment_id: Option<String>,
    pub payment_status: Option<String>,
    pub amount_gross: Option<String>,
}

/// Ends the check of a claimed notification; `false` when the claim is no longer ours.
pub fn set_verdict(
    conn: &mut Conn,
    claimed: &ItnRow,
    status: ItnStatus,
    reason: &str,
    contents: &Contents,
    payment_id: Option<PaymentId>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    diesel::update(itns::table.find(claimed.id))
        .filter(itns::status.eq(ItnStatus::Received))
        // A newer delivery, or another worker, has changed the lease: their verdict counts.
        .filter(itns::lease_until.eq(claimed.lease_until))
        .set((
            itns::status.eq(status),
            itns::reason.eq(reason),
            contents,
            itns::payment_id.eq(payment_id),
            itns::lease_until.eq(None::<NaiveDateTime>),
            itns::checked_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(|updated| updated == 1)
}

/// Gives a claimed notification back for a later check, if the claim is still ours.
pub fn postpone(conn: &mut Conn, claimed: &ItnRow, reason: &str, until: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(itns::table.find(claimed.id))
        .filter(itns::status.eq(ItnStatus::Received))
        .filter(itns::lease_until.eq(claimed.lease_until))
        .set((
            itns::reason.eq(reason),
            itns::next_check_at.eq(until.naive_utc()),
            itns::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)
        .map(drop)
}

/// Claims this payment's status at the provider for one notification; `false` when it was told before.
pub fn claim_verified(
    conn: &mut Conn,
    provider: &str,
    pf_payment_id: &str,
    payment_status: &str,
    itn_id: ItnId,
) -> QueryResult<bool> {
    let row = (
        verified_itns::provider.eq(provider),
        verified_itns::pf_payment_id.eq(pf_payment_id),
        verified_itns::payment_status.eq(payment_status),
        verified_itns::itn_id.eq(itn_id),
    );
    let inserted = each_backend!(conn, |c| diesel::insert_into(verified_itns::table)
        .values(row)
        .on_conflict((
            verified_itns::provider,
            verified_itns::pf_payment_id,
            verified_itns::payment_status
        ))
        .do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

/// Gives up a claim of [`claim_verified`] whose notification changed nothing.
pub fn release_verified(conn: &mut Conn, itn_id: ItnId) -> QueryResult<()> {
    diesel::delete(verified_itns::table.filter(verified_itns::itn_id.eq(itn_id)))
        .execute(conn)
        .map(drop)
}

/// Refused notifications older than `before` go; all others are kept.
pub fn purge_rejected(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    let old = itns::table
        .filter(itns::status.eq(ItnStatus::Rejected))
        .filter(itns::received_at.lt(before.naive_utc()));
    diesel::delete(old).execute(conn)
}

/// What a list asks for.
#[derive(Default)]
pub struct ListFilter {
    /// Any of these; empty for all.
    pub status: Vec<ItnStatus>,
    pub payment_id: Option<PaymentId>,
    /// First instant.
    pub from: Option<NaiveDateTime>,
    /// The first instant after.
    pub until: Option<NaiveDateTime>,
    /// Beginning of PayFast's id: letters, digits and hyphens only.
    pub pf_payment_id: Option<String>,
}

/// Narrows a boxed query to a filter.
macro_rules! narrowed {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter) = ($query, $filter);
        if !filter.status.is_empty() {
            query = query.filter(itns::status.eq_any(filter.status.clone()));
        }
        if let Some(payment_id) = filter.payment_id {
            query = query.filter(itns::payment_id.eq(payment_id));
        }
        if let Some(from) = filter.from {
            query = query.filter(itns::received_at.ge(from));
        }
        if let Some(until) = filter.until {
            query = query.filter(itns::received_at.lt(until));
        }
        if let Some(beginning) = &filter.pf_payment_id {
            query = query.filter(itns::pf_payment_id.like(format!("{beginning}%")));
        }
        query
    }};
}

/// Newest first.
pub fn load_page(
    conn: &mut Conn,
    filter: &ListFilter,
    after: Option<(NaiveDateTime, ItnId)>,
    limit: i64,
) -> QueryResult<Vec<ItnRow>> {
    let mut query = narrowed!(itns::table.limit(limit).into_boxed(), filter);
    if let Some((at, id)) = after {
        query = query.filter(
            itns::received_at
                .lt(at)
                .or(itns::received_at.eq(at).and(itns::id.lt(id))),
        );
    }
    query.order((itns::received_at.desc(), itns::id.desc())).load(conn)
}

/// Rows that match, counted up to `at_most`.
pub fn count(conn: &mut Conn, filter: &ListFilter, at_most: i64) -> QueryResult<i64> {
    let query = narrowed!(itns::table.select(itns::id).limit(at_most).into_boxed(), filter);
    let ids: Vec<ItnId> = query.load(conn)?;
    Ok(i64::try_from(ids.len()).unwrap_or(at_most))
}

/// Whether a payment of this id exists, so that a reference to it can be written.
pub fn payment_exists(conn: &mut Conn, id: PaymentId) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(payments::table.find(id))).get_result(conn)
}
