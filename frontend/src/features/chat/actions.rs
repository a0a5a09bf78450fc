//! What a person does with a message of their own: change it, delete it, try again.

use common::ids::{ClientMessageId, ItemId};
use leptos::prelude::*;

use crate::{
    asking::{Asking, Plea},
    browser,
    components::{button::Kind, toast::Toast},
    realtime::ThreadHandle,
    text,
};

/// The id of the field where people write.
pub const FIELD: &str = "chat-text";

/// A message that is being changed in the composer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Queued(ClientMessageId),
    Sent(ItemId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub target: Target,
    pub words: String,
}

#[derive(Clone, Copy)]
pub struct Actions {
    pub handle: ThreadHandle,
    pub changing: RwSignal<Option<Change>>,
    /// The sent message whose actions are shown.
    pub chosen: RwSignal<Option<ItemId>>,
    pub asking: Asking,
    toast: Toast,
}

impl Actions {
    pub fn new(handle: ThreadHandle) -> Self {
        Self {
            handle,
            changing: RwSignal::new(None),
            chosen: RwSignal::new(None),
            asking: Asking::new(),
            toast: expect_context(),
        }
    }

    pub fn change(self, target: Target, words: String) {
        self.chosen.set(None);
        self.changing.set(Some(Change { target, words }));
        browser::focus(FIELD);
    }

    /// Undo sends it anew, since it is gone at once: a connection may come back at any moment.
    pub fn delete_queued(self, cid: ClientMessageId, words: String) {
        let handle = self.handle;
        if self.changing.with_untracked(|change| {
            change
                .as_ref()
                .is_some_and(|change| change.target == Target::Queued(cid))
        }) {
            self.changing.set(None);
        }
        handle.delete_queued(cid);
        let undo = move || {
            handle.send(&words);
        };
        self.toast
            .say_with_undo(text::chat().queued_deleted, cid.to_string(), undo, || ());
        browser::focus(FIELD);
    }

    pub fn delete_sent(self, item: ItemId) {
        let texts = text::chat();
        let handle = self.handle;
        self.asking.ask(Plea {
            title: texts.delete_title.to_owned(),
            text: texts.delete_text.to_owned(),
            keep: texts.delete_keep,
            act: texts.delete_act,
            acting: texts.delete_acting,
            kind: Kind::Danger,
            deed: Callback::new(move |()| {
                handle.delete(item);
                self.chosen.set(None);
                Box::pin(std::future::ready(Ok(()))) as crate::asking::Deed
            }),
            focus: Some(FIELD),
        });
    }
}
