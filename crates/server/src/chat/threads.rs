//! Threads: opening, listing and reading them.

pub mod http;
pub mod store;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use common::{
    FieldError, Page,
    auth::StaffRole,
    chat::{
        Event, Item, Seq, UserChange,
        events::{Membership, ThreadJoined, ThreadLeft},
        threads::{
            ITEMS_DEFAULT, ITEMS_MAX, ItemQuery, Items, NewThread, Placement, TITLE_MAX_CHARS, Thread, ThreadMember,
            ThreadQuery,
        },
    },
    ids::{AccountId, ThreadId, UserId},
    validate,
};
use serde_json::json;

use self::store::{EventRow, ItemRow, MemberRow, ThreadRow, Whose};
use super::{
    log::{self, What, seq},
    user_log,
};
use crate::{
    app::App,
    db::{Conn, QueryResult},
    error::ApiError,
    http::Caller,
    paging::{COUNT_UP_TO, Paging},
};

/// Unread items are counted so far; more is "100 or more".
const UNREAD_MAX: i64 = 100;

/// Who reads: members their threads, staff every company's.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub user_id: UserId,
    pub is_staff: bool,
}

impl From<&Caller> for Reader {
    fn from(caller: &Caller) -> Self {
        Self {
            user_id: caller.user_id,
            is_staff: caller.staff_role >= Some(StaffRole::Support),
        }
    }
}

/// Opens a thread about the account, with one member; the log begins with the member's joining.
pub async fn create(app: &App, account_id: AccountId, reader: Reader, new: NewThread) -> Result<Thread, ApiError> {
    let placement = new.placement.unwrap_or(Placement::Support);
    let title = validate::line("title", new.title.as_deref().unwrap_or_default(), TITLE_MAX_CHARS)?;
    let now = app.clock.now();
    let row = ThreadRow {
        id: app.clock.new_id(),
        account_id,
        title: title.unwrap_or_else(|| title_of(placement).to_owned()),
        placement,
        epoch: app.clock.new_id::<ThreadId>().to_string(),
        head: 0,
        floor: 0,
        created_by: Some(reader.user_id),
        created_at: now.naive_utc(),
        active_at: now.naive_utc(),
    };
    let thread = app
        .db
        .write(move |conn| {
            store::insert_thread(conn, &row)?;
            join(conn, &row, reader, now)?;
            load_one(conn, row.id, reader)
        })
        .await?;
    app.hub.wake(reader.user_id);
    Ok(thread)
}

fn title_of(placement: Placement) -> &'static str {
    match placement {
        Placement::Support => "Support",
        Placement::Onboarding => "Getting started",
        Placement::Money => "Money",
        Placement::Energy => "Energy",
    }
}

/// Adds the reader to a thread that is held, and says so in its log.
fn join(conn: &mut Conn, thread: &ThreadRow, reader: Reader, now: DateTime<Utc>) -> QueryResult<EventRow> {
    let what = What {
        kind: "member",
        by: Some(reader.user_id),
        cid: None,
        item_id: None,
        data: json!({ "user": reader.user_id, "state": Membership::Joined }),
    };
    let joined = log::append(conn, thread, what, now)?;
    store::put_member(
        conn,
        &MemberRow {
            thread_id: thread.id,
            user_id: reader.user_id,
            is_staff: reader.is_staff,
            joined_at: now.naive_utc(),
            left_at: None,
            read_seq: joined.seq,
        },
    )?;
    let change = UserChange::Joined(ThreadJoined { thread: thread.id });
    user_log::append(conn, reader.user_id, change, now)?;
    Ok(joined)
}

/// Takes somebody out of every thread of an account; tells the events.
pub fn leave_account(
    conn: &mut Conn,
    account_id: AccountId,
    user_id: UserId,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Event>> {
    let mut left = Vec::new();
    for id in store::threads_of_member(conn, account_id, user_id)? {
        let Some(thread) = store::lock_thread(conn, id)? else {
            continue;
        };
        if !store::set_left(conn, id, user_id, now)? {
            continue;
        }
        let what = What {
            kind: "member",
            by: Some(user_id),
            cid: None,
            item_id: None,
            data: json!({ "user": user_id, "state": Membership::Left }),
        };
        left.push(log::event(&log::append(conn, &thread, what, now)?));
    }
    for event in &left {
        let change = UserChange::Left(ThreadLeft { thread: event.thread });
        user_log::append(conn, user_id, change, now)?;
    }
    Ok(left)
}

/// Adds somebody of the staff who is no member yet; tells the event.
pub fn join_as_staff(conn: &mut Conn, id: ThreadId, reader: Reader, now: DateTime<Utc>) -> QueryResult<Option<Event>> {
    let Some(thread) = store::lock_thread(conn, id)? else {
        return Ok(None);
    };
    if store::find_member(conn, id, reader.user_id)?.is_some() {
        return Ok(None);
    }
    Ok(Some(log::event(&join(conn, &thread, reader, now)?)))
}

/// Whether others see a read marker move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    Told,
    Kept,
}

/// Moves a member's read marker forward, at most to the end; tells the event when others may see it.
pub fn mark_read(
    conn: &mut Conn,
    id: ThreadId,
    reader: Reader,
    up_to: Seq,
    receipt: Receipt,
    now: DateTime<Utc>,
) -> Result<Option<Event>, ApiError> {
    find(conn, id, reader)?;
    let Some(thread) = store::lock_thread(conn, id)? else {
        return Ok(None);
    };
    let up_to = i64::try_from(up_to.get()).unwrap_or(i64::MAX).min(thread.head);
    if !store::set_read(conn, id, reader.user_id, up_to)? || receipt == Receipt::Kept {
        return Ok(None);
    }
    let what = What {
        kind: "read",
        by: Some(reader.user_id),
        cid: None,
        item_id: None,
        data: json!({ "user": reader.user_id, "seq": up_to }),
    };
    Ok(Some(log::event(&log::append(conn, &thread, what, now)?)))
}

