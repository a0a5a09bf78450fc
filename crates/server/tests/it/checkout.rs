//! Buying a plan: from the checkout to the paid invoice with its number.

use chrono::TimeDelta;
use common::{
    Money,
    auth::StaffRole,
    invoices::{Invoice, InvoiceStatus},
    payments::{Checkout, PaymentStatus},
};
use payfast::PaymentStatus as PfStatus;
use payfast_sandbox::Fault;
use serde_json::json;

use crate::support::{TestApp, app::PASSWORD};

app_test!(a_plan_is_bought_and_its_invoice_paid, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    let names: Vec<_> = checkout.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.first(), Some(&"merchant_id"));
    assert_eq!(names.last(), Some(&"signature"));
    assert!(checkout.fields.contains(&("amount".to_owned(), "529.00".to_owned())));
    let waiting = customer.payment(checkout.payment_id).await;
    assert_eq!(waiting.summary.status, PaymentStatus::AwaitingCustomer);
    assert_eq!(customer.invoices().await[0].number, None);

    app.pay(&checkout, Fault::None).await;
    app.run_jobs().await;

    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
    assert_eq!(payment.summary.invoice_number.as_deref(), Some("INV-000001"));
    assert_eq!(payment.summary.fee, Some(Money::zar(1_217)));
    assert_eq!(payment.summary.net, Some(Money::zar(51_683)));
    assert_eq!(payment.credited, Money::zar(0));
    let events: Vec<_> = payment.events.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(events, ["created", "redirect_issued", "itn_complete"]);
    let invoice: Invoice = customer
        .client
        .get(&format!("/invoices/{}", checkout.invoice_id))
        .await
        .expect(200)
        .json();
    assert_eq!(invoice.summary.status, InvoiceStatus::Paid);
    assert_eq!(
        (invoice.summary.subtotal, invoice.summary.vat),
        (Money::zar(46_000), Money::zar(6_900))
    );
    assert_eq!(invoice.summary.balance, Money::zar(0));
    assert_eq!(invoice.title, "Tax invoice");
    assert_eq!(invoice.supplier.vat_number.as_deref(), Some("4000000000"));
    assert_eq!(invoice.lines[0].description, "Pro, monthly");
    assert_eq!(invoice.payments[0].amount, Money::zar(52_900));
    let account = customer
        .client
        .get(&format!("/accounts/{}", customer.account_id))
        .await
        .value();
    assert_eq!(account["plan"]["code"], "PRO_MONTHLY");
    assert_eq!(account["plan"]["paid_until"], "2026-12-24T07:14:00Z");
    let mails = app.mails_to(&customer.email);
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].contains("INV-000001") && mails[0].contains("R529.00"),
        "{}",
        mails[0]
    );
});

app_test!(two_checkouts_with_one_key_give_one_invoice, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let buy = || {
        customer
            .client
            .post_with_key("/checkout", "one-key", json!({ "product_code": "PRO_MONTHLY" }))
    };
    customer.client.refresh_csrf().await;
    let replies = futures_util::future::join_all((0..10).map(|_| buy())).await;
    let first = replies[0].body.clone();
    let replayed = replies
        .iter()
        .filter(|reply| reply.headers.contains_key("idempotency-replayed"))
        .count();
    assert_eq!(replayed, 9);
    assert!(
        replies
            .iter()
            .all(|reply| reply.status.as_u16() == 201 && reply.body == first)
    );
    assert_eq!(customer.invoices().await.len(), 1);
    let other = customer
        .client
        .post_with_key("/checkout", "one-key", json!({ "product_code": "PRO_YEARLY" }))
        .await;
    assert_eq!(other.problem(), "409 idempotency_mismatch");
    app.advance(TimeDelta::hours(25));
    customer
        .client
        .sign_in(&customer.email, crate::support::app::PASSWORD)
        .await
        .expect(200);
    let later: Checkout = buy().await.expect(201).json();
    assert_ne!(first, serde_json::to_string(&later).unwrap());
    assert_eq!(customer.invoices().await.len(), 2);
});

app_test!(a_checkout_is_refused_by_name, |app| {
    let customer = app.customer("owner@karoo.test").await;
    for (body, field) in [
        (json!({}), "product_code"),
        (json!({ "product_code": "FREE" }), "product_code"),
        (json!({ "product_code": "GOLD" }), "product_code"),
        (json!({ "product_code": "PRO_MONTHLY", "amount": 1 }), "amount"),
        (
            json!({ "product_code": "PRO_MONTHLY", "provider": "stripe" }),
            "provider",
        ),
        (json!({ "product_code": "PRO_MONTHLY", "provider": "bank" }), "provider"),
        (
            json!({ "product_code": "PRO_MONTHLY", "invoice_id": customer.account_id }),
            "invoice_id",
        ),
    ] {
        let reply = customer
            .client
            .post_with_key("/checkout", "k", body.clone())
            .await
            .expect(422);
        assert_eq!(reply.value()["errors"][0]["field"], field, "{body}");
    }
    let without = customer
        .client
        .post("/checkout", json!({ "product_code": "PRO_MONTHLY" }))
        .await;
    assert_eq!(without.value()["errors"][0]["field"], "Idempotency-Key");
    let draft = customer.check_out("PRO_MONTHLY").await.invoice_id;
    let reply = customer
        .client
        .post_with_key("/checkout", "k2", json!({ "invoice_id": draft }))
        .await;
    assert_eq!(reply.problem(), "409 conflict");
});

