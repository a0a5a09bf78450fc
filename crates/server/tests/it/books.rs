//! The books: written with each movement of money, proved from the rows, and changed by nobody.

mod violations;

use std::{collections::BTreeMap, process::Command};

use actix_web::web::Data;
use chrono::TimeDelta;
use common::{
    Page,
    auth::StaffRole,
    books::{BookCheck, Books, Invariant, LedgerAccount, LedgerTransaction},
    payments::Checkout,
};
use diesel::{RunQueryDsl, sql_query};
use futures_util::future::join_all;
use payfast_sandbox::Fault;
use serde_json::json;
use server::{
    app::App,
    books::{
        backfill,
        rules::{credit, debit},
        service::{self, Entry},
        verify,
    },
    error::ApiError,
    worker,
};

use crate::support::{
    TestApp,
    app::{Customer, config},
    books::{assert_holds, broken, tamper_with},
    db::TestDb,
};

/// A notification of a payment that the emulator signs and confirms, with some fields changed.
pub async fn notify(app: &TestApp, checkout: &Checkout, changed: &[(&str, &str)]) {
    let page = app.open_payment_page(checkout).await;
    let status = payfast::PaymentStatus::Complete;
    let mut fields = app.payfast.notification_fields(page, &status).unwrap();
    for (name, value) in changed {
        let field = fields.iter_mut().find(|(known, _)| known == name.as_bytes()).unwrap();
        field.1 = value.as_bytes().to_vec();
    }
    let url = format!("{}/api/v1/payments/payfast/itn", app.base_url);
    app.payfast.send(&url, &fields).await;
}

async fn ledger(app: &TestApp, query: &str) -> Vec<LedgerTransaction> {
    let staff = app.staff(StaffRole::Billing).await;
    let page: Page<LedgerTransaction> = staff
        .get(&format!("/books/transactions{query}"))
        .await
        .expect(200)
        .json();
    page.items
}

fn legs(transaction: &LedgerTransaction) -> Vec<(LedgerAccount, i64)> {
    let legs = transaction.postings.iter();
    legs.map(|posting| (posting.account, posting.amount.minor)).collect()
}

/// One customer bought a plan and paid it twice, another paid a cent too little, and one checkout waits.
async fn some_history(app: &TestApp) -> (Customer, Checkout) {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    for _ in 0..2 {
        notify(app, &checkout, &[]).await;
        app.run_jobs().await;
    }
    app.advance(TimeDelta::minutes(1));
    let other = app.customer("other@kalkbay.test").await;
    let cheap = other.check_out("PRO_YEARLY").await;
    let cent_off = [("amount_gross", "4989.99"), ("amount_net", "4875.22")];
    notify(app, &cheap, &cent_off).await;
    customer.check_out("PRO_MONTHLY").await;
    app.run_jobs().await;
    (customer, checkout)
}

app_test!(a_purchase_writes_its_issue_and_its_money, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    assert!(ledger(app, "").await.is_empty());
    app.pay(&checkout, Fault::Duplicate).await;
    app.run_jobs().await;
    let entries = ledger(app, "").await;
    let [received, issued] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert_eq!((issued.serial, issued.kind.as_str()), (1, "invoice_issued"));
    assert_eq!(issued.description, "INV-000001 issued to Karoo Kiln Studio");
    assert_eq!(issued.invoice_id, Some(checkout.invoice_id));
    assert_eq!(
        legs(issued),
        [
            (LedgerAccount::Receivable, 52_900),
            (LedgerAccount::Revenue, -46_000),
            (LedgerAccount::VatOutput, -6_900),
        ]
    );
    assert_eq!((received.serial, received.kind.as_str()), (2, "payment_received"));
    assert_eq!(received.account_id, Some(customer.account_id));
    assert_eq!(
        legs(received),
        [
            (LedgerAccount::PayfastClearing, 52_900),
            (LedgerAccount::Receivable, -52_900),
            (LedgerAccount::PayfastFees, 1_217),
            (LedgerAccount::PayfastClearing, -1_217),
        ]
    );
    assert_ne!(issued.hash, received.hash);
    assert_holds(&broken(&app.app).await);
});

app_test!(every_kind_of_money_finds_its_account, |app| {
    some_history(app).await;
    let staff = app.staff(StaffRole::Billing).await;
    let books: Books = staff.post("/books/verify", json!({})).await.expect(200).json();
    let broken: Vec<&BookCheck> = books.checks.iter().filter(|check| check.holds != Some(true)).collect();
    assert!(broken.is_empty(), "{broken:?}");
    assert_eq!(books.checks.len(), Invariant::ALL.len());
    assert_eq!(books.transactions, 5);
    let balances = books.balances.iter();
    let balances: BTreeMap<_, _> = balances.map(|line| (line.account, line.amount.minor)).collect();
    assert_eq!(balances.values().sum::<i64>(), 0);
    assert_eq!(balances[&LedgerAccount::Receivable], 0);
    assert_eq!(balances[&LedgerAccount::CustomerCredit], -52_900);
    assert_eq!(balances[&LedgerAccount::Rounding], 1);
    assert_eq!(balances[&LedgerAccount::Revenue], -(46_000 + 433_913));
    assert_eq!(balances[&LedgerAccount::VatOutput], -(6_900 + 65_087));
    let seen: Books = staff.get("/books").await.expect(200).json();
    assert_eq!(seen, books);
    // Nothing to look at is said, and holds.
    let statement = &books.checks[7];
    assert_eq!((statement.invariant, statement.checked), (Invariant::I8, 0));
    assert!(
        statement.sentence.contains("nothing to compare with"),
        "{}",
        statement.sentence
    );
});

