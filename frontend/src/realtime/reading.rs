//! What is read through HTTP: the list of threads, the items of one, and what a gap has hidden.

use common::{
    chat::{
        Seq,
        client::Input,
        threads::{GetThread, ITEMS_MAX, ItemQuery, ListItems, ListThreads, Thread, ThreadQuery},
    },
    ids::ThreadId,
    page::Page,
};
use leptos::task::spawn_local;

use super::{log::Stage, shell};
use crate::api::{self, Failure};

/// Threads on a page of the list; each is followed as it happens.
const FOLLOWED: u32 = 50;
/// Items of the first page of a thread.
const FIRST_PAGE: u32 = 50;
/// A gap is read back so many pages at most; what is older is read again when somebody scrolls there.
const GAP_PAGES: u32 = 10;

/// Reads the list of threads and follows them.
pub fn list() {
    spawn_local(async {
        // The list says why it is not there.
        let _ = read_list(None).await;
    });
}

/// Reads the page of the list after those that are here.
pub fn more_threads() {
    let next = shell::read(|book| book.list.clone().and_then(Result::ok).flatten()).flatten();
    spawn_local(async move {
        // The button stays, and asks again.
        let _ = read_list(next).await;
    });
}

/// The same, for a person's own stream that has a hole.
pub fn list_again() {
    let head = shell::user_head();
    spawn_local(async move {
        let input = match read_list(None).await {
            Ok(()) => Input::UserReloaded { head },
            Err(_) => Input::UserReloadFailed,
        };
        shell::tell(input);
    });
}

async fn read_list(cursor: Option<String>) -> Result<(), Failure> {
    let query = ThreadQuery {
        limit: Some(FOLLOWED),
        cursor,
    };
    match api::call::<ListThreads>(&[], &query).await {
        Ok(Page {
            items: threads,
            next_cursor,
            ..
        }) => {
            let ids: Vec<ThreadId> = threads.iter().map(|thread| thread.id).collect();
            shell::change(|book| book.list_is(threads, next_cursor));
            ids.into_iter().for_each(follow);
            Ok(())
        }
        Err(failure) => {
            shell::change(|book| {
                if !matches!(book.list, Some(Ok(_))) {
                    book.list = Some(Err(failure.clone()));
                }
            });
            Err(failure)
        }
    }
}

fn follow(thread: ThreadId) {
    if let Some(cursor) = shell::cursor_of(thread) {
        shell::tell(Input::Subscribe { thread, cursor });
    }
}

/// Shows a thread that is new.
pub fn learn(thread: Thread) {
    let id = thread.id;
    shell::change(|book| {
        book.learn(thread);
    });
    follow(id);
}

/// Reads a thread whose items are not here, and follows it.
pub fn open(id: ThreadId) {
    let is_here = shell::change(|book| {
        book.logs.get_mut(&id).is_some_and(|log| {
            let is_here = matches!(log.stage, Stage::Here | Stage::Loading);
            if !is_here {
                log.stage = Stage::Loading;
            }
            is_here
        })
    });
    if is_here == Some(true) {
        return follow(id);
    }
    spawn_local(async move {
        let failure = match read(id).await {
            Ok(()) => return follow(id),
            Err(failure) => failure,
        };
        shell::change(|book| match book.logs.get_mut(&id) {
            Some(log) => log.stage = Stage::Failed(failure.clone()),
            None => drop(book.failed.insert(id, failure.clone())),
        });
    });
}

async fn read(id: ThreadId) -> Result<(), Failure> {
    // First how far the thread is: what happens after that comes by the socket.
    let thread = api::call::<GetThread>(&[id.as_str()], &()).await?;
    shell::change(|book| {
        book.failed.remove(&id);
        book.learn(thread).stage = Stage::Loading;
    });
    let items = items(id, None, FIRST_PAGE).await?;
    shell::change(|book| {
        let own = book.own;
        if let Some(log) = book.logs.get_mut(&id) {
            log.replace(items, own);
        }
    });
    Ok(())
}

/// Names of people who came.
pub fn refresh(id: ThreadId) {
    spawn_local(async move {
        // Without the answer they are somebody for a while.
        if let Ok(thread) = api::call::<GetThread>(&[id.as_str()], &()).await {
            shell::change(|book| {
                book.learn(thread);
            });
        }
    });
}

/// Reads the items before the oldest one; `then` runs just before they are shown.
pub fn older(id: ThreadId, then: impl FnOnce() + 'static) {
    let before = shell::change(|book| {
        let log = book
            .logs
            .get_mut(&id)
            .filter(|log| log.has_older && !log.is_reading_older)?;
        log.is_reading_older = true;
        log.oldest()
    });
    let Some(before) = before.flatten() else { return };
    spawn_local(async move {
        let items = items(id, Some(before), FIRST_PAGE).await;
        then();
        shell::change(|book| {
            if let Some(log) = book.logs.get_mut(&id) {
                match items {
                    Ok(items) => log.prepend(items),
                    // Scrolling asks again.
                    Err(_) => log.is_reading_older = false,
                }
            }
        });
    });
}

/// Reads a thread back from its head to what was known, or as far as it is shown.
pub fn reload(id: ThreadId, request: u64, known: Seq, epoch: String) {
    spawn_local(async move {
        let input = match read_back(id, known, &epoch).await {
            Ok(head) => Input::Reloaded {
                thread: id,
                request,
                head,
            },
            Err(_) => Input::ReloadFailed { thread: id, request },
        };
        shell::tell(input);
    });
}

async fn read_back(id: ThreadId, known: Seq, epoch: &str) -> Result<Seq, Failure> {
    let thread = api::call::<GetThread>(&[id.as_str()], &()).await?;
    if thread.epoch != epoch {
        // It changed once more; the socket will say so too.
        return Err(Failure::Unreadable);
    }
    let head = thread.head;
    let shown = shell::read(|book| {
        let log = book.logs.get(&id)?;
        (log.stage == Stage::Here).then(|| log.oldest().unwrap_or(known).min(known))
    });
    let Some(back_to) = shown.flatten() else {
        shell::change(|book| {
            book.learn(thread);
        });
        return Ok(head);
    };
    let mut all = items(id, None, ITEMS_MAX).await?;
    for _ in 1..GAP_PAGES {
        let Some(oldest) = all.items.last().map(|item| item.seq) else {
            break;
        };
        if !all.more || oldest <= back_to {
            break;
        }
        let more = items(id, Some(oldest), ITEMS_MAX).await?;
        all.items.extend(more.items);
        all.more = more.more;
    }
    shell::change(|book| {
        let own = book.own;
        book.learn(thread).replace(all, own);
    });
    Ok(head)
}

async fn items(id: ThreadId, before: Option<Seq>, limit: u32) -> Result<common::chat::threads::Items, Failure> {
    let query = ItemQuery {
        before,
        limit: Some(limit),
    };
    api::call::<ListItems>(&[id.as_str()], &query).await
}
