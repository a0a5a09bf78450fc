//! The server is killed again and again while people write.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use common::{
    chat::Body,
    ids::{ClientMessageId, ItemId, ThreadId},
};
use server::{
    chat::threads::store::{self, EventRow},
    db::{Conn, QueryResult},
};
use tokio::{sync::watch, task::LocalSet, time::sleep};

use crate::{
    WorldArgs,
    client::{Client, Order, Remembered},
    report::Report,
    world::{Outcome, World},
};

const READ_AT_ONCE: i64 = 10_000;

#[derive(Args)]
pub struct Crashes {
    #[arg(long, default_value_t = 200)]
    clients: usize,
    #[arg(long, default_value_t = 20)]
    threads: usize,
    /// Messages that all of them write in a second.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    #[arg(long, default_value_t = 10)]
    kills: u32,
    /// Seconds between two kills.
    #[arg(long, default_value_t = 6)]
    pause: u64,
    /// All must be connected again within so many seconds of the server's start.
    #[arg(long, default_value_t = 25)]
    within: u64,
}

pub async fn run(args: &WorldArgs, crashes: &Crashes) -> Outcome<Report> {
    LocalSet::new().run_until(prove(args, crashes)).await
}

async fn prove(args: &WorldArgs, crashes: &Crashes) -> Outcome<Report> {
    let mut world = World::build(args).await?;
    world.start().await?;
    let threads = people(&world, crashes).await?;

    let (orders, order) = watch::channel(Order::Listen);
    let pause = Duration::from_secs_f64(crashes.clients as f64 / f64::from(crashes.rate));
    let mut clients = Vec::new();
    for (number, (person, thread)) in threads.iter().cycle().take(crashes.clients).enumerate() {
        let running = Client::run(
            number,
            world.base_url.clone(),
            Arc::clone(person),
            *thread,
            pause,
            order.clone(),
        );
        clients.push(tokio::task::spawn_local(running));
    }
    sleep(Duration::from_secs(3)).await;
    orders.send(Order::Write)?;

    let started = Instant::now();
    for _ in 0..crashes.kills {
        sleep(Duration::from_secs(crashes.pause)).await;
        world.kill().await?;
        world.start().await?;
    }
    sleep(Duration::from_secs(crashes.pause)).await;
    let wrote_for = started.elapsed();
    orders.send(Order::Listen)?;

    let ended = Instant::now();
    let settled = settle(&world, &threads, &orders, Duration::from_secs(crashes.within), clients).await?;
    let mut report = Report::new("crashes");
    report.figure(
        "database",
        if args.postgres.is_some() {
            "PostgreSQL"
        } else {
            "SQLite"
        },
    );
    report.figure("kills", crashes.kills);
    report.figure("clients", crashes.clients);
    report.figure("threads", crashes.threads);
    report.figure("seconds_of_writing", wrote_for.as_secs());
    report.figure("seconds_until_settled", ended.elapsed().as_secs_f64());
    judge(&world, &settled, crashes, &mut report).await?;
    Ok(report)
}

type Seats = Vec<(Arc<crate::world::Person>, ThreadId)>;

/// Two people in each thread; each of them has as many devices as it takes.
async fn people(world: &World, crashes: &Crashes) -> Outcome<Seats> {
    let mut seats = Vec::new();
    for number in 0..crashes.threads {
        let (owner, _) = world.person(&format!("owner{number}")).await?;
        let (other, _) = world.person(&format!("other{number}")).await?;
        let thread = world.thread(&owner, &[other.user_id]).await?;
        seats.push((Arc::new(owner), thread));
        seats.push((Arc::new(other), thread));
    }
    Ok(seats)
}

/// Waits until everybody has sent everything and heard everything.
async fn settle(
    world: &World,
    threads: &Seats,
    orders: &watch::Sender<Order>,
    within: Duration,
    clients: Vec<tokio::task::JoinHandle<Remembered>>,
) -> Outcome<Vec<Remembered>> {
    let deadline = Instant::now() + within;
    // What waits is sent first; then nobody writes, and the ends of the logs stand still.
    let mut before = BTreeMap::new();
    loop {
        let heads = heads(world, threads).await?;
        if heads == before || Instant::now() > deadline {
            break;
        }
        before = heads;
        sleep(Duration::from_secs(2)).await;
    }
    orders.send(Order::End(Arc::new(before)))?;
    let mut settled = Vec::new();
    for client in clients {
        let left = deadline
            .saturating_duration_since(Instant::now())
            .max(Duration::from_secs(1));
        settled.push(
            tokio::time::timeout(left, client)
                .await
                .map_err(|_| "a client did not settle in time")??,
        );
    }
    Ok(settled)
}

