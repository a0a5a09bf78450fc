//! What happens on one node reaches those who follow a thread on any other.
//!
//! Redis carries copies, at once; the log stays the truth. Whatever a copy did not reach, because the line, Redis or
//! the node was away, is found by comparing the ends of the logs with what was told here: every ten seconds, at once
//! for threads that are new here, and twice a second while nothing carries copies.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use common::{
    chat::{Change, Event},
    ids::{ThreadId, UserId},
};
use futures_util::StreamExt;
use redis::{AsyncConnectionConfig, Client, RedisError, aio::PubSubSink};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    hub::{Follower, LogEvent, Moment, Told},
    log,
    pace::random_fraction,
    settings,
    threads::store,
};
use crate::{
    app::App,
    clock::deadline,
    config::Config,
    db::{Conn, Location, QueryResult},
    http::session::random_token,
};

/// Middle of the time between two comparisons; each is up to a fifth shorter or longer.
const COMPARE_EVERY: Duration = Duration::from_secs(10);
/// The same while nothing carries copies between nodes that may exist.
const COMPARE_ALONE: Duration = Duration::from_millis(500);
/// Redis is asked whether it lives, and given up when it does not say so.
const PING_EVERY: Duration = Duration::from_secs(1);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Between two tries to reach Redis.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// A thread that everybody left is heard a little longer: a page that is loaded anew follows it again.
const LINGER: Duration = Duration::from_secs(5);
/// Copies that wait for Redis; what does not fit is found in the log.
const WAITING_MAX: usize = 4_096;
const PUBLISHED_AT_ONCE: usize = 64;
/// Threads compared in one query, and events of one thread told by one comparison; followers read the rest themselves.
const COMPARED_AT_ONCE: usize = 500;
const TOLD_AT_ONCE: i64 = 100;

const CHANNEL: &str = "capecontrol:chat:";

/// The line to the other nodes.
pub struct Fanout {
    /// Tells the copies of this node from those of others.
    node: String,
    redis: Option<Redis>,
    compare_without: Duration,
}

struct Redis {
    client: Client,
    out: mpsc::Sender<(ThreadId, String)>,
    /// Until the task takes it.
    waiting: Mutex<Option<mpsc::Receiver<(ThreadId, String)>>>,
}

/// What one node tells the others about a thread.
#[derive(Serialize, Deserialize)]
struct Copy {
    node: String,
    /// Those whom its author has blocked.
    hidden_from: Vec<UserId>,
    #[serde(flatten)]
    what: What,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Event(Box<Event>),
    Moment { by: UserId, text: String },
}

impl Fanout {
    pub fn new(config: &Config) -> Result<Self, RedisError> {
        let url = config.limits.redis_url.as_ref();
        let redis = url.map(|url| {
            let (out, waiting) = mpsc::channel(WAITING_MAX);
            Ok::<_, RedisError>(Redis {
                client: Client::open(url.expose_secret())?,
                out,
                waiting: Mutex::new(Some(waiting)),
            })
        });
        Ok(Self {
            node: random_token(),
            redis: redis.transpose()?,
            // Other nodes cannot share a file, and the programs of an operator may take their time.
            compare_without: match &config.database {
                Location::Sqlite(_) => COMPARE_EVERY,
                Location::Postgres(_) => COMPARE_ALONE,
            },
        })
    }

    fn publish(&self, thread: ThreadId, hidden_from: &HashSet<UserId>, what: What) {
        let Some(redis) = &self.redis else { return };
        let copy = Copy {
            node: self.node.clone(),
            hidden_from: hidden_from.iter().copied().collect(),
            what,
        };
        let text = serde_json::to_string(&copy).expect("a copy holds only text, numbers and maps with text keys");
        // Whoever does not get it finds it in the log.
        let _ = redis.out.try_send((thread, text));
    }
}

/// Tells an event that is committed, here and elsewhere; `hidden_from` are those whom its author has blocked.
pub fn tell(app: &App, event: Event, hidden_from: Arc<HashSet<UserId>>) {
    let thread = event.thread;
    app.fanout
        .publish(thread, &hidden_from, What::Event(Box::new(event.clone())));
    app.hub
        .tell(thread, &Told::Event(Arc::new(LogEvent::new(event, hidden_from))), None);
}

/// Tells what is of the moment, here to all but `except`, and elsewhere.
pub fn tell_moment(app: &App, thread: ThreadId, moment: Moment, except: &Follower) {
    let (by, text) = (moment.by, moment.text.clone());
    app.fanout
        .publish(thread, &moment.hidden_from, What::Moment { by, text });
    app.hub.tell(thread, &Told::Moment(Arc::new(moment)), Some(except));
}

