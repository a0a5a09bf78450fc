//! Does what the machine says, and tells it what happens: socket, timer, storage, tabs.
//!
//! It begins with the first page of chat and lives as long as the tab, so that what waits is sent from any page.

use std::{cell::RefCell, time::Duration};

use common::{
    chat::{
        ConnectionHealth, ConnectionState, Cursor, GetTicket, Seq, ServerFrame, UserChange,
        client::{Effect, Input, Machine, OutgoingState, Refusal, Role},
        wire,
    },
    ids::{ClientMessageId, ThreadId, UserId},
};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;

use super::{
    Signals,
    book::{Book, words},
    js, reading, socket,
    store::{self, Store},
    tabs::{self, Channel, Note},
};
use crate::{api, browser};

/// Browsers keep timers in 31 bits.
const LONGEST_WAIT_MS: u64 = 0x7fff_ffff;
const DEVICE_KEY: &str = "capecontrol.device";
/// While there is no connection the words about it change with the time.
const TELL_AGAIN: Duration = Duration::from_secs(1);

struct Shell {
    machine: Machine,
    user: UserId,
    role: Role,
    store: Option<Store>,
    channel: Channel,
    /// The open socket and its attempt.
    socket: Option<(u64, JsValue)>,
    timer: Option<TimeoutHandle>,
    tells_again: bool,
    /// The end of the person's own stream, as far as it was heard.
    user_head: Seq,
    /// The person has signed out; only a new page begins again.
    is_out: bool,
    book: Book,
    signals: Signals,
}

thread_local! {
    static SHELL: RefCell<Option<Shell>> = const { RefCell::new(None) };
}

/// Begins for this person, once; later calls only look whether all is well.
pub fn start(user: UserId) {
    let known = SHELL.with_borrow(|shell| shell.as_ref().map(|shell| (shell.user, shell.is_out)));
    match known {
        None => begin(user),
        Some((known, false)) if known == user => tell(Input::SignedIn { user }),
        // Nothing of another person may stay in memory.
        Some(_) => browser::reload(),
    }
}

fn begin(user: UserId) {
    let device = browser::local().get(DEVICE_KEY).unwrap_or_else(|| {
        let device = format!("d_{}", browser::random_key());
        browser::local().set(DEVICE_KEY, &device);
        device
    });
    let shell = Shell {
        machine: Machine::new(device, browser::random_key(), Role::Follower),
        user,
        role: Role::Follower,
        store: None,
        channel: Channel::open(user),
        socket: None,
        timer: None,
        tells_again: false,
        user_head: Seq::ZERO,
        is_out: false,
        book: Book::of(user),
        signals: Signals::new(),
    };
    shell.channel.listen(heard_note);
    SHELL.set(Some(shell));
    listen_to_the_browser();
    store::open(user, move |store| {
        with(|shell| shell.store.clone_from(&store));
        load(user, move || {
            with(|shell| shell.channel.post(&Note::HowIsIt));
            tabs::when_leading(user, lead);
        });
    });
}

/// Reads the outbox into the machine.
fn load(user: UserId, then: impl FnOnce() + 'static) {
    let Some(store) = with(|shell| shell.store.clone()).flatten() else {
        tell(Input::SignedIn { user });
        return then();
    };
    store.load(move |records| {
        let gone = with(|shell| {
            let stored = |cid| records.iter().any(|record| record.cid == cid);
            let queued = shell.book.outgoing.iter().filter(|outgoing| outgoing.state.is_some());
            let gone: Vec<_> = queued
                .map(|queued| queued.record.cid)
                .filter(|cid| !stored(*cid))
                .collect();
            for record in &records {
                shell.book.put(record.clone(), Some(OutgoingState::Queued));
            }
            gone
        });
        tell(Input::SignedIn { user });
        // Another tab has sent or deleted them.
        for cid in gone.unwrap_or_default() {
            tell(Input::DeleteQueued { cid });
        }
        tell(Input::Loaded { user, records });
        then();
    });
}

