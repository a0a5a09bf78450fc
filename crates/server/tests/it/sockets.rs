//! Sockets: who may open one, and how soon it closes when its login ends.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use common::{
    API_BASE,
    chat::{
        CloseReason, FRAME_MAX, SUBPROTOCOL, ServerFrame, Ticket,
        server_frames::{FrameErrorCode, Welcome},
    },
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::Request},
};

use crate::support::{Client, TestApp, app::PASSWORD, db::TestDb, process::Process};

pub type Stream = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

pub async fn ticket(client: &Client) -> String {
    let ticket: Ticket = client.post("/chat/ticket", json!({})).await.expect(201).json();
    ticket.ticket
}

fn handshake(base_url: &str, protocols: &str, origin: Option<&str>) -> Request<()> {
    let url = format!("{}{API_BASE}/chat/socket", base_url.replace("http://", "ws://"));
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("Sec-WebSocket-Protocol", protocols.parse().unwrap());
    if let Some(origin) = origin {
        headers.insert("Origin", origin.parse().unwrap());
    }
    request
}

/// Opens a socket; a refusal is its status and code.
pub async fn try_open(base_url: &str, protocols: &str, origin: Option<&str>) -> Result<Stream, String> {
    match connect_async(handshake(base_url, protocols, origin)).await {
        Ok((stream, answer)) => {
            assert_eq!(answer.headers()["Sec-WebSocket-Protocol"], SUBPROTOCOL);
            Ok(stream)
        }
        Err(Error::Http(answer)) => {
            let body: Value = serde_json::from_slice(answer.body().as_deref().unwrap_or_default()).unwrap_or_default();
            Err(format!(
                "{} {}",
                answer.status().as_u16(),
                body["code"].as_str().unwrap_or_default()
            ))
        }
        Err(error) => panic!("{error}"),
    }
}

/// Opens a socket of a signed-in client and greets.
pub async fn open(client: &Client, base_url: &str) -> Stream {
    let (stream, welcome) = open_with(client, base_url, json!({})).await;
    assert!(!welcome.resumed);
    stream
}

/// The same with more fields in the hello.
pub async fn open_with(client: &Client, base_url: &str, fields: Value) -> (Stream, Welcome) {
    let protocols = format!("{SUBPROTOCOL}, ticket.{}", ticket(client).await);
    let mut stream = try_open(base_url, &protocols, Some(base_url)).await.unwrap();
    let mut hello = json!({ "t": "hello", "v": 1, "device": "d_1", "tab": "a" });
    let more = fields.as_object().unwrap().clone();
    hello.as_object_mut().unwrap().extend(more);
    say(&mut stream, hello).await;
    match hear(&mut stream).await {
        Ok(ServerFrame::Welcome(welcome)) => (stream, welcome),
        other => panic!("{other:?}"),
    }
}

pub async fn say(stream: &mut Stream, frame: Value) {
    stream.send(Message::text(frame.to_string())).await.unwrap();
}

/// The next frame but for pings and presences, which come when they like; or the code that the socket was closed with.
pub async fn hear(stream: &mut Stream) -> Result<ServerFrame, u16> {
    loop {
        match hear_any(stream).await? {
            ServerFrame::Presence(_) => {}
            frame => return Ok(frame),
        }
    }
}

/// The next frame but for pings, which are answered.
pub async fn hear_any(stream: &mut Stream) -> Result<ServerFrame, u16> {
    loop {
        let next = tokio::time::timeout(Duration::from_secs(5), stream.next());
        match next.await.expect("something within five seconds") {
            Some(Ok(Message::Text(text))) => match serde_json::from_str(&text).unwrap() {
                ServerFrame::Ping(ping) => say(stream, json!({ "t": "pong", "n": ping.n })).await,
                frame => return Ok(frame),
            },
            Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
            other => panic!("{other:?}"),
        }
    }
}

app_test!(a_ticket_opens_one_socket, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let origin = Some(app.base_url.as_str());
    let protocols = format!("{SUBPROTOCOL}, ticket.{}", ticket(&customer.client).await);
    let mut stream = try_open(&app.base_url, &protocols, origin).await.unwrap();
    assert_eq!(
        try_open(&app.base_url, &protocols, origin).await.err().unwrap(),
        "401 not_signed_in"
    );
    say(&mut stream, json!({ "t": "ping", "n": 1, "ct": 5 })).await;
    assert!(
        matches!(hear(&mut stream).await, Ok(ServerFrame::Error(_))),
        "hello comes first"
    );
    say(
        &mut stream,
        json!([{ "t": "hello", "v": 1, "device": "d", "tab": "t" }, { "t": "ping", "n": 2, "ct": 5 }]),
    )
    .await;
    assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Welcome(_))));
    assert!(matches!(
        hear(&mut stream).await,
        Ok(ServerFrame::Pong(pong)) if (pong.n, pong.ct) == (2, 5)
    ));
    say(&mut stream, json!({ "t": "dance", "id": "7" })).await;
    let refused = hear(&mut stream).await;
    assert!(
        matches!(refused, Ok(ServerFrame::Error(error)) if error.id.as_deref() == Some("7") && error.code == FrameErrorCode::Unsupported)
    );
    stream.send(Message::text("no frame")).await.unwrap();
    assert_eq!(hear(&mut stream).await, Err(CloseReason::Malformed.code()));
});

