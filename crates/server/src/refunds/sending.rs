//! The worker's part of refunds: asks PayFast's terms, sends once, and finds out what became of what was lost.
//!
//! The state `submitted` is on the disk before the call. A worker that died there may have sent it or not, so the
//! refund is `unknown`, never sent again: PayFast's query, and on the next day its statement, tell.

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    ErrorCode,
    ids::RefundId,
    money::format_money,
    refunds::{BankDetails, RefundStatus},
};
use payfast::{
    Amount,
    api::{BankAccount, Refund, StatementLine},
};

use super::{
    rules::{self, Event, Finding, Sum, Way},
    service::{self, RefundRow, Step},
    store,
};
use crate::{
    app::App,
    audit::Origin,
    auth::seal::{self, Use},
    error::ApiError,
    payments::{
        self,
        gateway::{Reply, Terms},
    },
    reconciliations,
};

/// A worker that died gives its refund back after this time; longer than all calls of one round may take.
const LEASE: TimeDelta = TimeDelta::minutes(3);

/// Looks at every refund that is due and tells how many it moved on or tried.
pub async fn advance_due(app: &App) -> Result<usize, ApiError> {
    if !app.gateway.has_api() {
        return Ok(0);
    }
    let now = app.clock.now();
    let due = app.db.read(move |conn| store::load_due(conn, now, 32)).await?;
    let mut tried = 0;
    for id in due {
        match advance(app, id).await {
            Ok(was_tried) => tried += usize::from(was_tried),
            Err(error) => tracing::error!(refund.id = %id, ?error, "Could not look at a refund"),
        }
    }
    Ok(tried)
}

async fn advance(app: &App, id: RefundId) -> Result<bool, ApiError> {
    let now = app.clock.now();
    let claimed = app
        .db
        .write(move |conn| store::claim(conn, id, now, now + LEASE))
        .await?;
    let Some(row) = claimed else { return Ok(false) };
    match row.status {
        RefundStatus::Requested => ask_and_send(app, row).await?,
        RefundStatus::Submitted => {
            tracing::warn!(refund.id = %id, "A refund was sent and its answer is not known");
            let message = "the answer of PayFast was lost";
            step(app, &row, Event::ApiLost, message).await?;
        }
        RefundStatus::Unknown => resolve(app, row).await?,
        RefundStatus::AwaitingBankDetails | RefundStatus::Succeeded | RefundStatus::Failed => {}
    }
    Ok(true)
}

/// The payment's id at PayFast, and its other refunds that PayFast has made or may have made.
async fn situation(app: &App, row: &RefundRow) -> Result<(String, Vec<RefundRow>), ApiError> {
    let (id, payment_id) = (row.id, row.payment_id);
    app.db
        .read(move |conn| {
            let payment = payments::service::find(conn, payment_id)?.ok_or_else(|| ApiError::not_found("payment"))?;
            let mut others = store::load_of(conn, payment_id)?;
            others.retain(|other| other.id != id && rules::may_be_done(other.status));
            Ok((payment.provider_reference.unwrap_or_default(), others))
        })
        .await
}

async fn ask_and_send(app: &App, row: RefundRow) -> Result<(), ApiError> {
    let (pf_payment_id, others) = situation(app, &row).await?;
    if others.iter().any(|other| rules::is_in_flight(other.status)) {
        return later(app, &row, rules::BUSY).await;
    }
    let terms = match app.gateway.refund_terms(&pf_payment_id).await {
        Reply::Answered(terms) => terms,
        Reply::Refused(reason) => return step(app, &row, Event::NotAvailable, &reason).await,
        Reply::Lost(reason) => return later(app, &row, &reason).await,
    };
    if terms.available_minor < row.amount_minor {
        let left = format_money(common::Money::new(terms.available_minor, row.currency));
        let reason = format!("PayFast has only {left} of this payment left");
        return step(app, &row, Event::NotAvailable, &reason).await;
    }
    let way = way_of(&terms, &row);
    match rules::judge_terms(way, row.bank_details.is_some()) {
        Event::Send => send(app, row, way, &pf_payment_id).await,
        Event::NeedsBank => step(app, &row, Event::NeedsBank, "PayFast pays this to a bank account only").await,
        event => step(app, &row, event, "PayFast says that this payment cannot be refunded").await,
    }
}

