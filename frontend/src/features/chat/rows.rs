//! What the history shows, row by row: days, the line above what is new, and who said what when.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    chat::{ItemStatus, Seq, threads::Thread},
    ids::UserId,
};

use crate::{
    dates,
    realtime::{ItemView, ThreadView},
    text,
};

/// Items of one author within this time share the line that says who and when.
const GROUP: TimeDelta = TimeDelta::minutes(5);

/// One item with what stands around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Changes with whatever is shown.
    pub key: String,
    /// Above it: the day begins.
    pub day: Option<String>,
    /// Above it: since when all below is new.
    pub new_since: Option<String>,
    pub is_own: bool,
    pub author: String,
    pub at: DateTime<Utc>,
    /// It says who and when.
    pub ends_group: bool,
    pub view: ItemView,
}

/// `read` is how far the person had read when the thread was opened.
pub fn rows(view: &ThreadView, own: UserId, read: Option<Seq>, now: DateTime<Utc>) -> Vec<Row> {
    let items = &view.items;
    let first_new = read.and_then(|read| {
        items
            .iter()
            .position(|shown| shown.item.seq > read && shown.item.by != Some(own))
    });
    let mut rows = Vec::with_capacity(items.len());
    for (index, shown) in items.iter().enumerate() {
        let item = &shown.item;
        let before = index.checked_sub(1).map(|before| &items[before].item);
        let after = items.get(index + 1).map(|after| &after.item);
        let is_new_day = before.is_none_or(|before| dates::today(before.ts) != dates::today(item.ts));
        let ends_group = after.is_none_or(|after| {
            after.by != item.by
                || after.ts - item.ts > GROUP
                || dates::today(after.ts) != dates::today(item.ts)
                || first_new == Some(index + 1)
        });
        let mut row = Row {
            key: String::new(),
            day: is_new_day.then(|| day_words(item.ts, now)),
            new_since: (first_new == Some(index)).then(|| text::chat().new_since(&dates::clock_time(item.ts))),
            is_own: item.by == Some(own),
            author: author(&view.thread, item.by),
            at: item.ts,
            ends_group,
            view: shown.clone(),
        };
        row.key = key(&row);
        rows.push(row);
    }
    rows
}

fn key(row: &Row) -> String {
    let mut hasher = DefaultHasher::new();
    let view = &row.view;
    (&row.day, &row.new_since, &row.author, row.ends_group).hash(&mut hasher);
    (&view.words, view.pending, view.is_read, view.item.edited_at).hash(&mut hasher);
    (
        view.item.status == ItemStatus::Deleted,
        view.item.status == ItemStatus::Streaming,
    )
        .hash(&mut hasher);
    format!("{}-{:x}", view.item.id, hasher.finish())
}

fn day_words(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match dates::days_until(at, now) {
        0 => crate::text::t().common.today.to_owned(),
        _ => dates::date(at),
    }
}

/// A person by name, ours with the company's.
pub fn author(thread: &Thread, by: Option<UserId>) -> String {
    let texts = text::chat();
    let Some(by) = by else {
        return texts.assistant.to_owned();
    };
    match thread.members.iter().find(|member| member.user_id == by) {
        Some(member) if member.is_staff => format!("{}, {}", member.name, texts.staff),
        Some(member) => member.name.clone(),
        None => texts.somebody.to_owned(),
    }
}

