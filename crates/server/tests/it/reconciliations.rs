//! Reconciliation: each line of PayFast's statement means one thing, and a lost notification is healed by it.

use chrono::{NaiveDate, TimeDelta};
use common::{
    Page,
    auth::StaffRole,
    books::LedgerAccount,
    payments::{Checkout, PaymentStatus},
    reconciliations::{Reconciliation, ReconciliationStatus, StatementLine, StatementVerdict},
};
use diesel::prelude::*;
use futures_util::future;
use payfast::Amount;
use payfast_sandbox::{ApiFault, Fault};
use serde_json::{Value, json};
use server::{
    books::{
        self,
        rules::{credit, debit},
    },
    db::{
        Conn,
        schema::{payments, reconciliations},
    },
    reconciliations::{running, service},
};

use crate::support::{
    Client, TestApp,
    app::Customer,
    books::{assert_holds, broken, tamper_with},
    money::refund,
};

/// The clock stands at 24 November 2026, 09:14 in South Africa.
fn today() -> Value {
    json!({ "from": "2026-11-24", "to": "2026-11-24" })
}

/// Compares today and answers what was found, with every line.
async fn compare(app: &TestApp, billing: &Client) -> (Reconciliation, Vec<StatementLine>) {
    let started: Reconciliation = billing.post("/reconciliations", today()).await.expect(202).json();
    assert_eq!(started.status, ReconciliationStatus::Running);
    app.run_jobs().await;
    let path = format!("/reconciliations/{}", started.id);
    let done: Reconciliation = billing.get(&path).await.expect(200).json();
    let page: Page<StatementLine> = billing.get(&format!("{path}/lines?limit=100")).await.expect(200).json();
    (done, page.items)
}

fn verdicts(lines: &[StatementLine]) -> Vec<StatementVerdict> {
    let mut verdicts: Vec<_> = lines.iter().map(|line| line.verdict).collect();
    verdicts.sort_by_key(|verdict| verdict.as_str());
    verdicts
}

/// Pays for a plan so that PayFast has the money and we were told nothing.
async fn lost(app: &TestApp, customer: &Customer) -> Checkout {
    app.tell_payfast_the_time();
    let checkout = customer.check_out("PRO_MONTHLY").await;
    app.pay(&checkout, Fault::Lost).await;
    app.run_jobs().await;
    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(payment.summary.status, PaymentStatus::AwaitingCustomer);
    checkout
}

app_test!(money_refunds_and_payouts_agree, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let payment = customer.buy(app, "PRO_MONTHLY").await;
    customer.buy(app, "PRO_YEARLY").await;
    let body = json!({ "reason": "sent back", "amount": { "minor": 10_000, "currency": "ZAR" } });
    refund(&billing, &payment, body).await.expect(201);
    app.run_jobs().await;
    app.payfast.payout(Amount::from_cents(100_000));
    app.payfast.take_fee(Amount::from_cents(0));
    let (done, lines) = compare(app, &billing).await;
    assert_eq!(done.status, ReconciliationStatus::Finished);
    assert_eq!((done.lines, done.matched, done.healed, done.differences), (5, 5, 0, 0));
    use StatementVerdict::{Matched, Other, Payout, Refund};
    assert_eq!(verdicts(&lines), [Matched, Matched, Other, Payout, Refund]);
    assert_holds(&broken(&app.app).await);
    let ledger = app.ledger().await;
    assert_eq!(ledger["bank"], 100_000);
    // Again: nothing is stored or booked twice.
    let (again, lines) = compare(app, &billing).await;
    assert_eq!((again.lines, again.matched), (5, 5));
    assert_eq!(lines.len(), 5);
    assert_eq!(app.ledger().await, ledger);
});

