//! PayFast's notifications: stored first, each check refusing alone, applied once whatever happens.

use chrono::TimeDelta;
use common::{
    Money,
    invoices::InvoiceStatus,
    itn::{ItnStatus, ItnSummary},
    payments::{Checkout, PaymentStatus},
};
use futures_util::future::join_all;
use payfast_sandbox::Fault;
use reqwest::Method;
use server::payments::itn::store;

use crate::support::{Client, TestApp, app::Customer, client::send, db::TestDb};

const ITN: &str = "/payments/payfast/itn";

async fn itns(app: &TestApp) -> Vec<ItnSummary> {
    let staff = app.staff(common::auth::StaffRole::Billing).await;
    let page: common::Page<ItnSummary> = staff.get("/itn").await.expect(200).json();
    page.items
}

/// The only notification that was stored.
async fn only_itn(app: &TestApp) -> ItnSummary {
    let mut all = itns(app).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn nothing_was_paid(customer: &Customer, checkout: &Checkout) {
    assert_eq!(
        customer.payment(checkout.payment_id).await.summary.status,
        PaymentStatus::AwaitingCustomer
    );
    assert_eq!(customer.invoices().await[0].status, InvoiceStatus::Draft);
    assert_eq!(customer.invoices().await[0].number, None);
}

async fn everything_was_paid_once(customer: &Customer, checkout: &Checkout) {
    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
    assert_eq!(payment.credited, Money::zar(0));
    let invoices = customer.invoices().await;
    assert_eq!(invoices.len(), 1);
    assert_eq!(invoices[0].status, InvoiceStatus::Paid);
    assert_eq!(invoices[0].number.as_deref(), Some("INV-000001"));
}

/// Posts bytes as PayFast posts a notification.
async fn deliver(app: &TestApp, body: Vec<u8>) -> reqwest::StatusCode {
    deliver_by(&app.client(), body).await
}

/// The same by a client that is made already: making a hundred takes longer than the server waits for a request.
async fn deliver_by(client: &Client, body: Vec<u8>) -> reqwest::StatusCode {
    let request = client
        .raw(Method::POST, ITN)
        .header("Content-Type", "application/x-www-form-urlencoded");
    send(request.body(body)).await.status
}

/// The bytes of a genuine notification, which the emulator confirms but has delivered to nobody here.
async fn undelivered_itn(app: &TestApp, checkout: &Checkout) -> Vec<u8> {
    let page = app.open_payment_page(checkout).await;
    let fields = app
        .payfast
        .notification_fields(page, &payfast::PaymentStatus::Complete)
        .unwrap();
    app.payfast
        .send("http://127.0.0.1:9/nobody", &fields)
        .await
        .body
        .into_bytes()
}

app_test!(a_forged_signature_is_refused, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    app.pay(&checkout, Fault::ForgedSignature).await;
    app.run_jobs().await;
    let itn = only_itn(app).await;
    assert_eq!(itn.status, ItnStatus::Rejected);
    assert!(itn.reason.contains("signature"), "{}", itn.reason);
    assert_eq!(itn.payment_id, Some(checkout.payment_id));
    nothing_was_paid(&customer, &checkout).await;
});

async fn a_foreign_address_is_refused_on(db: TestDb) {
    let app = TestApp::start_with(db, &[("PAYFAST_ITN_SOURCES", "10.9.9.9")]).await;
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    app.pay(&checkout, Fault::None).await;
    app.run_jobs().await;
    let itn = only_itn(&app).await;
    assert_eq!(itn.status, ItnStatus::Rejected);
    assert!(
        itn.reason.contains("127.0.0.1 is not one of PayFast's addresses"),
        "{}",
        itn.reason
    );
    nothing_was_paid(&customer, &checkout).await;
    app.stop().await;
}

