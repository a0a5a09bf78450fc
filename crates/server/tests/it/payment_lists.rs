//! Lists of payments: every filter and order against a model in memory, cursors, exports.

use chrono::TimeDelta;
use common::{Page, auth::StaffRole, payments::PaymentSummary};
use serde_json::Value;

use crate::support::{
    Client, TestApp,
    rows::{self, InvoiceRow, PaymentRow, id},
};

fn some_payments(accounts: &[String], count: usize) -> Vec<PaymentRow> {
    let payment = |index: usize| {
        let status = [
            "succeeded",
            "succeeded",
            "failed",
            "awaiting_customer",
            "expired",
            "unknown",
        ][index * 5 % 6];
        let has_money = status == "succeeded";
        let at = format!("2026-11-{:02} {:02}:30:00", 10 + index % 12, index / 4 % 24);
        PaymentRow {
            id: id(1, index),
            account_id: accounts[index % accounts.len()].clone(),
            invoice_id: id(2, index % accounts.len()),
            status,
            method: ["redirect", "redirect", "saved_card", "eft"][index % 4],
            currency: if index % 9 == 4 { "USD" } else { "ZAR" },
            amount: 5_000 * (1 + index as i64 % 6),
            fee: has_money.then_some(120),
            description: ["Pro, monthly", "Ovens for Zoë"][index % 2].to_owned(),
            reference: has_money.then(|| format!("{}", 1_080_000 + index)),
            created_at: at.clone(),
            succeeded_at: has_money.then_some(at),
            reversed_at: None,
        }
    };
    (0..count).map(payment).collect()
}

async fn seed(app: &TestApp, accounts: &[String], payments: &[PaymentRow]) {
    let invoice = |(index, account): (usize, &String)| {
        let at = Some("2026-11-01 08:00:00".to_owned());
        InvoiceRow {
            id: id(2, index),
            account_id: account.clone(),
            number: Some(format!("INV-{:06}", index + 1)),
            status: "open",
            net: 1_000_000,
            vat: 0,
            paid: 0,
            credited: 0,
            is_purchase: false,
            description: "Work".to_owned(),
            customer: "Karoo".to_owned(),
            created_at: "2026-11-01 08:00:00".to_owned(),
            issued_at: at.clone(),
            due_at: at,
        }
        .insert()
    };
    let invoices = accounts.iter().enumerate().map(invoice);
    rows::run(app, invoices.chain(payments.iter().map(PaymentRow::insert)).collect()).await;
}

async fn walk(client: &Client, query: &str, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/payments?{query}&limit={limit}{cursor}");
        let found: Page<PaymentSummary> = client.get(&path).await.expect(200).json();
        seen.extend(found.items.iter().map(|row| row.id.to_string()));
        match found.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => {
                assert_eq!(found.total, Some(seen.len() as i64), "{query}");
                return seen;
            }
        }
    }
}

/// The ids in the order of a list.
fn expected(payments: &[PaymentRow], fits: impl Fn(&PaymentRow) -> bool, sort: &str) -> Vec<String> {
    let key = |row: &PaymentRow| match sort.trim_start_matches('-') {
        "amount" => format!("{:020}", row.amount),
        _ => row.created_at.clone(),
    };
    let found = payments.iter().filter(|row| fits(row));
    let mut found: Vec<_> = found.map(|row| (key(row), row.id.clone())).collect();
    found.sort();
    if sort.starts_with('-') {
        found.reverse();
    }
    found.into_iter().map(|(_, id)| id).collect()
}

