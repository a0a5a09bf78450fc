//! The few things we ask of the browser, so that no page talks to `web_sys` itself.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use common::payments::Checkout;
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, HtmlFormElement, HtmlInputElement};

/// The present instant; the only place of the client that reads the clock.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(js_sys::Date::now() as i64).unwrap_or_default()
}

/// A random UUID, for idempotency keys.
///
/// `crypto.randomUUID` exists only on https and loopback; elsewhere a key of random digits does as well.
pub fn random_key() -> String {
    let crypto = window().crypto().ok();
    let has_uuid = crypto
        .as_ref()
        .is_some_and(|crypto| js_sys::Reflect::has(crypto, &"randomUUID".into()).unwrap_or(false));
    match crypto {
        Some(crypto) if has_uuid => crypto.random_uuid(),
        _ => (0..4)
            .map(|_| format!("{:08x}", (js_sys::Math::random() * 4_294_967_296.0) as u32))
            .collect(),
    }
}

/// Percent-encodes one value of a query string.
pub fn encode(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// Takes the query out of the address bar and of the history, where a secret of a link must not stay.
pub fn hide_query() {
    let window = window();
    if let (Ok(history), Ok(path)) = (window.history(), window.location().pathname()) {
        // A browser that refuses leaves the address as it was; the link works once in any case.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
}

/// Puts `text` on the clipboard; `false` where the browser does not allow it.
pub async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    // Only on https and loopback.
    let has_clipboard =
        js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    has_clipboard && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

/// Scheme, host and port of this site.
pub fn origin() -> String {
    // Only a sandboxed frame has none, and the server forbids frames.
    window().location().origin().unwrap_or_default()
}

/// Leaves the page for `path` and forgets everything in memory.
pub fn leave_to(path: &str) {
    // Only an unparsable address can fail, and ours are literals.
    let _ = window().location().assign(path);
}

pub fn reload() {
    // A refused reload leaves the page as it was.
    let _ = window().location().reload();
}

/// Whether the browser has a network; it may be wrong when it says yes.
pub fn is_online() -> bool {
    window().navigator().on_line()
}

pub fn print() {
    // Some embedded browsers have no printer; then nothing happens.
    let _ = window().print();
}

pub fn set_title(title: &str) {
    document().set_title(title);
}

/// Gives the keyboard to the element with `id`.
pub fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id)
        && let Some(element) = element.dyn_ref::<HtmlElement>()
    {
        // Focus can only fail on elements that are gone.
        let _ = element.focus();
    }
}

/// The id of the element that has the keyboard; empty when it has none.
pub fn focused_id() -> String {
    document()
        .active_element()
        .map(|element| element.id())
        .unwrap_or_default()
}

/// Whether keys are text now: the keyboard is in a field.
pub fn is_typing() -> bool {
    document().active_element().is_some_and(|element| {
        let is_tick = matches!(element.get_attribute("type").as_deref(), Some("checkbox" | "radio"));
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") && !is_tick
    })
}

/// Whether a dialog is open, which has the keyboard for itself.
pub fn has_dialog() -> bool {
    matches!(document().query_selector("dialog[open]"), Ok(Some(_)))
}

/// Runs `act` each time the page is hidden: left, closed, or behind another tab.
pub fn when_hidden(act: impl Fn() + 'static) {
    let hidden = Closure::<dyn Fn()>::new(move || {
        if document().hidden() {
            act();
        }
    });
    // Without the listener it happens when its time is over.
    let _ = document().add_event_listener_with_callback("visibilitychange", hidden.as_ref().unchecked_ref());
    hidden.forget();
}

/// Gives the keyboard to the heading of the page, when what had it is gone.
pub fn focus_heading() {
    if let Ok(Some(heading)) = document().query_selector("h1")
        && let Some(heading) = heading.dyn_ref::<HtmlElement>()
    {
        // Focus can only fail on elements that are gone.
        let _ = heading.focus();
    }
}

/// Sets or removes `data-theme` on `<html>`; see `public/theme.js`.
pub fn set_theme(theme: Option<&str>) {
    let Some(root) = document().document_element() else {
        return;
    };
    // The attribute name is a literal, so setting it cannot fail.
    let _ = match theme {
        Some(theme) => root.set_attribute("data-theme", theme),
        None => root.remove_attribute("data-theme"),
    };
}

