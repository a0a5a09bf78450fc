//! The table `chat_accounts`, and which threads lose what is old.

use common::ids::{AccountId, ThreadId};
use diesel::prelude::*;

use crate::db::{
    Conn,
    schema::{chat_accounts, chat_members, chat_settings, chat_threads},
};

pub fn find_days(conn: &mut Conn, account_id: AccountId) -> QueryResult<Option<i32>> {
    let found: Option<Option<i32>> = chat_accounts::table
        .find(account_id)
        .select(chat_accounts::retention_days)
        .first(conn)
        .optional()?;
    Ok(found.flatten())
}

/// The account is held.
pub fn put_days(conn: &mut Conn, account_id: AccountId, days: Option<i32>) -> QueryResult<()> {
    let updated = diesel::update(chat_accounts::table.find(account_id))
        .set(chat_accounts::retention_days.eq(days))
        .execute(conn)?;
    if updated == 0 {
        diesel::insert_into(chat_accounts::table)
            .values((
                chat_accounts::account_id.eq(account_id),
                chat_accounts::retention_days.eq(days),
                chat_accounts::is_held.eq(false),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Threads that the law keeps from being purged.
pub fn held_threads(conn: &mut Conn) -> QueryResult<Vec<ThreadId>> {
    chat_threads::table
        .inner_join(chat_accounts::table.on(chat_accounts::account_id.eq(chat_threads::account_id)))
        .filter(chat_accounts::is_held.eq(true))
        .select(chat_threads::id)
        .load(conn)
}

pub fn days_by_account(conn: &mut Conn) -> QueryResult<Vec<(ThreadId, i32)>> {
    chat_threads::table
        .inner_join(chat_accounts::table.on(chat_accounts::account_id.eq(chat_threads::account_id)))
        .filter(chat_accounts::retention_days.is_not_null())
        .select((chat_threads::id, chat_accounts::retention_days.assume_not_null()))
        .load(conn)
}

/// What the company's people want; the staff decide nothing about what others wrote.
pub fn days_by_member(conn: &mut Conn) -> QueryResult<Vec<(ThreadId, i32)>> {
    chat_members::table
        .inner_join(chat_settings::table.on(chat_settings::user_id.eq(chat_members::user_id)))
        .filter(chat_members::left_at.is_null())
        .filter(chat_members::is_staff.eq(false))
        .filter(chat_settings::retention_days.is_not_null())
        .select((chat_members::thread_id, chat_settings::retention_days.assume_not_null()))
        .load(conn)
}
