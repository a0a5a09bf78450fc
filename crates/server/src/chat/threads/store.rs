//! The tables `chat_threads`, `chat_members`, `chat_events`, `chat_items` and `chat_sends`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    chat::{ItemStatus, threads::Placement},
    ids::{AccountId, ClientMessageId, ItemId, ThreadId, UserId},
};
use diesel::prelude::*;

use crate::db::{
    Conn,
    schema::{accounts, chat_events, chat_items, chat_members, chat_sends, chat_threads, users},
};

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = chat_threads)]
pub struct ThreadRow {
    pub id: ThreadId,
    pub account_id: AccountId,
    pub title: String,
    pub placement: Placement,
    pub epoch: String,
    pub head: i64,
    pub floor: i64,
    pub created_by: Option<UserId>,
    pub created_at: NaiveDateTime,
    pub active_at: NaiveDateTime,
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = chat_members)]
pub struct MemberRow {
    pub thread_id: ThreadId,
    pub user_id: UserId,
    pub is_staff: bool,
    pub joined_at: NaiveDateTime,
    pub left_at: Option<NaiveDateTime>,
    pub read_seq: i64,
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = chat_events)]
pub struct EventRow {
    pub thread_id: ThreadId,
    pub seq: i64,
    pub kind: String,
    pub at: NaiveDateTime,
    pub by_user: Option<UserId>,
    pub cid: Option<ClientMessageId>,
    pub item_id: Option<ItemId>,
    /// JSON.
    pub data: String,
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = chat_items)]
pub struct ItemRow {
    pub id: ItemId,
    pub thread_id: ThreadId,
    pub seq: i64,
    pub by_user: Option<UserId>,
    pub cid: Option<ClientMessageId>,
    pub reply_to: Option<ItemId>,
    pub status: ItemStatus,
    /// JSON.
    pub body: Option<String>,
    pub at: NaiveDateTime,
    pub edited_at: Option<NaiveDateTime>,
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = chat_sends)]
pub struct SendRow {
    pub sender_id: UserId,
    pub cid: ClientMessageId,
    /// Of the event that it led to.
    pub kind: String,
    pub thread_id: ThreadId,
    pub item_id: ItemId,
    pub seq: i64,
    pub at: NaiveDateTime,
}

