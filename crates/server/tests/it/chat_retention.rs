//! How long messages are kept, and what one may take along and away.

use chrono::TimeDelta;
use common::{
    auth::StaffRole,
    chat::{
        Body, ItemStatus, ServerFrame, UserChange,
        server_frames::GapReason,
        settings::{ChatSettings, HistoryDeleted},
        threads::{Items, Thread},
    },
    ids::ThreadId,
};
use serde_json::{Value, json};
use server::{
    chat::{retention, threads::store},
    db::{Conn, QueryResult},
};

use crate::{
    chat_people::own_event,
    chat_sockets::{cid, follow, text, thread_of},
    sockets::{Stream, hear, open, say},
    support::{
        TestApp,
        app::{Customer, PASSWORD},
        rows,
    },
};

async fn send(stream: &mut Stream, frame: Value) -> common::chat::server_frames::Ack {
    say(stream, frame).await;
    loop {
        match hear(stream).await.unwrap() {
            ServerFrame::Ack(ack) => return ack,
            ServerFrame::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn items(customer: &Customer, thread: &Thread) -> Items {
    let path = format!("/chat/threads/{}/items", thread.id);
    customer.client.get(&path).await.expect(200).json()
}

fn settings(retention_days: u32) -> Value {
    json!(ChatSettings {
        retention_days: Some(retention_days),
        ..ChatSettings::default()
    })
}

/// Everything that the database holds of a thread.
async fn stored(app: &TestApp, id: ThreadId) -> String {
    let read = move |conn: &mut Conn| -> QueryResult<_> {
        let events = store::load_events(conn, id, 0, 10_000)?;
        let items = store::load_items(conn, id, None, 10_000)?;
        let data = events.into_iter().map(|event| event.data);
        Ok(data.chain(items.into_iter().filter_map(|item| item.body)).collect())
    };
    app.app.db.read(read).await.unwrap()
}

/// Days later the login has ended; signs in again and opens a socket.
async fn back(app: &TestApp, customer: &Customer) -> Stream {
    customer.client.refresh_csrf().await;
    customer.client.sign_in(&customer.email, PASSWORD).await.expect(200);
    open(&customer.client, &app.base_url).await
}

async fn purge(app: &TestApp) -> usize {
    retention::purge_due(&app.app).await.unwrap()
}

app_test!(what_is_older_than_it_is_kept_leaves_no_body, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = thread_of(&customer).await;
    let other = thread_of(&app.customer("other@kalkbay.test").await).await;
    let mut stream = open(&customer.client, &app.base_url).await;
    let first = send(&mut stream, text(1, &thread, "an old secret")).await;
    send(&mut stream, text(2, &thread, "another secret")).await;
    customer.client.put("/chat/settings", settings(7)).await.expect(200);
    own_event(&mut stream).await;
    app.advance(TimeDelta::days(6));
    assert_eq!(purge(app).await, 0);
    let mut stream = back(app, &customer).await;
    // What was written long ago is gone with everything that was said of it since.
    let edit =
        json!({ "t": "edit", "cid": cid(3), "item": first.item, "body": { "type": "text", "text": "a new secret" } });
    send(&mut stream, edit).await;
    send(&mut stream, text(4, &thread, "kept")).await;
    app.advance(TimeDelta::days(2));
    let mut stream = back(app, &customer).await;
    assert_eq!(purge(app).await, 1);
    assert_eq!(purge(app).await, 0, "once");

    assert!(!stored(app, thread.id).await.contains("secret"));
    let left = items(&customer, &thread).await;
    assert_eq!(left.floor.get(), 3);
    let bodies: Vec<_> = left.items.iter().map(|item| item.body.clone().unwrap()).collect();
    assert_eq!(bodies, [Body::text("kept")]);
    let purged = own_event(&mut stream).await.change;
    assert!(matches!(purged, UserChange::Purged(purged) if (purged.thread, purged.floor.get()) == (thread.id, 3)));
    // Cursors below the floor lead nowhere, the floor itself does.
    for frame in [
        json!({ "t": "fetch", "thread": thread.id, "after": 2, "limit": 10 }),
        json!({ "t": "sub", "threads": { thread.id.as_str(): [thread.epoch, 2] } }),
    ] {
        say(&mut stream, frame).await;
        let gap = hear(&mut stream).await;
        assert!(matches!(&gap, Ok(ServerFrame::Gap(gap)) if gap.why == GapReason::Retention && gap.floor.get() == 3));
    }
    assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Live(_))));
    let (missed, head) = follow(&mut stream, &thread, &thread.epoch, 3).await;
    assert_eq!((missed.len(), head), (2, 5));
    // What was sent stays known; it is not written again.
    assert!(send(&mut stream, text(1, &thread, "an old secret")).await.dup);
    assert_eq!(items(&customer, &thread).await.items.len(), 1);
    // Everything goes when its time comes, and the thread lives on.
    app.advance(TimeDelta::days(8));
    assert_eq!(purge(app).await, 1);
    drop(back(app, &customer).await);
    let known: Thread = customer
        .client
        .get(&format!("/chat/threads/{}", thread.id))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (known.floor.get(), known.head.get(), known.unread, known.last),
        (5, 5, 0, None)
    );
    assert_eq!(stored(app, thread.id).await, "");
    assert!(!stored(app, other.id).await.is_empty(), "others keep theirs");
});

