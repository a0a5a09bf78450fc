//! The client: one page compiled to WebAssembly, which talks to `/api/v1` and nothing else.
//!
//! `app.rs` has the routes; `features/` the pages; `components/` the parts they share; `text.rs` every sentence.
//! `api.rs` calls the server with the types of `common`; `session.rs` knows who is signed in.

mod accounts;
mod address;
mod api;
mod app;
mod asking;
mod billing;
mod browser;
mod chunk;
mod components;
mod dates;
mod documents;
mod explain;
mod features;
mod frame;
mod lists;
mod network;
mod next;
mod orders;
mod pages;
mod paging;
mod passwords;
mod plans;
mod realtime;
mod remote;
mod roles;
mod session;
mod site;
mod status;
mod switcher;
mod text;

use wasm_bindgen::JsCast;

fn main() {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    browser::reload_when_restored();
    let Some(root) = leptos::prelude::document().get_element_by_id("app") else {
        return;
    };
    root.set_inner_html("");
    leptos::mount::mount_to(root.unchecked_into(), app::App).forget();
}