pub fn insert_thread(conn: &mut Conn, row: &ThreadRow) -> QueryResult<()> {
    diesel::insert_into(chat_threads::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

pub fn find_thread(conn: &mut Conn, id: ThreadId) -> QueryResult<Option<ThreadRow>> {
    chat_threads::table.find(id).first(conn).optional()
}

/// Holds the thread until the commit, so that one log has one writer.
pub fn lock_thread(conn: &mut Conn, id: ThreadId) -> QueryResult<Option<ThreadRow>> {
    diesel::update(chat_threads::table.find(id))
        .set(chat_threads::head.eq(chat_threads::head))
        .execute(conn)?;
    find_thread(conn, id)
}

/// Moves the end of a log that is held.
pub fn set_head(conn: &mut Conn, id: ThreadId, head: i64, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(chat_threads::table.find(id))
        .set((chat_threads::head.eq(head), chat_threads::active_at.eq(now.naive_utc())))
        .execute(conn)
        .map(drop)
}

/// Where the logs of some threads end.
pub fn heads(conn: &mut Conn, ids: &[ThreadId]) -> QueryResult<Vec<(ThreadId, i64)>> {
    chat_threads::table
        .filter(chat_threads::id.eq_any(ids.to_vec()))
        .select((chat_threads::id, chat_threads::head))
        .load(conn)
}

/// Whose threads are listed.
#[derive(Debug, Clone, Copy)]
pub enum Whose {
    /// Those that the person belongs to.
    Member(UserId),
    /// Every company's, for the staff.
    All,
}

/// The most recently active first.
pub fn load_page(
    conn: &mut Conn,
    whose: Whose,
    after: Option<(NaiveDateTime, ThreadId)>,
    limit: i64,
) -> QueryResult<Vec<ThreadRow>> {
    let mut query = chat_threads::table.limit(limit).into_boxed();
    if let Whose::Member(user_id) = whose {
        query = query.filter(chat_threads::id.eq_any(threads_of(user_id)));
    }
    if let Some((at, id)) = after {
        query = query.filter(
            chat_threads::active_at
                .lt(at)
                .or(chat_threads::active_at.eq(at).and(chat_threads::id.lt(id))),
        );
    }
    query
        .order((chat_threads::active_at.desc(), chat_threads::id.desc()))
        .load(conn)
}

pub fn count(conn: &mut Conn, whose: Whose, at_most: i64) -> QueryResult<i64> {
    let mut query = chat_threads::table.select(chat_threads::id).limit(at_most).into_boxed();
    if let Whose::Member(user_id) = whose {
        query = query.filter(chat_threads::id.eq_any(threads_of(user_id)));
    }
    let ids: Vec<ThreadId> = query.load(conn)?;
    Ok(i64::try_from(ids.len()).unwrap_or(at_most))
}

#[diesel::dsl::auto_type(no_type_alias)]
fn threads_of(user_id: UserId) -> _ {
    chat_members::table
        .filter(chat_members::user_id.eq(user_id))
        .filter(chat_members::left_at.is_null())
        .select(chat_members::thread_id)
}

pub fn company_names(conn: &mut Conn, ids: &[AccountId]) -> QueryResult<Vec<(AccountId, String)>> {
    accounts::table
        .filter(accounts::id.eq_any(ids.to_vec()))
        .select((accounts::id, accounts::company_name))
        .load(conn)
}

/// Adds somebody, or takes back whoever has left; the thread is held.
pub fn put_member(conn: &mut Conn, row: &MemberRow) -> QueryResult<()> {
    diesel::delete(chat_members::table.find((row.thread_id, row.user_id))).execute(conn)?;
    diesel::insert_into(chat_members::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

/// Whoever belongs to the thread now.
pub fn find_member(conn: &mut Conn, thread_id: ThreadId, user_id: UserId) -> QueryResult<Option<MemberRow>> {
    chat_members::table
        .find((thread_id, user_id))
        .filter(chat_members::left_at.is_null())
        .first(conn)
        .optional()
}

/// The threads of an account that somebody belongs to, in the order in which they are held.
pub fn threads_of_member(conn: &mut Conn, account_id: AccountId, user_id: UserId) -> QueryResult<Vec<ThreadId>> {
    chat_threads::table
        .filter(chat_threads::account_id.eq(account_id))
        .filter(chat_threads::id.eq_any(threads_of(user_id)))
        .order(chat_threads::id)
        .select(chat_threads::id)
        .load(conn)
}

/// `false` when the person had left before.
pub fn set_left(conn: &mut Conn, thread_id: ThreadId, user_id: UserId, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(
        chat_members::table
            .find((thread_id, user_id))
            .filter(chat_members::left_at.is_null()),
    )
    .set(chat_members::left_at.eq(now.naive_utc()))
    .execute(conn)
    .map(|updated| updated == 1)
}

/// Who belongs to some threads.
pub fn load_member_ids(conn: &mut Conn, threads: &[ThreadId]) -> QueryResult<Vec<(ThreadId, UserId)>> {
    chat_members::table
        .filter(chat_members::thread_id.eq_any(threads.to_vec()))
        .filter(chat_members::left_at.is_null())
        .order((chat_members::thread_id, chat_members::user_id))
        .select((chat_members::thread_id, chat_members::user_id))
        .load(conn)
}

/// What somebody belongs to, with when they joined and how far they have read.
pub fn load_memberships(conn: &mut Conn, user_id: UserId) -> QueryResult<Vec<(ThreadRow, MemberRow)>> {
    chat_threads::table
        .inner_join(chat_members::table)
        .filter(chat_members::user_id.eq(user_id))
        .order(chat_threads::id)
        .load(conn)
}

/// What somebody wrote, the oldest first, behind an id.
pub fn load_own_items(
    conn: &mut Conn,
    user_id: UserId,
    after: Option<ItemId>,
    limit: i64,
) -> QueryResult<Vec<ItemRow>> {
    let mut query = chat_items::table
        .filter(chat_items::by_user.eq(user_id))
        .order(chat_items::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(chat_items::id.gt(after));
    }
    query.load(conn)
}

/// The last of the events after `floor` that happened before an instant, at most `most` events further.
pub fn last_before(
    conn: &mut Conn,
    thread_id: ThreadId,
    floor: i64,
    before: DateTime<Utc>,
    most: i64,
) -> QueryResult<Option<i64>> {
    chat_events::table
        .filter(chat_events::thread_id.eq(thread_id))
        .filter(chat_events::seq.gt(floor))
        .filter(chat_events::seq.le(floor.saturating_add(most)))
        .filter(chat_events::at.lt(before.naive_utc()))
        .select(diesel::dsl::max(chat_events::seq))
        .first(conn)
}

/// The items that began up to a number.
pub fn items_up_to(conn: &mut Conn, thread_id: ThreadId, floor: i64) -> QueryResult<Vec<ItemId>> {
    chat_items::table
        .filter(chat_items::thread_id.eq(thread_id))
        .filter(chat_items::seq.le(floor))
        .select(chat_items::id)
        .load(conn)
}

/// Forgets the events and the items of a thread up to a number, and moves its floor and the read markers there.
pub fn purge_up_to(conn: &mut Conn, thread_id: ThreadId, floor: i64) -> QueryResult<()> {
    diesel::delete(
        chat_items::table
            .filter(chat_items::thread_id.eq(thread_id))
            .filter(chat_items::seq.le(floor)),
    )
    .execute(conn)?;
    diesel::delete(
        chat_events::table
            .filter(chat_events::thread_id.eq(thread_id))
            .filter(chat_events::seq.le(floor)),
    )
    .execute(conn)?;
    diesel::update(
        chat_members::table
            .filter(chat_members::thread_id.eq(thread_id))
            .filter(chat_members::read_seq.lt(floor)),
    )
    .set(chat_members::read_seq.eq(floor))
    .execute(conn)?;
    diesel::update(chat_threads::table.find(thread_id))
        .set(chat_threads::floor.eq(floor))
        .execute(conn)
        .map(drop)
}

/// The members of some threads, in the order in which they joined, with their names.
pub fn load_members(conn: &mut Conn, threads: &[ThreadId]) -> QueryResult<Vec<(MemberRow, String, String)>> {
    chat_members::table
        .inner_join(users::table.on(users::id.eq(chat_members::user_id)))
        .filter(chat_members::thread_id.eq_any(threads.to_vec()))
        .filter(chat_members::left_at.is_null())
        .order((chat_members::joined_at, chat_members::user_id))
        .select((chat_members::all_columns, users::first_name, users::last_name))
        .load(conn)
}

/// Moves the read marker forward; `false` when it stood there already.
pub fn set_read(conn: &mut Conn, thread_id: ThreadId, user_id: UserId, seq: i64) -> QueryResult<bool> {
    diesel::update(
        chat_members::table
            .find((thread_id, user_id))
            .filter(chat_members::read_seq.lt(seq)),
    )
    .set(chat_members::read_seq.eq(seq))
    .execute(conn)
    .map(|updated| updated == 1)
}

pub fn insert_event(conn: &mut Conn, row: &EventRow) -> QueryResult<()> {
    diesel::insert_into(chat_events::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

/// Events behind `after`, in order.
pub fn load_events(conn: &mut Conn, thread_id: ThreadId, after: i64, limit: i64) -> QueryResult<Vec<EventRow>> {
    chat_events::table
        .filter(chat_events::thread_id.eq(thread_id))
        .filter(chat_events::seq.gt(after))
        .order(chat_events::seq)
        .limit(limit)
        .load(conn)
}

pub fn insert_item(conn: &mut Conn, row: &ItemRow) -> QueryResult<()> {
    diesel::insert_into(chat_items::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

pub fn find_item(conn: &mut Conn, thread_id: ThreadId, id: ItemId) -> QueryResult<Option<ItemRow>> {
    chat_items::table
        .find(id)
        .filter(chat_items::thread_id.eq(thread_id))
        .first(conn)
        .optional()
}

/// The thread that an item stands in.
pub fn thread_of_item(conn: &mut Conn, id: ItemId) -> QueryResult<Option<ThreadId>> {
    chat_items::table
        .find(id)
        .select(chat_items::thread_id)
        .first(conn)
        .optional()
}

pub fn set_body(conn: &mut Conn, id: ItemId, body: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(chat_items::table.find(id))
        .set((chat_items::body.eq(body), chat_items::edited_at.eq(now.naive_utc())))
        .execute(conn)
        .map(drop)
}

/// Takes the body out of an item.
pub fn set_deleted(conn: &mut Conn, id: ItemId) -> QueryResult<()> {
    diesel::update(chat_items::table.find(id))
        .set((
            chat_items::status.eq(ItemStatus::Deleted),
            chat_items::body.eq(None::<String>),
        ))
        .execute(conn)
        .map(drop)
}

/// Everything that happened to an item, in order.
pub fn load_events_of_item(conn: &mut Conn, id: ItemId) -> QueryResult<Vec<EventRow>> {
    chat_events::table
        .filter(chat_events::item_id.eq(id))
        .order(chat_events::seq)
        .load(conn)
}

pub fn set_event_data(conn: &mut Conn, thread_id: ThreadId, seq: i64, data: &str) -> QueryResult<()> {
    diesel::update(chat_events::table.find((thread_id, seq)))
        .set(chat_events::data.eq(data))
        .execute(conn)
        .map(drop)
}

/// Items that were created before `before`, the newest first.
pub fn load_items(conn: &mut Conn, thread_id: ThreadId, before: Option<i64>, limit: i64) -> QueryResult<Vec<ItemRow>> {
    let mut query = chat_items::table
        .filter(chat_items::thread_id.eq(thread_id))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(chat_items::seq.lt(before));
    }
    query.order(chat_items::seq.desc()).limit(limit).load(conn)
}

/// Items of others behind `after`, counted up to `at_most`.
pub fn count_unread(
    conn: &mut Conn,
    thread_id: ThreadId,
    reader: UserId,
    after: i64,
    at_most: i64,
) -> QueryResult<i64> {
    let seqs: Vec<i64> = chat_items::table
        .filter(chat_items::thread_id.eq(thread_id))
        .filter(chat_items::seq.gt(after))
        .filter(chat_items::by_user.is_null().or(chat_items::by_user.ne(reader)))
        .filter(chat_items::status.ne(ItemStatus::Deleted))
        .select(chat_items::seq)
        .limit(at_most)
        .load(conn)?;
    Ok(i64::try_from(seqs.len()).unwrap_or(at_most))
}

pub fn insert_send(conn: &mut Conn, row: &SendRow) -> QueryResult<()> {
    diesel::insert_into(chat_sends::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

/// What this id of the sender's has done already.
pub fn find_send(conn: &mut Conn, sender_id: UserId, cid: ClientMessageId) -> QueryResult<Option<SendRow>> {
    chat_sends::table.find((sender_id, cid)).first(conn).optional()
}

pub fn purge_sends(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(chat_sends::table.filter(chat_sends::at.lt(before.naive_utc()))).execute(conn)
}
