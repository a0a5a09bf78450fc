//! Several nodes: what is said on one is heard on the others, through Redis and without it.

use std::time::{Duration, Instant};

use common::{
    chat::{Body, Change, ServerFrame, events::MemberChange, threads::Thread},
    ids::{ClientMessageId, ItemId},
};
use serde_json::json;
use server::{
    chat::log::{self, Message},
    db::{Conn, QueryResult},
};

use crate::{
    chat_sockets::{cid, event, follow, said, text, thread_of},
    sockets::{Stream, hear, open, say},
    support::{TestApp, app::Customer, redis::Redis},
};

/// A phone on one node and a laptop on another, of one person, who both follow the same thread.
struct Devices {
    thread: Thread,
    phone: Stream,
    laptop: Stream,
}

async fn devices(app: &TestApp, customer: &Customer, settings: &[(&str, &str)]) -> Devices {
    let thread = thread_of(customer).await;
    let (one, two) = (app.second_node_with(settings), app.second_node_with(settings));
    let mut phone = open(&customer.client.at_node(&one), &one).await;
    let mut laptop = open(&customer.client.at_node(&two), &two).await;
    follow(&mut phone, &thread, "", 0).await;
    follow(&mut laptop, &thread, "", 0).await;
    Devices { thread, phone, laptop }
}

impl Devices {
    /// Says something on the phone, which is acknowledged, and hears it on the laptop; how long that took.
    async fn say(&mut self, number: u32, words: &str) -> Duration {
        let started = Instant::now();
        say(&mut self.phone, text(number, &self.thread, words)).await;
        loop {
            match hear(&mut self.phone).await.unwrap() {
                ServerFrame::Ack(ack) => break assert_eq!(ack.cid.to_string(), cid(number)),
                ServerFrame::Event(_) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(said(&event(&mut self.laptop).await), words);
        started.elapsed()
    }
}

/// Writes into the log as a node does that dies before it tells anybody.
async fn write_silently(app: &TestApp, customer: &Customer, thread: &Thread, number: u32, words: &str) {
    let (now, message) = (
        app.app.clock.now(),
        Message {
            thread_id: thread.id,
            sender_id: customer.user_id,
            cid: ClientMessageId::parse(&cid(number)).unwrap(),
            reply_to: None,
            body: Body::text(words),
        },
    );
    let write = move |conn: &mut Conn| -> QueryResult<_> {
        let id = ItemId::parse(&cid(number + 1_000)).unwrap();
        log::send(conn, &message, id, now)
    };
    assert!(app.app.db.write(write).await.unwrap().is_ok());
}

app_test!(redis_carries_what_is_said_and_typed, |app| {
    let redis = Redis::start();
    let customer = app.customer("owner@karoo.test").await;
    let mut devices = devices(app, &customer, &[("REDIS_URL", &redis.url())]).await;
    // Only Redis is so fast: logs are compared every ten seconds.
    for number in 1..=20 {
        let took = devices.say(number, &format!("number {number}")).await;
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
    let support = app.staff(common::auth::StaffRole::Support).await;
    let node = app.second_node_with(&[("REDIS_URL", &redis.url())]);
    let mut desk = open(&support.at_node(&node), &node).await;
    follow(&mut desk, &devices.thread, &devices.thread.epoch, 21).await;
    say(
        &mut devices.phone,
        json!({ "t": "typing", "thread": devices.thread.id, "on": true }),
    )
    .await;
    let heard = hear(&mut desk).await.unwrap();
    assert!(
        matches!(&heard, ServerFrame::Typing(typing) if typing.user == customer.user_id && typing.on),
        "{heard:?}"
    );
});

app_test!(without_redis_nodes_read_each_other_s_messages, |app| {
    let redis = Redis::start();
    let port = redis.port;
    let customer = app.customer("owner@karoo.test").await;
    let mut devices = devices(app, &customer, &[("REDIS_URL", &redis.url())]).await;
    devices.say(1, "with Redis").await;
    redis.freeze();
    devices.say(2, "Redis is silent").await;
    drop(redis);
    for number in 3..=6 {
        devices.say(number, &format!("Redis is gone: {number}")).await;
    }
    let _again = Redis::start_on(port);
    // Both nodes find it within a second or two; then it is fast again, and nothing was lost between.
    tokio::time::sleep(Duration::from_secs(3)).await;
    for number in 7..=12 {
        let took = devices.say(number, &format!("Redis is back: {number}")).await;
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
});

app_test!(what_nobody_told_is_found_in_the_log, |app| {
    let redis = Redis::start();
    let customer = app.customer("owner@karoo.test").await;
    let mut devices = devices(app, &customer, &[("REDIS_URL", &redis.url())]).await;
    let started = Instant::now();
    write_silently(app, &customer, &devices.thread, 1, "one").await;
    write_silently(app, &customer, &devices.thread, 2, "two").await;
    let mut found = Vec::new();
    while found.len() < 2 {
        assert!(started.elapsed() < Duration::from_secs(15), "{found:?}");
        // A ping keeps the wait short.
        say(&mut devices.laptop, json!({ "t": "ping", "n": 1, "ct": 0 })).await;
        match hear(&mut devices.laptop).await.unwrap() {
            ServerFrame::Event(event) => found.push(said(&event)),
            ServerFrame::Pong(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(found, ["one", "two"]);
});

app_test!(a_hole_of_any_length_is_filled_from_the_log, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = thread_of(&customer).await;
    let mut laptop = open(&customer.client, &app.base_url).await;
    follow(&mut laptop, &thread, "", 0).await;
    for number in 1..=250 {
        write_silently(app, &customer, &thread, number, &number.to_string()).await;
    }
    // Told here, so that it is known at once how far the log goes.
    let mut phone = open(&customer.client, &app.base_url).await;
    say(&mut phone, text(251, &thread, "251")).await;
    for number in 1..=251 {
        let heard = event(&mut laptop).await;
        assert!(!matches!(heard.change, Change::Member(MemberChange { .. })));
        assert_eq!(said(&heard), number.to_string());
    }
});