async fn heads(world: &World, threads: &Seats) -> Outcome<BTreeMap<ThreadId, u64>> {
    let ids: Vec<ThreadId> = threads.iter().map(|(_, thread)| *thread).collect();
    let heads = world.app.db.read(move |conn| store::heads(conn, &ids)).await?;
    Ok(heads.into_iter().map(|(id, head)| (id, head.unsigned_abs())).collect())
}

async fn judge(world: &World, clients: &[Remembered], crashes: &Crashes, report: &mut Report) -> Outcome<()> {
    let mut by_thread: HashMap<ThreadId, Vec<&Remembered>> = HashMap::new();
    for client in clients {
        by_thread.entry(client.thread).or_default().push(client);
    }
    let (mut messages, mut acked, mut written) = (0, 0, 0);
    for (thread, clients) in by_thread {
        let events = world.app.db.read(move |conn: &mut Conn| load(conn, thread)).await?;
        for (place, event) in events.iter().enumerate() {
            report.promise(event.seq == place as i64 + 1, || {
                format!("the log of {thread} has a hole at {}", place + 1)
            });
        }
        let mut stored: HashMap<ClientMessageId, Vec<u64>> = HashMap::new();
        let mut log: BTreeMap<u64, (ItemId, String)> = BTreeMap::new();
        for event in events.iter().filter(|event| event.kind == "item.created") {
            let seq = u64::try_from(event.seq)?;
            if let Some(cid) = event.cid {
                stored.entry(cid).or_default().push(seq);
            }
            let data: serde_json::Value = serde_json::from_str(&event.data)?;
            let (item, body): (ItemId, Body) = (
                serde_json::from_value(data["item"].clone())?,
                serde_json::from_value(data["body"].clone())?,
            );
            if let Body::Text { text } = body {
                log.insert(seq, (item, text));
            }
        }
        messages += log.len();
        for client in clients {
            let who = client.number;
            report.promise(client.is_settled, || format!("client {who} did not settle"));
            report.promise(client.disordered.is_empty(), || {
                format!("client {who}: {:?}", client.disordered)
            });
            for (cid, seq) in &client.acked {
                let places = stored.get(cid).map_or(&[][..], Vec::as_slice);
                report.promise(places == [*seq], || {
                    format!("{cid} was acknowledged at {seq} and stands at {places:?}")
                });
            }
            let places: Vec<u64> = client
                .written
                .iter()
                .flat_map(|cid| stored.get(cid))
                .flatten()
                .copied()
                .collect();
            report.promise(places.len() == client.written.len(), || {
                format!(
                    "client {who} wrote {} messages, {} are stored",
                    client.written.len(),
                    places.len()
                )
            });
            report.promise(places.is_sorted(), || {
                format!("the messages of client {who} are out of order")
            });
            report.promise(client.log == log, || {
                format!("client {who} shows another log than the database has")
            });
            acked += client.acked.len();
            written += client.written.len();
        }
    }
    let mut ack_ms: Vec<u64> = clients
        .iter()
        .flat_map(|client| client.ack_ms.iter().copied())
        .collect();
    ack_ms.sort_unstable();
    let at = |share: usize| {
        ack_ms
            .get(ack_ms.len().saturating_sub(1) * share / 100)
            .copied()
            .unwrap_or_default()
    };
    let outages: HashSet<u64> = clients
        .iter()
        .map(|client| client.longest_outage.as_millis() as u64)
        .collect();
    let longest = outages.into_iter().max().unwrap_or_default();
    report.promise(longest <= crashes.within * 1_000, || {
        format!("a client was away for {longest} ms")
    });
    report.figure("written", written);
    report.figure("acknowledged", acked);
    report.figure("stored", messages);
    report.figure(
        "reconnects",
        clients.iter().map(|client| client.reconnects).sum::<u64>(),
    );
    report.figure("longest_outage_ms", longest);
    report.figure(
        "ack_ms",
        serde_json::json!({ "p50": at(50), "p95": at(95), "p99": at(99) }),
    );
    Ok(())
}

fn load(conn: &mut Conn, thread: ThreadId) -> QueryResult<Vec<EventRow>> {
    let mut events: Vec<EventRow> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.seq);
        let more = store::load_events(conn, thread, after, READ_AT_ONCE)?;
        if more.is_empty() {
            return Ok(events);
        }
        events.extend(more);
    }
}