app_test!(money_of_an_unforeseen_kind_is_told_and_books_nothing, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let payment = customer.buy(app, "PRO_MONTHLY").await;
    let reference = payment.summary.provider_reference.clone().unwrap();
    app.payfast.take_fee(Amount::from_cents(5_000));
    // A refund that bounced, a charge that the bank took back, and a word that nobody knows.
    app.payfast.edit_statement(|lines| {
        for (kind, minor) in [("REFUND", 1_000), ("FUNDS_RECEIVED", -52_900), ("LOYALTY", 700)] {
            let mut line = lines[0].clone();
            line.kind = kind.to_owned();
            (line.gross, line.fee, line.net) =
                (Amount::from_cents(minor), Amount::default(), Amount::from_cents(minor));
            lines.push_back(line);
        }
    });
    let ledger = app.ledger().await;
    for _ in 0..2 {
        let (done, lines) = compare(app, &billing).await;
        assert_eq!((done.lines, done.matched, done.differences), (5, 1, 4));
        use StatementVerdict::{Matched, Unknown};
        assert_eq!(verdicts(&lines), [Matched, Unknown, Unknown, Unknown, Unknown]);
        for words in [
            "FEE DEBIT of \u{2212}R50.00",
            "REFUND CREDIT",
            "FUNDS_RECEIVED DEBIT",
            "LOYALTY CREDIT",
        ] {
            assert!(lines.iter().any(|line| line.note.contains(words)), "{words} {lines:?}");
        }
    }
    assert_eq!(app.ledger().await, ledger);
    // The proof does not call such money explained, with PayFast's id or without.
    let told = broken(&app.app).await;
    assert!(told.iter().any(|line| line.contains("(FEE) without an id")), "{told:?}");
    assert!(
        told.iter().any(|line| line.contains(&format!("for {reference}"))),
        "{told:?}"
    );
    assert!(told.iter().all(|line| line.starts_with("I8")), "{told:?}");
});

app_test!(lines_that_are_written_anew_move_nothing_again, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let payment = customer.buy(app, "PRO_MONTHLY").await;
    let body = json!({ "reason": "sent back", "amount": { "minor": 10_000, "currency": "ZAR" } });
    refund(&billing, &payment, body).await.expect(201);
    app.run_jobs().await;
    // Two payouts that differ in nothing but the balance.
    for _ in 0..2 {
        app.payfast.payout(Amount::from_cents(10_000));
    }
    compare(app, &billing).await;
    let ledger = app.ledger().await;
    assert_eq!(ledger["bank"], 20_000);
    assert_holds(&broken(&app.app).await);
    app.payfast.edit_statement(|lines| {
        for line in lines {
            line.balance = Amount::from_cents(line.balance.cents() + 777);
        }
    });
    let (done, lines) = compare(app, &billing).await;
    assert_eq!((done.lines, done.matched, done.differences), (4, 4, 0), "{lines:?}");
    let payouts = lines.iter().filter(|line| line.verdict == StatementVerdict::Payout);
    assert_eq!(payouts.count(), 2);
    assert_eq!(app.ledger().await, ledger);
    app.check_clearing().await;
    assert_holds(&broken(&app.app).await);
});

app_test!(a_payout_that_is_booked_twice_is_found, |app| {
    let billing = app.staff(StaffRole::Billing).await;
    app.tell_payfast_the_time();
    app.payfast.payout(Amount::from_cents(10_000));
    compare(app, &billing).await;
    // Stored by an earlier version under the hash of its text, it is still the same payout.
    tamper_with(&app.app, &["update statement_lines set line_sha256 = 'of its text'"]).await;
    compare(app, &billing).await;
    assert_eq!(app.ledger().await["bank"], 10_000);
    assert_holds(&broken(&app.app).await);
    // As an earlier version stored and booked a line that came again with another balance.
    tamper_with(
        &app.app,
        &[
            "insert into statement_lines (id, line_sha256, reconciliation_id, at, kind, name, description, currency,
                gross_minor, fee_minor, net_minor, balance_minor, verdict, note, created_at)
            select 'anew', 'anew', (select max(id) from reconciliations), at, kind, name, description, currency,
                gross_minor, fee_minor, net_minor, 5, verdict, note, created_at from statement_lines",
        ],
    )
    .await;
    let now = app.app.clock.now();
    let post = move |conn: &mut Conn| {
        let entry = books::service::Entry {
            kind: "payout",
            source: "statement_line:anew",
            account_id: None,
            invoice_id: None,
            description: "PayFast paid out to the bank",
            currency: common::Currency::Zar,
            legs: &[
                debit(LedgerAccount::Bank, 10_000),
                credit(LedgerAccount::PayfastClearing, 10_000),
            ],
        };
        books::service::post(conn, &entry, now)
    };
    app.app.db.write(post).await.unwrap();
    let told = broken(&app.app).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("I8 statement"), "{told:?}");
});

app_test!(a_charge_that_the_bank_took_back_is_explained_by_its_reversal, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    customer.open_invoice(app, &billing).await;
    let (_, lines) = compare(app, &billing).await;
    assert_eq!(verdicts(&lines), [StatementVerdict::Matched]);
    assert_holds(&broken(&app.app).await);
    app.payfast.edit_statement(|lines| {
        let mut line = lines[0].clone();
        (line.gross, line.fee, line.net) = (
            Amount::from_cents(-52_900),
            Amount::default(),
            Amount::from_cents(-52_900),
        );
        lines.push_back(line);
    });
    compare(app, &billing).await;
    assert_holds(&broken(&app.app).await);
});

