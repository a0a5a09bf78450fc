//! EFTs that staff record, payments that the bank takes back, and the customer's credit.

use common::{
    Money,
    auth::StaffRole,
    invoices::{Credit, Invoice, InvoiceStatus},
    payments::{Method, Payment},
    refunds::{Refund, RefundStatus},
    vat::TOTAL_MAX,
};
use futures_util::future;
use serde_json::{Value, json};

use crate::support::{Client, Reply, app::Customer, money::refund};

fn receipt(minor: i64, reference: &str) -> Value {
    json!({ "amount": { "minor": minor, "currency": "ZAR" }, "reference": reference, "received_on": "2026-11-23" })
}

async fn record(billing: &Client, invoice: common::ids::InvoiceId, minor: i64, reference: &str) -> Reply {
    let key = uuid::Uuid::now_v7().to_string();
    let path = format!("/invoices/{invoice}/payments");
    billing.post_with_key(&path, &key, receipt(minor, reference)).await
}

async fn credit(customer: &Customer) -> Credit {
    customer.client.get("/credit").await.expect(200).json()
}

/// The newest payment of the customer.
async fn newest(customer: &Customer) -> Payment {
    let page: Value = customer.client.get("/payments?limit=1").await.expect(200).value();
    let id = page["items"][0]["id"].as_str().unwrap().to_owned();
    customer.client.get(&format!("/payments/{id}")).await.expect(200).json()
}

app_test!(no_amount_is_beyond_what_an_invoice_may_be, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let owed = customer.open_invoice(app, &billing).await;
    let paid = customer.buy(app, "PRO_MONTHLY").await;
    for minor in [TOTAL_MAX + 1, i64::MAX, i64::MIN, 0] {
        let amount = json!({ "minor": minor, "currency": "ZAR" });
        let typed = json!({ "reason": "too much", "amount": amount });
        let notes = format!("/invoices/{owed}/credit-notes");
        for reply in [
            record(&billing, owed, minor, "FNB 1").await,
            refund(&billing, &paid, typed.clone()).await,
            billing.post_with_key(&notes, &minor.to_string(), typed).await,
        ] {
            let reply = reply.expect(422).value();
            assert_eq!(reply["errors"][0]["field"], "amount", "{minor}: {reply}");
        }
    }
    let paid: Invoice = record(&billing, owed, TOTAL_MAX, "FNB 2").await.expect(201).json();
    assert_eq!(paid.summary.status, InvoiceStatus::Paid);
    assert_eq!(app.credit_of_all().await, TOTAL_MAX - 52_900);
    app.run_jobs().await;
});

app_test!(customers_are_not_told_who_of_us_it_was, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let invoice = customer.open_invoice(app, &billing).await;
    record(&billing, invoice, 20_000, "FNB 1").await.expect(201);
    for path in [format!("/invoices/{invoice}/events"), "/audit?limit=100".to_owned()] {
        let told = customer.client.get(&path).await.expect(200).body;
        assert!(told.contains("CapeControl"), "{told}");
        assert!(!told.contains("@staff.test"), "{told}");
    }
});

app_test!(an_eft_pays_an_invoice_and_what_is_over_is_credit, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let invoice = customer.open_invoice(app, &billing).await;
    let part: Invoice = record(&billing, invoice, 20_000, "FNB 1").await.expect(201).json();
    assert_eq!(part.summary.status, InvoiceStatus::Open);
    assert_eq!(part.summary.balance, Money::zar(32_900));
    // The bank's reference counts once for the account.
    assert_eq!(
        record(&billing, invoice, 20_000, "FNB 1").await.problem(),
        "409 conflict"
    );
    let whole: Invoice = record(&billing, invoice, 40_000, "FNB 2").await.expect(201).json();
    assert_eq!(whole.summary.status, InvoiceStatus::Paid);
    assert_eq!(app.credit_of_all().await, 7_100);
    assert_eq!(credit(&customer).await.balance, Money::zar(7_100));
    let ledger = app.ledger().await;
    assert_eq!(ledger["bank"], 60_000);
    assert_eq!(ledger.get("receivable"), None);
    let payment = newest(&customer).await;
    assert_eq!(
        (payment.summary.method, payment.credited),
        (Method::Eft, Money::zar(7_100))
    );
    app.run_jobs().await;
    let mails = app.mails_to("owner@karoo.test");
    assert!(mails.iter().any(|mail| mail.contains("We received your EFT")));
});

app_test!(an_eft_is_paid_back_from_the_bank, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let invoice = customer.open_invoice(app, &billing).await;
    record(&billing, invoice, 52_900, "FNB 1").await.expect(201);
    let payment = newest(&customer).await;
    let body = json!({ "reason": "sent back", "amount": { "minor": 12_900, "currency": "ZAR" } });
    let done: Refund = refund(&billing, &payment, body).await.expect(201).json();
    assert_eq!(done.status, RefundStatus::Succeeded);
    let ledger = app.ledger().await;
    assert_eq!(ledger["bank"], 40_000);
    assert_eq!(ledger.get("refunds_payable"), None);
    assert_eq!(app.credit_of_all().await, 0);
    // What went back cannot be taken back.
    let path = format!("/payments/{}/reverse", payment.summary.id);
    let reply = billing.post(&path, json!({ "reason": "bounced" })).await;
    assert_eq!(reply.problem(), "409 conflict");
});

