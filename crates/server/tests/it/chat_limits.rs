//! How much and how fast a socket may talk.

use std::time::Duration;

use chrono::TimeDelta;
use common::chat::{
    CloseReason, SUBPROTOCOL, ServerFrame,
    limits::{BODY_MAX, SUBSCRIPTIONS_MAX},
    server_frames::{FrameErrorCode, NackCode},
};
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    chat_sockets::{text, thread_of},
    sockets::{Stream, hear, open, say, ticket, try_open},
};

const ONCE: [(&str, &str); 1] = [("RATE_LIMIT_FACTOR", "1")];

/// The answers to so many writings: acknowledged, or when to try again.
async fn answers(stream: &mut Stream, count: usize) -> Vec<Result<u64, u64>> {
    let mut answers = Vec::new();
    while answers.len() < count {
        match hear(stream).await.unwrap() {
            ServerFrame::Ack(ack) => answers.push(Ok(ack.seq.get())),
            ServerFrame::Nack(nack) => {
                assert_eq!((nack.code, nack.retry), (NackCode::RateLimited, true));
                answers.push(Err(nack.after_ms.unwrap()));
            }
            other => panic!("{other:?}"),
        }
    }
    answers
}

app_test!(a_person_sends_ten_at_once_and_five_a_second, with ONCE, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = thread_of(&customer).await;
    let mut one = open(&customer.client, &app.base_url).await;
    let mut two = open(&customer.client, &app.base_url).await;
    // A batch of a lane counts once, and is one order.
    let batch: Vec<Value> = (1..=32).map(|number| text(number, &thread, "a")).collect();
    say(&mut one, json!(batch)).await;
    assert_eq!(answers(&mut one, 32).await, (2..=33).map(Ok).collect::<Vec<_>>());
    for number in 40..49 {
        let stream = if number % 2 == 0 { &mut one } else { &mut two };
        say(stream, text(number, &thread, "a")).await;
        assert!(answers(stream, 1).await[0].is_ok());
    }
    say(&mut two, text(50, &thread, "a")).await;
    assert_eq!(answers(&mut two, 1).await, [Err(200)]);
    app.advance(TimeDelta::milliseconds(200));
    say(&mut two, text(50, &thread, "a")).await;
    assert_eq!(answers(&mut two, 1).await, [Ok(43)]);
    // Other people are not held up.
    let other = app.customer("other@kalkbay.test").await;
    let others = thread_of(&other).await;
    let mut stream = open(&other.client, &app.base_url).await;
    say(&mut stream, text(1, &others, "a")).await;
    assert!(answers(&mut stream, 1).await[0].is_ok());
});

app_test!(who_goes_too_fast_three_times_is_cut, with ONCE, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let mut stream = open(&customer.client, &app.base_url).await;
    let pings: Vec<Value> = (0..59).map(|n| json!({ "t": "ping", "n": n, "ct": 0 })).collect();
    say(&mut stream, json!(pings)).await;
    for _ in 0..59 {
        assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Pong(_))));
    }
    for _ in 0..2 {
        say(&mut stream, json!({ "t": "ping", "n": 1, "ct": 0 })).await;
        let refused = hear(&mut stream).await;
        assert!(
            matches!(&refused, Ok(ServerFrame::Error(error)) if error.code == FrameErrorCode::RateLimited
                && error.retry && error.after_ms == Some(50)),
            "{refused:?}"
        );
    }
    // Ten seconds later the first two are forgotten.
    app.advance(TimeDelta::seconds(11));
    let pings: Vec<Value> = (0..64).map(|n| json!({ "t": "ping", "n": n, "ct": 0 })).collect();
    say(&mut stream, json!(pings)).await;
    let mut pongs = 0;
    for _ in 0..64 {
        pongs += usize::from(matches!(hear(&mut stream).await, Ok(ServerFrame::Pong(_))));
    }
    assert_eq!(pongs, 60);
    for _ in 0..2 {
        say(&mut stream, json!({ "t": "ping", "n": 1, "ct": 0 })).await;
    }
    assert!(hear(&mut stream).await.is_ok() && hear(&mut stream).await.is_ok());
    assert_eq!(hear(&mut stream).await, Err(CloseReason::RateLimited.code()));
});