fn way_of(terms: &Terms, row: &RefundRow) -> Way {
    if row.amount_minor == terms.original_minor {
        terms.full
    } else {
        terms.partial
    }
}

async fn send(app: &App, row: RefundRow, way: Way, pf_payment_id: &str) -> Result<(), ApiError> {
    let details = bank_details(app, &row)?;
    let is_bank = way == Way::Bank;
    let now = app.clock.now();
    let (id, from) = (row.id, row.status);
    // Committed before the call: whoever finds it later knows that it may have been sent.
    let sent = app
        .db
        .write(move |conn| {
            let step = Step {
                event: Event::Send,
                method: Some(if is_bank { "bank" } else { "source" }),
                next_check_at: Some(now.naive_utc()),
                lease_until: Some((now + LEASE).naive_utc()),
                ..Step::default()
            };
            service::apply(conn, &Origin::system(), id, from, &step, now)
        })
        .await;
    let sent = match sent {
        Ok(sent) => sent,
        // Nothing was written, so nothing is sent: another node was faster with a refund of this payment.
        Err(ApiError::Refused {
            code: ErrorCode::Conflict,
            detail,
            ..
        }) => return later(app, &row, &detail).await,
        Err(error) => return Err(error),
    };
    let order = Refund {
        pf_payment_id,
        amount: Amount::from_cents(row.amount_minor),
        reason: &row.reason,
        notify_buyer: true,
        notify_merchant: false,
        bank: details.as_ref().filter(|_| is_bank).map(|details| BankAccount {
            holder: &details.account_holder,
            bank_name: &details.bank_name,
            branch_code: &details.branch_code,
            number: &details.account_number,
            kind: &details.account_type,
        }),
    };
    match app.gateway.refund(&order).await {
        Reply::Answered(()) => step(app, &sent, Event::ApiOk, "PayFast took it").await,
        Reply::Refused(reason) => step(app, &sent, Event::ApiDeclined, &reason).await,
        Reply::Lost(reason) => {
            tracing::warn!(refund.id = %id, %reason, "A refund was sent and its answer is not known");
            step(app, &sent, Event::ApiLost, &reason).await
        }
    }
}

fn bank_details(app: &App, row: &RefundRow) -> Result<Option<BankDetails>, ApiError> {
    let Some(sealed) = &row.bank_details else {
        return Ok(None);
    };
    let text = seal::open_for(&app.config.secret_key, Use::BankDetails, row.id.as_str(), sealed)
        .ok_or_else(|| ApiError::internal("the bank details of a refund cannot be opened; was SECRET_KEY changed?"))?;
    serde_json::from_str(&text).map(Some).map_err(ApiError::internal)
}