app_test!(the_shortest_time_counts_and_the_law_before_it, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let support = app.staff(StaffRole::Support).await;
    let thread = thread_of(&customer).await;
    let mut stream = open(&customer.client, &app.base_url).await;
    send(&mut stream, text(1, &thread, "secret")).await;
    let mut desk = open(&support, &app.base_url).await;
    send(&mut desk, text(2, &thread, "secret")).await;
    // The staff decide nothing about it.
    support.put("/chat/settings", settings(1)).await.expect(200);
    app.advance(TimeDelta::days(5));
    assert_eq!(purge(app).await, 0);
    drop(back(app, &customer).await);
    let refused = customer
        .client
        .put("/chat/retention", json!({ "days": 0 }))
        .await
        .expect(422)
        .value();
    assert_eq!(refused["errors"][0]["field"], "days");
    for _ in 0..2 {
        let set = customer
            .client
            .put("/chat/retention", json!({ "days": 3 }))
            .await
            .expect(200);
        assert_eq!(set.value(), json!({ "days": 3 }));
    }
    assert_eq!(
        customer.client.get("/chat/retention").await.expect(200).value(),
        json!({ "days": 3 })
    );
    let log = customer
        .client
        .get("/audit?action=account.changed")
        .await
        .expect(200)
        .value();
    assert_eq!(
        log["items"].as_array().unwrap().len(),
        1,
        "what changes nothing is no change"
    );
    assert_eq!(log["items"][0]["changes"][0]["field"], "chat_retention_days");
    customer.client.put("/chat/settings", settings(4)).await.expect(200);

    let hold = |is_held: bool| {
        let (id, held) = (customer.account_id, if is_held { "1 = 1" } else { "1 = 0" });
        vec![format!(
            "update chat_accounts set is_held = ({held}) where account_id = '{id}'"
        )]
    };
    rows::run(app, hold(true)).await;
    assert_eq!(purge(app).await, 0);
    rows::run(app, hold(false)).await;
    assert_eq!(purge(app).await, 1);
    assert!(!stored(app, thread.id).await.contains("secret"));
    let forever = customer.client.put("/chat/retention", json!({})).await.expect(200);
    assert_eq!(forever.value(), json!({ "days": null }));
});

app_test!(one_takes_one_s_own_along_and_away, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let support = app.staff(StaffRole::Support).await;
    let (thread, second) = (thread_of(&customer).await, thread_of(&customer).await);
    let mut stream = open(&customer.client, &app.base_url).await;
    let mut desk = open(&support, &app.base_url).await;
    send(&mut desk, text(900, &thread, "of the desk")).await;
    own_event(&mut desk).await;
    for number in 1..=3 {
        send(&mut stream, text(number, &thread, "my \"secret\"")).await;
    }
    send(&mut stream, text(4, &second, "my other secret")).await;
    let export = customer.client.get("/chat/export").await.expect(200);
    assert_eq!(
        export.headers["content-disposition"],
        "attachment; filename=\"chat.json\""
    );
    let own = export.value();
    assert_eq!(own["user_id"], customer.user_id.as_str());
    assert_eq!(own["threads"].as_array().unwrap().len(), 2);
    assert_eq!(own["settings"], json!(ChatSettings::default()));
    let texts: Vec<_> = own["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["body"]["text"])
        .collect();
    assert_eq!(
        texts,
        ["my \"secret\"", "my \"secret\"", "my \"secret\"", "my other secret"]
    );
    let none = app.customer("other@kalkbay.test").await;
    let empty = none.client.get("/chat/export").await.expect(200).value();
    assert_eq!((&empty["threads"], &empty["items"]), (&json!([]), &json!([])));

    follow(&mut desk, &thread, "", 0).await;
    let deleted: HistoryDeleted = customer.client.delete("/chat/history").await.expect(200).json();
    assert_eq!(deleted.items, 4);
    for _ in 0..3 {
        assert!(
            matches!(hear(&mut desk).await, Ok(ServerFrame::Event(event)) if event.change.kind() == "item.deleted")
        );
    }
    let again: HistoryDeleted = customer.client.delete("/chat/history").await.expect(200).json();
    assert_eq!(again.items, 0);
    for id in [thread.id, second.id] {
        assert!(!stored(app, id).await.contains("secret"));
    }
    assert!(stored(app, thread.id).await.contains("of the desk"));
    let own = customer.client.get("/chat/export").await.expect(200);
    assert!(!own.body.contains("secret"));
    let shown = items(&customer, &thread).await;
    let statuses: Vec<_> = shown.items.iter().map(|item| item.status).collect();
    assert_eq!(
        statuses,
        [
            ItemStatus::Deleted,
            ItemStatus::Deleted,
            ItemStatus::Deleted,
            ItemStatus::Done
        ]
    );
});
