//! What is known of one thread: its items, who has read how far, and what still waits to be applied.

use std::collections::BTreeMap;

use common::{
    chat::{
        Body, Change, Cursor, Event, Item, ItemStatus, LoadingState, Seq,
        events::Membership,
        threads::{Items, Thread},
    },
    ids::{ItemId, UserId},
};

use crate::api::Failure;

/// How far the items of a thread are here.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Only its row in the list is kept.
    Closed,
    Loading,
    Failed(Failure),
    Here,
}

#[derive(Debug, Clone)]
pub struct Log {
    pub thread: Thread,
    pub stage: Stage,
    /// How far the events have been applied.
    pub cursor: Cursor,
    items: BTreeMap<Seq, Item>,
    /// There are older items on the server.
    pub has_older: bool,
    pub is_reading_older: bool,
    /// What happened while the items were on their way.
    waiting: Vec<Event>,
    /// How far the others have read, as far as this tab has heard.
    reads: BTreeMap<UserId, Seq>,
    pub typing: Vec<UserId>,
    pub loading: LoadingState,
    /// The server does not let this person follow it any more.
    pub is_refused: bool,
}

impl Log {
    pub fn of(thread: Thread) -> Self {
        Self {
            cursor: Cursor {
                epoch: thread.epoch.clone(),
                seq: thread.head,
            },
            thread,
            stage: Stage::Closed,
            items: BTreeMap::new(),
            has_older: false,
            is_reading_older: false,
            waiting: vec![],
            reads: BTreeMap::new(),
            typing: vec![],
            loading: LoadingState::Idle,
            is_refused: false,
        }
    }

