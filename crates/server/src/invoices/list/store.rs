//! Queries of the lists of invoices.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use common::{
    Currency, Money,
    ids::{AccountId, InvoiceId},
    invoices::{InvoiceSort, InvoiceState, InvoiceStatus, InvoiceSummary},
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text, Timestamp},
};

use super::Filter;
use crate::{
    days,
    db::{
        Conn,
        listing::{self, About, Condition, Listing, Order, Table},
        schema::{invoice_lines, invoices},
        sql::Value,
    },
    paging::keyset::{Key, OrderOf, Position},
};

/// Before and after all invoices.
const EARLIEST: DateTime<Utc> = DateTime::UNIX_EPOCH;
const LATEST: DateTime<Utc> = NaiveDate::from_ymd_opt(9999, 12, 31)
    .unwrap()
    .and_time(NaiveTime::MIN)
    .and_utc();

const TABLE: Table = Table {
    name: "invoices",
    columns: "r.id, r.account_id, r.number, r.status, r.currency, r.subtotal_minor, r.vat_minor, r.total_minor, \
              r.amount_paid_minor, r.credited_minor, r.returned_minor, r.description, r.customer_name, r.created_at, \
              r.issued_at, r.due_at, r.paid_at, r.dated_at, r.due_order, r.number_order",
    joins: "",
    one: "invoice",
    with_text: &[
        (About::Account, "invoices_account_id"),
        (About::Status, "invoices_status"),
        (About::Day, "invoices_dated"),
    ],
};

/// What a list shows, and what it may be ordered by.
#[derive(QueryableByName)]
pub struct SummaryRow {
    #[diesel(sql_type = Text)]
    id: InvoiceId,
    #[diesel(sql_type = Text)]
    account_id: AccountId,
    #[diesel(sql_type = Nullable<Text>)]
    number: Option<String>,
    #[diesel(sql_type = Text)]
    status: InvoiceStatus,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = BigInt)]
    subtotal_minor: i64,
    #[diesel(sql_type = BigInt)]
    vat_minor: i64,
    #[diesel(sql_type = BigInt)]
    total_minor: i64,
    #[diesel(sql_type = BigInt)]
    amount_paid_minor: i64,
    #[diesel(sql_type = BigInt)]
    credited_minor: i64,
    #[diesel(sql_type = BigInt)]
    returned_minor: i64,
    #[diesel(sql_type = Text)]
    description: String,
    #[diesel(sql_type = Text)]
    customer_name: String,
    #[diesel(sql_type = Timestamp)]
    created_at: NaiveDateTime,
    #[diesel(sql_type = Nullable<Timestamp>)]
    issued_at: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    due_at: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    paid_at: Option<NaiveDateTime>,
    #[diesel(sql_type = Timestamp)]
    dated_at: NaiveDateTime,
    #[diesel(sql_type = Timestamp)]
    due_order: NaiveDateTime,
    #[diesel(sql_type = BigInt)]
    number_order: i64,
}

/// As [`SummaryRow::position`] takes its key.
pub fn order_of(sort: InvoiceSort) -> OrderOf {
    use InvoiceSort::{
        Amount, AmountLargest, Created, CreatedNewest, Due, DueLatest, Issued, IssuedNewest, Number, NumberHighest,
    };
    match sort {
        Created | CreatedNewest | Issued | IssuedNewest | Due | DueLatest => OrderOf::Times,
        Amount | AmountLargest | Number | NumberHighest => OrderOf::Numbers,
    }
}

impl SummaryRow {
    pub fn position(&self, sort: InvoiceSort) -> Position {
        use InvoiceSort::{
            Amount, AmountLargest, Created, CreatedNewest, Due, DueLatest, Issued, IssuedNewest, Number, NumberHighest,
        };
        let key = match sort {
            Created | CreatedNewest => Key::Time(self.created_at),
            Issued | IssuedNewest => Key::Time(self.dated_at),
            Due | DueLatest => Key::Time(self.due_order),
            Amount | AmountLargest => Key::Int(self.total_minor),
            Number | NumberHighest => Key::Int(self.number_order),
        };
        Position {
            key,
            id: self.id.to_string(),
        }
    }

