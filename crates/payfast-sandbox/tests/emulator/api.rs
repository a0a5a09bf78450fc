//! The REST API as a merchant calls it: charges, refunds, the statement, and each fault.

use crate::support::*;
use payfast::api::call::{AdHocCharge, Call, Credentials, Refund};
use payfast::api::reply::{self, RefundMethod, RefundStatus, ReplyError, SubscriptionStatus};
use payfast::api::{BankAccount, Request};
use payfast::{Amount, PaymentStatus};
use payfast_sandbox::{AgreementError, ApiFault, Config, Event, Fault, Running};
use std::time::Duration;

const AT: &str = "2026-11-24T09:14:00+02:00";

fn signed(call: &Call) -> Request {
    let secret = passphrase();
    let credentials = Credentials {
        merchant_id: "10000100",
        passphrase: &secret,
        testing: true,
    };
    call.sign(&credentials, AT)
}

/// What came back, if anything did.
async fn send(sandbox: &Running, request: &Request) -> Option<(u16, Vec<u8>)> {
    let method = reqwest::Method::from_bytes(request.verb.as_str().as_bytes()).unwrap();
    let mut outgoing = browser()
        .request(method, format!("{}{}", sandbox.base_url(), request.path_and_query))
        .timeout(Duration::from_secs(10));
    for (name, value) in &request.headers {
        outgoing = outgoing.header(*name, value);
    }
    if let Some(body) = &request.body {
        outgoing = outgoing.header("content-type", "application/json").body(body.clone());
    }
    let response = outgoing.send().await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.bytes().await.ok()?.to_vec()))
}

async fn call(sandbox: &Running, call: Call) -> (u16, Vec<u8>) {
    send(sandbox, &signed(&call)).await.expect("an answer")
}

fn message(result: Result<impl std::fmt::Debug, ReplyError>) -> String {
    match result {
        Err(ReplyError::Refused(refusal)) => format!("{} {}", refusal.http_status, refusal.message),
        other => panic!("not refused: {other:?}"),
    }
}

/// A stored card, from a paid form of R0.00.
async fn stored_card(sandbox: &Running, shop: &Shop) -> String {
    let form = shop.form(&[("subscription_type", "2"), ("amount", "0.00")]);
    let payment = check_out(sandbox, &form).await;
    sandbox.pay(payment, Fault::None).await.unwrap();
    sandbox.agreements()[0].token.to_string()
}

fn charge(token: &str) -> Call {
    Call::charge(&AdHocCharge {
        token,
        amount: Amount::from_cents(52_900),
        item_name: "Pro, one month",
        item_description: "",
        m_payment_id: "order-8",
    })
    .unwrap()
}

fn refund(pf_payment_id: &str, cents: i64, bank: Option<BankAccount<'_>>) -> Call {
    Call::refund(&Refund {
        pf_payment_id,
        amount: Amount::from_cents(cents),
        reason: "Not needed",
        notify_buyer: true,
        notify_merchant: false,
        bank,
    })
    .unwrap()
}

async fn paid(sandbox: &Running, shop: &Shop) -> String {
    let payment = check_out(sandbox, &shop.form(&[])).await;
    sandbox.pay(payment, Fault::None).await.unwrap();
    sandbox.payments()[0].pf_payment_id.clone()
}

async fn statement(sandbox: &Running) -> payfast::api::Statement {
    sandbox.set_now("2026-11-24T07:14:00Z".parse().unwrap());
    let (status, body) = call(sandbox, Call::history("2026-11-01", "2026-11-30", 0, 1000).unwrap()).await;
    reply::statement(status, &body).unwrap()
}

