//! The statements of a list.

use std::borrow::Cow;

use super::{
    About, Condition, Listing, Table,
    lead::{Lead, has},
};
use crate::{
    db::sql::{Sql, Value},
    paging::COUNT_UP_TO,
    search::{sparse_like_pattern, sparser_like_pattern},
};

pub(super) fn counting(listing: &Listing, lead: &Lead, is_sqlite: bool, at_most: i64) -> Sql {
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
pub(super) fn sorted(listing: &Listing, lead: &Lead, is_sqlite: bool) -> Sql {
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
pub(super) fn found(listing: &Listing, lead: &Lead, is_sqlite: bool) -> Sql {
    let mut sql = hits_up_to(listing, lead, is_sqlite, Some(COUNT_UP_TO));
    sql.push(" select id, (select count(*) from hits) as total from hits");
    after(&mut sql, listing, " where ", "sort_key", "id");
    order(&mut sql, listing, "sort_key", "id");
    sql.push(&format!(" limit {}", listing.limit));
    sql
}

/// The rows of these ids.
pub(super) fn these<'a>(listing: &Listing, ids: impl Iterator<Item = &'a str>) -> Sql {
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

pub(super) fn hits(listing: &Listing, lead: &Lead, is_sqlite: bool) -> Sql {
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
pub(super) fn walked(listing: &Listing, is_sqlite: bool) -> Sql {
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
    let branches: Vec<Option<&[Condition]>> = if branches.is_empty() {
        vec![None]
    } else {
        branches.into_iter().map(Some).collect()
    };
    let whole = [Vec::new()];
    let bounds = if listing.bounds.is_empty() {
        &whole
    } else {
        &listing.bounds[..]
    };
    let mut sql = Sql::new("select ");
    sql.push(listing.table.columns).push(" from (");
    for (index, branch) in branches.iter().enumerate() {
        for (at, bound) in bounds.iter().enumerate() {
            if index + at > 0 {
                sql.push(" union all ");
            }
            sql.push("select * from (");
            walk(&mut sql, listing, *branch, bound, &lead, is_sqlite);
            sql.push(&format!(") b{index}_{at}"));
        }
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

fn walk(
    sql: &mut Sql,
    listing: &Listing,
    branch: Option<&[Condition]>,
    bound: &[Condition],
    lead: &Lead,
    is_sqlite: bool,
) {
    sql.push("select r.id");
    match branch {
        Some(branch) => from_where(sql, listing, branch, lead, is_sqlite),
        None => {
            from_where(sql, listing, &[], lead, is_sqlite);
            any_of(sql, listing, is_sqlite);
        }
    }
    for condition in bound {
        sql.push(" and ").push_with(condition.text, &condition.values);
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
        (Some(search), Lead::Search(words)) if is_sqlite => {
            // `cross join` keeps SQLite to this order.
            sql.push(&format!(
                " from {one}_search s cross join {one}_search_keys k on k.key = s.rowid"
            ));
            sql.push(&format!(
                " cross join {name} r on r.id = k.{one}_id where s.text match "
            ));
            sql.bind(phrase(words));
            if words != search {
                sql.push(" and ");
                has_text(sql, search, is_sqlite);
            }
        }
        (Some(search), Lead::Search(words)) => {
            sql.push(&format!(" from {name} r where r.search_text like "));
            // The account is in the same index.
            let pattern = match has(listing, About::Account) {
                true => sparser_like_pattern(words),
                false => sparse_like_pattern(words),
            };
            sql.bind(Value::Text(pattern)).push(" and ");
            has_text(sql, search, is_sqlite);
        }
        (Some(search), Lead::These(_)) => {
            sql.push(&format!(" from {name} r"));
            let index = listing.table.with_text.iter().find(|(about, _)| lead.has(*about));
            if let (true, Lead::These(abouts), Some((_, index))) = (is_sqlite, lead, index)
                && abouts.len() == 1
            {
                sql.push(" indexed by ").push(index);
            }
            sql.push(" where ");
            has_text(sql, search, is_sqlite);
        }
        (Some(search), Lead::Everything | Lead::Planner) => {
            sql.push(&format!(" from {name} r where "));
            has_text(sql, search, is_sqlite);
        }
        (None, _) => {
            sql.push(&format!(" from {name} r"));
            // Without statistics SQLite believes that any state is rarer than what is partly paid.
            let is_partly_paid = |condition: &Condition| condition.about == About::PartlyPaid;
            if is_sqlite
                && matches!(lead, Lead::These(_))
                && lead.has(About::PartlyPaid)
                && branch.iter().any(is_partly_paid)
            {
                sql.push(" indexed by invoices_partly_paid");
            }
            sql.push(" where 1 = 1");
        }
    }
    for condition in listing.all.iter().chain(branch) {
        sql.push(" and ");
        let plus = is_sqlite && !lead.has(condition.about) && condition.about != About::Other;
        sql.push(if plus { "+" } else { "" });
        sql.push_with(condition.text, &condition.values);
    }
}

/// Compares the text itself, so that no index of words is asked.
fn has_text(sql: &mut Sql, search: &str, is_sqlite: bool) {
    sql.push(if is_sqlite { "instr" } else { "strpos" });
    sql.push("(r.search_text, ").bind(Value::from(search)).push(") > 0");
}

/// Counts what the index of words finds.
pub(super) fn matching(table: Table, words: &str, is_sqlite: bool, at_most: i64) -> Sql {
    let mut sql = Sql::new("select count(*) as total from (select 1 from ");
    if is_sqlite {
        sql.push(&format!("{}_search s where s.text match ", table.one));
        sql.bind(phrase(words));
    } else {
        sql.push(&format!("{} r where r.search_text like ", table.name));
        sql.bind(Value::Text(sparse_like_pattern(words)));
    }
    sql.push(&format!(" limit {at_most}) hits"));
    sql
}

/// Counts which of the newest rows have the text, on PostgreSQL.
pub(super) fn among_newest(table: Table, search: &str, newest: i64) -> Sql {
    let mut sql = Sql::new("select count(*) as total from (select r.search_text from ");
    sql.push(&format!(
        "{} r order by r.created_at desc, r.id desc limit {newest}) r where ",
        table.name
    ));
    has_text(&mut sql, search, false);
    sql
}

fn phrase(words: &str) -> Value {
    Value::Text(format!("\"{}\"", words.replace('"', "\"\"")))
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