/// Hears the other nodes and compares, until the application is dropped.
pub async fn run(app: Weak<App>) {
    let Some((client, waiting)) = begin(&app) else { return };
    let Some((client, waiting)) = client.zip(waiting) else {
        return compare_for_ever(&app).await;
    };
    tokio::join!(compare_until_heard(&app, &client), publish_all(&app, &client, waiting));
}

type Waiting = mpsc::Receiver<(ThreadId, String)>;

fn begin(app: &Weak<App>) -> Option<(Option<Client>, Option<Waiting>)> {
    let app = app.upgrade()?;
    let redis = app.fanout.redis.as_ref();
    let waiting = redis.and_then(|redis| redis.waiting.lock().unwrap_or_else(PoisonError::into_inner).take());
    Some((redis.map(|redis| redis.client.clone()), waiting))
}

async fn compare_for_ever(app: &Weak<App>) {
    loop {
        let Some(app) = app.upgrade() else { return };
        let pause = app.fanout.compare_without;
        compare_all(&app).await;
        drop(app);
        sleep(around(pause)).await;
    }
}

/// Hears Redis while it lives, and compares often while it does not.
async fn compare_until_heard(app: &Weak<App>, client: &Client) {
    let mut is_lost = false;
    loop {
        if let Err(error) = hear(app, client, &mut is_lost).await
            && !std::mem::replace(&mut is_lost, true)
        {
            tracing::error!(%error, "Redis carries no messages; nodes read each other's from the database until it does");
        }
        let Some(app) = app.upgrade() else { return };
        compare_all(&app).await;
        drop(app);
        sleep(TRY_AGAIN).await;
    }
}

/// Hears the threads that are followed here; `Ok` when the application was dropped.
async fn hear(app: &Weak<App>, client: &Client, is_lost: &mut bool) -> Result<(), Lost> {
    let (sink, mut copies) = within(client.get_async_pubsub()).await?.split();
    let mut ears = Ears {
        sink,
        heard: HashSet::new(),
        leaving: HashMap::new(),
        version: None,
    };
    let mut next_ping = deadline(Duration::ZERO);
    let mut next_compare = deadline(around(COMPARE_EVERY));
    loop {
        let Some(here) = app.upgrade() else { return Ok(()) };
        ears.follow(&here).await?;
        if std::mem::replace(is_lost, false) {
            tracing::info!("Redis carries messages again");
        }
        let hub = Arc::clone(&here.hub);
        drop(here);
        tokio::select! {
            copy = copies.next() => {
                let copy = copy.ok_or(Lost::Closed)?;
                let Some(here) = app.upgrade() else { return Ok(()) };
                take(&here, copy.get_channel_name(), copy.get_payload_bytes());
            }
            () = hub.changed() => {}
            () = sleep_until(next_ping) => {
                within(ears.sink.ping::<redis::Value>()).await?;
                next_ping = deadline(PING_EVERY);
            }
            () = sleep_until(next_compare) => {
                let Some(here) = app.upgrade() else { return Ok(()) };
                compare_all(&here).await;
                next_compare = deadline(around(COMPARE_EVERY));
            }
        }
    }
}

/// What this node hears of Redis.
struct Ears {
    sink: PubSubSink,
    heard: HashSet<ThreadId>,
    /// Followed by nobody any more, and when that will have been long enough.
    leaving: HashMap<ThreadId, Instant>,
    /// Of the hub, when it was looked at last.
    version: Option<u64>,
}

impl Ears {
    /// Subscribes to what is new here, and leaves what nobody has followed for a while.
    async fn follow(&mut self, app: &App) -> Result<(), Lost> {
        let version = app.hub.version();
        if self.version != Some(version) {
            let followed = app.hub.followed();
            let over_at = deadline(LINGER);
            self.leaving.retain(|thread, _| !followed.contains_key(thread));
            for thread in self.heard.iter().filter(|thread| !followed.contains_key(thread)) {
                self.leaving.entry(*thread).or_insert(over_at);
            }
            let new: HashMap<_, _> = followed
                .into_iter()
                .filter(|(thread, _)| !self.heard.contains(thread))
                .collect();
            if !new.is_empty() {
                within(self.sink.subscribe(channels(new.keys()))).await?;
                self.heard.extend(new.keys());
                // Between the look at the log and now something may have passed.
                compare(app, new).await;
            }
            self.version = Some(version);
        }
        let now = deadline(Duration::ZERO);
        let over: Vec<ThreadId> = self
            .leaving
            .iter()
            .filter(|(_, over_at)| **over_at <= now)
            .map(|(thread, _)| *thread)
            .collect();
        if !over.is_empty() {
            within(self.sink.unsubscribe(channels(over.iter()))).await?;
            for thread in over {
                self.heard.remove(&thread);
                self.leaving.remove(&thread);
            }
        }
        Ok(())
    }
}

fn channels<'t>(threads: impl Iterator<Item = &'t ThreadId>) -> Vec<String> {
    threads.map(channel).collect()
}

