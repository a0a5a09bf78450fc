//! Sums of whole periods, grouped by the database; amounts in cents of rand.

use chrono::{DateTime, Utc};
use common::{
    ids::AccountId,
    payments::{Method, PaymentStatus},
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

use super::rules::Range;
use crate::db::{
    Conn,
    sql::{Sql, Value},
};

/// Up to three sums of one period.
#[derive(QueryableByName)]
struct PeriodRow {
    #[diesel(sql_type = BigInt)]
    period: i64,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    second: i64,
}

/// Rows of a period and sums of two of their columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub count: i64,
    pub first: i64,
    pub second: i64,
}

/// Sums `first` and `second` over `rows` whose instant `at` is in each period.
fn sum(
    conn: &mut Conn,
    periods: &[Range],
    (rows, at): (&str, &str),
    (first, second): (&str, &str),
) -> QueryResult<Vec<Sums>> {
    let mut sql = Sql::new("with periods (period, starts, ends) as (values ");
    for (index, range) in periods.iter().enumerate() {
        sql.push(&format!("{}({index}, ", if index > 0 { ", " } else { "" }));
        sql.bind(Value::Time(range.starts().naive_utc())).push(", ");
        sql.bind(Value::Time(range.ends().naive_utc())).push(")");
    }
    sql.push(&format!(
        ") select cast(p.period as bigint) as period, count(*) as count, \
         cast(coalesce(sum({first}), 0) as bigint) as first, cast(coalesce(sum({second}), 0) as bigint) as second \
         from periods p cross join {rows} and {at} >= p.starts and {at} < p.ends group by p.period"
    ));
    let found: Vec<PeriodRow> = sql.load(conn)?;
    let mut sums = vec![Sums::default(); periods.len()];
    for row in found {
        let index = usize::try_from(row.period).unwrap_or(usize::MAX);
        if let Some(place) = sums.get_mut(index) {
            *place = Sums {
                count: row.count,
                first: row.first,
                second: row.second,
            };
        }
    }
    Ok(sums)
}

/// Invoices by their day of issue: how many, net, VAT.
pub fn issued(conn: &mut Conn, periods: &[Range]) -> QueryResult<Vec<Sums>> {
    let rows = "invoices r where r.issued_at is not null and r.currency = 'ZAR'";
    sum(conn, periods, (rows, "r.dated_at"), ("r.subtotal_minor", "r.vat_minor"))
}

/// Credit notes by their day of issue: how many, net, VAT.
pub fn credited(conn: &mut Conn, periods: &[Range]) -> QueryResult<Vec<Sums>> {
    let rows = "credit_notes r where r.currency = 'ZAR'";
    sum(conn, periods, (rows, "r.issued_at"), ("r.net_minor", "r.vat_minor"))
}

/// Payments by the day on which the money came: how many, amount, fee.
pub fn received(conn: &mut Conn, periods: &[Range]) -> QueryResult<Vec<Sums>> {
    let rows = "payments r where r.currency = 'ZAR'";
    sum(
        conn,
        periods,
        (rows, "r.succeeded_at"),
        ("r.amount_minor", "r.fee_minor"),
    )
}

/// Money that came a second time for one payment, by its day: how many, amount, nothing.
pub fn received_again(conn: &mut Conn, periods: &[Range]) -> QueryResult<Vec<Sums>> {
    let rows = "customer_credits r where r.reason = 'paid again' and r.currency = 'ZAR'";
    sum(conn, periods, (rows, "r.created_at"), ("r.amount_minor", "0"))
}

/// Payments by the day on which the bank took them back: how many, amount, nothing.
pub fn reversed(conn: &mut Conn, periods: &[Range]) -> QueryResult<Vec<Sums>> {
    let rows = "payments r where r.reversed_at is not null and r.currency = 'ZAR'";
    sum(conn, periods, (rows, "r.reversed_at"), ("r.amount_minor", "0"))
}

/// Refunds by the day on which they were paid out: how many, amount, nothing.
pub fn refunded(conn: &mut Conn, periods: &[Range]) -> QueryResult<Vec<Sums>> {
    let rows = "refunds r where r.status = 'succeeded' and r.currency = 'ZAR'";
    sum(conn, periods, (rows, "r.completed_at"), ("r.amount_minor", "0"))
}

/// Value of issued lines without VAT: how many, at the standard rate, at 0%.
pub fn supplied(conn: &mut Conn, periods: &[Range]) -> QueryResult<Vec<Sums>> {
    let rows = "invoices r cross join invoice_lines l \
                where l.invoice_id = r.id and r.issued_at is not null and r.currency = 'ZAR'";
    let standard = "case when l.vat_rate <> '0' then l.net_minor else 0 end";
    let zero = "case when l.vat_rate = '0' then l.net_minor else 0 end";
    sum(conn, periods, (rows, "r.dated_at"), (standard, zero))
}

/// What moved the VAT account by the books, whatever moved it: how many legs, their sum (what is owed to SARS is
/// negative), nothing.
pub fn vat_moved(conn: &mut Conn, periods: &[Range]) -> QueryResult<Vec<Sums>> {
    let rows = "ledger_transactions r cross join ledger_postings l \
                where l.transaction_id = r.id and l.ledger_account = 'vat_output' and r.currency = 'ZAR'";
    sum(conn, periods, (rows, "r.at"), ("l.amount_minor", "0"))
}

