//! API keys: made once shown once, used, rotated, ended.

use chrono::TimeDelta;
use common::{
    accounts::AccountRole,
    api_keys::{ApiKeySecret, ApiScope, MAX_KEYS},
    payments::Checkout,
};
use futures_util::future;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Reply, TestApp,
    app::{Customer, PASSWORD},
    client::send,
};

async fn with_key(app: &TestApp, secret: &str, path: &str) -> Reply {
    app.client().with_api_key(secret, Method::GET, path, None).await
}

async fn keys(owner: &Customer) -> Vec<Value> {
    let page = owner.client.get("/api-keys").await.expect(200).value();
    page["items"].as_array().unwrap().clone()
}

async fn check_out(app: &TestApp, secret: &str, key: &str) -> Reply {
    let request = app.client().raw(Method::POST, "/checkout").bearer_auth(secret);
    let body = json!({ "product_code": "PRO_MONTHLY" });
    send(request.header("Idempotency-Key", key).json(&body)).await
}

app_test!(a_key_is_shown_once_and_used_without_a_session, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let made = owner.api_key(&[ApiScope::PaymentsRead, ApiScope::InvoicesRead]).await;
    assert!(made.secret.starts_with(&made.key.prefix) && made.secret.len() == 67);
    assert_eq!(made.key.scopes, [ApiScope::InvoicesRead, ApiScope::PaymentsRead]);
    assert_eq!(made.key.created_by, "Nomsa van Wyk");
    assert_eq!(made.key.expires_at - made.key.created_at, TimeDelta::days(365));
    let listed = owner.client.get("/api-keys").await.expect(200);
    assert!(!listed.body.contains(&made.secret) && !listed.body.contains("hash"));

    with_key(app, &made.secret, "/payments").await.expect(200);
    with_key(app, &made.secret, "/invoices").await.expect(200);
    let account = format!("/accounts/{}", owner.account_id);
    assert_eq!(
        with_key(app, &made.secret, &account).await.problem(),
        "403 scope_missing"
    );
    // The stored form is a hash: what the database holds opens nothing.
    let hash = server::http::session::hash_token(&made.secret);
    let stolen = with_key(app, &format!("ck_{hash}"), "/payments").await;
    assert_eq!(stolen.problem(), "401 not_signed_in");
});

app_test!(a_key_is_made_with_everything_checked_at_once, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let body = json!({ "name": " ", "scopes": [], "expires_in_days": 731 });
    let problem: common::Problem = owner.client.post("/api-keys", body).await.expect(422).json();
    let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["name", "scopes", "expires_in_days"]);
    let odd = json!({ "name": "x", "scopes": ["everything"] });
    assert_eq!(owner.client.post("/api-keys", odd).await.problem(), "422 invalid");
});

app_test!(a_key_stays_in_its_account, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let other = app.customer("other@kalkbay.test").await;
    let theirs = other.check_out("PRO_MONTHLY").await;
    app.member_called("owner@karoo.test", &other, AccountRole::Owner).await;
    let both = owner.client.unsafe_request(Method::POST, "/api-keys").await;
    let both = both.header("X-Account-Id", owner.account_id.to_string());
    let made: ApiKeySecret = send(both.json(&json!({ "name": "x", "scopes": ApiScope::ALL })))
        .await
        .expect(201)
        .json();
    for path in [
        format!("/payments/{}", theirs.payment_id),
        format!("/invoices/{}", theirs.invoice_id),
        format!("/accounts/{}", other.account_id),
    ] {
        assert_eq!(
            with_key(app, &made.secret, &path).await.problem(),
            "404 not_found",
            "{path}"
        );
    }
    let named = app.client().raw(Method::GET, "/payments").bearer_auth(&made.secret);
    let named = named.header("X-Account-Id", other.account_id.to_string());
    assert_eq!(send(named).await.problem(), "404 not_found");
    let own = app.client().raw(Method::GET, "/payments").bearer_auth(&made.secret);
    send(own.header("X-Account-Id", owner.account_id.to_string()))
        .await
        .expect(200);
    with_key(app, &made.secret, &format!("/accounts/{}", owner.account_id))
        .await
        .expect(200);
});