pub async fn list(app: &App, reader: Reader, query: ThreadQuery) -> Result<Page<Thread>, ApiError> {
    let paging = Paging::parse(query.limit, query.cursor.as_deref(), None)?;
    let after = paging.after(ThreadId::parse)?;
    let whose = match reader.is_staff {
        true => Whose::All,
        false => Whose::Member(reader.user_id),
    };
    app.db
        .read(move |conn| {
            let rows = store::load_page(conn, whose, after, paging.fetch())?;
            let total = store::count(conn, whose, COUNT_UP_TO)?;
            let page = paging.page(rows, total, |row| (row.active_at, row.id.to_string()));
            let mut threads = told(conn, &page.items, reader)?.into_iter();
            Ok(page.map(|_| threads.next().expect("one for each row")))
        })
        .await
}

pub async fn load(app: &App, id: ThreadId, reader: Reader) -> Result<Thread, ApiError> {
    app.db.read(move |conn| load_one(conn, id, reader)).await
}

/// Items, the newest first.
pub async fn items(app: &App, id: ThreadId, reader: Reader, query: ItemQuery) -> Result<Items, ApiError> {
    let limit = query.limit.unwrap_or(ITEMS_DEFAULT);
    if !(1..=ITEMS_MAX).contains(&limit) {
        return Err(FieldError::new("limit", "out_of_range", format!("Use 1 to {ITEMS_MAX}.")).into());
    }
    let before = query
        .before
        .map(|before| i64::try_from(before.get()).unwrap_or(i64::MAX));
    app.db
        .read(move |conn| {
            let thread = find(conn, id, reader)?;
            let mut rows = store::load_items(conn, id, before, i64::from(limit) + 1)?;
            let more = rows.len() > limit as usize;
            rows.truncate(limit as usize);
            Ok(Items {
                items: rows.iter().map(|row| item(row, reader)).collect(),
                more,
                floor: seq(thread.floor),
            })
        })
        .await
}

/// The thread, if the reader may see it; to everybody else it does not exist.
pub fn find(conn: &mut Conn, id: ThreadId, reader: Reader) -> Result<ThreadRow, ApiError> {
    let missing = || ApiError::not_found("thread");
    let thread = store::find_thread(conn, id)?.ok_or_else(missing)?;
    if reader.is_staff || store::find_member(conn, id, reader.user_id)?.is_some() {
        return Ok(thread);
    }
    Err(missing())
}

fn load_one(conn: &mut Conn, id: ThreadId, reader: Reader) -> Result<Thread, ApiError> {
    let row = find(conn, id, reader)?;
    let told = told(conn, &[row], reader)?.pop();
    Ok(told.expect("one for each row"))
}

fn told(conn: &mut Conn, rows: &[ThreadRow], reader: Reader) -> QueryResult<Vec<Thread>> {
    let accounts: Vec<_> = rows.iter().map(|row| row.account_id).collect();
    let companies: HashMap<_, _> = store::company_names(conn, &accounts)?.into_iter().collect();
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut members: HashMap<ThreadId, Vec<_>> = HashMap::new();
    for (member, first_name, last_name) in store::load_members(conn, &ids)? {
        let of = members.entry(member.thread_id).or_default();
        of.push((member, format!("{first_name} {last_name}")));
    }
    let mut threads = Vec::new();
    for row in rows {
        let members = members.remove(&row.id).unwrap_or_default();
        let own = members.iter().find(|(member, _)| member.user_id == reader.user_id);
        let read = own.map(|(member, _)| member.read_seq);
        let unread = match read {
            Some(read) => store::count_unread(conn, row.id, reader.user_id, read, UNREAD_MAX)?,
            None => 0,
        };
        let last = store::load_items(conn, row.id, None, 1)?.pop();
        threads.push(Thread {
            id: row.id,
            title: row.title.clone(),
            placement: row.placement,
            account_id: row.account_id,
            company_name: companies.get(&row.account_id).cloned().unwrap_or_default(),
            created_at: row.created_at.and_utc(),
            active_at: row.active_at.and_utc(),
            epoch: row.epoch.clone(),
            head: seq(row.head),
            floor: seq(row.floor),
            read: read.map(seq),
            unread: u32::try_from(unread).unwrap_or_default(),
            last: last.map(|row| item(&row, reader)),
            members: members
                .into_iter()
                .map(|(member, name)| ThreadMember {
                    user_id: member.user_id,
                    name: name.trim().to_owned(),
                    is_staff: member.is_staff,
                })
                .collect(),
        });
    }
    Ok(threads)
}

/// An item as the reader sees it: only authors are told their own ids.
fn item(row: &ItemRow, reader: Reader) -> Item {
    Item {
        id: row.id,
        seq: seq(row.seq),
        cid: row.cid.filter(|_| row.by_user == Some(reader.user_id)),
        by: row.by_user,
        ts: row.at.and_utc(),
        reply_to: row.reply_to,
        status: row.status,
        body: row.body.as_deref().and_then(|body| serde_json::from_str(body).ok()),
        edited_at: row.edited_at.map(|at| at.and_utc()),
    }
}
