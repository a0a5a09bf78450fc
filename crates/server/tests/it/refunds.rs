//! Refunds: in full and in part, of credit, raced, and with everything that can go wrong at PayFast.

use chrono::TimeDelta;
use common::{
    Money,
    auth::StaffRole,
    invoices::InvoiceStatus,
    payments::Payment,
    refunds::{Refund, RefundStatus},
};
use futures_util::future;
use payfast_sandbox::{ApiFault, Fault};
use serde_json::json;
use server::{app::App, refunds::sending};

use crate::support::{
    Client, TestApp,
    app::{Customer, config},
    money::{find_refund, refund, without_key},
};

/// A customer who paid R529.00, and staff who may give it back.
async fn paid(app: &TestApp) -> (Customer, Client, Payment) {
    let customer = app.customer("owner@karoo.test").await;
    let payment = customer.buy(app, "PRO_MONTHLY").await;
    (customer, app.staff(StaffRole::Billing).await, payment)
}

async fn asked(billing: &Client, payment: &Payment, minor: Option<i64>) -> Refund {
    let mut body = json!({ "reason": "sent back" });
    if let Some(minor) = minor {
        body["amount"] = json!({ "minor": minor, "currency": "ZAR" });
    }
    let refund: Refund = refund(billing, payment, body).await.expect(201).json();
    assert_eq!(refund.status, RefundStatus::Requested);
    refund
}

app_test!(a_payment_is_refunded_whole, |app| {
    let (customer, billing, payment) = paid(app).await;
    assert_eq!(payment.refundable, Money::zar(52_900));
    let asked = asked(&billing, &payment, None).await;
    // Reserved at once, so that nobody spends it meanwhile.
    assert_eq!(app.ledger().await["refunds_payable"], -52_900);
    assert_eq!(app.credit_of_all().await, 0);
    app.run_jobs().await;
    let done = find_refund(&billing, asked.id).await;
    assert_eq!(done.status, RefundStatus::Succeeded);
    assert!(done.completed_at.is_some());
    let payment = customer.payment(payment.summary.id).await;
    assert_eq!(payment.summary.refunded, Money::zar(52_900));
    assert_eq!(payment.refundable, Money::zar(0));
    assert_eq!(payment.refunds.len(), 1);
    let invoice = customer.invoice(payment.summary.invoice_id).await;
    assert_eq!(invoice.summary.status, InvoiceStatus::Paid);
    assert_eq!(invoice.summary.credited, Money::zar(52_900));
    assert_eq!(invoice.credit_notes.len(), 1);
    assert_eq!(done.credit_note_id, Some(invoice.credit_notes[0].id));
    // Only PayFast's fee is left of it.
    let ledger = app.ledger().await;
    assert_eq!(ledger.get("refunds_payable"), None);
    assert_eq!(ledger.get("revenue"), None);
    assert_eq!(ledger["payfast_fees"], -ledger["payfast_clearing"]);
    app.check_clearing().await;
});

app_test!(parts_are_refunded_until_nothing_is_left, |app| {
    let (customer, billing, payment) = paid(app).await;
    for (minor, left) in [(10_000, 42_900), (42_900, 0)] {
        let asked = asked(&billing, &payment, Some(minor)).await;
        app.run_jobs().await;
        assert_eq!(find_refund(&billing, asked.id).await.status, RefundStatus::Succeeded);
        let payment = customer.payment(payment.summary.id).await;
        assert_eq!(payment.refundable, Money::zar(left));
    }
    let body = json!({ "reason": "once more", "amount": { "minor": 1, "currency": "ZAR" } });
    let reply = refund(&billing, &payment, body).await;
    assert!(reply.body.contains("At most R0.00"), "{}", reply.body);
    assert_eq!(reply.problem(), "422 invalid");
    let reply = refund(&billing, &payment, json!({ "reason": "once more" })).await;
    assert_eq!(reply.problem(), "409 conflict");
    app.check_clearing().await;
});