#[tokio::test]
async fn callers_are_refused_in_payfast_s_order() {
    let sandbox = sandbox().await;
    let token = "dc0521d3-55fe-269b-fa00-b647310d760f";
    let good = signed(&Call::fetch_subscription(token).unwrap());
    let without = |name: &str| {
        let mut request = good.clone();
        request.headers.iter_mut().find(|(known, _)| *known == name).unwrap().1 = String::new();
        request
    };
    let with = |name: &str, value: &str| {
        let mut request = without(name);
        request.headers.iter_mut().find(|(known, _)| *known == name).unwrap().1 = value.to_owned();
        request
    };
    let mut wrong_path = good.clone();
    wrong_path.path_and_query = "/subscriptions/a/steal".into();
    let mut wrong_verb = good.clone();
    wrong_verb.verb = payfast::api::Verb::Put;
    for (request, expected) in [
        (without("merchant-id"), "400 Required variables not present in request"),
        (without("signature"), "400 Signature not present in headers"),
        (
            with("signature", "xyz"),
            "400 Value for signature is not in the expected format",
        ),
        (with("version", "v2"), "400 API version is not valid"),
        (with("merchant-id", "10000101"), "401 Merchant not found"),
        (
            with("timestamp", "2026-11-24T09:14:01+02:00"),
            "401 Merchant authorisation failed",
        ),
        (wrong_path, "404 Service / endpoint not found"),
        (wrong_verb, "400 The request method is not valid"),
        (good.clone(), "404 Subscription not found"),
    ] {
        let (status, body) = send(&sandbox, &request).await.unwrap();
        assert_eq!(message(reply::subscription(status, &body)), expected);
    }
    let (status, body) = call(&sandbox, Call::ping()).await;
    assert_eq!((status, body.as_slice()), (200, &b"\"API V1\""[..]));
    assert_eq!(reply::ping(status, &body), Ok(()));
    let live = Request {
        path_and_query: "/ping".into(),
        ..signed(&Call::ping())
    };
    assert_eq!(send(&sandbox, &live).await.unwrap().1, b"\"Payfast API\"");
    let strict = sandbox_with(Config {
        strict: true,
        ..Config::default()
    })
    .await;
    assert_eq!(
        send(&strict, &live).await.unwrap().0,
        401,
        "the public merchant is not live"
    );
    assert_eq!(call(&strict, Call::ping()).await.0, 200);
}

#[tokio::test]
async fn forms_and_json_are_read_alike() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    let token = stored_card(&sandbox, &shop).await;
    let request = signed(&charge(&token));
    let json: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let form: Vec<(String, String)> = json.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let form = Request {
        body: Some(payfast::form::body(&form)),
        ..request.clone()
    };
    for request in [request, form] {
        let (status, body) = send(&sandbox, &request).await.unwrap();
        assert!(reply::charge(status, &body).is_ok());
    }
    let nested = Request {
        body: Some(r#"{"amount":{"a":1}}"#.into()),
        ..signed(&charge(&token))
    };
    assert_eq!(send(&sandbox, &nested).await.unwrap().0, 400);
}

#[tokio::test]
async fn a_stored_card_is_charged_and_told_in_the_real_order() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    let token = stored_card(&sandbox, &shop).await;
    assert!(sandbox.statement().is_empty(), "nothing was taken yet");
    let (status, body) = call(&sandbox, charge(&token)).await;
    let charged = reply::charge(status, &body).unwrap();
    assert_eq!(charged.message, "Transaction was successful(00)");
    let itns = shop.itns();
    assert_eq!(itns.len(), 2, "the notification comes before the answer");
    let itn = &itns[1];
    assert!(itn.verify(Some(&passphrase())));
    let names: Vec<&[u8]> = itn.fields().map(|(name, _)| name).collect();
    assert_eq!(&names[..3], [&b"m_payment_id"[..], b"token", b"pf_payment_id"]);
    assert!(names.ends_with(&[b"merchant_id", b"signature"]));
    assert_eq!(
        (itn.token(), itn.m_payment_id()),
        (Some(token.as_str()), Some("order-8"))
    );
    assert_eq!(itn.pf_payment_id(), charged.pf_payment_id.as_deref());
    assert_eq!(itn.amount_gross(), Some(Ok(Amount::from_cents(52_900))));
    assert_eq!(confirm(&sandbox, itn.confirmation_body()).await, "VALID");

    let by_token = call(&sandbox, Call::query_payment(&token).unwrap()).await;
    let payment = reply::payment(by_token.0, &by_token.1).unwrap();
    assert!(payment.is_complete());
    assert_eq!(Some(payment.pf_payment_id), charged.pf_payment_id);
    assert_eq!(payment.m_payment_id.as_deref(), Some("order-8"));
    assert_eq!(payment.amount, Some(Amount::from_cents(52_900)));
}

