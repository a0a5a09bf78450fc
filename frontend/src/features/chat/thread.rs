//! One thread: its head, the banner of the connection, the history and the composer.

use common::ids::ThreadId;
use leptos::prelude::*;

use super::{actions::Actions, composer, health, history, list::name_of, rows};
use crate::{
    api::Failure,
    components::{
        dynamic::dynamic,
        heading::Heading,
        icon::{icon, icon_16},
        problem::ProblemPanel,
    },
    explain::could_not_load,
    frame::initials,
    realtime::{ChatSocket, Stage, ThreadHandle, ThreadView, use_thread},
    session::use_session,
    text,
};

/// What the page shows as a whole; it must not be built anew for each message.
#[derive(Clone, PartialEq)]
enum Whole {
    Waiting,
    Missing(&'static str),
    Failed(Failure),
    Here,
}

fn whole(view: Option<&Result<ThreadView, Failure>>) -> Whole {
    let texts = text::chat();
    match view {
        None => Whole::Waiting,
        Some(Err(failure)) if failure.is_not_found() => Whole::Missing(texts.not_found),
        Some(Err(failure)) => Whole::Failed(failure.clone()),
        Some(Ok(view)) => match &view.stage {
            _ if view.is_refused => Whole::Missing(texts.refused),
            Stage::Closed | Stage::Loading => Whole::Waiting,
            Stage::Failed(failure) if failure.is_not_found() => Whole::Missing(texts.not_found),
            Stage::Failed(failure) => Whole::Failed(failure.clone()),
            Stage::Here => Whole::Here,
        },
    }
}

pub fn thread(socket: ChatSocket, id: ThreadId) -> AnyView {
    let texts = text::chat();
    let handle = use_thread(socket, id);
    let view = Memo::new(move |_| handle.view());
    let stage = Memo::new(move |_| view.with(|view| whole(view.as_ref())));
    let retry = Callback::new(move |()| handle.read_again());
    let content = move || match stage.get() {
        Whole::Waiting => waiting(),
        Whole::Missing(words) => view! { <p class="chat-empty soft">{words}</p> }.into_any(),
        Whole::Failed(failure) => {
            view! { <ProblemPanel words=could_not_load(&failure, texts.load_thread) retry/> }.into_any()
        }
        Whole::Here => here(socket, handle, view),
    };
    view! {
        <section class="chat-thread" aria-label=texts.title>
            {head(view)}
            {health::banner(socket)}
            {dynamic(content)}
        </section>
    }
    .into_any()
}

/// In the place of a thread that there is not.
pub fn missing(words: &'static str) -> AnyView {
    view! {
        <section class="chat-thread">
            <header class="chat-head">{back()} <Heading text=text::chat().title/></header>
            <p class="chat-empty soft">{words}</p>
        </section>
    }
    .into_any()
}

fn back() -> AnyView {
    view! {
        <a class="chat-back" href="/chat" aria-label=text::chat().back title=text::chat().back>{icon("left")}</a>
    }
    .into_any()
}

fn head(view: Memo<Option<Result<ThreadView, Failure>>>) -> AnyView {
    let texts = text::chat();
    let is_desk = use_session().is_desk();
    let name = Memo::new(move |_| {
        view.with(|view| match view {
            Some(Ok(view)) => name_of(&view.thread, is_desk),
            Some(Err(_)) | None => texts.title.to_owned(),
        })
    });
    let more = Memo::new(move |_| {
        view.with(|view| match view {
            Some(Ok(view)) if is_desk => view.thread.title.clone(),
            Some(Ok(view)) => texts.with_company(&view.thread.company_name),
            Some(Err(_)) | None => String::new(),
        })
    });
    view! {
        <header class="chat-head">
            {back()}
            <span class="avatar chat-avatar" aria-hidden="true">{move || initials(&name.get())}</span>
            <div class="chat-head-words">
                <Heading text=name/>
                <p class="small muted">{more}</p>
            </div>
        </header>
    }
    .into_any()
}

fn waiting() -> AnyView {
    view! {
        <div class="chat-history" aria-busy="true">
            <div class="chat-log stack" aria-hidden="true">
                <span class="skeleton skeleton-half"></span>
                <span class="skeleton skeleton-wide"></span>
                <span class="skeleton skeleton-short"></span>
            </div>
        </div>
    }
    .into_any()
}

fn here(socket: ChatSocket, handle: ThreadHandle, view: Memo<Option<Result<ThreadView, Failure>>>) -> AnyView {
    let shown = Memo::new(move |_| view.with(|view| view.as_ref().and_then(|view| view.as_ref().ok().cloned())));
    let actions = Actions::new(handle);
    let typing = Memo::new(move |_| {
        shown.with(|view| {
            view.as_ref()
                .map(|view| rows::typing(&view.thread, &view.typing))
                .unwrap_or_default()
        })
    });
    let typing_line = move || {
        let words = typing.get();
        (!words.is_empty())
            .then(|| view! { <span class="chat-dots" aria-hidden="true"></span> <span>{words}</span> }.into_any())
    };
    view! {
        {history::history(handle, shown, actions)}
        <p class="chat-typing small muted" role="status">{dynamic(typing_line)}</p>
        {composer::composer(socket, handle, actions)}
        {actions.asking.view()}
    }
    .into_any()
}

/// A quiet icon with words, for states of a message.
pub fn note(name: &'static str, words: String) -> AnyView {
    view! { <span class="chat-note">{icon_16(name)} <span>{words}</span></span> }.into_any()
}
