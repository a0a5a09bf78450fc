//! Lists of invoices: every filter and order against a model in memory, paging, cursors, exports, totals.

mod many;
mod ways;
mod words;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    Money, Page,
    auth::StaffRole,
    invoices::{InvoiceSort, InvoiceState, InvoiceSummary, InvoiceTotals},
};
use server::search;

use crate::support::{
    Client, TestApp,
    app::Customer,
    rows::{self, InvoiceRow, id},
};

/// 07:14 UTC, which the clock of tests shows.
fn now() -> DateTime<Utc> {
    "2026-11-24T07:14:00Z".parse().unwrap()
}

fn text(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Invoices of every kind, with ties in each order.
fn some_invoices(accounts: &[String], count: usize) -> Vec<InvoiceRow> {
    let customers = ["Karoo Kiln", "Café Zoë", "Ångström & Söhne", "100% Wool_Co"];
    let works = ["Consulting", "Pro, monthly", "Repairs of \"old\" ovens"];
    let mut serial = 0;
    let mut invoice = |index: usize| {
        let status = ["paid", "paid", "open", "open", "draft", "void", "uncollectible", "paid"][index * 7 % 8];
        let created = now() - TimeDelta::hours(5 * (count - index) as i64 / 2);
        let is_issued = status != "draft";
        serial += i64::from(is_issued);
        // Some drafts wait for days, so that their numbers are lower than those of their day.
        let waited = if index % 11 == 5 {
            5 * 24 * 60
        } else {
            30 * (index as i64 % 3)
        };
        let issued = created + TimeDelta::minutes(waited);
        let net = 10_000 * (1 + index as i64 * 13 % 9);
        let total = net + net * 15 / 100;
        InvoiceRow {
            id: id(1, index),
            account_id: accounts[index * index % 5 % accounts.len()].clone(),
            number: is_issued.then(|| format!("INV-{:06}", 999_990 + serial)),
            status,
            net,
            vat: net * 15 / 100,
            paid: match status {
                "paid" => total,
                "open" if index.is_multiple_of(3) => 500,
                _ => 0,
            },
            credited: if status == "void" { total } else { 0 },
            is_purchase: (index / 8).is_multiple_of(2),
            description: works[index % 3].to_owned(),
            customer: customers[index % 4].to_owned(),
            created_at: text(created),
            issued_at: is_issued.then(|| text(issued)),
            due_at: is_issued.then(|| text(issued + TimeDelta::days(2 * (index as i64 % 2)))),
        }
    };
    (0..count).map(&mut invoice).collect()
}

struct Asked<'a> {
    account: Option<&'a str>,
    states: &'a [&'a str],
    from: Option<&'a str>,
    to: Option<&'a str>,
    min: Option<i64>,
    max: Option<i64>,
    search: Option<&'a str>,
    sees_drafts: bool,
}

const ANYTHING: Asked<'static> = Asked {
    account: None,
    states: &[],
    from: None,
    to: None,
    min: None,
    max: None,
    search: None,
    sees_drafts: true,
};

impl Asked<'_> {
    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for state in self.states {
            query.append_pair("status", state);
        }
        let amounts = [("min", self.min), ("max", self.max)];
        let amounts = amounts.map(|(name, value)| (name, value.map(|value| value.to_string())));
        let texts = [
            ("account_id", self.account),
            ("from", self.from),
            ("to", self.to),
            ("search", self.search),
        ];
        let texts = texts.map(|(name, value)| (name, value.map(str::to_owned)));
        for (name, value) in texts.into_iter().chain(amounts) {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        query.finish()
    }

    fn fits(&self, row: &InvoiceRow) -> bool {
        let dated = row.issued_at.as_ref().unwrap_or(&row.created_at);
        // South African days, two hours ahead.
        let dated = chrono::NaiveDateTime::parse_from_str(dated, "%Y-%m-%d %H:%M:%S").unwrap() + TimeDelta::hours(2);
        let day = dated.date().to_string();
        let is_open = row.status == "open";
        let is_in = |state: &&str| match *state {
            "overdue" => is_open && row.due_at.as_ref().is_some_and(|due| *due < text(now())),
            "partially_paid" => is_open && row.paid > 0,
            stored => row.status == stored,
        };
        self.account.is_none_or(|account| row.account_id == account)
            && (self.states.is_empty() || self.states.iter().any(is_in))
            && self.from.is_none_or(|from| day.as_str() >= from)
            && self.to.is_none_or(|to| day.as_str() <= to)
            && self.min.is_none_or(|min| row.total() >= min)
            && self.max.is_none_or(|max| row.total() <= max)
            && self
                .search
                .is_none_or(|text| row.text().contains(&search::fold([text])))
            && (self.sees_drafts || row.status != "draft" || row.is_purchase)
    }
}