    pub fn into_summary(self) -> InvoiceSummary {
        let money = |minor| Money::new(minor, self.currency);
        let balance = match self.status {
            InvoiceStatus::Void => 0,
            _ => self.total_minor - self.amount_paid_minor - self.credited_minor + self.returned_minor,
        };
        InvoiceSummary {
            id: self.id,
            status: self.status,
            account_id: self.account_id,
            currency: self.currency,
            subtotal: money(self.subtotal_minor),
            vat: money(self.vat_minor),
            total: money(self.total_minor),
            amount_paid: money(self.amount_paid_minor),
            credited: money(self.credited_minor),
            balance: money(balance),
            created_at: self.created_at.and_utc(),
            issued_at: self.issued_at.map(|at| at.and_utc()),
            due_at: self.due_at.map(|at| at.and_utc()),
            paid_at: self.paid_at.map(|at| at.and_utc()),
            number: self.number,
            customer_name: self.customer_name,
            description: self.description,
        }
    }
}

fn order(sort: InvoiceSort) -> Order {
    let (column, about) = match sort {
        InvoiceSort::Created | InvoiceSort::CreatedNewest => ("r.created_at", About::Created),
        InvoiceSort::Issued | InvoiceSort::IssuedNewest => ("r.dated_at", About::Day),
        InvoiceSort::Due | InvoiceSort::DueLatest => ("r.due_order", About::Due),
        InvoiceSort::Amount | InvoiceSort::AmountLargest => ("r.total_minor", About::Amount),
        InvoiceSort::Number | InvoiceSort::NumberHighest => ("r.number_order", About::Number),
    };
    Order {
        column,
        is_descending: sort.as_str().starts_with('-'),
        about,
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
    add(About::Day, "r.dated_at >= ?", filter.period.from.map(time));
    add(About::Day, "r.dated_at < ?", filter.period.until.map(time));
    add(About::Amount, "r.total_minor >= ?", filter.min.map(Value::Int));
    add(About::Amount, "r.total_minor <= ?", filter.max.map(Value::Int));
    add(About::Other, "r.created_at <= ?", filter.made_until.map(time));
    if !filter.sees_drafts {
        // Of what staff write, customers see what was issued.
        let text = "(r.status <> 'draft' or r.product_code is not null)";
        all.push(Condition::new(About::Other, text, []));
    }
    Listing {
        table: TABLE,
        all,
        any: states(filter),
        bounds: bounds(filter),
        search: filter.search.clone(),
        order: order(filter.sort),
        after: at.map(|at| at.clone().into()),
        limit,
    }
}

/// Where a walk begins that asks for a range of days of issue, by what was issued on those days; drafts, which have no
/// number and no due date, come after all others.
fn bounds(filter: &Filter) -> Vec<Vec<Condition>> {
    let days::Period { from, until } = filter.period;
    if from.is_none() && until.is_none() {
        return Vec::new();
    }
    let time = |at: DateTime<Utc>| Value::Time(at.naive_utc());
    // Days as `invoice_days` has them, both included.
    let days = || [time(from.unwrap_or(EARLIEST)), time(until.unwrap_or(LATEST))];
    match (filter.sort, from, until) {
        (InvoiceSort::Number, Some(_), _) => vec![vec![Condition::new(
            About::Number,
            "r.number_order >= coalesce((select min(first_number) from invoice_days \
             where day >= date(?) and day <= date(?)), 9223372036854775807)",
            days(),
        )]],
        (InvoiceSort::NumberHighest, _, Some(_)) => vec![
            vec![Condition::new(
                About::Number,
                "r.number_order = 9223372036854775807",
                [],
            )],
            vec![Condition::new(
                About::Number,
                "r.number_order <= coalesce((select max(last_number) from invoice_days \
                 where day >= date(?) and day <= date(?)), 0)",
                days(),
            )],
        ],
        // Nothing is due before the day of its issue.
        (InvoiceSort::Due, Some(from), _) => vec![vec![Condition::new(
            About::Due,
            "r.due_order >= ?",
            [time(from - TimeDelta::days(1))],
        )]],
        (InvoiceSort::DueLatest, _, Some(_)) => vec![
            vec![Condition::new(About::Due, "r.due_order = '9999-12-31 00:00:00'", [])],
            vec![Condition::new(
                About::Due,
                "r.due_order <= coalesce((select max(last_due_at) from invoice_days \
                 where day >= date(?) and day <= date(?)), '0001-01-01 00:00:00')",
                days(),
            )],
        ],
        // A draft is dated by its creation.
        (InvoiceSort::Created, Some(from), _) => vec![vec![Condition::new(
            About::Created,
            "r.created_at >= (select min(since) from (select min(first_created_at) as since from invoice_days \
             where day >= date(?) and day <= date(?) union all select ?) days)",
            days().into_iter().chain([time(from)]),
        )]],
        // Nothing is issued before its creation, but clocks of two nodes may differ.
        (InvoiceSort::CreatedNewest, _, Some(until)) => vec![vec![Condition::new(
            About::Created,
            "r.created_at < ?",
            [time(until + TimeDelta::days(1))],
        )]],
        _ => Vec::new(),
    }
}

/// A branch for each state; of open ones only the widest that was asked for, and both when they overlap.
fn states(filter: &Filter) -> Vec<Vec<Condition>> {
    let asked = |state| filter.states.contains(&state);
    let is = |text| Condition::new(About::Status, text, []);
    let mut branches = Vec::new();
    for (state, text) in [
        (InvoiceState::Draft, "r.status = 'draft'"),
        (InvoiceState::Open, "r.status = 'open'"),
        (InvoiceState::Paid, "r.status = 'paid'"),
        (InvoiceState::Void, "r.status = 'void'"),
        (InvoiceState::Uncollectible, "r.status = 'uncollectible'"),
    ] {
        if asked(state) {
            branches.push(vec![is(text)]);
        }
    }
    if !asked(InvoiceState::Open) {
        let now = || [Value::Time(filter.now.naive_utc())];
        let open = || is("r.status = 'open'");
        let partly_paid = || Condition::new(About::PartlyPaid, "r.amount_paid_minor > 0", []);
        if asked(InvoiceState::Overdue) {
            branches.push(vec![open(), Condition::new(About::Due, "r.due_order < ?", now())]);
        }
        if asked(InvoiceState::PartiallyPaid) {
            let mut branch = vec![open(), partly_paid()];
            if asked(InvoiceState::Overdue) {
                branch.push(Condition::new(About::Due, "r.due_order >= ?", now()));
            }
            branches.push(branch);
        }
    }
    branches
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

#[derive(QueryableByName)]
struct Sums {
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

/// Total and balance of all that match, drafts and void ones left out; `None` over several currencies.
pub fn sum(conn: &mut Conn, listing: &Listing) -> QueryResult<Option<(Money, Money)>> {
    let mut listing = listing.clone();
    let text = "r.status not in ('draft', 'void')";
    listing.all.push(Condition::new(About::Other, text, []));
    let sums: Vec<Sums> = listing::sum(
        conn,
        &listing,
        "r.currency, cast(sum(r.total_minor) as bigint) as total, \
         cast(sum(r.total_minor - r.amount_paid_minor - r.credited_minor + r.returned_minor) as bigint) as balance",
        "r.currency",
    )?;
    let sums: Vec<_> = sums
        .into_iter()
        .map(|row| (row.currency, row.total, row.balance))
        .collect();
    Ok(super::one_currency(&sums))
}

/// An invoice that search does not find yet.
pub struct WithoutText {
    pub id: InvoiceId,
    pub number: Option<String>,
    pub customer_name: String,
    pub lines: Vec<String>,
}

pub fn load_without_text(conn: &mut Conn, limit: i64) -> QueryResult<Vec<WithoutText>> {
    let rows: Vec<(InvoiceId, Option<String>, String)> = invoices::table
        // Written out: the index is of these rows only.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("search_text = ''"))
        .order(invoices::id)
        .limit(limit)
        .select((invoices::id, invoices::number, invoices::customer_name))
        .load(conn)?;
    let ids: Vec<InvoiceId> = rows.iter().map(|(id, ..)| *id).collect();
    let lines: Vec<(InvoiceId, String)> = invoice_lines::table
        .filter(invoice_lines::invoice_id.eq_any(ids))
        .order((invoice_lines::invoice_id, invoice_lines::position))
        .select((invoice_lines::invoice_id, invoice_lines::description))
        .load(conn)?;
    let lines_of = |id: InvoiceId| {
        let own = lines.iter().filter(|(invoice, _)| *invoice == id);
        own.map(|(_, text)| text.clone()).collect()
    };
    Ok(rows
        .into_iter()
        .map(|(id, number, customer_name)| WithoutText {
            lines: lines_of(id),
            id,
            number,
            customer_name,
        })
        .collect())
}

/// Writes the text if nobody wrote one meanwhile.
pub fn set_text(conn: &mut Conn, row: &WithoutText, text: &str) -> QueryResult<usize> {
    diesel::update(invoices::table.find(row.id).filter(invoices::search_text.eq("")))
        .set(invoices::search_text.eq(text))
        .execute(conn)
}
