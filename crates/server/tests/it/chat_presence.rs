//! Who is here: over devices and nodes, and never told of those who hide.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use common::{
    auth::StaffRole,
    chat::{
        ServerFrame,
        server_frames::{PresenceState, Seen},
        settings::ChatSettings,
    },
    ids::UserId,
};
use serde_json::{Value, json};

use crate::{
    chat_sockets::{follow, thread_of},
    sockets::{Stream, hear_any, open, open_with, say},
    support::{Client, TestApp},
};

/// Reads until somebody is told to be in a state.
async fn until(stream: &mut Stream, user: UserId, state: PresenceState) -> Seen {
    let started = Instant::now();
    loop {
        if let ServerFrame::Presence(presence) = hear_any(stream).await.unwrap()
            && let Some(seen) = presence.users.get(&user)
        {
            if seen.0 == state {
                return *seen;
            }
            assert!(started.elapsed() < Duration::from_secs(5), "{seen:?} and not {state}");
        }
    }
}

/// What is told of somebody within two looks of every node.
async fn told(stream: &mut Stream, user: UserId) -> Vec<Seen> {
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    say(stream, json!({ "t": "ping", "n": 4, "ct": 0 })).await;
    let mut told = Vec::new();
    loop {
        match hear_any(stream).await.unwrap() {
            ServerFrame::Presence(presence) => told.extend(presence.users.get(&user)),
            ServerFrame::Pong(_) => return told,
            _ => {}
        }
    }
}

async fn set(client: &Client, changed: Value) {
    let mut settings = serde_json::to_value(ChatSettings::default()).unwrap();
    settings
        .as_object_mut()
        .unwrap()
        .extend(changed.as_object().unwrap().clone());
    client.put("/chat/settings", settings).await.expect(200);
}

fn later(app: &TestApp, seconds: i64) {
    app.advance(TimeDelta::seconds(seconds));
}

app_test!(three_devices_on_two_nodes_settle, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let support = app.staff(StaffRole::Support).await;
    let thread = thread_of(&customer).await;
    let second = app.second_node();
    let mut desk = open(&support, &app.base_url).await;
    follow(&mut desk, &thread, "", 0).await;
    let user = customer.user_id;
    assert_eq!(
        until(&mut desk, user, PresenceState::Offline).await.1,
        None,
        "never here"
    );

    later(app, 11);
    let mut laptop = open(&customer.client, &app.base_url).await;
    let elsewhere = customer.client.at_node(&second);
    let (mut phone, _) = open_with(&elsewhere, &second, json!({ "presence": "away" })).await;
    let (tablet, _) = open_with(&elsewhere, &second, json!({ "presence": "away" })).await;
    assert_eq!(
        until(&mut desk, user, PresenceState::Online).await,
        Seen(PresenceState::Online, None)
    );

    later(app, 11);
    let away = json!({ "t": "presence", "state": "away", "idle_s": 301 });
    say(&mut laptop, away.clone()).await;
    until(&mut desk, user, PresenceState::Away).await;
    later(app, 11);
    say(&mut phone, json!({ "t": "presence", "state": "online" })).await;
    until(&mut desk, user, PresenceState::Online).await;

    // Everything closes; for thirty seconds it may be a reload.
    drop((laptop, phone, tablet));
    later(app, 11);
    assert_eq!(told(&mut desk, user).await, []);
    let left_at = app.app.clock.now();
    later(app, 31);
    let seen = until(&mut desk, user, PresenceState::Offline).await.1.unwrap();
    assert!(seen <= left_at && seen >= left_at - TimeDelta::seconds(12), "{seen}");
    // Whoever looks later is told at once.
    let mut other = open(&support, &app.base_url).await;
    say(
        &mut other,
        json!({ "t": "sub", "threads": { thread.id.as_str(): ["", 0] } }),
    )
    .await;
    assert_eq!(until(&mut other, user, PresenceState::Offline).await.1, Some(seen));
});

app_test!(whoever_hides_is_not_told_of, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let support = app.staff(StaffRole::Support).await;
    let thread = thread_of(&customer).await;
    let user = customer.user_id;
    let hidden = json!({ "presence": "invisible" });
    let (mut here, _) = open_with(&customer.client, &app.base_url, hidden).await;
    let mut desk = open(&support, &app.base_url).await;
    follow(&mut desk, &thread, "", 0).await;
    assert_eq!(until(&mut desk, user, PresenceState::Offline).await.1, None);
    // One device that hides hides the person.
    let _other = open(&customer.client, &app.base_url).await;
    later(app, 11);
    assert_eq!(told(&mut desk, user).await, []);

    say(&mut here, json!({ "t": "presence", "state": "online" })).await;
    until(&mut desk, user, PresenceState::Online).await;
    later(app, 11);
    set(&customer.client, json!({ "shows_presence": false })).await;
    assert_eq!(until(&mut desk, user, PresenceState::Unknown).await.1, None);
    later(app, 11);
    say(&mut here, json!({ "t": "presence", "state": "away" })).await;
    assert_eq!(told(&mut desk, user).await, []);

    // Somebody who is blocked is told nothing, and sees nothing when coming back.
    let me = support.get("/auth/me").await.expect(200).value();
    set(&customer.client, json!({ "blocked": [me["user"]["id"]] })).await;
    later(app, 11);
    assert_eq!(told(&mut desk, user).await, []);
    let mut again = open(&support, &app.base_url).await;
    follow(&mut again, &thread, "", 0).await;
    assert_eq!(told(&mut again, user).await, []);
    // Nothing of the moment for a line that is too slow for it.
    set(&customer.client, json!({ "shows_last_seen": false })).await;
    // The node knows how they are by now.
    assert_eq!(told(&mut desk, user).await, []);
    let (mut lite, _) = open_with(&support, &app.base_url, json!({ "caps": ["lite"] })).await;
    follow(&mut lite, &thread, "", 0).await;
    later(app, 11);
    assert_eq!(told(&mut lite, user).await, []);
});