app_test!(a_key_buys_and_gives_up_for_its_account, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let key = owner.api_key(&[ApiScope::PaymentsWrite]).await;
    let checkout: Checkout = check_out(app, &key.secret, "k").await.expect(201).json();
    let field = |name: &str| {
        let found = checkout.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(field("name_first"), Some("Karoo Kiln Studio"));
    assert_eq!(field("name_last"), None);
    assert_eq!(field("email_address"), Some("owner@karoo.test"));
    app.open_payment_page(&checkout).await;
    let path = format!("/payments/{}/cancel", checkout.payment_id);
    let cancel = app.client().with_api_key(&key.secret, Method::POST, &path, None).await;
    assert_eq!(cancel.expect(200).value()["status"], "canceled");
    let read = with_key(app, &key.secret, "/payments").await;
    assert_eq!(read.problem(), "403 scope_missing");
});

app_test!(a_key_is_an_actor_of_its_own_for_idempotency, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let (first, second) = (
        owner.api_key(&[ApiScope::PaymentsWrite]).await,
        owner.api_key(&[ApiScope::PaymentsWrite]).await,
    );
    let body = json!({ "product_code": "PRO_MONTHLY" });
    let by_person = owner.client.post_with_key("/checkout", "k", body).await.expect(201);
    let by_first = check_out(app, &first.secret, "k").await.expect(201);
    let by_second = check_out(app, &second.secret, "k").await.expect(201);
    let again = check_out(app, &first.secret, "k").await.expect(201);
    assert_eq!(again.body, by_first.body);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert!(by_person.body != by_first.body && by_first.body != by_second.body);
    assert_eq!(owner.invoices().await.len(), 3);
});

app_test!(a_key_outlives_its_maker_s_membership, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let second = app.member(&owner, AccountRole::Owner).await;
    let key = second.api_key(&[ApiScope::PaymentsWrite, ApiScope::PaymentsRead]).await;
    let path = format!("/accounts/{}/members/{}", owner.account_id, second.user_id);
    owner.client.delete(&path).await.expect(200);
    with_key(app, &key.secret, "/payments").await.expect(200);
    check_out(app, &key.secret, "k").await.expect(201);
    assert_eq!(keys(&owner).await[0]["created_by"], "Nomsa van Wyk");
});

app_test!(a_rotated_secret_works_a_day_longer, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let body = json!({ "name": "Till", "scopes": ["payments:read"], "expires_in_days": 10 });
    let first: ApiKeySecret = owner.client.post("/api-keys", body).await.expect(201).json();
    let rotate = async || -> ApiKeySecret {
        owner.client.sign_in(&owner.email, PASSWORD).await.expect(200);
        let path = format!("/api-keys/{}/rotate", first.key.id);
        owner.client.post(&path, json!({})).await.expect(200).json()
    };
    app.advance(TimeDelta::days(4));
    let second = rotate().await;
    assert_eq!(second.key.id, first.key.id);
    assert_ne!(second.secret, first.secret);
    assert_eq!(second.key.expires_at - app.app.clock.now(), TimeDelta::days(10));
    assert_eq!(
        second.key.old_secret_until,
        Some(app.app.clock.now() + TimeDelta::hours(24))
    );
    for secret in [&first.secret, &second.secret] {
        with_key(app, secret, "/payments").await.expect(200);
    }
    app.advance(TimeDelta::hours(23));
    with_key(app, &first.secret, "/payments").await.expect(200);
    let third = rotate().await;
    // Rotating twice ends the oldest at once.
    assert_eq!(
        with_key(app, &first.secret, "/payments").await.problem(),
        "401 not_signed_in"
    );
    with_key(app, &second.secret, "/payments").await.expect(200);
    app.advance(TimeDelta::hours(24));
    let replaced = with_key(app, &second.secret, "/payments").await;
    assert!(replaced.value()["detail"].as_str().unwrap().contains("replaced"));
    assert_eq!(replaced.problem(), "401 not_signed_in");
    with_key(app, &third.secret, "/payments").await.expect(200);
    assert_eq!(rotate().await.key.expires_at - app.app.clock.now(), TimeDelta::days(10));
});

