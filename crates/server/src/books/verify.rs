//! The proof of the books: each invariant asked of the database, in memory that does not grow with it.
//!
//! Every invariant is checked on one unchanging view, so it may run while the server settles payments. The sums are
//! made by the database; documents and the chain are read page by page.

mod queries;
pub mod store;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use common::{
    Money,
    books::{BookCheck, BookFinding, Books, Invariant, LedgerAccount, Posting},
    money::format_money,
};

use self::{
    queries::Question,
    store::{Breach, CheckRow},
};
use super::{
    rules::{self, Hashed, Leg},
    store::{self as ledger, PostingRow, TransactionRow},
};
use crate::{
    app::App,
    db::{Conn, QueryResult},
    error::ApiError,
    invoices::seal::{self, Checked},
};

/// Findings that are kept of each invariant.
const MOST_FINDINGS: usize = 20;
/// Rows that are held in memory at once.
const PAGE: i64 = 500;
/// After this time somebody must have found out what became of an attempt.
const UNKNOWN_FOR_AT_MOST: TimeDelta = TimeDelta::days(7);
/// How often the worker checks everything.
const EVERY: TimeDelta = TimeDelta::days(1);

/// What a check saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub rows: i64,
    /// The first that break it.
    pub findings: Vec<BookFinding>,
}

impl Seen {
    fn find(&mut self, kind: &str, id: impl ToString, message: String) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(BookFinding {
                kind: kind.to_owned(),
                id: id.to_string(),
                message,
            });
        }
    }
}

/// Checks every invariant, keeps what was found, and answers with the state of the books.
pub async fn verify(app: &App) -> Result<Books, ApiError> {
    for &invariant in Invariant::ALL {
        let now = app.clock.now();
        let seen = app.db.snapshot(move |conn| check(conn, invariant, now)).await?;
        for finding in &seen.findings {
            let (kind, id, message) = (&finding.kind, &finding.id, &finding.message);
            tracing::error!(%invariant, kind, id, "The books do not hold: {message}");
        }
        let row = CheckRow {
            invariant: invariant.to_string(),
            holds: seen.findings.is_empty(),
            checked: seen.rows,
            findings: serde_json::to_string(&seen.findings).expect("findings hold only text"),
            checked_at: now.naive_utc(),
        };
        app.db.write(move |conn| store::save_check(conn, &row)).await?;
    }
    load(app).await
}

/// The same when the last check is a day old, or one never was; tells whether it did.
pub async fn verify_when_due(app: &App) -> Result<bool, ApiError> {
    let checks = app.db.read(store::load_checks).await?;
    let due_before = (app.clock.now() - EVERY).naive_utc();
    let is_recent = |invariant: &Invariant| {
        checks
            .iter()
            .any(|row| row.invariant == invariant.as_str() && row.checked_at > due_before)
    };
    if Invariant::ALL.iter().all(is_recent) {
        return Ok(false);
    }
    verify(app).await?;
    Ok(true)
}

/// The state of the books, with what the last checks found.
pub async fn load(app: &App) -> Result<Books, ApiError> {
    app.db
        .snapshot(|conn| {
            let rows = store::load_checks(conn)?;
            let check = |invariant: &Invariant| {
                let row = rows.iter().find(|row| row.invariant == invariant.as_str());
                let checked = row.map_or(0, |row| row.checked);
                BookCheck {
                    invariant: *invariant,
                    sentence: rules::sentence(*invariant, row.map(|row| row.checked)),
                    holds: row.map(|row| row.holds),
                    checked,
                    findings: row
                        .and_then(|row| serde_json::from_str(&row.findings).ok())
                        .unwrap_or_default(),
                    checked_at: row.map(|row| row.checked_at.and_utc()),
                }
            };
            let posting = |(account, currency, minor): (String, _, _)| {
                let account = LedgerAccount::parse(&account)?;
                Some(Posting {
                    account,
                    amount: Money::new(minor, currency),
                })
            };
            Ok(Books {
                checks: Invariant::ALL.iter().map(check).collect(),
                balances: ledger::load_balances(conn)?.into_iter().filter_map(posting).collect(),
                transactions: store::last_number(conn, "ledger")?,
            })
        })
        .await
}

/// What the metrics tell of the last checks: name, whether it held, and when.
pub fn last_checks(conn: &mut Conn) -> QueryResult<Vec<(String, bool, DateTime<Utc>)>> {
    let rows = store::load_checks(conn)?.into_iter();
    Ok(rows
        .map(|row| (row.invariant, row.holds, row.checked_at.and_utc()))
        .collect())
}

