//! Bodies of the wrong kind and size, on every route that takes one.

use common::{Access, api_keys::ApiScope};
use server::routes::{self, ListedRoute};

use super::{fill, method};
use crate::support::{Client, Reply, client::send};

/// A route with a body, asked by whoever gets as far as the body.
async fn send_body(client: &Client, route: ListedRoute, account_id: &str, kind: &str, body: String) -> Reply {
    let request = client
        .unsafe_request(method(route.method), &fill(route.path, account_id))
        .await
        .header("Content-Type", kind)
        .header("Idempotency-Key", "a-key");
    send(request.body(body)).await
}

app_test!(bodies_of_another_kind_or_size_are_refused, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let mut asked = 0;
    for route in routes::listed() {
        if !route.has_body || matches!(route.access, Access::Staff(_) | Access::Gateway) {
            continue;
        }
        let send = |kind, body| send_body(&owner.client, route, owner.account_id.as_str(), kind, body);
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let reply = send(kind, "{}".to_owned()).await;
            assert_eq!(reply.problem(), "415 unsupported_media_type", "{route:?}");
        }
        let large = format!("{{\"x\":\"{}\"}}", "x".repeat(70_000));
        let reply = send("application/json", large).await;
        assert_eq!(reply.problem(), "413 payload_too_large", "{route:?}");
        for (body, problem) in [
            ("", "400 malformed"),
            ("{", "400 malformed"),
            ("[]", "422 invalid"),
            ("{\"unknown\":1}", "422 invalid"),
        ] {
            let reply = send("application/json", body.to_owned()).await;
            assert_eq!(reply.problem(), problem, "{route:?} {body}");
        }
        asked += 1;
        // So many requests of one person would be too many in one moment.
        app.advance(chrono::TimeDelta::seconds(30));
    }
    assert!(asked >= 8, "only {asked} routes take bodies");
});

#[test]
fn every_route_for_keys_has_a_scope_that_fits_its_method() {
    for route in routes::listed() {
        let Some(scope) = route.scope else { continue };
        assert!(matches!(route.access, Access::Account(_)), "{route:?}");
        assert_eq!(scope.is_write(), route.method.is_unsafe(), "{route:?}");
    }
    for scope in ApiScope::ALL {
        let is_used = routes::listed().iter().any(|route| route.scope == Some(*scope));
        assert!(is_used, "no route needs {scope}");
    }
}