app_test!(a_device_greets_ten_times_a_minute, with ONCE, |app| {
    let customer = app.customer("owner@karoo.test").await;
    for _ in 0..10 {
        drop(open(&customer.client, &app.base_url).await);
    }
    let protocols = format!("{SUBPROTOCOL}, ticket.{}", ticket(&customer.client).await);
    let mut stream = try_open(&app.base_url, &protocols, Some(&app.base_url)).await.unwrap();
    say(&mut stream, json!({ "t": "hello", "v": 1, "device": "d_1", "tab": "a" })).await;
    assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Error(error)) if error.after_ms == Some(6_000)));
    assert_eq!(hear(&mut stream).await, Err(CloseReason::RateLimited.code()));
    app.advance(TimeDelta::seconds(6));
    drop(open(&customer.client, &app.base_url).await);
});

app_test!(typing_is_told_every_two_seconds, with ONCE, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = thread_of(&customer).await;
    let mut stream = open(&customer.client, &app.base_url).await;
    say(&mut stream, json!({ "t": "sub", "threads": { thread.id.as_str(): [thread.epoch, 1] } })).await;
    assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Live(_))));
    for _ in 0..5 {
        say(&mut stream, json!({ "t": "typing", "thread": thread.id, "on": true })).await;
    }
    for _ in 0..4 {
        let refused = hear(&mut stream).await;
        assert!(
            matches!(&refused, Ok(ServerFrame::Error(error)) if error.after_ms == Some(2_000)),
            "{refused:?}"
        );
    }
    // It is of the moment, and no reason to cut the line.
    say(&mut stream, json!({ "t": "ping", "n": 1, "ct": 0 })).await;
    assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Pong(_))));
});

app_test!(a_socket_takes_so_much_and_no_more, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let mut threads = serde_json::Map::new();
    let mut last = None;
    for _ in 0..=SUBSCRIPTIONS_MAX {
        let thread = thread_of(&customer).await;
        threads.insert(thread.id.to_string(), json!([thread.epoch, 1]));
        last = Some(thread);
    }
    let mut stream = open(&customer.client, &app.base_url).await;
    say(&mut stream, json!({ "t": "sub", "id": "7", "threads": threads })).await;
    for _ in 0..SUBSCRIPTIONS_MAX {
        assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Live(_))));
    }
    let refused = hear(&mut stream).await;
    assert!(
        matches!(&refused, Ok(ServerFrame::Error(error)) if error.code == FrameErrorCode::TooMany
            && error.id.as_deref() == Some("7")),
        "{refused:?}"
    );
    // One place is free again.
    let first = threads.keys().next().unwrap();
    let last = last.unwrap();
    say(&mut stream, json!({ "t": "unsub", "threads": [first] })).await;
    say(
        &mut stream,
        json!({ "t": "sub", "threads": { last.id.as_str(): [last.epoch, 1] } }),
    )
    .await;
    assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Live(live)) if live.thread == last.id));

    let frame = |bytes: usize| text(1, &last, &"x".repeat(bytes));
    let fits = BODY_MAX - r#"{"type":"text","text":""}"#.len();
    say(&mut stream, frame(fits + 1)).await;
    assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Nack(nack)) if nack.code == NackCode::TooLarge));
    say(&mut stream, frame(fits)).await;
    assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Ack(_))));

    let deep = format!(r#"{{"t":"bye","x":{}{}}}"#, "[".repeat(16), "]".repeat(16));
    let mut other = open(&customer.client, &app.base_url).await;
    other.send(Message::text(deep)).await.unwrap();
    assert_eq!(hear(&mut other).await, Err(CloseReason::Malformed.code()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(app.app.sockets.count(), 1);
});
