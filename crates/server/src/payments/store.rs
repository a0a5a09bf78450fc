//! The tables `payments`, `payment_attempts`, `payment_events` and `customer_credits`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    Currency, Money,
    ids::{AccountId, AttemptId, CreditId, InvoiceId, PaymentEventId, PaymentId, PaymentMethodId},
    invoices::AppliedPayment,
    payments::{AttemptKind, Method, PaymentAttempt, PaymentEvent, PaymentStatus, PaymentSummary, Provider},
    plans::ProductCode,
};
use diesel::prelude::*;

use crate::db::{
    Conn, each_backend,
    schema::{customer_credits, payment_attempts, payment_events, payments},
};

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = payments)]
pub struct PaymentRow {
    pub id: PaymentId,
    pub account_id: AccountId,
    pub invoice_id: InvoiceId,
    pub provider: Provider,
    pub status: PaymentStatus,
    pub product_code: Option<ProductCode>,
    pub description: String,
    pub currency: Currency,
    pub amount_minor: i64,
    pub fee_minor: Option<i64>,
    pub net_minor: Option<i64>,
    pub credited_minor: i64,
    pub provider_reference: Option<String>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub succeeded_at: Option<NaiveDateTime>,
    pub expires_at: Option<NaiveDateTime>,
    pub method: Method,
    pub payment_method_id: Option<PaymentMethodId>,
    /// What was refunded, or is on its way.
    pub refunded_minor: i64,
    pub reversed_at: Option<NaiveDateTime>,
    /// When the resolver asks about it again.
    pub next_check_at: Option<NaiveDateTime>,
    /// What [`crate::search`] finds it by.
    pub search_text: String,
}

impl PaymentRow {
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }

    pub fn summary(&self, invoice_number: Option<String>) -> PaymentSummary {
        PaymentSummary {
            id: self.id,
            status: self.status,
            account_id: self.account_id,
            invoice_id: self.invoice_id,
            invoice_number,
            description: self.description.clone(),
            amount: self.money(self.amount_minor),
            fee: self.fee_minor.map(|minor| self.money(minor)),
            net: self.net_minor.map(|minor| self.money(minor)),
            provider: self.provider,
            method: self.method,
            refunded: self.money(self.refunded_minor),
            provider_reference: self.provider_reference.clone(),
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
            succeeded_at: self.succeeded_at.map(|at| at.and_utc()),
            expires_at: self.expires_at.map(|at| at.and_utc()),
        }
    }
}

pub fn insert(conn: &mut Conn, payment: &PaymentRow) -> QueryResult<()> {
    diesel::insert_into(payments::table)
        .values(payment)
        .execute(conn)
        .map(drop)
}

pub fn find(conn: &mut Conn, id: PaymentId) -> QueryResult<Option<PaymentRow>> {
    payments::table.find(id).first(conn).optional()
}

/// Reads the payment and holds its row until the transaction ends, so that events follow one another.
pub fn find_locked(conn: &mut Conn, id: PaymentId) -> QueryResult<Option<PaymentRow>> {
    diesel::update(payments::table.find(id))
        .set(payments::id.eq(payments::id))
        .execute(conn)?;
    find(conn, id)
}

/// Moves the payment if it is still in `from`; `false` when it is not.
pub fn set_status(
    conn: &mut Conn,
    id: PaymentId,
    from: PaymentStatus,
    to: PaymentStatus,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    diesel::update(payments::table.find(id).filter(payments::status.eq(from)))
        .set((payments::status.eq(to), payments::updated_at.eq(now.naive_utc())))
        .execute(conn)
        .map(|updated| updated == 1)
}

/// What the provider told with the money.
pub struct Receipt<'a> {
    pub provider_reference: &'a str,
    pub fee_minor: Option<i64>,
    pub net_minor: Option<i64>,
    pub now: DateTime<Utc>,
}

pub fn set_succeeded(conn: &mut Conn, id: PaymentId, from: PaymentStatus, receipt: &Receipt<'_>) -> QueryResult<bool> {
    diesel::update(payments::table.find(id).filter(payments::status.eq(from)))
        .set((
            payments::status.eq(PaymentStatus::Succeeded),
            payments::provider_reference.eq(receipt.provider_reference),
            payments::fee_minor.eq(receipt.fee_minor),
            payments::net_minor.eq(receipt.net_minor),
            payments::succeeded_at.eq(receipt.now.naive_utc()),
            payments::updated_at.eq(receipt.now.naive_utc()),
        ))
        .execute(conn)
        .map(|updated| updated == 1)
}

pub struct NewCredit<'a> {
    pub id: CreditId,
    pub account_id: AccountId,
    /// The payment that brought more than was needed; absent for a credit note.
    pub payment_id: Option<PaymentId>,
    pub invoice_id: Option<InvoiceId>,
    /// Which money this is: the same source is credited once.
    pub source: &'a str,
    pub amount: Money,
    pub reason: &'a str,
    pub now: DateTime<Utc>,
}