    /// In the order of the thread.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    pub fn oldest(&self) -> Option<Seq> {
        self.items.keys().next().copied()
    }

    /// Whether somebody else has read the item at `seq`.
    pub fn is_read_by_others(&self, seq: Seq, own: UserId) -> bool {
        self.reads.iter().any(|(user, read)| *user != own && *read >= seq)
    }

    /// Takes the newest items as the server lists them, in the place of all that is here.
    pub fn replace(&mut self, items: Items, own: UserId) {
        self.items = items.items.into_iter().map(|item| (item.seq, item)).collect();
        self.has_older = items.more;
        self.stage = Stage::Here;
        for event in std::mem::take(&mut self.waiting) {
            self.change_items(&event);
        }
        self.count_unread(own);
    }

    /// Takes items from before the oldest one.
    pub fn prepend(&mut self, older: Items) {
        self.has_older = older.more;
        self.is_reading_older = false;
        for item in older.items {
            self.items.entry(item.seq).or_insert(item);
        }
    }

    /// Shows a message of one's own that is committed, before its event comes.
    pub fn echo(&mut self, item: Item) {
        if self.stage == Stage::Here {
            self.items.entry(item.seq).or_insert(item);
        }
    }

    /// Applies one event; `true` when somebody came whose name is not known.
    pub fn apply(&mut self, event: Event, own: UserId) -> bool {
        self.thread.head = self.thread.head.max(event.seq);
        let mut is_stranger = false;
        match &event.change {
            Change::Created(created) => {
                let is_newer = self.thread.last.as_ref().is_none_or(|last| last.seq < event.seq);
                if is_newer {
                    self.thread.active_at = event.ts;
                    self.thread.last = Some(item(&event, created.item, created.status, created.body.clone()));
                    if event.by != Some(own) && self.thread.read.is_some_and(|read| read < event.seq) {
                        self.thread.unread += 1;
                    }
                }
            }
            Change::Edited(edited) => self.change_last(edited.item, |last| last.body = Some(edited.body.clone())),
            Change::Done(done) => self.change_last(done.item, |last| last.body = Some(done.body.clone())),
            Change::Deleted(deleted) => self.change_last(deleted.item, |last| {
                last.body = None;
                last.status = ItemStatus::Deleted;
            }),
            Change::Read(mark) => {
                let read = self.reads.entry(mark.user).or_default();
                *read = mark.seq.max(*read);
                if mark.user == own && self.thread.read.is_some_and(|read| read < mark.seq) {
                    self.thread.read = Some(mark.seq);
                    if self.thread.last.as_ref().is_none_or(|last| last.seq <= mark.seq) {
                        self.thread.unread = 0;
                    } else {
                        self.count_unread(own);
                    }
                }
            }
            Change::Member(member) => {
                let is_known = self.thread.members.iter().any(|known| known.user_id == member.user);
                is_stranger = member.state == Membership::Joined && !is_known;
            }
            Change::Unknown { .. } => {}
        }
        match self.stage {
            Stage::Here => self.change_items(&event),
            Stage::Loading => self.waiting.push(event),
            Stage::Closed | Stage::Failed(_) => {}
        }
        is_stranger
    }

    /// Forgets what the server has forgotten.
    pub fn purge(&mut self, floor: Seq) {
        self.items.retain(|seq, _| *seq > floor);
        self.thread.floor = self.thread.floor.max(floor);
        if self.thread.last.as_ref().is_some_and(|last| last.seq <= floor) {
            self.thread.last = None;
        }
    }

    fn change_items(&mut self, event: &Event) {
        match &event.change {
            Change::Created(created) => {
                let item = item(event, created.item, created.status, created.body.clone());
                let known = self.items.get(&event.seq);
                // A list that was read later knows more than its first event.
                if known.is_none_or(|known| known.edited_at.is_none() && known.status != ItemStatus::Deleted) {
                    let reply_to = created.reply_to;
                    self.items.insert(event.seq, Item { reply_to, ..item });
                }
            }
            Change::Edited(edited) => self.change(edited.item, |item| {
                item.body = Some(edited.body.clone());
                item.edited_at = Some(event.ts);
            }),
            Change::Done(done) => self.change(done.item, |item| {
                item.body = Some(done.body.clone());
                item.status = done.status;
            }),
            Change::Deleted(deleted) => self.change(deleted.item, |item| {
                item.body = None;
                item.status = ItemStatus::Deleted;
            }),
            Change::Read(_) | Change::Member(_) | Change::Unknown { .. } => {}
        }
    }

    fn change(&mut self, id: ItemId, change: impl FnOnce(&mut Item)) {
        if let Some(item) = self.items.values_mut().rev().find(|item| item.id == id) {
            change(item);
        }
    }

    fn change_last(&mut self, id: ItemId, change: impl FnOnce(&mut Item)) {
        if let Some(last) = self.thread.last.as_mut().filter(|last| last.id == id) {
            change(last);
        }
    }

    fn count_unread(&mut self, own: UserId) {
        if let Some(read) = self.thread.read {
            let later = self.items.range(read.next()..).map(|(_, item)| item);
            self.thread.unread = later.filter(|item| item.by != Some(own)).count() as u32;
        }
    }
}

fn item(event: &Event, id: ItemId, status: ItemStatus, body: Body) -> Item {
    Item {
        id,
        seq: event.seq,
        cid: event.cid,
        by: event.by,
        ts: event.ts,
        reply_to: None,
        status,
        body: Some(body),
        edited_at: None,
    }
}

#[cfg(test)]
mod tests {
    use common::{
        chat::{
            events::{ItemCreated, ItemDeleted, ItemEdited, ReadMark},
            threads::Placement,
        },
        ids::ThreadId,
    };

    use super::*;

    const OWN: u32 = 1;
    const OTHER: u32 = 2;

    fn text(number: u32) -> String {
        format!("01929b7e-7c1c-7000-8000-{number:012}")
    }

    fn user(number: u32) -> UserId {
        UserId::parse(&text(number)).unwrap()
    }

    fn id(number: u32) -> ItemId {
        ItemId::parse(&text(number)).unwrap()
    }

    fn seq(number: u64) -> Seq {
        Seq::try_from(number).unwrap()
    }

    fn event(at: u64, by: u32, change: Change) -> Event {
        Event {
            thread: ThreadId::parse(&text(7)).unwrap(),
            seq: seq(at),
            sseq: None,
            cid: None,
            by: Some(user(by)),
            ts: chrono::DateTime::UNIX_EPOCH,
            change,
        }
    }