app_test!(entries_are_listed_newest_first_and_by_whose_they_are, |app| {
    let (customer, checkout) = some_history(app).await;
    let staff = app.staff(StaffRole::Billing).await;
    let mut serials = Vec::new();
    let mut cursor = String::new();
    loop {
        let reply = staff
            .get(&format!("/books/transactions?limit=2{cursor}"))
            .await
            .expect(200);
        let page: Page<LedgerTransaction> = reply.json();
        assert_eq!(page.total, Some(5));
        serials.extend(page.items.iter().map(|entry| entry.serial));
        let Some(next) = page.next_cursor else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(serials, [5, 4, 3, 2, 1]);
    let own = ledger(app, &format!("?account_id={}", customer.account_id)).await;
    assert_eq!(own.iter().map(|entry| entry.serial).collect::<Vec<_>>(), [3, 2, 1]);
    let of_invoice = ledger(app, &format!("?invoice_id={}", checkout.invoice_id)).await;
    assert_eq!(of_invoice.len(), 3);
    assert_eq!(
        staff.get("/books/transactions?colour=red").await.problem(),
        "422 invalid"
    );
    let support = app.staff(StaffRole::Support).await;
    for path in ["/books", "/books/transactions"] {
        assert_eq!(support.get(path).await.problem(), "403 forbidden");
        assert_eq!(customer.client.get(path).await.problem(), "403 forbidden");
    }
    assert_eq!(
        customer.client.post("/books/verify", json!({})).await.problem(),
        "403 forbidden"
    );
});

app_test!(the_databases_refuse_to_change_the_books, |app| {
    some_history(app).await;
    for statement in [
        "update ledger_transactions set description = 'else'",
        "update ledger_postings set amount_minor = 1",
        "delete from ledger_postings",
        "delete from ledger_transactions",
    ] {
        let refused = app
            .app
            .db
            .write(move |conn| sql_query(statement).execute(conn))
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("append only"), "{statement}: {refused}");
    }
    if matches!(app.db.location, server::db::Location::Postgres(_)) {
        let emptied = app
            .app
            .db
            .write(|conn| sql_query("truncate ledger_postings").execute(conn))
            .await;
        assert!(emptied.is_err());
    }
    assert_holds(&broken(&app.app).await);
});

/// Another node over the same database, with its own connections.
fn node(app: &TestApp) -> Data<App> {
    let config = config(&app.db, &app.base_url, app.payfast.base_url(), &[]);
    Data::new(App::build(config, app.app.clock.clone()).unwrap())
}

app_test!(settlements_at_once_on_two_nodes_keep_the_chain_whole, |app| {
    let mut paid = 0;
    for email in ["a@karoo.test", "b@karoo.test", "c@karoo.test"] {
        let customer = app.customer(email).await;
        for _ in 0..5 {
            let checkout = customer.check_out("PRO_MONTHLY").await;
            notify(app, &checkout, &[]).await;
            paid += 1;
        }
    }
    let other = node(app);
    let both = [&*app.app, &**other];
    let workers = both.iter().flat_map(|app| [worker::run_due(app), worker::run_due(app)]);
    for ended in join_all(workers).await {
        ended.unwrap();
    }
    app.run_jobs().await;
    assert_eq!(ledger(app, "?limit=100").await.len(), paid * 2);
    assert_holds(&broken(&app.app).await);
});

app_test!(entries_written_at_once_follow_one_another, |app| {
    let other = node(app);
    let now = app.app.clock.now();
    let writers = (0..40).map(|number| {
        let db = if number % 2 == 0 { &app.app.db } else { &other.db };
        db.write(move |conn| -> Result<(), ApiError> {
            let entry = Entry {
                kind: "payout",
                source: &format!("statement_line:{number}"),
                account_id: None,
                invoice_id: None,
                description: "PayFast paid out",
                currency: common::Currency::Zar,
                legs: &[
                    debit(LedgerAccount::Bank, 100),
                    credit(LedgerAccount::PayfastClearing, 100),
                ],
            };
            service::post(conn, &entry, now)?;
            // Every fifth changes its mind: no serial is lost by it.
            if number % 5 == 0 {
                return Err(ApiError::conflict("changed my mind"));
            }
            Ok(())
        })
    });
    let written = join_all(writers).await;
    assert_eq!(written.iter().filter(|result| result.is_ok()).count(), 32);
    assert_eq!(ledger(app, "?limit=100").await.len(), 32);
    assert_holds(&broken(&app.app).await);
});