/// This tab holds the socket from now on, and sends what the tab before it has left.
fn lead() {
    let Some(user) = with(|shell| {
        shell.role = Role::Leader;
        shell.user
    }) else {
        return;
    };
    load(user, || tell(Input::RoleChanged(Role::Leader)));
}

fn listen_to_the_browser() {
    let window = js::window();
    let document: JsValue = document().into();
    js::on(&window, "online", |_| tell(Input::Online));
    js::on(&window, "offline", |_| tell(Input::Offline));
    js::on(&window, "pageshow", |_| tell(Input::PageShown));
    js::on(&document, "resume", |_| tell(Input::PageShown));
    js::on(&document, "visibilitychange", |_| {
        tell(if is_hidden() { Input::Hidden } else { Input::Visible });
        with(|shell| shell.signals.look());
    });
}

pub fn is_hidden() -> bool {
    document().hidden()
}

/// Milliseconds since 1970, of a clock that does not run backwards.
fn now() -> u64 {
    let performance = js::get(&js::window(), "performance");
    let origin = js::get(&performance, "timeOrigin").as_f64().unwrap_or_default();
    let passed = js::call(&performance, "now", &[])
        .ok()
        .and_then(|passed| passed.as_f64());
    (origin + passed.unwrap_or_default()) as u64
}

fn with<T>(act: impl FnOnce(&mut Shell) -> T) -> Option<T> {
    SHELL.with_borrow_mut(|shell| shell.as_mut().map(act))
}

/// Reads what the pages show; `None` before the first page of chat.
pub fn read<T>(look: impl FnOnce(&Book) -> T) -> Option<T> {
    SHELL.with_borrow(|shell| shell.as_ref().map(|shell| look(&shell.book)))
}

/// Changes what the pages show, and has them look again.
pub fn change<T>(change: impl FnOnce(&mut Book) -> T) -> Option<T> {
    with(|shell| {
        let result = change(&mut shell.book);
        shell.signals.changed();
        result
    })
}

pub fn signals() -> Option<Signals> {
    SHELL.with_borrow(|shell| shell.as_ref().map(|shell| shell.signals))
}

/// Hands the machine what has happened, and does what it says.
pub fn tell(input: Input) {
    let effects = with(|shell| shell.machine.handle(input, now(), &mut js_sys::Math::random));
    for effect in effects.unwrap_or_default() {
        obey(effect);
    }
}

