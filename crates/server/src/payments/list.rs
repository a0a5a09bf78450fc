//! Lists of payments: pages and exports under the same filters.

pub mod http;
pub mod store;

use chrono::{DateTime, SecondsFormat, Utc};
use common::{
    Currency, Page,
    ids::AccountId,
    payments::{Method, PaymentFilter, PaymentQuery, PaymentSort, PaymentStatus, PaymentSummary},
};
use futures_util::Stream;

use self::store::SummaryRow;
use crate::{
    app::App,
    csv, days,
    db::{Db, listing::Listing},
    error::ApiError,
    invoices::list::{at_least, one_account},
    paging::keyset,
    search,
};

/// Rows of one read of an export; the read of each is short.
const READ_AT_ONCE: i64 = 1_000;
/// Rows whose search text is written at once.
const BACKFILL_AT_ONCE: i64 = 500;

const HEAD: [&str; 16] = [
    "id",
    "status",
    "account_id",
    "invoice_id",
    "invoice_number",
    "description",
    "currency",
    "amount",
    "fee",
    "net",
    "refunded",
    "method",
    "provider",
    "provider_reference",
    "created_at",
    "succeeded_at",
];

/// What a list asks for, checked.
#[derive(Debug, Clone)]
pub struct Filter {
    pub account_id: Option<AccountId>,
    pub status: Vec<PaymentStatus>,
    pub method: Vec<Method>,
    pub currency: Option<Currency>,
    pub period: days::Period,
    pub min: Option<i64>,
    pub max: Option<i64>,
    /// Folded.
    pub search: Option<String>,
    pub sort: PaymentSort,
    /// Rows made later are left out.
    pub made_until: Option<DateTime<Utc>>,
}

impl Filter {
    fn parse(own: Option<AccountId>, asked: PaymentFilter) -> Result<Self, ApiError> {
        Ok(Self {
            account_id: one_account(own, asked.account_id)?,
            status: asked.status,
            method: asked.method,
            currency: asked.currency,
            period: days::period(asked.from.as_deref(), asked.to.as_deref())?,
            min: asked.min,
            max: at_least(asked.min, asked.max)?,
            search: search::typed_and_folded(asked.search.as_deref())?,
            sort: asked.sort.unwrap_or(PaymentSort::CreatedNewest),
            made_until: None,
        })
    }

    /// The name that its cursors carry.
    fn name(&self) -> String {
        format!("payments:{}", self.sort)
    }
}

/// One page of the account's payments, or of everybody's when there is no `own` account.
pub async fn list(app: &App, own: Option<AccountId>, query: PaymentQuery) -> Result<Page<PaymentSummary>, ApiError> {
    let limit = keyset::limit(query.limit)?;
    let asked = PaymentFilter {
        account_id: query.account_id,
        status: query.status,
        method: query.method,
        currency: query.currency,
        from: query.from,
        to: query.to,
        min: query.min,
        max: query.max,
        search: query.search,
        sort: query.sort,
    };
    let filter = Filter::parse(own, asked)?;
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

/// All that match as CSV, in the order of the list; what is made meanwhile is left out.
pub async fn export(
    app: &App,
    own: Option<AccountId>,
    query: PaymentFilter,
) -> Result<impl Stream<Item = Result<Vec<u8>, ApiError>> + use<>, ApiError> {
    let mut filter = Filter::parse(own, query)?;
    filter.made_until = Some(app.clock.now());
    let sort = filter.sort;
    let (listing, total) = app
        .db
        .read(move |conn| {
            let listing = store::listing(&filter, None, READ_AT_ONCE);
            let total = store::count(conn, &listing)?;
            Ok::<_, ApiError>((listing, total))
        })
        .await?;
    let db = app.db.clone();
    Ok(csv::table(&HEAD, listing, move |listing| {
        read_on(db.clone(), listing, sort, total)
    }))
}

async fn read_on(db: Db, listing: Listing, sort: PaymentSort, total: i64) -> Result<csv::Chunk<Listing>, ApiError> {
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

fn line(payment: &PaymentSummary) -> Vec<u8> {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let fee = payment.fee.map(|money| money.to_decimal()).unwrap_or_default();
    let net = payment.net.map(|money| money.to_decimal()).unwrap_or_default();
    csv::line([
        payment.id.as_str(),
        payment.status.as_str(),
        payment.account_id.as_str(),
        payment.invoice_id.as_str(),
        payment.invoice_number.as_deref().unwrap_or_default(),
        &payment.description,
        payment.amount.currency.as_str(),
        &payment.amount.to_decimal(),
        &fee,
        &net,
        &payment.refunded.to_decimal(),
        payment.method.as_str(),
        payment.provider.as_str(),
        payment.provider_reference.as_deref().unwrap_or_default(),
        &time(payment.created_at),
        &payment.succeeded_at.map(time).unwrap_or_default(),
    ])
}

/// Writes the search text of rows that have none, some at a time; tells how many.
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
            for (id, texts) in &rows {
                let text = search::stored(texts.iter().flatten().map(String::as_str));
                store::set_text(conn, *id, &text)?;
            }
            Ok::<_, ApiError>(rows.len())
        })
        .await
}
