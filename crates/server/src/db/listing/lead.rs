//! Which filter leads a list: its index is read, the other conditions are checked on what it finds.

use diesel::QueryResult;

use super::{
    About, Condition, Conn, Count, Listing, is_sqlite,
    statements::{among_newest, counting, matching},
};
use crate::paging::COUNT_UP_TO;

/// Hits of a search that are looked up one by one without a thought.
const FEW_HITS: i64 = 2_000;
/// Rows of a range of days that are searched for words one by one.
const SEARCHED_DAYS: i64 = 50_000;
/// Rows that tell whether a text is common.
const NEWEST: i64 = 1_000;
/// Entries of an index that are searched for words rather than the hits of the words looked up.
const SEARCHED_ENTRIES: i64 = 100_000;
/// What looking up a row costs in entries of an index that are passed.
const ROW_IN_ENTRIES: i64 = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lead {
    /// Nobody: more match than are counted.
    Everything,
    /// The database plans by itself.
    Planner,
    /// The index of words, asked for this part of the search.
    Search(String),
    These(Vec<About>),
}

impl Lead {
    pub fn has(&self, about: About) -> bool {
        match self {
            Self::Everything | Self::Planner => true,
            Self::Search(_) => false,
            Self::These(abouts) => abouts.contains(&about),
        }
    }

    /// Whether counting what is searched reads rows of the table, and not only an index.
    pub fn reads_rows(&self, is_sqlite: bool) -> bool {
        !is_sqlite || matches!(self, Self::Search(_))
    }
}

/// Counts each filter that has an index of its own, a little way, and takes the one that is read quickest.
pub(super) fn choose(conn: &mut Conn, listing: &Listing) -> QueryResult<Lead> {
    match (&listing.search, is_sqlite(conn)) {
        (Some(search), true) => choose_searching_sqlite(conn, listing, search),
        (None, true) => choose_column(conn, listing),
        (Some(search), false) => choose_searching_postgres(conn, listing, search),
        (None, false) => Ok(Lead::Planner),
    }
}

/// Every lead that [`choose`] may take.
pub(super) fn all(listing: &Listing, is_sqlite: bool) -> Vec<Lead> {
    let mut leads = Vec::new();
    match (&listing.search, is_sqlite) {
        (Some(search), true) => {
            leads.extend(columns_with_text(listing));
            leads.extend(columns_without_text(listing));
            leads.push(Lead::Search(search.clone()));
        }
        (Some(search), false) => {
            leads.push(Lead::Search(search.clone()));
            // Alone a common text is looked for in the whole table, until as many are found as are counted.
            if !listing.all.is_empty() || !listing.any.is_empty() {
                leads.push(Lead::These(Vec::new()));
            }
        }
        (None, true) => leads.extend(columns(listing)),
        (None, false) => leads.push(Lead::Planner),
    }
    if leads.is_empty() {
        leads.push(Lead::These(Vec::new()));
    }
    leads
}

pub(super) fn has(listing: &Listing, about: About) -> bool {
    let is = |condition: &Condition| condition.about == about;
    listing.all.iter().any(is) || listing.any.iter().flatten().any(is)
}

fn choose_column(conn: &mut Conn, listing: &Listing) -> QueryResult<Lead> {
    let mut leads = columns(listing);
    if leads.len() < 2 {
        return Ok(leads.pop().unwrap_or(Lead::These(Vec::new())));
    }
    let mut best = (i64::MAX, Lead::Planner);
    for lead in leads {
        let found = count_of(conn, listing, &lead, COUNT_UP_TO)?;
        if found <= FEW_HITS {
            return Ok(lead);
        }
        if found < best.0 {
            best = (found, lead);
        }
    }
    Ok(best.1)
}

