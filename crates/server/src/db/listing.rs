//! One engine for the long lists: any filters, any order, and a count, at a million rows.
//!
//! A list first counts what matches, as far as its total is told exactly. When few match, all of them are found by
//! the narrowest filter and sorted; when many match, the index of the order is walked, since the next page is near.
//! Both answers cost about the same however long the table is. SQLite has no statistics of ours and is told which
//! filter leads, by a `+` before the columns of the others; PostgreSQL plans by its own.

use std::borrow::Cow;

use diesel::{
    QueryResult, QueryableByName,
    pg::Pg,
    sql_types::{BigInt, Text},
    sqlite::Sqlite,
};

use super::{
    Conn,
    sql::{Sql, Value},
};
use crate::{paging::COUNT_UP_TO, search::like_pattern};

/// Hits of a search that are looked up one by one without a thought.
const FEW_HITS: i64 = 2_000;
/// Rows of a range of days that are sorted rather than sought in another order, which nearly follows the days.
const SORTED_DAYS: i64 = 50_000;

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

/// Who leads: its index is read, the other conditions are checked on the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lead {
    /// The database plans by itself.
    Planner,
    /// The index of words, asked for this part of the search.
    Search(String),
    These(Vec<About>),
}

/// Rows of a page, and how many match, counted up to [`COUNT_UP_TO`].
pub fn load<T>(conn: &mut Conn, listing: &Listing) -> QueryResult<(Vec<T>, i64)>
where
    T: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
{
    let lead = choose_lead(conn, listing)?;
    if listing.search.is_some() && is_sqlite(conn) {
        // Each row is read to see whether it has the words, so it is read once.
        let found: Vec<Hit> = found(listing, &lead).load(conn)?;
        if let Some(Hit { total, .. }) = found.first()
            && *total < COUNT_UP_TO
        {
            let ids = found.iter().map(|hit| hit.id.as_str());
            return Ok((these(listing, ids).load(conn)?, *total));
        }
    }
    let total = count_led(conn, listing, &lead)?;
    let rows = page_behind(conn, listing, &lead, total)?.load(conn)?;
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
        choose_lead(conn, listing)?
    } else {
        Lead::Planner
    };
    page_behind(conn, listing, &lead, total)?.load(conn)
}

/// Rows that match, counted up to [`COUNT_UP_TO`].
pub fn count(conn: &mut Conn, listing: &Listing) -> QueryResult<i64> {
    let lead = choose_lead(conn, listing)?;
    count_led(conn, listing, &lead)
}

/// Aggregates over all that match, which must be few.
pub fn sum<T>(conn: &mut Conn, listing: &Listing, what: &str, group_by: &str) -> QueryResult<Vec<T>>
where
    T: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
{
    let lead = choose_lead(conn, listing)?;
    let mut sql = hits(listing, &lead, is_sqlite(conn));
    sql.push(" select ").push(what).push(" from hits");
    sql.push(&format!(
        " join {} r on r.id = hits.id group by {group_by}",
        listing.table.name
    ));
    sql.load(conn)
}

/// The statements of a list as they would be run, for tests of their plans: the count, the page when all that match are
/// sorted, and the page when the order is walked.
pub fn statements(conn: &mut Conn, listing: &Listing) -> QueryResult<[Sql; 3]> {
    let lead = choose_lead(conn, listing)?;
    let is_sqlite = is_sqlite(conn);
    Ok([
        counting(listing, &lead, is_sqlite, COUNT_UP_TO),
        sorted(listing, &lead, is_sqlite),
        walked(listing, is_sqlite),
    ])
}

/// The statement of a page, once it is known how many match.
fn page_behind(conn: &mut Conn, listing: &Listing, lead: &Lead, total: i64) -> QueryResult<Sql> {
    let is_sqlite = is_sqlite(conn);
    if total < COUNT_UP_TO {
        return Ok(sorted(listing, lead, is_sqlite));
    }
    match days_to_sort(conn, listing)? {
        Some(lead) => Ok(sorted(listing, &lead, is_sqlite)),
        None => Ok(walked(listing, is_sqlite)),
    }
}

