//! Saved cards: saved by a notification, one of them the default, removed at PayFast too.

use chrono::TimeDelta;
use common::{
    accounts::AccountRole,
    auth::StaffRole,
    payment_methods::{CardUpdate, PaymentMethodStatus},
};
use diesel::{QueryDsl, RunQueryDsl, sql_query};
use futures_util::future;
use payfast::{PaymentStatus as PfStatus, api::reply::SubscriptionStatus};
use payfast_sandbox::Fault;
use serde_json::{Value, json};
use server::{
    db::schema::{itns, payment_methods},
    worker,
};

use crate::support::{
    TestApp,
    app::{Customer, PASSWORD},
    rows,
};

async fn owner(app: &TestApp) -> Customer {
    app.customer("owner@karoo.test").await
}

fn of(status: PaymentMethodStatus) -> impl Fn(&common::payment_methods::PaymentMethod) -> bool {
    move |method| method.status == status
}

app_test!(a_card_is_saved_by_payfasts_notification, |app| {
    let owner = owner(app).await;
    let setup = owner.set_up_card().await;
    assert_eq!(setup.payment_method.status, PaymentMethodStatus::Pending);
    assert!(setup.fields.contains(&("subscription_type".to_owned(), "2".to_owned())));
    assert!(setup.fields.contains(&("amount".to_owned(), "0.00".to_owned())));
    let page = app.open_form(&setup).await;
    app.payfast.pay(page, Fault::Duplicate).await.unwrap();
    app.run_jobs().await;
    let methods = owner.methods().await;
    assert_eq!(methods.len(), 1);
    assert_eq!(methods[0].status, PaymentMethodStatus::Active);
    assert!(methods[0].is_default, "the first card is the default");
    // The token is nowhere in the clear.
    let token = app.payfast.agreements()[0].token.to_string();
    let stored: Vec<Option<String>> = app
        .app
        .db
        .read(|conn| payment_methods::table.select(payment_methods::token).load(conn))
        .await
        .unwrap();
    assert!(stored[0].as_ref().is_some_and(|sealed| !sealed.contains(&token)));
    let update = format!("/payment-methods/{}/card-update", methods[0].id);
    let update: CardUpdate = owner.client.post(&update, json!({})).await.expect(200).json();
    assert!(update.url.starts_with(app.payfast.base_url()) && update.url.contains(&token));
    // The second card is not.
    let second = owner.save_card(app).await;
    assert!(!second.is_default);
    assert_eq!(app.ledger().await.len(), 0, "saving a card moves no money");
});

app_test!(a_notification_for_a_card_that_is_odd_is_held, |app| {
    let owner = owner(app).await;
    let setup = owner.set_up_card().await;
    let page = app.open_form(&setup).await;
    let url = format!("{}/api/v1/payments/payfast/itn", app.base_url);
    let fields = app.payfast.notification_fields(page, &PfStatus::Complete).unwrap();
    let changed = |name: &str, value: &str| -> Vec<(Vec<u8>, Vec<u8>)> {
        fields
            .iter()
            .map(|(key, old)| {
                let is_it = key.as_slice() == name.as_bytes();
                (key.clone(), if is_it { value.as_bytes().to_vec() } else { old.clone() })
            })
            .collect()
    };
    for odd in [changed("amount_gross", "5.00"), changed("token", "../../x")] {
        app.payfast.send(&url, &odd).await;
        app.run_jobs().await;
        assert!(owner.methods().await.iter().all(of(PaymentMethodStatus::Pending)));
    }
    // The right one may still come.
    app.payfast.pay(page, Fault::None).await.unwrap();
    app.run_jobs().await;
    assert!(owner.methods().await.iter().all(of(PaymentMethodStatus::Active)));
});

app_test!(exactly_one_card_is_the_default, |app| {
    let owner = owner(app).await;
    let mut cards = Vec::new();
    for _ in 0..3 {
        cards.push(owner.save_card(app).await);
    }
    let path = |index: usize| format!("/payment-methods/{}", cards[index].id);
    for round in 0..4 {
        let changes = (0..3).map(async |index| owner.client.patch(&path(index), json!({ "is_default": true })).await);
        for reply in future::join_all(changes).await {
            assert_eq!(reply.status, 200, "{round}: {}", reply.body);
        }
        let defaults = owner.methods().await.iter().filter(|method| method.is_default).count();
        assert_eq!(defaults, 1);
    }
    let reply = owner.client.patch(&path(0), json!({ "is_default": false })).await;
    assert_eq!(reply.problem(), "422 invalid");
    owner
        .client
        .patch(&path(0), json!({ "is_default": true }))
        .await
        .expect(200);
    // The default goes only as the last one.
    assert_eq!(owner.client.delete(&path(0)).await.problem(), "409 conflict");
    owner.client.delete(&path(1)).await.expect(200);
    owner.client.delete(&path(2)).await.expect(200);
    owner.client.delete(&path(0)).await.expect(200);
    assert!(owner.methods().await.is_empty());
    app.run_jobs().await;
});

