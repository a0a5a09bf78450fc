//! The plans of the lists: whatever is asked, no table is read whole, and no order is made of a whole table.

use chrono::{DateTime, Utc};
use common::{
    Currency,
    ids::AccountId,
    invoices::{InvoiceSort, InvoiceState},
    payments::{Method, PaymentSort, PaymentStatus},
};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use server::{
    days,
    db::{Conn, listing, listing::Listing},
    invoices, payments,
};

use crate::support::{TestApp, db::TestDb, rows};

fn account() -> AccountId {
    AccountId::parse(&rows::id(9, 1)).unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-11-24T07:14:00Z".parse().unwrap()
}

fn invoice_lists() -> Vec<(String, Listing)> {
    let mut lists = Vec::new();
    let period = days::period(Some("2026-11-01"), Some("2026-11-02")).unwrap();
    let state_sets: [&[InvoiceState]; 5] = [
        &[],
        &[InvoiceState::Paid],
        &[InvoiceState::Overdue],
        &[InvoiceState::PartiallyPaid],
        &[InvoiceState::Open, InvoiceState::Draft],
    ];
    for sort in InvoiceSort::ALL {
        for (set, states) in state_sets.into_iter().enumerate() {
            for bits in 0..16_u32 {
                let is = |bit: u32| bits & (1_u32 << bit) != 0;
                let filter = invoices::list::Filter {
                    account_id: is(0).then(account),
                    sees_drafts: !is(0),
                    states: states.to_vec(),
                    period: if is(1) { period } else { days::Period::default() },
                    min: is(2).then_some(100),
                    max: is(2).then_some(200),
                    search: is(3).then(|| "kiln".to_owned()),
                    sort: *sort,
                    now: now(),
                    made_until: None,
                };
                lists.push((
                    format!("invoices by {sort}, states {set}, filters {bits:04b}"),
                    invoices::list::store::listing(&filter, None, 21),
                ));
            }
        }
    }
    lists
}

fn payment_lists() -> Vec<(String, Listing)> {
    let mut lists = Vec::new();
    let period = days::period(Some("2026-11-01"), Some("2026-11-02")).unwrap();
    for sort in PaymentSort::ALL {
        for bits in 0..128_u32 {
            let is = |bit: u32| bits & (1_u32 << bit) != 0;
            let filter = payments::list::Filter {
                account_id: is(0).then(account),
                status: if is(1) {
                    vec![PaymentStatus::Failed, PaymentStatus::Expired]
                } else {
                    Vec::new()
                },
                method: if is(2) { vec![Method::Eft] } else { Vec::new() },
                currency: is(3).then_some(Currency::Usd),
                period: if is(4) { period } else { days::Period::default() },
                min: is(5).then_some(100),
                max: is(5).then_some(200),
                search: is(6).then(|| "kiln".to_owned()),
                sort: *sort,
                made_until: None,
            };
            lists.push((
                format!("payments by {sort}, filters {bits:07b}"),
                payments::list::store::listing(&filter, None, 21),
            ));
        }
    }
    lists
}

#[derive(QueryableByName)]
struct Detail {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "QUERY PLAN")]
    line: String,
}

/// The steps of a plan; several statements are asked on one connection.
fn plan(conn: &mut Conn, sql: &server::db::sql::Sql) -> Vec<String> {
    match conn {
        Conn::Sqlite(_) => {
            let rows: Vec<Detail> = sql.explained("explain query plan ").load(conn).unwrap();
            rows.into_iter().map(|row| row.detail).collect()
        }
        Conn::Postgres(_) => {
            let rows: Vec<Line> = sql.explained("explain (costs off) ").load(conn).unwrap();
            rows.into_iter().map(|row| row.line.trim().to_owned()).collect()
        }
    }
}