app_test!(a_lost_notification_is_healed_once, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let checkout = lost(app, &customer).await;
    let (done, lines) = compare(app, &billing).await;
    assert_eq!((done.lines, done.matched, done.healed, done.differences), (1, 0, 1, 0));
    assert_eq!(lines[0].payment_id, Some(checkout.payment_id));
    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
    assert_eq!(payment.summary.fee.unwrap().minor, 1_217);
    let invoice = customer.invoice(checkout.invoice_id).await;
    assert_eq!(invoice.summary.number.as_deref(), Some("INV-000001"));
    app.check_clearing().await;
    // The notification comes after all.
    let id = app.payfast.notifications()[0].id;
    app.payfast.resend(id).await.unwrap();
    app.run_jobs().await;
    assert_eq!(app.credit_of_all().await, 0);
    app.check_clearing().await;
    let (again, _) = compare(app, &billing).await;
    assert_eq!((again.matched, again.healed, again.differences), (0, 1, 0));
    // A payment that had expired is healed too.
    app.run_jobs().await;
    let mails = app.mails_to("owner@karoo.test");
    assert_eq!(mails.iter().filter(|mail| mail.contains("Paid:")).count(), 1);
});

app_test!(a_line_without_payfasts_id_settles_nothing, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let checkout = lost(app, &customer).await;
    app.payfast.edit_statement(|lines| lines[0].pf_payment_id.clear());
    let (done, lines) = compare(app, &billing).await;
    assert_eq!((done.healed, done.differences), (0, 1));
    assert_eq!(verdicts(&lines), [StatementVerdict::Unknown]);
    assert_eq!(lines[0].payment_id, Some(checkout.payment_id));
    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(payment.summary.status, PaymentStatus::AwaitingCustomer);
    // The notification of the same money settles the payment, and no second one.
    let id = app.payfast.notifications()[0].id;
    app.payfast.resend(id).await.unwrap();
    app.run_jobs().await;
    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
    assert_eq!(app.credit_of_all().await, 0);
    app.check_clearing().await;
    let (again, _) = compare(app, &billing).await;
    assert_eq!((again.matched, again.differences), (1, 0));
});

app_test!(healing_and_a_late_notification_at_once_settle_once, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    for _ in 0..3 {
        let checkout = lost(app, &customer).await;
        let id = app.payfast.notifications()[0].id;
        billing.post("/reconciliations", today()).await.expect(202);
        app.payfast.resend(id).await.unwrap();
        let (compared, checked) =
            future::join(running::run_due(&app.app), server::payments::itn::check_due(&app.app)).await;
        compared.unwrap();
        checked.unwrap();
        app.run_jobs().await;
        let payment = customer.payment(checkout.payment_id).await;
        assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
        let settled = payment
            .events
            .iter()
            .filter(|event| event.to == PaymentStatus::Succeeded)
            .count();
        assert_eq!(settled, 1, "{:?}", payment.events);
    }
    assert_eq!(app.credit_of_all().await, 0);
    app.check_clearing().await;
    assert_eq!(customer.invoices().await.len(), 3);
});

app_test!(every_difference_is_told, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let payment = customer.buy(app, "PRO_MONTHLY").await;
    let told = async |fault| {
        app.payfast.api_fault(fault);
        let (done, lines) = compare(app, &billing).await;
        assert_eq!(done.status, ReconciliationStatus::Finished);
        assert_eq!(done.differences, 1, "{fault:?} {lines:?}");
        lines
    };
    let lines = told(ApiFault::StatementDropLine).await;
    assert_eq!(verdicts(&lines), [StatementVerdict::Missing]);
    assert_eq!(lines[0].payment_id, Some(payment.summary.id));
    // With its line, nothing is missing any more.
    let lines = told(ApiFault::StatementDoubleLine).await;
    assert_eq!(
        verdicts(&lines),
        [StatementVerdict::Duplicate, StatementVerdict::Matched]
    );
    let lines = told(ApiFault::StatementDriftAmount).await;
    assert!(verdicts(&lines).contains(&StatementVerdict::AmountDrift));
    let lines = told(ApiFault::StatementUnknownLine).await;
    assert!(verdicts(&lines).contains(&StatementVerdict::Unknown));
    app.check_clearing().await;
    let only = |verdict: &str| format!("/reconciliations?verdict={verdict}");
    assert_eq!(billing.get(&only("unknown")).await.problem(), "422 invalid");
});