/// Adds a style sheet that comes with a chunk, once. The policy allows no `<style>`; sheets of scripts it does.
pub fn wear(name: &'static str, css: &'static str) {
    thread_local! {
        static WORN: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    }
    if WORN.with_borrow(|worn| worn.contains(&name)) {
        return;
    }
    // Browsers without such sheets show the page plainly.
    if adopt(css).is_ok() {
        WORN.with_borrow_mut(|worn| worn.push(name));
    }
}

fn adopt(css: &str) -> Result<(), JsValue> {
    let make: js_sys::Function = js_sys::Reflect::get(&window(), &"CSSStyleSheet".into())?.dyn_into()?;
    let sheet = js_sys::Reflect::construct(&make, &js_sys::Array::new())?;
    let replace: js_sys::Function = js_sys::Reflect::get(&sheet, &"replaceSync".into())?.dyn_into()?;
    replace.call1(&sheet, &css.into())?;
    let worn = js_sys::Reflect::get(&document(), &"adoptedStyleSheets".into())?;
    let push: js_sys::Function = js_sys::Reflect::get(&worn, &"push".into())?.dyn_into()?;
    push.call1(&worn, &sheet).map(drop)
}

/// Posts the signed form to the gateway in this tab, with the fields in their order.
pub fn post_form(checkout: &Checkout) -> Option<()> {
    post_fields(&checkout.process_url, &checkout.fields)
}

/// Posts `fields` to `address` in this tab, in their order.
pub fn post_fields(address: &str, fields: &[(String, String)]) -> Option<()> {
    let document = document();
    let form: HtmlFormElement = document.create_element("form").ok()?.dyn_into().ok()?;
    form.set_method("post");
    form.set_action(address);
    form.set_hidden(true);
    for (name, value) in fields {
        let input: HtmlInputElement = document.create_element("input").ok()?.dyn_into().ok()?;
        input.set_type("hidden");
        input.set_name(name);
        input.set_value(value);
        form.append_child(&input).ok()?;
    }
    document.body()?.append_child(&form).ok()?;
    form.submit().ok()
}

/// Saves `bytes` as a file, as if a link to it had been pressed.
pub fn save_file(name: &str, bytes: &[u8]) -> Option<()> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let blob = web_sys::Blob::new_with_u8_array_sequence(&parts).ok()?;
    let address = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
    let link: HtmlElement = document().create_element("a").ok()?.dyn_into().ok()?;
    link.set_attribute("href", &address).ok()?;
    link.set_attribute("download", name).ok()?;
    link.click();
    // The browser has taken the bytes by then.
    let free = move || drop(web_sys::Url::revoke_object_url(&address));
    leptos::prelude::set_timeout(free, std::time::Duration::from_secs(30));
    Some(())
}

/// Reloads a page that Back brings out of the browser's cache, so that it asks the server again.
pub fn reload_when_restored() {
    let restored = Closure::<dyn Fn(web_sys::PageTransitionEvent)>::new(|event: web_sys::PageTransitionEvent| {
        if event.persisted() {
            reload();
        }
    });
    // Without the listener a restored page shows its old state, which the server corrects on the next click.
    let _ = window().add_event_listener_with_callback("pageshow", restored.as_ref().unchecked_ref());
    restored.forget();
}

/// One of the browser's two stores; a forbidden or full one behaves as an empty one.
pub struct Store(Option<web_sys::Storage>);

/// Shared by all tabs, kept.
pub fn local() -> Store {
    Store(window().local_storage().ok().flatten())
}

/// Of this tab, until it closes.
pub fn session() -> Store {
    Store(window().session_storage().ok().flatten())
}

/// Between the parts of a list; no field takes it, since it is a control character.
const SEPARATOR: char = '\u{1f}';

impl Store {
    /// Parts that [`Store::set_list`] kept; `None` unless there are exactly `N`.
    pub fn get_list<const N: usize>(&self, key: &str) -> Option<[String; N]> {
        let parts: Vec<String> = self.get(key)?.split(SEPARATOR).map(str::to_owned).collect();
        parts.try_into().ok()
    }

    pub fn set_list(&self, key: &str, parts: &[&str]) {
        self.set(key, &parts.join("\u{1f}"));
    }

    pub fn get(&self, key: &str) -> Option<String> {
        self.0.as_ref()?.get_item(key).ok().flatten()
    }

    pub fn set(&self, key: &str, value: &str) {
        if let Some(store) = &self.0 {
            let _ = store.set_item(key, value);
        }
    }

    pub fn remove(&self, key: &str) {
        if let Some(store) = &self.0 {
            let _ = store.remove_item(key);
        }
    }

    pub fn clear(&self) {
        if let Some(store) = &self.0 {
            let _ = store.clear();
        }
    }
}
