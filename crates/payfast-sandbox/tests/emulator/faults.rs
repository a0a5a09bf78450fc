//! Every fault as the shop sees it, and the repetition of notifications.

use crate::support::*;
use payfast::{Amount, PaymentStatus, Rejection};
use payfast_sandbox::{Fault, Kind, Running};
use uuid::Uuid;

async fn started(answers: &[u16]) -> (Running, Shop, Uuid) {
    let (sandbox, shop) = (sandbox().await, Shop::start(answers).await);
    let payment = check_out(&sandbox, &shop.form(&[])).await;
    (sandbox, shop, payment)
}

async fn pay(sandbox: &Running, shop: &Shop, payment: Uuid, fault: Fault) {
    let response = click(sandbox, payment, "pay", fault.name()).await;
    assert_eq!(response.status(), 303);
    assert_eq!(location(&response), shop.address("/return"));
}

#[tokio::test]
async fn duplicate_sends_the_same_bytes_twice() {
    let (sandbox, shop, payment) = started(&[]).await;
    pay(&sandbox, &shop, payment, Fault::Duplicate).await;
    let bodies = shop.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn late_comes_after_the_return() {
    let (sandbox, shop, payment) = started(&[]).await;
    pay(&sandbox, &shop, payment, Fault::Late).await;
    assert!(shop.wait_for(1).await[0].verify(Some(&passphrase())));
    // The shop has the notification a moment before the log has its answer.
    let mut log = sandbox.log();
    for _ in 0..100 {
        if log.len() == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        log = sandbox.log();
    }
    assert_eq!(log.len(), 3);
    assert!(log[0].at - log[1].at >= chrono::TimeDelta::milliseconds(5));
}

#[tokio::test]
async fn lost_is_not_confirmed_until_it_is_sent_by_hand() {
    let (sandbox, shop, payment) = started(&[]).await;
    pay(&sandbox, &shop, payment, Fault::Lost).await;
    assert!(shop.bodies().is_empty());
    let withheld = sandbox.notifications().remove(0);
    assert!(!withheld.sent);
    assert_eq!(confirm(&sandbox, withheld.body.clone()).await, "INVALID");
    let page = get(&sandbox, "/").await.text().await.unwrap();
    assert!(
        page.contains("Not sent") && page.contains(">Send now</button>"),
        "{page}"
    );

    let response = post(&sandbox, &format!("/notifications/{}/resend", withheld.id), &[]).await;
    assert_eq!(response.status(), 303);
    assert_eq!(shop.bodies(), [withheld.body.clone().into_bytes()]);
    assert_eq!(confirm(&sandbox, withheld.body).await, "VALID");
    assert_eq!(sandbox.resend(withheld.id).await.unwrap().status, Some(200));
    assert_eq!(shop.bodies().len(), 2);
}

#[tokio::test]
async fn forged_signature_is_neither_valid_nor_confirmed() {
    let (sandbox, shop, payment) = started(&[400]).await;
    pay(&sandbox, &shop, payment, Fault::ForgedSignature).await;
    let itns = shop.itns();
    assert_eq!(itns.len(), 1);
    assert_eq!(itns[0].check(Some(&passphrase())), Err(Rejection::SignatureMismatch));
    assert_eq!(confirm(&sandbox, itns[0].confirmation_body()).await, "INVALID");

    let genuine = sandbox
        .notifications()
        .into_iter()
        .find(|notification| notification.kind == Kind::Genuine)
        .unwrap();
    sandbox.resend(genuine.id).await.unwrap();
    assert!(shop.itns()[1].verify(Some(&passphrase())));
}

#[tokio::test]
async fn wrong_amount_is_signed_and_confirmed() {
    let (sandbox, shop, payment) = started(&[]).await;
    pay(&sandbox, &shop, payment, Fault::WrongAmount).await;
    let itns = shop.itns();
    assert_eq!(itns.len(), 1);
    assert!(itns[0].verify(Some(&passphrase())));
    assert_eq!(itns[0].amount_gross(), Some(Ok(Amount::from_cents(52_800))));
    assert_eq!(confirm(&sandbox, itns[0].confirmation_body()).await, "VALID");
}

#[tokio::test]
async fn out_of_order_ends_with_an_outdated_pending() {
    let (sandbox, shop, payment) = started(&[]).await;
    pay(&sandbox, &shop, payment, Fault::OutOfOrder).await;
    let itns = shop.itns();
    let statuses: Vec<_> = itns.iter().map(payfast::Itn::payment_status).collect();
    assert_eq!(statuses, [PaymentStatus::Complete, PaymentStatus::Pending]);
    assert_eq!(itns[0].pf_payment_id(), itns[1].pf_payment_id());
    for itn in &itns {
        assert!(itn.verify(Some(&passphrase())));
        assert_eq!(confirm(&sandbox, itn.confirmation_body()).await, "VALID");
    }
}

#[tokio::test]
async fn slow_makes_the_buyer_wait() {
    let (sandbox, shop, payment) = started(&[]).await;
    pay(&sandbox, &shop, payment, Fault::Slow).await;
    assert_eq!(shop.bodies().len(), 1, "sent before the redirect");
    let log = sandbox.log();
    assert!(log[0].at - log[1].at >= chrono::TimeDelta::milliseconds(3));
}

#[tokio::test]
async fn repeat_goes_on_after_200() {
    let (sandbox, shop, payment) = started(&[]).await;
    pay(&sandbox, &shop, payment, Fault::Repeat).await;
    let itns = shop.wait_for(6).await;
    assert!(itns.iter().all(|itn| *itn == itns[0]));
}

#[tokio::test]
async fn repeat_goes_on_until_200() {
    let (sandbox, shop, payment) = started(&[500; 8]).await;
    pay(&sandbox, &shop, payment, Fault::Repeat).await;
    shop.wait_for(9).await;
    eventually(|| sandbox.notifications()[0].is_delivered()).await;
}

#[tokio::test]
async fn every_other_answer_than_200_is_tried_again() {
    // The second attempt follows at once, the third after 10 minutes, here 0.6 s.
    let (sandbox, shop, payment) = started(&[500, 302]).await;
    pay(&sandbox, &shop, payment, Fault::None).await;
    shop.wait_for(3).await;
    eventually(|| sandbox.notifications()[0].is_delivered()).await;
    let notification = sandbox.notifications().remove(0);
    let statuses: Vec<_> = notification.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(302), Some(200)]);
    let [first, second, third] = [0, 1, 2].map(|index: usize| notification.attempts[index].at);
    assert!(second - first < chrono::TimeDelta::milliseconds(500));
    assert!(third - second >= chrono::TimeDelta::milliseconds(600));
}

#[tokio::test]
async fn a_shop_that_is_down_does_not_keep_the_buyer() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    // Port 1 of this machine answers to nobody.
    let form = shop.form(&[
        ("notify_url", "http://127.0.0.1:1/itn"),
        ("return_url", "https://example.com/é?a=b"),
    ]);
    let payment = check_out(&sandbox, &form).await;
    let response = click(&sandbox, payment, "pay", "none").await;
    assert_eq!(location(&response), "https://example.com/%C3%A9?a=b");
    let attempt = &sandbox.notifications()[0].attempts[0];
    assert_eq!(attempt.status, None);
    assert!(attempt.error.is_some());
}

#[tokio::test]
async fn without_an_address_nothing_is_sent() {
    let (sandbox, shop) = (sandbox().await, Shop::start(&[]).await);
    let payment = check_out(&sandbox, &shop.form(&[("notify_url", ""), ("return_url", "")])).await;
    let response = click(&sandbox, payment, "pay", "none").await;
    assert_eq!(location(&response), format!("/eng/process/payment/{payment}"));
    assert!(sandbox.notifications().is_empty());
}
