//! Charges of saved cards: once, whatever happens to the answer.

use chrono::TimeDelta;
use common::{
    Money,
    auth::StaffRole,
    ids::InvoiceId,
    invoices::InvoiceStatus,
    payments::{Method, Payment, PaymentStatus},
};
use futures_util::future;
use payfast_sandbox::ApiFault;
use serde_json::json;

use crate::support::{Client, TestApp, app::Customer, money::without_key};

/// A customer with a saved card and an open invoice of R529.00.
async fn owing(app: &TestApp) -> (Customer, Client, InvoiceId) {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    customer.save_card(app).await;
    let invoice = customer.open_invoice(app, &billing).await;
    (customer, billing, invoice)
}

async fn charged(customer: &Customer, invoice: InvoiceId) -> Payment {
    customer.charge(invoice).await.expect(201).json()
}

/// How often PayFast took the money of the card.
fn taken(app: &TestApp, payment: &Payment) -> usize {
    let id = payment.summary.id.to_string();
    app.payfast
        .statement()
        .iter()
        .filter(|line| line.m_payment_id == id)
        .count()
}

app_test!(a_saved_card_pays_an_invoice, |app| {
    let (customer, _, invoice) = owing(app).await;
    let payment = charged(&customer, invoice).await;
    assert_eq!(payment.summary.method, Method::SavedCard);
    assert_eq!(payment.summary.amount, Money::zar(52_900));
    app.run_jobs().await;
    let payment = customer.payment(payment.summary.id).await;
    assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
    assert!(payment.summary.fee.is_some());
    assert_eq!(customer.invoice(invoice).await.summary.status, InvoiceStatus::Paid);
    assert_eq!(taken(app, &payment), 1);
    let events: Vec<_> = payment.events.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(events[..2], ["created", "charge_sent"]);
    assert!(
        events.contains(&"api_ok") && events.contains(&"itn_complete"),
        "{events:?}"
    );
    // Paid is paid.
    assert_eq!(customer.charge(invoice).await.problem(), "409 conflict");
});

app_test!(the_same_key_charges_once, |app| {
    let (customer, _, invoice) = owing(app).await;
    let path = format!("/invoices/{invoice}/charge");
    assert_eq!(
        without_key(&customer.client, &path, json!({})).await.problem(),
        "422 invalid"
    );
    let replies = future::join_all((0..5).map(|_| customer.client.post_with_key(&path, "k", json!({})))).await;
    let mut ids: Vec<_> = replies
        .iter()
        .map(|reply| reply.value()["id"].as_str().unwrap().to_owned())
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{replies:?}");
    app.run_jobs().await;
    let again: Payment = customer
        .client
        .post_with_key(&path, "k", json!({}))
        .await
        .expect(201)
        .json();
    assert_eq!(taken(app, &again), 1);
    assert!(
        again.summary.provider_reference.is_some(),
        "the answer after the call is replayed"
    );
});

app_test!(charges_at_once_take_the_money_once, |app| {
    let (customer, _, invoice) = owing(app).await;
    let replies = future::join_all((0..5).map(|_| customer.charge(invoice))).await;
    let won: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert_eq!(won.len(), 1, "{replies:?}");
    assert!(replies.iter().all(|reply| matches!(reply.status.as_u16(), 201 | 409)));
    app.run_jobs().await;
    assert_eq!(customer.invoice(invoice).await.summary.status, InvoiceStatus::Paid);
    assert_eq!(app.credit_of_all().await, 0);
});

app_test!(a_declined_card_may_be_tried_again, |app| {
    let (customer, _, invoice) = owing(app).await;
    for fault in [ApiFault::ChargeDeclined, ApiFault::ChargeDeclinedInside200] {
        app.payfast.api_fault(fault);
        let payment = charged(&customer, invoice).await;
        assert_eq!(payment.summary.status, PaymentStatus::Failed, "{fault:?}");
        assert!(payment.events.last().unwrap().note.contains("declined"), "{payment:?}");
        assert_eq!(taken(app, &payment), 0);
    }
    app.payfast.api_fault(ApiFault::ChargeTextTrue);
    let payment = charged(&customer, invoice).await;
    app.run_jobs().await;
    assert_eq!(
        customer.payment(payment.summary.id).await.summary.status,
        PaymentStatus::Succeeded
    );
});

app_test!(a_lost_answer_is_found_by_the_notification, |app| {
    let (customer, _, invoice) = owing(app).await;
    app.payfast.api_fault(ApiFault::ChargeTimeoutAfter);
    let payment = charged(&customer, invoice).await;
    assert_eq!(payment.summary.status, PaymentStatus::Unknown);
    // Nobody charges while it is not known.
    assert_eq!(customer.charge(invoice).await.problem(), "409 conflict");
    app.run_jobs().await;
    assert_eq!(
        customer.payment(payment.summary.id).await.summary.status,
        PaymentStatus::Succeeded
    );
    assert_eq!(taken(app, &payment), 1);
});