app_test!(what_is_asked_is_judged_by_field, |app| {
    let (_, billing, payment) = paid(app).await;
    for (body, field) in [
        (json!({ "reason": "x" }), "reason"),
        (json!({ "reason": "a\nb\nc" }), "reason"),
        (
            json!({ "reason": "too much", "amount": { "minor": 52_901, "currency": "ZAR" } }),
            "amount",
        ),
        (
            json!({ "reason": "nothing", "amount": { "minor": 0, "currency": "ZAR" } }),
            "amount",
        ),
        (
            json!({ "reason": "dollars", "amount": { "minor": 1, "currency": "USD" } }),
            "amount",
        ),
    ] {
        let reply = refund(&billing, &payment, body.clone()).await.expect(422);
        assert_eq!(reply.value()["errors"][0]["field"], field, "{body}");
    }
    let path = format!("/payments/{}/refunds", payment.summary.id);
    let reply = without_key(&billing, &path, json!({ "reason": "no key" })).await;
    assert_eq!(reply.value()["errors"][0]["field"], "Idempotency-Key");
    // The same key is one refund, and another body is refused.
    let body = json!({ "reason": "sent back", "amount": { "minor": 100, "currency": "ZAR" } });
    let first = billing.post_with_key(&path, "k", body.clone()).await.expect(201);
    let again = billing.post_with_key(&path, "k", body).await.expect(201);
    assert_eq!(
        (first.body, &again.headers["idempotency-replayed"]),
        (again.body.clone(), &"true".parse().unwrap())
    );
    let other = billing.post_with_key(&path, "k", json!({ "reason": "another" })).await;
    assert_eq!(other.problem(), "409 idempotency_mismatch");
    app.run_jobs().await;
    app.check_clearing().await;
});

app_test!(refunds_at_once_never_exceed_what_was_paid, |app| {
    let (customer, billing, payment) = paid(app).await;
    let body = json!({ "reason": "raced", "amount": { "minor": 30_000, "currency": "ZAR" } });
    let replies = future::join_all((0..4).map(|_| refund(&billing, &payment, body.clone()))).await;
    let taken = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(taken, 1, "{replies:?}");
    assert!(replies.iter().all(|reply| matches!(reply.status.as_u16(), 201 | 422)));
    let small = json!({ "reason": "raced", "amount": { "minor": 11_450, "currency": "ZAR" } });
    let replies = future::join_all((0..4).map(|_| refund(&billing, &payment, small.clone()))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 2);
    app.run_jobs().await;
    // One at a time is sent, so that PayFast's sums can be compared; the others follow.
    app.advance(TimeDelta::minutes(10));
    app.run_jobs().await;
    app.advance(TimeDelta::minutes(10));
    app.run_jobs().await;
    let payment = customer.payment(payment.summary.id).await;
    let states: Vec<_> = payment.refunds.iter().map(|refund| refund.status).collect();
    assert_eq!(states, [RefundStatus::Succeeded; 3]);
    assert_eq!(payment.summary.refunded, Money::zar(52_900));
    app.check_clearing().await;
});

app_test!(credit_that_a_payment_brought_is_paid_out_first, |app| {
    // Two pay for one invoice: the second payment is credit whole.
    let (customer, billing, _) = paid(app).await;
    let invoice = customer.open_invoice(app, &billing).await;
    let path = "/checkout";
    let mut checkouts = Vec::new();
    for _ in 0..2 {
        let key = uuid::Uuid::now_v7().to_string();
        let reply = customer
            .client
            .post_with_key(path, &key, json!({ "invoice_id": invoice }))
            .await;
        checkouts.push(reply.expect(201).json::<common::payments::Checkout>());
    }
    for checkout in &checkouts {
        app.pay(checkout, Fault::None).await;
        app.run_jobs().await;
    }
    assert_eq!(app.credit_of_all().await, 52_900);
    let second = customer.payment(checkouts[1].payment_id).await;
    assert_eq!(
        (second.credited, second.refundable),
        (Money::zar(52_900), Money::zar(52_900))
    );
    let asked = asked(&billing, &second, Some(50_000)).await;
    assert_eq!(asked.credit_note_id, None);
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, asked.id).await.status, RefundStatus::Succeeded);
    assert_eq!(app.credit_of_all().await, 2_900);
    let invoice = customer.invoice(invoice).await;
    assert_eq!(invoice.summary.credited, Money::zar(0));
});

