//! What an attacker would try, over real HTTP; raw bytes where a client library would tidy them up.

mod forgery;
mod headers;
mod inputs;
mod paths;
mod takeover;
mod timing;

use reqwest::header;
use serde_json::{Value, json};

use crate::support::{TestApp, app::PASSWORD};

/// Cookie and token of a new session that nobody has signed in to, for raw requests.
pub async fn session(app: &TestApp) -> (String, String) {
    let reply = app.client().get("/auth/csrf").await.expect(200);
    let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap();
    let pair = cookie.split(';').next().unwrap().to_owned();
    (pair, reply.value()["csrf_token"].as_str().unwrap().to_owned())
}

fn registration(email: &str) -> Value {
    json!({
        "email": email, "password": PASSWORD, "first_name": "Nomsa", "last_name": "van Wyk",
        "company_name": "Karoo Kiln Studio", "terms_accepted": true,
    })
}

/// A POST as bytes, with the headers of a session and whatever else.
async fn raw_post(app: &TestApp, path: &str, extra: &str, body: &[u8]) -> Vec<u8> {
    let (cookie, token) = session(app).await;
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nConnection: close\r\nContent-Type: application/json\r\nCookie: {cookie}\r\n\
         X-CSRF-Token: {token}\r\nContent-Length: {}\r\n{extra}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
