//! Threads over the socket: catching up, telling in order, and what is acknowledged.

use common::{
    auth::StaffRole,
    chat::{
        Body, Change, Event, ServerFrame,
        server_frames::{FrameErrorCode, GapReason, NackCode},
        threads::{Items, Thread},
    },
    ids::{ClientMessageId, ItemId},
};
use serde_json::{Value, json};
use server::{
    chat::log::{self, Message},
    db::{Conn, QueryResult},
};

use crate::{
    sockets::{Stream, hear, open, say},
    support::app::Customer,
};

pub async fn thread_of(customer: &Customer) -> Thread {
    customer
        .client
        .post("/chat/threads", json!({}))
        .await
        .expect(201)
        .json()
}

pub fn cid(number: u32) -> String {
    format!("01929b7e-7c1c-7000-8000-{number:012}")
}

pub fn text(cid_number: u32, thread: &Thread, text: &str) -> Value {
    json!({
        "t": "send", "cid": cid(cid_number), "thread": thread.id, "lane": 0,
        "body": { "type": "text", "text": text }, "queued_at": "2026-11-24T07:14:00.000Z",
    })
}

/// Follows the thread from a position, and hears until it is live: the events that were missed, and the end.
pub async fn follow(stream: &mut Stream, thread: &Thread, epoch: &str, seq: u64) -> (Vec<Event>, u64) {
    say(
        stream,
        json!({ "t": "sub", "id": "1", "threads": { thread.id.as_str(): [epoch, seq] } }),
    )
    .await;
    let mut events = Vec::new();
    loop {
        match hear(stream).await.unwrap() {
            ServerFrame::Sync(sync) => events.extend(sync.items),
            ServerFrame::Live(live) => return (events, live.seq.get()),
            other => panic!("{other:?}"),
        }
    }
}

pub async fn event(stream: &mut Stream) -> Event {
    match hear(stream).await.unwrap() {
        ServerFrame::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

pub fn said(event: &Event) -> String {
    match &event.change {
        Change::Created(created) => match &created.body {
            Body::Text { text } => text.clone(),
            other => format!("{other:?}"),
        },
        other => other.kind().to_owned(),
    }
}

app_test!(two_people_talk_and_each_hears_the_other_in_order, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let support = app.staff(StaffRole::Support).await;
    let thread = thread_of(&customer).await;
    let mut here = open(&customer.client, &app.base_url).await;
    let mut there = open(&support, &app.base_url).await;
    assert_eq!(follow(&mut here, &thread, "", 0).await.1, 1);
    assert_eq!(follow(&mut there, &thread, "", 0).await.1, 1);

    say(&mut here, text(1, &thread, "The invoice is wrong.")).await;
    let ServerFrame::Ack(ack) = hear(&mut here).await.unwrap() else {
        panic!("no ack")
    };
    assert_eq!((ack.cid.to_string(), ack.seq.get(), ack.dup), (cid(1), 2, false));
    let (own, other_s) = (event(&mut here).await, event(&mut there).await);
    assert_eq!(
        (said(&own), own.cid.map(|id| id.to_string())),
        ("The invoice is wrong.".to_owned(), Some(cid(1)))
    );
    assert_eq!(
        (said(&other_s), other_s.cid),
        ("The invoice is wrong.".to_owned(), None),
        "only authors are told"
    );

    say(&mut here, json!({ "t": "typing", "thread": thread.id, "on": true })).await;
    let ServerFrame::Typing(typing) = hear(&mut there).await.unwrap() else {
        panic!("no typing")
    };
    assert_eq!((typing.user, typing.on), (customer.user_id, true));

    // Whoever of the staff answers joins.
    say(&mut there, text(2, &thread, "We look into it.")).await;
    assert!(matches!(hear(&mut there).await, Ok(ServerFrame::Ack(ack)) if ack.seq.get() == 4));
    let heard = [said(&event(&mut here).await), said(&event(&mut here).await)];
    assert_eq!(heard, ["member", "We look into it."]);
    let items: Items = customer
        .client
        .get(&format!("/chat/threads/{}/items", thread.id))
        .await
        .expect(200)
        .json();
    assert_eq!(items.items.len(), 2);
});

app_test!(what_was_missed_comes_once_and_in_order_after_a_cut, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = thread_of(&customer).await;
    let mut stream = open(&customer.client, &app.base_url).await;
    follow(&mut stream, &thread, "", 0).await;
    for number in 1..=3 {
        say(&mut stream, text(number, &thread, &number.to_string())).await;
    }
    // The answers are lost with the line; the same is sent again.
    drop(stream);
    let mut stream = open(&customer.client, &app.base_url).await;
    let batch: Vec<Value> = (1..=4)
        .map(|number| text(number, &thread, &number.to_string()))
        .collect();
    say(&mut stream, json!(batch)).await;
    let mut seqs = Vec::new();
    for _ in 0..4 {
        let ServerFrame::Ack(ack) = hear(&mut stream).await.unwrap() else {
            panic!("no ack")
        };
        seqs.push(ack.seq.get());
    }
    let (events, head) = follow(&mut stream, &thread, &thread.epoch, 1).await;
    assert_eq!(head, 5);
    let mut heard: Vec<String> = events.iter().map(said).collect();
    assert_eq!(
        events.iter().map(|event| event.seq.get()).collect::<Vec<_>>(),
        [2, 3, 4, 5]
    );
    heard.sort_unstable();
    assert_eq!(heard, ["1", "2", "3", "4"], "each once");
    seqs.sort_unstable();
    assert_eq!(seqs, [2, 3, 4, 5]);
});

