//! Customer credit: earned by payments and credit notes, spent on invoices and refunds, never below nothing.
//!
//! Whoever spends holds the account's row, so that two cannot spend the same.

pub mod store;

use chrono::{DateTime, Utc};
use common::{
    Currency, Money,
    audit::AuditAction,
    books::LedgerAccount,
    ids::{AccountId, InvoiceId, PaymentId},
    invoices::{Credit, InvoiceStatus},
    money::format_money,
};

use super::{service::Buyer, settlement::PAID_AGAIN};
use crate::{
    accounts,
    app::App,
    audit::{self, Entry, Origin, service::changed},
    books::{self, entries::Received, rules::Leg},
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    idempotency::{self, Answer},
    invoices,
};

/// Entries of credit that are shown.
const SHOWN: i64 = 100;

/// What the account has and how it came to it.
pub async fn load(app: &App, account_id: AccountId) -> Result<Credit, ApiError> {
    let credit = app.db.read(move |conn| -> QueryResult<_> {
        Ok(Credit {
            balance: Money::zar(store::balance_minor(conn, account_id, Currency::Zar)?),
            entries: store::load_entries(conn, account_id, SHOWN)?,
        })
    });
    Ok(credit.await?)
}

pub fn balance_minor(conn: &mut Conn, account_id: AccountId, currency: Currency) -> QueryResult<i64> {
    store::balance_minor(conn, account_id, currency)
}

/// Credit that came of an invoice: what its payments brought too much, and what credit notes gave back.
pub fn earned_by_invoice(conn: &mut Conn, invoice_id: InvoiceId, payments: &[PaymentId]) -> QueryResult<i64> {
    store::earned_by_invoice(conn, invoice_id, payments, PAID_AGAIN)
}

/// What a payment brought more than its invoice needed; money that came again is not part of it.
pub fn excess_minor(conn: &mut Conn, payment_id: PaymentId) -> QueryResult<i64> {
    store::excess_minor(conn, payment_id, PAID_AGAIN)
}

/// Whether this money became credit.
pub fn has_source(conn: &mut Conn, source: &str) -> QueryResult<bool> {
    store::has_source(conn, source)
}

/// Takes credit away; the caller holds the account and writes the books. `source` is spent once.
pub fn spend(
    conn: &mut Conn,
    account_id: AccountId,
    source: &str,
    amount: Money,
    reason: &str,
    invoice_id: Option<InvoiceId>,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    accounts::service::find_locked(conn, account_id)?.ok_or_else(|| ApiError::not_found("account"))?;
    let balance = store::balance_minor(conn, account_id, amount.currency)?;
    if balance < amount.minor {
        return Err(ApiError::conflict(format!(
            "only {} of the customer's credit is left",
            format_money(Money::new(balance, amount.currency))
        )));
    }
    let row = store::Spent {
        id: clock::new_id(now),
        account_id,
        invoice_id,
        source,
        amount,
        reason,
        now,
    };
    store::insert_spent(conn, &row)?;
    Ok(())
}

/// Pays an invoice with the account's credit, as far as it reaches.
pub async fn apply_to_invoice(
    app: &App,
    buyer: Buyer,
    id: InvoiceId,
    key: Option<idempotency::Key>,
) -> Result<Answer, ApiError> {
    let now = app.clock.now();
    let scope = idempotency::Scope::new(
        buyer.account_id,
        buyer.user_id,
        buyer.origin.api_key_id,
        "POST /invoices/{id}/apply-credit",
    );
    app.db
        .write(move |conn| {
            let work = |conn: &mut Conn| {
                apply(conn, &buyer.origin, buyer.account_id, id, now)?;
                invoices::service::details(conn, id, Some(buyer.account_id))
            };
            match &key {
                Some(key) => idempotency::once(conn, &scope, key, &id, 200, now, work),
                None => Answer::fresh(200, &work(conn)?),
            }
        })
        .await
}

fn apply(
    conn: &mut Conn,
    origin: &Origin,
    account_id: AccountId,
    id: InvoiceId,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let invoice = invoices::service::find_locked(conn, id)?;
    if invoice.account_id != account_id {
        return Err(ApiError::not_found("invoice"));
    }
    if !matches!(invoice.status, InvoiceStatus::Open | InvoiceStatus::Uncollectible) {
        return Err(ApiError::conflict(format!(
            "this invoice is {}; only open invoices can be paid",
            invoice.status
        )));
    }
    accounts::service::find_locked(conn, account_id)?;
    let balance = store::balance_minor(conn, account_id, invoice.currency)?;
    let amount = invoice.money(balance.min(invoice.balance_minor()));
    if amount.minor <= 0 {
        return Err(ApiError::conflict("there is no credit to pay with"));
    }
    let credit_id: common::ids::CreditId = clock::new_id(now);
    let source = format!("credit:{credit_id}");
    let number = invoice.number.clone().unwrap_or_default();
    spend(
        conn,
        account_id,
        &source,
        amount,
        &format!("paid {number}"),
        Some(id),
        now,
    )?;
    let settlement = invoices::service::settle(conn, id, amount, origin, now)?;
    let (text, left) = (
        format_money(amount),
        format_money(invoice.money(balance - amount.minor)),
    );
    let entry = Entry {
        action: AuditAction::CreditApplied,
        account_id: Some(account_id),
        subject_kind: "invoice",
        subject_id: Some(id.as_str()),
        subject: &number,
        changes: changed([
            ("amount", None, Some(&text)),
            ("credit_left", None, Some(&left)),
            (
                "status",
                Some(invoice.status.as_str()),
                Some(settlement.invoice.status.as_str()),
            ),
        ]),
    };
    audit::record(conn, origin, &entry, now)?;
    // As money from nowhere but the customer's credit: the same legs as a payment.
    let legs: Vec<Leg> = books::entries::payment_received(&Received {
        into: LedgerAccount::CustomerCredit,
        gross_minor: amount.minor,
        fee_minor: 0,
        applied_minor: settlement.applied.minor,
        excess_minor: settlement.excess.minor,
        written_off_vat_minor: settlement.written_off_vat_minor(),
    });
    books::service::post(
        conn,
        &books::service::Entry {
            kind: "credit_applied",
            source: &source,
            account_id: Some(account_id),
            invoice_id: Some(id),
            description: &format!("{text} of credit pays {number}"),
            currency: amount.currency,
            legs: &legs,
        },
        now,
    )
}
