//! Pages whose code is loaded when they are visited.
//!
//! [`pages!`] puts pages into a chunk, [`open`] shows one. A release build (feature `split`) cuts the program
//! where `pages!` says: a chunk holds what only its pages need, and what several chunks need becomes a file of
//! its own. Without the feature everything is one file, and a page is always here.
//!
//! A page is named only in its `pages!`: any other way to its component would bring its code into the first load.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use leptos::{prelude::*, task::spawn_local, wasm_split::SplitLoaderError};

use crate::{
    browser,
    components::{
        dynamic::dynamic,
        problem::{ProblemPanel, Words},
        skeleton::PageSkeleton,
    },
    text::t,
};

/// A chunk could not be loaded: the network is down, or a newer version has other chunks.
pub type Missing = SplitLoaderError;

/// Something that needs a chunk; ready at once when the chunk is here.
pub type Coming<T> = Pin<Box<dyn Future<Output = Result<T, Missing>>>>;

/// A page of a chunk.
#[derive(Clone, Copy)]
pub struct Page {
    pub load: fn() -> Coming<()>,
    pub view: fn() -> Coming<AnyView>,
}

/// Puts pages into a chunk: `pages! { records: list => list::InvoicesPage, one => page::InvoicePage }`.
///
/// Each becomes a function that returns its [`Page`], for the routes in `app.rs`.
macro_rules! pages {
    ($chunk:ident: $($name:ident => $component:path),+ $(,)?) => {$(
        pub fn $name() -> $crate::chunk::Page {
            #[cfg(feature = "split")]
            {
                #[::leptos::wasm_split::wasm_split($chunk, wasm_split_path = ::leptos::wasm_split, fallible, preload(load))]
                fn $name() -> Result<::leptos::prelude::AnyView, $crate::chunk::Missing> {
                    Ok(::leptos::prelude::IntoAny::into_any($component()))
                }
                $crate::chunk::Page {
                    load: || Box::pin(load()),
                    view: || Box::pin($name()),
                }
            }
            #[cfg(not(feature = "split"))]
            $crate::chunk::Page {
                load: || Box::pin(::std::future::ready(Ok(()))),
                view: || Box::pin(::std::future::ready(Ok(::leptos::prelude::IntoAny::into_any($component())))),
            }
        }
    )+};
}
pub(crate) use pages;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Here,
    Failed,
}

/// Starts to load the chunk of `page`, which is not shown yet.
pub fn preload(page: Page) {
    spawn_local(async move {
        // Who opens the page will ask again, and says what went wrong.
        let _ = (page.load)().await;
    });
}

/// Shows `page`; until its chunk is here, the grey shape of a page.
pub fn open(page: Page) -> AnyView {
    let state = RwSignal::new(State::Waiting);
    load(page, state, || State::Failed);
    dynamic(move || match state.get() {
        State::Waiting => view! { <PageSkeleton label=t().common.loading/> }.into_any(),
        State::Here => match now(&mut (page.view)()) {
            Poll::Ready(Ok(view)) => view,
            Poll::Ready(Err(_)) | Poll::Pending => failed(page, state),
        },
        State::Failed => failed(page, state),
    })
}

/// Loads the chunk of `page`; `failed` says how to go on without.
fn load(page: Page, state: RwSignal<State>, failed: fn() -> State) {
    let arrived = move |result: Result<(), Missing>| {
        // Nobody waits for a page that was left meanwhile.
        let _ = state.try_set(result.map_or_else(|_| failed(), |()| State::Here));
    };
    let mut coming = (page.load)();
    match now(&mut coming) {
        Poll::Ready(result) => arrived(result),
        Poll::Pending => spawn_local(async move { arrived(coming.await) }),
    }
}

/// What has come already, so that a page that is here shows without a blink.
fn now<T>(coming: &mut Coming<T>) -> Poll<Result<T, Missing>> {
    coming.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn failed(page: Page, state: RwSignal<State>) -> AnyView {
    let texts = t().common;
    let words = Words {
        title: texts.could_not_load(texts.this_page),
        detail: texts.page_not_loaded.to_owned(),
        reference: None,
    };
    let retry = Callback::new(move |()| {
        state.set(State::Waiting);
        load(page, state, || {
            // The network is there and the chunk is not: it belongs to an older version.
            if browser::is_online() {
                browser::reload();
            }
            State::Failed
        });
    });
    view! { <div class="page"><ProblemPanel words retry/></div> }.into_any()
}