#[actix_web::test]
async fn a_foreign_address_is_refused_on_sqlite() {
    a_foreign_address_is_refused_on(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn a_foreign_address_is_refused_on_postgres() {
    a_foreign_address_is_refused_on(TestDb::postgres().await).await;
}

async fn a_foreign_sender_cannot_block_payfast_on(db: TestDb) {
    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("PAYFAST_ITN_SOURCES", "197.97.145.144/28"),
    ];
    let app = TestApp::start_with(db, &settings).await;
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    let body = undelivered_itn(&app, &checkout).await;
    let deliver_from = async |address: &str| {
        let request = app.client().raw(Method::POST, ITN).header("X-Forwarded-For", address);
        let request = request
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body.clone());
        send(request).await.expect(200);
        app.run_jobs().await;
    };
    deliver_from("203.0.113.9").await;
    assert_eq!(only_itn(&app).await.status, ItnStatus::Rejected);
    deliver_from("197.97.145.150").await;
    let itn = only_itn(&app).await;
    assert_eq!((itn.status, itn.deliveries), (ItnStatus::Applied, 2));
    everything_was_paid_once(&customer, &checkout).await;
    deliver_from("203.0.113.9").await;
    assert_eq!(only_itn(&app).await.status, ItnStatus::Applied);
    app.stop().await;
}