/// What a plan must not do, by database; `is_walk` when the order comes from an index.
fn complaint(is_sqlite: bool, steps: &[String], is_walk: bool, narrows: bool) -> Option<String> {
    let all = steps.join("\n");
    for step in steps {
        if is_sqlite {
            // A list of everything that is short is a short table.
            let is_all = !narrows && !is_walk;
            let scans_table = step.starts_with("SCAN r") && !step.contains("INDEX") && !is_all;
            // The hits that were found, and the page of them, are short; so is an index of what is partly paid alone.
            let scans_all = step.starts_with("SCAN r") && step != "SCAN r USING INDEX invoices_partly_paid";
            if scans_table || (narrows && !is_walk && scans_all) {
                return Some(format!("scans: {step}\n{all}"));
            }
        } else if step.contains("Seq Scan on invoices") || step.contains("Seq Scan on payments") {
            return Some(format!("scans: {step}\n{all}"));
        }
    }
    if !(is_sqlite && is_walk) {
        return None;
    }
    // Pages of at most 21 rows are put in order again when they are merged; a walk sorts nothing before that.
    let mut reads_table = true;
    for step in steps {
        if step.starts_with("CO-ROUTINE") {
            reads_table = true;
        } else if step.starts_with("SCAN b") || step.starts_with("SCAN page") {
            reads_table = false;
        } else if reads_table && step.contains("TEMP B-TREE FOR") {
            return Some(format!("sorts a table:\n{all}"));
        }
    }
    None
}

async fn check(db: TestDb) {
    let open = db.open();
    open.read(|conn: &mut Conn| {
        let is_sqlite = matches!(conn, Conn::Sqlite(_));
        if !is_sqlite {
            // The tables are empty: whatever has an index must use it.
            for setting in ["enable_seqscan = off", "jit = off"] {
                sql_query(format!("set {setting}")).execute(conn)?;
            }
        }
        let mut complaints = Vec::new();
        let lists = invoice_lists().into_iter().chain(payment_lists());
        for (name, list) in lists {
            let narrows = !list
                .all
                .iter()
                .all(|condition| condition.about == listing::About::Other)
                || !list.any.is_empty()
                || list.search.is_some();
            for [count, sorted, walked] in listing::statements(conn, &list) {
                for (what, sql, is_walk) in [
                    ("count", count, false),
                    ("page of a few", sorted, false),
                    ("page of many", walked, true),
                ] {
                    let steps = plan(conn, &sql);
                    if let Some(complaint) = complaint(is_sqlite, &steps, is_walk, narrows) {
                        complaints.push(format!("{name}, {what}: {complaint}"));
                    }
                }
            }
        }
        let shown: Vec<&str> = complaints.iter().take(5).map(String::as_str).collect();
        assert!(
            complaints.is_empty(),
            "{} plans\n{}",
            complaints.len(),
            shown.join("\n\n")
        );
        Ok::<_, diesel::result::Error>(())
    })
    .await
    .unwrap();
}

#[actix_web::test]
async fn sqlite() {
    check(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn postgres() {
    check(TestDb::postgres().await).await;
}

app_test!(a_search_uses_its_index, |app| {
    let name = "invoices by -created_at, states 0, filters 1000";
    let (_, list) = invoice_lists().into_iter().find(|(known, _)| known == name).unwrap();
    let steps = search_steps(app, list).await;
    let is_sqlite = matches!(app.db.location, server::db::Location::Sqlite(_));
    let wanted = if is_sqlite {
        "VIRTUAL TABLE INDEX"
    } else {
        "Bitmap Index Scan on invoices_search"
    };
    assert!(steps.contains(wanted), "{steps}");
});

async fn search_steps(app: &TestApp, list: Listing) -> String {
    let steps = move |conn: &mut Conn| {
        if matches!(conn, Conn::Postgres(_)) {
            for setting in ["enable_seqscan = off", "enable_indexscan = off"] {
                sql_query(format!("set {setting}")).execute(conn)?;
            }
        }
        let of_leads = listing::statements(conn, &list);
        let counts = of_leads.iter().flat_map(|[count, ..]| plan(conn, count));
        Ok::<_, diesel::result::Error>(counts.collect::<Vec<_>>().join("\n"))
    };
    app.app.db.read(steps).await.unwrap()
}