/// The lead of a range of days that is sorted, though many match: issue, due date and number nearly follow the days,
/// so that a walk in their order would pass over everything before the range.
fn days_to_sort(conn: &mut Conn, listing: &Listing) -> QueryResult<Option<Lead>> {
    let has = |about| listing.all.iter().any(|condition| condition.about == about);
    let follows_days = !matches!(listing.order.about, About::Day | About::Amount);
    if !has(About::Day) || !follows_days || has(About::Account) || listing.search.is_some() {
        return Ok(None);
    }
    let lead = Lead::These(vec![About::Status, About::Day]);
    let is_sqlite = is_sqlite(conn);
    let days: Vec<Count> = counting(&only(listing, &lead), &lead, is_sqlite, SORTED_DAYS).load(conn)?;
    let is_narrow = days.first().is_some_and(|days| days.total < SORTED_DAYS);
    Ok(is_narrow.then_some(if is_sqlite { lead } else { Lead::Planner }))
}

fn is_sqlite(conn: &Conn) -> bool {
    matches!(conn, Conn::Sqlite(_))
}

/// Counts each filter that has an index of its own, a little way, and takes the one that finds least.
fn choose_lead(conn: &mut Conn, listing: &Listing) -> QueryResult<Lead> {
    if !is_sqlite(conn) {
        return Ok(Lead::Planner);
    }
    let has = |about| {
        listing.all.iter().any(|condition| condition.about == about)
            || listing.any.iter().flatten().any(|condition| condition.about == about)
    };
    let by_column: Vec<Vec<About>> = if has(About::PartlyPaid) && !has(About::Account) {
        vec![vec![About::Status, About::Due, About::PartlyPaid]]
    } else if has(About::Account) {
        // Range conditions go with the account's own indexes.
        vec![vec![
            About::Account,
            About::Status,
            About::Day,
            About::Amount,
            About::Due,
        ]]
    } else if has(About::Status) {
        let with = |range| vec![About::Status, range];
        let ranges = [About::Day, About::Amount, About::Due];
        let mut leads: Vec<_> = ranges.into_iter().filter(|range| has(*range)).map(with).collect();
        if leads.is_empty() {
            leads.push(vec![About::Status]);
        }
        leads
    } else {
        let single = [About::Day, About::Amount, About::Method, About::Currency];
        single
            .into_iter()
            .filter(|about| has(*about))
            .map(|about| vec![about])
            .collect()
    };
    let mut leads: Vec<Lead> = by_column.into_iter().map(Lead::These).collect();
    if let Some(search) = &listing.search {
        leads.insert(0, Lead::Search(words_to_match(conn, listing, search)?));
    }
    if leads.len() < 2 {
        return Ok(leads.pop().unwrap_or(Lead::These(Vec::new())));
    }
    let mut best = (i64::MAX, Lead::Planner);
    for lead in leads {
        let found = counting(&only(listing, &lead), &lead, true, COUNT_UP_TO)
            .load::<Count>(conn)?
            .first()
            .map_or(0, |row| row.total);
        if found <= FEW_HITS {
            return Ok(lead);
        }
        // Among those that find much the last one wins: an index in the order of time, not of words.
        if found < best.0 || found == COUNT_UP_TO && matches!(best.1, Lead::Search(_)) {
            best = (found, lead);
        }
    }
    Ok(best.1)
}

