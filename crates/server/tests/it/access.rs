//! Who may pass: every listed route asked as a stranger, without a token, and from another site.

use common::{Access, Method as ListedMethod, auth::StaffRole, validate::Email};
use reqwest::Method;
use serde_json::json;
use server::{
    auth::service::{OperatorUser, upsert_user},
    routes,
};

use crate::support::{Client, Reply, app::PASSWORD, client::send};

const SOME_ID: &str = "01929b7e-7c1c-7000-8000-000000000001";

fn method(listed: ListedMethod) -> Method {
    Method::from_bytes(listed.as_str().as_bytes()).unwrap()
}

async fn ask(client: &Client, listed: ListedMethod, path: &str, token: Option<&str>, origin: Option<&str>) -> Reply {
    let mut request = client.raw(method(listed), &path.replace("{id}", SOME_ID));
    if let Some(token) = token {
        request = request.header("X-CSRF-Token", token);
    }
    if let Some(origin) = origin {
        request = request.header("Origin", origin);
    }
    if listed.is_unsafe() {
        request = request.json(&json!({}));
    }
    send(request).await
}

app_test!(every_route_keeps_strangers_out, |app| {
    let stranger = app.client();
    let token = stranger.refresh_csrf().await;
    for (listed, path, access) in routes::listed() {
        let reply = ask(&stranger, listed, path, Some(&token), None).await;
        match access {
            Access::Public | Access::Gateway => assert_ne!(reply.status.as_u16(), 401, "{path}"),
            _ => assert_eq!(reply.problem(), "401 not_signed_in", "{path}"),
        }
    }
});

app_test!(every_unsafe_route_needs_the_token_of_the_session, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let foreign = app.client().refresh_csrf().await;
    for (listed, path, access) in routes::listed() {
        if !listed.is_unsafe() || access == Access::Gateway {
            continue;
        }
        for token in [None, Some("x"), Some(foreign.as_str())] {
            assert_eq!(
                ask(&customer.client, listed, path, token, None).await.problem(),
                "403 csrf",
                "{path}"
            );
        }
    }
});

app_test!(another_site_is_refused_whoever_is_signed_in, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let token = customer.client.refresh_csrf().await;
    for (listed, path, access) in routes::listed() {
        if !listed.is_unsafe() || access == Access::Gateway {
            continue;
        }
        for client in [&customer.client, &app.client()] {
            let reply = ask(client, listed, path, Some(&token), Some("https://evil.example")).await;
            assert_eq!(reply.problem(), "403 csrf", "{path}");
        }
    }
    let own = ask(
        &customer.client,
        ListedMethod::Post,
        "/auth/logout",
        Some(&token),
        Some(&app.base_url),
    )
    .await;
    own.expect(200);
});

app_test!(customers_do_not_see_what_is_for_staff, |app| {
    let customer = app.customer("owner@karoo.test").await;
    for (listed, path, access) in routes::listed() {
        if matches!(access, Access::Staff(_)) {
            assert_eq!(
                ask(&customer.client, listed, path, None, None).await.problem(),
                "403 forbidden",
                "{path}"
            );
        }
    }
    let support = app.staff(StaffRole::Support).await;
    assert_eq!(support.get("/itn").await.problem(), "403 forbidden");
    app.staff(StaffRole::Billing).await.get("/itn").await.expect(200);
});

app_test!(rows_of_another_account_do_not_exist, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let checkout = owner.check_out("PRO_MONTHLY").await;
    let other = app.customer("other@kalkbay.test").await;
    for path in [
        format!("/payments/{}", checkout.payment_id),
        format!("/invoices/{}", checkout.invoice_id),
        format!("/accounts/{}", owner.account_id),
        format!("/payments/{SOME_ID}"),
        "/payments/7".to_owned(),
    ] {
        assert_eq!(other.client.get(&path).await.problem(), "404 not_found", "{path}");
    }
    let cancel = other
        .client
        .post(&format!("/payments/{}/cancel", checkout.payment_id), json!({}))
        .await;
    assert_eq!(cancel.problem(), "404 not_found");
    let change = other
        .client
        .patch(
            &format!("/accounts/{}", owner.account_id),
            json!({ "company_name": "Mine" }),
        )
        .await;
    assert_eq!(change.problem(), "404 not_found");
    assert!(other.invoices().await.is_empty());
    let foreign = other
        .client
        .raw(Method::GET, "/invoices")
        .header("X-Account-Id", owner.account_id.to_string());
    assert_eq!(send(foreign).await.problem(), "404 not_found");
});

