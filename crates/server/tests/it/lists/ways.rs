//! The ways in which a list may be read: whichever filter leads, sorted or walked, the same rows come.

use common::{
    ids::AccountId,
    invoices::{InvoiceSort, InvoiceState},
};
use diesel::{QueryableByName, sql_types::Text};
use server::{
    days,
    db::{Conn, listing},
    invoices::list::{Filter, store},
    search,
};

use super::{Asked, now};
use crate::support::TestApp;

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
