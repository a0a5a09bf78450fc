//! Odd requests: unknown paths and values, other methods, lists in place of objects.

use reqwest::Method;
use serde_json::json;

use crate::support::client::send;

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