app_test!(odd_requests_are_answered_by_name, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let client = &customer.client;
    assert_eq!(client.get("/nowhere").await.problem(), "404 not_found");
    assert_eq!(
        client.get("/invoices?colour=red").await.value()["errors"][0]["field"],
        "colour"
    );
    assert_eq!(
        client.get("/invoices?limit=0").await.value()["errors"][0]["field"],
        "limit"
    );
    assert_eq!(
        client.get("/invoices?status=odd").await.value()["errors"][0]["field"],
        "status"
    );
    assert_eq!(
        send(client.raw(Method::PUT, "/invoices")).await.problem(),
        "405 method_not_allowed"
    );
    let text = client
        .unsafe_request(Method::POST, "/auth/login")
        .await
        .header("Content-Type", "text/plain")
        .body("{}");
    assert_eq!(send(text).await.problem(), "415 unsupported_media_type");
    let broken = client.unsafe_request(Method::POST, "/auth/login").await;
    let broken = broken
        .header("Content-Type", "application/json")
        .body("{\"email\":\"\u{e9}");
    assert_eq!(send(broken).await.problem(), "400 malformed");
    let large = json!({ "email": "x".repeat(70_000), "password": "" });
    assert_eq!(
        client.post("/auth/login", large).await.problem(),
        "413 payload_too_large"
    );
    let deep = client.unsafe_request(Method::POST, "/auth/login").await;
    let deep = deep.header("Content-Type", "application/json").body("[".repeat(60_000));
    assert_eq!(send(deep).await.problem(), "422 invalid");
    let far = "LTIyMDAwMDAwMDAwMDAwMDAwMCAwMTkyOWI3ZS03YzFjLTcwMDAtODAwMC0wMDAwMDAwMDAwMDE";
    assert_eq!(
        client.get(&format!("/invoices?cursor={far}")).await.value()["errors"][0]["field"],
        "cursor"
    );
});

app_test!(probes_may_use_head, |app| {
    let client = app.client();
    for path in ["/health/live", "/health/ready", "/version", "/api/v1/plans"] {
        let reply = send(client.at(Method::HEAD, path)).await.expect(200);
        assert_eq!(reply.headers["content-type"], "application/json", "{path}");
    }
    assert_eq!(
        send(client.at(Method::GET, "/health/nothing")).await.problem(),
        "404 not_found"
    );
    assert_eq!(client.get("/payments/").await.problem(), "404 not_found");
});

app_test!(credentials_in_a_header_switch_the_cookie_off, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let request = customer
        .client
        .raw(Method::GET, "/auth/me")
        .header("Authorization", "Bearer ck_wrong");
    assert_eq!(send(request).await.problem(), "401 not_signed_in");
});

app_test!(a_list_is_no_object, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let change = customer
        .client
        .patch(
            &format!("/accounts/{}", customer.account_id),
            json!(["Array Co", null, null]),
        )
        .await;
    assert_eq!(change.problem(), "422 invalid");
    let twice = customer.client.unsafe_request(Method::POST, "/auth/login").await;
    let twice = twice
        .header("Content-Type", "application/json")
        .body(r#"{"email":"a","email":"b","password":"c"}"#);
    assert_eq!(send(twice).await.value()["errors"][0]["field"], "email");
});

app_test!(staff_without_a_second_factor_have_no_rights, |app| {
    let person = OperatorUser {
        email: Email::parse("email", "new@staff.test").unwrap(),
        password: PASSWORD.to_owned(),
        first_name: "Sipho".to_owned(),
        last_name: "Adams".to_owned(),
        staff_role: Some(StaffRole::Admin),
        totp_secret: None,
    };
    upsert_user(&app.app, person).await.unwrap();
    let customer = app.customer("owner@karoo.test").await;
    let client = app.client();
    client.sign_in("new@staff.test", PASSWORD).await.expect(200);
    assert_eq!(client.get("/itn").await.problem(), "403 mfa_enrolment_required");
    let account = format!("/accounts/{}", customer.account_id);
    assert_eq!(client.get(&account).await.problem(), "404 not_found");
    assert_eq!(client.get("/invoices").await.problem(), "422 account_required");
    app.staff(StaffRole::Support).await.get(&account).await.expect(200);
});
