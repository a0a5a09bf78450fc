//! What search finds: rows of earlier versions, changed and deleted ones, after a vacuum, and bought plans.

use common::{auth::StaffRole, invoices::InvoiceSort};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use serde_json::Value;
use server::worker;

use super::{ANYTHING, Asked, expected, seed, some_invoices, walk};
use crate::support::rows::{self, InvoiceRow};

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    search_text: String,
}

app_test!(rows_of_earlier_versions_become_known_to_search, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let account = [customer.account_id.to_string()];
    let rows = some_invoices(&account, 8);
    seed(app, &rows).await;
    let lines = rows.iter().map(|row| row.insert_line("15"));
    let forgotten = "update invoices set search_text = ''".to_owned();
    rows::run(app, lines.chain([forgotten]).collect()).await;
    assert!(walk(&customer.client, "search=zoe", 100).await.is_empty());
    while worker::write_search_texts(&app.app).await.unwrap() > 0 {}
    let texts: Vec<TextRow> = app
        .app
        .db
        .read(|conn| sql_query("select search_text from invoices order by id").load(conn))
        .await
        .unwrap_or_else(|error: diesel::result::Error| panic!("{error}"));
    let texts: Vec<String> = texts.into_iter().map(|row| row.search_text).collect();
    assert_eq!(texts, rows.iter().map(InvoiceRow::text).collect::<Vec<_>>());
    let staff = app.staff(StaffRole::Support).await;
    let asked = Asked {
        search: Some("zoe"),
        ..ANYTHING
    };
    assert_eq!(
        walk(&staff, "search=zoe", 100).await,
        expected(&rows, &asked, InvoiceSort::CreatedNewest)
    );
    // A changed text is found by its new words, a deleted row not at all.
    let changed = format!(
        "update invoices set search_text = 'quite another' where id = '{}'",
        rows[1].id
    );
    rows::run(app, vec![changed]).await;
    assert_eq!(walk(&staff, "search=te%20ano", 100).await, [rows[1].id.clone()]);
    rows::run(
        app,
        vec![
            format!("delete from invoice_lines where invoice_id = '{}'", rows[1].id),
            format!("delete from invoices where id = '{}'", rows[1].id),
        ],
    )
    .await;
    assert!(walk(&staff, "search=te%20ano", 100).await.is_empty());
});

app_test!(search_survives_a_vacuum, |app| {
    if !matches!(app.db.location, server::db::Location::Sqlite(_)) {
        return;
    }
    let customer = app.customer("owner@karoo.test").await;
    let account = [customer.account_id.to_string()];
    let rows = some_invoices(&account, 20);
    seed(app, &rows).await;
    rows::run(app, vec![format!("delete from invoices where id = '{}'", rows[0].id)]).await;
    let vacuum = |conn: &mut server::db::Conn| sql_query("vacuum").execute(conn);
    app.app.db.read(vacuum).await.unwrap();
    let staff = app.staff(StaffRole::Support).await;
    let asked = Asked {
        search: Some("zoe"),
        ..ANYTHING
    };
    let rest = &rows[1..];
    assert_eq!(
        walk(&staff, "search=zoe", 100).await,
        expected(rest, &asked, InvoiceSort::CreatedNewest)
    );
});

app_test!(a_bought_plan_is_found_by_its_words, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    let list: Value = customer
        .client
        .get("/invoices?search=pro,%20MONTH")
        .await
        .expect(200)
        .value();
    assert_eq!(list["items"][0]["id"], checkout.invoice_id.as_str());
    let list: Value = customer
        .client
        .get("/payments?search=karoo%20kiln")
        .await
        .expect(200)
        .value();
    assert_eq!(list["items"][0]["id"], checkout.payment_id.as_str());
});