fn obey(effect: Effect) {
    match effect {
        Effect::FetchTicket { generation } => fetch_ticket(generation),
        Effect::Open { generation, ticket } => {
            let socket = socket::open(generation, &ticket);
            with(|shell| shell.socket = socket.map(|socket| (generation, socket)));
        }
        Effect::Close { generation } => {
            let socket = with(|shell| shell.socket.take_if(|(open, _)| *open == generation));
            if let Some((_, socket)) = socket.flatten() {
                socket::close(&socket);
            }
        }
        Effect::Transmit { generation, frames } => {
            let socket = with(|shell| shell.socket.clone()).flatten();
            if let Some((_, socket)) = socket.filter(|(open, _)| *open == generation) {
                socket::send(&socket, &wire::write(&frames));
            }
        }
        Effect::AskLeader(ask) => post(&ask.into()),
        Effect::WakeAt(at) => wake_at(at),
        Effect::HealthChanged(health) => health_changed(health),
        // The banner says so, and leads there: what is typed stays until then.
        Effect::SignIn => {}

        Effect::Persist { record, revision } => {
            let cid = record.cid;
            change(|book| book.put(record.clone(), None));
            let stored = move |is_stored| {
                tell(match is_stored {
                    true => Input::Persisted { cid, revision },
                    false => Input::PersistFailed { cid },
                });
            };
            match with(|shell| shell.store.clone()).flatten() {
                Some(store) => store.put(&record, stored),
                // The machine is in the middle of its effects.
                None => queue_microtask(move || stored(false)),
            }
        }
        Effect::Remove { cid, .. } => {
            change(|book| book.remove(cid));
            if let Some(store) = with(|shell| shell.store.clone()).flatten() {
                store.remove(cid);
            }
        }
        Effect::Wipe { user } => {
            change(|book| book.outgoing.clear());
            spawn_local(store::delete(user));
        }
        Effect::Outgoing { cid, state } => drop(change(|book| book.moved(cid, state))),
        Effect::Refused { cid, why } => refused(cid, why),

        Effect::Apply { event, .. } => {
            let thread = event.thread;
            let has_stranger = change(|book| {
                let own = book.own;
                book.logs.get_mut(&thread).is_some_and(|log| log.apply(event, own))
            });
            if has_stranger == Some(true) {
                reading::refresh(thread);
            }
        }
        Effect::SaveCursor { thread, cursor } => of_log(thread, |log| log.cursor = cursor),
        Effect::Reload {
            thread,
            request,
            known,
            epoch,
        } => reading::reload(thread, request, known.seq, epoch),
        Effect::Loading { thread, state } => of_log(thread, |log| log.loading = state),
        Effect::ThreadRefused { thread, .. } => of_log(thread, |log| log.is_refused = true),
        Effect::ApplyUser(event) => match event.change {
            UserChange::Joined(_) => reading::list(),
            UserChange::Left(left) => of_log(left.thread, |log| log.is_refused = true),
            UserChange::Purged(purged) => of_log(purged.thread, |log| log.purge(purged.floor)),
            UserChange::Settings(_) | UserChange::Payment(_) | UserChange::Invoice(_) | UserChange::Unknown { .. } => {}
        },
        Effect::ReloadUser => reading::list_again(),
        // Each visit reads the list anew.
        Effect::SaveUserCursor(_) => {}

        Effect::StreamSet { item, text } => drop(change(|book| book.streams.insert(item, text))),
        Effect::StreamAppend { item, text } => {
            change(|book| book.streams.entry(item).or_default().push_str(&text));
        }
        Effect::TypingChanged { thread, users } => of_log(thread, |log| log.typing = users),
        Effect::PresenceChanged(_) | Effect::PresenceUnknown => {}
    }
}

fn of_log(thread: ThreadId, act: impl FnOnce(&mut super::log::Log)) {
    change(|book| book.logs.get_mut(&thread).map(act));
}

fn refused(cid: ClientMessageId, why: Refusal) {
    with(|shell| {
        let words = shell.book.find(cid).and_then(|outgoing| match &outgoing.record.op {
            common::chat::client::Op::Send { body, .. } if outgoing.state.is_none() => words(body).map(str::to_owned),
            _ => None,
        });
        if why == Refusal::NotStored && words.is_some() {
            shell.book.remove(cid);
            shell.signals.changed();
        }
        // What another tab has done already is nothing to tell.
        if why != Refusal::Unknown {
            shell.signals.refused(why, words);
        }
    });
}

fn fetch_ticket(generation: u64) {
    spawn_local(async move {
        let input = match api::call::<GetTicket>(&[], &()).await {
            Ok(ticket) => Input::TicketGranted {
                generation,
                ticket: ticket.ticket,
            },
            Err(api::Failure::Refused { problem, retry_after }) => Input::TicketRefused {
                generation,
                status: problem.status,
                retry_after_ms: retry_after.map(|seconds| u64::from(seconds) * 1_000),
            },
            Err(api::Failure::Offline | api::Failure::Unreadable) => Input::TicketRefused {
                generation,
                status: 0,
                retry_after_ms: None,
            },
        };
        tell(input);
    });
}

fn wake_at(at: Option<u64>) {
    let wait = at.map(|at| Duration::from_millis(at.saturating_sub(now()).min(LONGEST_WAIT_MS)));
    let timer = wait.and_then(|wait| set_timeout_with_handle(|| tell(Input::Tick), wait).ok());
    let before = with(|shell| std::mem::replace(&mut shell.timer, timer)).flatten();
    if let Some(before) = before {
        before.clear();
    }
}

