//! The items of a thread and what waits below them: pages backwards without jumping, stays at the end while there.

use common::{
    chat::{
        ItemStatus, Seq,
        client::{Op, OutgoingState, UnsentReason},
    },
    ids::ClientMessageId,
};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsValue;

use super::{
    actions::{Actions, Target},
    body,
    rows::{Row, rows},
    thread::note,
};
use crate::{
    browser,
    components::{
        button::{Kind, PlainButton},
        dynamic::{dynamic, flag, react},
        icon::{icon_14, icon_16},
    },
    dates,
    realtime::{Outgoing, ThreadHandle, ThreadView, at, js, words},
    text,
};

/// So near to the end counts as there.
const NEAR: f64 = 64.0;
/// So near to the beginning asks for older items.
const FAR: f64 = 240.0;

type Shown = Memo<Option<ThreadView>>;

/// Where the history stands.
#[derive(Clone, Copy)]
struct Scroll {
    node: NodeRef<html::Div>,
    is_at_end: RwSignal<bool>,
}

impl Scroll {
    fn number(self, name: &str) -> f64 {
        let node = self.node.try_get_untracked().flatten();
        node.map_or(0.0, |node| {
            js::get(&JsValue::from(node), name).as_f64().unwrap_or_default()
        })
    }

    fn go_to(self, top: f64) {
        if let Some(node) = self.node.try_get_untracked().flatten() {
            js::put(&node.into(), "scrollTop", top.into());
        }
    }

    fn to_end(self) {
        self.go_to(self.number("scrollHeight"));
    }

    fn distance(self) -> f64 {
        self.number("scrollHeight") - self.number("scrollTop")
    }

    fn look(self) {
        let is_at_end = self.distance() - self.number("clientHeight") < NEAR;
        if self.is_at_end.get_untracked() != is_at_end {
            self.is_at_end.set(is_at_end);
        }
    }
}

pub fn history(handle: ThreadHandle, shown: Shown, actions: Actions) -> AnyView {
    let texts = text::chat();
    let read = shown.with_untracked(|view| {
        let thread = view.as_ref().map(|view| &view.thread);
        thread.filter(|thread| thread.unread > 0).and_then(|thread| thread.read)
    });
    let scroll = Scroll {
        node: NodeRef::new(),
        // The first look goes to what is new, which need not be the end.
        is_at_end: RwSignal::new(read.is_none()),
    };
    let newest = Memo::new(move |_| shown.with(|view| view.as_ref().and_then(newest_of)));
    // What was seen at the end, so that what came since can be counted.
    let seen = RwSignal::new(newest.get_untracked());
    let own = handle.own;
    let list = Memo::new(move |_| {
        shown.with(|view| {
            view.as_ref()
                .map(|view| rows(view, own, read, browser::now()))
                .unwrap_or_default()
        })
    });
    let waiting =
        Memo::new(move |_| shown.with(|view| view.as_ref().map(|view| view.waiting.clone()).unwrap_or_default()));

    stay_at_end(scroll, list, waiting);
    mark_read(handle, shown, scroll, newest, seen);
    let older = move || {
        handle.read_older(move || {
            let from_end = scroll.distance();
            request_animation_frame(move || scroll.go_to(scroll.number("scrollHeight") - from_end));
        });
    };
    let scrolled = move |_| {
        scroll.look();
        if scroll.number("scrollTop") < FAR {
            older();
        }
    };
    let has_older = Memo::new(move |_| shown.with(|view| view.as_ref().is_some_and(|view| view.has_older)));
    let is_empty = Memo::new(move |_| list.with(Vec::is_empty) && waiting.with(Vec::is_empty));
    let top = move || match (has_older.get(), is_empty.get()) {
        (true, _) => view! {
            <PlainButton label=texts.load_older on_press=Callback::new(move |()| older()) kind=Kind::Quiet/>
        }
        .into_any(),
        (false, true) => view! { <p class="small muted">{texts.nothing_yet}</p> }.into_any(),
        (false, false) => view! { <p class="small muted">{texts.start}</p> }.into_any(),
    };
    view! {
        <div class="chat-history">
            <div class="chat-log" node_ref=scroll.node tabindex="0" role="region" aria-label=texts.history on:scroll=scrolled>
                <div class="chat-top">{dynamic(top)}</div>
                <ol class="chat-items">
                    <For each=move || list.get() key=|row| row.key.clone() children=move |row| row_view(row, actions)/>
                </ol>
                {dynamic(move || waiting.with(|waiting| (!waiting.is_empty()).then(|| waiting_view(waiting, actions))))}
            </div>
            {pill(scroll, list, seen)}
            {aloud(list, seen)}
        </div>
    }
    .into_any()
}

