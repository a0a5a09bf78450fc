//! The server killed with SIGKILL while PayFast's API has its call: nothing is sent a second time.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use common::{
    auth::StaffRole,
    payments::{Payment, PaymentStatus},
    refunds::{Refund, RefundStatus},
};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Client, TestApp,
    app::PASSWORD,
    client::send,
    db::TestDb,
    money::{find_refund, refund},
    process::Process,
};

/// Passes everything on to the emulator but posts to the API: those are told of and never answered.
struct Gate {
    base_url: String,
    posts: Receiver<()>,
}

impl Gate {
    fn open(emulator: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let emulator = emulator.trim_start_matches("http://").to_owned();
        let (told, posts) = channel();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (emulator, told) = (emulator.clone(), told.clone());
                thread::spawn(move || pass_on(client, &emulator, &told));
            }
        });
        Self { base_url, posts }
    }
}

fn pass_on(mut client: TcpStream, emulator: &str, told: &Sender<()>) {
    let mut server = TcpStream::connect(emulator).unwrap();
    let (mut back, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut back, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let mut bytes = [0; 16 * 1024];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        if bytes.starts_with(b"POST /refunds/") || bytes.starts_with(b"POST /subscriptions/") {
            let _ = told.send(());
            // Held until whoever asked is gone.
            while let Ok(1..) = client.read(&mut bytes) {}
            return;
        }
        if server.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}

/// The program has a clock of its own, which stands nowhere.
fn tell_the_real_time(app: &TestApp) {
    app.advance(Utc::now() - app.app.clock.now());
}

async fn a_killed_server_sends_no_refund_twice(db: TestDb) {
    let app = TestApp::start(db).await;
    tell_the_real_time(&app);
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let payment = customer.buy(&app, "PRO_MONTHLY").await;
    let asked: Refund = refund(&billing, &payment, json!({ "reason": "sent back" }))
        .await
        .expect(201)
        .json();
    let gate = Gate::open(app.payfast.base_url());
    let process = Process::start(&app.db, &gate.base_url);
    gate.posts.recv_timeout(Duration::from_secs(30)).unwrap();
    drop(process);
    assert_eq!(find_refund(&billing, asked.id).await.status, RefundStatus::Submitted);

    // Another worker finds it when the lease of the killed one has ended, and asks instead of sending.
    app.advance(TimeDelta::minutes(5));
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, asked.id).await.status, RefundStatus::Unknown);
    app.advance(TimeDelta::hours(40));
    app.run_jobs().await;
    let billing = app.staff(StaffRole::Billing).await;
    assert_eq!(find_refund(&billing, asked.id).await.status, RefundStatus::Failed);
    let refunds = app
        .payfast
        .statement()
        .iter()
        .filter(|line| line.kind == "REFUND")
        .count();
    assert_eq!(refunds, 0);
    assert_eq!(app.credit_of_all().await, 52_900);
    app.check_clearing().await;
    app.stop().await;
}

async fn a_killed_server_charges_no_card_twice(db: TestDb) {
    let app = TestApp::start(db).await;
    tell_the_real_time(&app);
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    customer.save_card(&app).await;
    let invoice = customer.open_invoice(&app, &billing).await;
    let gate = Gate::open(app.payfast.base_url());
    let process = Process::start(&app.db, &gate.base_url);
    let client = Client::new(&process.base_url);
    client.sign_in(&customer.email, PASSWORD).await.expect(200);
    let path = format!("/invoices/{invoice}/charge");
    let request = client.unsafe_request(Method::POST, &path).await;
    let request = request.header("Idempotency-Key", "k").json(&json!({}));
    // Whoever asked gets no answer.
    let asked = actix_web::rt::spawn(async move { request.send().await.map(drop) });
    let arrived = actix_web::rt::task::spawn_blocking(move || gate.posts.recv_timeout(Duration::from_secs(30)));
    arrived.await.unwrap().unwrap();
    drop(process);
    assert!(asked.await.unwrap().is_err());

    // The same key replays what was committed before the call: no second charge.
    let replayed: Payment = customer
        .client
        .post_with_key(&path, "k", json!({}))
        .await
        .expect(201)
        .json();
    assert_eq!(replayed.summary.status, PaymentStatus::Processing);
    app.advance(TimeDelta::minutes(3));
    app.run_jobs().await;
    let payment = customer.payment(replayed.summary.id).await;
    assert_eq!(payment.summary.status, PaymentStatus::Unknown);
    assert_eq!(customer.charge(invoice).await.problem(), "409 conflict");
    app.advance(TimeDelta::hours(40));
    app.run_jobs().await;
    let client = app.client();
    client.sign_in(&customer.email, PASSWORD).await.expect(200);
    let request = client.raw(Method::GET, &format!("/payments/{}", replayed.summary.id));
    let payment: Payment = send(request).await.expect(200).json();
    assert_eq!(payment.summary.status, PaymentStatus::Failed);
    let id = payment.summary.id.to_string();
    assert!(app.payfast.statement().iter().all(|line| line.m_payment_id != id));
    app.stop().await;
}

#[actix_web::test]
async fn refund_on_sqlite() {
    a_killed_server_sends_no_refund_twice(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn refund_on_postgres() {
    a_killed_server_sends_no_refund_twice(TestDb::postgres().await).await;
}

#[actix_web::test]
async fn charge_on_sqlite() {
    a_killed_server_charges_no_card_twice(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn charge_on_postgres() {
    a_killed_server_charges_no_card_twice(TestDb::postgres().await).await;
}
