//! The table `idempotency_keys`.

use chrono::{DateTime, Utc};
use common::ids::IdempotencyId;
use diesel::prelude::*;

use super::Scope;
use crate::db::{Conn, each_backend, schema::idempotency_keys as keys};

pub struct StoredAnswer {
    pub request_sha256: String,
    pub status: u16,
    pub body: String,
}

/// Inserts the key without an answer; `false` when it is taken. Waits for a transaction that holds it.
pub fn take(
    conn: &mut Conn,
    id: IdempotencyId,
    scope: &Scope,
    key: &str,
    request_sha256: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let row = (
        keys::id.eq(id),
        keys::account_id.eq(scope.account_id),
        keys::user_id.eq(scope.user_id),
        keys::route.eq(&scope.route),
        keys::idempotency_key.eq(key),
        keys::request_sha256.eq(request_sha256),
        keys::response_status.eq(0),
        keys::response_body.eq(""),
        keys::created_at.eq(now.naive_utc()),
    );
    let inserted = each_backend!(conn, |c| diesel::insert_into(keys::table)
        .values(row)
        .on_conflict((keys::account_id, keys::user_id, keys::route, keys::idempotency_key))
        .do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

pub fn load(conn: &mut Conn, scope: &Scope, key: &str) -> QueryResult<StoredAnswer> {
    let (request_sha256, status, body): (String, i32, String) = keys::table
        .filter(keys::account_id.eq(scope.account_id))
        .filter(keys::user_id.eq(scope.user_id))
        .filter(keys::route.eq(&scope.route))
        .filter(keys::idempotency_key.eq(key))
        .select((keys::request_sha256, keys::response_status, keys::response_body))
        .first(conn)?;
    Ok(StoredAnswer {
        request_sha256,
        status: u16::try_from(status).unwrap_or(200),
        body,
    })
}

pub fn set_answer(conn: &mut Conn, scope: &Scope, key: &str, status: u16, body: &str) -> QueryResult<()> {
    diesel::update(keys::table)
        .filter(keys::account_id.eq(scope.account_id))
        .filter(keys::user_id.eq(scope.user_id))
        .filter(keys::route.eq(&scope.route))
        .filter(keys::idempotency_key.eq(key))
        .set((
            keys::response_status.eq(i32::from(status)),
            keys::response_body.eq(body),
        ))
        .execute(conn)
        .map(drop)
}

/// Forgets this key when it is older than `before`.
pub fn remove_older(conn: &mut Conn, scope: &Scope, key: &str, before: DateTime<Utc>) -> QueryResult<()> {
    diesel::delete(keys::table)
        .filter(keys::account_id.eq(scope.account_id))
        .filter(keys::user_id.eq(scope.user_id))
        .filter(keys::route.eq(&scope.route))
        .filter(keys::idempotency_key.eq(key))
        .filter(keys::created_at.lt(before.naive_utc()))
        .execute(conn)
        .map(drop)
}

/// Forgets every key older than `before`.
pub fn purge(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(keys::table.filter(keys::created_at.lt(before.naive_utc()))).execute(conn)
}