/// Checks one invariant on what `conn` sees, and keeps nothing.
pub fn check(conn: &mut Conn, invariant: Invariant, now: DateTime<Utc>) -> Result<Seen, ApiError> {
    use queries as q;
    match invariant {
        Invariant::I1 => ask(conn, q::ENTRIES, q::I1),
        Invariant::I2 => ask(conn, q::ACCOUNTS, q::I2),
        Invariant::I3 => ask(conn, q::INVOICES, q::I3),
        Invariant::I4 => ask(conn, q::REFUNDS_AND_NOTES, q::I4),
        Invariant::I5 => ask(conn, q::MOVEMENTS, q::I5),
        Invariant::I6 => seals(conn),
        Invariant::I7 => numbers(conn),
        Invariant::I8 => {
            let mut seen = ask(conn, q::STATEMENT_LINES, q::I8)?;
            unstated(conn, &mut seen)?;
            Ok(seen)
        }
        Invariant::I9 => ask(conn, q::GRANTS, q::I9),
        Invariant::I10 => unknown(conn, now),
        Invariant::Chain => chain(conn),
    }
}

fn ask(conn: &mut Conn, counts: &str, questions: &[Question]) -> Result<Seen, ApiError> {
    let mut seen = Seen {
        rows: store::count(conn, counts)?,
        ..Seen::default()
    };
    for question in questions {
        for breach in store::find_breaches(conn, question.sql)? {
            let message = words(question.message, &breach);
            seen.find(question.kind, breach.id, message);
        }
    }
    Ok(seen)
}

fn words(message: &str, breach: &Breach) -> String {
    message
        .replace("{left}", &rand(breach.left_minor))
        .replace("{right}", &rand(breach.right_minor))
        .replace("{l}", &breach.left_minor.to_string())
        .replace("{r}", &breach.right_minor.to_string())
        .replace("{word}", &breach.word)
}

/// The books are kept in rand.
fn rand(minor: i64) -> String {
    format_money(Money::zar(minor))
}

/// I6, both kinds of documents.
fn seals(conn: &mut Conn) -> Result<Seen, ApiError> {
    let mut seen = Seen::default();
    sealed(conn, &mut seen, "invoice", seal::check)?;
    sealed(conn, &mut seen, "credit_note", seal::check_notes)?;
    Ok(seen)
}