app_test!(what_another_node_wrote_is_read_from_the_log, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = thread_of(&customer).await;
    let mut stream = open(&customer.client, &app.base_url).await;
    follow(&mut stream, &thread, "", 0).await;
    // Written without a word to this node's hub.
    for number in [7, 8] {
        let message = Message {
            thread_id: thread.id,
            sender_id: customer.user_id,
            cid: ClientMessageId::parse(&cid(number)).unwrap(),
            reply_to: None,
            body: Body::text(number.to_string()),
        };
        let (id, now) = (app.app.clock.new_id::<ItemId>(), app.app.clock.now());
        let write = move |conn: &mut Conn| -> QueryResult<_> { log::send(conn, &message, id, now) };
        app.app.db.write(write).await.unwrap().unwrap();
    }
    say(&mut stream, text(9, &thread, "9")).await;
    assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Ack(ack)) if ack.seq.get() == 4));
    let heard = [
        event(&mut stream).await,
        event(&mut stream).await,
        event(&mut stream).await,
    ];
    assert_eq!(heard.each_ref().map(said), ["7", "8", "9"]);
});

app_test!(a_cursor_that_leads_nowhere_gets_a_gap, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = thread_of(&customer).await;
    let mut stream = open(&customer.client, &app.base_url).await;
    for (epoch, seq, why) in [
        ("another", 1, GapReason::Epoch),
        (thread.epoch.as_str(), 99, GapReason::Epoch),
    ] {
        say(
            &mut stream,
            json!({ "t": "sub", "threads": { thread.id.as_str(): [epoch, seq] } }),
        )
        .await;
        let ServerFrame::Gap(gap) = hear(&mut stream).await.unwrap() else {
            panic!("no gap")
        };
        assert_eq!(
            (gap.why, gap.head.get(), gap.epoch.as_str()),
            (why, 1, thread.epoch.as_str())
        );
        assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Live(live)) if live.seq.get() == 1));
    }
});

app_test!(threads_of_others_are_closed, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let other = app.customer("other@kalkbay.test").await;
    let thread = thread_of(&customer).await;
    let mut stream = open(&other.client, &app.base_url).await;
    for frame in [
        json!({ "t": "sub", "threads": { thread.id.as_str(): ["", 0] } }),
        json!({ "t": "fetch", "thread": thread.id, "after": 0, "limit": 10 }),
        json!({ "t": "read", "thread": thread.id, "seq": 1 }),
        json!({ "t": "typing", "thread": thread.id, "on": true }),
    ] {
        say(&mut stream, frame.clone()).await;
        let refused = hear(&mut stream).await;
        assert!(
            matches!(&refused, Ok(ServerFrame::Error(error)) if error.code == FrameErrorCode::Forbidden),
            "{frame}: {refused:?}"
        );
    }
    say(&mut stream, text(1, &thread, "let me in")).await;
    let refused = hear(&mut stream).await;
    assert!(matches!(&refused, Ok(ServerFrame::Nack(nack)) if nack.code == NackCode::Forbidden && !nack.retry));
});
