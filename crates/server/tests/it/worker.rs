//! The worker as it runs in the program: a mail server that hangs must not hold up a payment.

use std::{net::TcpListener, sync::Arc, time::Duration};

use common::payments::PaymentStatus;
use payfast_sandbox::Fault;
use serde_json::json;

use crate::support::{TestApp, app::PASSWORD, db::TestDb};

async fn a_silent_mail_server_does_not_hold_up_money(db: TestDb) {
    // Takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let smtp_url = format!("smtp://{}", silent.local_addr().unwrap());
    let app = TestApp::start_with(db, &[("SMTP_URL", &smtp_url)]).await;
    let customer = app.customer("owner@karoo.test").await;
    let worker = actix_web::rt::spawn(server::worker::run(Arc::clone(&app.app)));
    for person in 0..3 {
        let registration = json!({ "email": format!("p{person}@karoo.test"), "password": PASSWORD,
            "first_name": "a", "last_name": "b", "terms_accepted": true });
        app.client().post("/auth/register", registration).await.expect(202);
    }
    silent.accept().unwrap();
    let checkout = customer.check_out("PRO_MONTHLY").await;
    app.pay(&checkout, Fault::None).await;
    let paid = async {
        while customer.payment(checkout.payment_id).await.summary.status != PaymentStatus::Succeeded {
            actix_web::rt::time::sleep(Duration::from_millis(50)).await;
        }
    };
    actix_web::rt::time::timeout(Duration::from_secs(10), paid)
        .await
        .expect("the payment waits for the mail");
    worker.abort();
}

#[actix_web::test]
async fn sqlite() {
    a_silent_mail_server_does_not_hold_up_money(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn postgres() {
    a_silent_mail_server_does_not_hold_up_money(TestDb::postgres().await).await;
}
