//! One WebSocket: its events carry the generation of the attempt that opened it.

use common::chat::{OpenSocket, SUBPROTOCOL, TICKET_PREFIX, client::Input};
use common::{API_BASE, Endpoint};
use wasm_bindgen::JsValue;

use super::{js, shell};
use crate::browser;

/// What browsers say when a socket ended without a code.
const NO_CODE: u16 = 1006;

/// Opens one; `None` where the browser refuses, which it says like a socket that was closed.
pub fn open(generation: u64, ticket: &str) -> Option<JsValue> {
    // `https` becomes `wss`.
    let address = format!(
        "{}{API_BASE}{}",
        browser::origin().replacen("http", "ws", 1),
        OpenSocket::PATH
    );
    let protocols = js::list(&[SUBPROTOCOL.into(), format!("{TICKET_PREFIX}{ticket}").into()]);
    let Ok(socket) = js::make("WebSocket", &[address.into(), protocols.into()]) else {
        leptos::prelude::queue_microtask(move || {
            shell::tell(Input::Closed {
                generation,
                code: NO_CODE,
            });
        });
        return None;
    };
    js::on(&socket, "open", move |_| shell::tell(Input::Opened { generation }));
    js::on(&socket, "message", move |event| match js::text(&event, "data") {
        Some(text) => shell::received(generation, &text),
        None => shell::tell(Input::ReceivedUnknown { generation }),
    });
    js::on(&socket, "close", move |event| {
        let code = js::get(&event, "code").as_f64().unwrap_or_default() as u16;
        shell::tell(Input::Closed { generation, code });
    });
    Some(socket)
}

pub fn send(socket: &JsValue, text: &str) {
    // A socket that is closing says so by its own event.
    let _ = js::call(socket, "send", &[text.into()]);
}

pub fn close(socket: &JsValue) {
    let _ = js::call(socket, "close", &[]);
}
