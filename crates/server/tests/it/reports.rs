//! Reports: a varied month added up by hand, for staff only.

use chrono::TimeDelta;
use common::{
    Money,
    auth::StaffRole,
    reports::{PaymentsReport, ReceivablesReport, RevenueReport, VatReport},
};

use serde_json::json;

use crate::{
    invoices::{act, an_hour, both, issue},
    support::{
        TestApp,
        rows::{self, InvoiceRow, PaymentRow, id},
    },
};

fn invoice(
    index: usize,
    account: &str,
    status: &'static str,
    amounts: [i64; 4],
    issued: &str,
    due: &str,
) -> InvoiceRow {
    let [net, vat, paid, credited] = amounts;
    InvoiceRow {
        id: id(1, index),
        account_id: account.to_owned(),
        number: (!issued.is_empty()).then(|| format!("INV-{:06}", index + 1)),
        status,
        net,
        vat,
        paid,
        credited,
        is_purchase: false,
        description: "Work".to_owned(),
        customer: "Karoo".to_owned(),
        created_at: "2026-08-01 08:00:00".to_owned(),
        issued_at: (!issued.is_empty()).then(|| issued.to_owned()),
        due_at: (!due.is_empty()).then(|| due.to_owned()),
    }
}

fn payment(index: usize, of: &InvoiceRow, status: &'static str, method: &'static str, money: (i64, i64)) -> PaymentRow {
    let has_money = status == "succeeded";
    let at = format!("2026-11-{:02} 10:00:00", 5 + index);
    PaymentRow {
        id: id(2, index),
        account_id: of.account_id.clone(),
        invoice_id: of.id.clone(),
        status,
        method,
        currency: "ZAR",
        amount: money.0,
        fee: has_money.then_some(money.1),
        description: "Work".to_owned(),
        reference: None,
        created_at: at.clone(),
        succeeded_at: has_money.then_some(at),
        reversed_at: None,
    }
}

fn credit_note(index: usize, of: &InvoiceRow, net: i64, vat: i64, at: &str) -> String {
    format!(
        "insert into credit_notes (id, account_id, invoice_id, number, reason, currency, net_minor, vat_minor, \
         total_minor, to_credit_minor, document_sha256, issued_at) values ('{}', '{}', '{}', 'CN-{index}', 'why', 'ZAR', \
         {net}, {vat}, {}, 0, 'x', '{at}')",
        id(3, index),
        of.account_id,
        of.id,
        net + vat
    )
}

fn refund(index: usize, of: &PaymentRow, status: &str, minor: i64, completed: &str) -> String {
    let completed = if completed.is_empty() {
        "null".to_owned()
    } else {
        format!("'{completed}'")
    };
    format!(
        "insert into refunds (id, payment_id, account_id, status, currency, amount_minor, from_credit_minor, reason, \
         provider_message, created_at, updated_at, attempts, completed_at) values ('{}', '{}', '{}', '{status}', 'ZAR', \
         {minor}, 0, 'why', '', '2026-11-10 08:00:00', '2026-11-10 08:00:00', 0, {completed})",
        id(4, index),
        of.id,
        of.account_id
    )
}

fn ledger(serial: usize, kind: &str, at: &str, vat: i64) -> Vec<String> {
    let id = id(5, serial);
    let posting = |position: usize, account: &str, minor: i64| {
        format!(
            "insert into ledger_postings (transaction_id, position, ledger_account, amount_minor) \
             values ('{id}', {position}, '{account}', {minor})"
        )
    };
    vec![
        format!(
            "insert into ledger_transactions (id, serial, at, kind, source, description, currency, previous_hash, hash) \
             values ('{id}', {serial}, '{at}', '{kind}', 'x:{serial}', 'x', 'ZAR', 'p', 'h{serial}')"
        ),
        posting(1, "vat_output", vat),
        posting(2, "bad_debt", -vat),
    ]
}

