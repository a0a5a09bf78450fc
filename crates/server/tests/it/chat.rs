//! Threads and their logs: who sees them, and that a message is written once and has one number.

use std::collections::BTreeSet;

use common::{
    Page,
    auth::StaffRole,
    chat::{
        Body, Seq,
        threads::{Items, Placement, Thread},
    },
    ids::{ClientMessageId, ItemId, UserId},
};
use futures_util::{StreamExt, stream};
use serde_json::json;
use server::{
    chat::{
        log::{self, Message, Refusal, Sent},
        threads::store,
    },
    db::{Conn, QueryResult},
};

use crate::support::{TestApp, app::Customer};

async fn open(customer: &Customer) -> Thread {
    customer
        .client
        .post("/chat/threads", json!({}))
        .await
        .expect(201)
        .json()
}

fn message(app: &TestApp, thread: &Thread, sender_id: UserId, text: &str) -> Message {
    Message {
        thread_id: thread.id,
        sender_id,
        cid: app.app.clock.new_id::<ClientMessageId>(),
        reply_to: None,
        body: Body::text(text),
    }
}

async fn send(app: &TestApp, message: Message) -> Result<Sent, Refusal> {
    let (id, now) = (app.app.clock.new_id::<ItemId>(), app.app.clock.now());
    app.app
        .db
        .write(move |conn: &mut Conn| -> QueryResult<_> { log::send(conn, &message, id, now) })
        .await
        .unwrap()
}

async fn items(customer: &Customer, thread: &Thread, query: &str) -> Items {
    let path = format!("/chat/threads/{}/items{query}", thread.id);
    customer.client.get(&path).await.expect(200).json()
}

fn texts(items: &Items) -> Vec<String> {
    let bodies = items.items.iter().map(|item| match &item.body {
        Some(Body::Text { text }) => text.clone(),
        other => format!("{other:?}"),
    });
    bodies.collect()
}

app_test!(a_thread_is_opened_written_into_and_read_pagewise, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = open(&customer).await;
    assert_eq!(
        (thread.title.as_str(), thread.placement),
        ("Support", Placement::Support)
    );
    assert_eq!((thread.head.get(), thread.unread, thread.last.is_none()), (1, 0, true));
    assert_eq!(thread.members[0].user_id, customer.user_id);
    for number in 1..=5 {
        let sent = send(app, message(app, &thread, customer.user_id, &format!("{number}"))).await;
        assert_eq!(sent.unwrap().seq.get(), number + 1);
    }
    let newest = items(&customer, &thread, "?limit=2").await;
    assert_eq!(
        (texts(&newest), newest.more),
        (vec!["5".to_owned(), "4".to_owned()], true)
    );
    let before = newest.items[1].seq.get();
    let rest = items(&customer, &thread, &format!("?limit=3&before={before}")).await;
    assert_eq!(
        (texts(&rest), rest.more),
        (vec!["3".to_owned(), "2".to_owned(), "1".to_owned()], false)
    );
    let known: Thread = customer
        .client
        .get(&format!("/chat/threads/{}", thread.id))
        .await
        .expect(200)
        .json();
    assert_eq!((known.head.get(), known.unread), (6, 0), "whoever writes has read");
    assert_eq!(known.last.unwrap().id, newest.items[0].id);
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?before=-1", "before"),
        ("?after=1", "after"),
    ] {
        let refused = customer
            .client
            .get(&format!("/chat/threads/{}/items{query}", thread.id))
            .await;
        assert_eq!(refused.expect(422).value()["errors"][0]["field"], field);
    }
});

