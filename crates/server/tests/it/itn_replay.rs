//! The inspector of notifications: filters, the four checks, what was changed, and judging again.

use chrono::TimeDelta;
use common::{
    Money, Page,
    auth::StaffRole,
    itn::{CheckName, Itn, ItnReplay, ItnStatus, ItnSummary, Verdict},
    payments::{Checkout, PaymentStatus},
};
use futures_util::future::join_all;
use payfast_sandbox::Fault;
use reqwest::Method;
use serde_json::json;
use server::payments::itn::store;

use crate::support::{Client, TestApp, app::Customer, client::send, db::TestDb};

async fn list(staff: &Client, query: &str) -> Vec<ItnSummary> {
    let page: Page<ItnSummary> = staff.get(&format!("/itn{query}")).await.expect(200).json();
    page.items
}

async fn itn(staff: &Client, summary: &ItnSummary) -> Itn {
    staff.get(&format!("/itn/{}", summary.id)).await.expect(200).json()
}

async fn replay(staff: &Client, summary: &ItnSummary, query: &str) -> ItnReplay {
    let path = format!("/itn/{}/replay{query}", summary.id);
    staff.post(&path, json!({})).await.expect(200).json()
}

fn verdicts(checks: &[common::itn::ItnCheck]) -> Vec<(CheckName, Verdict)> {
    checks.iter().map(|check| (check.check, check.verdict)).collect()
}

fn change<'a>(changes: &'a [common::itn::ItnChange], entity: &str, field: &str) -> (Option<&'a str>, Option<&'a str>) {
    let found = changes
        .iter()
        .find(|change| change.entity == entity && change.field == field);
    let found = found.unwrap_or_else(|| panic!("no change of {entity}.{field} in {changes:?}"));
    (found.before.as_deref(), found.after.as_deref())
}

async fn paid_checkout(app: &TestApp, email: &str, fault: Fault) -> (Customer, Checkout) {
    let customer = app.customer(email).await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    app.pay(&checkout, fault).await;
    app.run_jobs().await;
    (customer, checkout)
}

app_test!(the_four_checks_and_the_changes_are_told, |app| {
    let (_, checkout) = paid_checkout(app, "owner@karoo.test", Fault::None).await;
    let staff = app.staff(StaffRole::Billing).await;
    let found = itn(&staff, &list(&staff, "").await[0]).await;
    assert_eq!(
        verdicts(&found.checks),
        [
            (CheckName::Signature, Verdict::Passed),
            (CheckName::Source, Verdict::Passed),
            (CheckName::Contents, Verdict::Passed),
            (CheckName::Confirmation, Verdict::Passed),
        ]
    );
    assert!(found.checks[1].evidence.contains("127.0.0.1"), "{:?}", found.checks);
    assert!(found.checks[2].evidence.contains("R529.00"), "{:?}", found.checks);
    assert_eq!(
        change(&found.changes, "payment", "status"),
        (Some("awaiting_customer"), Some("succeeded"))
    );
    assert_eq!(
        change(&found.changes, "invoice", "status"),
        (Some("draft"), Some("paid"))
    );
    assert_eq!(change(&found.changes, "invoice", "number"), (None, Some("INV-000001")));
    assert_eq!(change(&found.changes, "plan", "PRO_MONTHLY").0, None);
    let payment = found.changes.iter().find(|change| change.entity == "payment").unwrap();
    assert_eq!(payment.entity_id.as_deref(), Some(checkout.payment_id.as_str()));
});

app_test!(what_failed_is_told_and_what_was_not_reached, |app| {
    paid_checkout(app, "forged@karoo.test", Fault::ForgedSignature).await;
    let staff = app.staff(StaffRole::Billing).await;
    let forged = itn(&staff, &list(&staff, "?status=rejected").await[0]).await;
    assert_eq!(
        verdicts(&forged.checks),
        [
            (CheckName::Signature, Verdict::Failed),
            (CheckName::Source, Verdict::NotDone),
            (CheckName::Contents, Verdict::NotDone),
            (CheckName::Confirmation, Verdict::NotDone),
        ]
    );
    assert_eq!(forged.changes, []);
    app.advance(TimeDelta::seconds(1));
    paid_checkout(app, "wrong@karoo.test", Fault::WrongAmount).await;
    let held = itn(&staff, &list(&staff, "?status=quarantined").await[0]).await;
    assert_eq!(held.checks[2].verdict, Verdict::Failed);
    assert!(
        held.checks[2].evidence.contains("R528.00 where R529.00"),
        "{:?}",
        held.checks
    );
    assert_eq!(held.checks[3].verdict, Verdict::Passed);
    assert_eq!(held.changes, []);
});