app_test!(what_was_before_the_books_is_written_once_by_one_node, |app| {
    some_history(app).await;
    let before = ledger(app, "?limit=100").await;
    tamper_with(
        &app.app,
        &[
            "delete from ledger_postings",
            "delete from ledger_transactions",
            "update number_series set last_number = 0 where name = 'ledger'",
            "update invoices set document_sha256 = null",
        ],
    )
    .await;
    assert!(!broken(&app.app).await.is_empty());
    let other = node(app);
    let runs = join_all([&*app.app, &**other, &*app.app].map(backfill::run)).await;
    let mut posted: Vec<usize> = runs.into_iter().map(Result::unwrap).collect();
    posted.sort_unstable();
    assert_eq!(posted, [0, 0, 5]);
    assert_eq!(backfill::run(&app.app).await.unwrap(), 0);
    assert_holds(&broken(&app.app).await);
    let after = ledger(app, "?limit=100").await;
    // The fee of money that came again stands nowhere but in its notification.
    let told = |entry: &LedgerTransaction| {
        let legs = legs(entry);
        let without_fee = if entry.kind == "paid_again" {
            &legs[..2]
        } else {
            &legs[..]
        };
        (
            entry.serial,
            entry.kind.clone(),
            entry.at,
            entry.description.clone(),
            without_fee.to_vec(),
        )
    };
    assert_eq!(
        after.iter().map(told).collect::<Vec<_>>(),
        before.iter().map(told).collect::<Vec<_>>()
    );
});

app_test!(the_worker_proves_the_books_once_a_day, |app| {
    assert!(verify::verify_when_due(&app.app).await.unwrap());
    assert!(!verify::verify_when_due(&app.app).await.unwrap());
    app.advance(TimeDelta::hours(23));
    assert!(!verify::verify_when_due(&app.app).await.unwrap());
    app.advance(TimeDelta::hours(2));
    assert!(verify::verify_when_due(&app.app).await.unwrap());
});

/// Runs `capecontrol admin verify-books` beside the running server.
fn verify_by_hand(app: &TestApp) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_capecontrol"))
        .args(["admin", "verify-books"])
        .env_clear()
        .env("SECRET_KEY", "0123456789abcdef0123456789abcdef")
        .env("CAPECONTROL_DATA", app.db.data_dir())
        .env("DATABASE_URL", app.db.url())
        .env("LOG_LEVEL", "off")
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

app_test!(operators_verify_the_books_while_the_server_runs, |app| {
    let (customer, checkout) = some_history(app).await;
    let (code, text) = verify_by_hand(app);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.lines().count(), Invariant::ALL.len() + 2, "{text}");
    assert!(
        text.lines().next().unwrap().starts_with("I1 holds rows=5 The debits"),
        "{text}"
    );
    assert!(text.contains("\nentries=5 hash="), "{text}");
    assert!(text.ends_with("the books hold\n"), "{text}");
    let change = format!(
        "update invoices set customer_name = 'X' where id = '{}'",
        checkout.invoice_id
    );
    tamper_with(&app.app, &[&change, "update customer_credits set amount_minor = 1"]).await;
    let (code, text) = verify_by_hand(app);
    assert_eq!(code, Some(1), "{text}");
    let finding = format!(
        "I6 invoice {}: INV-000001 does not say what it said when it was issued",
        checkout.invoice_id
    );
    assert!(text.lines().any(|line| line == finding), "{text}");
    let finding = format!("I2 account {}: the books hold", customer.account_id);
    assert!(text.lines().any(|line| line.starts_with(&finding)), "{text}");
    assert!(text.ends_with("2 invariants do not hold\n"), "{text}");
    let staff = app.staff(StaffRole::Billing).await;
    let books: Books = staff.get("/books").await.expect(200).json();
    assert_eq!(books.checks[5].holds, Some(false));
    assert_eq!(books.checks[5].findings.len(), 1);
});

async fn old_books_are_written_at_start_on(db: TestDb) {
    let app = TestApp::start(db).await;
    some_history(&app).await;
    tamper_with(
        &app.app,
        &[
            "delete from ledger_postings",
            "delete from ledger_transactions",
            "update number_series set last_number = 0 where name = 'ledger'",
        ],
    )
    .await;
    let server = crate::support::process::Process::start(&app.db, app.payfast.base_url());
    assert_holds(&broken(&app.app).await);
    drop(server);
    app.stop().await;
}

#[actix_web::test]
async fn old_books_are_written_at_start_on_sqlite() {
    old_books_are_written_at_start_on(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn old_books_are_written_at_start_on_postgres() {
    old_books_are_written_at_start_on(TestDb::postgres().await).await;
}