/// The ids in the order of a list.
fn expected(rows: &[InvoiceRow], asked: &Asked<'_>, sort: InvoiceSort) -> Vec<String> {
    use InvoiceSort as By;
    let key = |row: &InvoiceRow| match sort {
        By::Created | By::CreatedNewest => row.created_at.clone(),
        By::Issued | By::IssuedNewest => row.issued_at.clone().unwrap_or_else(|| row.created_at.clone()),
        By::Due | By::DueLatest => row.due_at.clone().unwrap_or_else(|| "9999".to_owned()),
        By::Amount | By::AmountLargest => format!("{:020}", row.total()),
        By::Number | By::NumberHighest => {
            let serial = row
                .number
                .as_ref()
                .map_or(i64::MAX, |number| number[4..].parse().unwrap());
            format!("{serial:020}")
        }
    };
    let mut found: Vec<_> = rows
        .iter()
        .filter(|row| asked.fits(row))
        .map(|row| (key(row), row.id.clone()))
        .collect();
    found.sort();
    if sort.as_str().starts_with('-') {
        found.reverse();
    }
    found.into_iter().map(|(_, id)| id).collect()
}

async fn page(client: &Client, query: &str) -> Page<InvoiceSummary> {
    client.get(&format!("/invoices?{query}")).await.expect(200).json()
}

/// All ids, page by page.
async fn walk(client: &Client, query: &str, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    let mut total = None;
    loop {
        let found = page(client, &format!("{query}&limit={limit}{cursor}")).await;
        assert!(found.items.len() <= limit);
        assert!(total.is_none_or(|total| found.total == Some(total)), "{query}");
        total = found.total;
        seen.extend(found.items.iter().map(|row| row.id.to_string()));
        match found.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(total, Some(seen.len() as i64), "{query}");
    seen
}

async fn customers(app: &TestApp) -> [Customer; 2] {
    [
        app.customer("owner@karoo.test").await,
        app.customer("other@kalkbay.test").await,
    ]
}

async fn seed(app: &TestApp, rows: &[InvoiceRow]) {
    rows::run(app, rows.iter().map(InvoiceRow::insert).collect()).await;
}

app_test!(
    every_filter_and_order_agrees_with_a_model,
    with[("RATE_LIMIT_FACTOR", "100000")],
    |app| {
        let [karoo, kalkbay] = customers(app).await;
        let accounts = [karoo.account_id.to_string(), kalkbay.account_id.to_string()];
        let rows = some_invoices(&accounts, 90);
        seed(app, &rows).await;
        let staff = app.staff(StaffRole::Support).await;
        let own = accounts[0].as_str();
        let cases = [
            ANYTHING,
            Asked {
                account: Some(own),
                ..ANYTHING
            },
            Asked {
                states: &["open"],
                ..ANYTHING
            },
            Asked {
                states: &["draft", "paid", "void"],
                ..ANYTHING
            },
            Asked {
                states: &["overdue"],
                ..ANYTHING
            },
            Asked {
                states: &["partially_paid"],
                ..ANYTHING
            },
            Asked {
                states: &["overdue", "partially_paid", "uncollectible"],
                ..ANYTHING
            },
            Asked {
                states: &["open", "overdue"],
                ..ANYTHING
            },
            Asked {
                from: Some("2026-11-18"),
                ..ANYTHING
            },
            Asked {
                to: Some("2026-11-18"),
                ..ANYTHING
            },
            Asked {
                from: Some("2026-11-18"),
                to: Some("2026-11-20"),
                ..ANYTHING
            },
            Asked {
                min: Some(46_000),
                ..ANYTHING
            },
            Asked {
                max: Some(46_000),
                ..ANYTHING
            },
            Asked {
                min: Some(57_500),
                max: Some(57_500),
                ..ANYTHING
            },
            Asked {
                search: Some("CONSULT"),
                ..ANYTHING
            },
            Asked {
                search: Some("zoe"),
                ..ANYTHING
            },
            Asked {
                search: Some("Ångström"),
                ..ANYTHING
            },
            Asked {
                search: Some("\"old\" ov"),
                ..ANYTHING
            },
            Asked {
                search: Some("100%"),
                ..ANYTHING
            },
            Asked {
                search: Some("wool_"),
                ..ANYTHING
            },
            Asked {
                search: Some("oo%iln"),
                ..ANYTHING
            },
            Asked {
                search: Some("inv-1000003"),
                ..ANYTHING
            },
            Asked {
                search: Some("nowhere' or 1=1 --"),
                ..ANYTHING
            },
            Asked {
                states: &["open", "paid"],
                search: Some("kiln"),
                ..ANYTHING
            },
            Asked {
                account: Some(own),
                states: &["overdue"],
                ..ANYTHING
            },
            Asked {
                account: Some(own),
                search: Some("consulting"),
                min: Some(20_000),
                ..ANYTHING
            },
            Asked {
                states: &["paid"],
                from: Some("2026-11-17"),
                min: Some(20_000),
                max: Some(90_000),
                ..ANYTHING
            },
            Asked {
                account: Some(own),
                states: &["paid", "void"],
                to: Some("2026-11-22"),
                search: Some("inv-"),
                ..ANYTHING
            },
        ];
        for asked in &cases {
            for (index, sort) in InvoiceSort::ALL.iter().enumerate() {
                // A person may ask ten times a second.
                app.advance(TimeDelta::seconds(2));
                let query = format!("{}&sort={sort}", asked.query());
                let limit = [7, 23, 100][index % 3];
                let expected = expected(&rows, asked, *sort);
                assert_eq!(walk(&staff, &query, limit).await, expected, "{query}");
                let first = &expected[..limit.min(expected.len())];
                for (way, ids) in ways::all(app, asked, *sort, limit as i64).await {
                    assert_eq!(ids, first, "{query}, {way}");
                }
            }
        }
        let default = walk(&staff, "", 20).await;
        assert_eq!(default, expected(&rows, &ANYTHING, InvoiceSort::CreatedNewest));
    }
);

app_test!(customers_see_their_own_and_no_draft_of_staff, |app| {
    let [karoo, kalkbay] = customers(app).await;
    let accounts = [karoo.account_id.to_string(), kalkbay.account_id.to_string()];
    let rows = some_invoices(&accounts, 60);
    seed(app, &rows).await;
    let own = Asked {
        account: Some(&accounts[0]),
        sees_drafts: false,
        ..ANYTHING
    };
    let mine = expected(&rows, &own, InvoiceSort::Number);
    assert_eq!(walk(&karoo.client, "sort=number", 9).await, mine);
    let all = expected(
        &rows,
        &Asked {
            sees_drafts: true,
            ..own
        },
        InvoiceSort::Number,
    );
    assert!(all.len() > mine.len(), "the data has drafts of staff");
    let drafts = walk(&karoo.client, "status=draft", 100).await;
    assert!(!drafts.is_empty() && drafts.iter().all(|id| mine.contains(id)));
    let totals: InvoiceTotals = karoo.client.get("/invoices/totals").await.expect(200).json();
    assert_eq!(totals.counts[0].count, drafts.len() as i64);
    let file = karoo.client.get("/invoices/export.csv?sort=number").await.expect(200);
    assert_eq!(ids_of(&file.body), mine);
    // Nobody reads another account by naming it.
    let foreign = format!("account_id={}", accounts[1]);
    for path in ["/invoices", "/invoices/totals", "/invoices/export.csv"] {
        let reply = karoo.client.get(&format!("{path}?{foreign}")).await;
        assert_eq!(reply.problem(), "404 not_found", "{path}");
    }
    let staff = app.staff(StaffRole::Support).await;
    assert_eq!(
        walk(&staff, &format!("account_id={}&sort=number", accounts[0]), 100).await,
        all
    );
});

fn ids_of(csv: &str) -> Vec<String> {
    csv.lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap().to_owned())
        .collect()
}