#[tokio::test]
async fn a_cancelled_card_is_not_charged() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    let token = stored_card(&sandbox, &shop).await;
    let (status, body) = call(&sandbox, Call::cancel_subscription(&token).unwrap()).await;
    assert_eq!(reply::done(status, &body), Ok(()));
    let cancelled = shop.itns().remove(1);
    assert_eq!(
        (cancelled.payment_status(), cancelled.amount_gross()),
        (PaymentStatus::Cancelled, None)
    );
    assert_eq!(cancelled.token(), Some(token.as_str()));
    let (status, body) = call(&sandbox, Call::fetch_subscription(&token).unwrap()).await;
    assert_eq!(
        reply::subscription(status, &body).unwrap().status,
        SubscriptionStatus::Cancelled
    );
    let (status, body) = call(&sandbox, charge(&token)).await;
    assert_eq!(
        message(reply::charge(status, &body)),
        "400 The subscription is not in a valid state."
    );
    let (status, body) = call(&sandbox, Call::cancel_subscription(&token).unwrap()).await;
    assert_eq!(
        message(reply::done(status, &body)),
        "400 The subscription is not in a valid state."
    );
    assert_eq!(shop.bodies().len(), 2, "told once");
}

#[tokio::test]
async fn each_fault_of_a_charge_strikes_once() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    let token = stored_card(&sandbox, &shop).await;
    // Whether there is an answer, what it is, whether money was taken, whether it was told.
    for (fault, answer, taken, told) in [
        (
            ApiFault::ChargeDeclined,
            Some("400 Transaction was declined(05)"),
            false,
            false,
        ),
        (
            ApiFault::ChargeDeclinedInside200,
            Some("200 Transaction was declined(05)"),
            false,
            false,
        ),
        (ApiFault::ServerError, Some("500 Application Error"), false, false),
        (
            ApiFault::RateLimited,
            Some("429 Signature rate limit reached, please try again in a few minute"),
            false,
            false,
        ),
        (ApiFault::ConnectionClosed, None, false, false),
        (ApiFault::ChargeTimeoutBefore, None, false, false),
        (ApiFault::ChargeTimeoutAfter, None, true, true),
        (ApiFault::ChargeTimeoutAfterLost, None, true, false),
    ] {
        let before = (sandbox.statement().len(), shop.bodies().len());
        sandbox.api_fault(fault);
        let got = send(&sandbox, &signed(&charge(&token))).await;
        let got = got.map(|(status, body)| message(reply::charge(status, &body)));
        assert_eq!(got.as_deref(), answer, "{fault:?}");
        assert_eq!(sandbox.statement().len() - before.0, usize::from(taken), "{fault:?}");
        assert_eq!(shop.bodies().len() - before.1, usize::from(told), "{fault:?}");
        assert!(sandbox.api_faults().is_empty(), "{fault:?}");
    }
    let lost = sandbox.notifications().remove(0);
    assert!(!lost.sent, "it can be sent by hand");
    sandbox.api_fault(ApiFault::ChargeTextTrue);
    let (status, body) = call(&sandbox, charge(&token)).await;
    assert!(String::from_utf8_lossy(&body).contains(r#""response":"true""#));
    assert!(reply::charge(status, &body).is_ok());
    let (status, body) = call(&sandbox, charge(&token)).await;
    assert!(reply::charge(status, &body).is_ok(), "no fault is left");
}

#[tokio::test]
async fn refunds_reduce_what_is_available() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    let id = paid(&sandbox, &shop).await;
    let query = async || {
        let (status, body) = call(&sandbox, Call::query_refund(&id).unwrap()).await;
        reply::refundable(status, &body).unwrap()
    };
    let first = query().await;
    assert_eq!(
        (first.status, first.full),
        (RefundStatus::Refundable, RefundMethod::PaymentSource)
    );
    assert_eq!(first.amount_available, Some(Amount::from_cents(52_900)));
    let (status, body) = call(&sandbox, refund(&id, 20_000, None)).await;
    assert_eq!(reply::done(status, &body), Ok(()));
    let second = query().await;
    assert_eq!(
        (second.full, second.partial),
        (RefundMethod::NotAvailable, RefundMethod::PaymentSource)
    );
    assert_eq!(second.amount_available, Some(Amount::from_cents(32_900)));
    let (status, body) = call(&sandbox, refund(&id, 32_901, None)).await;
    assert!(message(reply::done(status, &body)).starts_with("400 The amount is more"));
    let (status, body) = call(&sandbox, refund(&id, 32_900, None)).await;
    assert_eq!(reply::done(status, &body), Ok(()));
    assert_eq!(query().await.status, RefundStatus::Completed);
    let (status, body) = call(&sandbox, Call::list_refunds(&id).unwrap()).await;
    let history = reply::refunds(status, &body).unwrap();
    assert_eq!(history.available, Some(Amount::default()));
    assert_eq!(history.transactions.len(), 2);
    let balance = sandbox.balance();
    assert_eq!(balance, Amount::from_cents(-1_217), "the fee stays with PayFast");
}

