//! One engine for the long lists: any filters, any order, and a count, at a million rows.
//!
//! A list first counts what matches, as far as its total is told exactly. When few match, all of them are found by
//! the narrowest filter and sorted; when many match, the index of the order is walked, since the next page is near.
//! Both answers cost about the same however long the table is. SQLite has no statistics of ours and is told which
//! filter leads, by a `+` before the columns of the others; PostgreSQL plans by its own, but is told how to search.

mod lead;
mod statements;

use diesel::{
    QueryResult, QueryableByName,
    pg::Pg,
    sql_types::{BigInt, Text},
    sqlite::Sqlite,
};

use self::{
    lead::Lead,
    statements::{counting, found, hits, sorted, these, walked},
};
use super::{
    Conn,
    sql::{Sql, Value},
};
use crate::paging::COUNT_UP_TO;

/// What a condition is about: which of them may lead is decided by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum About {
    Account,
    Status,
    Method,
    Currency,
    Amount,
    Day,
    Due,
    Number,
    Created,
    /// Has the index `invoices_partly_paid`, together with its state.
    PartlyPaid,
    /// Never leads.
    Other,
}

/// `total_minor >= ?` and its value; begins with the column.
#[derive(Debug, Clone)]
pub struct Condition {
    pub about: About,
    pub text: &'static str,
    pub values: Vec<Value>,
}

impl Condition {
    pub fn new(about: About, text: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        Self {
            about,
            text,
            values: values.into_iter().collect(),
        }
    }
}

/// A table with its index of words.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub name: &'static str,
    /// What stands in the select list, of the table called `r`.
    pub columns: &'static str,
    /// `join …` that the columns need; of rows that are shown only.
    pub joins: &'static str,
    /// `invoice` of `invoice_search` and `invoice_search_keys`, on SQLite.
    pub one: &'static str,
    /// SQLite's indexes that hold the text for the search behind the column of a filter.
    pub with_text: &'static [(About, &'static str)],
}

/// The order of a list: by a column, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub column: &'static str,
    pub is_descending: bool,
    /// Conditions that are a range of this column.
    pub about: About,
}

/// What a list asks for.
#[derive(Debug, Clone)]
pub struct Listing {
    pub table: Table,
    /// All of these.
    pub all: Vec<Condition>,
    /// And one of these, of which no row fits two; empty for no such choice.
    pub any: Vec<Vec<Condition>>,
    /// Of which each row that fits the others fits one, about the column of the order: where walks may begin.
    pub bounds: Vec<Vec<Condition>>,
    /// Folded text to search for.
    pub search: Option<String>,
    pub order: Order,
    /// Position of the last row of the page before: its value of the column, and its id.
    pub after: Option<(Value, String)>,
    pub limit: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// Rows of a page, and how many match, counted up to [`COUNT_UP_TO`].
pub fn load<T>(conn: &mut Conn, listing: &Listing) -> QueryResult<(Vec<T>, i64)>
where
    T: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
{
    let lead = lead::choose(conn, listing)?;
    let total = if lead == Lead::Everything {
        COUNT_UP_TO
    } else if lead.reads_rows(is_sqlite(conn)) && listing.search.is_some() {
        // Each row is read to see whether it has the words, so it is read once.
        let found: Vec<Hit> = found(listing, &lead, is_sqlite(conn)).load(conn)?;
        match found.first() {
            Some(Hit { total, .. }) if *total < COUNT_UP_TO => {
                let ids = found.iter().map(|hit| hit.id.as_str());
                return Ok((these(listing, ids).load(conn)?, *total));
            }
            Some(_) => COUNT_UP_TO,
            None => count_led(conn, listing, &lead)?,
        }
    } else {
        count_led(conn, listing, &lead)?
    };
    let rows = page_behind(conn, listing, &lead, total).load(conn)?;
    Ok((rows, total))
}

#[derive(QueryableByName)]
struct Hit {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// Reads on behind [`Listing::after`] without counting again.
pub fn load_on<T>(conn: &mut Conn, listing: &Listing, total: i64) -> QueryResult<Vec<T>>
where
    T: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
{
    let lead = if total < COUNT_UP_TO {
        lead::choose(conn, listing)?
    } else {
        Lead::Everything
    };
    page_behind(conn, listing, &lead, total).load(conn)
}

/// Rows that match, counted up to [`COUNT_UP_TO`].
pub fn count(conn: &mut Conn, listing: &Listing) -> QueryResult<i64> {
    let lead = lead::choose(conn, listing)?;
    count_led(conn, listing, &lead)
}

/// Aggregates over all that match, which must be few.
pub fn sum<T>(conn: &mut Conn, listing: &Listing, what: &str, group_by: &str) -> QueryResult<Vec<T>>
where
    T: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
{
    let lead = lead::choose(conn, listing)?;
    let mut sql = hits(listing, &lead, is_sqlite(conn));
    sql.push(" select ").push(what).push(" from hits");
    sql.push(&format!(
        " join {} r on r.id = hits.id group by {group_by}",
        listing.table.name
    ));
    sql.load(conn)
}

/// The statements of a list as they would be run under each lead that it may get, for tests of their plans: the count,
/// the page when all that match are sorted, and the page when the order is walked.
pub fn statements(conn: &Conn, listing: &Listing) -> Vec<[Sql; 3]> {
    let is_sqlite = is_sqlite(conn);
    let of_lead = |lead: Lead| {
        [
            counting(listing, &lead, is_sqlite, COUNT_UP_TO),
            sorted(listing, &lead, is_sqlite),
            walked(listing, is_sqlite),
        ]
    };
    lead::all(listing, is_sqlite).into_iter().map(of_lead).collect()
}

/// The statement of a page, once it is known how many match.
fn page_behind(conn: &Conn, listing: &Listing, lead: &Lead, total: i64) -> Sql {
    let is_sqlite = is_sqlite(conn);
    if total < COUNT_UP_TO {
        sorted(listing, lead, is_sqlite)
    } else {
        walked(listing, is_sqlite)
    }
}

fn is_sqlite(conn: &Conn) -> bool {
    matches!(conn, Conn::Sqlite(_))
}

fn count_led(conn: &mut Conn, listing: &Listing, lead: &Lead) -> QueryResult<i64> {
    if *lead == Lead::Everything {
        return Ok(COUNT_UP_TO);
    }
    let counted: Vec<Count> = counting(listing, lead, is_sqlite(conn), COUNT_UP_TO).load(conn)?;
    Ok(counted.first().map_or(0, |row| row.total))
}
