//! What a notification can change, looked at before and after: payment, invoice, credit, plan, books, saved card.

use chrono::NaiveDateTime;
use common::{
    Currency, Money,
    books::LedgerAccount,
    ids::{AccountId, InvoiceId, PaymentId, PaymentMethodId},
    money::format_money,
};
use diesel::prelude::*;

use crate::db::{
    Conn, QueryResult,
    schema::{
        customer_credits, invoices, ledger_postings, ledger_transactions, payment_methods, payments, plan_grants,
    },
};

/// One value of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub entity: &'static str,
    pub entity_id: Option<String>,
    pub field: String,
    pub value: Option<String>,
}

impl Fact {
    pub fn is_about_the_same_as(&self, other: &Fact) -> bool {
        (self.entity, &self.entity_id, &self.field) == (other.entity, &other.entity_id, &other.field)
    }
}

/// Everything that a notification with this reference and PayFast's id can change.
pub fn load(conn: &mut Conn, reference: Option<&str>, pf_payment_id: Option<&str>) -> QueryResult<Vec<Fact>> {
    let Some(reference) = reference else {
        return Ok(Vec::new());
    };
    let mut facts = Vec::new();
    if let Ok(id) = PaymentMethodId::parse(reference) {
        load_card(conn, id, &mut facts)?;
    }
    if let Ok(id) = PaymentId::parse(reference) {
        load_money(conn, id, pf_payment_id, &mut facts)?;
    }
    Ok(facts)
}

fn load_card(conn: &mut Conn, id: PaymentMethodId, facts: &mut Vec<Fact>) -> QueryResult<()> {
    let row: Option<(String, bool, Option<String>)> = payment_methods::table
        .find(id)
        .select((
            payment_methods::status,
            payment_methods::is_default,
            payment_methods::token_hash,
        ))
        .first(conn)
        .optional()?;
    if let Some((status, is_default, token_hash)) = row {
        let mut thing = about(facts, "payment_method", Some(id.to_string()));
        thing.add("status", Some(status));
        thing.add("is_default", Some(is_default.to_string()));
        thing.add("token", token_hash.map(|_| "stored".to_owned()));
    }
    Ok(())
}

fn load_money(conn: &mut Conn, id: PaymentId, pf_payment_id: Option<&str>, facts: &mut Vec<Fact>) -> QueryResult<()> {
    type PaymentFacts = (
        AccountId,
        InvoiceId,
        Currency,
        String,
        Option<i64>,
        Option<i64>,
        Option<String>,
        i64,
    );
    let payment: Option<PaymentFacts> = payments::table
        .find(id)
        .select((
            payments::account_id,
            payments::invoice_id,
            payments::currency,
            payments::status,
            payments::fee_minor,
            payments::net_minor,
            payments::provider_reference,
            payments::credited_minor,
        ))
        .first(conn)
        .optional()?;
    let Some((account_id, invoice_id, currency, status, fee, net, provider_reference, credited)) = payment else {
        return Ok(());
    };
    let money = |minor: i64| format_money(Money::new(minor, currency));
    let mut thing = about(facts, "payment", Some(id.to_string()));
    thing.add("status", Some(status));
    thing.add("fee", fee.map(money));
    thing.add("net", net.map(money));
    thing.add("provider_reference", provider_reference);
    thing.add("credited", Some(money(credited)));

    let (status, number, paid): (String, Option<String>, i64) = invoices::table
        .find(invoice_id)
        .select((invoices::status, invoices::number, invoices::amount_paid_minor))
        .first(conn)?;
    let mut thing = about(facts, "invoice", Some(invoice_id.to_string()));
    thing.add("status", Some(status));
    thing.add("number", number);
    thing.add("amount_paid", Some(money(paid)));

    let credits: Vec<i64> = customer_credits::table
        .filter(customer_credits::account_id.eq(account_id))
        .select(customer_credits::amount_minor)
        .load(conn)?;
    let mut thing = about(facts, "credit", Some(account_id.to_string()));
    thing.add("balance", Some(money(credits.iter().sum())));

    let grants: Vec<(String, Option<NaiveDateTime>)> = plan_grants::table
        .filter(plan_grants::account_id.eq(account_id))
        .order((plan_grants::created_at, plan_grants::id))
        .select((plan_grants::product_code, plan_grants::ends_at))
        .load(conn)?;
    let mut latest: Vec<(String, Option<NaiveDateTime>)> = Vec::new();
    for (code, ends_at) in grants {
        match latest.iter_mut().find(|(known, _)| *known == code) {
            Some(known) => known.1 = ends_at,
            None => latest.push((code, ends_at)),
        }
    }
    let mut thing = about(facts, "plan", Some(account_id.to_string()));
    for (code, ends_at) in latest {
        let until = ends_at.map_or_else(
            || "without end".to_owned(),
            |at| at.format("%Y-%m-%d %H:%M UTC").to_string(),
        );
        thing.add(&code, Some(until));
    }
    load_books(conn, id, invoice_id, pf_payment_id, &money, facts)
}

/// What the books hold of this payment, by ledger account; debits are positive.
fn load_books(
    conn: &mut Conn,
    id: PaymentId,
    invoice_id: InvoiceId,
    pf_payment_id: Option<&str>,
    money: &dyn Fn(i64) -> String,
    facts: &mut Vec<Fact>,
) -> QueryResult<()> {
    let mut sources = vec![format!("payment:{id}"), format!("invoice:{invoice_id}")];
    sources.extend(pf_payment_id.map(|pf_payment_id| format!("payfast:{pf_payment_id}")));
    let postings: Vec<(LedgerAccount, i64)> = ledger_postings::table
        .inner_join(ledger_transactions::table)
        .filter(ledger_transactions::source.eq_any(sources))
        .order((ledger_transactions::serial, ledger_postings::position))
        .select((ledger_postings::ledger_account, ledger_postings::amount_minor))
        .load(conn)?;
    let mut sums: Vec<(LedgerAccount, i64)> = Vec::new();
    for (account, minor) in postings {
        match sums.iter_mut().find(|(known, _)| *known == account) {
            Some(known) => known.1 += minor,
            None => sums.push((account, minor)),
        }
    }
    let mut thing = about(facts, "books", None);
    for (account, minor) in sums {
        thing.add(account.as_str(), Some(money(minor)));
    }
    Ok(())
}

/// Collects the values of one thing.
struct Adder<'a> {
    facts: &'a mut Vec<Fact>,
    entity: &'static str,
    entity_id: Option<String>,
}

impl Adder<'_> {
    fn add(&mut self, field: &str, value: Option<String>) {
        self.facts.push(Fact {
            entity: self.entity,
            entity_id: self.entity_id.clone(),
            field: field.to_owned(),
            value,
        });
    }
}

fn about<'a>(facts: &'a mut Vec<Fact>, entity: &'static str, entity_id: Option<String>) -> Adder<'a> {
    Adder {
        facts,
        entity,
        entity_id,
    }
}