/// The list with nothing but the conditions of a lead.
fn only(listing: &Listing, lead: &Lead) -> Listing {
    let leads = |condition: &&Condition| matches!(lead, Lead::These(abouts) if abouts.contains(&condition.about));
    let any: Vec<Vec<Condition>> = listing
        .any
        .iter()
        .map(|branch| branch.iter().filter(leads).cloned().collect())
        .collect();
    Listing {
        all: listing.all.iter().filter(leads).cloned().collect(),
        any: if any.iter().any(Vec::is_empty) { Vec::new() } else { any },
        search: listing.search.clone().filter(|_| matches!(lead, Lead::Search(_))),
        after: None,
        ..listing.clone()
    }
}

fn count_led(conn: &mut Conn, listing: &Listing, lead: &Lead) -> QueryResult<i64> {
    let counted: Vec<Count> = counting(listing, lead, is_sqlite(conn), COUNT_UP_TO).load(conn)?;
    Ok(counted.first().map_or(0, |row| row.total))
}

fn counting(listing: &Listing, lead: &Lead, is_sqlite: bool, at_most: i64) -> Sql {
    let mut sql = Sql::new("select count(*) as total from (");
    let branches = branches(listing);
    for (index, branch) in branches.iter().enumerate() {
        if index > 0 {
            sql.push(" union all ");
        }
        sql.push("select 1 from (select 1");
        from_where(&mut sql, listing, branch, lead, is_sqlite);
        sql.push(&format!(" limit {at_most}) b{index}"));
    }
    if branches.len() > 1 {
        sql.push(&format!(" limit {at_most}"));
    }
    sql.push(") hits");
    sql
}

fn branches(listing: &Listing) -> Vec<&[Condition]> {
    if listing.any.is_empty() {
        vec![&[]]
    } else {
        listing.any.iter().map(Vec::as_slice).collect()
    }
}

/// Finds all that match, then sorts.
fn sorted(listing: &Listing, lead: &Lead, is_sqlite: bool) -> Sql {
    let mut sql = hits(listing, lead, is_sqlite);
    sql.push(" select ")
        .push(listing.table.columns)
        .push(" from (select id from hits");
    after(&mut sql, listing, " where ", "sort_key", "id");
    order(&mut sql, listing, "sort_key", "id");
    sql.push(&format!(" limit {}) page", listing.limit));
    sql.push(&format!(
        " join {} r on r.id = page.id {}",
        listing.table.name, listing.table.joins
    ));
    order(&mut sql, listing, listing.order.column, "r.id");
    sql
}

/// The ids of a page of all that match, with their number, which is complete below [`COUNT_UP_TO`].
fn found(listing: &Listing, lead: &Lead) -> Sql {
    let mut sql = hits_up_to(listing, lead, true, Some(COUNT_UP_TO));
    sql.push(" select id, (select count(*) from hits) as total from hits");
    after(&mut sql, listing, " where ", "sort_key", "id");
    order(&mut sql, listing, "sort_key", "id");
    sql.push(&format!(" limit {}", listing.limit));
    sql
}

/// The rows of these ids.
fn these<'a>(listing: &Listing, ids: impl Iterator<Item = &'a str>) -> Sql {
    let Table {
        name, columns, joins, ..
    } = listing.table;
    let mut sql = Sql::new("select ");
    sql.push(columns)
        .push(&format!(" from {name} r {joins} where r.id in ("));
    for (index, id) in ids.enumerate() {
        sql.push(if index > 0 { ", " } else { "" });
        sql.bind(Value::from(id));
    }
    sql.push(")");
    order(&mut sql, listing, listing.order.column, "r.id");
    sql
}

fn hits(listing: &Listing, lead: &Lead, is_sqlite: bool) -> Sql {
    hits_up_to(listing, lead, is_sqlite, None)
}

fn hits_up_to(listing: &Listing, lead: &Lead, is_sqlite: bool, at_most: Option<i64>) -> Sql {
    let mut sql = Sql::new("with hits as materialized (");
    for (index, branch) in branches(listing).into_iter().enumerate() {
        if index > 0 {
            sql.push(" union all ");
        }
        sql.push(&format!("select r.id, r.{} as sort_key", bare(listing.order.column)));
        from_where(&mut sql, listing, branch, lead, is_sqlite);
    }
    if let Some(at_most) = at_most {
        // Of all branches together.
        sql.push(&format!(" limit {at_most}"));
    }
    sql.push(")");
    sql
}