/// Books credit and adds it to its payment; `false` when this source was credited before.
pub fn insert_credit(conn: &mut Conn, credit: &NewCredit<'_>) -> QueryResult<bool> {
    let row = (
        customer_credits::id.eq(credit.id),
        customer_credits::account_id.eq(credit.account_id),
        customer_credits::payment_id.eq(credit.payment_id),
        customer_credits::invoice_id.eq(credit.invoice_id),
        customer_credits::source.eq(credit.source),
        customer_credits::currency.eq(credit.amount.currency),
        customer_credits::amount_minor.eq(credit.amount.minor),
        customer_credits::reason.eq(credit.reason),
        customer_credits::created_at.eq(credit.now.naive_utc()),
    );
    let inserted = each_backend!(conn, |c| diesel::insert_into(customer_credits::table)
        .values(row)
        .on_conflict(customer_credits::source)
        .do_nothing()
        .execute(c))?;
    if let (1, Some(payment_id)) = (inserted, credit.payment_id) {
        diesel::update(payments::table.find(payment_id))
            .set(payments::credited_minor.eq(payments::credited_minor + credit.amount.minor))
            .execute(conn)?;
    }
    Ok(inserted == 1)
}

pub fn insert_attempt(
    conn: &mut Conn,
    id: AttemptId,
    payment: &PaymentRow,
    kind: AttemptKind,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(payment_attempts::table)
        .values((
            payment_attempts::id.eq(id),
            payment_attempts::payment_id.eq(payment.id),
            payment_attempts::kind.eq(kind),
            payment_attempts::amount_minor.eq(payment.amount_minor),
            payment_attempts::created_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

pub fn load_attempts(conn: &mut Conn, payment: &PaymentRow) -> QueryResult<Vec<PaymentAttempt>> {
    let rows: Vec<(AttemptId, AttemptKind, i64, NaiveDateTime)> = payment_attempts::table
        .filter(payment_attempts::payment_id.eq(payment.id))
        .order((payment_attempts::created_at, payment_attempts::id))
        .select((
            payment_attempts::id,
            payment_attempts::kind,
            payment_attempts::amount_minor,
            payment_attempts::created_at,
        ))
        .load(conn)?;
    let attempt = |(id, kind, minor, at): (_, _, _, NaiveDateTime)| PaymentAttempt {
        id,
        kind,
        amount: payment.money(minor),
        created_at: at.and_utc(),
    };
    Ok(rows.into_iter().map(attempt).collect())
}

pub struct NewEvent<'a> {
    pub id: PaymentEventId,
    pub payment_id: PaymentId,
    pub event: &'a str,
    pub from: Option<PaymentStatus>,
    pub to: PaymentStatus,
    pub note: &'a str,
    pub now: DateTime<Utc>,
}

pub fn insert_event(conn: &mut Conn, event: &NewEvent<'_>) -> QueryResult<()> {
    diesel::insert_into(payment_events::table)
        .values((
            payment_events::id.eq(event.id),
            payment_events::payment_id.eq(event.payment_id),
            payment_events::at.eq(event.now.naive_utc()),
            payment_events::event.eq(event.event),
            payment_events::from_status.eq(event.from),
            payment_events::to_status.eq(event.to),
            payment_events::note.eq(event.note),
        ))
        .execute(conn)
        .map(drop)
}

pub fn load_events(conn: &mut Conn, id: PaymentId) -> QueryResult<Vec<PaymentEvent>> {
    type Row = (NaiveDateTime, String, Option<PaymentStatus>, PaymentStatus, String);
    let rows: Vec<Row> = payment_events::table
        .filter(payment_events::payment_id.eq(id))
        .order(payment_events::id)
        .select((
            payment_events::at,
            payment_events::event,
            payment_events::from_status,
            payment_events::to_status,
            payment_events::note,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(at, event, from, to, note)| PaymentEvent {
            at: at.and_utc(),
            event,
            from,
            to,
            note,
        })
        .collect())
}

/// Payments whose time to pay has passed.
pub fn load_expired(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<PaymentId>> {
    payments::table
        .filter(payments::status.eq(PaymentStatus::AwaitingCustomer))
        .filter(payments::expires_at.le(now.naive_utc()))
        .order((payments::expires_at, payments::id))
        .limit(limit)
        .select(payments::id)
        .load(conn)
}

/// Payments on PayFast's page that PayFast has worked on since an instant or longer.
pub fn load_undecided(conn: &mut Conn, since: DateTime<Utc>, limit: i64) -> QueryResult<Vec<PaymentId>> {
    payments::table
        .filter(payments::status.eq(PaymentStatus::Processing))
        .filter(payments::method.eq(Method::Redirect))
        .filter(payments::updated_at.le(since.naive_utc()))
        .order((payments::updated_at, payments::id))
        .limit(limit)
        .select(payments::id)
        .load(conn)
}

/// States in which a payment may still bring money.
const UNDER_WAY: [PaymentStatus; 4] = [
    PaymentStatus::Created,
    PaymentStatus::AwaitingCustomer,
    PaymentStatus::Processing,
    PaymentStatus::Unknown,
];

/// The state of a payment of the invoice that may still bring money.
pub fn find_under_way(conn: &mut Conn, invoice_id: InvoiceId) -> QueryResult<Option<PaymentStatus>> {
    payments::table
        .filter(payments::invoice_id.eq(invoice_id))
        .filter(payments::status.eq_any(UNDER_WAY))
        .order(payments::id)
        .select(payments::status)
        .first(conn)
        .optional()
}

/// What an invoice received, oldest first: the amount less what became credit.
pub fn load_applied(conn: &mut Conn, invoice_id: InvoiceId) -> QueryResult<Vec<AppliedPayment>> {
    let rows: Vec<PaymentRow> = payments::table
        .filter(payments::invoice_id.eq(invoice_id))
        .filter(payments::status.eq(PaymentStatus::Succeeded))
        .filter(payments::reversed_at.is_null())
        .order((payments::succeeded_at, payments::id))
        .load(conn)?;
    let credits: Vec<(Option<PaymentId>, String, i64)> = customer_credits::table
        .filter(customer_credits::payment_id.eq_any(rows.iter().map(|row| row.id).collect::<Vec<_>>()))
        .select((
            customer_credits::payment_id,
            customer_credits::reason,
            customer_credits::amount_minor,
        ))
        .load(conn)?;
    let applied = rows.into_iter().filter_map(|row| {
        // Money that came a second time was never part of this payment's own amount.
        let excess: i64 = credits
            .iter()
            .filter(|(id, reason, _)| *id == Some(row.id) && reason != super::settlement::PAID_AGAIN)
            .map(|(_, _, minor)| minor)
            .sum();
        let minor = row.amount_minor - excess;
        (minor > 0).then(|| AppliedPayment {
            payment_id: Some(row.id),
            amount: row.money(minor),
            at: row.succeeded_at.unwrap_or(row.updated_at).and_utc(),
            provider_reference: row.provider_reference.clone(),
        })
    });
    Ok(applied.collect())
}

pub fn find_by_reference(conn: &mut Conn, provider: Provider, reference: &str) -> QueryResult<Option<PaymentId>> {
    payments::table
        .filter(payments::provider_reference.eq(reference))
        .filter(payments::provider.eq(provider))
        .select(payments::id)
        .first(conn)
        .optional()
}

/// Whether staff recorded this reference of the bank before; one that was taken back may come again.
pub fn has_bank_reference(conn: &mut Conn, account_id: AccountId, reference: &str) -> QueryResult<bool> {
    let found: Option<PaymentId> = payments::table
        .filter(payments::provider_reference.eq(reference))
        .filter(payments::provider.eq(Provider::Bank))
        .filter(payments::account_id.eq(account_id))
        .filter(payments::reversed_at.is_null())
        .select(payments::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

pub fn load_ids_of(conn: &mut Conn, invoice_id: InvoiceId) -> QueryResult<Vec<PaymentId>> {
    payments::table
        .filter(payments::invoice_id.eq(invoice_id))
        .select(payments::id)
        .load(conn)
}

pub fn add_refunded(conn: &mut Conn, id: PaymentId, minor: i64) -> QueryResult<()> {
    diesel::update(payments::table.find(id))
        .set(payments::refunded_minor.eq(payments::refunded_minor + minor))
        .execute(conn)
        .map(drop)
}

pub fn set_reversed(conn: &mut Conn, id: PaymentId, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(payments::table.find(id))
        .set((
            payments::reversed_at.eq(now.naive_utc()),
            payments::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// What the provider kept, as it is known now.
pub fn set_fee(conn: &mut Conn, id: PaymentId, fee_minor: i64, net_minor: i64, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(payments::table.find(id))
        .set((
            payments::fee_minor.eq(fee_minor),
            payments::net_minor.eq(net_minor),
            payments::updated_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// Payments that succeeded from one instant, inclusive, to another, exclusive.
pub fn load_settled(
    conn: &mut Conn,
    provider: Provider,
    from: NaiveDateTime,
    until: NaiveDateTime,
) -> QueryResult<Vec<PaymentRow>> {
    payments::table
        .filter(payments::status.eq(PaymentStatus::Succeeded))
        .filter(payments::provider.eq(provider))
        .filter(payments::succeeded_at.ge(from))
        .filter(payments::succeeded_at.lt(until))
        .order((payments::succeeded_at, payments::id))
        .load(conn)
}

/// What the payment is found by from now on.
pub fn set_search_text(conn: &mut Conn, id: PaymentId, text: &str) -> QueryResult<()> {
    diesel::update(payments::table.find(id))
        .set(payments::search_text.eq(text))
        .execute(conn)
        .map(drop)
}

/// How many payments are `unknown`, and when the oldest of them began.
pub fn undecided(conn: &mut Conn) -> QueryResult<(i64, Option<NaiveDateTime>)> {
    payments::table
        .filter(payments::status.eq(PaymentStatus::Unknown))
        .select((diesel::dsl::count_star(), diesel::dsl::min(payments::created_at)))
        .first(conn)
}
