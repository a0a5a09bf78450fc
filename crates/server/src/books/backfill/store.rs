//! Money that moved and has no entry.

use chrono::NaiveDateTime;
use common::{
    Currency,
    ids::{AccountId, InvoiceId},
};
use diesel::{
    dsl::sql_query,
    prelude::*,
    sql_types::{BigInt, Text, Timestamp},
};

use crate::db::Conn;

#[derive(QueryableByName)]
pub struct Movement {
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Text)]
    pub account_id: AccountId,
    #[diesel(sql_type = Text)]
    pub invoice_id: InvoiceId,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = Timestamp)]
    pub at: NaiveDateTime,
    /// The number of the invoice.
    #[diesel(sql_type = Text)]
    pub word: String,
    #[diesel(sql_type = Text)]
    pub customer: String,
    #[diesel(sql_type = BigInt)]
    pub amount_minor: i64,
    #[diesel(sql_type = BigInt)]
    pub vat_minor: i64,
    #[diesel(sql_type = BigInt)]
    pub fee_minor: i64,
    #[diesel(sql_type = BigInt)]
    pub net_minor: i64,
    #[diesel(sql_type = BigInt)]
    pub excess_minor: i64,
}

/// The next movements, oldest first; of one moment, the issue comes before its payment.
pub fn load_unposted(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Movement>> {
    sql_query(format!("{UNPOSTED} limit {limit}")).load(conn)
}

const UNPOSTED: &str = "
    select 'invoice_issued' as kind, 'invoice:' || i.id as source, i.account_id as account_id, i.id as invoice_id,
        i.currency as currency, coalesce(i.issued_at, i.created_at) as at, i.number as word,
        i.customer_name as customer, i.total_minor as amount_minor, i.vat_minor as vat_minor,
        cast(0 as bigint) as fee_minor, cast(0 as bigint) as net_minor, cast(0 as bigint) as excess_minor, 1 as step
    from invoices i
    where i.number is not null and i.total_minor > 0 and not exists (select 1 from ledger_transactions t
        where t.source = 'invoice:' || i.id and t.kind = 'invoice_issued')
    union all
    select 'payment_received' as kind, 'payment:' || p.id as source, p.account_id as account_id,
        p.invoice_id as invoice_id, p.currency as currency, coalesce(p.succeeded_at, p.updated_at) as at,
        coalesce(i.number, '') as word, i.customer_name as customer, p.amount_minor as amount_minor,
        cast(0 as bigint) as vat_minor, coalesce(p.fee_minor, 0) as fee_minor,
        coalesce(p.net_minor, p.amount_minor) as net_minor,
        cast(coalesce((select sum(c.amount_minor) from customer_credits c
            where c.payment_id = p.id and c.reason = 'more than the invoice needed'), 0) as bigint) as excess_minor,
        2 as step
    from payments p join invoices i on i.id = p.invoice_id
    where p.status = 'succeeded' and p.provider = 'payfast' and not exists (select 1 from ledger_transactions t
        where t.source = 'payment:' || p.id and t.kind = 'payment_received')
    union all
    select 'paid_again' as kind, c.source as source, c.account_id as account_id, p.invoice_id as invoice_id,
        c.currency as currency, c.created_at as at, coalesce(i.number, '') as word, i.customer_name as customer,
        c.amount_minor as amount_minor, cast(0 as bigint) as vat_minor, cast(0 as bigint) as fee_minor,
        cast(0 as bigint) as net_minor, cast(0 as bigint) as excess_minor, 3 as step
    from customer_credits c join payments p on p.id = c.payment_id join invoices i on i.id = p.invoice_id
    where c.reason = 'paid again' and not exists (select 1 from ledger_transactions t
        where t.source = c.source and t.kind = 'paid_again')
    order by at, step, source";