app_test!(a_large_tax_invoice_needs_an_address_first, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let buy = || {
        customer
            .client
            .post_with_key("/checkout", "k", json!({ "product_code": "ENTERPRISE_YEARLY" }))
    };
    let refused = buy().await;
    assert_eq!(refused.problem(), "422 billing_details_missing");
    assert_eq!(refused.value()["errors"][0]["field"], "billing_address");
    assert!(customer.invoices().await.is_empty());
    let address = json!({ "billing_address":
        { "line1": "1 Main Road", "city": "Prince Albert", "postal_code": "6930", "country": "ZA" } });
    customer
        .client
        .patch(&format!("/accounts/{}", customer.account_id), address)
        .await
        .expect(200);
    buy().await.expect(201);
});

app_test!(a_waiting_payment_can_be_given_up_and_money_still_wins, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    let page = app.open_payment_page(&checkout).await;
    let path = format!("/payments/{}/cancel", checkout.payment_id);
    let canceled = customer.client.post(&path, json!({})).await.expect(200).value();
    assert_eq!(canceled["status"], "canceled");
    customer.client.post(&path, json!({})).await.expect(200);
    app.payfast.pay(page, Fault::None).await.unwrap();
    app.run_jobs().await;
    assert_eq!(
        customer.payment(checkout.payment_id).await.summary.status,
        PaymentStatus::Succeeded
    );
    assert_eq!(customer.client.post(&path, json!({})).await.problem(), "409 conflict");
    assert_eq!(customer.invoices().await[0].status, InvoiceStatus::Paid);
});

/// PayFast tells of a payment that it has on its page.
async fn tell(app: &TestApp, page: uuid::Uuid, status: &PfStatus) {
    let fields = app.payfast.notification_fields(page, status).unwrap();
    let url = format!("{}/api/v1/payments/payfast/itn", app.base_url);
    app.payfast.send(&url, &fields).await;
    app.run_jobs().await;
}

app_test!(
    what_payfast_works_on_ends_by_its_word_and_late_money_still_counts,
    |app| {
        let customer = app.customer("owner@karoo.test").await;
        for (word, state) in [
            (PfStatus::Cancelled, PaymentStatus::Canceled),
            (PfStatus::Failed, PaymentStatus::Failed),
        ] {
            let checkout = customer.check_out("PRO_MONTHLY").await;
            let page = app.open_payment_page(&checkout).await;
            let status = async || customer.payment(checkout.payment_id).await.summary.status;
            tell(app, page, &PfStatus::Pending).await;
            assert_eq!(status().await, PaymentStatus::Processing);
            // The money may be on its way: only PayFast can say that it is not.
            let path = format!("/payments/{}/cancel", checkout.payment_id);
            assert_eq!(customer.client.post(&path, json!({})).await.problem(), "409 conflict");
            tell(app, page, &word).await;
            assert_eq!(status().await, state);
            tell(app, page, &PfStatus::Complete).await;
            assert_eq!(status().await, PaymentStatus::Succeeded);
        }
    }
);

app_test!(what_payfast_never_decides_expires_after_a_week, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let invoice = customer.open_invoice(app, &billing).await;
    let key = uuid::Uuid::now_v7().to_string();
    let body = json!({ "invoice_id": invoice });
    let checkout: Checkout = customer
        .client
        .post_with_key("/checkout", &key, body)
        .await
        .expect(201)
        .json();
    let page = app.open_payment_page(&checkout).await;
    app.advance(TimeDelta::hours(1));
    tell(app, page, &PfStatus::Pending).await;
    let status = async || {
        customer.client.sign_in(&customer.email, PASSWORD).await.expect(200);
        customer.payment(checkout.payment_id).await.summary.status
    };
    app.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    app.run_jobs().await;
    assert_eq!(status().await, PaymentStatus::Processing);
    app.advance(TimeDelta::seconds(1));
    app.run_jobs().await;
    assert_eq!(status().await, PaymentStatus::Expired);
    // The invoice is free: it can be ended, and money that still comes is the customer's.
    let billing = app.staff(StaffRole::Billing).await;
    billing
        .post_with_key(
            &format!("/invoices/{invoice}/void"),
            "void",
            json!({ "reason": "never paid" }),
        )
        .await
        .expect(200);
    tell(app, page, &PfStatus::Complete).await;
    assert_eq!(status().await, PaymentStatus::Succeeded);
    assert_eq!(app.credit_of_all().await, 52_900);
});

