//! Queries of the lists of payments.

use chrono::NaiveDateTime;
use common::{
    Currency, Money,
    ids::{AccountId, InvoiceId, PaymentId},
    payments::{Method, PaymentSort, PaymentStatus, PaymentSummary, Provider},
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text, Timestamp},
};

use super::Filter;
use crate::{
    db::{
        Conn,
        listing::{self, About, Condition, Listing, Order, Table},
        schema::{invoices, payments},
        sql::Value,
    },
    paging::keyset::{Key, OrderOf, Position},
};

const TABLE: Table = Table {
    name: "payments",
    columns: "r.id, r.account_id, r.invoice_id, i.number, r.status, r.currency, r.amount_minor, r.fee_minor, \
              r.net_minor, r.refunded_minor, r.provider, r.method, r.provider_reference, r.description, r.created_at, \
              r.updated_at, r.succeeded_at, r.expires_at",
    joins: "join invoices i on i.id = r.invoice_id",
    one: "payment",
    with_text: &[
        (About::Account, "payments_account_id"),
        (About::Status, "payments_status"),
        (About::Day, "payments_created_at"),
    ],
};

/// What a list shows.
#[derive(QueryableByName)]
pub struct SummaryRow {
    #[diesel(sql_type = Text)]
    id: PaymentId,
    #[diesel(sql_type = Text)]
    account_id: AccountId,
    #[diesel(sql_type = Text)]
    invoice_id: InvoiceId,
    #[diesel(sql_type = Nullable<Text>)]
    number: Option<String>,
    #[diesel(sql_type = Text)]
    status: PaymentStatus,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = BigInt)]
    amount_minor: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    fee_minor: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    net_minor: Option<i64>,
    #[diesel(sql_type = BigInt)]
    refunded_minor: i64,
    #[diesel(sql_type = Text)]
    provider: Provider,
    #[diesel(sql_type = Text)]
    method: Method,
    #[diesel(sql_type = Nullable<Text>)]
    provider_reference: Option<String>,
    #[diesel(sql_type = Text)]
    description: String,
    #[diesel(sql_type = Timestamp)]
    created_at: NaiveDateTime,
    #[diesel(sql_type = Timestamp)]
    updated_at: NaiveDateTime,
    #[diesel(sql_type = Nullable<Timestamp>)]
    succeeded_at: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    expires_at: Option<NaiveDateTime>,
}

/// As [`SummaryRow::position`] takes its key.
pub fn order_of(sort: PaymentSort) -> OrderOf {
    match sort {
        PaymentSort::Created | PaymentSort::CreatedNewest => OrderOf::Times,
        PaymentSort::Amount | PaymentSort::AmountLargest => OrderOf::Numbers,
    }
}

impl SummaryRow {
    pub fn position(&self, sort: PaymentSort) -> Position {
        let key = match sort {
            PaymentSort::Created | PaymentSort::CreatedNewest => Key::Time(self.created_at),
            PaymentSort::Amount | PaymentSort::AmountLargest => Key::Int(self.amount_minor),
        };
        Position {
            key,
            id: self.id.to_string(),
        }
    }

    pub fn into_summary(self) -> PaymentSummary {
        let money = |minor| Money::new(minor, self.currency);
        PaymentSummary {
            id: self.id,
            status: self.status,
            account_id: self.account_id,
            invoice_id: self.invoice_id,
            amount: money(self.amount_minor),
            fee: self.fee_minor.map(money),
            net: self.net_minor.map(money),
            refunded: money(self.refunded_minor),
            provider: self.provider,
            method: self.method,
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
            succeeded_at: self.succeeded_at.map(|at| at.and_utc()),
            expires_at: self.expires_at.map(|at| at.and_utc()),
            invoice_number: self.number,
            provider_reference: self.provider_reference,
            description: self.description,
        }
    }
}

