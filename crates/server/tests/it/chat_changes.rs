//! What authors change and take back: once, by themselves only, and without a trace of the body.

use common::{
    auth::StaffRole,
    chat::{
        Body, Change, ItemStatus, ServerFrame,
        server_frames::{Ack, NackCode},
        threads::{Items, Thread},
    },
    ids::{ClientMessageId, ItemId, ThreadId},
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use server::{
    chat::{
        changes::{self, Deed, Wish},
        threads::store,
    },
    db::{Conn, QueryResult},
};

use crate::{
    chat_sockets::{cid, event, follow, text, thread_of},
    sockets::{Stream, hear, open, say},
    support::{TestApp, app::Customer},
};

fn edit(cid_number: u32, item: ItemId, text: &str) -> Value {
    json!({ "t": "edit", "cid": cid(cid_number), "item": item, "body": { "type": "text", "text": text } })
}

fn delete(cid_number: u32, item: ItemId) -> Value {
    json!({ "t": "delete", "cid": cid(cid_number), "item": item })
}

/// Says it, and hears what became of it; events that come before are passed over.
async fn answer(stream: &mut Stream, frame: Value) -> Result<Ack, NackCode> {
    say(stream, frame).await;
    loop {
        match hear(stream).await.unwrap() {
            ServerFrame::Ack(ack) => return Ok(ack),
            ServerFrame::Nack(nack) => {
                assert!(!nack.retry);
                return Err(nack.code);
            }
            ServerFrame::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn items(customer: &Customer, thread: &Thread) -> Items {
    let path = format!("/chat/threads/{}/items", thread.id);
    customer.client.get(&path).await.expect(200).json()
}

/// Everything that the database holds of a thread.
async fn stored(app: &TestApp, id: ThreadId) -> String {
    let read = move |conn: &mut Conn| -> QueryResult<_> {
        let events = store::load_events(conn, id, 0, 1_000)?;
        let items = store::load_items(conn, id, None, 1_000)?;
        let data = events.into_iter().map(|event| event.data);
        let bodies = items.into_iter().filter_map(|item| item.body);
        Ok(data.chain(bodies).collect())
    };
    app.app.db.read(read).await.unwrap()
}

app_test!(what_an_author_changes_is_told_with_a_number_of_its_own, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let support = app.staff(StaffRole::Support).await;
    let thread = thread_of(&customer).await;
    let mut here = open(&customer.client, &app.base_url).await;
    let mut there = open(&support, &app.base_url).await;
    follow(&mut here, &thread, "", 0).await;
    follow(&mut there, &thread, "", 0).await;
    let sent = answer(&mut here, text(1, &thread, "Tuesday")).await.unwrap();
    event(&mut there).await;

    let changed = answer(&mut here, edit(2, sent.item, "Wednesday")).await.unwrap();
    assert_eq!((changed.seq.get(), changed.item, changed.dup), (3, sent.item, false));
    let told = event(&mut there).await;
    assert_eq!((told.seq.get(), told.cid), (3, None), "only authors are told their ids");
    let Change::Edited(edited) = &told.change else {
        panic!("{told:?}")
    };
    assert_eq!((edited.item, &edited.body), (sent.item, &Body::text("Wednesday")));
    let again = answer(&mut here, edit(2, sent.item, "Thursday")).await.unwrap();
    assert_eq!((again.seq, again.ts, again.dup), (changed.seq, changed.ts, true));
    let shown = items(&customer, &thread).await.items.remove(0);
    assert_eq!(
        (shown.body, shown.edited_at.is_some()),
        (Some(Body::text("Wednesday")), true)
    );

    // Nobody else changes it, and nothing but a text is said.
    let too_large = "x".repeat(17_000);
    for (frame, code) in [
        (edit(3, sent.item, "Friday"), NackCode::Forbidden),
        (delete(4, sent.item), NackCode::Forbidden),
    ] {
        assert_eq!(answer(&mut there, frame).await, Err(code), "staff neither");
    }
    for (frame, code) in [
        (edit(5, app.app.clock.new_id(), "Friday"), NackCode::Forbidden),
        (edit(6, sent.item, " "), NackCode::Invalid),
        (edit(7, sent.item, &too_large), NackCode::TooLarge),
        (edit(1, sent.item, "Friday"), NackCode::Invalid),
        (delete(2, sent.item), NackCode::Invalid),
        (text(2, &thread, "Friday"), NackCode::Invalid),
    ] {
        assert_eq!(answer(&mut here, frame).await, Err(code));
    }
    assert!(!stored(app, thread.id).await.contains("Friday"));
});

app_test!(what_is_taken_back_leaves_no_body, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = thread_of(&customer).await;
    let mut stream = open(&customer.client, &app.base_url).await;
    let sent = answer(&mut stream, text(1, &thread, "the secret")).await.unwrap();
    answer(&mut stream, edit(2, sent.item, "the other secret"))
        .await
        .unwrap();
    assert!(stored(app, thread.id).await.contains("secret"));

    let taken = answer(&mut stream, delete(3, sent.item)).await.unwrap();
    assert_eq!((taken.seq.get(), taken.dup), (4, false));
    for number in [3, 4, 4] {
        let again = answer(&mut stream, delete(number, sent.item)).await.unwrap();
        assert_eq!((again.seq, again.item, again.dup), (taken.seq, sent.item, true));
    }
    assert_eq!(
        answer(&mut stream, edit(5, sent.item, "back")).await,
        Err(NackCode::Invalid)
    );
    // What was done before is still known.
    assert!(
        answer(&mut stream, edit(2, sent.item, "the other secret"))
            .await
            .unwrap()
            .dup
    );
    assert!(answer(&mut stream, text(1, &thread, "the secret")).await.unwrap().dup);

    assert!(!stored(app, thread.id).await.contains("secret"));
    let shown = items(&customer, &thread).await.items.remove(0);
    assert_eq!((shown.status, shown.body), (ItemStatus::Deleted, None));
    let (events, head) = follow(&mut stream, &thread, "", 0).await;
    assert_eq!(head, 4);
    let Change::Created(created) = &events[1].change else {
        panic!("{events:?}")
    };
    assert_eq!((created.status, &created.body), (ItemStatus::Deleted, &Body::Unknown));
    assert!(matches!(&events[2].change, Change::Edited(edited) if edited.body == Body::Unknown));
    assert!(matches!(&events[3].change, Change::Deleted(deleted) if deleted.item == sent.item));
});

app_test!(eight_who_take_back_the_same_at_once_do_it_once, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let thread = thread_of(&customer).await;
    let mut stream = open(&customer.client, &app.base_url).await;
    let sent = answer(&mut stream, text(1, &thread, "hello")).await.unwrap();
    let wish = Wish {
        author_id: customer.user_id,
        cid: ClientMessageId::parse(&cid(2)).unwrap(),
        item_id: sent.item,
        deed: Deed::Delete,
    };
    let done: Vec<_> = stream::iter(0..8)
        .map(|_| {
            let (wish, now) = (wish.clone(), app.app.clock.now());
            let change = move |conn: &mut Conn| -> QueryResult<_> { changes::change(conn, &wish, now) };
            app.app.db.write(change)
        })
        .buffer_unordered(8)
        .map(|done| done.unwrap().unwrap())
        .collect()
        .await;
    assert_eq!(done.iter().filter(|done| done.event.is_some()).count(), 1);
    assert!(done.iter().all(|done| done.seq.get() == 3));
});
