//! People across threads: their own stream, leaving a company, and what they let others see.

use std::time::{Duration, Instant};

use common::{
    accounts::AccountRole,
    auth::StaffRole,
    chat::{
        Change, Cursor, ServerFrame, UserChange, UserEvent,
        server_frames::{FrameErrorCode, NackCode},
        settings::ChatSettings,
        threads::Thread,
    },
    ids::UserId,
};
use serde_json::{Value, json};

use crate::{
    chat_sockets::{event, follow, text, thread_of},
    sockets::{Stream, hear, open, open_with, say},
    support::{Client, TestApp, app::Customer},
};

/// The next event of the person's own stream; what happens in threads is passed over.
pub async fn own_event(stream: &mut Stream) -> UserEvent {
    loop {
        match hear(stream).await.unwrap() {
            ServerFrame::UserEvent(event) => return event,
            ServerFrame::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Nothing comes before the answer to a ping.
pub async fn hears_nothing(stream: &mut Stream) {
    say(stream, json!({ "t": "ping", "n": 4, "ct": 0 })).await;
    let heard = hear(stream).await;
    assert!(matches!(&heard, Ok(ServerFrame::Pong(_))), "{heard:?}");
}

fn settings(changed: Value) -> Value {
    let mut settings = serde_json::to_value(ChatSettings::default()).unwrap();
    settings
        .as_object_mut()
        .unwrap()
        .extend(changed.as_object().unwrap().clone());
    settings
}

/// Changes settings, and waits until this device has heard of it.
async fn set(client: &Client, stream: &mut Stream, changed: Value) {
    client.put("/chat/settings", settings(changed)).await.expect(200);
    assert!(matches!(own_event(stream).await.change, UserChange::Settings(_)));
}

async fn user_id(client: &Client) -> UserId {
    let me = client.get("/auth/me").await.expect(200).value();
    UserId::parse(me["user"]["id"].as_str().unwrap()).unwrap()
}

/// A customer and somebody of the staff who talk in a thread; both follow it.
async fn talk(app: &TestApp) -> (Customer, Client, Thread, Stream, Stream) {
    let customer = app.customer("owner@karoo.test").await;
    let support = app.staff(StaffRole::Support).await;
    let thread = thread_of(&customer).await;
    let mut here = open(&customer.client, &app.base_url).await;
    let mut there = open(&support, &app.base_url).await;
    follow(&mut here, &thread, "", 0).await;
    follow(&mut there, &thread, "", 0).await;
    say(&mut there, text(900, &thread, "Good day.")).await;
    assert!(matches!(hear(&mut there).await, Ok(ServerFrame::Ack(_))));
    for _ in 0..2 {
        event(&mut here).await;
    }
    assert!(matches!(own_event(&mut there).await.change, UserChange::Joined(_)));
    for _ in 0..2 {
        event(&mut there).await;
    }
    (customer, support, thread, here, there)
}

app_test!(one_s_own_stream_goes_on_after_a_cut_on_any_node, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let second = app.second_node();
    let (mut here, first) = open_with(&customer.client, &app.base_url, json!({})).await;
    let (mut there, _) = open_with(&customer.client.at_node(&second), &second, json!({})).await;
    assert_eq!(first.user_cursor.seq.get(), 0);
    assert!(!first.user_cursor.epoch.is_empty());
    let thread = thread_of(&customer).await;
    for stream in [&mut here, &mut there] {
        let joined = own_event(stream).await;
        assert_eq!(joined.seq.get(), 1);
        assert!(matches!(joined.change, UserChange::Joined(joined) if joined.thread == thread.id));
    }
    drop((here, there));
    for typing in [false, true, true] {
        let changed = settings(json!({ "shows_typing": typing }));
        customer.client.put("/chat/settings", changed).await.expect(200);
    }
    let cursor = |seq: u64| Cursor::from((first.user_cursor.epoch.clone(), seq.try_into().unwrap()));
    let (mut again, welcome) = open_with(
        &customer.client.at_node(&second),
        &second,
        json!({ "user_cursor": cursor(1) }),
    )
    .await;
    assert_eq!(welcome.user_cursor, cursor(3), "what changes nothing is no event");
    assert_eq!(own_event(&mut again).await.seq.get(), 2);
    assert_eq!(own_event(&mut again).await.seq.get(), 3);
    // A cursor of another stream gets nothing, and the client reads everything anew.
    let other = json!({ "user_cursor": ["another", 1] });
    let (mut lost, welcome) = open_with(&customer.client, &app.base_url, other).await;
    assert_eq!(welcome.user_cursor, cursor(3));
    hears_nothing(&mut lost).await;
});

app_test!(whoever_leaves_the_company_hears_no_more_within_two_seconds, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let member = app.member(&owner, AccountRole::Member).await;
    let support = app.staff(StaffRole::Support).await;
    let second = app.second_node();
    let thread = thread_of(&member).await;
    let mut here = open(&member.client, &app.base_url).await;
    let mut there = open(&member.client.at_node(&second), &second).await;
    let mut desk = open(&support, &second).await;
    for stream in [&mut here, &mut there, &mut desk] {
        follow(stream, &thread, "", 0).await;
    }
    let started = Instant::now();
    let path = format!("/accounts/{}/members/{}", owner.account_id, member.user_id);
    owner.client.delete(&path).await.expect(200);
    for stream in [&mut here, &mut there] {
        let left = own_event(stream).await;
        assert!(matches!(left.change, UserChange::Left(left) if left.thread == thread.id));
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    say(&mut desk, text(1, &thread, "Are you there?")).await;
    loop {
        if let ServerFrame::Event(event) = hear(&mut desk).await.unwrap()
            && matches!(event.change, Change::Created(_))
        {
            break;
        }
    }
    hears_nothing(&mut there).await;
    say(
        &mut there,
        json!({ "t": "sub", "threads": { thread.id.as_str(): ["", 0] } }),
    )
    .await;
    let refused = hear(&mut there).await;
    assert!(matches!(&refused, Ok(ServerFrame::Error(error)) if error.code == FrameErrorCode::Forbidden));
    say(&mut here, text(2, &thread, "Yes")).await;
    let refused = hear(&mut here).await;
    assert!(matches!(&refused, Ok(ServerFrame::Nack(nack)) if nack.code == NackCode::Forbidden));
    let gone = member.client.get(&format!("/chat/threads/{}", thread.id)).await;
    assert_eq!(gone.problem(), "404 not_found");
});

app_test!(staff_without_a_second_factor_read_no_threads_of_others, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = thread_of(&customer).await;
    let person = app.customer("new@staff.test").await;
    let statement = format!("update users set staff_role = 'admin' where id = '{}'", person.user_id);
    crate::support::rows::run(app, vec![statement]).await;
    let mut stream = open(&person.client, &app.base_url).await;
    say(
        &mut stream,
        json!({ "t": "sub", "threads": { thread.id.as_str(): ["", 0] } }),
    )
    .await;
    let refused = hear(&mut stream).await;
    assert!(matches!(&refused, Ok(ServerFrame::Error(error)) if error.code == FrameErrorCode::Forbidden));
});

app_test!(typing_is_told_by_those_who_want_it_and_not_between_the_blocked, |app| {
    let (customer, support, thread, mut here, mut there) = talk(app).await;
    let typing = json!({ "t": "typing", "thread": thread.id, "on": true });
    say(&mut here, typing.clone()).await;
    assert!(matches!(hear(&mut there).await, Ok(ServerFrame::Typing(_))));
    set(&customer.client, &mut here, json!({ "shows_typing": false })).await;
    say(&mut here, typing.clone()).await;
    hears_nothing(&mut here).await;
    hears_nothing(&mut there).await;
    // Blocking holds both ways.
    let blocked = json!({ "blocked": [user_id(&support).await] });
    set(&customer.client, &mut here, blocked).await;
    say(&mut here, typing.clone()).await;
    say(&mut there, typing.clone()).await;
    hears_nothing(&mut here).await;
    hears_nothing(&mut there).await;
    hears_nothing(&mut here).await;
    // Whom everybody else has blocked says nothing more.
    say(&mut there, text(901, &thread, "Hello?")).await;
    let refused = hear(&mut there).await;
    assert!(matches!(&refused, Ok(ServerFrame::Nack(nack)) if nack.code == NackCode::Blocked && !nack.retry));
    say(&mut there, text(900, &thread, "Good day.")).await;
    let known = hear(&mut there).await;
    assert!(
        matches!(&known, Ok(ServerFrame::Ack(ack)) if ack.dup),
        "what was said stays said"
    );
    say(&mut here, text(1, &thread, "Not today.")).await;
    assert!(matches!(hear(&mut here).await, Ok(ServerFrame::Ack(_))));
    // Invisible people do not type either.
    set(&customer.client, &mut here, json!({})).await;
    event(&mut there).await;
    say(&mut here, json!({ "t": "presence", "state": "invisible" })).await;
    say(&mut here, typing).await;
    hears_nothing(&mut here).await;
    hears_nothing(&mut there).await;
});

app_test!(read_receipts_are_mutual, |app| {
    let (customer, support, thread, mut here, mut there) = talk(app).await;
    let marks = |event: &common::chat::Event| match &event.change {
        Change::Read(mark) => Some((mark.user, mark.seq.get())),
        Change::Unknown { kind, data } => {
            assert_eq!((kind.as_str(), data, event.by), ("read", &json!({}), None));
            None
        }
        other => panic!("{other:?}"),
    };
    say(&mut here, json!({ "t": "read", "thread": thread.id, "seq": 3 })).await;
    let told = event(&mut there).await;
    assert_eq!(marks(&told), Some((customer.user_id, 3)));
    event(&mut here).await;

    // Who hides it moves the marker and says nothing.
    set(&support, &mut there, json!({ "shows_reading": false })).await;
    say(&mut there, json!({ "t": "read", "thread": thread.id, "seq": 4 })).await;
    hears_nothing(&mut there).await;
    hears_nothing(&mut here).await;
    let seen: Thread = support
        .get(&format!("/chat/threads/{}", thread.id))
        .await
        .expect(200)
        .json();
    assert_eq!(seen.read.unwrap().get(), 4);
    // Nor is it told what others have read: live, when catching up, and by asking.
    say(&mut here, json!({ "t": "read", "thread": thread.id, "seq": 4 })).await;
    assert_eq!(marks(&event(&mut here).await), Some((customer.user_id, 4)));
    assert_eq!(marks(&event(&mut there).await), None);
    let (missed, head) = follow(&mut there, &thread, &thread.epoch, 3).await;
    assert_eq!(
        (missed.iter().map(marks).collect::<Vec<_>>(), head),
        (vec![None, None], 5)
    );
    say(
        &mut there,
        json!({ "t": "fetch", "thread": thread.id, "after": 3, "limit": 9 }),
    )
    .await;
    let Ok(ServerFrame::Sync(sync)) = hear(&mut there).await else {
        panic!("no sync")
    };
    assert_eq!(sync.items.iter().map(marks).collect::<Vec<_>>(), [None, None]);

    // Shown again by both, and hidden from whom one blocks.
    set(&support, &mut there, json!({})).await;
    let (missed, _) = follow(&mut there, &thread, &thread.epoch, 3).await;
    assert!(missed.iter().all(|event| marks(event).is_some()));
    let blocked = json!({ "blocked": [user_id(&support).await] });
    set(&customer.client, &mut here, blocked).await;
    let (missed, _) = follow(&mut there, &thread, &thread.epoch, 3).await;
    assert!(missed.iter().all(|event| marks(event).is_none()));
});

app_test!(settings_are_whole_and_right, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let own: ChatSettings = customer.client.get("/chat/settings").await.expect(200).json();
    assert_eq!(own, ChatSettings::default());
    let unknown = "01929b7e-7c1c-7000-8000-000000000001";
    for (changed, field, code) in [
        (json!({ "retention_days": 0 }), "retention_days", "out_of_range"),
        (json!({ "retention_days": 3651 }), "retention_days", "out_of_range"),
        (json!({ "blocked": [customer.user_id] }), "blocked", "self"),
        (json!({ "blocked": [unknown] }), "blocked", "unknown"),
    ] {
        let refused = customer
            .client
            .put("/chat/settings", settings(changed))
            .await
            .expect(422)
            .value();
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!(field), &json!(code))
        );
    }
    let partial = customer
        .client
        .put("/chat/settings", json!({ "shows_typing": false }))
        .await;
    assert_eq!(partial.expect(422).value()["errors"][0]["field"], "shows_presence");
    let other = app.customer("other@kalkbay.test").await;
    let changed =
        settings(json!({ "retention_days": 30, "blocked": [other.user_id, other.user_id], "is_discoverable": false }));
    let set: ChatSettings = customer.client.put("/chat/settings", changed).await.expect(200).json();
    assert_eq!((set.retention_days, &set.blocked[..]), (Some(30), &[other.user_id][..]));
    let stored: ChatSettings = customer.client.get("/chat/settings").await.expect(200).json();
    assert_eq!(stored, set);
    let others: ChatSettings = other.client.get("/chat/settings").await.expect(200).json();
    assert_eq!(others, ChatSettings::default());
});