/// Walks the index of the order, in each branch of its own, and merges.
fn walked(listing: &Listing, is_sqlite: bool) -> Sql {
    let order_of = listing.order;
    let is_by_creation = order_of.column.ends_with("created_at");
    let has = |about| listing.all.iter().any(|condition| condition.about == about);
    let mut abouts = vec![order_of.about];
    // Only indexes that have the order behind these columns.
    let branches = if has(About::Account) {
        abouts.push(About::Account);
        if is_by_creation {
            abouts.push(About::Status);
            branches(listing)
        } else {
            Vec::new()
        }
    } else if !listing.any.is_empty() {
        abouts.push(About::Status);
        branches(listing)
    } else {
        abouts.push(About::Method);
        branches(listing)
    };
    let lead = Lead::These(abouts);
    let mut sql = Sql::new("select ");
    sql.push(listing.table.columns).push(" from (");
    if branches.is_empty() {
        walk(&mut sql, listing, None, &lead, is_sqlite);
    }
    for (index, branch) in branches.iter().enumerate() {
        if index > 0 {
            sql.push(" union all ");
        }
        sql.push("select * from (");
        walk(&mut sql, listing, Some(branch), &lead, is_sqlite);
        sql.push(&format!(") b{index}"));
    }
    sql.push(") page");
    sql.push(&format!(
        " join {} r on r.id = page.id {}",
        listing.table.name, listing.table.joins
    ));
    order(&mut sql, listing, listing.order.column, "r.id");
    sql.push(&format!(" limit {}", listing.limit));
    sql
}

fn walk(sql: &mut Sql, listing: &Listing, branch: Option<&[Condition]>, lead: &Lead, is_sqlite: bool) {
    sql.push("select r.id");
    match branch {
        Some(branch) => from_where(sql, listing, branch, lead, is_sqlite),
        None => {
            from_where(sql, listing, &[], lead, is_sqlite);
            any_of(sql, listing, is_sqlite);
        }
    }
    after(sql, listing, " and ", listing.order.column, "r.id");
    order(sql, listing, listing.order.column, "r.id");
    sql.push(&format!(" limit {}", listing.limit));
}

/// All branches in one condition, for a walk that does not follow them.
fn any_of(sql: &mut Sql, listing: &Listing, is_sqlite: bool) {
    if listing.any.is_empty() {
        return;
    }
    sql.push(" and (");
    for (index, branch) in listing.any.iter().enumerate() {
        sql.push(if index > 0 { " or (" } else { "(" });
        for (index, condition) in branch.iter().enumerate() {
            sql.push(if index > 0 { " and " } else { "" });
            sql.push(if is_sqlite { "+" } else { "" });
            sql.push_with(condition.text, &condition.values);
        }
        sql.push(")");
    }
    sql.push(")");
}

