//! Forms, the payment page, the notification and its confirmation, when nothing goes wrong.

use crate::support::*;
use payfast::{Amount, PaymentStatus};
use payfast_sandbox::{Config, Fault, Kind, PaymentError};

#[tokio::test]
async fn every_fault_of_a_form_is_told_at_once() {
    let sandbox = sandbox().await;
    let response = post(&sandbox, "/eng/process", &[]).await;
    assert_eq!(response.status(), 200);
    let page = response.text().await.unwrap();
    assert!(
        page.contains(
            "The supplied variables are not according to specification:\n\
             amount : amount is required\n\
             item_name : item_name is required\n\
             merchant_id : merchant_id is required\n\
             merchant_key : merchant_key is required\n\
             signature : Signature is required"
        ),
        "{page}"
    );
    assert!(sandbox.payments().is_empty());
}

#[tokio::test]
async fn wrong_signature_and_merchant_are_refused() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let mut form = shop.form(&[]);
    form.iter_mut().find(|(name, _)| name == "amount").unwrap().1 = "5.00".into();
    let page = post(&sandbox, "/eng/process", &form).await.text().await.unwrap();
    assert!(
        page.contains("signature : Generated signature does not match submitted signature"),
        "{page}"
    );

    let form = shop.form(&[("merchant_id", "10000101"), ("merchant_key", "00f0cd694581a")]);
    let page = post(&sandbox, "/eng/process", &form).await.text().await.unwrap();
    assert!(
        page.contains("merchant_id : Merchant is invalid\nmerchant_key : Merchant key is invalid"),
        "{page}"
    );
}

#[tokio::test]
async fn strict_refuses_local_addresses_otherwise_the_page_warns() {
    let shop = Shop::start(&[]).await;
    let strict = sandbox_with(Config {
        strict: true,
        ..Config::default()
    })
    .await;
    let page = post(&strict, "/eng/process", &shop.form(&[]))
        .await
        .text()
        .await
        .unwrap();
    for line in [
        "cancel_url : must be a valid URL",
        "notify_url : must use port 80",
        "return_url : must be a valid URL",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }

    let lenient = sandbox().await;
    let payment = check_out(&lenient, &shop.form(&[])).await;
    let page = get(&lenient, &format!("/eng/process/payment/{payment}"))
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("PayFast itself would object to"), "{page}");
}

#[tokio::test]
async fn unsigned_forms_need_an_account_without_passphrase() {
    let shop = Shop::start(&[]).await;
    let mut form = shop.form(&[]);
    form.pop();
    let signed_only = sandbox().await;
    assert_eq!(post(&signed_only, "/eng/process", &form).await.status(), 200);
    let open = sandbox_with(Config {
        passphrase: None,
        ..Config::default()
    })
    .await;
    check_out(&open, &form).await;
}

#[tokio::test]
async fn a_form_in_any_order_and_by_get_is_accepted() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let mut form = shop.form(&[]);
    form.reverse();
    check_out(&sandbox, &form).await;
    let query = payfast::form::body(&form);
    assert_eq!(get(&sandbox, &format!("/eng/process?{query}")).await.status(), 302);
}