fn newest_of(view: &ThreadView) -> Option<Seq> {
    view.items.last().map(|shown| shown.item.seq)
}

/// Whoever is at the end stays there; the first look goes to what is new.
fn stay_at_end(scroll: Scroll, list: Memo<Vec<Row>>, waiting: Memo<Vec<Outgoing>>) {
    let resized = window_event_listener(ev::resize, move |_| {
        // The keyboard of a phone takes room from the history.
        if scroll.is_at_end.get_untracked() {
            scroll.to_end();
        }
    });
    on_cleanup(move || resized.remove());
    let is_first = StoredValue::new(true);
    let waited = StoredValue::new(0);
    react(move || {
        list.track();
        let waits = waiting.with(Vec::len);
        let has_sent = waits > waited.get_value();
        waited.set_value(waits);
        let goes_first = is_first.get_value();
        is_first.set_value(false);
        let was_at_end = has_sent || scroll.is_at_end.get_untracked();
        request_animation_frame(move || {
            let new = document().query_selector(".chat-new").ok().flatten();
            match new {
                Some(new) if goes_first => new.scroll_into_view(),
                _ if was_at_end => scroll.to_end(),
                _ => {}
            }
            scroll.look();
        });
    });
}

/// What somebody looks at is read.
fn mark_read(
    handle: ThreadHandle,
    shown: Shown,
    scroll: Scroll,
    newest: Memo<Option<Seq>>,
    seen: RwSignal<Option<Seq>>,
) {
    let marked = StoredValue::new(None::<Seq>);
    react(move || {
        handle.track_looks();
        let Some(newest) = newest.get() else { return };
        if !scroll.is_at_end.get() || !handle.is_looked_at() {
            return;
        }
        seen.set(Some(newest));
        let read = shown.with_untracked(|view| view.as_ref().and_then(|view| view.thread.read));
        let is_unread = read.is_some_and(|read| read < newest);
        if is_unread && marked.get_value() != Some(newest) {
            marked.set_value(Some(newest));
            handle.mark_read(newest);
        }
    });
}

/// What others have said since the end was seen last.
fn unseen(list: &[Row], seen: Option<Seq>) -> usize {
    let is_unseen = |row: &&Row| !row.is_own && seen.is_none_or(|seen| row.view.item.seq > seen);
    list.iter().filter(is_unseen).count()
}

/// In the place of moving somebody who reads further up.
fn pill(scroll: Scroll, list: Memo<Vec<Row>>, seen: RwSignal<Option<Seq>>) -> AnyView {
    let texts = text::chat();
    let words = Memo::new(move |_| match list.with(|list| unseen(list, seen.get())) {
        _ if scroll.is_at_end.get() => None,
        0 => None,
        1 => Some(texts.new_one.to_owned()),
        count => Some(texts.new_many(&count.to_string())),
    });
    dynamic(move || {
        words.get().map(|words| {
            view! {
                <button class="chat-pill" type="button" on:click=move |_| scroll.to_end()>{icon_16("down")} {words}</button>
            }
            .into_any()
        })
    })
}

/// Reads out what others say while the thread is open.
fn aloud(list: Memo<Vec<Row>>, seen: RwSignal<Option<Seq>>) -> AnyView {
    let first = seen.get_untracked();
    let words = Memo::new(move |_| {
        list.with(|list| {
            let last = list
                .last()
                .filter(|row| !row.is_own && Some(row.view.item.seq) > first)?;
            Some(text::chat().said(&last.author, last.view.words.as_deref().unwrap_or_default()))
        })
    });
    view! { <p class="visually-hidden" role="status">{words}</p> }.into_any()
}