app_test!(a_payment_expires_after_a_day_and_late_money_still_counts, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    let page = app.open_payment_page(&checkout).await;
    app.advance(TimeDelta::hours(23));
    app.run_jobs().await;
    customer
        .client
        .sign_in(&customer.email, crate::support::app::PASSWORD)
        .await
        .expect(200);
    assert_eq!(
        customer.payment(checkout.payment_id).await.summary.status,
        PaymentStatus::AwaitingCustomer
    );
    app.advance(TimeDelta::hours(2));
    app.run_jobs().await;
    assert_eq!(
        customer.payment(checkout.payment_id).await.summary.status,
        PaymentStatus::Expired
    );
    app.payfast.pay(page, Fault::None).await.unwrap();
    app.run_jobs().await;
    assert_eq!(
        customer.payment(checkout.payment_id).await.summary.status,
        PaymentStatus::Succeeded
    );
});

app_test!(time_left_on_the_same_plan_is_kept, |app| {
    let customer = app.customer("owner@karoo.test").await;
    for until in ["2026-12-24T07:14:00Z", "2027-01-24T07:14:00Z"] {
        let checkout = customer.check_out("PRO_MONTHLY").await;
        app.pay(&checkout, Fault::None).await;
        app.run_jobs().await;
        let account = customer
            .client
            .get(&format!("/accounts/{}", customer.account_id))
            .await
            .value();
        assert_eq!(account["plan"]["paid_until"], until);
    }
    let numbers: Vec<_> = customer
        .invoices()
        .await
        .into_iter()
        .filter_map(|invoice| invoice.number)
        .collect();
    assert_eq!(numbers, ["INV-000002", "INV-000001"]);
});

app_test!(a_late_payment_never_shortens_a_higher_plan, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let address = json!({ "billing_address":
        { "line1": "1 Main Road", "city": "Prince Albert", "postal_code": "6930", "country": "ZA" } });
    customer
        .client
        .patch(&format!("/accounts/{}", customer.account_id), address)
        .await
        .expect(200);
    let pro = customer.check_out("PRO_MONTHLY").await;
    let enterprise = customer.check_out("ENTERPRISE_YEARLY").await;
    for checkout in [&enterprise, &pro] {
        app.pay(checkout, Fault::None).await;
        app.run_jobs().await;
    }
    let plan = customer
        .client
        .get(&format!("/accounts/{}", customer.account_id))
        .await
        .value()["plan"]
        .clone();
    assert_eq!(
        (&plan["code"], &plan["paid_until"]),
        (&json!("ENTERPRISE_YEARLY"), &json!("2027-11-24T07:14:00Z"))
    );
    app.advance(TimeDelta::days(366));
    customer
        .client
        .sign_in(&customer.email, crate::support::app::PASSWORD)
        .await
        .expect(200);
    let plan = customer
        .client
        .get(&format!("/accounts/{}", customer.account_id))
        .await
        .value()["plan"]
        .clone();
    assert_eq!(
        (&plan["code"], &plan["paid_until"]),
        (&json!("PRO_MONTHLY"), &json!("2027-12-24T07:14:00Z"))
    );
});

app_test!(two_changes_at_once_keep_each_other, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let path = format!("/accounts/{}", customer.account_id);
    customer.client.refresh_csrf().await;
    for round in 0..10 {
        let (name, vat) = (format!("Round {round}"), format!("400000000{round}"));
        let (first, second) = tokio::join!(
            customer.client.patch(&path, json!({ "company_name": name })),
            customer.client.patch(&path, json!({ "vat_number": vat })),
        );
        first.expect(200);
        second.expect(200);
        let account = customer.client.get(&path).await.value();
        assert_eq!(
            (&account["company_name"], &account["vat_number"]),
            (&json!(name), &json!(vat))
        );
    }
});

app_test!(lists_page_by_cursor_without_gaps, |app| {
    let customer = app.customer("owner@karoo.test").await;
    for _ in 0..5 {
        customer.check_out("PRO_MONTHLY").await;
        app.advance(TimeDelta::seconds(1));
    }
    for list in ["invoices", "payments"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = customer
                .client
                .get(&format!("/{list}?limit=2{cursor}"))
                .await
                .expect(200)
                .value();
            assert_eq!(page["total"], 5);
            seen.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|item| item["id"].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut sorted = seen.clone();
        sorted.sort_by(|a, b| b.cmp(a));
        sorted.dedup();
        assert_eq!(seen.len(), 5);
        assert_eq!(seen, sorted);
        let oldest = customer
            .client
            .get(&format!("/{list}?limit=1&sort=created_at"))
            .await
            .value();
        assert_eq!(oldest["items"][0]["id"].as_str(), seen.last().map(String::as_str));
    }
    let none = customer.client.get("/payments?status=succeeded").await.value();
    assert_eq!(
        (none["total"].as_i64(), none["items"].as_array().unwrap().len()),
        (Some(0), 0)
    );
});