app_test!(a_lost_answer_and_notification_are_found_by_the_query, |app| {
    let (customer, _, invoice) = owing(app).await;
    app.payfast.api_fault(ApiFault::ChargeTimeoutAfterLost);
    let payment = charged(&customer, invoice).await;
    assert_eq!(payment.summary.status, PaymentStatus::Unknown);
    app.advance(TimeDelta::minutes(2));
    app.run_jobs().await;
    let found = customer.payment(payment.summary.id).await;
    assert_eq!(found.summary.status, PaymentStatus::Succeeded);
    assert_eq!(found.summary.fee, None, "a query tells no fee");
    assert_eq!(found.events.last().unwrap().event, "found_complete");
    // The notification comes after all: the money is the same, and the fee is known now.
    let id = app.payfast.notifications()[0].id;
    app.payfast.resend(id).await.unwrap();
    app.run_jobs().await;
    let told = customer.payment(payment.summary.id).await;
    assert!(told.summary.fee.is_some());
    assert_eq!(app.credit_of_all().await, 0);
    assert_eq!(taken(app, &payment), 1);
});

app_test!(a_charge_that_payfast_never_had_fails_on_the_next_day_only, |app| {
    let (customer, _, invoice) = owing(app).await;
    app.payfast.api_fault(ApiFault::ChargeTimeoutBefore);
    let payment = charged(&customer, invoice).await;
    for _ in 0..11 {
        app.advance(TimeDelta::hours(3));
        app.run_jobs().await;
        let now = customer.payment(payment.summary.id).await;
        assert_eq!(now.summary.status, PaymentStatus::Unknown);
    }
    app.advance(TimeDelta::hours(4));
    app.run_jobs().await;
    let failed = customer.payment(payment.summary.id).await;
    assert_eq!(failed.summary.status, PaymentStatus::Failed);
    assert_eq!(failed.events.last().unwrap().event, "found_nothing");
    assert_eq!(taken(app, &payment), 0);
    // Now it may be tried again.
    let again = charged(&customer, invoice).await;
    app.run_jobs().await;
    assert_eq!(
        customer.payment(again.summary.id).await.summary.status,
        PaymentStatus::Succeeded
    );
});

app_test!(a_charge_without_payfasts_id_is_not_settled, |app| {
    let (customer, _, invoice) = owing(app).await;
    app.payfast.api_fault(ApiFault::ChargeTimeoutAfterLost);
    let payment = charged(&customer, invoice).await;
    assert_eq!(payment.summary.status, PaymentStatus::Unknown);
    // Without its card only the statement can tell, and there the id is missing.
    let method = customer.methods().await.remove(0);
    let path = format!("/payment-methods/{}", method.id);
    customer.client.delete(&path).await.expect(200);
    let id = payment.summary.id.to_string();
    app.payfast.edit_statement(|lines| {
        let line = lines.iter_mut().find(|line| line.m_payment_id == id).unwrap();
        line.pf_payment_id.clear();
    });
    let before = app.ledger().await;
    app.advance(TimeDelta::hours(37));
    app.run_jobs().await;
    customer
        .client
        .sign_in(&customer.email, crate::support::app::PASSWORD)
        .await
        .expect(200);
    let now = customer.payment(payment.summary.id).await;
    assert_eq!(now.summary.status, PaymentStatus::Unknown);
    assert_eq!(app.ledger().await, before);
    // The notification of the same money settles it, once.
    let notifications = app.payfast.notifications();
    let lost = notifications.iter().find(|told| told.body.contains(&id)).unwrap();
    app.payfast.resend(lost.id).await.unwrap();
    app.run_jobs().await;
    let now = customer.payment(payment.summary.id).await;
    assert_eq!(now.summary.status, PaymentStatus::Succeeded);
    assert_eq!(app.credit_of_all().await, 0);
});

app_test!(a_charge_that_nobody_can_look_up_stays_unknown, |app| {
    let (customer, _, invoice) = owing(app).await;
    app.payfast.api_fault(ApiFault::ChargeTimeoutBefore);
    let payment = charged(&customer, invoice).await;
    for _ in 0..8 {
        app.advance(TimeDelta::days(1));
        // The query, and where it would come to that the statement.
        app.payfast.api_fault(ApiFault::ServerError);
        app.run_jobs().await;
        let customer_again = customer
            .client
            .sign_in(&customer.email, crate::support::app::PASSWORD)
            .await;
        customer_again.expect(200);
        let now = customer.payment(payment.summary.id).await;
        assert_eq!(now.summary.status, PaymentStatus::Unknown);
    }
});

app_test!(an_api_that_is_away_takes_nothing, |app| {
    let (customer, _, invoice) = owing(app).await;
    for (fault, status) in [
        (ApiFault::RateLimited, PaymentStatus::Failed),
        (ApiFault::ServerError, PaymentStatus::Unknown),
    ] {
        app.payfast.api_fault(fault);
        let payment = charged(&customer, invoice).await;
        assert_eq!(payment.summary.status, status);
        assert_eq!(taken(app, &payment), 0);
    }
});

app_test!(without_a_card_there_is_nothing_to_charge, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let invoice = customer.open_invoice(app, &billing).await;
    let reply = customer.charge(invoice).await.expect(422);
    assert_eq!(reply.value()["errors"][0]["field"], "payment_method_id");
    let pending = customer.set_up_card().await.payment_method.id;
    let path = format!("/invoices/{invoice}/charge");
    let body = json!({ "payment_method_id": pending });
    assert_eq!(
        customer.client.post_with_key(&path, "k", body).await.problem(),
        "409 conflict"
    );
    let other = app.customer("other@kalkbay.test").await;
    other.save_card(app).await;
    assert_eq!(other.charge(invoice).await.problem(), "404 not_found");
    let foreign = other.methods().await[0].id;
    let body = json!({ "payment_method_id": foreign });
    assert_eq!(
        customer.client.post_with_key(&path, "l", body).await.problem(),
        "404 not_found"
    );
});