app_test!(payfast_may_refuse_and_the_customer_keeps_the_credit, |app| {
    let (customer, billing, payment) = paid(app).await;
    app.payfast.api_fault(ApiFault::RefundFailed);
    let refused = asked(&billing, &payment, Some(20_000)).await;
    app.run_jobs().await;
    let refused = find_refund(&billing, refused.id).await;
    assert_eq!(refused.status, RefundStatus::Failed);
    assert!(
        refused.provider_message.contains("could not be processed"),
        "{refused:?}"
    );
    assert_eq!(app.credit_of_all().await, 20_000);
    // The next try pays that credit out, without another credit note.
    let again = asked(&billing, &payment, Some(20_000)).await;
    assert_eq!(again.credit_note_id, None);
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, again.id).await.status, RefundStatus::Succeeded);
    assert_eq!(app.credit_of_all().await, 0);
    app.payfast.api_fault(ApiFault::RefundNotAvailable);
    let never = asked(&billing, &payment, None).await;
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, never.id).await.status, RefundStatus::Failed);
    assert_eq!(app.credit_of_all().await, 32_900);
    let payment = customer.payment(payment.summary.id).await;
    assert_eq!(payment.summary.refunded, Money::zar(20_000));
    app.check_clearing().await;
});

app_test!(a_bank_payout_waits_for_its_account, |app| {
    let (_, billing, payment) = paid(app).await;
    app.payfast.api_fault(ApiFault::RefundBankPayout);
    let asked = asked(&billing, &payment, Some(20_000)).await;
    app.run_jobs().await;
    assert_eq!(
        find_refund(&billing, asked.id).await.status,
        RefundStatus::AwaitingBankDetails
    );
    let path = format!("/refunds/{}/bank-details", asked.id);
    let mut details = json!({
        "account_holder": "Karoo Kiln Studio", "bank_name": "FNB", "branch_code": "250655",
        "account_number": "620012345678999", "account_type": "current",
    });
    let reply = billing.post(&path, details.clone()).await.expect(422);
    assert_eq!(reply.value()["errors"][0]["field"], "account_number");
    details["account_number"] = json!("62001234567");
    billing.post(&path, details.clone()).await.expect(200);
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, asked.id).await.status, RefundStatus::Succeeded);
    assert_eq!(billing.post(&path, details).await.problem(), "409 conflict");
    app.check_clearing().await;
});

app_test!(an_answer_that_is_lost_is_never_sent_again, |app| {
    let (_, billing, payment) = paid(app).await;
    // PayFast did it; its query tells.
    app.payfast.api_fault(ApiFault::RefundTimeoutAfter);
    let done = asked(&billing, &payment, Some(20_000)).await;
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, done.id).await.status, RefundStatus::Unknown);
    // Another one waits until that is known.
    let waits = asked(&billing, &payment, Some(1_000)).await;
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, waits.id).await.status, RefundStatus::Requested);
    app.advance(TimeDelta::minutes(2));
    app.tell_payfast_the_time();
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, done.id).await.status, RefundStatus::Succeeded);
    app.advance(TimeDelta::minutes(2));
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, waits.id).await.status, RefundStatus::Succeeded);
    app.check_clearing().await;

    // PayFast did nothing: that is certain on the next day only.
    app.payfast.api_fault(ApiFault::RefundTimeoutBefore);
    let lost = asked(&billing, &payment, Some(5_000)).await;
    app.run_jobs().await;
    for _ in 0..20 {
        app.advance(TimeDelta::hours(1));
        app.run_jobs().await;
        assert_eq!(find_refund(&billing, lost.id).await.status, RefundStatus::Unknown);
    }
    app.advance(TimeDelta::hours(20));
    app.run_jobs().await;
    // The session of before has ended meanwhile.
    let billing = app.staff(StaffRole::Billing).await;
    assert_eq!(find_refund(&billing, lost.id).await.status, RefundStatus::Failed);
    assert_eq!(app.credit_of_all().await, 5_000);
    app.check_clearing().await;
});