fn health_changed(health: ConnectionHealth) {
    let is_open = matches!(health.state, ConnectionState::Open | ConnectionState::Idle);
    let starts = with(|shell| {
        // What a follower knows comes from its leader.
        if shell.role == Role::Leader {
            shell.channel.post(&Note::Health(health.clone()));
            shell.signals.health_is(health);
        }
        !is_open && !std::mem::replace(&mut shell.tells_again, true)
    });
    if starts == Some(true) {
        set_timeout(tell_again, TELL_AGAIN);
    }
}

fn tell_again() {
    let health = with(|shell| {
        shell.tells_again = false;
        shell.machine.health(now())
    });
    if let Some(health) = health {
        health_changed(health);
    }
}

fn post(note: &Note) {
    with(|shell| shell.channel.post(note));
}

/// A text of the socket.
pub fn received(generation: u64, text: &str) {
    let Ok(frames) = wire::read_server(text) else {
        return tell(Input::ReceivedUnknown { generation });
    };
    let is_for_all = |frame: &ServerFrame| {
        !matches!(
            frame,
            ServerFrame::Welcome(_) | ServerFrame::Ping(_) | ServerFrame::Pong(_) | ServerFrame::Reconnect(_)
        )
    };
    if frames.iter().flatten().any(is_for_all) {
        post(&Note::Heard(text.to_owned()));
    }
    for frame in frames {
        match frame {
            Ok(frame) => {
                note_head(&frame);
                tell(Input::Received { generation, frame });
            }
            Err(_) => tell(Input::ReceivedUnknown { generation }),
        }
    }
}

fn note_head(frame: &ServerFrame) {
    let heard = match frame {
        ServerFrame::Welcome(welcome) => welcome.user_cursor.seq,
        ServerFrame::UserEvent(event) => event.seq,
        _ => return,
    };
    with(|shell| shell.user_head = shell.user_head.max(heard));
}

/// Where the person's own stream ended when its threads were read.
pub fn user_head() -> Seq {
    with(|shell| shell.user_head).unwrap_or_default()
}

/// From where a thread is followed.
pub fn cursor_of(thread: ThreadId) -> Option<Cursor> {
    read(|book| book.logs.get(&thread).map(|log| log.cursor.clone())).flatten()
}

/// Deletes what waits, in the other tabs too.
pub fn delete_queued(cid: ClientMessageId) {
    tell(Input::DeleteQueued { cid });
    with(|shell| {
        if shell.role == Role::Leader {
            shell.channel.post(&Note::Dropped(cid));
        }
    });
}

fn heard_note(note: Note) {
    let Some(is_leader) = with(|shell| shell.role == Role::Leader) else {
        return;
    };
    match note {
        Note::Out => {
            with(|shell| shell.is_out = true);
            tell(Input::LoggedOut);
        }
        Note::HowIsIt if is_leader => {
            let health = with(|shell| shell.machine.health(now()));
            if let Some(health) = health {
                post(&Note::Health(health));
            }
        }
        Note::Say(frames) if is_leader => tell(Input::Asked(common::chat::client::Ask::Say(frames))),
        Note::Queue(record) if is_leader => {
            change(|book| book.put((*record).clone(), Some(OutgoingState::Queued)));
            tell(Input::Asked(common::chat::client::Ask::Queue(record)));
        }
        Note::Drop(cid) if is_leader => tell(Input::Asked(common::chat::client::Ask::Drop(cid))),
        Note::Health(health) if !is_leader => drop(with(|shell| shell.signals.health_is(health))),
        Note::Dropped(cid) if !is_leader => tell(Input::DeleteQueued { cid }),
        Note::Heard(text) if !is_leader => {
            for frame in wire::read_server(&text).into_iter().flatten().flatten() {
                note_head(&frame);
                tell(Input::Relayed(frame));
            }
        }
        _ => {}
    }
}
