//! Calls to the server: one function per shape of call, cookies and CSRF token included, errors typed.
//!
//! Knows no page. A page shows a [`Failure`] by `components::problem`; a lost session is told to `session.rs`.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    slice,
};

use common::{
    API_BASE, Endpoint, ErrorCode, Method, Problem,
    auth::{CsrfToken, GetCsrf},
    endpoint,
    ids::AccountId,
    invoices::InvoiceSummary,
};
use gloo_net::http::{Request, RequestBuilder};
use serde::{Serialize, de::DeserializeOwned};

use crate::browser;

/// A call that hangs longer is given up, so that no button stays busy for ever.
const TIMEOUT_MS: u32 = 30_000;

/// Why a call gave no answer of its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// No answer at all: no network, or the server is down.
    Offline,
    /// An answer that this client cannot read.
    Unreadable,
    /// The server said why.
    Refused {
        problem: Box<Problem>,
        /// Seconds of `Retry-After`.
        retry_after: Option<u32>,
    },
}

impl Failure {
    pub fn is(&self, code: ErrorCode) -> bool {
        self.problem().is_some_and(|problem| problem.is(code))
    }

    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Failure::Refused { problem, .. } => Some(problem),
            Failure::Offline | Failure::Unreadable => None,
        }
    }

    /// Seconds to wait before another try, when there were too many.
    pub fn wait(&self) -> Option<u32> {
        match self {
            Failure::Refused { problem, retry_after } if problem.status == 429 => *retry_after,
            Failure::Refused { .. } | Failure::Offline | Failure::Unreadable => None,
        }
    }

    pub fn is_not_found(&self) -> bool {
        self.problem().is_some_and(|problem| problem.status == 404)
    }
}

thread_local! {
    static CSRF: RefCell<Option<String>> = const { RefCell::new(None) };
    static ACCOUNT: Cell<Option<AccountId>> = const { Cell::new(None) };
    static ON_REFUSED: Cell<Option<fn(ErrorCode)>> = const { Cell::new(None) };
}

/// What a call says beside its body.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// `Idempotency-Key`: the server performs the same key and body only once, and repeats its answer.
    pub key: Option<String>,
    /// `If-Match`: the version that is changed; the server refuses (412) when there is a newer one.
    pub version: Option<i64>,
}

impl Terms {
    pub fn once(key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            version: None,
        }
    }

    pub fn of_version(version: i64) -> Self {
        Self {
            key: None,
            version: Some(version),
        }
    }
}

/// Calls an endpoint; `parameters` fill the `{…}` places of its path.
pub async fn call<E: Endpoint>(parameters: &[&str], request: &E::Request) -> Result<E::Response, Failure> {
    call_on::<E>(parameters, request, Terms::default()).await
}

/// Like [`call`], on terms.
pub async fn call_on<E: Endpoint>(
    parameters: &[&str],
    request: &E::Request,
    terms: Terms,
) -> Result<E::Response, Failure> {
    from_json(&ask_on::<E>(parameters, request, terms).await?)
}

/// Like [`call`], for an answer that is read in parts.
pub async fn ask<E: Endpoint>(parameters: &[&str], request: &E::Request) -> Result<String, Failure> {
    ask_on::<E>(parameters, request, Terms::default()).await
}

/// Like [`ask`], on terms.
pub async fn ask_on<E: Endpoint>(parameters: &[&str], request: &E::Request, terms: Terms) -> Result<String, Failure> {
    prepare(E::METHOD, E::PATH, parameters, to_json(request), terms).await
}

/// Like [`call`], for a POST that also takes a query.
pub async fn call_with<E: Endpoint>(
    parameters: &[&str],
    query: &str,
    request: &E::Request,
) -> Result<E::Response, Failure> {
    let path = format!("{}?{query}", E::PATH);
    from_json(&prepare(E::METHOD, &path, parameters, to_json(request), Terms::default()).await?)
}