/// Asks PayFast what became of a refund whose answer was lost.
async fn resolve(app: &App, row: RefundRow) -> Result<(), ApiError> {
    let now = app.clock.now();
    let (pf_payment_id, others) = situation(app, &row).await?;
    let terms = match app.gateway.refund_terms(&pf_payment_id).await {
        Reply::Answered(terms) => terms,
        Reply::Refused(reason) | Reply::Lost(reason) => return wait_for_word(app, &row, &reason, now).await,
    };
    let given_back = match app.gateway.paid_back_minor(&pf_payment_id).await {
        // Either list may be behind the other.
        Reply::Answered(listed) => listed.max(terms.original_minor - terms.available_minor),
        Reply::Refused(_) | Reply::Lost(_) => terms.original_minor - terms.available_minor,
    };
    let others_minor: i64 = others.iter().map(|other| other.amount_minor).sum();
    if rules::is_done(given_back, others_minor, row.amount_minor) {
        return step(app, &row, Event::FoundDone, "found by asking PayFast").await;
    }
    let sent_at = sent_at_of(&row);
    if now - sent_at < rules::STATEMENT_AFTER {
        return wait_for_word(app, &row, "PayFast does not know it yet; its statement decides", now).await;
    }
    let first_sent_at = others
        .iter()
        .map(sent_at_of)
        .min()
        .map_or(sent_at, |first| first.min(sent_at));
    let eve = first_sent_at - TimeDelta::days(1);
    let lines = match reconciliations::service::fetch(app, eve, now).await {
        Ok(lines) => lines,
        Err(reason) => return wait_for_word(app, &row, &reason, now).await,
    };
    let lines = refunds_of(&pf_payment_id, &lines);
    let others: Vec<Sum> = others.iter().map(sum_of).collect();
    match rules::find_on_statement(sum_of(&row), &others, &lines) {
        Finding::Done => step(app, &row, Event::FoundDone, "found on PayFast's statement").await,
        Finding::Nothing => {
            let message = "neither PayFast's query nor its statement of the next day knows it";
            step(app, &row, Event::FoundNothing, message).await
        }
        Finding::Unsure => {
            tracing::error!(
                refund.id = %row.id,
                page = true,
                "PayFast's statement has fewer refunds of this amount than were sent: look it up in PayFast's dashboard"
            );
            let message = "PayFast's statement does not tell it from another refund of this amount; a person must look";
            later(app, &row, message).await
        }
    }
}

fn sent_at_of(row: &RefundRow) -> DateTime<Utc> {
    row.submitted_at.unwrap_or(row.updated_at).and_utc()
}

fn sum_of(row: &RefundRow) -> Sum {
    Sum {
        amount_minor: row.amount_minor,
        on: reconciliations::rules::today(sent_at_of(row)),
    }
}

/// What a statement says was paid back of a payment, line by line.
fn refunds_of(pf_payment_id: &str, lines: &[StatementLine]) -> Vec<Sum> {
    let its_own = lines
        .iter()
        .filter(|line| reconciliations::rules::is_refund(line) && line.pf_payment_id.as_deref() == Some(pf_payment_id));
    its_own
        .filter_map(|line| {
            let at = reconciliations::rules::instant(line)?;
            Some(Sum {
                amount_minor: line.gross.cents().abs(),
                on: reconciliations::rules::today(at.and_utc()),
            })
        })
        .collect()
}

async fn wait_for_word(app: &App, row: &RefundRow, reason: &str, now: DateTime<Utc>) -> Result<(), ApiError> {
    if rules::needs_a_person(sent_at_of(row), now) {
        tracing::error!(
            refund.id = %row.id,
            page = true,
            "A refund is unknown for 7 days: look it up in PayFast's dashboard"
        );
    }
    later(app, row, reason).await
}

async fn later(app: &App, row: &RefundRow, reason: &str) -> Result<(), ApiError> {
    let until = app.clock.now() + rules::pause_after(row.attempts);
    let (row, reason) = (row.clone(), reason.to_owned());
    app.db
        .write(move |conn| store::postpone(conn, &row, &reason, until))
        .await?;
    Ok(())
}

async fn step(app: &App, row: &RefundRow, event: Event, message: &str) -> Result<(), ApiError> {
    let now = app.clock.now();
    let (id, from, message) = (row.id, row.status, message.to_owned());
    app.db
        .write(move |conn| {
            let step = Step {
                event,
                message: &message,
                // Where it goes on, a first look comes soon.
                next_check_at: Some((now + TimeDelta::minutes(1)).naive_utc()),
                ..Step::default()
            };
            service::apply(conn, &Origin::system(), id, from, &step, now)
        })
        .await?;
    Ok(())
}