/// The queries of a filter.
pub fn listing(filter: &Filter, at: Option<&Position>, limit: i64) -> Listing {
    let mut all = Vec::new();
    let mut add = |about, text, value: Option<Value>| {
        if let Some(value) = value {
            all.push(Condition::new(about, text, [value]));
        }
    };
    let time = |at: chrono::DateTime<chrono::Utc>| Value::Time(at.naive_utc());
    let account = filter.account_id.map(|id| Value::Text(id.to_string()));
    add(About::Account, "r.account_id = ?", account);
    let currency = filter.currency.map(|currency| Value::from(currency.as_str()));
    add(About::Currency, "r.currency = ?", currency);
    add(About::Day, "r.created_at >= ?", filter.period.from.map(time));
    add(About::Day, "r.created_at < ?", filter.period.until.map(time));
    add(About::Amount, "r.amount_minor >= ?", filter.min.map(Value::Int));
    add(About::Amount, "r.amount_minor <= ?", filter.max.map(Value::Int));
    add(About::Other, "r.created_at <= ?", filter.made_until.map(time));
    let mut methods = filter.method.clone();
    methods.sort();
    methods.dedup();
    let marks = ["r.method = ?", "r.method in (?, ?)", "r.method in (?, ?, ?)"];
    if let Some(text) = methods.len().checked_sub(1).and_then(|index| marks.get(index)) {
        let values = methods.iter().map(|method| Value::from(method.as_str()));
        // Several methods have no common order in their index.
        let about = if methods.len() == 1 {
            About::Method
        } else {
            About::Other
        };
        all.push(Condition::new(about, text, values));
    }
    let mut states = filter.status.clone();
    states.sort();
    states.dedup();
    let any = states.iter().map(|status| {
        let value = [Value::from(status.as_str())];
        vec![Condition::new(About::Status, "r.status = ?", value)]
    });
    let (column, about) = match filter.sort {
        PaymentSort::Created | PaymentSort::CreatedNewest => ("r.created_at", About::Day),
        PaymentSort::Amount | PaymentSort::AmountLargest => ("r.amount_minor", About::Amount),
    };
    Listing {
        table: TABLE,
        all,
        any: any.collect(),
        bounds: Vec::new(),
        search: filter.search.clone(),
        order: Order {
            column,
            is_descending: filter.sort.as_str().starts_with('-'),
            about,
        },
        after: at.map(|at| at.clone().into()),
        limit,
    }
}

pub fn load(conn: &mut Conn, listing: &Listing) -> QueryResult<(Vec<SummaryRow>, i64)> {
    listing::load(conn, listing)
}

pub fn load_on(conn: &mut Conn, listing: &Listing, total: i64) -> QueryResult<Vec<SummaryRow>> {
    listing::load_on(conn, listing, total)
}

pub fn count(conn: &mut Conn, listing: &Listing) -> QueryResult<i64> {
    listing::count(conn, listing)
}

/// Payments that search does not find yet: invoice number, customer, description, the provider's reference.
pub fn load_without_text(conn: &mut Conn, limit: i64) -> QueryResult<Vec<(PaymentId, [Option<String>; 4])>> {
    type Row = (PaymentId, Option<String>, String, String, Option<String>);
    let rows: Vec<Row> = payments::table
        .inner_join(invoices::table)
        // Written out: the index is of these rows only.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("payments.search_text = ''"))
        .order(payments::id)
        .limit(limit)
        .select((
            payments::id,
            invoices::number,
            invoices::customer_name,
            payments::description,
            payments::provider_reference,
        ))
        .load(conn)?;
    let texts =
        |(id, number, customer, description, reference)| (id, [number, Some(customer), Some(description), reference]);
    Ok(rows.into_iter().map(texts).collect())
}

/// Writes the text if nobody wrote one meanwhile.
pub fn set_text(conn: &mut Conn, id: PaymentId, text: &str) -> QueryResult<usize> {
    diesel::update(payments::table.find(id).filter(payments::search_text.eq("")))
        .set(payments::search_text.eq(text))
        .execute(conn)
}