fn sealed<Id: Copy + ToString>(
    conn: &mut Conn,
    seen: &mut Seen,
    kind: &str,
    load: impl Fn(&mut Conn, Option<Id>, i64) -> QueryResult<Vec<Checked<Id>>>,
) -> Result<(), ApiError> {
    let mut after: Option<Id> = None;
    loop {
        let page = load(conn, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for document in page {
            seen.rows += 1;
            let number = &document.number;
            match document.kept {
                Some(kept) if kept == document.computed => {}
                Some(_) => seen.find(
                    kind,
                    document.id,
                    format!("{number} does not say what it said when it was issued"),
                ),
                None => seen.find(kind, document.id, format!("{number} was issued and carries no hash")),
            }
        }
    }
}

/// I7: both series of documents; that of the books is part of the chain.
fn numbers(conn: &mut Conn) -> Result<Seen, ApiError> {
    let mut seen = Seen::default();
    series(conn, &mut seen, "invoice", store::load_invoice_numbers)?;
    series(conn, &mut seen, "credit_note", store::load_credit_note_numbers)?;
    Ok(seen)
}

fn series(
    conn: &mut Conn,
    seen: &mut Seen,
    name: &str,
    load: impl Fn(&mut Conn, &str, i64) -> QueryResult<Vec<String>>,
) -> Result<(), ApiError> {
    let mut walk = rules::SeriesWalk::default();
    let mut after = String::new();
    loop {
        let page = load(conn, &after, PAGE)?;
        let Some(last) = page.last() else { break };
        after.clone_from(last);
        for number in &page {
            seen.rows += 1;
            if let Err(message) = walk.step(number) {
                seen.find("series", name, message);
            }
        }
    }
    if let Err(message) = walk.end(store::last_number(conn, name)?) {
        seen.find("series", name, message);
    }
    Ok(())
}

/// Second part of I8: what came in on days that are reconciled must stand in a statement.
///
/// The first day of a run is left out: money of its first minutes may stand in the statement of the day before.
fn unstated(conn: &mut Conn, seen: &mut Seen) -> Result<(), ApiError> {
    let days = store::load_reconciled_days(conn)?;
    for (from, to) in rules::runs_of_days(&days) {
        let (Some(from), Some(until)) = (from.succ_opt(), to.succ_opt()) else {
            continue;
        };
        let found = store::load_unstated(conn, midnight(from), midnight(until), 20)?;
        for (id, minor, reference) in found {
            let (amount, reference) = (rand(minor), reference.unwrap_or_default());
            let message = format!("{amount} came as {reference}, and PayFast's statement does not have it");
            if !seen.findings.iter().any(|finding| finding.id == id.as_str()) {
                seen.find("payment", id, message);
            }
        }
    }
    Ok(())
}

/// The begin of a South African day, in UTC.
fn midnight(day: NaiveDate) -> chrono::NaiveDateTime {
    day.and_time(chrono::NaiveTime::MIN) - TimeDelta::hours(2)
}

fn unknown(conn: &mut Conn, now: DateTime<Utc>) -> Result<Seen, ApiError> {
    let mut seen = Seen {
        rows: store::count_unknown(conn)?,
        ..Seen::default()
    };
    let since = (now - UNKNOWN_FOR_AT_MOST).naive_utc();
    let day = |at: chrono::NaiveDateTime| at.date();
    for (id, at) in store::load_unknown_payments(conn, since, 20)? {
        let message = format!("nobody knows since {} whether this was paid", day(at));
        seen.find("payment", id, message);
    }
    for (id, at) in store::load_unknown_refunds(conn, since, 20)? {
        let message = format!("nobody knows since {} whether PayFast paid this back", day(at));
        seen.find("refund", id, message);
    }
    Ok(seen)
}

fn chain(conn: &mut Conn) -> Result<Seen, ApiError> {
    let mut seen = Seen::default();
    let (mut serial, mut previous) = (0, rules::GENESIS.to_owned());
    loop {
        let page = ledger_page(conn, serial)?;
        let Some((last, _)) = page.last() else { break };
        let end = last.serial;
        for (row, legs) in page {
            seen.rows += 1;
            for message in broken_links(&row, &legs, serial, &previous) {
                seen.find("transaction", row.id, message);
            }
            (serial, previous) = (row.serial, row.hash);
        }
        serial = end;
    }
    let last = store::last_number(conn, "ledger")?;
    if last != serial {
        let message = format!("the books end at {serial}, {last} serials were given");
        seen.find("series", "ledger", message);
    }
    let checks = store::load_checks(conn)?;
    let before = checks.iter().find(|row| row.invariant == Invariant::Chain.as_str());
    if let Some(before) = before.filter(|row| row.checked > seen.rows) {
        let (had, has) = (before.checked, seen.rows);
        let message = format!("the books had {had} entries at the last check and have {has} now");
        seen.find("series", "ledger", message);
    }
    Ok(seen)
}

type EntryRows = (TransactionRow, Vec<PostingRow>);

fn ledger_page(conn: &mut Conn, after: i64) -> QueryResult<Vec<EntryRows>> {
    let rows = store::load_transactions(conn, after, PAGE)?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut legs: BTreeMap<_, Vec<PostingRow>> = BTreeMap::new();
    for leg in ledger::load_postings(conn, &ids)? {
        legs.entry(leg.transaction_id).or_default().push(leg);
    }
    let with_legs = rows.into_iter().map(|row| {
        let legs = legs.remove(&row.id).unwrap_or_default();
        (row, legs)
    });
    Ok(with_legs.collect())
}

/// What is wrong between an entry and the one before it.
fn broken_links(row: &TransactionRow, legs: &[PostingRow], before: i64, previous: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let serial = row.serial;
    if serial != before + 1 {
        broken.push(format!("entry {serial} follows entry {before}"));
    }
    if row.previous_hash != previous {
        broken.push(format!("entry {serial} does not follow the hash of entry {before}"));
    }
    let known: Option<Vec<Leg>> = legs
        .iter()
        .map(|leg| {
            let account = LedgerAccount::parse(&leg.ledger_account)?;
            Some(Leg {
                account,
                minor: leg.amount_minor,
            })
        })
        .collect();
    let is_whole = known.is_some_and(|known| {
        let hashed = Hashed {
            serial,
            at: row.at.and_utc(),
            kind: &row.kind,
            source: &row.source,
            account_id: row.account_id,
            currency: row.currency,
            description: &row.description,
            legs: &known,
        };
        rules::hash(&row.previous_hash, &hashed) == row.hash
    });
    if !is_whole {
        broken.push(format!("entry {serial} does not say what it said when it was written"));
    }
    if legs.iter().any(|leg| leg.account_id != row.account_id) {
        broken.push(format!("a leg of entry {serial} names another customer than the entry"));
    }
    broken
}