    fn created(at: u64, by: u32, words: &str) -> Event {
        let created = ItemCreated {
            item: id(at as u32),
            reply_to: None,
            status: ItemStatus::Done,
            body: Body::text(words),
        };
        event(at, by, Change::Created(created))
    }

    fn edited(at: u64, of: u32, words: &str) -> Event {
        let body = Body::text(words);
        event(at, OTHER, Change::Edited(ItemEdited { item: id(of), body }))
    }

    fn log() -> Log {
        Log::of(Thread {
            id: ThreadId::parse(&text(7)).unwrap(),
            title: "Support".into(),
            placement: Placement::Support,
            account_id: common::ids::AccountId::parse(&text(8)).unwrap(),
            company_name: "Karoo Kiln Studio".into(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            active_at: chrono::DateTime::UNIX_EPOCH,
            epoch: "e".into(),
            head: seq(1),
            floor: seq(0),
            read: Some(seq(1)),
            unread: 0,
            last: None,
            members: vec![],
        })
    }

    fn page(items: Vec<Item>, more: bool) -> Items {
        Items {
            items,
            more,
            floor: seq(0),
        }
    }

    fn words(log: &Log) -> Vec<String> {
        let bodies = log.items().map(|item| match &item.body {
            Some(Body::Text { text }) => text.clone(),
            _ => "-".to_owned(),
        });
        bodies.collect()
    }

    #[test]
    fn what_happens_while_the_items_are_on_their_way_counts_too() {
        let mut log = log();
        log.stage = Stage::Loading;
        log.apply(created(3, OTHER, "second"), user(OWN));
        log.apply(edited(4, 2, "first, corrected"), user(OWN));
        let Change::Created(first) = created(2, OTHER, "first").change else {
            unreachable!()
        };
        let first = item(&created(2, OTHER, "first"), first.item, first.status, first.body);
        log.replace(page(vec![first], false), user(OWN));
        assert_eq!(words(&log), ["first, corrected", "second"]);
        assert_eq!(log.thread.unread, 2);
    }

    #[test]
    fn an_event_that_comes_twice_changes_nothing() {
        let mut log = log();
        log.replace(page(vec![], false), user(OWN));
        for event in [created(2, OTHER, "a"), edited(3, 2, "b"), created(2, OTHER, "a")] {
            log.apply(event, user(OWN));
        }
        assert_eq!(words(&log), ["b"]);
        assert_eq!(log.thread.unread, 1);
    }

    #[test]
    fn a_deleted_item_keeps_its_place_without_its_words() {
        let mut log = log();
        log.replace(page(vec![], false), user(OWN));
        log.apply(created(2, OTHER, "a"), user(OWN));
        log.apply(created(3, OTHER, "b"), user(OWN));
        log.apply(event(4, OTHER, Change::Deleted(ItemDeleted { item: id(2) })), user(OWN));
        assert_eq!(words(&log), ["-", "b"]);
    }

    #[test]
    fn reading_counts_down_what_is_unread() {
        let mut log = log();
        log.replace(page(vec![], false), user(OWN));
        log.apply(created(2, OTHER, "a"), user(OWN));
        log.apply(created(3, OTHER, "b"), user(OWN));
        let read = |at, user_number, up_to| {
            let mark = ReadMark {
                user: user(user_number),
                seq: seq(up_to),
            };
            event(at, user_number, Change::Read(mark))
        };
        log.apply(read(4, OWN, 2), user(OWN));
        assert_eq!(log.thread.unread, 1);
        log.apply(read(5, OWN, 3), user(OWN));
        assert_eq!(log.thread.unread, 0);
        assert!(!log.is_read_by_others(seq(2), user(OWN)));
        log.apply(read(6, OTHER, 2), user(OWN));
        assert!(log.is_read_by_others(seq(2), user(OWN)));
        assert!(!log.is_read_by_others(seq(3), user(OWN)));
    }

    #[test]
    fn what_the_server_has_forgotten_is_gone() {
        let mut log = log();
        log.replace(page(vec![], false), user(OWN));
        log.apply(created(2, OTHER, "a"), user(OWN));
        log.apply(created(3, OTHER, "b"), user(OWN));
        log.purge(seq(2));
        assert_eq!(words(&log), ["b"]);
    }
}