app_test!(a_rotation_never_lengthens_the_old_secret, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let body = json!({ "name": "Till", "scopes": ["payments:read"], "expires_in_days": 1 });
    let first: ApiKeySecret = owner.client.post("/api-keys", body).await.expect(201).json();
    app.advance(TimeDelta::hours(11));
    let path = format!("/api-keys/{}/rotate", first.key.id);
    owner.client.post(&path, json!({})).await.expect(200);
    app.advance(TimeDelta::hours(13));
    assert_eq!(
        with_key(app, &first.secret, "/payments").await.problem(),
        "401 not_signed_in"
    );
    app.advance(TimeDelta::hours(12));
    owner.client.sign_in(&owner.email, PASSWORD).await.expect(200);
    assert_eq!(owner.client.post(&path, json!({})).await.problem(), "409 conflict");
    assert_eq!(keys(&owner).await[0]["is_expired"], true);
});

app_test!(ended_keys_are_refused_by_reason, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let revoked = owner.api_key(&[ApiScope::PaymentsRead]).await;
    let path = format!("/api-keys/{}", revoked.key.id);
    let rotated: ApiKeySecret = owner
        .client
        .post(&format!("{path}/rotate"), json!({}))
        .await
        .expect(200)
        .json();
    let body = json!({ "name": "Short", "scopes": ["payments:read"], "expires_in_days": 1 });
    let short: ApiKeySecret = owner.client.post("/api-keys", body).await.expect(201).json();
    owner.client.delete(&path).await.expect(200);
    for again in [
        owner.client.delete(&path).await,
        owner.client.post(&format!("{path}/rotate"), json!({})).await,
    ] {
        assert_eq!(again.problem(), "404 not_found");
    }
    app.advance(TimeDelta::days(1));
    let unknown = format!("ck_{}", "a".repeat(64));
    for (secret, reason) in [
        (revoked.secret.as_str(), "revoked"),
        (&rotated.secret, "revoked"),
        (&short.secret, "expired"),
        (&unknown, "unknown"),
        ("ck_short", "no API key"),
    ] {
        let reply = with_key(app, secret, "/payments").await;
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
        assert!(reply.body.contains(reason), "{}", reply.body);
        assert!(!reply.body.contains(secret), "an answer repeats no secret");
        assert_eq!(reply.problem(), "401 not_signed_in");
    }
});

app_test!(the_last_use_is_written_every_five_minutes, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let key = owner.api_key(&[ApiScope::PaymentsRead]).await;
    assert_eq!(keys(&owner).await[0]["last_used_at"], Value::Null);
    for (minutes, written) in [(0, "07:14:00"), (4, "07:14:00"), (2, "07:20:00")] {
        app.advance(TimeDelta::minutes(minutes));
        with_key(app, &key.secret, "/payments").await.expect(200);
        let listed = &keys(&owner).await[0];
        assert_eq!(listed["last_used_at"], format!("2026-11-24T{written}Z"));
        assert_eq!(listed["last_used_from"], "127.0.0.1");
    }
});

app_test!(an_account_has_at_most_twenty_living_keys, |app| {
    let owner = app.customer("owner@karoo.test").await;
    owner.client.refresh_csrf().await;
    let make = || {
        owner.client.post(
            "/api-keys",
            json!({ "name": "x", "scopes": ["invoices:read"], "expires_in_days": 1 }),
        )
    };
    let replies = future::join_all((0..MAX_KEYS + 4).map(|_| make())).await;
    let made = replies.iter().filter(|reply| reply.status.as_u16() == 201).count();
    assert_eq!(made, MAX_KEYS);
    assert_eq!(make().await.problem(), "409 conflict");
    let id = keys(&owner).await[0]["id"].as_str().unwrap().to_owned();
    owner.client.delete(&format!("/api-keys/{id}")).await.expect(200);
    make().await.expect(201);
    app.advance(TimeDelta::days(1));
    owner.client.sign_in(&owner.email, PASSWORD).await.expect(200);
    make().await.expect(201);
});
