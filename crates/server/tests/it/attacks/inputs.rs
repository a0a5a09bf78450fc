//! Bodies and headers that are not what they seem.

use reqwest::Method;
use serde_json::{Value, json};

use super::{raw_post, registration, session};
use crate::support::{TestApp, app::PASSWORD, client::send, raw};

app_test!(line_ends_get_into_no_header_and_no_mail, |app| {
    let owner = app.customer("owner@karoo.test").await;
    for evil in [
        "a\r\nBcc: b@evil.example",
        "a\nX: y",
        "a\rX",
        "a\u{0}b",
        "a\u{2028}b\u{85}",
    ] {
        for field in ["first_name", "last_name", "company_name"] {
            let mut body = registration("new@karoo.test");
            body[field] = json!(evil);
            let reply = app.client().post("/auth/register", body).await;
            assert_eq!(reply.problem(), "422 invalid", "{field}: {evil:?}");
        }
        let path = format!("/accounts/{}", owner.account_id);
        let reply = owner.client.patch(&path, json!({ "company_name": evil })).await;
        assert_eq!(reply.problem(), "422 invalid", "{evil:?}");
        let mut body = registration("x");
        body["email"] = json!(format!("{evil}@karoo.test"));
        assert_eq!(
            app.client().post("/auth/register", body).await.problem(),
            "422 invalid",
            "{evil:?}"
        );
    }
    for email in [
        "a@karoo.test\r\nBcc: b@evil.example",
        "a@karoo.test, b@evil.example",
        "a@karoo.test;b@evil.example",
        "<a@karoo.test>",
    ] {
        let reply = app.client().post("/auth/register", registration(email)).await;
        assert_eq!(reply.problem(), "422 invalid", "{email:?}");
    }
    app.run_jobs().await;
    assert!(app.mails_to("").is_empty(), "a mail went out");
});

app_test!(headers_of_the_client_are_not_repeated, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let request = owner
        .client
        .raw(Method::GET, "/auth/me")
        .header("X-Request-Id", "chosen-by-me");
    let reply = send(request).await.expect(200);
    assert_ne!(reply.headers["x-request-id"], "chosen-by-me");
    uuid::Uuid::parse_str(reply.headers["x-request-id"].to_str().unwrap()).unwrap();
    for key in ["", " ", "a\tb", "\u{e9}", &"x".repeat(256)] {
        let request = owner.client.unsafe_request(Method::POST, "/checkout").await;
        let body = json!({ "product_code": "PRO_MONTHLY" });
        let request = request.header("Idempotency-Key", key.as_bytes()).json(&body);
        assert_eq!(send(request).await.problem(), "422 invalid", "{key:?}");
    }
    // A line end inside a header ends the header: what follows is read as one of its own, or refused.
    let (cookie, token) = session(app).await;
    for evil in ["a\rX-Evil: 1", "a\0b", "a\x01b"] {
        let request = format!(
            "POST /api/v1/checkout HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n\
             X-CSRF-Token: {token}\r\nIdempotency-Key: {evil}\r\nContent-Length: 0\r\n\r\n"
        );
        let answer = raw::ask(&app.base_url, request).await;
        assert_eq!(raw::status(&answer), "400", "{evil:?}: {answer}");
        assert!(!answer.to_lowercase().contains("x-evil"), "{answer}");
    }
});