app_test!(the_list_is_narrowed_by_everything, |app| {
    let (_, first) = paid_checkout(app, "one@karoo.test", Fault::None).await;
    app.advance(TimeDelta::days(2));
    let (_, second) = paid_checkout(app, "two@karoo.test", Fault::WrongAmount).await;
    paid_checkout(app, "three@karoo.test", Fault::ForgedSignature).await;
    let staff = app.staff(StaffRole::Billing).await;
    let all = list(&staff, "").await;
    assert_eq!(all.len(), 3);
    let count = async |query: &str| list(&staff, query).await.len();
    assert_eq!(count("?status=applied").await, 1);
    assert_eq!(count("?status=applied&status=rejected").await, 2);
    assert_eq!(
        list(&staff, &format!("?payment_id={}", first.payment_id)).await[0].status,
        ItnStatus::Applied
    );
    assert_eq!(
        count(&format!("?payment_id={}&status=rejected", second.payment_id)).await,
        0
    );
    // The 24th in South Africa, from midnight to midnight.
    assert_eq!(count("?to=2026-11-24").await, 1);
    assert_eq!(count("?from=2026-11-25").await, 2);
    assert_eq!(count("?from=2026-11-26&to=2026-11-26").await, 2);
    let id = all[0].pf_payment_id.clone().unwrap();
    assert!(list(&staff, &format!("?search={}", &id[..4])).await.len() >= 2);
    assert_eq!(count(&format!("?search={id}")).await, 1);
    assert_eq!(count(&format!("?search={}", &id[1..])).await, 0, "only the beginning");
    for query in [
        "?search=%25",
        "?search=a_b",
        "?from=yesterday",
        "?from=2026-11-26&to=2026-11-25",
        "?status=odd",
    ] {
        assert_eq!(
            staff.get(&format!("/itn{query}")).await.problem(),
            "422 invalid",
            "{query}"
        );
    }
});

app_test!(only_what_was_refused_or_held_is_judged_again, |app| {
    paid_checkout(app, "owner@karoo.test", Fault::None).await;
    let staff = app.staff(StaffRole::Billing).await;
    let applied = &list(&staff, "").await[0];
    let reply = staff.post(&format!("/itn/{}/replay", applied.id), json!({})).await;
    assert_eq!(reply.problem(), "409 conflict");
    assert!(reply.body.contains("applied"), "{}", reply.body);
    let rehearsed = replay(&staff, applied, "?dry_run=true").await;
    assert_eq!((rehearsed.dry_run, rehearsed.status), (true, ItnStatus::Duplicate));
    assert_eq!(rehearsed.changes, []);
    assert_eq!(list(&staff, "").await[0].status, ItnStatus::Applied);
    let nowhere = "/itn/01929b7e-7c1c-7000-8000-000000000001/replay";
    assert_eq!(staff.post(nowhere, json!({})).await.problem(), "404 not_found");
    let support = app.staff(StaffRole::Support).await;
    let path = format!("/itn/{}/replay", applied.id);
    assert_eq!(support.post(&path, json!({})).await.problem(), "403 forbidden");
});

async fn signed_in(app: &TestApp, customer: Customer) -> Customer {
    let client = app.client();
    client
        .sign_in(&customer.email, crate::support::app::PASSWORD)
        .await
        .expect(200);
    Customer { client, ..customer }
}

async fn a_corrected_passphrase_and_a_replay_pay_once_on(db: TestDb) {
    let app = TestApp::start(db).await;
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    let page = app.open_payment_page(&checkout).await;
    let app = app.restart_with(&[("PAYFAST_PASSPHRASE", "mistyped")]).await;
    // The notification goes to the address of the first server, so it is brought by hand.
    let fields = app
        .payfast
        .notification_fields(page, &payfast::PaymentStatus::Complete)
        .unwrap();
    app.payfast
        .send(&format!("{}/api/v1/payments/payfast/itn", app.base_url), &fields)
        .await;
    app.run_jobs().await;
    let staff = app.staff(StaffRole::Billing).await;
    let refused = list(&staff, "").await.remove(0);
    assert_eq!(refused.status, ItnStatus::Rejected);
    let again = replay(&staff, &refused, "").await;
    assert_eq!(
        (again.status, again.checks[0].verdict),
        (ItnStatus::Rejected, Verdict::Failed)
    );

    let app = app.restart_with(&[]).await;
    let staff = app.staff(StaffRole::Billing).await;
    let customer = signed_in(&app, customer).await;
    let before = customer.payment(checkout.payment_id).await;
    let rehearsed = replay(&staff, &refused, "?dry_run=true").await;
    assert_eq!((rehearsed.dry_run, rehearsed.status), (true, ItnStatus::Applied));
    assert_eq!(
        change(&rehearsed.changes, "payment", "status"),
        (Some("awaiting_customer"), Some("succeeded"))
    );
    assert_eq!(change(&rehearsed.changes, "invoice", "number").1, Some("INV-000001"));
    // Nothing of it is there.
    assert_eq!(customer.payment(checkout.payment_id).await, before);
    assert_eq!(list(&staff, "").await[0].status, ItnStatus::Rejected);
    app.run_jobs().await;
    assert!(app.mails_to(&customer.email).is_empty());

    let path = format!("/itn/{}/replay", refused.id);
    let (one, two, ()) = futures_util::join!(
        staff.post(&path, json!({})),
        staff.post(&path, json!({})),
        app.run_jobs(),
    );
    let statuses = [one.status.as_u16(), two.status.as_u16()];
    assert!(
        statuses.contains(&200) && statuses.iter().all(|status| [200, 409].contains(status)),
        "{statuses:?}"
    );
    app.run_jobs().await;
    let found = itn(&staff, &refused).await;
    assert_eq!(found.summary.status, ItnStatus::Applied);
    assert_eq!(found.changes, rehearsed.changes, "the rehearsal told the truth");
    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
    assert_eq!(payment.credited, Money::zar(0));
    let settled = payment
        .events
        .iter()
        .filter(|event| event.event == "itn_complete")
        .count();
    assert_eq!(settled, 1);
    assert_eq!(customer.invoices().await[0].number.as_deref(), Some("INV-000001"));
    assert_eq!(app.mails_to(&customer.email).len(), 1);
    let admin = app.staff(StaffRole::Admin).await;
    let log = admin.get("/audit?action=notification.replayed").await.expect(200).body;
    assert!(log.contains("the signature does not match"), "{log}");
    app.stop().await;
}

