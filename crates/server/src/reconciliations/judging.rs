//! What a line of the statement does: it is stored, and what it says of a payment is applied, in one transaction.

use chrono::{DateTime, Utc};
use common::{
    Currency,
    books::LedgerAccount,
    ids::{PaymentId, ReconciliationId},
    money::format_money,
    payments::{PaymentStatus, Provider},
    reconciliations::StatementVerdict,
};
use payfast::api::StatementLine;

use super::{
    rules::{self, Deed, Judgement, Kind, Ours, Range},
    store::{self, LineRow},
};
use crate::{
    app::App,
    books::{
        self,
        rules::{credit, debit},
    },
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    payments::{
        self,
        settlement::{self, Found},
    },
    refunds,
};

/// Where a line stands in its statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Equal lines before it.
    pub ordinal: u32,
    /// Whether a line before it tells of the same payment.
    pub is_repeated: bool,
}

/// Stores a line once and does what follows; a line that needs a person is judged again when it comes again.
pub async fn take(
    app: &App,
    reconciliation_id: ReconciliationId,
    line: StatementLine,
    place: Place,
) -> Result<StatementVerdict, ApiError> {
    let now = app.clock.now();
    let invoice_base = app.config.http.url("/invoices/");
    let verdict = app
        .db
        .write(move |conn| judge(conn, reconciliation_id, &line, place, &invoice_base, now))
        .await?;
    if verdict == StatementVerdict::Healed {
        app.wake_worker();
    }
    Ok(verdict)
}

fn judge(
    conn: &mut Conn,
    reconciliation_id: ReconciliationId,
    line: &StatementLine,
    place: Place,
    invoice_base: &str,
    now: DateTime<Utc>,
) -> Result<StatementVerdict, ApiError> {
    // The payment is held first, so that a late notification and this line follow one another.
    let payment = find_payment(conn, line)?;
    let mut row = LineRow {
        id: clock::new_id(now),
        line_sha256: rules::fingerprint(&rules::identity(line), place.ordinal),
        reconciliation_id,
        at: rules::instant(line).ok_or_else(|| ApiError::internal("the statement has a line without a time"))?,
        kind: line.kind.clone(),
        name: line.name.clone(),
        description: line.description.clone(),
        currency: Currency::parse(&line.currency).unwrap_or(Currency::Zar),
        gross_minor: line.gross.cents(),
        fee_minor: line.fee.cents(),
        net_minor: line.net.cents(),
        balance_minor: line.balance.map(|balance| balance.cents()),
        m_payment_id: line.m_payment_id.clone(),
        pf_payment_id: line.pf_payment_id.clone(),
        verdict: StatementVerdict::Other,
        note: String::new(),
        payment_id: payment,
        created_at: now.naive_utc(),
    };
    let kind = rules::kind_of(line);
    let before = match kind {
        Kind::Payout => store::find_payout(conn, &row, place.ordinal)?,
        Kind::Receipt | Kind::Refund | Kind::Other => store::find_line(conn, &row.line_sha256)?,
    };
    if let Some(before) = &before {
        if rules::is_final(before.verdict, before.net_minor) {
            return Ok(before.verdict);
        }
        row.id = before.id;
    }
    let deed = match kind {
        Kind::Receipt => {
            let Judgement { verdict, note, deed } = judge_receipt(conn, line, &row, place)?;
            (row.verdict, row.note) = (verdict, note);
            deed
        }
        Kind::Refund => {
            (row.verdict, row.note) = judge_refund(conn, &row)?;
            Deed::Nothing
        }
        Kind::Payout => {
            row.verdict = StatementVerdict::Payout;
            Deed::Nothing
        }
        Kind::Other => {
            (row.verdict, row.note) = rules::judge_other(line);
            Deed::Nothing
        }
    };
    match before {
        Some(_) => store::set_verdict(conn, &row)?,
        None => {
            if !store::insert_line(conn, &row)? {
                return Err(ApiError::conflict("another worker took this line"));
            }
        }
    }
    if let Some(payment_id) = row.payment_id {
        store::remove_missing(conn, &rules::fingerprint_of_missing(payment_id.as_str()))?;
    }
    // The books come last.
    match (kind, deed, row.payment_id) {
        (Kind::Payout, _, _) => post_payout(conn, &row, now)?,
        (_, Deed::Settle, Some(payment_id)) => {
            let pf_payment_id = row.pf_payment_id.as_deref();
            let pf_payment_id = pf_payment_id.ok_or_else(|| ApiError::internal("a line without an id settles"))?;
            let invoice_url = |id: &str| format!("{invoice_base}{id}");
            let found = Found {
                payment_id,
                pf_payment_id,
                gross_minor: row.gross_minor,
                fee_minor: Some(row.fee_minor.abs()),
                net_minor: Some(row.net_minor),
                where_found: "PayFast's statement",
            };
            settlement::apply_found(conn, &found, &invoice_url, now)?;
        }
        (_, Deed::CorrectFee { fee_minor }, Some(payment_id)) => {
            settlement::correct_fee(conn, payment_id, fee_minor, row.id.as_str(), now)?;
        }
        _ => {}
    }
    Ok(row.verdict)
}

