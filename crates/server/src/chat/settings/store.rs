//! The tables `chat_settings` and `chat_blocks`.

use common::{chat::settings::ChatSettings, ids::UserId};
use diesel::prelude::*;

use crate::db::{
    Conn,
    schema::{chat_blocks, chat_settings, users},
};

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = chat_settings)]
pub struct SettingsRow {
    pub user_id: UserId,
    pub shows_presence: bool,
    pub shows_last_seen: bool,
    pub shows_typing: bool,
    pub shows_reading: bool,
    pub is_discoverable: bool,
    pub retention_days: Option<i32>,
}

impl From<SettingsRow> for ChatSettings {
    fn from(row: SettingsRow) -> Self {
        Self {
            shows_presence: row.shows_presence,
            shows_last_seen: row.shows_last_seen,
            shows_typing: row.shows_typing,
            shows_reading: row.shows_reading,
            is_discoverable: row.is_discoverable,
            retention_days: row.retention_days.and_then(|days| u32::try_from(days).ok()),
            blocked: Vec::new(),
        }
    }
}

pub fn find(conn: &mut Conn, user_id: UserId) -> QueryResult<Option<SettingsRow>> {
    chat_settings::table.find(user_id).first(conn).optional()
}

/// The rows of those who have any.
pub fn load(conn: &mut Conn, people: &[UserId]) -> QueryResult<Vec<SettingsRow>> {
    chat_settings::table
        .filter(chat_settings::user_id.eq_any(people.to_vec()))
        .load(conn)
}

/// Puts everything anew; whoever calls holds the person's stream.
pub fn replace(conn: &mut Conn, user_id: UserId, settings: &ChatSettings) -> QueryResult<()> {
    diesel::delete(chat_settings::table.find(user_id)).execute(conn)?;
    diesel::delete(chat_blocks::table.filter(chat_blocks::user_id.eq(user_id))).execute(conn)?;
    let row = SettingsRow {
        user_id,
        shows_presence: settings.shows_presence,
        shows_last_seen: settings.shows_last_seen,
        shows_typing: settings.shows_typing,
        shows_reading: settings.shows_reading,
        is_discoverable: settings.is_discoverable,
        retention_days: settings.retention_days.and_then(|days| i32::try_from(days).ok()),
    };
    diesel::insert_into(chat_settings::table).values(&row).execute(conn)?;
    for blocked in &settings.blocked {
        diesel::insert_into(chat_blocks::table)
            .values((chat_blocks::user_id.eq(user_id), chat_blocks::blocked_id.eq(*blocked)))
            .execute(conn)?;
    }
    Ok(())
}

pub fn blocked_by(conn: &mut Conn, user_id: UserId) -> QueryResult<Vec<UserId>> {
    chat_blocks::table
        .filter(chat_blocks::user_id.eq(user_id))
        .order(chat_blocks::blocked_id)
        .select(chat_blocks::blocked_id)
        .load(conn)
}

/// Whom each of these people has blocked.
pub fn load_blocks(conn: &mut Conn, people: &[UserId]) -> QueryResult<Vec<(UserId, UserId)>> {
    chat_blocks::table
        .filter(chat_blocks::user_id.eq_any(people.to_vec()))
        .select((chat_blocks::user_id, chat_blocks::blocked_id))
        .load(conn)
}

/// Who of these people has blocked `blocked`.
pub fn who_blocks(conn: &mut Conn, people: &[UserId], blocked: UserId) -> QueryResult<Vec<UserId>> {
    chat_blocks::table
        .filter(chat_blocks::blocked_id.eq(blocked))
        .filter(chat_blocks::user_id.eq_any(people.to_vec()))
        .select(chat_blocks::user_id)
        .load(conn)
}

pub fn all_who_block(conn: &mut Conn, blocked: UserId) -> QueryResult<Vec<UserId>> {
    chat_blocks::table
        .filter(chat_blocks::blocked_id.eq(blocked))
        .select(chat_blocks::user_id)
        .load(conn)
}

pub fn who_hides_reading(conn: &mut Conn, people: &[UserId]) -> QueryResult<Vec<UserId>> {
    chat_settings::table
        .filter(chat_settings::user_id.eq_any(people.to_vec()))
        .filter(chat_settings::shows_reading.eq(false))
        .select(chat_settings::user_id)
        .load(conn)
}

/// How many of these people there are.
pub fn count_people(conn: &mut Conn, people: &[UserId]) -> QueryResult<usize> {
    let known: i64 = users::table
        .filter(users::id.eq_any(people.to_vec()))
        .count()
        .get_result(conn)?;
    Ok(usize::try_from(known).unwrap_or_default())
}
