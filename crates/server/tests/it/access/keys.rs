//! Every route asked with API keys: without the scope, with it, and as what keys are kept off.

use common::{Access, api_keys::ApiScope};
use reqwest::Method;
use serde_json::json;
use server::routes;

use super::{SOME_ID, fill, method};
use crate::support::client::send;

app_test!(a_key_needs_the_scope_of_the_route, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let program = app.client();
    for route in routes::listed() {
        if matches!(route.access, Access::Public | Access::Ticket | Access::Gateway) {
            assert_eq!(route.scope, None, "{route:?}");
            continue;
        }
        // All scopes but the one that is needed; closed routes are refused with all of them.
        let others: Vec<ApiScope> = ApiScope::ALL
            .iter()
            .copied()
            .filter(|scope| Some(*scope) != route.scope)
            .collect();
        let key = owner.api_key(&others).await;
        let id = if route.path.starts_with("/accounts/{id}") {
            owner.account_id.as_str()
        } else {
            SOME_ID
        };
        let body = route.method.is_unsafe().then(|| json!({}));
        let path = fill(route.path, id);
        let reply = program
            .with_api_key(&key.secret, method(route.method), &path, body.clone())
            .await;
        let detail = reply.value()["detail"].as_str().unwrap().to_owned();
        assert_eq!(reply.problem(), "403 scope_missing", "{route:?}");
        if let Some(scope) = route.scope {
            assert!(detail.contains(scope.as_str()), "{detail}");
            let right = owner.api_key(&[scope]).await;
            let reply = program
                .with_api_key(&right.secret, method(route.method), &path, body)
                .await;
            assert!(
                matches!(reply.status.as_u16(), 200 | 404 | 422),
                "{route:?}: {}",
                reply.body
            );
            revoke(&owner, &right.key.id.to_string()).await;
            // So many requests at once are more than one person may make.
            app.advance(chrono::TimeDelta::seconds(1));
        }
        revoke(&owner, &key.key.id.to_string()).await;
    }
});

async fn revoke(owner: &crate::support::app::Customer, id: &str) {
    owner.client.delete(&format!("/api-keys/{id}")).await.expect(200);
}

app_test!(credentials_in_a_header_switch_the_cookie_off, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let unknown = format!("Bearer ck_{}", "0".repeat(64));
    for header in ["Bearer ck_wrong", "Basic b3duZXI6cGFzcw==", "nonsense", "", &unknown] {
        for route in routes::listed() {
            let request = customer
                .client
                .raw(method(route.method), &fill(route.path, customer.account_id.as_str()))
                .header("Authorization", header)
                .json(&json!({}));
            let reply = send(request).await;
            match route.access {
                Access::Public | Access::Gateway => assert_ne!(reply.status.as_u16(), 401, "{route:?}"),
                _ => {
                    assert_eq!(reply.headers["www-authenticate"], "Bearer");
                    assert_eq!(reply.problem(), "401 not_signed_in", "{header} {route:?}");
                }
            }
        }
    }
});

app_test!(a_key_in_a_page_of_another_site_is_refused, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let key = owner.api_key(&[ApiScope::PaymentsWrite, ApiScope::PaymentsRead]).await;
    let program = app.client();
    let request = program
        .raw(Method::POST, "/checkout")
        .bearer_auth(&key.secret)
        .header("Origin", "https://evil.example")
        .header("Idempotency-Key", "k")
        .json(&json!({ "product_code": "PRO_MONTHLY" }));
    assert_eq!(send(request).await.problem(), "403 csrf");
    // Reading changes nothing; without CORS the other site sees no answer.
    let request = program.raw(Method::GET, "/payments").bearer_auth(&key.secret);
    send(request.header("Origin", "https://evil.example")).await.expect(200);
});

app_test!(public_routes_do_not_look_at_keys, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let key = owner.api_key(ApiScope::ALL).await;
    let program = app.client();
    program
        .with_api_key(&key.secret, Method::GET, "/plans", None)
        .await
        .expect(200);
    let csrf = program
        .with_api_key(&key.secret, Method::GET, "/auth/csrf", None)
        .await
        .value();
    assert_eq!(csrf["signed_in"], false);
    let login = program
        .with_api_key(&key.secret, Method::POST, "/auth/login", Some(json!({})))
        .await;
    assert_eq!(login.problem(), "403 csrf");
});