#[tokio::test]
async fn each_fault_of_a_refund_strikes_once() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    for (fault, answer, done) in [
        (
            ApiFault::RefundFailed,
            Some("400 The refund could not be processed"),
            false,
        ),
        (ApiFault::RefundTimeoutBefore, None, false),
        (ApiFault::RefundTimeoutAfter, None, true),
        (
            ApiFault::RefundNotAvailable,
            Some("400 A refund is not available for this payment"),
            false,
        ),
    ] {
        let id = paid(&sandbox, &shop).await;
        let before = sandbox.statement().len();
        sandbox.api_fault(fault);
        let got = send(&sandbox, &signed(&refund(&id, 1_000, None))).await;
        let got = got.map(|(status, body)| message(reply::done(status, &body)));
        assert_eq!(got.as_deref(), answer, "{fault:?}");
        assert_eq!(sandbox.statement().len() - before, usize::from(done), "{fault:?}");
    }
    let (status, body) = call(
        &sandbox,
        Call::query_refund(&sandbox.payments()[0].pf_payment_id).unwrap(),
    )
    .await;
    assert_eq!(
        reply::refundable(status, &body).unwrap().status,
        RefundStatus::NotAvailable,
        "for good"
    );
}

#[tokio::test]
async fn a_bank_payout_needs_an_account_and_hides_it() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    let id = paid(&sandbox, &shop).await;
    sandbox.api_fault(ApiFault::RefundBankPayout);
    let (status, body) = call(&sandbox, Call::query_refund(&id).unwrap()).await;
    assert_eq!(reply::refundable(status, &body).unwrap().full, RefundMethod::BankPayout);
    let (status, body) = call(&sandbox, refund(&id, 1_000, None)).await;
    assert_eq!(
        message(reply::done(status, &body)),
        "400 bank_account_holder : bank_account_holder is required for a bank payout"
    );
    let account = BankAccount {
        holder: "Z Mokoena",
        bank_name: "FNB",
        branch_code: "250655",
        number: "62001234567",
        kind: "current",
    };
    let (status, body) = call(&sandbox, refund(&id, 1_000, Some(account))).await;
    assert_eq!(reply::done(status, &body), Ok(()));
    for path in ["/log.json", "/"] {
        let shown = get(&sandbox, path).await.text().await.unwrap();
        assert!(!shown.contains("62001234567") && !shown.contains("Mokoena"), "{path}");
    }
}