#[tokio::test]
async fn the_payment_page_works_without_scripts() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let form = shop.form(&[("item_name", "<script>alert('1')</script>"), ("amount", "17190.00")]);
    let payment = check_out(&sandbox, &form).await;
    let response = get(&sandbox, &format!("/eng/process/payment/{payment}")).await;
    assert!(
        response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    let page = response.text().await.unwrap();
    assert!(
        page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"),
        "{page}"
    );
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains(">Pay R17\u{a0}190.00</button>"), "{page}");
    assert!(page.contains(">Cancel payment</button>"), "{page}");
    assert!(page.contains("Test mode. No real money moves."), "{page}");
    assert!(
        page.contains(r#"<label for="fault">"#) && page.contains(r#"<select id="fault" name="fault">"#),
        "{page}"
    );
    for fault in Fault::ALL {
        assert!(
            page.contains(&format!(r#"<option value="{}">"#, fault.name())),
            "{page}"
        );
    }
}

#[tokio::test]
async fn paying_notifies_first_and_then_returns() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let payment = check_out(&sandbox, &shop.form(&[])).await;
    let response = click(&sandbox, payment, "pay", "none").await;
    assert_eq!(response.status(), 303);
    assert_eq!(location(&response), shop.address("/return"));

    let itns = shop.itns();
    assert_eq!(itns.len(), 1, "sent before the redirect");
    let itn = &itns[0];
    assert_eq!(itn.check(Some(&passphrase())), Ok(()));
    let names: Vec<_> = itn
        .fields()
        .map(|(name, _)| String::from_utf8(name.to_vec()).unwrap())
        .collect();
    assert_eq!(
        names.join(" "),
        "m_payment_id pf_payment_id payment_status item_name item_description amount_gross amount_fee amount_net \
         custom_str1 custom_str2 custom_str3 custom_str4 custom_str5 custom_int1 custom_int2 custom_int3 custom_int4 \
         custom_int5 name_first name_last email_address merchant_id signature"
    );
    assert_eq!(itn.payment_status(), PaymentStatus::Complete);
    assert_eq!(itn.m_payment_id(), Some("order-7"));
    assert_eq!(itn.amount_gross(), Some(Ok(Amount::from_cents(52_900))));
    assert_eq!(itn.amount_fee(), Some(Ok(Amount::from_cents(-1_217))));
    assert_eq!(itn.amount_net(), Some(Ok(Amount::from_cents(51_683))));
    assert_eq!(
        (itn.text("custom_str1"), itn.text("custom_int1")),
        (Some("a & b"), Some("7"))
    );
    assert_eq!(itn.text("name_first"), Some("Zoë"));

    let body = shop.bodies().remove(0);
    assert_eq!(confirm(&sandbox, itn.confirmation_body()).await, "VALID");
    assert_eq!(confirm(&sandbox, body.clone()).await, "VALID");
    let cheaper = String::from_utf8(body).unwrap().replace("529.00", "5.00");
    assert_eq!(confirm(&sandbox, cheaper).await, "INVALID");
    assert_eq!(confirm(&sandbox, "").await, "INVALID");
}

#[tokio::test]
async fn paying_twice_is_one_payment() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let payment = check_out(&sandbox, &shop.form(&[])).await;
    let clicks = futures_util::future::join(
        click(&sandbox, payment, "pay", "none"),
        click(&sandbox, payment, "pay", "none"),
    );
    let (first, second) = clicks.await;
    let third = click(&sandbox, payment, "cancel", "none").await;
    for response in [first, second, third] {
        assert_eq!(response.status(), 303);
        assert_eq!(location(&response), shop.address("/return"));
    }
    assert_eq!(shop.bodies().len(), 1);
    assert_eq!(sandbox.pay(payment, Fault::None).await, Err(PaymentError::Paid));
    let page = get(&sandbox, &format!("/eng/process/payment/{payment}"))
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("<h1>Paid</h1>") && !page.contains("<form"), "{page}");
}

#[tokio::test]
async fn cancelling_sends_no_notification() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let payment = check_out(&sandbox, &shop.form(&[])).await;
    let response = click(&sandbox, payment, "cancel", "none").await;
    assert_eq!(response.status(), 303);
    assert_eq!(location(&response), shop.address("/cancel"));
    assert_eq!(click(&sandbox, payment, "pay", "none").await.status(), 409);
    assert!(sandbox.notifications().is_empty() && shop.bodies().is_empty());
}

#[tokio::test]
async fn two_payments_have_different_ids() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    for _ in 0..2 {
        let payment = check_out(&sandbox, &shop.form(&[])).await;
        sandbox.pay(payment, Fault::None).await.unwrap();
    }
    let itns = shop.itns();
    assert_ne!(itns[0].pf_payment_id(), itns[1].pf_payment_id());
}

#[tokio::test]
async fn agreements_bring_a_token() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let subscription = shop.form(&[
        ("subscription_type", "1"),
        ("frequency", "3"),
        ("cycles", "0"),
        ("billing_date", "2027-01-31"),
    ]);
    let tokenization = shop.form(&[("subscription_type", "2"), ("amount", "0.00")]);
    for form in [subscription, tokenization] {
        let payment = check_out(&sandbox, &form).await;
        sandbox.pay(payment, Fault::None).await.unwrap();
    }
    let itns = shop.itns();
    assert_eq!(itns[0].billing_date(), Some("2027-01-31"));
    assert_eq!(itns[1].amount_fee(), Some(Ok(Amount::from_cents(0))));
    for itn in &itns {
        assert!(itn.verify(Some(&passphrase())));
        assert_eq!(itn.token().unwrap().len(), 36);
        let names: Vec<_> = itn.fields().map(|(name, _)| name).collect();
        assert!(
            names.ends_with(&[b"merchant_id", b"token", b"billing_date", b"signature"]),
            "{itn:?}"
        );
    }
    assert_ne!(itns[0].token(), itns[1].token());
}