#[actix_web::test]
async fn a_foreign_sender_cannot_block_payfast_on_sqlite() {
    a_foreign_sender_cannot_block_payfast_on(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn a_foreign_sender_cannot_block_payfast_on_postgres() {
    a_foreign_sender_cannot_block_payfast_on(TestDb::postgres().await).await;
}

async fn a_corrected_setting_heals_what_was_refused_on(db: TestDb) {
    let app = TestApp::start(db).await;
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    let body = undelivered_itn(&app, &checkout).await;
    let mut app = app;
    for (mistake, reason) in [
        (("PAYFAST_ITN_SOURCES", "10.9.9.9"), "not one of PayFast's addresses"),
        (("PAYFAST_PASSPHRASE", "mistyped"), "signature"),
    ] {
        app = app.restart_with(&[mistake]).await;
        assert_eq!(deliver(&app, body.clone()).await, 200);
        app.run_jobs().await;
        let itn = only_itn(&app).await;
        assert_eq!(itn.status, ItnStatus::Rejected);
        assert!(itn.reason.contains(reason), "{}", itn.reason);
    }
    app = app.restart_with(&[]).await;
    assert_eq!(deliver(&app, body).await, 200);
    app.run_jobs().await;
    let itn = only_itn(&app).await;
    assert_eq!((itn.status, itn.deliveries), (ItnStatus::Applied, 3));
    let customer = Customer {
        client: app.client(),
        ..customer
    };
    customer
        .client
        .sign_in(&customer.email, crate::support::app::PASSWORD)
        .await
        .expect(200);
    everything_was_paid_once(&customer, &checkout).await;
    app.stop().await;
}

#[actix_web::test]
async fn a_corrected_setting_heals_what_was_refused_on_sqlite() {
    a_corrected_setting_heals_what_was_refused_on(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn a_corrected_setting_heals_what_was_refused_on_postgres() {
    a_corrected_setting_heals_what_was_refused_on(TestDb::postgres().await).await;
}

app_test!(what_payfast_does_not_confirm_is_refused, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    let page = app.open_payment_page(&checkout).await;
    let fields = app
        .payfast
        .notification_fields(page, &payfast::PaymentStatus::Complete)
        .unwrap();
    // Properly signed, from a known address, but PayFast never sent it.
    let (_, _, passphrase) = payfast::hosts::SANDBOX_MERCHANT;
    let body = payfast::itn::sign(&fields, Some(&payfast::Passphrase::new(passphrase)));
    assert_eq!(deliver(app, body).await, 200);
    app.run_jobs().await;
    let itn = only_itn(app).await;
    assert_eq!(
        (itn.status, itn.reason.as_str()),
        (ItnStatus::Rejected, "PayFast says that it did not send this")
    );
    nothing_was_paid(&customer, &checkout).await;
});

app_test!(a_wrong_amount_is_held_and_the_right_one_still_counts, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    app.pay(&checkout, Fault::WrongAmount).await;
    app.run_jobs().await;
    let itn = only_itn(app).await;
    assert_eq!(itn.status, ItnStatus::Quarantined);
    assert!(itn.reason.contains("R528.00 where R529.00"), "{}", itn.reason);
    nothing_was_paid(&customer, &checkout).await;
    let genuine = app.payfast.notifications().into_iter().find(|itn| !itn.sent).unwrap();
    app.payfast.resend(genuine.id).await.unwrap();
    app.run_jobs().await;
    everything_was_paid_once(&customer, &checkout).await;
});

app_test!(a_cent_of_difference_is_tolerated, |app| {
    for (gross, status) in [
        ("528.99", PaymentStatus::Succeeded),
        ("529.01", PaymentStatus::Succeeded),
        ("528.98", PaymentStatus::AwaitingCustomer),
    ] {
        let customer = app.customer(&format!("owner{gross}@karoo.test")).await;
        let checkout = customer.check_out("PRO_MONTHLY").await;
        send_changed(app, &checkout, "amount_gross", gross).await;
        assert_eq!(
            customer.payment(checkout.payment_id).await.summary.status,
            status,
            "{gross}"
        );
    }
});

/// Sends a notification of the payment with one field changed, which the emulator signs and confirms.
async fn send_changed(app: &TestApp, checkout: &Checkout, name: &str, value: &str) {
    let page = app.open_payment_page(checkout).await;
    let mut fields = app
        .payfast
        .notification_fields(page, &payfast::PaymentStatus::Complete)
        .unwrap();
    let field = fields.iter_mut().find(|(known, _)| known == name.as_bytes()).unwrap();
    field.1 = value.as_bytes().to_vec();
    app.payfast
        .send(&format!("{}/api/v1{ITN}", app.base_url), &fields)
        .await;
    app.run_jobs().await;
}

app_test!(another_merchant_is_refused, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    send_changed(app, &checkout, "merchant_id", "10000999").await;
    let itn = only_itn(app).await;
    assert_eq!(
        (itn.status, itn.reason.as_str()),
        (ItnStatus::Rejected, "the merchant_id is not ours")
    );
    nothing_was_paid(&customer, &checkout).await;
});

app_test!(odd_but_genuine_ones_are_held_for_a_person, |app| {
    let customer = app.customer("owner@karoo.test").await;
    for (name, value, reason) in [
        ("m_payment_id", "7", "no payment here has this m_payment_id"),
        (
            "m_payment_id",
            "01929b7e-7c1c-7000-8000-000000000001",
            "no payment here has this m_payment_id",
        ),
        ("payment_status", "DANCING", "the payment_status is not known"),
        ("amount_gross", "", "amount_gross is missing or unreadable"),
        ("amount_gross", "529,00", "amount_gross is missing or unreadable"),
        ("pf_payment_id", "", "the pf_payment_id is missing or unreadable"),
    ] {
        let checkout = customer.check_out("PRO_MONTHLY").await;
        send_changed(app, &checkout, name, value).await;
        let newest = itns(app).await.remove(0);
        assert_eq!(
            (newest.status, newest.reason.as_str()),
            (ItnStatus::Quarantined, reason),
            "{name}={value}"
        );
        app.advance(TimeDelta::seconds(1));
    }
    assert!(
        customer
            .invoices()
            .await
            .iter()
            .all(|invoice| invoice.status == InvoiceStatus::Draft)
    );
});

app_test!(whatever_comes_is_stored_and_never_a_failure, |app| {
    let bodies: [&[u8]; 6] = [
        b"",
        b"=",
        b"%zz&&&==\xff\x00",
        b"a=1&a=2&signature=x",
        b"signature=d41d8cd98f00b204e9800998ecf8427e",
        b"{}",
    ];
    for body in bodies {
        assert_eq!(deliver(app, body.to_vec()).await, 200);
    }
    app.run_jobs().await;
    let stored = itns(app).await;
    assert_eq!(stored.len(), bodies.len());
    assert!(
        stored
            .iter()
            .all(|itn| itn.status == ItnStatus::Rejected && !itn.reason.is_empty()),
        "{stored:?}"
    );
    assert_eq!(deliver(app, vec![b'a'; 16 * 1024]).await, 200);
    assert_eq!(deliver(app, vec![b'a'; 16 * 1024 + 1]).await, 413);
    let json = app
        .client()
        .raw(Method::POST, ITN)
        .header("Content-Type", "application/json")
        .body("{}");
    assert_eq!(send(json).await.problem(), "415 unsupported_media_type");
    app.run_jobs().await;
});

app_test!(staff_can_read_what_was_signed, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    app.pay(&checkout, Fault::None).await;
    app.run_jobs().await;
    let staff = app.staff(common::auth::StaffRole::Billing).await;
    let page: common::Page<ItnSummary> = staff.get("/itn?status=applied").await.expect(200).json();
    let itn: common::itn::Itn = staff
        .get(&format!("/itn/{}", page.items[0].id))
        .await
        .expect(200)
        .json();
    let signed = itn.signed_string.unwrap();
    assert!(signed.starts_with(&format!("m_payment_id={}&pf_payment_id=", checkout.payment_id)));
    assert!(!signed.contains("passphrase") && !signed.contains("signature"));
    assert!(itn.raw_body.starts_with(&signed));
});