app_test!(two_nodes_send_one_refund_of_a_payment_at_a_time, |app| {
    let (customer, billing, payment) = paid(app).await;
    for _ in 0..2 {
        asked(&billing, &payment, Some(20_000)).await;
        // Both answers are lost, so that what was sent stays in flight.
        app.payfast.api_fault(ApiFault::RefundTimeoutAfter);
    }
    let config = config(&app.db, &app.base_url, app.payfast.base_url(), &[]);
    let other = App::build(config, app.app.clock.clone()).unwrap();
    let (one, two) = future::join(sending::advance_due(&app.app), sending::advance_due(&other)).await;
    assert_eq!((one.is_ok(), two.is_ok()), (true, true));
    let payment = customer.payment(payment.summary.id).await;
    let mut states: Vec<_> = payment.refunds.iter().map(|refund| refund.status).collect();
    states.sort_by_key(|status| status.as_str());
    assert_eq!(states, [RefundStatus::Requested, RefundStatus::Unknown]);
});

app_test!(a_lost_refund_is_not_judged_by_the_money_of_another, |app| {
    let (_, billing, payment) = paid(app).await;
    let done = asked(&billing, &payment, Some(20_000)).await;
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, done.id).await.status, RefundStatus::Succeeded);
    app.payfast.api_fault(ApiFault::RefundTimeoutBefore);
    let lost = asked(&billing, &payment, Some(20_000)).await;
    app.run_jobs().await;
    app.advance(TimeDelta::hours(40));
    app.run_jobs().await;
    // The statement has one refund of R200.00 for the two: whose it is, a person must say.
    let billing = app.staff(StaffRole::Billing).await;
    let lost = find_refund(&billing, lost.id).await;
    assert_eq!(lost.status, RefundStatus::Unknown);
    assert!(lost.provider_message.contains("a person must look"), "{lost:?}");
    assert_eq!(app.credit_of_all().await, 0);
    app.check_clearing().await;
});

app_test!(payfast_that_is_away_is_asked_again, |app| {
    let (_, billing, payment) = paid(app).await;
    for fault in [ApiFault::ServerError, ApiFault::ConnectionClosed, ApiFault::RateLimited] {
        app.payfast.api_fault(fault);
    }
    let asked = asked(&billing, &payment, None).await;
    // The terms are asked for, which moves nothing: each failure only costs time.
    for pause in [0, 2, 6] {
        app.advance(TimeDelta::minutes(pause));
        app.run_jobs().await;
        assert_eq!(find_refund(&billing, asked.id).await.status, RefundStatus::Requested);
    }
    app.advance(TimeDelta::minutes(31));
    app.run_jobs().await;
    assert_eq!(find_refund(&billing, asked.id).await.status, RefundStatus::Succeeded);
    app.check_clearing().await;
});

app_test!(only_money_that_arrived_is_refunded, |app| {
    let (customer, billing, payment) = paid(app).await;
    let path = format!("/payments/{}/reverse", payment.summary.id);
    billing
        .post(&path, json!({ "reason": "lost dispute" }))
        .await
        .expect(200);
    let reply = refund(&billing, &payment, json!({ "reason": "sent back" })).await;
    assert_eq!(reply.problem(), "409 conflict");
    let waiting = customer.check_out("PRO_MONTHLY").await;
    let waiting = customer.payment(waiting.payment_id).await;
    let reply = refund(&billing, &waiting, json!({ "reason": "sent back" })).await;
    assert_eq!(reply.problem(), "409 conflict");
    let unknown = "/payments/01929b7e-7c1c-7000-8000-000000000000/refunds";
    let reply = billing
        .post_with_key(unknown, "k", json!({ "reason": "sent back" }))
        .await;
    assert_eq!(reply.problem(), "404 not_found");
});