#[tokio::test]
async fn bytes_that_are_not_text_survive() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let mut fields: Vec<(Vec<u8>, Vec<u8>)> = shop
        .form(&[])
        .into_iter()
        .map(|(name, value)| (name.into_bytes(), value.into_bytes()))
        .collect();
    fields.retain(|(name, _)| name != b"signature" && name != b"custom_str1");
    fields.push((b"custom_str1".to_vec(), vec![0xff, 0xfe, b'~']));
    let signature = payfast::checkout::signature(&fields, Some(&passphrase()));
    fields.push((b"signature".to_vec(), signature.into_bytes()));
    let request = browser()
        .post(format!("{}/eng/process", sandbox.base_url()))
        .body(payfast::form::body(&fields));
    assert_eq!(request.send().await.unwrap().status(), 302);

    sandbox.pay(sandbox.payments()[0].id, Fault::None).await.unwrap();
    let itn = &shop.itns()[0];
    assert!(itn.verify(Some(&passphrase())));
    assert_eq!(itn.get("custom_str1"), Some(&[0xff, 0xfe, b'~'][..]));
    let log = get(&sandbox, "/log.json").await.text().await.unwrap();
    assert!(log.contains(r#"["custom_str1",{"hex":"fffe7e"}]"#), "{log}");
}

#[tokio::test]
async fn programs_can_send_their_own_notifications() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let payment = check_out(&sandbox, &shop.form(&[])).await;
    let mut fields = sandbox.notification_fields(payment, &PaymentStatus::Cancelled).unwrap();
    fields.retain(|(name, _)| !name.starts_with(b"amount_"));
    let sent = sandbox.send(&shop.address("/itn"), &fields).await;
    assert_eq!((sent.kind, sent.is_delivered()), (Kind::Custom, true));
    let itn = &shop.itns()[0];
    assert!(itn.verify(Some(&passphrase())));
    assert_eq!(
        (itn.payment_status(), itn.amount_gross()),
        (PaymentStatus::Cancelled, None)
    );
    assert_eq!(confirm(&sandbox, itn.confirmation_body()).await, "VALID");
}

#[tokio::test]
async fn onsite_gives_an_identifier_and_closes_its_frame() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let refused = post(&sandbox, "/onsite/process", &shop.form(&[("email_address", "")])).await;
    let refused: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(refused["uuid"], serde_json::Value::Null);
    assert_eq!(refused["errors"][0], "email_address : email_address is required");

    let accepted: serde_json::Value = post(&sandbox, "/onsite/process", &shop.form(&[]))
        .await
        .json()
        .await
        .unwrap();
    let path = format!("/eng/process/payment/{}", accepted["uuid"].as_str().unwrap());
    let page = get(&sandbox, &format!("{path}?onsite")).await.text().await.unwrap();
    assert!(page.contains(r#"name="onsite""#), "{page}");
    let form = [("action", "pay"), ("onsite", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let page = post(&sandbox, &path, &form).await.text().await.unwrap();
    assert!(page.contains("payfast_close_payment_popup"), "{page}");
    assert_eq!(shop.bodies().len(), 1);
    let engine = get(&sandbox, "/onsite/engine.js").await.text().await.unwrap();
    assert!(engine.contains("window.payfast_do_onsite_payment"), "{engine}");
}

#[tokio::test]
async fn the_log_tells_everything_but_a_passphrase() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let mut form = shop.form(&[]);
    form.push(("passphrase".into(), SECRET.into()));
    let payment = check_out(&sandbox, &form).await;
    click(&sandbox, payment, "pay", "none").await;
    confirm(&sandbox, "forged=1").await;
    let log = get(&sandbox, "/log.json").await.text().await.unwrap();
    assert!(!log.contains(SECRET), "{log}");
    assert!(!get(&sandbox, "/").await.text().await.unwrap().contains(SECRET));
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    let events: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["confirmation_asked", "itn_sent", "paid", "form_received"]);
    assert_eq!(log["items"][0]["answer"], "INVALID");
    assert_eq!(log["items"][1]["status"], 200);
    assert_eq!(log["items"][3]["payment"], payment.to_string());
    assert!(log["items"][3]["warnings"].to_string().contains("must never be posted"));
}

#[tokio::test]
async fn odd_requests_get_a_page_and_change_nothing() {
    let sandbox = sandbox().await;
    let shop = Shop::start(&[]).await;
    let payment = check_out(&sandbox, &shop.form(&[])).await;
    for path in [
        "/nowhere",
        "/eng/process/payment/x",
        "/eng/process/payment/0197a1b2-0000-7000-8000-000000000000",
    ] {
        assert_eq!(get(&sandbox, path).await.status(), 404, "{path}");
    }
    assert_eq!(click(&sandbox, payment, "steal", "none").await.status(), 400);
    assert_eq!(click(&sandbox, payment, "pay", "no_such_fault").await.status(), 400);
    assert_eq!(post(&sandbox, "/notifications/99/resend", &[]).await.status(), 404);
    let huge = "x".repeat(100_000);
    let request = browser().post(format!("{}/eng/process", sandbox.base_url())).body(huge);
    assert_eq!(request.send().await.unwrap().status(), 413);
    assert!(sandbox.notifications().is_empty());
}
