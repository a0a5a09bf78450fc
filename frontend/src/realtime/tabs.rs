//! Several tabs of one person: one of them holds the socket, all hear what it hears.

use common::{
    chat::{
        ClientFrame, ConnectionHealth,
        client::{Ask, Record},
        client_frames::Fetch,
        limits::FETCH_MAX,
    },
    ids::{ClientMessageId, UserId},
};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsValue, closure::Closure};

use super::js;
use crate::api;

/// [`Note::Out`] as it is written.
const OUT: &str = "\"Out\"";

/// What one tab tells the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// The leader heard this text.
    Heard(String),
    Health(ConnectionHealth),
    /// A tab that is new wants to know the health.
    HowIsIt,
    Say(Vec<ClientFrame>),
    Queue(Box<Record>),
    Drop(ClientMessageId),
    /// The leader has deleted it from the outbox.
    Dropped(ClientMessageId),
    /// The person has signed out.
    Out,
}

impl From<Ask> for Note {
    fn from(ask: Ask) -> Self {
        match ask {
            Ask::Say(mut frames) => {
                frames.extend(catch_up(&frames));
                Note::Say(frames)
            }
            Ask::Queue(record) => Note::Queue(record),
            Ask::Drop(cid) => Note::Drop(cid),
        }
    }
}

/// A leader that follows a thread already asks for nothing, so whoever joins asks for what came meanwhile.
fn catch_up(frames: &[ClientFrame]) -> Vec<ClientFrame> {
    let subscriptions = frames.iter().filter_map(|frame| match frame {
        ClientFrame::Subscribe(subscribe) => Some(&subscribe.threads),
        _ => None,
    });
    subscriptions
        .flatten()
        .map(|(thread, cursor)| {
            Fetch {
                id: None,
                thread: *thread,
                after: cursor.seq,
                limit: FETCH_MAX,
            }
            .into()
        })
        .collect()
}

/// The line between the tabs of one person.
#[derive(Clone)]
pub struct Channel(Option<JsValue>);

impl Channel {
    pub fn open(user: UserId) -> Self {
        Self(js::make("BroadcastChannel", &[name(user).into()]).ok())
    }

    pub fn post(&self, note: &Note) {
        if let Ok(text) = serde_json::to_string(note) {
            self.post_text(&text);
        }
    }

    /// Says [`Note::Out`] without the code that writes all the others.
    pub fn post_out(&self) {
        self.post_text(OUT);
    }

    fn post_text(&self, text: &str) {
        if let Some(channel) = &self.0 {
            // A closed channel belongs to a page that is going away.
            let _ = js::call(channel, "postMessage", &[text.into()]);
        }
    }

    pub fn listen(&self, hear: impl Fn(Note) + 'static) {
        let Some(channel) = &self.0 else { return };
        js::on(channel, "message", move |event| {
            let text = js::text(&event, "data").unwrap_or_default();
            // Another version of the program may be open in another tab.
            if let Ok(note) = api::from_json(&text) {
                hear(note);
            }
        });
    }
}

/// Runs `lead` when this tab may hold the socket: when it has the lock, or at once where there are no locks.
pub fn when_leading(user: UserId, lead: fn()) {
    let locks = js::get(&js::get(&js::window(), "navigator"), "locks");
    let hold = Closure::<dyn FnMut(JsValue) -> JsValue>::new(move |_| {
        lead();
        // A race of nobody never ends, so the lock is held for as long as the tab lives.
        js::call(&js::get(&js::window(), "Promise"), "race", &[js::list(&[]).into()]).unwrap_or_default()
    });
    if js::call(&locks, "request", &[name(user).into(), hold.into_js_value()]).is_err() {
        lead();
    }
}

fn name(user: UserId) -> String {
    format!("capecontrol.chat.{user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_is_written_as_it_is_read() {
        assert_eq!(serde_json::to_string(&Note::Out).unwrap(), OUT);
    }
}
