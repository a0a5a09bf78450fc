//! Who may pass: every listed route asked by everybody who should not.
//!
//! A route that is added without a place in these tables fails a test here.

use common::Method as ListedMethod;
use reqwest::Method;
use serde_json::{Value, json};
use server::routes::ListedRoute;

use crate::support::{Client, Reply, client::send};

mod bodies;
mod edges;
mod keys;
mod roles;
mod rows;
mod strangers;

const SOME_ID: &str = "01929b7e-7c1c-7000-8000-000000000001";

fn method(listed: ListedMethod) -> Method {
    Method::from_bytes(listed.as_str().as_bytes()).unwrap()
}

/// The path with `id` for `{id}` and an id that nobody has for every other parameter.
fn fill(path: &str, id: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{id}" => id,
        part if part.starts_with('{') => SOME_ID,
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The route as a page below its account would ask, with the token of the session.
async fn ask(client: &Client, route: ListedRoute, id: &str, body: Value) -> Reply {
    let path = fill(route.path, id);
    if route.method.is_unsafe() {
        send(client.unsafe_request(method(route.method), &path).await.json(&body)).await
    } else {
        client.get(&path).await
    }
}

/// A request without what a page adds: a token and an origin are the test's choice.
async fn ask_bare(client: &Client, route: ListedRoute, token: Option<&str>, origin: Option<&str>) -> Reply {
    let mut request = client.raw(method(route.method), &fill(route.path, SOME_ID));
    if let Some(token) = token {
        request = request.header("X-CSRF-Token", token);
    }
    if let Some(origin) = origin {
        request = request.header("Origin", origin);
    }
    if route.method.is_unsafe() {
        request = request.json(&json!({}));
    }
    send(request).await
}