app_test!(two_first_cards_at_once_make_one_default, |app| {
    let owner = owner(app).await;
    for _ in 0..3 {
        let setup = owner.set_up_card().await;
        let page = app.open_form(&setup).await;
        app.payfast.pay(page, Fault::None).await.unwrap();
    }
    // The notifications are judged at the same time.
    app.run_jobs().await;
    let methods = owner.methods().await;
    assert!(methods.iter().all(of(PaymentMethodStatus::Active)), "{methods:?}");
    assert_eq!(methods.iter().filter(|method| method.is_default).count(), 1);
});

app_test!(a_removed_card_is_cancelled_at_payfast, |app| {
    let owner = owner(app).await;
    let card = owner.save_card(app).await;
    let path = format!("/payment-methods/{}", card.id);
    owner.client.delete(&path).await.expect(200);
    assert_eq!(owner.client.delete(&path).await.problem(), "404 not_found");
    app.run_jobs().await;
    assert_eq!(app.payfast.agreements()[0].status, SubscriptionStatus::Cancelled);
    // PayFast's own notification of that changes nothing more.
    app.run_jobs().await;
    assert!(owner.methods().await.is_empty());
});

app_test!(a_token_that_comes_after_the_removal_is_cancelled, |app| {
    let owner = owner(app).await;
    let setup = owner.set_up_card().await;
    let page = app.open_form(&setup).await;
    let path = format!("/payment-methods/{}", setup.payment_method.id);
    owner.client.delete(&path).await.expect(200);
    app.payfast.pay(page, Fault::None).await.unwrap();
    app.run_jobs().await;
    assert!(owner.methods().await.is_empty());
    assert_eq!(app.payfast.agreements()[0].status, SubscriptionStatus::Cancelled);
});

app_test!(a_replayed_notification_leaves_the_card_alone, |app| {
    let owner = owner(app).await;
    owner.save_card(app).await;
    let notification = app.payfast.notifications()[0].id;
    for _ in 0..3 {
        app.payfast.resend(notification).await.unwrap();
        app.run_jobs().await;
    }
    assert!(owner.methods().await.iter().all(of(PaymentMethodStatus::Active)));
    assert_eq!(app.payfast.agreements()[0].status, SubscriptionStatus::Active);
});

app_test!(a_card_that_its_bank_ended_is_gone_and_another_takes_its_place, |app| {
    let owner = owner(app).await;
    let first = owner.save_card(app).await;
    let token = app.payfast.agreements()[0].token;
    let second = owner.save_card(app).await;
    assert!(first.is_default && !second.is_default);
    app.payfast.cancel_agreement(token).await.unwrap();
    app.run_jobs().await;
    let methods = owner.methods().await;
    assert_eq!(methods.len(), 1);
    assert!(methods[0].id == second.id && methods[0].is_default);
});

app_test!(a_wish_lapses_after_a_day_and_a_late_token_still_counts, |app| {
    let owner = owner(app).await;
    let setup = owner.set_up_card().await;
    let page = app.open_form(&setup).await;
    app.advance(TimeDelta::hours(23));
    worker::keep_house(&app.app).await.unwrap();
    owner.client.sign_in(&owner.email, PASSWORD).await.expect(200);
    assert_eq!(owner.methods().await.len(), 1);
    app.advance(TimeDelta::hours(1));
    worker::keep_house(&app.app).await.unwrap();
    assert!(owner.methods().await.is_empty());
    app.payfast.pay(page, Fault::None).await.unwrap();
    app.run_jobs().await;
    assert!(owner.methods().await.iter().all(of(PaymentMethodStatus::Active)));
    assert_eq!(owner.methods().await.len(), 1);
});

app_test!(owners_are_warned_once_30_and_once_7_days_before, |app| {
    let owner = owner(app).await;
    let card = owner.save_card(app).await;
    let path = format!("/payment-methods/{}", card.id);
    let body = json!({ "label": "Visa of the studio", "last_four": "4242", "expires": { "year": 2027, "month": 1 } });
    owner.client.patch(&path, body).await.expect(200);
    let warnings = || {
        let mails = app.mails_to("owner@karoo.test");
        mails
            .iter()
            .filter(|mail| mail.contains("expires at the end of 01/2027"))
            .count()
    };
    // The clock stands at 24 November; the card works to 31 January.
    for (days, mails, status) in [
        (30, 0, PaymentMethodStatus::Active),
        (8, 1, PaymentMethodStatus::Expiring),
        (10, 1, PaymentMethodStatus::Expiring),
        (14, 2, PaymentMethodStatus::Expiring),
        (20, 2, PaymentMethodStatus::Expiring),
    ] {
        app.advance(TimeDelta::days(days));
        for _ in 0..3 {
            worker::keep_house(&app.app).await.unwrap();
            app.run_jobs().await;
        }
        owner.client.sign_in("owner@karoo.test", PASSWORD).await.expect(200);
        assert_eq!(warnings(), mails, "after {days} days");
        assert_eq!(owner.methods().await[0].status, status);
    }
    for (body, field) in [
        (json!({ "last_four": "4111111111111111" }), "last_four"),
        (json!({ "label": "" }), "label"),
        (json!({ "expires": { "year": 2027, "month": 1 } }), "expires"),
        (json!({ "expires": { "year": 2027, "month": 13 } }), "expires"),
    ] {
        let reply = owner.client.patch(&path, body).await.expect(422);
        assert_eq!(reply.value()["errors"][0]["field"], field);
    }
    let renewed = json!({ "expires": { "year": 2031, "month": 1 } });
    let reply = owner.client.patch(&path, renewed).await.expect(200);
    assert_eq!(reply.value()["status"], "active");
});

