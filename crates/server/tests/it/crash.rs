//! The server killed with SIGKILL between storing a notification and applying it.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use common::payments::{Checkout, PaymentStatus};
use reqwest::Method;
use serde_json::json;

use crate::support::{Client, TestApp, app::PASSWORD, client::send, db::TestDb, process::Process};

async fn a_killed_server_loses_no_notification(db: TestDb) {
    // Accounts and the emulator come from an application in this process over the same database.
    let app = TestApp::start(db).await;
    let customer = app.customer("owner@karoo.test").await;
    let checkout: Checkout = customer.check_out("PRO_MONTHLY").await;
    let page = app.open_payment_page(&checkout).await;
    let fields = app
        .payfast
        .notification_fields(page, &payfast::PaymentStatus::Complete)
        .unwrap();
    let itn = app.payfast.send("http://127.0.0.1:9/nobody", &fields).await.body;

    // A PayFast that takes the question and never answers holds the server between storing and applying.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_base = format!("http://{}", silent.local_addr().unwrap());
    let first = Process::start(&app.db, &silent_base);
    let request = Client::new(&first.base_url).raw(Method::POST, "/payments/payfast/itn");
    let request = request
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(itn);
    send(request).await.expect(200);
    let asked = actix_web::rt::task::spawn_blocking(move || silent.accept());
    let asked = actix_web::rt::time::timeout(Duration::from_secs(10), asked).await;
    // The connection stays open: a closed one would be an answer.
    let _open = asked.unwrap().unwrap().unwrap();
    drop(first);

    let second = Process::start(&app.db, app.payfast.base_url());
    let client = Client::new(&second.base_url);
    client.sign_in(&customer.email, PASSWORD).await.expect(200);
    let started = Instant::now();
    loop {
        let reply = client
            .get(&format!("/payments/{}", checkout.payment_id))
            .await
            .expect(200);
        let payment: common::payments::Payment = reply.json();
        if payment.summary.status == PaymentStatus::Succeeded {
            break;
        }
        assert_eq!(payment.summary.status, PaymentStatus::AwaitingCustomer);
        // The lease of the killed worker ends after 20 seconds; the poll follows within one.
        assert!(started.elapsed() < Duration::from_secs(40), "the notification was lost");
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
    }
    let invoices: serde_json::Value = client.get("/invoices").await.expect(200).value();
    assert_eq!(invoices["items"][0]["number"], json!("INV-000001"));
    assert_eq!(invoices["total"], 1);
    drop(second);
    app.stop().await;
}

#[actix_web::test]
async fn sqlite() {
    a_killed_server_loses_no_notification(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn postgres() {
    a_killed_server_loses_no_notification(TestDb::postgres().await).await;
}
