//! The list beside the thread; on a phone one at a time.

use common::ids::ThreadId;
use leptos::prelude::*;

use super::{list, thread};
use crate::{
    address::path_value,
    browser,
    components::{dynamic::dynamic, icon::icon},
    realtime::{ChatSocket, use_chat_socket},
    text,
};

/// What stands beside the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    Thread(ThreadId),
    /// The address names none.
    Nowhere,
}

fn beside(id: &str) -> Beside {
    match ThreadId::parse(id) {
        _ if id.is_empty() => Beside::Nothing,
        Ok(id) => Beside::Thread(id),
        Err(_) => Beside::Nowhere,
    }
}

#[component]
pub fn ChatPage() -> impl IntoView {
    browser::wear("chat", include_str!("../../../styles/chat.css"));
    match use_chat_socket() {
        Some(socket) => draw(socket),
        // The guard lets nobody else in.
        None => ().into_any(),
    }
}

fn draw(socket: ChatSocket) -> AnyView {
    let id = path_value("id");
    let shown = Memo::new(move |_| beside(&id.read()));
    let is_open = Signal::derive(move || shown.get() != Beside::Nothing);
    let open = Signal::derive(move || match shown.get() {
        Beside::Thread(id) => Some(id),
        Beside::Nothing | Beside::Nowhere => None,
    });
    socket.read_threads();
    let content = move || match shown.get() {
        Beside::Thread(id) => thread::thread(socket, id),
        Beside::Nowhere => thread::missing(text::chat().not_found),
        Beside::Nothing => choose(),
    };
    view! {
        <div class="chat" class:is-open=is_open>
            {list::list(socket, open, is_open)}
            <div class="chat-beside">{dynamic(content)}</div>
        </div>
    }
    .into_any()
}

fn choose() -> AnyView {
    view! { <div class="chat-choose muted">{icon("mail")} <p>{text::chat().choose}</p></div> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_a_thread_or_none() {
        let id = "01929b7e-7c1c-7000-8000-000000000001";
        assert_eq!(beside(""), Beside::Nothing);
        assert_eq!(beside("7"), Beside::Nowhere);
        assert_eq!(beside(id), Beside::Thread(ThreadId::parse(id).unwrap()));
    }
}