app_test!(a_card_that_is_removed_while_it_is_warned_of_stays_removed, |app| {
    let owner = owner(app).await;
    let card = owner.save_card(app).await;
    let path = format!("/payment-methods/{}", card.id);
    let expires = json!({ "expires": { "year": 2026, "month": 12 } });
    owner.client.patch(&path, expires).await.expect(200);
    app.advance(TimeDelta::days(10));
    let (is_written, written) = tokio::sync::oneshot::channel();
    // A removal that another node has written and not committed yet.
    let removal = app.app.db.write(move |conn| {
        let statement = "update payment_methods set status = 'revoked', is_default = false, token_hash = null";
        sql_query(statement).execute(conn)?;
        is_written.send(()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(500));
        Ok::<_, diesel::result::Error>(())
    });
    let housekeeping = async {
        written.await.unwrap();
        worker::keep_house(&app.app).await.unwrap();
    };
    let (removed, ()) = future::join(removal, housekeeping).await;
    removed.unwrap();
    app.run_jobs().await;
    owner.client.sign_in(&owner.email, PASSWORD).await.expect(200);
    assert!(owner.methods().await.is_empty());
    assert!(app.mails_to(&owner.email).iter().all(|mail| !mail.contains("12/2026")));
});

app_test!(a_card_is_warned_of_however_many_have_expired, |app| {
    let owner = owner(app).await;
    let card = owner.save_card(app).await;
    let path = format!("/payment-methods/{}", card.id);
    let expires = json!({ "expires": { "year": 2026, "month": 12 } });
    owner.client.patch(&path, expires).await.expect(200);
    let expired = |number| {
        format!(
            "insert into payment_methods (id, account_id, kind, status, label, expires_year, expires_month, \
             is_default, warned_for, created_at, updated_at) values ('{}', '{}', 'card', 'expiring', 'Old', 2026, 2, \
             false, '2026-02 7', '2026-01-01 00:00:00', '2026-02-22 00:00:00')",
            rows::id(7, number),
            owner.account_id,
        )
    };
    rows::run(app, (0..500).map(expired).collect()).await;
    app.advance(TimeDelta::days(10));
    worker::keep_house(&app.app).await.unwrap();
    app.run_jobs().await;
    let mails = app.mails_to(&owner.email);
    assert_eq!(
        mails.iter().filter(|mail| mail.contains("the end of 12/2026")).count(),
        1
    );
    assert_eq!(mails.iter().filter(|mail| mail.contains("02/2026")).count(), 0);
});

app_test!(nobody_is_shown_the_token_of_a_card, |app| {
    let owner = owner(app).await;
    owner.save_card(app).await;
    let token = app.payfast.agreements()[0].token.to_string();
    let (hidden, shown) = token.split_at(token.len() - 4);
    for role in [StaffRole::Billing, StaffRole::Admin] {
        let staff = app.staff(role).await;
        let page: Value = staff.get("/itn").await.expect(200).value();
        let id = page["items"][0]["id"].as_str().unwrap().to_owned();
        let itn = staff.get(&format!("/itn/{id}")).await.expect(200);
        let rehearsal = staff
            .post(&format!("/itn/{id}/replay?dry_run=true"), json!({}))
            .await
            .expect(200);
        for reply in [&itn, &rehearsal] {
            assert!(!reply.body.contains(hidden), "{}", reply.body);
        }
        let itn = itn.value();
        for field in ["raw_body", "signed_string"] {
            let text = itn[field].as_str().unwrap();
            assert!(
                text.contains(&format!("token={}{shown}", "*".repeat(hidden.len()))),
                "{text}"
            );
        }
    }
    // What is stored is what came, and can be judged again.
    let stored: Vec<Vec<u8>> = app
        .app
        .db
        .read(|conn| itns::table.select(itns::raw_body).load(conn))
        .await
        .unwrap();
    assert!(String::from_utf8_lossy(&stored[0]).contains(&format!("token={token}")));
});

app_test!(members_see_cards_and_owners_change_them, |app| {
    let owner = owner(app).await;
    let card = owner.save_card(app).await;
    let member = app.member(&owner, AccountRole::Member).await;
    assert_eq!(member.methods().await.len(), 1);
    let path = format!("/payment-methods/{}", card.id);
    assert_eq!(member.client.delete(&path).await.problem(), "403 forbidden");
    let other = app.customer("other@kalkbay.test").await;
    assert_eq!(other.client.delete(&path).await.problem(), "404 not_found");
    assert!(other.methods().await.is_empty());
});