#[tokio::test]
async fn the_statement_has_what_happened_with_a_running_balance() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    sandbox.set_now("2026-11-23T22:30:00Z".parse().unwrap());
    let form = shop.form(&[("item_name", "Pro, \"yearly\""), ("amount", "22574.02")]);
    let payment = check_out(&sandbox, &form).await;
    sandbox.pay(payment, Fault::WrongAmount).await.unwrap();
    let id = sandbox.payments()[0].pf_payment_id.clone();
    call(&sandbox, refund(&id, 1_000, None)).await;
    sandbox.payout(Amount::from_cents(100_000));
    sandbox.take_fee(Amount::from_cents(870));
    let statement = statement(&sandbox).await;
    assert_eq!(statement.malformed, []);
    let kinds: Vec<&str> = statement.lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["FUNDS_RECEIVED", "REFUND", "WITHDRAWAL", "FEE"]);
    let first = &statement.lines[0];
    assert_eq!(first.at, "2026-11-24 00:30:00", "South African time");
    assert_eq!(first.name, "Pro, \"yearly\"");
    assert_eq!((first.gross.cents(), first.fee.cents()), (2_257_402, -51_920));
    assert_eq!(first.pf_payment_id.as_deref(), Some(id.as_str()));
    assert_eq!(first.m_payment_id.as_deref(), Some("order-7"));
    assert_eq!(
        (first.custom_str[0].as_str(), first.custom_int[0].as_str()),
        ("a & b", "7")
    );
    let mut balance = 0;
    for line in &statement.lines {
        assert_eq!(line.net.cents(), line.gross.cents() + line.fee.cents());
        balance += line.net.cents();
        assert_eq!(line.balance.map(Amount::cents), Some(balance));
    }
    assert_eq!(sandbox.balance().cents(), balance);
    // Days are South African: nothing on the 23rd.
    for (query, count) in [
        (Call::daily_history("2026-11-23", 0, 1000), 0),
        (Call::daily_history("2026-11-24", 0, 1000), 4),
        (Call::monthly_history("2026-11", 1, 2), 2),
        (Call::monthly_history("2026-10", 0, 2), 0),
    ] {
        let (status, body) = call(&sandbox, query.unwrap()).await;
        assert_eq!(reply::statement(status, &body).unwrap().lines.len(), count);
    }
}

#[tokio::test]
async fn each_fault_of_the_statement_strikes_once() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    sandbox.set_now("2026-11-24T07:14:00Z".parse().unwrap());
    paid(&sandbox, &shop).await;
    let id = paid(&sandbox, &shop).await;
    for (fault, ids, gross, fee) in [
        (ApiFault::StatementDropLine, 0, 0, 0),
        (ApiFault::StatementDoubleLine, 2, 52_900, -1_217),
        (ApiFault::StatementDriftAmount, 1, 52_800, -1_217),
        (ApiFault::StatementDriftFee, 1, 52_900, -1_317),
        (ApiFault::StatementUnknownLine, 1, 52_900, -1_217),
    ] {
        sandbox.api_fault(fault);
        let statement = statement(&sandbox).await;
        let ours: Vec<_> = statement
            .lines
            .iter()
            .filter(|line| line.pf_payment_id.as_deref() == Some(&id))
            .collect();
        assert_eq!(ours.len(), ids, "{fault:?}");
        assert!(
            ours.iter()
                .all(|line| (line.gross.cents(), line.fee.cents()) == (gross, fee)),
            "{fault:?}"
        );
        let unknown = statement
            .lines
            .iter()
            .any(|line| line.pf_payment_id.as_deref() == Some("9999999"));
        assert_eq!(unknown, fault == ApiFault::StatementUnknownLine);
    }
    assert_eq!(statement(&sandbox).await.lines.len(), 2);
}

