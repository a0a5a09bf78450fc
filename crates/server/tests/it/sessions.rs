//! The list of sessions, ending them, and two servers over one database.

use chrono::TimeDelta;
use common::{Page, sessions::Session};
use reqwest::{Method, header};
use serde_json::json;

use crate::support::{Client, TestApp, app::PASSWORD, client::send, db::TestDb};

const FIREFOX: &str = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";

/// Signs in with a user agent of one's own.
async fn sign_in_as(client: &Client, email: &str, user_agent: &str) {
    let request = client.unsafe_request(Method::POST, "/auth/login").await;
    let request = request
        .header(header::USER_AGENT, user_agent)
        .json(&json!({ "email": email, "password": PASSWORD }));
    send(request).await.expect(200);
    client.refresh_csrf().await;
}

async fn list(client: &Client) -> Vec<Session> {
    let page: Page<Session> = client.get("/auth/sessions").await.expect(200).json();
    assert_eq!((page.total, page.next_cursor), (Some(page.items.len() as i64), None));
    page.items
}

app_test!(sessions_are_listed_with_device_and_address, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    app.advance(TimeDelta::minutes(1));
    let phone = app.client();
    sign_in_as(&phone, &customer.email, FIREFOX).await;
    app.advance(TimeDelta::minutes(10));
    customer.client.get("/auth/me").await.expect(200);
    let sessions = list(&phone).await;
    assert_eq!(sessions.len(), 2);
    assert!(sessions[0].is_current && !sessions[1].is_current);
    assert_eq!(sessions[0].device, "Firefox on Android");
    assert_eq!(sessions[1].device, "Unknown device");
    assert_eq!(sessions[0].opened_from, "127.0.0.1");
    assert!(!sessions[0].has_second_factor);
    // The first request of this list touched the phone's session too.
    assert_eq!(sessions[0].last_seen_at, app.app.clock.now());
    assert_eq!(sessions[1].last_seen_at, app.app.clock.now());
    assert_eq!(sessions[0].expires_at - sessions[0].created_at, TimeDelta::days(7));
    assert_eq!(list(&app.customer("other@karoo.test").await.client).await.len(), 1);
});

app_test!(one_session_or_all_others_can_be_ended, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let (phone, tablet) = (app.client(), app.client());
    for client in [&phone, &tablet] {
        client.sign_in(&customer.email, PASSWORD).await.expect(200);
    }
    let of_phone = list(&phone).await[0].id;
    let path = format!("/auth/sessions/{of_phone}");
    let stranger = app.customer("other@karoo.test").await;
    assert_eq!(stranger.client.delete(&path).await.problem(), "404 not_found");
    assert_eq!(
        stranger.client.delete("/auth/sessions/7").await.problem(),
        "404 not_found"
    );
    phone.get("/auth/me").await.expect(200);
    customer.client.delete(&path).await.expect(200);
    assert_eq!(phone.get("/auth/me").await.problem(), "401 not_signed_in");
    assert_eq!(customer.client.delete(&path).await.problem(), "404 not_found");
    phone.refresh_csrf().await;
    phone.sign_in(&customer.email, PASSWORD).await.expect(200);
    customer.client.delete("/auth/sessions").await.expect(200);
    for client in [&phone, &tablet] {
        assert_eq!(client.get("/auth/me").await.problem(), "401 not_signed_in");
    }
    stranger.client.get("/auth/me").await.expect(200);
    // One's own is a sign-out: the cookie goes too.
    let own = list(&customer.client).await[0].id;
    let reply = customer
        .client
        .delete(&format!("/auth/sessions/{own}"))
        .await
        .expect(200);
    assert!(
        reply.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(customer.client.get("/auth/me").await.problem(), "401 not_signed_in");
});

app_test!(sessions_that_are_idle_or_old_are_nobody_s, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let end = app.app.clock.now() + TimeDelta::days(7);
    let idle = app.client();
    idle.sign_in(&customer.email, PASSWORD).await.expect(200);
    app.advance(TimeDelta::hours(11));
    customer.client.get("/auth/me").await.expect(200);
    app.advance(TimeDelta::hours(1));
    assert_eq!(list(&customer.client).await.len(), 1);
    assert_eq!(idle.get("/auth/me").await.problem(), "401 not_signed_in");
    for _ in 0..26 {
        app.advance(TimeDelta::hours(6));
        let status = customer.client.get("/auth/me").await.status;
        assert_eq!(status == 200, app.app.clock.now() < end);
    }
    assert_eq!(customer.client.get("/auth/me").await.problem(), "401 not_signed_in");
});

app_test!(two_servers_share_every_session_and_link, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let (here, there) = (app.client(), Client::new(&app.second_node()));
    // Made there, valid here; ended here, dead there at once.
    let cookie = Client::session_cookie(&there.sign_in(&customer.email, PASSWORD).await.expect(200));
    here.me_with(&cookie).await.expect(200);
    there.get("/auth/me").await.expect(200);
    customer.client.delete("/auth/sessions").await.expect(200);
    assert_eq!(there.get("/auth/me").await.problem(), "401 not_signed_in");
    assert_eq!(here.me_with(&cookie).await.problem(), "401 not_signed_in");
    // A link that was used there is dead here.
    here.post("/auth/password/forgot", json!({ "email": customer.email }))
        .await
        .expect(202);
    app.run_jobs().await;
    let token = app.token_to(&customer.email, "/reset-password");
    let reset = json!({ "token": token, "password": "seventeen purple lemons" });
    there.refresh_csrf().await;
    there.post("/auth/password/reset", reset.clone()).await.expect(200);
    assert_eq!(
        here.post("/auth/password/reset", reset).await.problem(),
        "422 token_invalid"
    );
    assert_eq!(customer.client.get("/auth/me").await.problem(), "401 not_signed_in");
});

async fn another_address_is_noted_at_once(db: TestDb) {
    let app = TestApp::start_with(db, &[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let customer = app.customer("nomsa@karoo.test").await;
    let from = async |address: &str| -> Session {
        let request = customer.client.raw(Method::GET, "/auth/sessions");
        let page: Page<Session> = send(request.header("X-Forwarded-For", address))
            .await
            .expect(200)
            .json();
        page.items[0].clone()
    };
    let session = from("197.97.145.150").await;
    assert_eq!(
        (session.opened_from.as_str(), session.last_seen_from.as_str()),
        ("127.0.0.1", "197.97.145.150")
    );
    app.advance(TimeDelta::minutes(4));
    let seen = session.last_seen_at;
    assert_eq!(from("197.97.145.150").await.last_seen_at, seen);
    assert_eq!(from("203.0.113.9").await.last_seen_at, seen + TimeDelta::minutes(4));
    app.stop().await;
}

mod another_address {
    use super::*;

    #[actix_web::test]
    async fn sqlite() {
        another_address_is_noted_at_once(TestDb::sqlite().await).await;
    }

    #[actix_web::test]
    async fn postgres() {
        another_address_is_noted_at_once(TestDb::postgres().await).await;
    }
}
