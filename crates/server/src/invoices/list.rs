//! Lists of invoices: pages, counts and exports under the same filters.

pub mod http;
pub mod store;

use chrono::{DateTime, SecondsFormat, Utc};
use common::{
    Currency, FieldError, Money, Page,
    ids::AccountId,
    invoices::{InvoiceFilter, InvoiceQuery, InvoiceSort, InvoiceState, InvoiceSummary, InvoiceTotals, StateCount},
};
use futures_util::Stream;

use self::store::SummaryRow;
use crate::{
    app::App,
    csv, days,
    db::{Db, listing::Listing},
    error::ApiError,
    paging::{self, keyset},
    search,
};

/// Rows of one read of an export; the read of each is short.
const READ_AT_ONCE: i64 = 1_000;
/// Rows whose search text is written at once.
const BACKFILL_AT_ONCE: i64 = 500;

const HEAD: [&str; 15] = [
    "id",
    "number",
    "status",
    "account_id",
    "customer",
    "description",
    "currency",
    "subtotal",
    "vat",
    "total",
    "paid",
    "credited",
    "balance",
    "issued_at",
    "due_at",
];

/// Who reads the list.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Whose rows; `None` for staff who named no account.
    pub account_id: Option<AccountId>,
    /// Staff see each other's drafts; customers see only what they bought or got.
    pub is_staff: bool,
}

/// What a list asks for, checked.
#[derive(Debug, Clone)]
pub struct Filter {
    pub account_id: Option<AccountId>,
    pub sees_drafts: bool,
    pub states: Vec<InvoiceState>,
    pub period: days::Period,
    pub min: Option<i64>,
    pub max: Option<i64>,
    /// Folded.
    pub search: Option<String>,
    pub sort: InvoiceSort,
    /// What is overdue is so now.
    pub now: DateTime<Utc>,
    /// Rows made later are left out.
    pub made_until: Option<DateTime<Utc>>,
}

impl Filter {
    fn parse(reader: Reader, asked: InvoiceFilter, now: DateTime<Utc>) -> Result<Self, ApiError> {
        Ok(Self {
            account_id: one_account(reader.account_id, asked.account_id)?,
            sees_drafts: reader.is_staff,
            states: asked.status,
            period: days::period(asked.from.as_deref(), asked.to.as_deref())?,
            min: asked.min,
            max: at_least(asked.min, asked.max)?,
            search: search::typed_and_folded(asked.search.as_deref())?,
            sort: asked.sort.unwrap_or(InvoiceSort::CreatedNewest),
            now,
            made_until: None,
        })
    }

    /// The name that its cursors carry.
    fn name(&self) -> String {
        format!("invoices:{}", self.sort)
    }
}

/// The account that a list is about; the header and the address must agree.
pub fn one_account(own: Option<AccountId>, asked: Option<AccountId>) -> Result<Option<AccountId>, FieldError> {
    match (own, asked) {
        (Some(own), Some(asked)) if own != asked => Err(FieldError::new(
            "account_id",
            "conflict",
            "Name the account that X-Account-Id names, or leave one of them out.",
        )),
        (own, asked) => Ok(own.or(asked)),
    }
}

/// Refuses a largest amount below the least.
pub fn at_least(min: Option<i64>, max: Option<i64>) -> Result<Option<i64>, FieldError> {
    match (min, max) {
        (Some(min), Some(max)) if max < min => Err(FieldError::new(
            "max",
            "out_of_range",
            "Use an amount that is not below `min`.",
        )),
        _ => Ok(max),
    }
}

/// One page, in the order that was asked for.
pub async fn list(app: &App, reader: Reader, query: InvoiceQuery) -> Result<Page<InvoiceSummary>, ApiError> {
    let limit = keyset::limit(query.limit)?;
    let asked = InvoiceFilter {
        account_id: query.account_id,
        status: query.status,
        from: query.from,
        to: query.to,
        min: query.min,
        max: query.max,
        search: query.search,
        sort: query.sort,
    };
    let filter = Filter::parse(reader, asked, app.clock.now())?;
    let name = filter.name();
    let order = store::order_of(filter.sort);
    let after = query
        .cursor
        .map(|cursor| keyset::decode(&name, order, &cursor))
        .transpose()?;
    app.db
        .read(move |conn| {
            let listing = store::listing(&filter, after.as_ref(), limit + 1);
            let (rows, total) = store::load(conn, &listing)?;
            let page = keyset::page(&name, rows, limit, total, |row| row.position(filter.sort));
            Ok(page.map(SummaryRow::into_summary))
        })
        .await
}