app_test!(a_fee_that_differs_corrects_the_books, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let payment = customer.buy(app, "PRO_MONTHLY").await;
    app.payfast.api_fault(ApiFault::StatementDriftFee);
    let (done, lines) = compare(app, &billing).await;
    assert_eq!(done.differences, 1);
    assert_eq!(verdicts(&lines), [StatementVerdict::FeeDrift]);
    assert!(lines[0].note.contains("R13.17"), "{}", lines[0].note);
    let corrected = customer.payment(payment.summary.id).await;
    assert_eq!(corrected.summary.fee.unwrap().minor, 1_317);
    assert_eq!(corrected.summary.net.unwrap().minor, 51_583);
    assert_eq!(app.ledger().await["payfast_fees"], 1_317);
});

app_test!(a_settlement_without_a_fee_gets_it_from_the_statement, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    customer.save_card(app).await;
    let invoice = customer.open_invoice(app, &billing).await;
    app.payfast.api_fault(ApiFault::ChargeTimeoutAfterLost);
    customer.charge(invoice).await.expect(201);
    app.advance(TimeDelta::minutes(2));
    app.run_jobs().await;
    let (done, _) = compare(app, &billing).await;
    assert_eq!((done.matched, done.differences), (2, 0), "{done:?}");
    // The emulator knows no disputes: the money that the bank took back is still there.
    let ledger = app.ledger().await;
    assert_eq!(ledger["payfast_clearing"] + 52_900, app.payfast.balance().cents());
    assert_eq!(ledger["payfast_fees"], 2 * 1_217);
});

app_test!(a_statement_that_cannot_be_had_is_asked_for_again, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    customer.buy(app, "PRO_MONTHLY").await;
    for fault in [ApiFault::ServerError, ApiFault::ConnectionClosed] {
        app.payfast.api_fault(fault);
    }
    let (waits, _) = compare(app, &billing).await;
    assert_eq!(waits.status, ReconciliationStatus::Running);
    assert!(!waits.reason.is_empty());
    let path = format!("/reconciliations/{}", waits.id);
    for minutes in [2, 6] {
        app.advance(TimeDelta::minutes(minutes));
        app.run_jobs().await;
    }
    let done: Reconciliation = billing.get(&path).await.expect(200).json();
    assert_eq!((done.status, done.matched), (ReconciliationStatus::Finished, 1));
});

app_test!(a_refund_from_payfasts_dashboard_is_told, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let billing = app.staff(StaffRole::Billing).await;
    let payment = customer.buy(app, "PRO_MONTHLY").await;
    // Somebody else's call of the API, which this server knows nothing of.
    let reference = payment.summary.provider_reference.unwrap();
    let order = payfast::api::Refund {
        pf_payment_id: &reference,
        amount: Amount::from_cents(1_000),
        reason: "by hand",
        notify_buyer: false,
        notify_merchant: false,
        bank: None,
    };
    let done = app.app.gateway.refund(&order).await;
    assert_eq!(done, server::payments::gateway::Reply::Answered(()));
    let (done, lines) = compare(app, &billing).await;
    assert_eq!((done.matched, done.differences), (1, 1));
    let unknown = lines
        .iter()
        .find(|line| line.verdict == StatementVerdict::Unknown)
        .unwrap();
    assert!(unknown.note.contains("we know of R0.00"), "{}", unknown.note);
});

/// What three nodes at once write down, and then do.
async fn compare_days(app: &TestApp) -> usize {
    let started = future::join_all((0..3).map(|_| service::schedule_daily(&app.app))).await;
    app.run_jobs().await;
    started.into_iter().map(|started| started.unwrap()).sum()
}

/// First day and state of each comparison, sorted; from the rows, since sign-ins end while days pass.
async fn compared(app: &TestApp) -> Vec<(String, ReconciliationStatus)> {
    let load = |conn: &mut Conn| {
        reconciliations::table
            .select((reconciliations::from_day, reconciliations::status))
            .load::<(NaiveDate, ReconciliationStatus)>(conn)
    };
    let rows = app.app.db.read(load).await.unwrap();
    let mut days: Vec<_> = rows
        .into_iter()
        .map(|(day, status)| (day.to_string(), status))
        .collect();
    days.sort_by_key(|(day, status)| (day.clone(), status.as_str()));
    days
}

async fn status_of(app: &TestApp, checkout: &Checkout) -> PaymentStatus {
    let id = checkout.payment_id;
    let load = move |conn: &mut Conn| payments::table.find(id).select(payments::status).first(conn);
    app.app.db.read(load).await.unwrap()
}