app_test!(rows_that_come_meanwhile_neither_hide_nor_repeat_others, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let account = [customer.account_id.to_string()];
    let rows = some_invoices(&account, 40);
    seed(app, &rows).await;
    let staff = app.staff(StaffRole::Support).await;
    for (round, sort) in InvoiceSort::ALL.iter().enumerate() {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        let mut step = 0;
        loop {
            let found = page(&staff, &format!("sort={sort}&limit=9{cursor}")).await;
            seen.extend(found.items.iter().map(|row| row.id.to_string()));
            let mut newcomer = rows[step * 3 % 40].clone();
            newcomer.id = id(2 + round as u32, step);
            newcomer.number = newcomer.number.map(|_| format!("INV-{:06}", round * 100 + step + 1));
            seed(app, &[newcomer]).await;
            step += 1;
            match found.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let unique: BTreeSet<&String> = seen.iter().collect();
        assert_eq!(unique.len(), seen.len(), "{sort}: a row came twice");
        assert!(
            rows.iter().all(|row| unique.contains(&row.id)),
            "{sort}: a row is missing"
        );
    }
});

app_test!(cursors_and_values_that_are_none_are_refused_by_name, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let account = [customer.account_id.to_string()];
    seed(app, &some_invoices(&account, 30)).await;
    let client = &customer.client;
    let by_amount = page(client, "sort=amount&limit=2").await.next_cursor.unwrap();
    page(client, &format!("sort=amount&limit=2&cursor={by_amount}")).await;
    let foreign = [
        format!("/invoices?sort=-amount&cursor={by_amount}"),
        format!("/invoices?cursor={by_amount}"),
        format!("/payments?sort=amount&cursor={by_amount}"),
        "/invoices?cursor=x".to_owned(),
        "/invoices?cursor=".to_owned(),
        format!("/invoices?sort=amount&cursor={by_amount}AAAA"),
    ];
    for path in foreign {
        let reply = client.get(&path).await.expect(422);
        assert_eq!(reply.value()["errors"][0]["field"], "cursor", "{path}");
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("sort=colour", "sort"),
        ("status=late", "status"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("min=5&max=4", "max"),
        ("min=x", "min"),
        ("search=ab", "search"),
        ("search=e%CC%82%CC%81", "search"),
        ("search=a%00bc", "search"),
        ("colour=red", "colour"),
    ] {
        let reply = client.get(&format!("/invoices?{query}")).await.expect(422);
        assert_eq!(reply.value()["errors"][0]["field"], field, "{query}");
        if field != "limit" {
            for path in ["/invoices/totals", "/invoices/export.csv"] {
                client.get(&format!("{path}?{query}")).await.expect(422);
            }
        }
    }
});