app_test!(a_hundred_deliveries_at_once_settle_once, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    let body = undelivered_itn(app, &checkout).await;
    let payfast = app.client();
    let statuses = join_all((0..100).map(|_| deliver_by(&payfast, body.clone()))).await;
    assert!(statuses.iter().all(|status| *status == 200));
    // Several workers at once, as several nodes would.
    join_all((0..8).map(|_| app.run_jobs())).await;
    let itn = only_itn(app).await;
    assert_eq!((itn.status, itn.deliveries), (ItnStatus::Applied, 100));
    everything_was_paid_once(&customer, &checkout).await;
    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(
        payment
            .events
            .iter()
            .filter(|event| event.event == "itn_complete")
            .count(),
        1
    );
    assert_eq!(app.mails_to(&customer.email).len(), 1);
});

app_test!(every_fault_of_the_emulator_ends_well, |app| {
    for (fault, stored) in [
        (Fault::Duplicate, 1),
        (Fault::OutOfOrder, 2),
        (Fault::Slow, 1),
        (Fault::Repeat, 1),
    ] {
        let customer = app.customer(&format!("owner{stored}{fault:?}@karoo.test")).await;
        let before = itns(app).await.len();
        let checkout = customer.check_out("PRO_MONTHLY").await;
        app.pay(&checkout, fault).await;
        app.run_jobs().await;
        assert_eq!(itns(app).await.len() - before, stored, "{fault:?}");
        let payment = customer.payment(checkout.payment_id).await;
        assert_eq!(payment.summary.status, PaymentStatus::Succeeded, "{fault:?}");
        assert_eq!(payment.credited, Money::zar(0), "{fault:?}");
    }
});

app_test!(the_same_payment_told_in_other_bytes_is_a_duplicate, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    app.pay(&checkout, Fault::None).await;
    app.run_jobs().await;
    let sent = app.payfast.notifications()[0].body.clone();
    let mut fields = payfast::form::parse(sent.as_bytes());
    fields.retain(|(name, _)| name != b"signature");
    let first_name = fields.iter_mut().find(|(name, _)| name == b"name_first").unwrap();
    first_name.1 = b"Other".to_vec();
    app.payfast
        .send(&format!("{}/api/v1{ITN}", app.base_url), &fields)
        .await;
    app.run_jobs().await;
    assert_eq!(itns(app).await[0].status, ItnStatus::Duplicate);
    everything_was_paid_once(&customer, &checkout).await;
});

