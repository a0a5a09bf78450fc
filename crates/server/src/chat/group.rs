//! Group commit: what many sockets write at the same moment goes into one transaction.
//!
//! A commit waits for the disk, whatever it holds. While one is made, others queue up, and the next takes all of them:
//! a quiet server answers as soon as ever, a busy one writes many times as much. Each batch has a savepoint, so that
//! what fails in one is not taken from the others.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use chrono::{DateTime, Utc};
use common::{
    chat::{Event, ServerFrame},
    ids::ThreadId,
};
use tokio::sync::{mpsc, oneshot};

use super::{
    threads::Reader,
    writing::{self, Batch, Written},
};
use crate::{
    app::App,
    db::{self, Conn, Location},
    error::ApiError,
};

/// Batches of one transaction.
const AT_ONCE: usize = 64;
/// Transactions at the same time; one thread is always written by the same of them. SQLite has one writer.
const POSTGRES_WRITERS: usize = 4;

/// The queues in front of the transactions.
pub struct Group {
    queues: Vec<mpsc::UnboundedSender<Wish>>,
    /// Until the tasks take them.
    waiting: Mutex<Vec<mpsc::UnboundedReceiver<Wish>>>,
}

struct Wish {
    reader: Reader,
    batch: Batch,
    done: oneshot::Sender<Written>,
}

impl Group {
    pub fn new(database: &Location) -> Self {
        let writers = match database {
            Location::Sqlite(_) => 1,
            Location::Postgres(_) => POSTGRES_WRITERS,
        };
        let (queues, waiting) = (0..writers).map(|_| mpsc::unbounded_channel()).unzip();
        Self {
            queues,
            waiting: Mutex::new(waiting),
        }
    }

    /// The tasks that write, for somebody to run; they end with the application.
    pub fn tasks(app: &Arc<App>) -> impl Iterator<Item = impl Future<Output = ()> + use<>> + use<> {
        let waiting = std::mem::take(&mut *app.group.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let app = Arc::downgrade(app);
        waiting.into_iter().map(move |wishes| write_all(app.clone(), wishes))
    }

    fn queue(&self, thread: Option<ThreadId>) -> &mpsc::UnboundedSender<Wish> {
        let mut hasher = DefaultHasher::new();
        thread.hash(&mut hasher);
        let writers = self.queues.len() as u64;
        &self.queues[usize::try_from(hasher.finish() % writers).unwrap_or_default()]
    }
}

/// Writes the batch, with whatever else is written now: an answer of yes is a commit.
pub async fn write(app: &App, reader: Reader, batch: Batch) -> Written {
    let (done, written) = oneshot::channel();
    let refused = batch.clone();
    let queue = app.group.queue(batch.thread());
    if queue.send(Wish { reader, batch, done }).is_err() {
        return Written::unavailable(&refused);
    }
    // A task that died answers nobody; the client sends it again.
    written.await.unwrap_or_else(|_| Written::unavailable(&refused))
}

async fn write_all(app: Weak<App>, mut waiting: mpsc::UnboundedReceiver<Wish>) {
    let mut wishes = Vec::new();
    while waiting.recv_many(&mut wishes, AT_ONCE).await > 0 {
        let Some(app) = app.upgrade() else { return };
        // Changes of items name no thread before they are looked up, so they go alone: threads are held in one order.
        let (alone, mut together): (Vec<_>, Vec<_>) = wishes.drain(..).partition(|wish| wish.batch.thread().is_none());
        together.sort_by_key(|wish| wish.batch.thread());
        for wish in alone {
            write_together(&app, vec![wish]).await;
        }
        if !together.is_empty() {
            write_together(&app, together).await;
        }
    }
}

type Done = (Vec<Event>, Vec<ServerFrame>);

async fn write_together(app: &App, wishes: Vec<Wish>) {
    let now = app.clock.now();
    let work: Vec<_> = wishes.iter().map(|wish| (wish.reader, wish.batch.clone())).collect();
    let written = app
        .db
        .write(
            move |conn: &mut Conn| -> Result<Vec<Result<Done, ApiError>>, ApiError> {
                Ok(work
                    .into_iter()
                    .map(|(reader, batch)| write_one(conn, reader, batch, now))
                    .collect())
            },
        )
        .await;
    let written = written.unwrap_or_else(|error| {
        tracing::error!(?error, "Could not write into threads");
        Vec::new()
    });
    let mut written = written.into_iter();
    for wish in wishes {
        let answer = match written.next() {
            Some(Ok((events, answers))) => Written {
                events,
                answers,
                is_halted: false,
            },
            Some(Err(error)) => {
                tracing::error!(?error, "Could not write into a thread");
                Written::unavailable(&wish.batch)
            }
            None => Written::unavailable(&wish.batch),
        };
        // A socket that has gone hears it when it sends it again.
        let _ = wish.done.send(answer);
    }
}

fn write_one(conn: &mut Conn, reader: Reader, batch: Batch, now: DateTime<Utc>) -> Result<Done, ApiError> {
    db::savepoint(conn, |conn| writing::write_batch(conn, reader, batch, now))
}