/// What is owed: invoices and balance of each age.
#[derive(QueryableByName)]
struct AgeRow {
    #[diesel(sql_type = BigInt)]
    age: i64,
    #[diesel(sql_type = BigInt)]
    invoices: i64,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

const BALANCE: &str = "r.total_minor - r.amount_paid_minor - r.credited_minor + r.returned_minor";

/// Writes the number of an invoice's age, by the instants where ages part.
fn push_age(sql: &mut Sql, bounds: &[DateTime<Utc>; 4]) {
    sql.push("case");
    for (age, bound) in bounds.iter().enumerate() {
        sql.push(" when r.due_order >= ").bind(Value::Time(bound.naive_utc()));
        sql.push(&format!(" then {age}"));
    }
    sql.push(" else 4 end");
}

/// Invoices and balance of each age, youngest first.
pub fn ages(conn: &mut Conn, bounds: &[DateTime<Utc>; 4]) -> QueryResult<[(i64, i64); 5]> {
    let mut sql = Sql::new(
        "select cast(age as bigint) as age, count(*) as invoices, cast(sum(balance) as bigint) as balance from (select ",
    );
    push_age(&mut sql, bounds);
    sql.push(&format!(
        " as age, {BALANCE} as balance from invoices r where r.status = 'open' and r.currency = 'ZAR') owed group by age"
    ));
    let mut ages = [(0, 0); 5];
    for row in sql.load::<AgeRow>(conn)? {
        if let Some(age) = usize::try_from(row.age).ok().and_then(|age| ages.get_mut(age)) {
            *age = (row.invoices, row.balance);
        }
    }
    Ok(ages)
}

/// What one customer owes.
#[derive(QueryableByName)]
pub struct DebtRow {
    #[diesel(sql_type = Text)]
    pub account_id: AccountId,
    #[diesel(sql_type = Text)]
    pub customer_name: String,
    #[diesel(sql_type = BigInt)]
    pub invoices: i64,
    #[diesel(sql_type = BigInt)]
    pub balance: i64,
    #[diesel(sql_type = BigInt)]
    age_0: i64,
    #[diesel(sql_type = BigInt)]
    age_1: i64,
    #[diesel(sql_type = BigInt)]
    age_2: i64,
    #[diesel(sql_type = BigInt)]
    age_3: i64,
    #[diesel(sql_type = BigInt)]
    age_4: i64,
}

impl DebtRow {
    pub fn ages(&self) -> [i64; 5] {
        [self.age_0, self.age_1, self.age_2, self.age_3, self.age_4]
    }
}

/// Those who owe most, first.
pub fn debts(conn: &mut Conn, bounds: &[DateTime<Utc>; 4], limit: i64) -> QueryResult<Vec<DebtRow>> {
    let mut sql = Sql::new("select owed.account_id, a.company_name as customer_name, invoices, balance");
    for age in 0..5 {
        sql.push(&format!(", age_{age}"));
    }
    sql.push(" from (select account_id, count(*) as invoices, cast(sum(balance) as bigint) as balance");
    for age in 0..5 {
        sql.push(&format!(
            ", cast(sum(case when age = {age} then balance else 0 end) as bigint) as age_{age}"
        ));
    }
    sql.push(" from (select r.account_id, ");
    push_age(&mut sql, bounds);
    sql.push(&format!(
        " as age, {BALANCE} as balance from invoices r where r.status = 'open' and r.currency = 'ZAR') each_one \
         group by account_id having sum(balance) > 0 order by 3 desc, 1 limit {limit}) owed \
         join accounts a on a.id = owed.account_id order by balance desc, owed.account_id"
    ));
    sql.load(conn)
}

/// Payments of one method and state.
#[derive(QueryableByName)]
pub struct MethodRow {
    #[diesel(sql_type = Text)]
    pub method: Method,
    #[diesel(sql_type = Text)]
    pub status: PaymentStatus,
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    #[diesel(sql_type = BigInt)]
    pub amount: i64,
    #[diesel(sql_type = BigInt)]
    pub fee: i64,
    #[diesel(sql_type = BigInt)]
    pub net: i64,
}

/// Payments that were made in the range, by method and present state.
pub fn by_method(conn: &mut Conn, range: Range) -> QueryResult<Vec<MethodRow>> {
    let mut sql = Sql::new(
        "select r.method, r.status, count(*) as count, cast(sum(r.amount_minor) as bigint) as amount, \
         cast(coalesce(sum(r.fee_minor), 0) as bigint) as fee, cast(coalesce(sum(r.net_minor), 0) as bigint) as net \
         from payments r where r.currency = 'ZAR' and r.created_at >= ",
    );
    sql.bind(Value::Time(range.starts().naive_utc()))
        .push(" and r.created_at < ");
    sql.bind(Value::Time(range.ends().naive_utc()));
    sql.push(" group by r.method, r.status order by r.method, r.status");
    sql.load(conn)
}