app_test!(bodies_that_are_no_text_or_too_deep_are_refused_by_name, |app| {
    let ask = async |body: &[u8]| {
        let request = raw_post(app, "/auth/login", "Host: x\r\n", body).await;
        let answer = raw::ask(&app.base_url, request).await;
        let code = answer
            .split("\"code\":\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        format!("{} {}", raw::status(&answer), code.unwrap_or_default())
    };
    for broken in [
        &b"{\"email\":\"\xff\"}"[..],
        b"{\"email\":\"\xc0\xae\"}",
        b"{\"email\":\"\xed\xa0\x80\"}",
        b"\xfe\xff\0{",
        b"{\"email\":\"\xe2\x82",
    ] {
        assert_eq!(ask(broken).await, "400 malformed", "{broken:?}");
    }
    assert_eq!(ask(br#"{"email":"\ud800","password":"x"}"#).await, "400 malformed");
    for depth in [17, 127, 128, 30_000] {
        let lists = format!("{{\"email\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(ask(lists.as_bytes()).await, "422 invalid", "{depth}");
        let objects = format!(
            "{}1{}",
            "{\"a\":".repeat(depth.min(10_000)),
            "}".repeat(depth.min(10_000))
        );
        assert_eq!(ask(objects.as_bytes()).await, "422 invalid", "{depth}");
    }
    let large = format!("{{\"email\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(ask(large.as_bytes()).await, "413 payload_too_large");
    for odd in [
        "",
        "null",
        "7",
        "\"x\"",
        "[]",
        "{}x",
        "{'a':1}",
        "{\"email\":1e999}",
        "NaN",
    ] {
        let answer = ask(odd.as_bytes()).await;
        assert!(
            answer.starts_with("400 ") || answer.starts_with("422 "),
            "{odd:?}: {answer}"
        );
    }
});

app_test!(a_list_in_place_of_an_address_is_refused, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let path = format!("/accounts/{}", owner.account_id);
    let list = json!({ "billing_address": ["1 Main Road", null, "Prince Albert", "6930", "ZA"] });
    let reply = owner.client.patch(&path, list).await;
    assert_eq!(reply.problem(), "422 invalid");
    assert_eq!(reply.value()["errors"][0]["field"], "billing_address");
    assert_eq!(owner.client.get(&path).await.value()["billing_address"], Value::Null);
});

app_test!(fields_that_nobody_may_set_are_refused, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let path = format!("/accounts/{}", owner.account_id);
    let before = owner.client.get(&path).await.expect(200).value();
    for (field, value) in [
        ("staff_role", json!("admin")),
        ("role", json!("owner")),
        ("id", json!(owner.account_id)),
        ("account_id", json!(owner.account_id)),
        ("user_id", json!(owner.account_id)),
        ("plan", json!("PRO_MONTHLY")),
        ("credit", json!({ "minor": 1_000_000, "currency": "ZAR" })),
        ("email_verified", json!(true)),
        ("totp_secret", json!("x")),
        ("__proto__", json!({ "staff_role": "admin" })),
    ] {
        let mut body = registration("new@karoo.test");
        body[field] = value.clone();
        let reply = app.client().post("/auth/register", body).await;
        assert_eq!(reply.problem(), "422 invalid", "{field}");
        assert_eq!(reply.value()["errors"][0]["field"], field);
        let reply = owner
            .client
            .patch(&path, json!({ "company_name": "Mine", field: value }))
            .await;
        assert_eq!(reply.problem(), "422 invalid", "{field}");
        let body = json!({ "email": owner.email, "password": PASSWORD, field: value });
        assert_eq!(
            app.client().post("/auth/login", body).await.problem(),
            "422 invalid",
            "{field}"
        );
        let mut checkout = json!({ "product_code": "PRO_MONTHLY" });
        checkout[field] = value;
        let reply = owner.client.post_with_key("/checkout", field, checkout).await;
        assert_eq!(reply.problem(), "422 invalid", "{field}");
    }
    let mut checkout = json!({ "product_code": "PRO_MONTHLY" });
    checkout["amount"] = json!("1.00");
    assert_eq!(
        owner.client.post_with_key("/checkout", "k", checkout).await.problem(),
        "422 invalid"
    );
    assert_eq!(owner.client.get(&path).await.expect(200).value(), before);
    assert!(owner.invoices().await.is_empty());
    app.run_jobs().await;
    assert!(app.mails_to("new@karoo.test").is_empty());
    assert_eq!(
        owner.client.get("/auth/me").await.value()["user"]["staff_role"],
        Value::Null
    );
});

/// A request that two servers could read apart, and what a naive one would answer as a second request.
async fn smuggle(app: &TestApp, headers: &str) -> String {
    let smuggled = "GET /api/v1/site HTTP/1.1\r\nHost: x\r\n\r\n";
    let request = format!("POST /api/v1/payments/payfast/itn HTTP/1.1\r\nHost: x\r\n{headers}\r\n0\r\n\r\n{smuggled}");
    raw::ask(&app.base_url, request).await
}

app_test!(requests_that_can_be_read_in_two_ways_are_refused, |app| {
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: -1\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "X: y\r\n Content-Length: 5\r\n",
    ] {
        let answer = smuggle(app, headers).await;
        assert_eq!(raw::status(&answer), "400", "{headers:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{headers:?}: {answer}");
    }
    let no_host = raw::ask(&app.base_url, "GET /api/v1/site HTTP/1.1\r\n\r\n").await;
    assert_eq!(raw::status(&no_host), "400");
    let two_hosts = raw::ask(&app.base_url, "GET /api/v1/site HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").await;
    assert_eq!(raw::status(&two_hosts), "400");
});

app_test!(an_export_runs_nothing_in_a_spreadsheet, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let path = format!("/accounts/{}", owner.account_id);
    for name in ["=cmd|' /C calc'!A0", "@SUM(1+1)*cmd", "+1-1", "plain, but \"quoted\""] {
        let change = serde_json::json!({ "company_name": name });
        owner.client.patch(&path, change).await.expect(200);
    }
    let reply = owner.client.get("/audit/export.csv").await.expect(200);
    assert!(reply.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    let mut reader = csv::Reader::from_reader(reply.body.as_bytes());
    assert_eq!(&reader.headers().unwrap()[0], "id");
    let rows: Vec<_> = reader.records().map(|row| row.unwrap()).collect();
    let cells: Vec<&str> = rows.iter().flat_map(|row| row.iter()).collect();
    assert!(
        cells
            .iter()
            .all(|cell| !cell.starts_with(['=', '+', '@', '-', '\t', '\r']))
    );
    assert!(
        cells.iter().any(|cell| cell.contains("=cmd|' /C calc'!A0")),
        "{cells:?}"
    );
    assert!(cells.contains(&"plain, but \"quoted\""), "{cells:?}");
    let page: common::Page<common::audit::AuditEntry> = owner.client.get("/audit").await.expect(200).json();
    assert_eq!(rows.len(), page.items.len());
    let unknown = owner.client.get("/audit/export.csv?limit=1").await;
    assert_eq!(unknown.problem(), "422 invalid");
});