fn columns(listing: &Listing) -> Vec<Lead> {
    let has = |about| has(listing, about);
    let leads: Vec<Vec<About>> = if has(About::PartlyPaid) && !has(About::Account) {
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
    leads.into_iter().map(Lead::These).collect()
}

/// Words of few rows are looked up. Else the filter is read that has fewest entries to be searched, or the hits of
/// the words when each filter fits nearly everything.
fn choose_searching_sqlite(conn: &mut Conn, listing: &Listing, search: &str) -> QueryResult<Lead> {
    let words = words_to_match(conn, listing, search)?;
    let is_alone = listing.all.is_empty() && listing.any.is_empty() && words == search;
    let at_most = if is_alone { COUNT_UP_TO } else { FEW_HITS + 1 };
    let hits = count_hits(conn, listing, &words, at_most)?;
    if is_alone && hits == COUNT_UP_TO {
        return Ok(Lead::Everything);
    }
    let mut best = (i64::MAX, Lead::Search(words));
    if hits <= FEW_HITS {
        return Ok(best.1);
    }
    for (leads, at_most, cost) in [
        (columns_with_text(listing), SEARCHED_ENTRIES, 1),
        (columns_without_text(listing), COUNT_UP_TO, ROW_IN_ENTRIES),
    ] {
        for lead in leads {
            let found = count_of(conn, listing, &lead, at_most)?;
            if found < at_most && found * cost < best.0 {
                best = (found * cost, lead);
            }
        }
    }
    Ok(best.1)
}

/// PostgreSQL reads all that its index of words finds before the first row comes: a state or an account makes that
/// less, since it is in the same index; days are read instead, and so is whatever else there is for a common word.
fn choose_searching_postgres(conn: &mut Conn, listing: &Listing, search: &str) -> QueryResult<Lead> {
    // No account has so many rows that counting them first would pay.
    if has(listing, About::Account) {
        return Ok(Lead::Search(words_to_match(conn, listing, search)?));
    }
    if has(listing, About::Day) {
        let days = Lead::These(vec![About::Day]);
        if count_of(conn, listing, &days, SEARCHED_DAYS)? < SEARCHED_DAYS {
            return Ok(days);
        }
    }
    if is_common(conn, listing, search)? {
        let states = Lead::These(vec![About::Status]);
        if !has(listing, About::Status) || count_of(conn, listing, &states, SEARCHED_ENTRIES)? == SEARCHED_ENTRIES {
            return Ok(Lead::These(Vec::new()));
        }
    }
    Ok(Lead::Search(words_to_match(conn, listing, search)?))
}

/// Whether one in twenty of the newest rows has the text: then a scan has soon found as many as are counted.
fn is_common(conn: &mut Conn, listing: &Listing, search: &str) -> QueryResult<bool> {
    let found: Vec<Count> = among_newest(listing.table, search, NEWEST).load(conn)?;
    Ok(found.first().is_some_and(|row| row.total * 20 >= NEWEST))
}

fn columns_with_text(listing: &Listing) -> Vec<Lead> {
    let with_text = listing.table.with_text.iter();
    let asked = with_text.filter(|(about, _)| has(listing, *about));
    asked.map(|(about, _)| Lead::These(vec![*about])).collect()
}

fn columns_without_text(listing: &Listing) -> Vec<Lead> {
    let has_text = |lead: &Lead| columns_with_text(listing).contains(lead);
    columns(listing).into_iter().filter(|lead| !has_text(lead)).collect()
}

/// Rows that fit the conditions of a lead alone.
fn count_of(conn: &mut Conn, listing: &Listing, lead: &Lead, at_most: i64) -> QueryResult<i64> {
    let leads = |condition: &&Condition| lead.has(condition.about);
    let any: Vec<Vec<Condition>> = listing
        .any
        .iter()
        .map(|branch| branch.iter().filter(leads).cloned().collect())
        .collect();
    let alone = Listing {
        all: listing.all.iter().filter(leads).cloned().collect(),
        any: if any.iter().any(Vec::is_empty) { Vec::new() } else { any },
        search: None,
        after: None,
        ..listing.clone()
    };
    let counted: Vec<Count> = counting(&alone, lead, is_sqlite(conn), at_most).load(conn)?;
    Ok(counted.first().map_or(0, |row| row.total))
}

fn count_hits(conn: &mut Conn, listing: &Listing, words: &str, at_most: i64) -> QueryResult<i64> {
    let counted: Vec<Count> = matching(listing.table, words, is_sqlite(conn), at_most).load(conn)?;
    Ok(counted.first().map_or(0, |row| row.total))
}

/// The most telling word of a search when few rows have it, and the rest is compared on those; else the whole, for
/// which the index of words reads the rows of each three letters and few rows of the table.
fn words_to_match(conn: &mut Conn, listing: &Listing, search: &str) -> QueryResult<String> {
    let word = telling_word(search);
    if word == search {
        return Ok(search.to_owned());
    }
    let is_rare = count_hits(conn, listing, word, COUNT_UP_TO)? < COUNT_UP_TO;
    Ok(if is_rare { word } else { search }.to_owned())
}

/// The word of a search that fewest rows have, as far as its letters tell; with the spaces around it, which tell too.
fn telling_word(search: &str) -> &str {
    let mut best = (search, (false, 0));
    let mut start = 0;
    for word in search.split(' ') {
        let end = start + word.len();
        let telling = (word.chars().any(|letter| letter.is_ascii_digit()), word.chars().count());
        if telling.1 >= 3 && telling >= best.1 {
            best = (&search[start.saturating_sub(1)..(end + 1).min(search.len())], telling);
        }
        start = end + 1;
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_led_by_its_most_telling_word() {
        for (search, word) in [
            ("karoo trading 4711", " 4711"),
            ("garden route", "garden "),
            ("inv-000007", "inv-000007"),
            ("a1 bc karoo", " karoo"),
            ("a b c", "a b c"),
        ] {
            assert_eq!(telling_word(search), word, "{search}");
        }
    }
}
