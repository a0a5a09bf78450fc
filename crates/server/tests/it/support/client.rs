//! A client that behaves like our page: keeps the cookie, fetches the CSRF token and sends it.

use std::{cell::RefCell, time::Duration};

use reqwest::{Method, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub struct Client {
    http: reqwest::Client,
    base_url: String,
    csrf_token: RefCell<Option<String>>,
}

/// A complete answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn value(&self) -> Value {
        self.json()
    }

    /// Status and code of a problem: `422 invalid`.
    pub fn problem(&self) -> String {
        let problem: common::Problem = self.json();
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.headers["x-request-id"], problem.request_id.as_str());
        assert_eq!(problem.status, self.status.as_u16());
        format!("{} {}", problem.status, problem.code)
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }
}

impl Client {
    pub fn new(base_url: &str) -> Self {
        Self::with_headers(base_url, header::HeaderMap::new())
    }

    /// As a proxy passes it on, with the client's address in `X-Forwarded-For`.
    pub fn behind_proxy(base_url: &str, address: &str) -> Self {
        let mut headers = header::HeaderMap::new();
        headers.insert("x-forwarded-for", address.parse().unwrap());
        Self::with_headers(base_url, headers)
    }

    fn with_headers(base_url: &str, headers: header::HeaderMap) -> Self {
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            http,
            base_url: base_url.to_owned(),
            csrf_token: RefCell::new(None),
        }
    }

    /// A request to a path below the API's base, without any token.
    pub fn raw(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.base_url))
    }

    /// The same browser at another node: the same cookies, since they know no ports.
    pub fn at_node(&self, base_url: &str) -> Self {
        Self {
            http: self.http.clone(),
            base_url: base_url.to_owned(),
            csrf_token: RefCell::new(self.csrf_token.borrow().clone()),
        }
    }

    /// A request to any path of the server.
    pub fn at(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base_url))
    }

    pub async fn get(&self, path: &str) -> Reply {
        send(self.raw(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        send(self.unsafe_request(Method::POST, path).await.json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        send(self.unsafe_request(Method::PUT, path).await.json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        send(self.unsafe_request(Method::PATCH, path).await.json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        send(self.unsafe_request(Method::DELETE, path).await).await
    }

    /// A request with an API key, as a program sends it: no cookie, no token.
    pub async fn with_api_key(&self, secret: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
        let request = self.raw(method, path).bearer_auth(secret);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub async fn post_with_key(&self, path: &str, key: &str, body: Value) -> Reply {
        send(
            self.unsafe_request(Method::POST, path)
                .await
                .header("Idempotency-Key", key)
                .json(&body),
        )
        .await
    }

    /// A request with the CSRF token of this session.
    pub async fn unsafe_request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let token = self.csrf_token.borrow().clone();
        let token = match token {
            Some(token) => token,
            None => self.refresh_csrf().await,
        };
        self.raw(method, path).header("X-CSRF-Token", token)
    }

    pub async fn refresh_csrf(&self) -> String {
        let reply = self.get("/auth/csrf").await.expect(200);
        let token = reply.value()["csrf_token"].as_str().unwrap().to_owned();
        *self.csrf_token.borrow_mut() = Some(token.clone());
        token
    }

    /// The cookie of the session that an answer sets: another one than before after each rise of rights.
    pub fn session_cookie(reply: &Reply) -> String {
        let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Who is asked about with another session's cookie, as somebody would who copied it.
    pub async fn me_with(&self, cookie: &str) -> Reply {
        let http = reqwest::Client::new();
        let url = format!("{}/api/v1/auth/me", self.base_url);
        send(http.get(url).header(header::COOKIE, cookie)).await
    }

    /// Signs in and takes the new session's token.
    pub async fn sign_in(&self, email: &str, password: &str) -> Reply {
        self.sign_in_with(serde_json::json!({ "email": email, "password": password }))
            .await
    }

    /// Signs in with credentials as they are sent, and takes the new session's token.
    pub async fn sign_in_with(&self, credentials: Value) -> Reply {
        let reply = self.post("/auth/login", credentials).await;
        if reply.status == StatusCode::OK {
            self.refresh_csrf().await;
        }
        reply
    }
}

pub async fn send(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Reply {
        status,
        headers,
        body: response.text().await.unwrap(),
    }
}