app_test!(money_that_comes_twice_becomes_credit, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    let (first, second) = (
        app.open_payment_page(&checkout).await,
        app.open_payment_page(&checkout).await,
    );
    app.payfast.pay(first, Fault::None).await.unwrap();
    app.run_jobs().await;
    app.payfast.pay(second, Fault::None).await.unwrap();
    app.run_jobs().await;
    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
    assert_eq!(payment.credited, Money::zar(52_900));
    let invoice: common::invoices::Invoice = customer
        .client
        .get(&format!("/invoices/{}", checkout.invoice_id))
        .await
        .expect(200)
        .json();
    assert_eq!(invoice.summary.amount_paid, Money::zar(52_900));
    assert_eq!(invoice.payments.len(), 1);
    assert_eq!(invoice.payments[0].amount, Money::zar(52_900));
    let account = customer
        .client
        .get(&format!("/accounts/{}", customer.account_id))
        .await
        .value();
    assert_eq!(account["plan"]["paid_until"], "2026-12-24T07:14:00Z");
});

async fn an_unreachable_payfast_is_asked_again_on(db: TestDb) {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", dead.local_addr().unwrap());
    drop(dead);
    let app = TestApp::start_with(db, &[("PAYFAST_PROCESS_BASE", &nobody)]).await;
    let customer = app.customer("owner@karoo.test").await;
    let mut checkout = customer.check_out("PRO_MONTHLY").await;
    checkout.process_url = format!("{}/eng/process", app.payfast.base_url());
    app.pay(&checkout, Fault::None).await;
    app.run_jobs().await;
    let itn = only_itn(&app).await;
    assert_eq!(itn.status, ItnStatus::Received);
    assert!(itn.reason.contains("PayFast did not answer"), "{}", itn.reason);
    nothing_was_paid(&customer, &checkout).await;
    // The same database under a server that can reach PayFast again.
    let healed = app.restart_with(&[]).await;
    healed.run_jobs().await;
    assert_eq!(
        only_itn(&healed).await.status,
        ItnStatus::Received,
        "not before its time"
    );
    healed.advance(TimeDelta::minutes(1));
    healed.run_jobs().await;
    assert_eq!(only_itn(&healed).await.status, ItnStatus::Applied);
    healed.stop().await;
}

#[actix_web::test]
async fn an_unreachable_payfast_is_asked_again_on_sqlite() {
    an_unreachable_payfast_is_asked_again_on(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn an_unreachable_payfast_is_asked_again_on_postgres() {
    an_unreachable_payfast_is_asked_again_on(TestDb::postgres().await).await;
}

app_test!(a_newer_delivery_outlives_an_older_verdict, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    deliver(app, undelivered_itn(app, &checkout).await).await;
    let now = app.app.clock.now();
    // A worker claims it; before it writes its verdict the notification is judged anew.
    let outcome = app
        .app
        .db
        .write(move |conn| -> Result<bool, diesel::result::Error> {
            let id = store::load_due(conn, now, 1)?[0];
            let claimed = store::claim(conn, id, now, now + TimeDelta::seconds(20))?.unwrap();
            store::check_again_from(conn, id, "127.0.0.1", now)?;
            store::postpone(conn, &claimed, "stale", now + TimeDelta::days(1))?;
            store::set_verdict(
                conn,
                &claimed,
                ItnStatus::Rejected,
                "stale",
                &store::Contents::default(),
                None,
                now,
            )
        })
        .await
        .unwrap();
    assert!(!outcome);
    app.run_jobs().await;
    everything_was_paid_once(&customer, &checkout).await;
});

app_test!(refused_ones_are_put_away_after_a_month, |app| {
    deliver(app, b"nonsense".to_vec()).await;
    app.run_jobs().await;
    app.advance(TimeDelta::days(29));
    server::worker::keep_house(&app.app).await.unwrap();
    assert_eq!(itns(app).await.len(), 1);
    app.advance(TimeDelta::days(2));
    server::worker::keep_house(&app.app).await.unwrap();
    assert!(itns(app).await.is_empty());
});
