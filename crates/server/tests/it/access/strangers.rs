//! Every route asked without a session, without a token, and from another site.

use common::Access;
use reqwest::Method;
use serde_json::json;
use server::routes;

use super::ask_bare;
use crate::support::client::send;

app_test!(every_route_keeps_strangers_out, |app| {
    let stranger = app.client();
    let token = stranger.refresh_csrf().await;
    for route in routes::listed() {
        let reply = ask_bare(&stranger, route, Some(&token), None).await;
        match route.access {
            Access::Public | Access::Gateway => assert_ne!(reply.status.as_u16(), 401, "{route:?}"),
            _ => {
                assert_eq!(reply.headers["www-authenticate"], "Bearer");
                assert_eq!(reply.problem(), "401 not_signed_in", "{route:?}");
            }
        }
    }
});

app_test!(every_unsafe_route_needs_the_token_of_the_session, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let foreign = app.client().refresh_csrf().await;
    for route in routes::listed() {
        if !route.method.is_unsafe() || route.access == Access::Gateway {
            continue;
        }
        for token in [None, Some("x"), Some(foreign.as_str())] {
            let reply = ask_bare(&customer.client, route, token, None).await;
            assert_eq!(reply.problem(), "403 csrf", "{route:?}");
        }
    }
});

app_test!(another_site_is_refused_whoever_is_signed_in, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let token = customer.client.refresh_csrf().await;
    for route in routes::listed() {
        if !route.method.is_unsafe() || route.access == Access::Gateway {
            continue;
        }
        for client in [&customer.client, &app.client()] {
            let reply = ask_bare(client, route, Some(&token), Some("https://evil.example")).await;
            assert_eq!(reply.problem(), "403 csrf", "{route:?}");
        }
    }
    let own = customer
        .client
        .raw(Method::POST, "/auth/logout")
        .header("X-CSRF-Token", token)
        .header("Origin", &app.base_url);
    send(own.json(&json!({}))).await.expect(200);
});
