//! What outlives the tab: the outbox in IndexedDB, the drafts in the local store; each person has their own.

use std::{collections::BTreeMap, future::Future};

use common::{
    chat::client::Record,
    ids::{ClientMessageId, ThreadId, UserId},
};
use js_sys::Array;
use wasm_bindgen::JsValue;

use super::js;
use crate::{api, browser};

const OUTBOX: &str = "outbox";

/// One person's outbox.
#[derive(Clone)]
pub struct Store(JsValue);

/// Opens the person's outbox; `None` where the browser has no room for one.
pub fn open(user: UserId, then: impl FnOnce(Option<Store>) + 'static) {
    let factory = js::get(&js::window(), "indexedDB");
    let Ok(request) = js::call(&factory, "open", &[name(user).into()]) else {
        return then(None);
    };
    js::on(&request, "upgradeneeded", |event| {
        let database = js::get(&js::get(&event, "target"), "result");
        // A version that could not be made is an open that fails.
        let _ = js::call(&database, "createObjectStore", &[OUTBOX.into()]);
    });
    js::once(&request, &["success", "error", "blocked"], move |event| {
        let database = js::get(&js::get(&event, "target"), "result");
        if js::text(&event, "type").as_deref() != Some("success") {
            return then(None);
        }
        // Signing out deletes it, which waits for nobody who still reads.
        let open = database.clone();
        js::on(&database, "versionchange", move |_| drop(js::call(&open, "close", &[])));
        then(Some(Store(database)));
    });
}

impl Store {
    /// `then` learns whether the record is on the disk.
    pub fn put(&self, record: &Record, then: impl FnOnce(bool) + 'static) {
        let Ok(text) = serde_json::to_string(record) else {
            return then(false);
        };
        self.write("put", &[text.into(), JsValue::from_str(record.cid.as_str())], then);
    }

    pub fn remove(&self, cid: ClientMessageId) {
        self.write("delete", &[JsValue::from_str(cid.as_str())], |_| ());
    }

    /// Everything that waits; what cannot be read belongs to a newer program and stays.
    pub fn load(&self, then: impl FnOnce(Vec<Record>) + 'static) {
        let request = self
            .transaction("readonly")
            .and_then(|transaction| js::call(&transaction, "objectStore", &[OUTBOX.into()]))
            .and_then(|outbox| js::call(&outbox, "getAll", &[]));
        let Ok(request) = request else {
            return then(vec![]);
        };
        js::once(&request, &["success", "error"], move |event| {
            let found = Array::from(&js::get(&js::get(&event, "target"), "result"));
            let records = found.iter().filter_map(|text| api::from_json(&text.as_string()?).ok());
            then(records.collect());
        });
    }

    fn write(&self, method: &str, arguments: &[JsValue], then: impl FnOnce(bool) + 'static) {
        let begun = self.transaction("readwrite").and_then(|transaction| {
            let outbox = js::call(&transaction, "objectStore", &[OUTBOX.into()])?;
            js::call(&outbox, method, arguments)?;
            Ok(transaction)
        });
        match begun {
            Ok(transaction) => js::once(&transaction, &["complete", "error", "abort"], move |event| {
                then(js::text(&event, "type").as_deref() == Some("complete"));
            }),
            Err(_) => then(false),
        }
    }

    fn transaction(&self, mode: &str) -> Result<JsValue, JsValue> {
        let options = js_sys::Object::new().into();
        // What a person is told to be kept survives a power cut too.
        js::put(&options, "durability", "strict".into());
        js::call(&self.0, "transaction", &[OUTBOX.into(), mode.into(), options])
    }
}

/// Deletes what is kept for this person; done when the browser has done it.
pub fn delete(user: UserId) -> impl Future<Output = ()> {
    browser::local().remove(&drafts_key(user));
    let factory = js::get(&js::window(), "indexedDB");
    let request = js::call(&factory, "deleteDatabase", &[name(user).into()]);
    async move {
        let Ok(request) = request else { return };
        let done = js_sys::Promise::new(&mut |resolve, _| {
            let done = move |_| drop(resolve.call0(&JsValue::UNDEFINED));
            js::once(&request, &["success", "error", "blocked"], done);
        });
        // It only ever resolves.
        let _ = wasm_bindgen_futures::JsFuture::from(done).await;
    }
}

pub fn draft(user: UserId, thread: ThreadId) -> String {
    drafts(user).remove(thread.as_str()).unwrap_or_default()
}

/// Keeps what was typed and not sent; an empty text forgets it.
pub fn keep_draft(user: UserId, thread: ThreadId, text: &str) {
    let mut drafts = drafts(user);
    if text.is_empty() {
        drafts.remove(thread.as_str());
    } else {
        drafts.insert(thread.to_string(), text.to_owned());
    }
    let written = serde_json::to_string(&drafts).unwrap_or_default();
    browser::local().set(&drafts_key(user), &written);
}

fn drafts(user: UserId) -> BTreeMap<String, String> {
    let kept = browser::local().get(&drafts_key(user)).unwrap_or_default();
    api::from_json(&kept).unwrap_or_default()
}

fn drafts_key(user: UserId) -> String {
    format!("capecontrol.drafts.{user}")
}

fn name(user: UserId) -> String {
    format!("capecontrol.chat.{user}")
}