/// The answer as text, for `documents.rs`.
pub async fn text<E: Endpoint<Request = ()>>(parameters: &[&str]) -> Result<String, Failure> {
    prepare(
        E::METHOD,
        E::PATH,
        parameters,
        Ok(serde_json::Value::Null),
        Terms::default(),
    )
    .await
}

/// The account that calls act for; `None` leaves the choice to the server.
pub fn act_for(account: Option<AccountId>) {
    ACCOUNT.set(account);
}

/// The token of the old session is useless after signing in or out.
pub fn forget_csrf() {
    CSRF.take();
}

/// Opens the conversation with the server: keeps its token, and tells whether somebody is signed in.
pub async fn is_signed_in() -> Result<bool, Failure> {
    Ok(fetch_csrf().await?.signed_in)
}

/// Refusals that say something about the session, whatever was asked.
const OF_SESSION: [ErrorCode; 4] = [
    ErrorCode::NotSignedIn,
    ErrorCode::MfaEnrolmentRequired,
    ErrorCode::Forbidden,
    ErrorCode::AccountRequired,
];

/// What to do when the server no longer knows the session, sees other rights in it, or wants a second factor first.
pub fn on_session_refused(react: fn(ErrorCode)) {
    ON_REFUSED.set(Some(react));
}

/// What is left to do when types are out of the way, boxed so that it is compiled once.
fn prepare(
    method: Method,
    path: &str,
    parameters: &[&str],
    body: Result<serde_json::Value, Failure>,
    terms: Terms,
) -> Pin<Box<dyn Future<Output = Result<String, Failure>>>> {
    let path = format!("{API_BASE}{}", endpoint::fill(path, parameters));
    Box::pin(async move { exchange(method, path, body?, terms).await })
}

async fn exchange(method: Method, path: String, body: serde_json::Value, terms: Terms) -> Result<String, Failure> {
    let mut token_is_fresh = false;
    loop {
        let token = if method.is_unsafe() {
            Some(csrf_token(&mut token_is_fresh).await?)
        } else {
            None
        };
        match send(method, &path, &body, &terms, token.as_deref()).await {
            Err(failure) if failure.is(ErrorCode::Csrf) && !token_is_fresh => forget_csrf(),
            Err(failure) => {
                if failure.is(ErrorCode::NotSignedIn) {
                    forget_csrf();
                }
                if let Some(code) = OF_SESSION.into_iter().find(|code| failure.is(*code)) {
                    tell_session(code);
                }
                return Err(failure);
            }
            Ok(text) => return Ok(text),
        }
    }
}

fn tell_session(code: ErrorCode) {
    if let Some(react) = ON_REFUSED.get() {
        react(code);
    }
}

async fn csrf_token(is_fresh: &mut bool) -> Result<String, Failure> {
    if let Some(token) = CSRF.with_borrow(Clone::clone) {
        return Ok(token);
    }
    *is_fresh = true;
    Ok(fetch_csrf().await?.csrf_token)
}

async fn fetch_csrf() -> Result<CsrfToken, Failure> {
    let path = format!("{API_BASE}{}", GetCsrf::PATH);
    let text = send(
        GetCsrf::METHOD,
        &path,
        &serde_json::Value::Null,
        &Terms::default(),
        None,
    )
    .await?;
    let answer: CsrfToken = from_json(&text)?;
    CSRF.set(Some(answer.csrf_token.clone()));
    Ok(answer)
}

