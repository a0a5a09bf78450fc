//! More invoices than a list counts: the order is walked, and everything comes once.

use std::collections::BTreeSet;

use common::{
    auth::StaffRole,
    invoices::{InvoiceSort, InvoiceState, InvoiceSummary, InvoiceTotals},
};

use super::{ids_of, page};
use crate::support::{TestApp, rows};

/// More rows than are counted: one by one they would take too long.
fn many(account: &str, count: usize) -> String {
    let numbers = format!(
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < {count}) \
         insert into invoices (id, account_id, number, status, title, currency, subtotal_minor, vat_minor, total_minor, \
         amount_paid_minor, description, supplier_name, supplier_address, customer_name, customer_email, created_at, \
         updated_at, issued_at, due_at, search_text) select "
    );
    let padded = "substr('000000000000' || cast(i as text), length(cast(i as text)) + 1)";
    let minute = "substr('00' || cast(i % 60 as text), length(cast(i % 60 as text)) + 1)";
    let hour = "substr('00' || cast(i % 24 as text), length(cast(i % 24 as text)) + 1)";
    let at = |day: u8| {
        let text = format!("'2026-10-{day:02} ' || {hour} || ':' || {minute} || ':00'");
        // The databases disagree on whether a text is an instant.
        format!("cast({text} as /*T*/)")
    };
    format!(
        "{numbers}'01920001-0000-7000-8000-' || {padded}, '{account}', 'INV-' || cast(i as text), \
         case when i % 5 = 0 then 'open' else 'paid' end, 'Invoice', 'ZAR', i % 7, 0, i % 7, 0, 'Work', 'S', 'A', \
         'Karoo', 'a@b.test', {}, {}, {}, {}, 'inv-' || cast(i as text) || ' karoo work' from n",
        at(1),
        at(1),
        at(2),
        at(3)
    )
}

async fn insert_many(app: &TestApp, account: &str, count: usize) {
    let is_sqlite = matches!(app.db.location, server::db::Location::Sqlite(_));
    let kind = if is_sqlite { "text" } else { "timestamp" };
    rows::run(app, vec![many(account, count).replace("/*T*/", kind)]).await;
}

app_test!(what_is_more_than_is_counted_is_walked_whole, |app| {
    let customer = app.customer("owner@karoo.test").await;
    insert_many(app, customer.account_id.as_str(), 10_500).await;
    let staff = app.staff(StaffRole::Billing).await;
    let wide = [
        "",
        "search=karoo",
        "search=karoo+wor",
        "status=paid&status=open",
        "search=work&status=open&status=paid",
        "min=0",
    ];
    for (index, sort) in InvoiceSort::ALL.iter().enumerate() {
        let filter = wide[index % wide.len()];
        let first = page(&staff, &format!("{filter}&sort={sort}&limit=100")).await;
        assert_eq!((first.total, first.total_at_least), (None, Some(10_000)));
        let second = format!("{filter}&sort={sort}&limit=100&cursor={}", first.next_cursor.unwrap());
        let second = page(&staff, &second).await;
        let shown: Vec<String> = first
            .items
            .iter()
            .chain(&second.items)
            .map(|row| row.id.to_string())
            .collect();
        assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), 200, "{filter} {sort}");
        // The whole of some orders is enough.
        if index % 4 != 0 {
            continue;
        }
        let file = staff.get(&format!("/invoices/export.csv?{filter}&sort={sort}")).await;
        let ids = ids_of(&file.expect(200).body);
        assert_eq!(shown, ids[..200], "{filter} {sort}");
        assert_eq!(ids.len(), 10_500, "{filter} {sort}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 10_500, "{filter} {sort}");
    }
    // Days that hold all of them are sorted in orders that follow the days, and must show what a walk shows.
    for sort in InvoiceSort::ALL {
        let walked = page(&staff, &format!("sort={sort}&limit=100")).await;
        for filter in [
            "from=2026-10-01&to=2026-10-31",
            "from=2026-10-01&status=paid&status=open",
        ] {
            let by_days = page(&staff, &format!("{filter}&sort={sort}&limit=100")).await;
            assert_eq!(by_days.total_at_least, Some(10_000), "{filter} {sort}");
            let ids = |items: &[InvoiceSummary]| items.iter().map(|row| row.id).collect::<Vec<_>>();
            assert_eq!(ids(&by_days.items), ids(&walked.items), "{filter} {sort}");
        }
    }
    // The same as a customer asks it.
    let own = page(&customer.client, "search=inv-&sort=-due_at").await;
    assert_eq!(own.total_at_least, Some(10_000));
    let narrow = page(&customer.client, "search=inv-10499&sort=amount").await;
    assert_eq!(narrow.total, Some(1));
    // One rare word and one that all have: looked up by the rare one, and both must be there.
    for (search, total) in [("inv-10499+karoo", 1), ("inv-10499+work", 0), ("karoo+work+here", 0)] {
        let found = page(&staff, &format!("search={search}")).await;
        assert_eq!(found.total, Some(total), "{search}");
    }
    let totals: InvoiceTotals = staff.get("/invoices/totals?search=karoo").await.expect(200).json();
    let count = |state| totals.counts.iter().find(|count| count.state == state).unwrap().count;
    assert_eq!(count(InvoiceState::Paid), 8_400);
    assert_eq!(count(InvoiceState::Open), 2_100);
    assert_eq!(count(InvoiceState::Overdue), 2_100);
    assert_eq!((totals.total, totals.balance), (None, None));
});