fn row_view(row: Row, actions: Actions) -> AnyView {
    let texts = text::chat();
    let item = &row.view.item;
    let id = item.id;
    let is_deleted = item.status == ItemStatus::Deleted;
    let card = item.body.as_ref().filter(|_| !is_deleted).and_then(body::card);
    let words = row.view.words.clone().unwrap_or_default();
    let content = match (is_deleted, card) {
        (true, _) => view! { <p class="chat-bubble chat-deleted">{texts.deleted}</p> }.into_any(),
        (false, Some(card)) => card,
        (false, None) => view! { <p class="chat-bubble">{words.clone()}</p> }.into_any(),
    };
    let is_mine_to_change = row.is_own && !is_deleted && row.view.pending.is_none() && row.view.words.is_some();
    let options = is_mine_to_change.then(|| options(id, words, actions));
    let state = match row.view.pending {
        Some(true) => note("clock", texts.deleting_waits.to_owned()),
        Some(false) => note("clock", texts.editing_waits.to_owned()),
        None if row.is_own && row.ends_group && row.view.is_read => note("check", texts.read.to_owned()),
        None if row.is_own && row.ends_group => note("check", texts.sent.to_owned()),
        None => ().into_any(),
    };
    let edited = (item.edited_at.is_some() && !is_deleted).then(|| view! { <span>{texts.edited}</span> }.into_any());
    let time = dates::clock_time(row.at);
    let who = match row.is_own {
        true => view! { <time datetime=dates::machine(row.at)>{time}</time> }.into_any(),
        false => view! {
            <span>{texts.by(&row.author, "")}</span>
            <time datetime=dates::machine(row.at)>{time}</time>
        }
        .into_any(),
    };
    let meta = (row.ends_group || edited.is_some() || row.view.pending.is_some())
        .then(|| view! { <p class="chat-meta">{who} {edited} {state}</p> }.into_any());
    let class = match (row.is_own, item.by.is_none()) {
        (true, _) => "chat-item is-own",
        (false, true) => "chat-item is-assistant",
        (false, false) => "chat-item",
    };
    let author = view! { <span class="visually-hidden">{if row.is_own { texts.you.to_owned() } else { row.author.clone() }}": "</span> };
    view! {
        <li class=class>
            {row.day.map(|day| view! { <p class="chat-day label">{day}</p> }.into_any())}
            {row.new_since.map(|words| view! { <p class="chat-line chat-new"><span>{words}</span></p> }.into_any())}
            {author}
            <div class="chat-said">{options} {content}</div>
            {meta}
        </li>
    }
    .into_any()
}

/// Behind three dots, so that a bubble stays text that can be selected.
fn options(id: common::ids::ItemId, words: String, actions: Actions) -> AnyView {
    let texts = text::chat();
    let chosen = actions.chosen;
    let is_open = Signal::derive(move || chosen.get() == Some(id));
    let press = move |_| chosen.set((chosen.get_untracked() != Some(id)).then_some(id));
    let choice = move || {
        let words = words.clone();
        is_open.get().then(|| {
            let edit = Callback::new(move |()| actions.change(Target::Sent(id), words.clone()));
            let delete = Callback::new(move |()| actions.delete_sent(id));
            view! {
                <PlainButton label=texts.edit on_press=edit kind=Kind::Quiet/>
                <PlainButton label=texts.delete on_press=delete kind=Kind::Quiet/>
            }
            .into_any()
        })
    };
    view! {
        <span class="chat-options">
            {dynamic(choice)}
            <button class="chat-more" type="button" aria-label=texts.options title=texts.options aria-expanded=move || if is_open.get() { "true" } else { "false" } on:click=press>
                {icon_16("dots")}
            </button>
        </span>
    }
    .into_any()
}