app_test!(strangers_and_other_sites_open_none, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let own = Some(app.base_url.as_str());
    assert_eq!(
        try_open(&app.base_url, SUBPROTOCOL, own).await.err().unwrap(),
        "401 not_signed_in"
    );
    let unknown = format!("{SUBPROTOCOL}, ticket.{}", "0".repeat(64));
    assert_eq!(
        try_open(&app.base_url, &unknown, own).await.err().unwrap(),
        "401 not_signed_in"
    );
    let right = format!("{SUBPROTOCOL}, ticket.{}", ticket(&customer.client).await);
    for origin in [Some("https://evil.example"), Some("null"), None] {
        assert_eq!(
            try_open(&app.base_url, &right, origin).await.err().unwrap(),
            "403 csrf",
            "{origin:?}"
        );
    }
    let other_version = right.replace(SUBPROTOCOL, "chatkit.rt.v0");
    assert_eq!(
        try_open(&app.base_url, &other_version, own).await.err().unwrap(),
        "426 upgrade_required"
    );
    app.advance(TimeDelta::seconds(31));
    assert_eq!(
        try_open(&app.base_url, &right, own).await.err().unwrap(),
        "401 not_signed_in"
    );
});

app_test!(
    a_login_that_ends_closes_its_sockets_on_every_node_within_two_seconds,
    |app| {
        let customer = app.customer("owner@karoo.test").await;
        let second = app.second_node();
        let elsewhere = app.client();
        elsewhere.sign_in(&customer.email, PASSWORD).await.expect(200);
        let mut here = open(&customer.client, &app.base_url).await;
        let mut there = open(&customer.client.at_node(&second), &second).await;
        let mut other = open(&elsewhere, &app.base_url).await;

        let started = Instant::now();
        customer.client.post("/auth/logout", json!({})).await.expect(200);
        assert_eq!(hear(&mut here).await, Err(CloseReason::Revoked.code()));
        assert_eq!(hear(&mut there).await, Err(CloseReason::Revoked.code()));
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

        say(&mut other, json!({ "t": "ping", "n": 1, "ct": 1 })).await;
        assert!(
            matches!(hear(&mut other).await, Ok(ServerFrame::Pong(_))),
            "another login lives on"
        );
        app.advance(TimeDelta::hours(13));
        assert_eq!(hear(&mut other).await, Err(CloseReason::AuthExpired.code()));
    }
);

app_test!(a_new_password_ends_the_sockets_and_tickets_of_the_old_one, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let mut thief_s = open(&customer.client, &app.base_url).await;
    let unused = format!("{SUBPROTOCOL}, ticket.{}", ticket(&customer.client).await);
    let change = json!({ "current_password": PASSWORD, "new_password": "another long enough one" });
    customer.client.post("/auth/password/change", change).await.expect(200);
    assert_eq!(hear(&mut thief_s).await, Err(CloseReason::Revoked.code()));
    let own = Some(app.base_url.as_str());
    assert_eq!(
        try_open(&app.base_url, &unused, own).await.err().unwrap(),
        "401 not_signed_in"
    );
});

app_test!(the_oldest_of_too_many_sockets_is_closed, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let mut oldest = open(&customer.client, &app.base_url).await;
    let mut rest = Vec::new();
    for _ in 0..10 {
        rest.push(open(&customer.client, &app.base_url).await);
    }
    assert_eq!(hear(&mut oldest).await, Err(CloseReason::TooManySockets.code()));
    assert_eq!(app.app.sockets.count(), 10);
    let too_large = "x".repeat(FRAME_MAX + 1);
    rest[0].send(Message::text(too_large)).await.unwrap();
    assert_eq!(hear(&mut rest[0]).await, Err(CloseReason::TooBig.code()));
});

app_test!(a_tab_that_comes_back_has_one_socket, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let other = app.customer("other@kalkbay.test").await;
    let (mut old, welcome) = open_with(&customer.client, &app.base_url, json!({})).await;
    let continued = json!({ "session": welcome.session, "sseq": 4 });
    // Somebody else who names the session closes nothing.
    let _stranger = open_with(&other.client, &app.base_url, continued.clone()).await;
    say(&mut old, json!({ "t": "ping", "n": 1, "ct": 1 })).await;
    assert!(matches!(hear(&mut old).await, Ok(ServerFrame::Pong(_))));
    let (_new, again) = open_with(&customer.client, &app.base_url, continued.clone()).await;
    assert_eq!(hear(&mut old).await, Err(CloseReason::Replaced.code()));
    assert!(!again.resumed && again.session != welcome.session);
    let (_later, _) = open_with(&customer.client, &app.base_url, continued).await;
    assert_eq!(app.app.sockets.count(), 3, "a session that is over closes nothing");
});

async fn a_server_that_stops_sends_its_sockets_away(db: TestDb) {
    let app = TestApp::start(db).await;
    let customer = app.customer("owner@karoo.test").await;
    let mut process = Process::start(&app.db, app.payfast.base_url());
    let client = Client::new(&process.base_url);
    // The program has the real time, and so a login of its own.
    client.sign_in(&customer.email, PASSWORD).await.expect(200);
    let mut stream = open(&client, &process.base_url).await;
    let started = Instant::now();
    let told = Command::new("kill")
        .arg(process.child.id().to_string())
        .status()
        .unwrap();
    assert!(told.success());
    assert!(matches!(hear(&mut stream).await, Ok(ServerFrame::Reconnect(_))));
    assert_eq!(hear(&mut stream).await, Err(CloseReason::Drain.code()));
    drop(stream);
    let status = actix_web::rt::task::spawn_blocking(move || process.child.wait().unwrap());
    assert!(status.await.unwrap().success());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[actix_web::test]
async fn a_server_that_stops_sends_its_sockets_away_on_sqlite() {
    a_server_that_stops_sends_its_sockets_away(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn a_server_that_stops_sends_its_sockets_away_on_postgres() {
    a_server_that_stops_sends_its_sockets_away(TestDb::postgres().await).await;
}