async fn send(
    method: Method,
    path: &str,
    body: &serde_json::Value,
    terms: &Terms,
    csrf: Option<&str>,
) -> Result<String, Failure> {
    let timeout = web_sys::AbortSignal::timeout_with_u32(TIMEOUT_MS);
    let builder = match method {
        Method::Get => Request::get(&with_query(path, body)),
        Method::Post => Request::post(path),
        Method::Put => Request::put(path),
        Method::Patch => Request::patch(path),
        Method::Delete => Request::delete(&with_query(path, body)),
    };
    let mut builder: RequestBuilder = builder
        .abort_signal(Some(&timeout))
        .header("Accept", "application/json");
    if let Some(account) = ACCOUNT.get() {
        builder = builder.header("X-Account-Id", account.as_str());
    }
    if let Some(key) = &terms.key {
        builder = builder.header("Idempotency-Key", key);
    }
    if let Some(version) = terms.version {
        builder = builder.header("If-Match", &format!("\"{version}\""));
    }
    if let Some(csrf) = csrf {
        builder = builder.header("X-CSRF-Token", csrf);
    }
    let has_body = matches!(method, Method::Post | Method::Put | Method::Patch) && !body.is_null();
    let request = if has_body {
        builder
            .header("Content-Type", "application/json")
            .body(body.to_string())
    } else {
        builder.build()
    };
    let response = request
        .map_err(|_| Failure::Unreadable)?
        .send()
        .await
        .map_err(|_| Failure::Offline)?;
    let retry_after = response.headers().get("Retry-After").and_then(|text| text.parse().ok());
    let text = response.text().await.map_err(|_| Failure::Offline)?;
    if response.ok() {
        return Ok(text);
    }
    match from_json(&text) {
        Ok(problem) => Err(Failure::Refused {
            problem: Box::new(problem),
            retry_after,
        }),
        // A proxy in between answers without a problem document.
        Err(_) if matches!(response.status(), 502..=504) => Err(Failure::Offline),
        Err(unreadable) => Err(unreadable),
    }
}

/// The bytes of a file that a link leads to.
pub async fn file(address: &str) -> Result<Vec<u8>, Failure> {
    let timeout = web_sys::AbortSignal::timeout_with_u32(TIMEOUT_MS);
    let request = Request::get(address).abort_signal(Some(&timeout)).send();
    let response = request.await.map_err(|_| Failure::Offline)?;
    match response.ok() {
        true => response.binary().await.map_err(|_| Failure::Offline),
        false => Err(Failure::Unreadable),
    }
}

/// Where a link to an endpoint leads, with the parameters that `request` has; links carry no headers.
pub fn link<E: Endpoint>(parameters: &[&str], request: &E::Request) -> String {
    let path = format!("{API_BASE}{}", endpoint::fill(E::PATH, parameters));
    with_query(&path, &to_json(request).unwrap_or_default())
}

fn with_query(path: &str, parameters: &serde_json::Value) -> String {
    let mut url = path.to_owned();
    let mut separator = '?';
    for (name, value) in parameters.as_object().into_iter().flatten() {
        // A list is a parameter that is repeated.
        for value in value.as_array().map_or(slice::from_ref(value), Vec::as_slice) {
            let value = match value {
                serde_json::Value::Null => continue,
                serde_json::Value::String(text) => browser::encode(text),
                other => other.to_string(),
            };
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.push_str(&value);
            separator = '&';
        }
    }
    url
}

fn to_json<T: Serialize>(value: &T) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(value).map_err(|_| Failure::Unreadable)
}

/// Reads an answer; an empty one is `null`.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    let value = value_of(if text.is_empty() { "null" } else { text })?;
    T::deserialize(&value).map_err(|_| Failure::Unreadable)
}

/// Types are read from values, never from texts: the code for that is smaller, and frames of a socket need it too.
fn value_of(text: &str) -> Result<serde_json::Value, Failure> {
    serde_json::from_str(text).map_err(|_| Failure::Unreadable)
}

/// Where the invoice's PDF is; a link, since the browser saves it. Links carry no headers, so it names the account.
pub fn pdf_address(invoice: &InvoiceSummary) -> String {
    format!(
        "{API_BASE}/invoices/{}/pdf?account_id={}",
        invoice.id, invoice.account_id
    )
}