/// Who types, in one sentence; empty when nobody does.
pub fn typing(thread: &Thread, users: &[UserId]) -> String {
    let texts = text::chat();
    let name = |user: &UserId| {
        let member = thread.members.iter().find(|member| member.user_id == *user);
        member.map_or_else(|| texts.somebody.to_owned(), |member| member.name.clone())
    };
    match users {
        [] => String::new(),
        [one] => texts.is_typing(&name(one)),
        [one, two] => texts.are_typing(&name(one), &name(two)),
        _ => texts.several_typing.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use common::{
        chat::{
            Body, Item, LoadingState,
            threads::{Placement, ThreadMember},
        },
        ids::{AccountId, ItemId, ThreadId},
    };

    use super::*;
    use crate::realtime::Stage;

    fn id(number: u32) -> String {
        format!("01929b7e-7c1c-7000-8000-{number:012}")
    }

    fn user(number: u32) -> UserId {
        UserId::parse(&id(number)).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn thread() -> Thread {
        let member = |number, name: &str, is_staff| ThreadMember {
            user_id: user(number),
            name: name.into(),
            is_staff,
        };
        Thread {
            id: ThreadId::parse(&id(7)).unwrap(),
            title: "Support".into(),
            placement: Placement::Support,
            account_id: AccountId::parse(&id(8)).unwrap(),
            company_name: "Karoo Kiln Studio".into(),
            created_at: at("2026-11-24T07:00:00Z"),
            active_at: at("2026-11-24T07:00:00Z"),
            epoch: "e".into(),
            head: Seq::ZERO,
            floor: Seq::ZERO,
            read: None,
            unread: 0,
            last: None,
            members: vec![member(1, "Thandi Mokoena", false), member(2, "Pieter Adonis", true)],
        }
    }

    fn view(said: &[(u64, Option<u32>, &str)]) -> ThreadView {
        let items = said.iter().map(|(seq, by, time)| ItemView {
            item: Item {
                id: ItemId::parse(&id(*seq as u32)).unwrap(),
                seq: Seq::try_from(*seq).unwrap(),
                cid: None,
                by: by.map(user),
                ts: at(time),
                reply_to: None,
                status: ItemStatus::Done,
                body: Some(Body::text("a")),
                edited_at: None,
            },
            words: Some("a".into()),
            pending: None,
            is_read: false,
        });
        ThreadView {
            thread: thread(),
            stage: Stage::Here,
            loading: LoadingState::Ready,
            has_older: false,
            is_reading_older: false,
            is_refused: false,
            typing: vec![],
            items: items.collect(),
            waiting: vec![],
        }
    }

    const NOW: &str = "2026-11-24T10:00:00Z";

    #[test]
    fn days_groups_and_the_new_line_stand_where_they_begin() {
        let view = view(&[
            (2, Some(1), "2026-11-23T08:00:00Z"),
            (3, Some(2), "2026-11-24T08:00:00Z"),
            (4, Some(2), "2026-11-24T08:01:00Z"),
            (5, Some(2), "2026-11-24T08:10:00Z"),
        ]);
        let rows = rows(&view, user(1), Seq::try_from(3).ok(), at(NOW));
        let days: Vec<_> = rows.iter().map(|row| row.day.as_deref()).collect();
        assert_eq!(days, [Some("23 Nov 2026"), Some("Today"), None, None]);
        let new: Vec<_> = rows.iter().map(|row| row.new_since.as_deref()).collect();
        assert_eq!(new, [None, None, Some("New since 10:01"), None]);
        let ends: Vec<_> = rows.iter().map(|row| row.ends_group).collect();
        assert_eq!(ends, [true, true, true, true]);
        assert!(rows[0].is_own);
        assert_eq!(rows[1].author, "Pieter Adonis, CapeControl");
    }

    #[test]
    fn what_the_assistant_says_is_the_assistants() {
        let view = view(&[(2, None, NOW)]);
        assert_eq!(rows(&view, user(1), None, at(NOW))[0].author, "Assistant");
    }

    #[test]
    fn a_row_that_shows_something_else_has_another_key() {
        let before = view(&[(2, Some(2), NOW)]);
        let mut after = before.clone();
        after.items[0].words = Some("b".into());
        let key = |view: &ThreadView| rows(view, user(1), None, at(NOW))[0].key.clone();
        assert_eq!(key(&before), key(&before.clone()));
        assert_ne!(key(&before), key(&after));
    }

    #[test]
    fn who_types_is_named_up_to_two() {
        let thread = thread();
        assert_eq!(typing(&thread, &[]), "");
        assert_eq!(typing(&thread, &[user(2)]), "Pieter Adonis is typing");
        assert_eq!(
            typing(&thread, &[user(1), user(2)]),
            "Thandi Mokoena and Pieter Adonis are typing"
        );
        assert_eq!(
            typing(&thread, &[user(1), user(2), user(9)]),
            "Several people are typing"
        );
    }
}