app_test!(a_receipt_is_judged_by_field, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let invoice = customer.open_invoice(app, &billing).await;
    let path = format!("/invoices/{invoice}/payments");
    for (changed, value, field) in [
        ("amount", json!({ "minor": 0, "currency": "ZAR" }), "amount"),
        ("amount", json!({ "minor": 100, "currency": "USD" }), "amount"),
        ("reference", json!(" "), "reference"),
        ("reference", json!("x".repeat(101)), "reference"),
        ("received_on", json!("2026-11-25"), "received_on"),
        ("received_on", json!("yesterday"), "received_on"),
    ] {
        let mut body = receipt(100, "FNB 1");
        body[changed] = value;
        let reply = billing.post_with_key(&path, "k", body).await.expect(422);
        assert_eq!(reply.value()["errors"][0]["field"], field);
    }
    let draft = customer.check_out("PRO_MONTHLY").await.invoice_id;
    assert_eq!(record(&billing, draft, 52_900, "FNB 1").await.problem(), "409 conflict");
    let first = billing
        .post_with_key(&path, "k", receipt(100, "FNB 1"))
        .await
        .expect(201);
    let again = billing
        .post_with_key(&path, "k", receipt(100, "FNB 1"))
        .await
        .expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(app.ledger().await["bank"], 100);
});

app_test!(the_bank_takes_a_payment_back, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let payment = customer.buy(app, "PRO_MONTHLY").await;
    let path = format!("/payments/{}/reverse", payment.summary.id);
    assert_eq!(
        billing.post(&path, json!({ "reason": "x" })).await.problem(),
        "422 invalid"
    );
    let replies = future::join_all((0..3).map(|_| billing.post(&path, json!({ "reason": "lost dispute" })))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert!(replies.iter().all(|reply| matches!(reply.status.as_u16(), 200 | 409)));
    let invoice = customer.invoice(payment.summary.invoice_id).await;
    assert_eq!(invoice.summary.status, InvoiceStatus::Open);
    assert_eq!(invoice.summary.balance, Money::zar(52_900));
    assert!(invoice.summary.number.is_some() && invoice.payments.is_empty());
    let ledger = app.ledger().await;
    assert_eq!(ledger["receivable"], 52_900);
    let reversed = customer.payment(payment.summary.id).await;
    assert!(reversed.reversed_at.is_some() && reversed.refundable.is_zero());
    // An EFT that bounced, with credit that came of it.
    record(&billing, payment.summary.invoice_id, 60_000, "FNB 1")
        .await
        .expect(201);
    let eft = newest(&customer).await;
    let path = format!("/payments/{}/reverse", eft.summary.id);
    billing.post(&path, json!({ "reason": "bounced" })).await.expect(200);
    assert_eq!(app.credit_of_all().await, 0);
    assert_eq!(app.ledger().await["receivable"], 52_900);
    // The same reference may come again now.
    record(&billing, payment.summary.invoice_id, 52_900, "FNB 1")
        .await
        .expect(201);
});

app_test!(credit_pays_invoices_and_is_never_spent_twice, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let first = customer.open_invoice(app, &billing).await;
    record(&billing, first, 82_900, "FNB 1").await.expect(201);
    assert_eq!(credit(&customer).await.balance, Money::zar(30_000));
    let (second, third) = (
        customer.open_invoice(app, &billing).await,
        customer.open_invoice(app, &billing).await,
    );
    let apply = async |invoice| {
        let path = format!("/invoices/{invoice}/apply-credit");
        customer.client.post(&path, json!({})).await
    };
    let replies = future::join_all([second, third, second, third].map(apply)).await;
    assert_eq!(
        replies.iter().filter(|reply| reply.status == 200).count(),
        1,
        "{replies:?}"
    );
    assert_eq!(app.credit_of_all().await, 0);
    let (second, third) = (customer.invoice(second).await, customer.invoice(third).await);
    let paid = [&second, &third].map(|invoice| invoice.summary.amount_paid.minor);
    assert_eq!(paid.iter().sum::<i64>(), 30_000);
    let by_credit = if paid[0] > 0 { &second } else { &third };
    assert_eq!(by_credit.payments[0].payment_id, None);
    let entries = credit(&customer).await.entries;
    let amounts: Vec<_> = entries.iter().map(|entry| entry.amount.minor).collect();
    assert_eq!(amounts, [-30_000, 30_000]);
    assert_eq!(apply(first).await.problem(), "409 conflict");
    let other = app.customer("other@kalkbay.test").await;
    let path = format!("/invoices/{first}/apply-credit");
    assert_eq!(other.client.post(&path, json!({})).await.problem(), "404 not_found");
    assert!(credit(&other).await.entries.is_empty());
});

app_test!(money_for_a_paid_invoice_is_credit_that_can_be_taken_back, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let payment = customer.buy(app, "PRO_MONTHLY").await;
    record(&billing, payment.summary.invoice_id, 5_000, "FNB 1")
        .await
        .expect(201);
    let eft = newest(&customer).await;
    let open = customer.open_invoice(app, &billing).await;
    let path = format!("/invoices/{open}/apply-credit");
    customer.client.post(&path, json!({})).await.expect(200);
    // It is spent: taking it back would leave less than nothing.
    let path = format!("/payments/{}/reverse", eft.summary.id);
    let reply = billing.post(&path, json!({ "reason": "bounced" })).await;
    assert!(
        reply.body.contains("only R0.00 of the customer's credit is left"),
        "{}",
        reply.body
    );
    assert_eq!(reply.problem(), "409 conflict");
});