app_test!(each_day_is_compared_early_and_when_its_statement_is_complete, |app| {
    let finished = |day: &str| (day.to_owned(), ReconciliationStatus::Finished);
    // A fresh installation begins with yesterday.
    assert_eq!(compare_days(app).await, 1);
    assert_eq!(compare_days(app).await, 0);
    assert_eq!(compared(app).await, [finished("2026-11-23")]);
    // Half past midnight, and noon.
    app.advance(TimeDelta::hours(15));
    assert_eq!(compare_days(app).await, 1);
    app.advance(TimeDelta::hours(12));
    assert_eq!(compare_days(app).await, 1);
    assert_eq!(compare_days(app).await, 0);
    assert_eq!(
        compared(app).await,
        [finished("2026-11-23"), finished("2026-11-23"), finished("2026-11-24")]
    );
});

app_test!(days_on_which_no_server_ran_are_compared_later, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = lost(app, &customer).await;
    assert_eq!(compare_days(app).await, 1);
    app.advance(TimeDelta::days(5));
    // Complete by now are four days, the 23rd the first; the 27th and the 28th are not yet.
    assert_eq!(compare_days(app).await, 6);
    assert_eq!(compare_days(app).await, 0);
    let days = compared(app).await;
    let is_finished = |(_, status): &(String, ReconciliationStatus)| *status == ReconciliationStatus::Finished;
    assert!(days.iter().all(is_finished), "{days:?}");
    let days: Vec<&str> = days.iter().map(|(day, _)| &day[8..]).collect();
    assert_eq!(days, ["23", "23", "24", "25", "26", "27", "28"]);
    assert_eq!(status_of(app, &checkout).await, PaymentStatus::Succeeded);
    app.check_clearing().await;
    // However long it was away, the last 31 days are read: two of them early.
    app.advance(TimeDelta::days(90));
    assert_eq!(compare_days(app).await, 31);
});

app_test!(a_day_whose_comparison_failed_is_tried_again_on_the_next_days, |app| {
    use ReconciliationStatus::{Failed, Finished};
    let customer = app.customer("owner@karoo.test").await;
    let checkout = lost(app, &customer).await;
    // Eight tries of each comparison, two hours apart.
    let fail = async |comparisons: usize| {
        for _ in 0..8 * comparisons {
            app.payfast.api_fault(ApiFault::ServerError);
        }
        assert_eq!(compare_days(app).await, comparisons);
        for _ in 0..8 {
            app.advance(TimeDelta::minutes(121));
            app.run_jobs().await;
        }
    };
    app.advance(TimeDelta::days(1));
    fail(1).await;
    let day = |day: &str, status| (format!("2026-11-{day}"), status);
    assert_eq!(compared(app).await, [day("24", Failed)]);
    // The afternoon of the 26th: the 24th again, and the 25th.
    app.advance(TimeDelta::hours(12));
    fail(2).await;
    assert_eq!(
        compared(app).await,
        [day("24", Failed), day("24", Failed), day("25", Failed)]
    );
    // The early morning of the 27th: the 24th once more, and the 26th.
    assert_eq!(compare_days(app).await, 2);
    assert_eq!(compare_days(app).await, 0);
    assert_eq!(
        compared(app).await,
        [
            day("24", Failed),
            day("24", Failed),
            day("24", Finished),
            day("25", Failed),
            day("26", Finished)
        ]
    );
    assert_eq!(status_of(app, &checkout).await, PaymentStatus::Succeeded);
    app.check_clearing().await;
});

app_test!(days_are_judged_by_field, |app| {
    let billing = app.staff(StaffRole::Billing).await;
    for (from, to, field) in [
        ("2026-11-24", "2026-11-25", "to"),
        ("2026-11-24", "2026-11-23", "to"),
        ("2026-10-01", "2026-11-24", "to"),
        ("x", "2026-11-24", "from"),
    ] {
        let reply = billing
            .post("/reconciliations", json!({ "from": from, "to": to }))
            .await
            .expect(422);
        assert_eq!(reply.value()["errors"][0]["field"], field);
    }
});

app_test!(
    without_an_api_nothing_is_compared,
    with[("PAYFAST_API_BASE", "off")],
    |app| {
        let billing = app.staff(StaffRole::Billing).await;
        assert_eq!(
            billing.post("/reconciliations", today()).await.problem(),
            "409 conflict"
        );
        assert_eq!(service::schedule_daily(&app.app).await.unwrap(), 0);
        let customer = app.customer("owner@karoo.test").await;
        customer.save_card(app).await;
        let invoice = customer.open_invoice(app, &billing).await;
        assert_eq!(customer.charge(invoice).await.problem(), "409 conflict");
    }
);
