//! The table `api_keys`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::ids::{AccountId, ApiKeyId, UserId};
use diesel::prelude::*;

use crate::db::{
    Conn,
    schema::{api_keys, users},
};

#[derive(Queryable, Clone)]
pub struct KeyRow {
    pub id: ApiKeyId,
    pub account_id: AccountId,
    pub name: String,
    /// Separated by spaces.
    pub scopes: String,
    pub prefix: String,
    pub secret_hash: String,
    pub old_secret_until: Option<NaiveDateTime>,
    pub created_by: UserId,
    pub created_at: NaiveDateTime,
    pub life_days: i32,
    pub expires_at: NaiveDateTime,
    pub last_used_at: Option<NaiveDateTime>,
    pub last_used_from: Option<String>,
    pub revoked_at: Option<NaiveDateTime>,
    pub maker: Maker,
}

/// The person who made a key.
#[derive(Queryable, Clone)]
pub struct Maker {
    pub email: String,
    pub first_name: String,
    pub last_name: String,
}

type Columns = (
    api_keys::id,
    api_keys::account_id,
    api_keys::name,
    api_keys::scopes,
    api_keys::prefix,
    api_keys::secret_hash,
    api_keys::old_secret_until,
    api_keys::created_by,
    api_keys::created_at,
    api_keys::life_days,
    api_keys::expires_at,
    api_keys::last_used_at,
    api_keys::last_used_from,
    api_keys::revoked_at,
    (users::email, users::first_name, users::last_name),
);

const COLUMNS: Columns = (
    api_keys::id,
    api_keys::account_id,
    api_keys::name,
    api_keys::scopes,
    api_keys::prefix,
    api_keys::secret_hash,
    api_keys::old_secret_until,
    api_keys::created_by,
    api_keys::created_at,
    api_keys::life_days,
    api_keys::expires_at,
    api_keys::last_used_at,
    api_keys::last_used_from,
    api_keys::revoked_at,
    (users::email, users::first_name, users::last_name),
);

pub struct NewKey<'a> {
    pub id: ApiKeyId,
    pub account_id: AccountId,
    pub name: &'a str,
    pub scopes: &'a str,
    pub secret: NewSecret<'a>,
    pub created_by: UserId,
    pub life_days: i32,
    pub now: DateTime<Utc>,
}

/// A secret as it is stored.
pub struct NewSecret<'a> {
    pub prefix: &'a str,
    pub hash: &'a str,
    pub expires_at: DateTime<Utc>,
}

pub fn insert(conn: &mut Conn, new: &NewKey<'_>) -> QueryResult<()> {
    diesel::insert_into(api_keys::table)
        .values((
            api_keys::id.eq(new.id),
            api_keys::account_id.eq(new.account_id),
            api_keys::name.eq(new.name),
            api_keys::scopes.eq(new.scopes),
            api_keys::prefix.eq(new.secret.prefix),
            api_keys::secret_hash.eq(new.secret.hash),
            api_keys::created_by.eq(new.created_by),
            api_keys::created_at.eq(new.now.naive_utc()),
            api_keys::life_days.eq(new.life_days),
            api_keys::expires_at.eq(new.secret.expires_at.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Keys that were not revoked and did not expire before `expired_since`, the newest first.
pub fn load(conn: &mut Conn, account_id: AccountId, expired_since: DateTime<Utc>) -> QueryResult<Vec<KeyRow>> {
    api_keys::table
        .inner_join(users::table)
        .filter(api_keys::account_id.eq(account_id))
        .filter(api_keys::revoked_at.is_null())
        .filter(api_keys::expires_at.gt(expired_since.naive_utc()))
        .order((api_keys::created_at.desc(), api_keys::id.desc()))
        .select(COLUMNS)
        .load(conn)
}

/// Keys that work at `now`.
pub fn count_living(conn: &mut Conn, account_id: AccountId, now: DateTime<Utc>) -> QueryResult<i64> {
    api_keys::table
        .filter(api_keys::account_id.eq(account_id))
        .filter(api_keys::revoked_at.is_null())
        .filter(api_keys::expires_at.gt(now.naive_utc()))
        .count()
        .get_result(conn)
}

/// A key of the account that was not revoked.
pub fn find(conn: &mut Conn, account_id: AccountId, id: ApiKeyId) -> QueryResult<Option<KeyRow>> {
    api_keys::table
        .inner_join(users::table)
        .filter(api_keys::id.eq(id))
        .filter(api_keys::account_id.eq(account_id))
        .filter(api_keys::revoked_at.is_null())
        .select(COLUMNS)
        .first(conn)
        .optional()
}

/// The key that has this secret, or had it before its last rotation; also one that ended.
pub fn find_by_secret(conn: &mut Conn, hash: &str) -> QueryResult<Option<KeyRow>> {
    api_keys::table
        .inner_join(users::table)
        .filter(api_keys::secret_hash.eq(hash).or(api_keys::old_secret_hash.eq(hash)))
        .select(COLUMNS)
        .first(conn)
        .optional()
}

/// Puts a new secret in place of the one that the key has, which goes on until `old_until`.
///
/// `false` when the key was rotated or revoked meanwhile.
pub fn rotate(conn: &mut Conn, row: &KeyRow, new: &NewSecret<'_>, old_until: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(api_keys::table.find(row.id))
        .filter(api_keys::secret_hash.eq(&row.secret_hash))
        .filter(api_keys::revoked_at.is_null())
        .set((
            api_keys::prefix.eq(new.prefix),
            api_keys::secret_hash.eq(new.hash),
            api_keys::expires_at.eq(new.expires_at.naive_utc()),
            api_keys::old_secret_hash.eq(&row.secret_hash),
            api_keys::old_secret_until.eq(old_until.naive_utc()),
        ))
        .execute(conn)
        .map(|updated| updated == 1)
}

/// `false` when it was revoked before.
pub fn revoke(conn: &mut Conn, id: ApiKeyId, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(api_keys::table.find(id))
        .filter(api_keys::revoked_at.is_null())
        .set(api_keys::revoked_at.eq(now.naive_utc()))
        .execute(conn)
        .map(|updated| updated == 1)
}

/// Notes a use.
pub fn touch(conn: &mut Conn, id: ApiKeyId, from: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(api_keys::table.find(id))
        .set((
            api_keys::last_used_at.eq(now.naive_utc()),
            api_keys::last_used_from.eq(from),
        ))
        .execute(conn)
        .map(drop)
}