/// November 2026, with neighbours on both sides of midnight in South Africa.
async fn a_varied_month(app: &TestApp) -> [String; 2] {
    let karoo = app.customer("owner@karoo.test").await.account_id.to_string();
    let kalkbay = app.customer("other@kalkbay.test").await.account_id.to_string();
    let invoices = [
        // The last moment of October and the first of November, in South Africa.
        invoice(
            0,
            &karoo,
            "paid",
            [100_000, 15_000, 115_000, 0],
            "2026-10-31 21:59:59",
            "2026-10-31 21:59:59",
        ),
        invoice(
            1,
            &karoo,
            "paid",
            [46_000, 6_900, 52_900, 0],
            "2026-10-31 22:00:00",
            "2026-11-01 08:00:00",
        ),
        invoice(
            2,
            &karoo,
            "open",
            [200_000, 0, 50_000, 0],
            "2026-11-10 08:00:00",
            "2026-11-17 08:00:00",
        ),
        invoice(
            3,
            &kalkbay,
            "open",
            [10_000, 1_500, 0, 2_300],
            "2026-11-12 08:00:00",
            "2026-12-12 08:00:00",
        ),
        invoice(
            4,
            &kalkbay,
            "void",
            [30_000, 4_500, 0, 34_500],
            "2026-11-13 08:00:00",
            "2026-11-20 08:00:00",
        ),
        invoice(
            5,
            &kalkbay,
            "uncollectible",
            [20_000, 3_000, 0, 0],
            "2026-11-30 21:59:59",
            "2026-11-30 21:59:59",
        ),
        invoice(
            6,
            &kalkbay,
            "open",
            [1_000, 150, 0, 0],
            "2026-11-30 22:00:00",
            "2026-08-20 08:00:00",
        ),
        invoice(7, &karoo, "draft", [900_000, 135_000, 0, 0], "", ""),
        // Due on 25 October: 30 days late on the 24th of November, 31 on the 25th.
        invoice(
            8,
            &karoo,
            "open",
            [7_000, 1_050, 0, 0],
            "2026-09-01 08:00:00",
            "2026-10-25 08:00:00",
        ),
    ];
    let mut payments = [
        payment(0, &invoices[1], "succeeded", "redirect", (52_900, 1_217)),
        payment(1, &invoices[2], "succeeded", "eft", (50_000, 0)),
        payment(2, &invoices[3], "failed", "redirect", (11_500, 0)),
        payment(3, &invoices[2], "succeeded", "saved_card", (25_000, 700)),
        payment(4, &invoices[0], "succeeded", "redirect", (115_000, 2_600)),
    ];
    // Taken back by the bank in the same month.
    payments[3].reversed_at = Some("2026-11-20 08:00:00".to_owned());
    // Came in October.
    payments[4].succeeded_at = Some("2026-10-31 21:00:00".to_owned());
    let mut all: Vec<String> = invoices.iter().map(InvoiceRow::insert).collect();
    all.extend(
        invoices
            .iter()
            .map(|row| row.insert_line(if row.vat == 0 { "0" } else { "15" })),
    );
    all.extend(payments.iter().map(PaymentRow::insert));
    all.push(credit_note(1, &invoices[3], 2_000, 300, "2026-11-15 08:00:00"));
    all.push(credit_note(2, &invoices[4], 30_000, 4_500, "2026-11-16 08:00:00"));
    all.push(credit_note(3, &invoices[0], 1_000, 150, "2026-12-01 08:00:00"));
    all.push(refund(1, &payments[0], "succeeded", 5_000, "2026-11-22 08:00:00"));
    all.push(refund(2, &payments[0], "submitted", 7_000, ""));
    all.push(refund(3, &payments[0], "failed", 9_000, "2026-11-22 08:00:00"));
    all.extend(ledger(1, "written_off", "2026-11-30 21:00:00", 3_000));
    all.extend(ledger(2, "payment_received", "2026-11-30 21:30:00", -1_000));
    all.extend(ledger(3, "invoice_issued", "2026-11-30 21:30:00", -6_900));
    all.extend(ledger(4, "written_off", "2026-11-30 22:00:00", 500));
    // The other documents of November, without which the books would not say what is payable.
    for (serial, at, vat) in [(5, "12", -1_500), (6, "13", -4_500), (7, "30", -3_000)] {
        all.extend(ledger(serial, "invoice_issued", &format!("2026-11-{at} 08:00:00"), vat));
    }
    all.extend(ledger(8, "credit_note_issued", "2026-11-15 08:00:00", 300));
    all.extend(ledger(9, "credit_note_issued", "2026-11-16 08:00:00", 4_500));
    rows::run(app, all).await;
    [karoo, kalkbay]
}

const NOVEMBER: &str = "from=2026-11-01&to=2026-11-30";

