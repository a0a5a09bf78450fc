//! The list of threads: who, what was said last, when, and how much is unread.

use common::{
    chat::threads::{CreateThread, NewThread, Thread},
    ids::{ThreadId, UserId},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;

use super::{body, health};
use crate::{
    api, browser,
    components::{
        button::{Button, Kind, PlainButton},
        dynamic::{current, dynamic},
        heading::Heading,
        problem::{ProblemPanel, Words, problem_banner},
        skeleton::rows_skeleton,
    },
    dates,
    explain::{could_not, could_not_load},
    frame::initials,
    realtime::{self, ChatSocket},
    session::use_session,
    text,
};

/// One row.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    id: ThreadId,
    name: String,
    last: String,
    time: String,
    unread: u32,
    is_typing: bool,
}

/// What the list shows as a whole.
#[derive(Clone, PartialEq)]
enum Whole {
    Waiting,
    Failed(api::Failure),
    Empty,
    Rows,
}

pub fn list(socket: ChatSocket, open: Signal<Option<ThreadId>>, is_open: Signal<bool>) -> AnyView {
    let texts = text::chat();
    let session = use_session();
    let is_desk = session.is_desk();
    let rows = Memo::new(move |_| {
        let threads = socket.threads()?;
        Some(threads.map(|threads| {
            let rows = threads
                .iter()
                .map(|(thread, is_typing)| row(thread, *is_typing, socket.own, is_desk));
            rows.collect::<Vec<_>>()
        }))
    });
    let whole = Memo::new(move |_| {
        rows.with(|rows| match rows {
            None => Whole::Waiting,
            Some(Err(failure)) => Whole::Failed(failure.clone()),
            Some(Ok(rows)) if rows.is_empty() => Whole::Empty,
            Some(Ok(_)) => Whole::Rows,
        })
    });
    let ids = move || {
        rows.with(|rows| match rows {
            Some(Ok(rows)) => rows.iter().map(|row| row.id).collect(),
            Some(Err(_)) | None => vec![],
        })
    };
    let retry = Callback::new(move |()| socket.read_threads());
    let has_more = Memo::new(move |_| socket.has_more_threads());
    let read_more = Callback::new(move |()| socket.read_more_threads());
    let content = move || {
        match whole.get() {
        Whole::Waiting => rows_skeleton(),
        Whole::Failed(failure) => {
            view! { <ProblemPanel words=could_not_load(&failure, texts.load_list) retry/> }.into_any()
        }
        Whole::Empty => {
            let words = if is_desk { texts.empty_desk } else { texts.empty };
            view! { <p class="chat-empty soft">{words}</p> }.into_any()
        }
        Whole::Rows => view! {
            <ul class="chat-rows">
                <For each=ids key=|id| *id children=move |id| row_view(id, rows, open)/>
            </ul>
            {dynamic(move || has_more.get().then(|| view! { <div class="chat-top"><PlainButton label=texts.more on_press=read_more kind=Kind::Quiet/></div> }.into_any()))}
        }
        .into_any(),
    }
    };
    // The heading of the page is the thread's while one is open.
    let title = move || match is_open.get() {
        true => view! { <h2>{texts.title}</h2> }.into_any(),
        false => view! { <Heading text=texts.title/> }.into_any(),
    };
    view! {
        <section class="chat-list" aria-label=texts.threads>
            <div class="chat-list-head">
                <div class="row-between">
                    {dynamic(title)}
                    {health::word(socket)}
                </div>
                {(!is_desk).then(new_thread)}
            </div>
            {dynamic(content)}
        </section>
    }
    .into_any()
}

type Rows = Memo<Option<Result<Vec<Row>, api::Failure>>>;

fn row_view(id: ThreadId, rows: Rows, open: Signal<Option<ThreadId>>) -> AnyView {
    let row = Memo::new(move |_| {
        rows.with(|rows| match rows {
            Some(Ok(rows)) => rows.iter().find(|row| row.id == id).cloned(),
            Some(Err(_)) | None => None,
        })
    });
    let content = move || {
        row.get().map(|row| {
            let texts = text::chat();
            let last = match row.is_typing {
                true => view! { <span class="chat-row-last chat-row-typing">{texts.typing_row}</span> }.into_any(),
                false => view! { <span class="chat-row-last">{row.last}</span> }.into_any(),
            };
            let unread = (row.unread > 0).then(|| {
                let words = texts.unread(&row.unread.to_string());
                let count = if row.unread > 99 { "99+".to_owned() } else { row.unread.to_string() };
                view! {
                    <span class="chat-unread"><span aria-hidden="true">{count}</span><span class="visually-hidden">{words}</span></span>
                }
                .into_any()
            });
            view! {
                <span class="avatar chat-avatar" aria-hidden="true">{initials(&row.name)}</span>
                <span class="chat-row-name">{row.name}</span>
                <span class="chat-row-time">{row.time}</span>
                {last}
                {unread}
            }
            .into_any()
        })
    };
    view! {
        <li>
            <a class="chat-row" href=format!("/chat/{id}") aria-current=current(move || open.get() == Some(id))>
                {dynamic(content)}
            </a>
        </li>
    }
    .into_any()
}

fn row(thread: &Thread, is_typing: bool, own: UserId, is_desk: bool) -> Row {
    let texts = text::chat();
    let last = thread.last.as_ref().map_or_else(
        || texts.no_messages.to_owned(),
        |last| match (body::line(last), last.by == Some(own)) {
            (words, true) => texts.own_last(&words),
            (words, false) => words,
        },
    );
    Row {
        id: thread.id,
        name: name_of(thread, is_desk),
        last,
        time: day_or_time(thread.active_at),
        unread: thread.unread,
        is_typing,
    }
}

/// Staff look for the company, customers for the subject.
pub fn name_of(thread: &Thread, is_desk: bool) -> String {
    match is_desk {
        true => thread.company_name.clone(),
        false => thread.title.clone(),
    }
}

fn day_or_time(at: chrono::DateTime<chrono::Utc>) -> String {
    match dates::today(at) == dates::today(browser::now()) {
        true => dates::clock_time(at),
        false => dates::short_date(at),
    }
}

fn new_thread() -> AnyView {
    let texts = text::chat();
    let navigate = use_navigate();
    let is_busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Words>);
    let open = Callback::new(move |()| {
        is_busy.set(true);
        problem.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            let answer = api::call::<CreateThread>(&[], &NewThread::default()).await;
            is_busy.try_set(false);
            match answer {
                Ok(thread) => {
                    let id = thread.id;
                    realtime::learn(thread);
                    navigate(&format!("/chat/{id}"), leptos_router::NavigateOptions::default());
                }
                Err(failure) => drop(problem.try_set(Some(could_not(&failure, texts.create_failed)))),
            }
        });
    });
    view! {
        <Button label=texts.new busy_label=texts.creating is_busy on_press=open kind=Kind::Secondary icon="plus"/>
        {problem_banner(problem)}
    }
    .into_any()
}