app_test!(
    every_filter_and_order_agrees_with_a_model,
    with[("RATE_LIMIT_FACTOR", "100000")],
    |app| {
        let karoo = app.customer("owner@karoo.test").await;
        let kalkbay = app.customer("other@kalkbay.test").await;
        let accounts = [karoo.account_id.to_string(), kalkbay.account_id.to_string()];
        let payments = some_payments(&accounts, 70);
        seed(app, &accounts, &payments).await;
        let staff = app.staff(StaffRole::Support).await;
        let own = accounts[0].clone();
        type Fits = Box<dyn Fn(&PaymentRow) -> bool>;
        let mine = own.clone();
        let also_mine = own.clone();
        let cases: Vec<(String, Fits)> = vec![
            (String::new(), Box::new(|_| true)),
            (format!("account_id={own}"), Box::new(move |row| row.account_id == mine)),
            ("status=failed".into(), Box::new(|row| row.status == "failed")),
            (
                "status=expired&status=succeeded".into(),
                Box::new(|row| ["expired", "succeeded"].contains(&row.status)),
            ),
            ("method=eft".into(), Box::new(|row| row.method == "eft")),
            (
                "method=eft&method=saved_card".into(),
                Box::new(|row| row.method != "redirect"),
            ),
            (
                "method=eft&method=eft&method=redirect&method=saved_card".into(),
                Box::new(|_| true),
            ),
            ("currency=USD".into(), Box::new(|row| row.currency == "USD")),
            ("currency=EUR".into(), Box::new(|_| false)),
            // 22:30 UTC is the next day in South Africa.
            (
                "from=2026-11-14&to=2026-11-15".into(),
                Box::new(|row| ("2026-11-13 22:00:00".."2026-11-15 22:00:00").contains(&row.created_at.as_str())),
            ),
            (
                "min=10000&max=20000".into(),
                Box::new(|row| (10_000..=20_000).contains(&row.amount)),
            ),
            ("search=zoe".into(), Box::new(|row| row.description.contains("Zoë"))),
            (
                "search=1080012".into(),
                Box::new(|row| row.reference.as_deref() == Some("1080012")),
            ),
            (
                format!("account_id={own}&status=succeeded&method=redirect&currency=ZAR&min=5000&search=pro,"),
                Box::new(move |row| {
                    row.account_id == also_mine
                        && row.status == "succeeded"
                        && row.method == "redirect"
                        && row.currency == "ZAR"
                        && row.description.contains("Pro")
                }),
            ),
        ];
        for (filter, fits) in &cases {
            // One person may ask ten times a second.
            app.advance(TimeDelta::minutes(1));
            for (index, sort) in ["created_at", "-created_at", "amount", "-amount"]
                .into_iter()
                .enumerate()
            {
                let query = format!("{filter}&sort={sort}");
                let limit = [6, 11, 100, 19][index];
                let wanted = expected(&payments, fits, sort);
                assert_eq!(walk(&staff, &query, limit).await, wanted, "{query}");
                let file = staff
                    .get(&format!("/payments/export.csv?{query}"))
                    .await
                    .expect(200)
                    .body;
                let lines = file.lines().skip(1);
                let ids: Vec<String> = lines.map(|line| line.split(',').next().unwrap().to_owned()).collect();
                assert_eq!(ids, wanted, "{query}");
            }
        }
        let own_rows = expected(&payments, |row| row.account_id == own, "-created_at");
        assert_eq!(walk(&karoo.client, "", 13).await, own_rows);
        let foreign = format!("/payments?account_id={}", accounts[1]);
        assert_eq!(karoo.client.get(&foreign).await.problem(), "404 not_found");
    }
);

app_test!(the_file_of_payments_has_its_columns, |app| {
    let karoo = app.customer("owner@karoo.test").await;
    let accounts = [karoo.account_id.to_string()];
    let mut payments = some_payments(&accounts, 6);
    payments[0].description = "+27 calls".to_owned();
    seed(app, &accounts, &payments).await;
    let file = karoo
        .client
        .get("/payments/export.csv?sort=created_at")
        .await
        .expect(200);
    assert_eq!(
        file.headers["content-disposition"],
        "attachment; filename=\"payments-2026-11-24.csv\""
    );
    let lines: Vec<&str> = file.body.lines().collect();
    assert!(
        lines[0].starts_with("id,status,account_id,invoice_id,invoice_number,description,currency,amount,fee,net,")
    );
    assert!(
        lines[1].contains(
            ",INV-000001,'+27 calls,ZAR,50.00,1.20,48.80,0.00,redirect,payfast,1080000,2026-11-10T00:30:00Z,"
        ),
        "{}",
        lines[1]
    );
    let reply: Value = karoo.client.get("/payments?method=cash").await.expect(422).value();
    assert_eq!(reply["errors"][0]["field"], "method");
});

app_test!(what_was_bought_is_found_by_its_number_and_payfasts_reference, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let bought = owner.buy(app, "PRO_MONTHLY").await;
    let reference = bought.summary.provider_reference.clone().unwrap();
    let number = bought.summary.invoice_number.clone().unwrap();
    for words in [
        reference.as_str(),
        number.as_str(),
        &number.to_lowercase(),
        "pro, monthly",
    ] {
        let found: Page<PaymentSummary> = owner
            .client
            .get(&format!("/payments?search={words}"))
            .await
            .expect(200)
            .json();
        assert_eq!(found.items.len(), 1, "{words}");
        assert_eq!(found.items[0].id, bought.summary.id);
    }
});