#[tokio::test]
async fn subscriptions_cycle_pause_and_lock() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    let form = shop.form(&[("subscription_type", "1"), ("frequency", "3"), ("cycles", "2")]);
    let payment = check_out(&sandbox, &form).await;
    sandbox.pay(payment, Fault::None).await.unwrap();
    let token = sandbox.agreements()[0].token;
    let (status, body) = call(&sandbox, Call::fetch_subscription(&token.to_string()).unwrap()).await;
    let fetched = reply::subscription(status, &body).unwrap();
    assert_eq!((fetched.cycles, fetched.cycles_complete), (Some(2), Some(1)));
    assert_eq!(fetched.amount, Some(Amount::from_cents(52_900)));
    let (status, body) = call(&sandbox, charge(&token.to_string())).await;
    assert!(
        message(reply::charge(status, &body)).contains("not in a valid state"),
        "not a stored card"
    );
    sandbox.lock_agreement(token).unwrap();
    assert_eq!(
        sandbox.charge(token, Amount::from_cents(52_900)).await.unwrap_err(),
        AgreementError::NotActive
    );
    let action = |action: &str| {
        vec![
            ("action".to_owned(), action.to_owned()),
            ("amount".into(), "529.00".into()),
        ]
    };
    let path = format!("/agreements/{token}");
    assert_eq!(post(&sandbox, &path, &action("unlock")).await.status(), 303);
    assert_eq!(post(&sandbox, &path, &action("charge")).await.status(), 303);
    assert_eq!(sandbox.agreements()[0].status, SubscriptionStatus::Complete);
    assert_eq!(post(&sandbox, &path, &action("charge")).await.status(), 400);
    assert_eq!(shop.itns()[1].token(), Some(token.to_string().as_str()));
}

#[tokio::test]
async fn a_card_is_renewed_on_its_page() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    let token = stored_card(&sandbox, &shop).await;
    let url = payfast::hosts::card_update_url("", &token, "https://shop.test/cards?a=1");
    let page = get(&sandbox, &url).await.text().await.unwrap();
    assert!(
        page.contains("Update card") && page.contains(r#"value="https://shop.test/cards?a=1""#),
        "{page}"
    );
    let form =
        |action: &str, back: &str| vec![("action".to_owned(), action.to_owned()), ("return".into(), back.into())];
    let path = format!("/eng/recurring/update/{token}");
    let response = post(&sandbox, &path, &form("update", "https://shop.test/cards?a=1")).await;
    assert_eq!(
        (response.status().as_u16(), location(&response)),
        (303, "https://shop.test/cards?a=1".into())
    );
    assert_eq!(sandbox.agreements()[0].card_updates, 1);
    let response = post(&sandbox, &path, &form("keep", "javascript:alert(1)")).await;
    assert_eq!(location(&response), "/");
    assert_eq!(sandbox.agreements()[0].card_updates, 1);
    assert_eq!(get(&sandbox, "/eng/recurring/update/x?return=").await.status(), 404);
}

#[tokio::test]
async fn the_dashboard_sets_faults_and_shows_the_account() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    stored_card(&sandbox, &shop).await;
    paid(&sandbox, &shop).await;
    let fault = |name: &str| vec![("fault".to_owned(), name.to_owned())];
    assert_eq!(
        post(&sandbox, "/api-faults", &fault("rate_limited")).await.status(),
        303
    );
    assert_eq!(sandbox.api_faults(), [ApiFault::RateLimited]);
    assert_eq!(post(&sandbox, "/api-faults", &fault("nonsense")).await.status(), 400);
    let page = get(&sandbox, "/").await.text().await.unwrap();
    for part in [
        "Stored card",
        "FUNDS_RECEIVED",
        "Forget all",
        "Pay out everything",
        "R516.83",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(call(&sandbox, Call::ping()).await.0, 429);
    let newest = sandbox.log().remove(0);
    assert!(
        matches!(
            &newest.event,
            Event::ApiCalled {
                status: 429,
                fault: Some(ApiFault::RateLimited),
                ..
            }
        ),
        "{newest:?}"
    );
    let clear = [("action".to_owned(), "clear".to_owned())];
    sandbox.api_fault(ApiFault::ServerError);
    assert_eq!(post(&sandbox, "/api-faults", &clear).await.status(), 303);
    assert!(sandbox.api_faults().is_empty());
    assert_eq!(post(&sandbox, "/payouts", &[]).await.status(), 303);
    assert_eq!(sandbox.balance(), Amount::default());
}