app_test!(totals_count_each_state_and_add_up, |app| {
    let [karoo, kalkbay] = customers(app).await;
    let accounts = [karoo.account_id.to_string(), kalkbay.account_id.to_string()];
    let rows = some_invoices(&accounts, 80);
    seed(app, &rows).await;
    let staff = app.staff(StaffRole::Support).await;
    for asked in [
        ANYTHING,
        Asked {
            states: &["open"],
            ..ANYTHING
        },
        Asked {
            search: Some("kiln"),
            states: &["overdue", "paid"],
            ..ANYTHING
        },
        Asked {
            account: Some(&accounts[1]),
            min: Some(30_000),
            from: Some("2026-11-18"),
            ..ANYTHING
        },
        Asked {
            search: Some("nothing like it"),
            ..ANYTHING
        },
    ] {
        let totals: InvoiceTotals = staff
            .get(&format!("/invoices/totals?{}", asked.query()))
            .await
            .expect(200)
            .json();
        let states: Vec<_> = totals.counts.iter().map(|count| count.state).collect();
        assert_eq!(states, InvoiceState::ALL);
        for count in &totals.counts {
            let of_state = Asked {
                states: &[count.state.as_str()],
                ..asked
            };
            let found = rows.iter().filter(|row| of_state.fits(row)).count();
            assert_eq!(count.count, found as i64, "{}", asked.query());
        }
        let counted = |row: &&InvoiceRow| asked.fits(row) && !["draft", "void"].contains(&row.status);
        let total: i64 = rows.iter().filter(counted).map(InvoiceRow::total).sum();
        let paid: i64 = rows.iter().filter(counted).map(|row| row.paid + row.credited).sum();
        assert_eq!(totals.total, Some(Money::zar(total)), "{}", asked.query());
        assert_eq!(totals.balance, Some(Money::zar(total - paid)), "{}", asked.query());
    }
});

app_test!(the_file_holds_the_list_and_runs_nothing, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let account = [customer.account_id.to_string()];
    let mut rows = some_invoices(&account, 30);
    rows[1].description = "=HYPERLINK(\"http://x\")".to_owned();
    rows[1].customer = "@SUM(A1), \"quoted\"".to_owned();
    seed(app, &rows).await;
    let staff = app.staff(StaffRole::Support).await;
    let file = staff
        .get("/invoices/export.csv?sort=-amount&status=paid&status=open")
        .await
        .expect(200);
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(
        file.headers["content-disposition"],
        "attachment; filename=\"invoices-2026-11-24.csv\""
    );
    let asked = Asked {
        states: &["paid", "open"],
        ..ANYTHING
    };
    assert_eq!(ids_of(&file.body), expected(&rows, &asked, InvoiceSort::AmountLargest));
    assert!(
        file.body
            .starts_with("id,number,status,account_id,customer,description,currency,subtotal,vat,total,")
    );
    let all = staff.get("/invoices/export.csv").await.expect(200).body;
    assert!(
        all.contains("\"'@SUM(A1), \"\"quoted\"\"\",\"'=HYPERLINK(\"\"http://x\"\")\""),
        "{all}"
    );
    let open = rows.iter().find(|row| row.status == "open" && row.paid > 0).unwrap();
    let line = all.lines().find(|line| line.starts_with(&open.id)).unwrap();
    let balance = Money::zar(open.total() - open.paid).to_decimal();
    assert!(
        line.contains(&format!(",ZAR,{},", Money::zar(open.net).to_decimal())),
        "{line}"
    );
    assert!(line.contains(&format!(",5.00,0.00,{balance},")), "{line}");
    assert!(all.ends_with("\r\n"));
});