/// Counts of each state and sums, for the chips and the bar below the list.
pub async fn totals(app: &App, reader: Reader, query: InvoiceFilter) -> Result<InvoiceTotals, ApiError> {
    let filter = Filter::parse(reader, query, app.clock.now())?;
    app.db
        .read(move |conn| {
            let mut counts = Vec::new();
            for state in InvoiceState::ALL {
                let of_state = Filter {
                    states: vec![*state],
                    ..filter.clone()
                };
                let count = store::count(conn, &store::listing(&of_state, None, 0))?;
                counts.push(StateCount { state: *state, count });
            }
            let listing = store::listing(&filter, None, 0);
            let matching = match matching_of(&counts, &filter.states) {
                Some(count) => count,
                None => store::count(conn, &listing)?,
            };
            let sums = if matching < paging::COUNT_UP_TO {
                store::sum(conn, &listing)?
            } else {
                None
            };
            Ok(InvoiceTotals {
                counts,
                total: sums.map(|(total, _)| total),
                balance: sums.map(|(_, balance)| balance),
            })
        })
        .await
}

/// How many match, by the counts of each state; `None` when the states that are asked for overlap.
fn matching_of(counts: &[StateCount], asked: &[InvoiceState]) -> Option<i64> {
    let overlaps = |state: &InvoiceState| matches!(state, InvoiceState::Overdue | InvoiceState::PartiallyPaid);
    if asked.iter().any(overlaps) {
        return None;
    }
    let counted = counts.iter().filter(|count| !overlaps(&count.state));
    let asked_for = counted.filter(|count| asked.is_empty() || asked.contains(&count.state));
    Some(asked_for.map(|count| count.count).sum())
}

/// All that match as CSV, in the order of the list.
///
/// Rows that are made meanwhile are left out, so a page of the list and the file that is made from it agree.
pub async fn export(
    app: &App,
    reader: Reader,
    query: InvoiceFilter,
) -> Result<impl Stream<Item = Result<Vec<u8>, ApiError>> + use<>, ApiError> {
    let now = app.clock.now();
    let mut filter = Filter::parse(reader, query, now)?;
    filter.made_until = Some(now);
    let listing = store::listing(&filter, None, READ_AT_ONCE);
    let (listing, total) = app
        .db
        .read(move |conn| {
            let total = store::count(conn, &listing)?;
            Ok::<_, ApiError>((listing, total))
        })
        .await?;
    let (db, sort) = (app.db.clone(), filter.sort);
    Ok(csv::table(&HEAD, listing, move |listing| {
        read_on(db.clone(), listing, sort, total)
    }))
}

async fn read_on(db: Db, listing: Listing, sort: InvoiceSort, total: i64) -> Result<csv::Chunk<Listing>, ApiError> {
    let (mut listing, rows) = db
        .read(move |conn| {
            let rows = store::load_on(conn, &listing, total)?;
            Ok::<_, ApiError>((listing, rows))
        })
        .await?;
    let is_last = i64::try_from(rows.len()).is_ok_and(|read| read < READ_AT_ONCE);
    if let Some(last) = rows.last() {
        listing.after = Some(last.position(sort).into());
    }
    let mut lines = Vec::with_capacity(rows.len() * 256);
    for row in rows {
        lines.extend(line(&row.into_summary()));
    }
    Ok((lines, (!is_last).then_some(listing)))
}

fn line(invoice: &InvoiceSummary) -> Vec<u8> {
    let time = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    csv::line([
        invoice.id.as_str(),
        invoice.number.as_deref().unwrap_or_default(),
        invoice.status.as_str(),
        invoice.account_id.as_str(),
        &invoice.customer_name,
        &invoice.description,
        invoice.currency.as_str(),
        &invoice.subtotal.to_decimal(),
        &invoice.vat.to_decimal(),
        &invoice.total.to_decimal(),
        &invoice.amount_paid.to_decimal(),
        &invoice.credited.to_decimal(),
        &invoice.balance.to_decimal(),
        &time(invoice.issued_at).unwrap_or_default(),
        &time(invoice.due_at).unwrap_or_default(),
    ])
}

/// Writes the search text of rows that have none, some at a time; tells how many.
///
/// Folding accents is ours, not the databases': so it is done here rather than by the migration.
pub async fn backfill_search(app: &App) -> Result<usize, ApiError> {
    let rows = app
        .db
        .read(|conn| store::load_without_text(conn, BACKFILL_AT_ONCE))
        .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    app.db
        .write(move |conn| {
            for row in &rows {
                let number = row.number.as_deref().unwrap_or_default();
                let lines = row.lines.iter().map(String::as_str);
                let text = search::stored([number, &row.customer_name].into_iter().chain(lines));
                store::set_text(conn, row, &text)?;
            }
            Ok::<_, ApiError>(rows.len())
        })
        .await
}

/// Sums of totals and balances, when all are in one currency.
pub fn one_currency(sums: &[(Currency, i64, i64)]) -> Option<(Money, Money)> {
    match sums {
        [] => Some((Money::zar(0), Money::zar(0))),
        [(currency, total, balance)] => Some((Money::new(*total, *currency), Money::new(*balance, *currency))),
        _ => None,
    }
}