app_test!(threads_are_seen_by_their_members_and_the_staff, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let other = app.customer("other@kalkbay.test").await;
    let support = app.staff(StaffRole::Support).await;
    let thread = open(&customer).await;
    let listed = |page: &Page<Thread>| page.items.iter().map(|thread| thread.id).collect::<Vec<_>>();
    let own: Page<Thread> = customer.client.get("/chat/threads").await.expect(200).json();
    let foreign: Page<Thread> = other.client.get("/chat/threads").await.expect(200).json();
    let all: Page<Thread> = support.get("/chat/threads").await.expect(200).json();
    assert_eq!(
        (listed(&own), listed(&foreign), listed(&all)),
        (vec![thread.id], vec![], vec![thread.id])
    );
    let path = format!("/chat/threads/{}", thread.id);
    assert_eq!(other.client.get(&path).await.problem(), "404 not_found");
    let seen: Thread = support.get(&path).await.expect(200).json();
    assert_eq!((seen.read, seen.unread), (None, 0), "staff are no member");
    // Nobody writes where they do not belong.
    assert_eq!(
        send(app, message(app, &thread, other.user_id, "hello")).await,
        Err(Refusal::Forbidden)
    );
    assert_eq!(items(&customer, &thread, "").await.items, []);
});

app_test!(what_is_sent_again_is_told_and_not_written, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = open(&customer).await;
    let hello = message(app, &thread, customer.user_id, "hello");
    let first = send(app, hello.clone()).await.unwrap();
    assert!(first.event.is_some());
    app.advance(chrono::TimeDelta::minutes(20));
    let again = send(app, hello.clone()).await.unwrap();
    assert_eq!(
        (again.seq, again.item_id, again.at),
        (first.seq, first.item_id, first.at)
    );
    assert_eq!(again.event, None, "nobody is told twice");
    assert_eq!(items(&customer, &thread, "").await.items.len(), 1);
    // Eight at once, of one message.
    let sent: Vec<_> = stream::iter(0..8)
        .map(|_| {
            let hello = Message {
                cid: ClientMessageId::parse("01929b7e-7c1c-7000-8000-000000000001").unwrap(),
                ..hello.clone()
            };
            send(app, hello)
        })
        .buffer_unordered(8)
        .collect()
        .await;
    assert_eq!(
        sent.iter()
            .filter(|sent| sent.as_ref().unwrap().event.is_some())
            .count(),
        1
    );
    assert_eq!(
        sent.iter()
            .map(|sent| sent.as_ref().unwrap().seq)
            .collect::<BTreeSet<_>>()
            .len(),
        1
    );
    // An id of one thread is none of another.
    let second = open(&customer).await;
    let elsewhere = Message {
        thread_id: second.id,
        ..hello.clone()
    };
    assert_eq!(send(app, elsewhere).await, Err(Refusal::Invalid));
    for (body, refusal) in [(" ", Refusal::Invalid), (&"x".repeat(17_000), Refusal::TooLarge)] {
        assert_eq!(
            send(app, message(app, &thread, customer.user_id, body)).await,
            Err(refusal)
        );
    }
    let answer = Message {
        reply_to: Some(app.app.clock.new_id()),
        ..message(app, &thread, customer.user_id, "yes")
    };
    assert_eq!(send(app, answer).await, Err(Refusal::Invalid));
});

app_test!(a_log_has_no_hole_and_one_order, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = open(&customer).await;
    let count = 200_u64;
    let sent: Vec<_> = stream::iter(0..count)
        .map(|number| send(app, message(app, &thread, customer.user_id, &number.to_string())))
        .buffer_unordered(32)
        .collect()
        .await;
    let told: BTreeSet<Seq> = sent.iter().map(|sent| sent.as_ref().unwrap().seq).collect();
    assert_eq!(told.len(), count as usize);
    let id = thread.id;
    let events = app
        .app
        .db
        .read(move |conn: &mut Conn| store::load_events(conn, id, 0, 1_000))
        .await
        .unwrap();
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=count as i64 + 1).collect::<Vec<_>>());
    // What was told is what stands there.
    for sent in sent.into_iter().map(Result::unwrap) {
        let row = &events[usize::try_from(sent.seq.get()).unwrap() - 1];
        assert_eq!(sent.event, Some(log::event(row)));
    }
});
