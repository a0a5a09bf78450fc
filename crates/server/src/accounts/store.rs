//! The tables `accounts` and `plan_grants`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    accounts::Address,
    ids::{AccountId, PaymentId, PlanGrantId},
    plans::ProductCode,
};
use diesel::prelude::*;

use super::rules::{Grant, like_pattern};
use crate::db::{
    Conn, each_backend,
    schema::{accounts, plan_grants},
};

define_sql_function! {
    /// Folds ASCII on SQLite, every letter on PostgreSQL.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

#[derive(Queryable)]
pub struct AccountRow {
    pub id: AccountId,
    pub company_name: String,
    pub vat_number: Option<String>,
    address_line1: Option<String>,
    address_line2: Option<String>,
    address_city: Option<String>,
    address_postal_code: Option<String>,
    address_country: Option<String>,
    pub billing_email: String,
    pub created_at: NaiveDateTime,
}

impl AccountRow {
    /// All parts or none.
    pub fn address(&self) -> Option<Address> {
        Some(Address {
            line1: self.address_line1.clone()?,
            line2: self.address_line2.clone(),
            city: self.address_city.clone()?,
            postal_code: self.address_postal_code.clone()?,
            country: self.address_country.clone()?,
        })
    }
}

pub fn insert(
    conn: &mut Conn,
    id: AccountId,
    company_name: &str,
    billing_email: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(id),
            accounts::company_name.eq(company_name),
            accounts::billing_email.eq(billing_email),
            accounts::created_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

pub fn find(conn: &mut Conn, id: AccountId) -> QueryResult<Option<AccountRow>> {
    accounts::table.find(id).first(conn).optional()
}

/// Accounts whose name or address for bills has `text` in it, by name.
pub fn search(conn: &mut Conn, text: &str, limit: i64) -> QueryResult<Vec<AccountRow>> {
    let (folded, typed) = (like_pattern(&text.to_lowercase()), like_pattern(text));
    let name = lower(accounts::company_name).like(folded.clone()).escape('\\');
    let email = lower(accounts::billing_email).like(folded).escape('\\');
    // SQLite folds ASCII only: other letters are found as they were typed.
    let as_typed = accounts::company_name.like(typed).escape('\\');
    accounts::table
        .filter(name.or(email).or(as_typed))
        .order((accounts::company_name, accounts::id))
        .limit(limit)
        .load(conn)
}

/// Writes the billing details whole; the caller has merged the change.
pub fn update_details(
    conn: &mut Conn,
    id: AccountId,
    company_name: &str,
    vat_number: Option<&str>,
    address: Option<&Address>,
) -> QueryResult<()> {
    diesel::update(accounts::table.find(id))
        .set((
            accounts::company_name.eq(company_name),
            accounts::vat_number.eq(vat_number),
            accounts::address_line1.eq(address.map(|address| address.line1.as_str())),
            accounts::address_line2.eq(address.and_then(|address| address.line2.as_deref())),
            accounts::address_city.eq(address.map(|address| address.city.as_str())),
            accounts::address_postal_code.eq(address.map(|address| address.postal_code.as_str())),
            accounts::address_country.eq(address.map(|address| address.country.as_str())),
        ))
        .execute(conn)
        .map(drop)
}

pub struct NewGrant {
    pub id: PlanGrantId,
    pub account_id: AccountId,
    pub payment_id: PaymentId,
    pub product_code: ProductCode,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    pub now: DateTime<Utc>,
}

/// `false` when this payment has bought its plan already.
pub fn insert_grant(conn: &mut Conn, grant: &NewGrant) -> QueryResult<bool> {
    let row = (
        plan_grants::id.eq(grant.id),
        plan_grants::account_id.eq(grant.account_id),
        plan_grants::payment_id.eq(grant.payment_id),
        plan_grants::product_code.eq(grant.product_code),
        plan_grants::starts_at.eq(grant.starts_at.naive_utc()),
        plan_grants::ends_at.eq(grant.ends_at.map(|at| at.naive_utc())),
        plan_grants::created_at.eq(grant.now.naive_utc()),
    );
    let inserted = each_backend!(conn, |c| diesel::insert_into(plan_grants::table)
        .values(row)
        .on_conflict(plan_grants::payment_id)
        .do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

/// What the account has bought that still holds, or will, at `now`.
pub fn load_grants(conn: &mut Conn, account_id: AccountId, now: DateTime<Utc>) -> QueryResult<Vec<Grant>> {
    let rows: Vec<(ProductCode, NaiveDateTime, Option<NaiveDateTime>)> = plan_grants::table
        .filter(plan_grants::account_id.eq(account_id))
        .filter(plan_grants::ends_at.gt(now.naive_utc()))
        .order((plan_grants::starts_at, plan_grants::id))
        .select((plan_grants::product_code, plan_grants::starts_at, plan_grants::ends_at))
        .load(conn)?;
    let grant = |(product_code, starts_at, ends_at): (_, NaiveDateTime, Option<NaiveDateTime>)| {
        Some(Grant {
            product_code,
            starts_at: starts_at.and_utc(),
            ends_at: ends_at?.and_utc(),
        })
    };
    Ok(rows.into_iter().filter_map(grant).collect())
}

/// Locks the account's row until the transaction ends, so that two changes follow one another.
pub fn lock(conn: &mut Conn, id: AccountId) -> QueryResult<()> {
    diesel::update(accounts::table.find(id))
        .set(accounts::id.eq(accounts::id))
        .execute(conn)
        .map(drop)
}