#[actix_web::test]
async fn a_corrected_passphrase_and_a_replay_pay_once_on_sqlite() {
    a_corrected_passphrase_and_a_replay_pay_once_on(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn a_corrected_passphrase_and_a_replay_pay_once_on_postgres() {
    a_corrected_passphrase_and_a_replay_pay_once_on(TestDb::postgres().await).await;
}

app_test!(a_rehearsal_of_a_held_one_says_why_and_keeps_it_held, |app| {
    paid_checkout(app, "owner@karoo.test", Fault::WrongAmount).await;
    let staff = app.staff(StaffRole::Billing).await;
    let held = list(&staff, "").await.remove(0);
    for query in ["?dry_run=true", ""] {
        let outcome = replay(&staff, &held, query).await;
        assert_eq!(outcome.status, ItnStatus::Quarantined, "{query}");
        assert!(outcome.reason.contains("R528.00 where R529.00"), "{}", outcome.reason);
        assert_eq!(outcome.changes, []);
    }
    assert_eq!(list(&staff, "?status=quarantined").await.len(), 1);
});

app_test!(a_replay_waits_for_the_worker_that_has_it, |app| {
    let request = app
        .client()
        .raw(Method::POST, "/payments/payfast/itn")
        .header("Content-Type", "application/x-www-form-urlencoded");
    send(request.body("nonsense")).await.expect(200);
    let now = app.app.clock.now();
    let claimed = app
        .app
        .db
        .write(move |conn| -> Result<_, diesel::result::Error> {
            let id = store::load_due(conn, now, 1)?[0];
            store::claim(conn, id, now, now + TimeDelta::seconds(20))
        })
        .await
        .unwrap()
        .unwrap();
    let staff = app.staff(StaffRole::Billing).await;
    let path = format!("/itn/{}/replay", claimed.id);
    assert_eq!(staff.post(&path, json!({})).await.problem(), "409 conflict");
    app.advance(TimeDelta::seconds(21));
    let staff = app.staff(StaffRole::Billing).await;
    let outcome: ItnReplay = staff.post(&path, json!({})).await.expect(200).json();
    assert_eq!(outcome.status, ItnStatus::Rejected);
    // The verdict of the worker that died is too late.
    let late = app
        .app
        .db
        .write(move |conn| {
            let contents = store::Contents::default();
            store::set_verdict(conn, &claimed, ItnStatus::Rejected, "late", &contents, None, now)
        })
        .await;
    assert!(!late.unwrap_or(true));
});

app_test!(many_replays_at_once_apply_once, |app| {
    let (customer, checkout) = paid_checkout(app, "owner@karoo.test", Fault::WrongAmount).await;
    let genuine = app.payfast.notifications().into_iter().find(|itn| !itn.sent).unwrap();
    // Not confirmed while it is withheld, so it is refused at first.
    let request = app
        .client()
        .raw(Method::POST, "/payments/payfast/itn")
        .header("Content-Type", "application/x-www-form-urlencoded");
    send(request.body(genuine.body)).await.expect(200);
    app.run_jobs().await;
    let staff = app.staff(StaffRole::Billing).await;
    let refused = list(&staff, "?status=rejected").await.remove(0);
    let url = "http://127.0.0.1:9/nobody";
    let fields = payfast::form::parse(
        app.payfast
            .notifications()
            .iter()
            .find(|itn| !itn.sent)
            .unwrap()
            .body
            .as_bytes(),
    );
    app.payfast.send(url, &fields[..fields.len() - 1]).await;
    let path = format!("/itn/{}/replay", refused.id);
    let replies = join_all((0..8).map(|_| staff.post(&path, json!({})))).await;
    assert!(replies.iter().all(|reply| [200, 409].contains(&reply.status.as_u16())));
    assert!(replies.iter().any(|reply| reply.status == 200));
    app.run_jobs().await;
    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
    assert_eq!(payment.credited, Money::zar(0));
    assert_eq!(app.mails_to(&customer.email).len(), 1);
});