/// ` from … where …` with all conditions of the list and of one branch; always has a `where`.
fn from_where(sql: &mut Sql, listing: &Listing, branch: &[Condition], lead: &Lead, is_sqlite: bool) {
    let Table { name, one, .. } = listing.table;
    match (&listing.search, lead) {
        (Some(search), Lead::Search(words)) => {
            // `cross join` keeps SQLite to this order.
            sql.push(&format!(
                " from {one}_search s cross join {one}_search_keys k on k.key = s.rowid"
            ));
            sql.push(&format!(
                " cross join {name} r on r.id = k.{one}_id where s.text match "
            ));
            sql.bind(phrase(words));
            if words != search {
                sql.push(" and instr(r.search_text, ");
                sql.bind(Value::Text(search.clone())).push(") > 0");
            }
        }
        (Some(search), Lead::Planner) => {
            sql.push(&format!(" from {name} r where r.search_text like "));
            sql.bind(Value::Text(like_pattern(search)));
        }
        (Some(search), Lead::These(_)) => {
            let find = if is_sqlite { "instr" } else { "strpos" };
            sql.push(&format!(" from {name} r where {find}(r.search_text, "));
            sql.bind(Value::Text(search.clone())).push(") > 0");
        }
        (None, _) => {
            sql.push(&format!(" from {name} r"));
            // Without statistics SQLite believes that any state is rarer than what is partly paid.
            let is_partly_paid = |condition: &Condition| condition.about == About::PartlyPaid;
            if is_sqlite
                && *lead != Lead::Planner
                && leads_with(lead, About::PartlyPaid)
                && branch.iter().any(is_partly_paid)
            {
                sql.push(" indexed by invoices_partly_paid");
            }
            sql.push(" where 1 = 1");
        }
    }
    for condition in listing.all.iter().chain(branch) {
        sql.push(" and ");
        let leads = leads_with(lead, condition.about);
        let plus = is_sqlite && !leads && condition.about != About::Other;
        sql.push(if plus { "+" } else { "" });
        sql.push_with(condition.text, &condition.values);
    }
}

fn leads_with(lead: &Lead, about: About) -> bool {
    match lead {
        Lead::Planner => true,
        Lead::Search(_) => false,
        Lead::These(abouts) => abouts.contains(&about),
    }
}

/// The most telling word of a search when few rows have it, and the rest is compared on those; else the whole, for
/// which FTS5 reads the rows of each three letters and no row of the table.
fn words_to_match(conn: &mut Conn, listing: &Listing, search: &str) -> QueryResult<String> {
    let word = telling_word(search);
    if word == search {
        return Ok(search.to_owned());
    }
    let mut sql = Sql::new("select count(*) as total from (select 1 from ");
    sql.push(&format!("{}_search s where s.text match ", listing.table.one));
    sql.bind(phrase(word)).push(&format!(" limit {}) hits", FEW_HITS + 1));
    let found: Vec<Count> = sql.load(conn)?;
    let is_rare = found.first().is_some_and(|row| row.total <= FEW_HITS);
    Ok(if is_rare { word } else { search }.to_owned())
}

fn phrase(words: &str) -> Value {
    Value::Text(format!("\"{}\"", words.replace('"', "\"\"")))
}

/// The word of a search that fewest rows have, as far as its letters tell.
fn telling_word(search: &str) -> &str {
    let words = search.split(' ').filter(|word| word.chars().count() >= 3);
    let telling = |word: &&str| (word.chars().any(|letter| letter.is_ascii_digit()), word.chars().count());
    words.max_by_key(telling).unwrap_or(search)
}

fn after(sql: &mut Sql, listing: &Listing, word: &str, column: &str, id: &str) {
    if let Some((value, last_id)) = &listing.after {
        let sign = if listing.order.is_descending { '<' } else { '>' };
        sql.push(&format!("{word}({column}, {id}) {sign} ("));
        sql.bind(value.clone()).push(", ");
        sql.bind(Value::Text(last_id.clone())).push(")");
    }
}

fn order(sql: &mut Sql, listing: &Listing, column: &str, id: &str) {
    let direction = if listing.order.is_descending { " desc" } else { "" };
    sql.push(&format!(" order by {column}{direction}, {id}{direction}"));
}

fn bare(column: &str) -> Cow<'_, str> {
    Cow::from(column.strip_prefix("r.").unwrap_or(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_led_by_its_most_telling_word() {
        for (search, word) in [
            ("karoo trading 4711", "4711"),
            ("garden route", "garden"),
            ("inv-000007", "inv-000007"),
            ("a1 bc karoo", "karoo"),
            ("a b c", "a b c"),
        ] {
            assert_eq!(telling_word(search), word, "{search}");
        }
    }
}