fn channel(thread: &ThreadId) -> String {
    format!("{CHANNEL}{thread}")
}

/// Tells here what another node has told there.
fn take(app: &App, channel: &str, payload: &[u8]) {
    let thread = channel.strip_prefix(CHANNEL).and_then(|id| ThreadId::parse(id).ok());
    // A node of another version may write copies that this one cannot read; the log says the same.
    let copy = serde_json::from_slice::<Copy>(payload).ok();
    let Some((thread, copy)) = thread.zip(copy).filter(|(_, copy)| copy.node != app.fanout.node) else {
        return;
    };
    let hidden_from = Arc::new(copy.hidden_from.into_iter().collect());
    let told = match copy.what {
        What::Event(event) if event.thread == thread => Told::Event(Arc::new(LogEvent::new(*event, hidden_from))),
        What::Event(_) => return,
        What::Moment { by, text } => Told::Moment(Arc::new(Moment { by, hidden_from, text })),
    };
    app.hub.tell(thread, &told, None);
}

async fn publish_all(app: &Weak<App>, client: &Client, mut waiting: Waiting) {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(ANSWER_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN));
    let mut connection = None;
    let mut copies = Vec::new();
    // It ends with the application, which holds the other end.
    while waiting.recv_many(&mut copies, PUBLISHED_AT_ONCE).await > 0 && app.strong_count() > 0 {
        if connection.is_none() {
            connection = client.get_multiplexed_async_connection_with_config(&config).await.ok();
        }
        let mut pipe = redis::pipe();
        for (thread, text) in copies.drain(..) {
            pipe.publish(channel(&thread), text).ignore();
        }
        if let Some(open) = &mut connection
            && pipe.query_async::<()>(open).await.is_err()
        {
            connection = None;
        }
    }
}

async fn compare_all(app: &App) {
    compare(app, app.hub.followed()).await;
}

/// Tells what the logs hold beyond what was told here.
async fn compare(app: &App, told: HashMap<ThreadId, u64>) {
    if told.is_empty() {
        return;
    }
    match app.db.snapshot(move |conn| missed(conn, &told)).await {
        Ok(missed) => {
            for event in missed {
                app.hub.tell(event.thread, &Told::Event(Arc::new(event)), None);
            }
        }
        Err(error) => tracing::warn!(?error, "Could not compare the logs of threads that are followed"),
    }
}

/// The events that nobody here was told; of a thread of which nothing was told yet, its last, since whoever follows
/// it knows where they are.
fn missed(conn: &mut Conn, told: &HashMap<ThreadId, u64>) -> QueryResult<Vec<LogEvent>> {
    let mut events = Vec::new();
    let threads: Vec<ThreadId> = told.keys().copied().collect();
    for threads in threads.chunks(COMPARED_AT_ONCE) {
        for (thread, head) in store::heads(conn, threads)? {
            let told = i64::try_from(told[&thread]).unwrap_or(i64::MAX);
            if head <= told {
                continue;
            }
            let after = if told == 0 {
                head - 1
            } else {
                told.max(head - TOLD_AT_ONCE)
            };
            let rows = store::load_events(conn, thread, after, TOLD_AT_ONCE)?;
            events.extend(rows.iter().map(log::event));
        }
    }
    let authors: HashSet<UserId> = events.iter().filter_map(|event: &Event| event.by).collect();
    let authors: Vec<UserId> = authors.into_iter().collect();
    let mut hidden_from: HashMap<UserId, HashSet<UserId>> = HashMap::new();
    for (author, blocked) in settings::store::load_blocks(conn, &authors)? {
        hidden_from.entry(author).or_default().insert(blocked);
    }
    let unread: HashSet<UserId> = settings::store::who_hides_reading(conn, &authors)?
        .into_iter()
        .collect();
    let told = events.into_iter().map(|event| {
        let hidden_from = event.by.and_then(|author| hidden_from.get(&author)).cloned();
        let hidden_from = Arc::new(hidden_from.unwrap_or_default());
        let is_hidden =
            matches!(event.change, Change::Read(_)) && event.by.is_some_and(|author| unread.contains(&author));
        LogEvent::new(if is_hidden { settings::masked(event) } else { event }, hidden_from)
    });
    Ok(told.collect())
}

/// Why nothing is heard of Redis.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("no answer within {} s", ANSWER_WITHIN.as_secs())]
    Late,
    #[error("the connection ended")]
    Closed,
}

async fn within<T>(work: impl Future<Output = Result<T, RedisError>>) -> Result<T, Lost> {
    Ok(timeout(ANSWER_WITHIN, work).await.map_err(|_| Lost::Late)??)
}

/// Up to a fifth shorter or longer, so that nodes do not ask in step.
fn around(pause: Duration) -> Duration {
    pause.mul_f64(0.8 + 0.4 * random_fraction())
}
