//! The table `refunds`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    Currency, Money,
    ids::{AccountId, CreditNoteId, PaymentId, RefundId, UserId},
    refunds::{Refund, RefundStatus},
};
use diesel::prelude::*;

use crate::db::{Conn, schema::refunds};

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = refunds)]
pub struct RefundRow {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub account_id: AccountId,
    pub credit_note_id: Option<CreditNoteId>,
    pub status: RefundStatus,
    pub currency: Currency,
    pub amount_minor: i64,
    pub from_credit_minor: i64,
    pub reason: String,
    /// `source`, `bank` or `eft`; absent until PayFast said which.
    pub method: Option<String>,
    /// Sealed.
    pub bank_details: Option<String>,
    pub provider_message: String,
    pub requested_by: Option<UserId>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub submitted_at: Option<NaiveDateTime>,
    pub completed_at: Option<NaiveDateTime>,
    pub attempts: i32,
    pub next_check_at: Option<NaiveDateTime>,
    pub lease_until: Option<NaiveDateTime>,
}

impl RefundRow {
    pub fn money(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
}

impl From<&RefundRow> for Refund {
    fn from(row: &RefundRow) -> Self {
        Self {
            id: row.id,
            payment_id: row.payment_id,
            status: row.status,
            amount: row.money(),
            reason: row.reason.clone(),
            credit_note_id: row.credit_note_id,
            provider_message: row.provider_message.clone(),
            created_at: row.created_at.and_utc(),
            updated_at: row.updated_at.and_utc(),
            completed_at: row.completed_at.map(|at| at.and_utc()),
        }
    }
}

pub fn insert(conn: &mut Conn, row: &RefundRow) -> QueryResult<()> {
    diesel::insert_into(refunds::table).values(row).execute(conn).map(drop)
}

pub fn find(conn: &mut Conn, id: RefundId) -> QueryResult<Option<RefundRow>> {
    refunds::table.find(id).first(conn).optional()
}

/// The refunds of a payment, oldest first.
pub fn load_of(conn: &mut Conn, payment_id: PaymentId) -> QueryResult<Vec<RefundRow>> {
    refunds::table
        .filter(refunds::payment_id.eq(payment_id))
        .order((refunds::created_at, refunds::id))
        .load(conn)
}

/// The refunds of some payments, in no order.
pub fn load_of_all(conn: &mut Conn, payment_ids: &[PaymentId]) -> QueryResult<Vec<RefundRow>> {
    refunds::table
        .filter(refunds::payment_id.eq_any(payment_ids.to_vec()))
        .load(conn)
}

/// What a change of state writes.
pub struct Change<'a> {
    pub from: RefundStatus,
    pub to: RefundStatus,
    pub method: Option<&'a str>,
    pub message: &'a str,
    pub submitted_at: Option<NaiveDateTime>,
    pub completed_at: Option<NaiveDateTime>,
    pub next_check_at: Option<NaiveDateTime>,
    /// Kept while PayFast is asked; `None` gives the row back.
    pub lease_until: Option<NaiveDateTime>,
    pub bank_details: Option<&'a str>,
    /// Tries in the new state so far.
    pub attempts: i32,
    pub now: DateTime<Utc>,
}

/// Moves the refund if it is still in `from`; `false` when it is not.
pub fn set_status(conn: &mut Conn, id: RefundId, change: &Change<'_>) -> QueryResult<bool> {
    diesel::update(refunds::table.find(id).filter(refunds::status.eq(change.from)))
        .set((
            refunds::status.eq(change.to),
            refunds::method.eq(change.method),
            refunds::provider_message.eq(change.message),
            refunds::submitted_at.eq(change.submitted_at),
            refunds::completed_at.eq(change.completed_at),
            refunds::next_check_at.eq(change.next_check_at),
            refunds::lease_until.eq(change.lease_until),
            refunds::bank_details.eq(change.bank_details),
            refunds::attempts.eq(change.attempts),
            refunds::updated_at.eq(change.now.naive_utc()),
        ))
        .execute(conn)
        .map(|updated| updated == 1)
}

/// States in which the worker has something to do.
const WORKED_ON: [RefundStatus; 3] = [RefundStatus::Requested, RefundStatus::Submitted, RefundStatus::Unknown];

/// Refunds to look at now, the oldest first; those whose worker died come back by their lease.
pub fn load_due(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<RefundId>> {
    let now = now.naive_utc();
    refunds::table
        .filter(refunds::status.eq_any(WORKED_ON))
        .filter(refunds::next_check_at.le(now))
        .filter(refunds::lease_until.is_null().or(refunds::lease_until.lt(now)))
        .order((refunds::next_check_at, refunds::id))
        .limit(limit)
        .select(refunds::id)
        .load(conn)
}

/// Takes the refund for this worker; `None` when another was faster.
pub fn claim(
    conn: &mut Conn,
    id: RefundId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<Option<RefundRow>> {
    let claimed = diesel::update(refunds::table.find(id).filter(refunds::status.eq_any(WORKED_ON)))
        .filter(refunds::next_check_at.le(now.naive_utc()))
        .filter(
            refunds::lease_until
                .is_null()
                .or(refunds::lease_until.lt(now.naive_utc())),
        )
        .set((
            refunds::lease_until.eq(until.naive_utc()),
            refunds::attempts.eq(refunds::attempts + 1),
        ))
        .execute(conn)?;
    if claimed == 1 { find(conn, id) } else { Ok(None) }
}

/// Gives the refund back for a later try, if it is still where its worker left it.
pub fn postpone(conn: &mut Conn, row: &RefundRow, message: &str, until: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(refunds::table.find(row.id).filter(refunds::status.eq(row.status)))
        .filter(refunds::lease_until.eq(row.lease_until))
        .set((
            refunds::provider_message.eq(message),
            refunds::next_check_at.eq(until.naive_utc()),
            refunds::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)
        .map(drop)
}

/// What a list asks for, newest first.
pub struct ListFilter {
    /// Any of these; empty for all.
    pub status: Vec<RefundStatus>,
    pub after: Option<(NaiveDateTime, RefundId)>,
    pub limit: i64,
}

pub fn load_page(conn: &mut Conn, filter: &ListFilter) -> QueryResult<Vec<RefundRow>> {
    let mut query = refunds::table.limit(filter.limit).into_boxed();
    if !filter.status.is_empty() {
        query = query.filter(refunds::status.eq_any(filter.status.clone()));
    }
    if let Some((at, id)) = filter.after {
        query = query.filter(
            refunds::created_at
                .lt(at)
                .or(refunds::created_at.eq(at).and(refunds::id.lt(id))),
        );
    }
    query.order((refunds::created_at.desc(), refunds::id.desc())).load(conn)
}

/// Rows that match, counted up to `at_most`.
pub fn count(conn: &mut Conn, status: &[RefundStatus], at_most: i64) -> QueryResult<i64> {
    let mut query = refunds::table.select(refunds::id).limit(at_most).into_boxed();
    if !status.is_empty() {
        query = query.filter(refunds::status.eq_any(status.to_vec()));
    }
    let ids: Vec<RefundId> = query.load(conn)?;
    Ok(i64::try_from(ids.len()).unwrap_or(at_most))
}

/// How many refunds are `unknown`, and when the oldest of them was asked for.
pub fn undecided(conn: &mut Conn) -> QueryResult<(i64, Option<NaiveDateTime>)> {
    refunds::table
        .filter(refunds::status.eq(RefundStatus::Unknown))
        .select((diesel::dsl::count_star(), diesel::dsl::min(refunds::created_at)))
        .first(conn)
}