app_test!(revenue_adds_up, |app| {
    a_varied_month(app).await;
    let staff = app.staff(StaffRole::Billing).await;
    let report: RevenueReport = staff
        .get(&format!("/reports/revenue?{NOVEMBER}"))
        .await
        .expect(200)
        .json();
    assert_eq!(report.periods.len(), 1);
    let month = &report.periods[0];
    assert_eq!(month.invoices, 5);
    assert_eq!(month.invoiced, Money::zar(46_000 + 200_000 + 10_000 + 30_000 + 20_000));
    assert_eq!(month.credited, Money::zar(32_000));
    assert_eq!(month.net, Money::zar(306_000 - 32_000));
    assert_eq!(month.vat, Money::zar(6_900 + 1_500 + 4_500 + 3_000 - 4_800));
    // What the bank took back did not stay.
    assert_eq!(month.collected, Money::zar(52_900 + 50_000 + 25_000 - 25_000));
    assert_eq!(month.fees, Money::zar(1_217 + 700));
    assert_eq!(month.refunded, Money::zar(5_000));
    assert!(month.span.is_unfinished && report.span.is_unfinished);
    assert_eq!((report.net, report.vat), (month.net, month.vat));

    for group in ["day", "week", "month"] {
        let query = format!("/reports/revenue?from=2026-10-01&to=2026-12-31&group={group}");
        let cut: RevenueReport = staff.get(&query).await.expect(200).json();
        assert_eq!(
            cut.net,
            Money::zar(100_000 + 306_000 - 32_000 + 1_000 - 1_000),
            "{group}"
        );
        assert_eq!(cut.collected, Money::zar(115_000 + 102_900), "{group}");
        let summed: i64 = cut.periods.iter().map(|period| period.net.minor).sum();
        assert_eq!(summed, cut.net.minor);
        assert_eq!(cut.periods.first().unwrap().span.from, "2026-10-01");
        assert_eq!(cut.periods.last().unwrap().span.to, "2026-12-31");
    }
    let file = staff.get(&format!("/reports/revenue.csv?{NOVEMBER}")).await.expect(200);
    assert_eq!(
        file.body,
        "from,to,currency,invoices,invoiced,credited,net,vat,collected,fees,refunded\r\n\
         2026-11-01,2026-11-30,ZAR,5,3060.00,320.00,2740.00,111.00,1029.00,19.17,50.00\r\n"
    );
    assert_eq!(
        file.headers["content-disposition"],
        "attachment; filename=\"revenue-2026-11-24.csv\""
    );
});

app_test!(vat_adds_up, |app| {
    a_varied_month(app).await;
    let staff = app.staff(StaffRole::Billing).await;
    let report: VatReport = staff.get(&format!("/reports/vat?{NOVEMBER}")).await.expect(200).json();
    let month = &report.periods[0];
    assert_eq!(month.standard_rated, Money::zar(46_000 + 10_000 + 30_000 + 20_000));
    assert_eq!(month.zero_rated, Money::zar(200_000));
    assert_eq!(month.output_vat, Money::zar(15_900));
    assert_eq!(month.credited_vat, Money::zar(4_800));
    assert_eq!(month.bad_debt_vat, Money::zar(2_000));
    assert_eq!(month.payable, Money::zar(15_900 - 4_800 - 2_000));
    assert_eq!(report.payable, month.payable);
    let file = staff
        .get(&format!("/reports/vat.csv?{NOVEMBER}"))
        .await
        .expect(200)
        .body;
    assert!(
        file.ends_with("ZAR,1060.00,2000.00,159.00,48.00,20.00,91.00\r\n"),
        "{file}"
    );
});

app_test!(relief_of_bad_debt_is_given_back_when_the_invoice_is_voided, |app| {
    let (customer, staff) = both(app).await;
    let vat = async || -> VatReport { staff.get(&format!("/reports/vat?{NOVEMBER}")).await.expect(200).json() };
    let minor = |report: &VatReport| {
        let month = &report.periods[0];
        [
            month.output_vat.minor,
            month.credited_vat.minor,
            month.bad_debt_vat.minor,
            month.payable.minor,
        ]
    };
    let in_the_books = async || -app.ledger().await.get("vat_output").copied().unwrap_or_default();
    let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    assert_eq!(minor(&vat().await), [1_500, 0, 0, 1_500]);
    for (action, expected) in [
        ("mark-uncollectible", [1_500, 0, 1_500, 0]),
        ("void", [1_500, 1_500, 0, 0]),
    ] {
        act(&staff, id, action, json!({ "reason": "Gone without a trace" }))
            .await
            .expect(200);
        assert_eq!(minor(&vat().await), expected, "{action}");
        assert_eq!(expected[3], in_the_books().await, "{action}");
    }
    assert_eq!(vat().await.payable, Money::zar(0));
});

