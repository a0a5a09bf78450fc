//! The ways in which a list may be read: whichever filter leads, sorted or walked, the same rows come.

use common::{
    ids::AccountId,
    invoices::{InvoiceSort, InvoiceState},
};
use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use server::{
    days,
    db::{Conn, listing},
    invoices::list::{Filter, store},
    search,
};

use super::{Asked, now, seed, some_invoices};
use crate::support::{TestApp, rows};

#[derive(QueryableByName)]
struct Day {
    #[diesel(sql_type = BigInt)]
    first_number: i64,
    #[diesel(sql_type = BigInt)]
    last_number: i64,
}

async fn days_of_issue(app: &TestApp) -> Vec<(i64, i64)> {
    let read = |conn: &mut Conn| {
        sql_query("select first_number, last_number from invoice_days order by day").load::<Day>(conn)
    };
    let days: Vec<Day> = app.app.db.read(read).await.unwrap();
    days.into_iter()
        .map(|day| (day.first_number, day.last_number))
        .collect()
}

app_test!(a_day_knows_its_numbers_when_a_draft_is_issued, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let mut drafts = some_invoices(&[customer.account_id.to_string()], 24);
    drafts.retain(|row| row.status == "draft");
    seed(app, &drafts).await;
    assert_eq!(days_of_issue(app).await, []);
    let issue = |row: &rows::InvoiceRow, number: usize| {
        format!(
            "update invoices set status = 'open', number = 'INV-{number:06}', issued_at = '2026-11-24 07:00:00', \
             due_at = '2026-12-01 07:00:00' where id = '{}'",
            row.id
        )
    };
    rows::run(app, vec![issue(&drafts[0], 8), issue(&drafts[1], 7)]).await;
    assert_eq!(days_of_issue(app).await, [(7, 8)]);
    // What is only written back leaves the day alone, so that payments do not wait for each other.
    let write_back = "update invoices set issued_at = issued_at, due_at = due_at, number = number, status = 'paid'";
    rows::run(app, vec!["delete from invoice_days".to_owned(), write_back.to_owned()]).await;
    assert_eq!(days_of_issue(app).await, []);
});

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
}

/// The rows of the first page by each statement that the list may become.
pub async fn all(app: &TestApp, asked: &Asked<'_>, sort: InvoiceSort, limit: i64) -> Vec<(String, Vec<String>)> {
    let filter = Filter {
        account_id: asked.account.map(|id| AccountId::parse(id).unwrap()),
        sees_drafts: asked.sees_drafts,
        states: asked
            .states
            .iter()
            .map(|state| InvoiceState::parse(state).unwrap())
            .collect(),
        period: days::period(asked.from, asked.to).unwrap(),
        min: asked.min,
        max: asked.max,
        search: asked.search.map(|text| search::fold([text])),
        sort,
        now: now(),
        made_until: None,
    };
    let listing = store::listing(&filter, None, limit);
    let read = move |conn: &mut Conn| {
        let mut ways = Vec::new();
        for (lead, [_, sorted, walked]) in listing::statements(conn, &listing).into_iter().enumerate() {
            for (way, statement) in [("sorted", sorted), ("walked", walked)] {
                let rows: Vec<Row> = statement.load(conn)?;
                let ids = rows.into_iter().map(|row| row.id).collect();
                ways.push((format!("{way}, lead {lead}"), ids));
            }
        }
        Ok::<_, diesel::result::Error>(ways)
    };
    app.app.db.read(read).await.unwrap()
}
