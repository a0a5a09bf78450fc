//! The table `socket_tickets`.

use chrono::{DateTime, Utc};
use common::ids::SessionId;
use diesel::prelude::*;

use crate::db::{Conn, schema::socket_tickets};

pub fn insert_ticket(
    conn: &mut Conn,
    token_hash: &str,
    session_id: SessionId,
    expires_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(socket_tickets::table)
        .values((
            socket_tickets::token_hash.eq(token_hash),
            socket_tickets::session_id.eq(session_id),
            socket_tickets::expires_at.eq(expires_at.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// The session that a living ticket belongs to.
pub fn find_ticket(conn: &mut Conn, token_hash: &str, now: DateTime<Utc>) -> QueryResult<Option<SessionId>> {
    socket_tickets::table
        .find(token_hash)
        .filter(socket_tickets::expires_at.gt(now.naive_utc()))
        .select(socket_tickets::session_id)
        .first(conn)
        .optional()
}

/// `false` when somebody else took it first.
pub fn take_ticket(conn: &mut Conn, token_hash: &str) -> QueryResult<bool> {
    diesel::delete(socket_tickets::table.find(token_hash))
        .execute(conn)
        .map(|deleted| deleted == 1)
}

pub fn purge_tickets(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(socket_tickets::table.filter(socket_tickets::expires_at.le(now.naive_utc()))).execute(conn)
}