/// What has not been sent, numbered in the order of sending.
fn waiting_view(waiting: &[Outgoing], actions: Actions) -> AnyView {
    let texts = text::chat();
    let sends: Vec<&Outgoing> = waiting
        .iter()
        .filter(|outgoing| matches!(outgoing.record.op, Op::Send { .. }) || reason(outgoing).is_some())
        .collect();
    let count = sends.iter().filter(|outgoing| is_waiting(outgoing)).count();
    let title = match count {
        0 => None,
        1 => Some(texts.waiting_one.to_owned()),
        count => Some(texts.waiting_many(&count.to_string())),
    };
    let title = title.map(|words| {
        view! { <p class="chat-line chat-waiting-line"><span>{icon_14("clock")} {words}</span></p> }.into_any()
    });
    let rows = sends
        .into_iter()
        .enumerate()
        .map(|(index, outgoing)| waiting_row(index + 1, outgoing, actions));
    view! { {title} <ol class="chat-waiting">{rows.collect_view()}</ol> }.into_any()
}

fn reason(outgoing: &Outgoing) -> Option<UnsentReason> {
    match outgoing.state {
        Some(OutgoingState::NotSent(reason)) => Some(reason),
        _ => None,
    }
}

/// What is just on its way is not counted as waiting.
fn is_waiting(outgoing: &Outgoing) -> bool {
    matches!(outgoing.state, Some(OutgoingState::Queued))
}

fn waiting_row(number: usize, outgoing: &Outgoing, actions: Actions) -> AnyView {
    let texts = text::chat();
    let cid: ClientMessageId = outgoing.record.cid;
    let said = match &outgoing.record.op {
        Op::Send { body, .. } | Op::Edit { body, .. } => words(body).unwrap_or_default().to_owned(),
        Op::Delete { .. } => texts.delete_act.to_owned(),
    };
    let handle = actions.handle;
    let delete = {
        let said = said.clone();
        Callback::new(move |()| actions.delete_queued(cid, said.clone()))
    };
    let is_editable = is_waiting(outgoing) && !outgoing.record.was_tried;
    let edit = is_editable.then(|| {
        let said = said.clone();
        let edit = Callback::new(move |()| actions.change(Target::Queued(cid), said.clone()));
        view! { <PlainButton label=texts.edit on_press=edit kind=Kind::Quiet/> }.into_any()
    });
    let buttons = match reason(outgoing) {
        Some(_) => {
            let retry = Callback::new(move |()| handle.retry(cid));
            view! {
                <PlainButton label=texts.try_again on_press=retry kind=Kind::Quiet/>
                <PlainButton label=texts.delete on_press=delete kind=Kind::Quiet/>
            }
            .into_any()
        }
        None if is_waiting(outgoing) => view! {
            {edit}
            <PlainButton label=texts.delete on_press=delete kind=Kind::Quiet/>
        }
        .into_any(),
        None => ().into_any(),
    };
    let state = match (reason(outgoing), outgoing.state) {
        (Some(reason), _) => {
            let words = format!("{}. {}", texts.not_sent, reason_words(reason));
            view! { <p class="chat-meta chat-failed">{note("triangle", words)}</p> }.into_any()
        }
        (None, Some(OutgoingState::Sending)) => {
            view! { <p class="chat-meta">{note("clock", texts.sending.to_owned())}</p> }.into_any()
        }
        (None, None) => view! { <p class="chat-meta">{note("clock", texts.storing.to_owned())}</p> }.into_any(),
        (None, Some(_)) => ().into_any(),
    };
    let is_changed = flag(move || {
        actions.changing.with(|change| {
            change
                .as_ref()
                .is_some_and(|change| change.target == Target::Queued(cid))
        })
    });
    let written = at(outgoing.record.queued_at_ms);
    view! {
        <li class="chat-item is-own is-waiting" class:is-failed=reason(outgoing).is_some() aria-current=is_changed>
            <div class="chat-said">
                <span class="chat-number label" aria-hidden="true">{number}</span>
                <p class="chat-bubble" title=dates::date_time(written)>{said}</p>
            </div>
            {state}
            <div class="chat-buttons">{buttons}</div>
        </li>
    }
    .into_any()
}

fn reason_words(reason: UnsentReason) -> &'static str {
    let texts = text::chat();
    match reason {
        UnsentReason::Expired => texts.not_sent_expired,
        UnsentReason::Forbidden => texts.not_sent_forbidden,
        UnsentReason::TooLarge => texts.not_sent_too_large,
        UnsentReason::Invalid => texts.not_sent_invalid,
        UnsentReason::Blocked => texts.not_sent_blocked,
        UnsentReason::Refused => texts.not_sent_refused,
    }
}