app_test!(receivables_are_aged_by_days, |app| {
    let [karoo, kalkbay] = a_varied_month(app).await;
    let staff = app.staff(StaffRole::Billing).await;
    let report: ReceivablesReport = staff.get("/reports/receivables").await.expect(200).json();
    let balances: Vec<(i64, i64)> = report
        .ages
        .iter()
        .map(|age| (age.invoices, age.balance.minor))
        .collect();
    // Not due; due on the 17th of November and 30 days late; nothing; nothing; since August.
    assert_eq!(balances, [(1, 9_200), (2, 150_000 + 8_050), (0, 0), (0, 0), (1, 1_150)]);
    assert_eq!(report.on, "2026-11-24");
    assert_eq!(report.total, Money::zar(9_200 + 158_050 + 1_150));
    assert_eq!(report.overdue, Money::zar(158_050 + 1_150));
    let owed: Vec<_> = report
        .customers
        .iter()
        .map(|debt| (debt.account_id.to_string(), debt.balance.minor))
        .collect();
    assert_eq!(owed, [(karoo, 158_050), (kalkbay, 10_350)]);
    let ages: Vec<i64> = report.customers[1].ages.iter().map(|age| age.minor).collect();
    assert_eq!(ages, [9_200, 0, 0, 0, 1_150]);
    let file = staff.get("/reports/receivables.csv").await.expect(200).body;
    assert_eq!(file.lines().count(), 3);
    assert!(
        file.contains(",Karoo Kiln Studio,ZAR,2,1580.50,0.00,1580.50,0.00,0.00,0.00"),
        "{file}"
    );
    // Days that are still to come make nothing late.
    let ahead: ReceivablesReport = staff.get("/reports/receivables?to=2026-11-30").await.expect(200).json();
    assert_eq!(ahead, report);
    // A day later one of them is 31 days late.
    app.advance(TimeDelta::days(1));
    let staff = app.staff(StaffRole::Billing).await;
    let later: ReceivablesReport = staff.get("/reports/receivables?to=2026-11-25").await.expect(200).json();
    assert_eq!(later.ages[2].balance, Money::zar(8_050));
    assert_eq!((later.ages[2].from_days, later.ages[2].to_days), (Some(31), Some(60)));
});

app_test!(payments_are_told_by_method_and_state, |app| {
    a_varied_month(app).await;
    let staff = app.staff(StaffRole::Billing).await;
    let report: PaymentsReport = staff
        .get(&format!("/reports/payments?{NOVEMBER}"))
        .await
        .expect(200)
        .json();
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| {
            (
                row.method.as_str(),
                row.status.as_str(),
                row.count,
                row.amount.minor,
                row.fee.minor,
                row.net.minor,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("eft", "succeeded", 1, 50_000, 0, 50_000),
            ("redirect", "failed", 1, 11_500, 0, 0),
            ("redirect", "succeeded", 2, 167_900, 3_817, 164_083),
            ("saved_card", "succeeded", 1, 25_000, 700, 24_300),
        ]
    );
    let file = staff
        .get(&format!("/reports/payments.csv?{NOVEMBER}"))
        .await
        .expect(200)
        .body;
    assert!(
        file.contains("2026-11-01,2026-11-30,redirect,succeeded,ZAR,2,1679.00,38.17,1640.83"),
        "{file}"
    );
});

app_test!(reports_are_for_staff_of_billing_and_refuse_nonsense, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let support = app.staff(StaffRole::Support).await;
    let billing = app.staff(StaffRole::Billing).await;
    for name in ["revenue", "receivables", "vat", "payments"] {
        for path in [format!("/reports/{name}"), format!("/reports/{name}.csv")] {
            assert_eq!(app.client().get(&path).await.problem(), "401 not_signed_in");
            for client in [&customer.client, &support] {
                assert_eq!(client.get(&path).await.problem(), "403 forbidden", "{path}");
            }
            billing.get(&path).await.expect(200);
            for (query, field) in [
                ("from=yesterday", "from"),
                ("to=2026-02-30", "to"),
                ("group=hour", "group"),
            ] {
                let reply = billing.get(&format!("{path}?{query}")).await.expect(422);
                assert_eq!(reply.value()["errors"][0]["field"], field, "{path} {query}");
            }
        }
    }
    let long = billing
        .get("/reports/vat?from=2020-01-01&to=2026-01-01&group=day")
        .await
        .expect(422);
    assert_eq!(long.value()["errors"][0]["field"], "group");
});
