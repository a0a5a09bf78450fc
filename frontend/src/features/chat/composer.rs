//! Where people write: offline too, with a draft that stays, and a limit that is told before it bites.

use common::chat::{Body, client::Refusal, limits::BODY_MAX};
use leptos::{ev::KeyboardEvent, html, prelude::*};
use wasm_bindgen::JsValue;

use super::actions::{Actions, FIELD, Target};
use crate::{
    browser,
    components::{
        button::{Kind, PlainButton},
        dynamic::{dynamic, flag, react},
        icon::icon_16,
    },
    realtime::{ChatSocket, ThreadHandle, js},
    text,
};

/// The room that is left is told from here on.
const TELL_FROM: usize = BODY_MAX / 10 * 9;

/// How much of the limit a text takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Plenty,
    Left(usize),
    Over(usize),
}

fn room(text: &str) -> Room {
    // What JSON adds to the characters counts too, so short texts need not be measured.
    if text.len() * 6 < TELL_FROM {
        return Room::Plenty;
    }
    let bytes = Body::text(text).bytes();
    match bytes {
        _ if bytes > BODY_MAX => Room::Over(bytes - BODY_MAX),
        _ if bytes >= TELL_FROM => Room::Left(BODY_MAX - bytes),
        _ => Room::Plenty,
    }
}

pub fn composer(socket: ChatSocket, handle: ThreadHandle, actions: Actions) -> AnyView {
    let texts = text::chat();
    let node = NodeRef::<html::Textarea>::new();
    let typed = RwSignal::new(handle.draft());
    let refusal = RwSignal::new(None::<&'static str>);
    let space = Memo::new(move |_| typed.with(|typed| room(typed)));
    let can_send =
        Memo::new(move |_| typed.with(|typed| !typed.trim().is_empty()) && !matches!(space.get(), Room::Over(_)));
    let put = move |words: String| {
        if let Some(node) = node.try_get_untracked().flatten() {
            js::put(&node.into(), "value", words.as_str().into());
        }
        typed.set(words);
    };

    // What is being changed takes the place of the draft, which comes back afterwards.
    let was_changing = StoredValue::new(false);
    react(move || {
        let change = actions.changing.get();
        let words = match &change {
            Some(change) => change.words.clone(),
            None if was_changing.get_value() => handle.draft(),
            None => return,
        };
        was_changing.set_value(change.is_some());
        put(words);
        refusal.set(None);
    });
    react(move || {
        let Some(refused) = socket.refused.get() else { return };
        socket.refused.set(None);
        refusal.set(Some(refusal_words(refused.why)));
        if let Some(words) = refused.words
            && typed.with_untracked(String::is_empty)
        {
            handle.keep_draft(&words);
            put(words);
        }
    });

    let input = move |words: String| {
        if !actions.changing.with_untracked(Option::is_some) {
            handle.keep_draft(&words);
        }
        typed.set(words);
        refusal.set(None);
        handle.key();
    };
    let send = move || {
        let words = typed.get_untracked().trim().to_owned();
        if !can_send.get_untracked() {
            return;
        }
        refusal.set(None);
        if let Some(change) = actions.changing.get_untracked() {
            let is_taken = match change.target {
                Target::Queued(cid) => handle.edit_queued(cid, &words),
                Target::Sent(item) => handle.edit(item, &words),
            };
            if is_taken {
                actions.changing.set(None);
            }
        } else if handle.send(&words) {
            handle.keep_draft("");
            put(String::new());
        }
        browser::focus(FIELD);
    };
    let key = move |event: KeyboardEvent| {
        let is_composing = js::get(&JsValue::from(event.clone()), "isComposing").is_truthy();
        match event.key().as_str() {
            "Enter" if !event.shift_key() && !is_composing && has_keyboard() => {
                event.prevent_default();
                send();
            }
            "Escape" => actions.changing.set(None),
            _ => {}
        }
    };
    let more = move || {
        let (tone, words) = match (refusal.get(), space.get()) {
            (Some(words), _) => ("error", words.to_owned()),
            (None, Room::Over(count)) => ("error", texts.too_long(&count.to_string())),
            (None, Room::Left(count)) => ("hint", texts.room(&count.to_string())),
            (None, Room::Plenty) => return None,
        };
        Some(view! { <p class=tone>{words}</p> }.into_any())
    };
    let is_changing = Memo::new(move |_| actions.changing.with(Option::is_some));
    let changing = move || {
        is_changing.get().then(|| {
            let cancel = Callback::new(move |()| {
                actions.changing.set(None);
                browser::focus(FIELD);
            });
            view! {
                <div class="chat-changing row-between">
                    <span class="small">{texts.editing}</span>
                    <PlainButton label=texts.cancel on_press=cancel kind=Kind::Quiet/>
                </div>
            }
            .into_any()
        })
    };
    let verb = move || if is_changing.get() { texts.save } else { texts.send };
    view! {
        <form class="chat-composer" novalidate=true on:submit=move |event| {
            event.prevent_default();
            send();
        }>
            {dynamic(changing)}
            <div class="chat-compose">
                <label class="visually-hidden" for=FIELD>{texts.write}</label>
                <textarea
                    class="input chat-text"
                    id=FIELD
                    rows="1"
                    node_ref=node
                    placeholder=texts.write
                    autocomplete="off"
                    aria-describedby="chat-text-more"
                    aria-invalid=flag(move || matches!(space.get(), Room::Over(_)))
                    prop:value=typed.get_untracked()
                    on:input=move |event| input(event_target_value(&event))
                    on:keydown=key
                    on:blur=move |_| handle.blur()
                ></textarea>
                <button class="btn btn-primary chat-send" type="submit" aria-disabled=flag(move || !can_send.get()) aria-label=verb title=verb>
                    {icon_16("up")}
                </button>
            </div>
            <div id="chat-text-more" role="status">{dynamic(more)}</div>
        </form>
    }
    .into_any()
}

/// Enter breaks the line on a phone, whose keyboard has no Shift and Enter.
fn has_keyboard() -> bool {
    let matches = js::call(&js::window(), "matchMedia", &["(pointer: fine)".into()]);
    matches.is_ok_and(|matches| js::get(&matches, "matches").is_truthy())
}

fn refusal_words(why: Refusal) -> &'static str {
    let texts = text::chat();
    match why {
        Refusal::Full => texts.full,
        Refusal::NotStored => texts.not_stored,
        Refusal::OnItsWay | Refusal::Unknown => texts.on_its_way,
        Refusal::Invalid => texts.invalid,
        Refusal::NotSignedIn => texts.not_ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_told_before_it_ends() {
        let empty = Body::text("").bytes();
        let of = |bytes: usize| room(&"a".repeat(bytes - empty));
        assert_eq!(room("Hello"), Room::Plenty);
        assert_eq!(of(TELL_FROM - 1), Room::Plenty);
        assert_eq!(of(TELL_FROM), Room::Left(BODY_MAX - TELL_FROM));
        assert_eq!(of(BODY_MAX), Room::Left(0));
        assert_eq!(of(BODY_MAX + 1), Room::Over(1));
    }

    #[test]
    fn characters_that_json_writes_longer_count_as_written() {
        assert!(matches!(room(&"\n".repeat(BODY_MAX / 2)), Room::Over(_)));
    }
}
