//! The table `payment_methods`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    ids::{AccountId, PaymentMethodId, UserId},
    payment_methods::{Expiry, PaymentMethod, PaymentMethodKind, PaymentMethodStatus},
};
use diesel::{dsl::sql, prelude::*, sql_types::Bool};

use crate::db::{Conn, schema::payment_methods};

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = payment_methods)]
#[diesel(treat_none_as_null = true)]
pub struct MethodRow {
    pub id: PaymentMethodId,
    pub account_id: AccountId,
    pub kind: PaymentMethodKind,
    pub status: PaymentMethodStatus,
    pub label: String,
    pub last_four: Option<String>,
    pub expires_year: Option<i32>,
    pub expires_month: Option<i32>,
    pub is_default: bool,
    /// Sealed; kept after a removal until PayFast has cancelled it.
    pub token: Option<String>,
    /// Only while the card can be charged.
    pub token_hash: Option<String>,
    pub warned_for: Option<String>,
    pub created_by: Option<UserId>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// When the wish to save a card lapses; absent for one that somebody removed.
    pub expires_at: Option<NaiveDateTime>,
    pub revoked_at: Option<NaiveDateTime>,
}

impl MethodRow {
    pub fn expiry(&self) -> Option<Expiry> {
        Some(Expiry {
            year: self.expires_year?,
            month: self.expires_month?,
        })
    }
}

impl From<&MethodRow> for PaymentMethod {
    fn from(row: &MethodRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            label: row.label.clone(),
            last_four: row.last_four.clone(),
            expires: row.expiry(),
            is_default: row.is_default,
            status: row.status,
            created_at: row.created_at.and_utc(),
        }
    }
}

pub fn insert(conn: &mut Conn, row: &MethodRow) -> QueryResult<()> {
    diesel::insert_into(payment_methods::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

/// Writes the whole row back; the caller holds the account.
pub fn update(conn: &mut Conn, row: &MethodRow) -> QueryResult<()> {
    diesel::update(payment_methods::table.find(row.id))
        .set(row)
        .execute(conn)
        .map(drop)
}

pub fn find(conn: &mut Conn, id: PaymentMethodId) -> QueryResult<Option<MethodRow>> {
    payment_methods::table.find(id).first(conn).optional()
}

/// All that are not revoked, the oldest first.
pub fn load_of(conn: &mut Conn, account_id: AccountId) -> QueryResult<Vec<MethodRow>> {
    payment_methods::table
        .filter(payment_methods::account_id.eq(account_id))
        .filter(payment_methods::status.ne(PaymentMethodStatus::Revoked))
        .order((payment_methods::created_at, payment_methods::id))
        .load(conn)
}

/// The method that has this token; a revoked one has none.
pub fn find_by_token(conn: &mut Conn, token_hash: &str) -> QueryResult<Option<MethodRow>> {
    payment_methods::table
        .filter(payment_methods::token_hash.eq(token_hash))
        .first(conn)
        .optional()
}

/// Takes the default away from whichever method has it.
pub fn clear_default(conn: &mut Conn, account_id: AccountId) -> QueryResult<()> {
    diesel::update(payment_methods::table)
        .filter(payment_methods::account_id.eq(account_id))
        .filter(payment_methods::is_default.eq(true))
        .set(payment_methods::is_default.eq(false))
        .execute(conn)
        .map(drop)
}

/// Forgets a token that PayFast has cancelled, unless the method has another one by now.
pub fn forget_token(conn: &mut Conn, id: PaymentMethodId, sealed: &str) -> QueryResult<()> {
    diesel::update(payment_methods::table.find(id))
        .filter(payment_methods::token.eq(sealed))
        .filter(payment_methods::token_hash.is_null())
        .set(payment_methods::token.eq(None::<String>))
        .execute(conn)
        .map(drop)
}

/// Ends the wishes whose day has passed; they keep `expires_at`, which says that nobody removed them.
pub fn lapse(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(payment_methods::table)
        .filter(payment_methods::status.eq(PaymentMethodStatus::Pending))
        .filter(payment_methods::expires_at.le(now.naive_utc()))
        .set((
            payment_methods::status.eq(PaymentMethodStatus::Revoked),
            payment_methods::revoked_at.eq(now.naive_utc()),
            payment_methods::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)
}

/// Cards that can be charged and whose next warning is due: they end before `far` and were not warned of, or before
/// `near` and were not warned of for the last time; both as `(year, month)`.
pub fn load_to_warn(conn: &mut Conn, far: (i32, i32), near: (i32, i32), limit: i64) -> QueryResult<Vec<MethodRow>> {
    let ends_before = |(year, month): (i32, i32)| {
        payment_methods::expires_year.lt(year).or(payment_methods::expires_year
            .eq(year)
            .and(payment_methods::expires_month.lt(month)))
    };
    payment_methods::table
        .filter(payment_methods::status.eq_any([PaymentMethodStatus::Active, PaymentMethodStatus::Expiring]))
        .filter(
            ends_before(far)
                .and(sql::<Bool>(NOT_WARNED))
                .or(ends_before(near).and(sql::<Bool>(NOT_WARNED_LAST))),
        )
        .order((payment_methods::updated_at, payment_methods::id))
        .limit(limit)
        .load(conn)
}

/// No warning of this very expiry; an earlier one of the card may have been warned of. As `rules::warned_for` writes it.
const NOT_WARNED: &str = "coalesce(substr(warned_for, 1, 7), '') <> cast(expires_year as text) \
    || case when expires_month < 10 then '-0' else '-' end || cast(expires_month as text)";
const NOT_WARNED_LAST: &str = "coalesce(warned_for, '') <> cast(expires_year as text) \
    || case when expires_month < 10 then '-0' else '-' end || cast(expires_month as text) || ' 7'";

/// Says that a card expires, if it still is what `row` was when it was read; `false` when it is not.
pub fn set_expiring(conn: &mut Conn, row: &MethodRow, told: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(payment_methods::table.find(row.id))
        .filter(payment_methods::status.eq_any([PaymentMethodStatus::Active, PaymentMethodStatus::Expiring]))
        .filter(payment_methods::expires_year.eq(row.expires_year))
        .filter(payment_methods::expires_month.eq(row.expires_month))
        .filter(
            payment_methods::warned_for
                .is_null()
                .or(payment_methods::warned_for.ne(told)),
        )
        .set((
            payment_methods::status.eq(PaymentMethodStatus::Expiring),
            payment_methods::warned_for.eq(told),
            payment_methods::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(|updated| updated == 1)
}