/// The payment that a line is about, held until the transaction ends: by PayFast's id, else by ours.
fn find_payment(conn: &mut Conn, line: &StatementLine) -> QueryResult<Option<PaymentId>> {
    let by_reference = match &line.pf_payment_id {
        Some(pf_payment_id) => payments::service::find_by_reference(conn, pf_payment_id)?,
        None => None,
    };
    let by_our_id = || line.m_payment_id.as_deref().and_then(|id| PaymentId::parse(id).ok());
    match by_reference.or_else(by_our_id) {
        Some(id) => Ok(payments::service::find_locked(conn, id)?.map(|payment| payment.id)),
        None => Ok(None),
    }
}

fn judge_receipt(conn: &mut Conn, line: &StatementLine, row: &LineRow, place: Place) -> QueryResult<Judgement> {
    let payment = match row.payment_id {
        Some(id) => payments::service::find(conn, id)?.filter(|payment| payment.provider == Provider::Payfast),
        None => None,
    };
    let Some(payment) = payment else {
        return Ok(rules::judge(line, None, false));
    };
    let pf_payment_id = line.pf_payment_id.as_deref().unwrap_or_default();
    let is_its_own = payment.status == PaymentStatus::Succeeded
        && (pf_payment_id.is_empty() || payment.provider_reference.as_deref() == Some(pf_payment_id));
    let is_credit = !pf_payment_id.is_empty()
        && payments::credit::has_source(conn, &format!("{}:{pf_payment_id}", Provider::Payfast))?;
    let ours = Ours {
        amount_minor: payment.amount_minor,
        fee_minor: payment.fee_minor,
        is_booked: is_its_own || is_credit,
        is_its_own,
    };
    let is_repeated = place.is_repeated || (!pf_payment_id.is_empty() && !store::load_same(conn, row)?.is_empty());
    Ok(rules::judge(line, Some(&ours), is_repeated))
}

/// A refund that nobody asked for here was made in PayFast's dashboard: a person must look.
fn judge_refund(conn: &mut Conn, row: &LineRow) -> QueryResult<(StatementVerdict, String)> {
    let Some(payment_id) = row.payment_id else {
        let note = "no payment here explains this refund".to_owned();
        return Ok((StatementVerdict::Unknown, note));
    };
    let others: i64 = store::load_same(conn, row)?
        .iter()
        .map(|line| line.gross_minor.abs())
        .sum();
    let on_statement = others + row.gross_minor.abs();
    let ours: i64 = refunds::service::rows_of_payment(conn, payment_id)?
        .iter()
        .filter(|refund| refunds::rules::counts(refund.status))
        .map(|refund| refund.amount_minor)
        .sum();
    if on_statement > ours {
        let money = |minor| format_money(common::Money::new(minor, row.currency));
        let note = format!(
            "the statement refunds {} of this payment, we know of {}",
            money(on_statement),
            money(ours)
        );
        return Ok((StatementVerdict::Unknown, note));
    }
    Ok((StatementVerdict::Refund, String::new()))
}

/// PayFast paid out to the bank; what it kept for that is a fee.
fn post_payout(conn: &mut Conn, row: &LineRow, now: DateTime<Utc>) -> Result<(), ApiError> {
    let (gross, net) = (row.gross_minor.abs(), row.net_minor.abs());
    if net == 0 {
        return Ok(());
    }
    books::service::post(
        conn,
        &books::service::Entry {
            kind: "payout",
            source: &format!("statement_line:{}", row.id),
            account_id: None,
            invoice_id: None,
            description: "PayFast paid out to the bank",
            currency: row.currency,
            legs: &[
                debit(LedgerAccount::Bank, gross),
                debit(LedgerAccount::PayfastFees, net - gross),
                credit(LedgerAccount::PayfastClearing, net),
            ],
        },
        now,
    )
}

/// Writes down payments of these days that no line of any statement has, and tells a verdict for each.
pub async fn find_missing(
    app: &App,
    reconciliation_id: ReconciliationId,
    range: Range,
) -> Result<Vec<StatementVerdict>, ApiError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let (from, until) = range.instants();
            let mut verdicts = Vec::new();
            for payment in payments::service::load_settled_by_payfast(conn, from, until)? {
                if store::has_line(conn, payment.id)? {
                    continue;
                }
                verdicts.push(StatementVerdict::Missing);
                let at = payment.succeeded_at.unwrap_or(payment.updated_at);
                let row = LineRow {
                    id: clock::new_id(now),
                    line_sha256: rules::fingerprint_of_missing(payment.id.as_str()),
                    reconciliation_id,
                    at,
                    kind: "FUNDS_RECEIVED".to_owned(),
                    name: payment.description.clone(),
                    description: String::new(),
                    currency: payment.currency,
                    gross_minor: payment.amount_minor,
                    fee_minor: payment.fee_minor.map_or(0, |fee| -fee),
                    net_minor: payment.net_minor.unwrap_or(payment.amount_minor),
                    balance_minor: None,
                    m_payment_id: Some(payment.id.to_string()),
                    pf_payment_id: payment.provider_reference.clone(),
                    verdict: StatementVerdict::Missing,
                    note: "we have this payment, the statement does not".to_owned(),
                    payment_id: Some(payment.id),
                    created_at: now.naive_utc(),
                };
                store::insert_line(conn, &row)?;
            }
            Ok(verdicts)
        })
        .await
}
