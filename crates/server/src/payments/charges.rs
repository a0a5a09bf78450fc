//! Charges of saved cards: sent once, answered by PayFast's notification, and looked up when an answer was lost.
//!
//! The attempt is on the disk, and the payment `processing`, before the call. An answer that was lost makes the
//! payment `unknown`: it is never sent again. PayFast's query, and on the next day its statement, tell.

pub mod store;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    audit::AuditAction,
    ids::{InvoiceId, PaymentId},
    invoices::InvoiceStatus,
    money::format_money,
    payments::{AttemptKind, Method, NewCharge, Payment, PaymentStatus, Provider},
};
use payfast::{
    Amount, amounts_match,
    api::{AdHocCharge, reply::ProcessedPayment},
};

use super::{
    gateway::Reply,
    rules::{self, Event, Outcome},
    service::{self, Buyer},
    settlement::{self, Found},
    store::{self as payments_store, NewEvent, PaymentRow},
};
use crate::{
    app::App,
    audit::{self, Entry, service::changed},
    clock,
    db::Conn,
    error::ApiError,
    idempotency::{self, Answer},
    invoices,
    limits::Quota,
    payment_methods, reconciliations, search,
};

/// A charge whose worker or request died is looked at after this time; longer than a call may take.
const FIRST_LOOK: TimeDelta = TimeDelta::minutes(2);
/// How long the notification of a charge that PayFast took may be on its way.
const TIME_FOR_NOTIFICATION: TimeDelta = TimeDelta::minutes(5);
/// A worker that died gives its payment back after this time.
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// PayFast's statement of the next day is complete by then.
const STATEMENT_AFTER: TimeDelta = TimeDelta::hours(36);
/// What is not resolved by then needs a person.
const PAGE_AFTER: TimeDelta = TimeDelta::days(7);

/// Charges a saved card for what is open on an invoice; the same key gives the same answer and charges once.
pub async fn charge(
    app: &Arc<App>,
    buyer: Buyer,
    invoice_id: InvoiceId,
    wish: NewCharge,
    key: idempotency::Key,
) -> Result<Answer, ApiError> {
    let limit = [buyer.account_id.as_str().into()];
    app.limits.check(Quota::Charge, &limit).await?;
    if !app.gateway.has_api() {
        return Err(ApiError::conflict(
            "saved cards cannot be charged here: PayFast's API is not set up",
        ));
    }
    let now = app.clock.now();
    let payment_id: PaymentId = clock::new_id(now);
    let scope = idempotency::Scope::new(
        buyer.account_id,
        buyer.user_id,
        buyer.origin.api_key_id,
        "POST /invoices/{id}/charge",
    );
    let (config, in_scope, its_key) = (app.config.clone(), scope.clone(), key.clone());
    let (answer, order) = app
        .db
        .write(move |conn| -> Result<_, ApiError> {
            let mut order = None;
            let answer = idempotency::once(conn, &in_scope, &its_key, &(invoice_id, &wish), 201, now, |conn| {
                let payment = start(conn, &buyer, payment_id, invoice_id, &wish, now)?;
                let method =
                    payment_methods::service::find_chargeable(conn, buyer.account_id, payment.payment_method_id)?;
                order = Some(Order {
                    token: payment_methods::service::token_of(&config, &method)?,
                    payment,
                });
                service::details(conn, payment_id, Some(buyer.account_id))
            })?;
            Ok((answer, order))
        })
        .await?;
    let Some(order) = order else {
        return Ok(answer);
    };
    // A task of its own: a browser that goes away must not cut the call off before its answer is written.
    let app = Arc::clone(app);
    let sent = tokio::spawn(async move { send(&app, order, scope, key).await });
    sent.await.map_err(ApiError::internal)?
}

/// A charge that is on the disk and may be sent, once.
struct Order {
    payment: PaymentRow,
    token: String,
}

fn start(
    conn: &mut Conn,
    buyer: &Buyer,
    id: PaymentId,
    invoice_id: InvoiceId,
    wish: &NewCharge,
    now: DateTime<Utc>,
) -> Result<PaymentRow, ApiError> {
    let invoice = invoices::service::find_locked(conn, invoice_id)?;
    if invoice.account_id != buyer.account_id {
        return Err(ApiError::not_found("invoice"));
    }
    if invoice.status != InvoiceStatus::Open {
        return Err(ApiError::conflict(format!(
            "this invoice is {}; only open invoices can be paid",
            invoice.status
        )));
    }
    if let Some(status) = store::find_undecided(conn, invoice_id)? {
        return Err(ApiError::conflict(format!(
            "a payment of this invoice is {status}; wait until PayFast has said what became of it"
        )));
    }
    let amount_minor = invoice.balance_minor();
    if amount_minor < Amount::MINIMUM.cents() {
        return Err(ApiError::conflict("PayFast takes payments from R5.00 on"));
    }
    let method = payment_methods::service::find_chargeable(conn, buyer.account_id, wish.payment_method_id)?;
    let number = invoice.number.as_deref().unwrap_or_default();
    let payment = PaymentRow {
        id,
        account_id: buyer.account_id,
        invoice_id,
        provider: Provider::Payfast,
        status: PaymentStatus::Processing,
        product_code: None,
        description: invoice.description.clone(),
        currency: invoice.currency,
        amount_minor,
        fee_minor: None,
        net_minor: None,
        credited_minor: 0,
        provider_reference: None,
        created_at: now.naive_utc(),
        updated_at: now.naive_utc(),
        succeeded_at: None,
        expires_at: None,
        method: Method::SavedCard,
        payment_method_id: Some(method.id),
        refunded_minor: 0,
        reversed_at: None,
        next_check_at: Some((now + FIRST_LOOK).naive_utc()),
        search_text: search::fold([number, &invoice.customer_name, &invoice.description]),
    };
    payments_store::insert(conn, &payment)?;
    payments_store::insert_attempt(conn, clock::new_id(now), &payment, AttemptKind::Adhoc, now)?;
    for (event, from, to) in [
        ("created", None, PaymentStatus::Created),
        (
            Event::ChargeSent.as_str(),
            Some(PaymentStatus::Created),
            PaymentStatus::Processing,
        ),
    ] {
        let step = NewEvent {
            id: clock::new_id(now),
            payment_id: id,
            event,
            from,
            to,
            note: "",
            now,
        };
        payments_store::insert_event(conn, &step)?;
    }
    let amount = format_money(payment.money(amount_minor));
    let entry = Entry {
        action: AuditAction::ChargeStarted,
        account_id: Some(buyer.account_id),
        subject_kind: "payment",
        subject_id: Some(id.as_str()),
        subject: &payment.description,
        changes: changed([
            ("status", None, Some(payment.status.as_str())),
            ("amount", None, Some(&amount)),
            ("invoice", None, Some(number)),
            ("payment_method", None, Some(&method.label)),
        ]),
    };
    audit::record(conn, &buyer.origin, &entry, now)?;
    Ok(payment)
}

/// Sends a charge and writes PayFast's answer down; the answer of the request is then the payment as it stands.
async fn send(app: &App, order: Order, scope: idempotency::Scope, key: idempotency::Key) -> Result<Answer, ApiError> {
    let Order { payment, token } = order;
    let (id, account_id) = (payment.id, payment.account_id);
    let name = format!("CapeControl {}", payment.description);
    let (item_name, m_payment_id): (String, _) = (name.chars().take(100).collect(), id.to_string());
    let charge = AdHocCharge {
        token: &token,
        amount: Amount::from_cents(payment.amount_minor),
        item_name: &item_name,
        item_description: "",
        m_payment_id: &m_payment_id,
    };
    let told = match app.gateway.charge(&charge).await {
        Reply::Answered(charged) => Told {
            event: Event::ApiOk,
            reference: charged.pf_payment_id,
            note: charged.message,
        },
        Reply::Refused(reason) => Told {
            event: Event::ApiDeclined,
            reference: None,
            note: reason,
        },
        Reply::Lost(reason) => {
            tracing::warn!(payment.id = %id, %reason, "A charge was sent and its answer is not known");
            Told {
                event: Event::ApiLost,
                reference: None,
                note: reason,
            }
        }
    };
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            take_answer(conn, id, &told, now)?;
            let payment: Payment = service::details(conn, id, Some(account_id))?;
            idempotency::replace_answer(conn, &scope, &key, 201, &payment)
        })
        .await
}

/// What PayFast's API said of a charge.
struct Told {
    event: Event,
    reference: Option<String>,
    note: String,
}

fn take_answer(conn: &mut Conn, id: PaymentId, told: &Told, now: DateTime<Utc>) -> Result<(), ApiError> {
    let payment = payments_store::find_locked(conn, id)?.ok_or_else(|| ApiError::not_found("payment"))?;
    let note = shortened(&told.note);
    match rules::next(payment.method, payment.status, told.event) {
        Outcome::Move(to) => {
            settlement::move_to(conn, &payment, told.event, to, &note, now)?;
            let next = (to == PaymentStatus::Unknown).then(|| now + TimeDelta::minutes(1));
            store::set_next_check(conn, id, next)?;
        }
        // Its notification may have been faster; what it said stands.
        _ => {
            settlement::record(conn, &payment, told.event, payment.status, &note, now)?;
            if payment.status == PaymentStatus::Processing {
                store::set_reference(conn, id, told.reference.as_deref(), now + TIME_FOR_NOTIFICATION)?;
            }
        }
    }
    Ok(())
}

fn shortened(note: &str) -> String {
    note.chars().take(255).collect()
}

/// Looks up every charge that is due and tells how many it tried.
pub async fn resolve_due(app: &App) -> Result<usize, ApiError> {
    if !app.gateway.has_api() {
        return Ok(0);
    }
    let now = app.clock.now();
    let due = app.db.read(move |conn| store::load_due(conn, now, 32)).await?;
    let mut tried = 0;
    for payment in due {
        let id = payment.id;
        let claimed = app
            .db
            .write(move |conn| store::claim(conn, &payment, now + LEASE))
            .await?;
        let Some(payment) = claimed else { continue };
        tried += 1;
        if let Err(error) = resolve(app, payment).await {
            tracing::error!(payment.id = %id, ?error, "Could not look up a charge");
        }
    }
    Ok(tried)
}

async fn resolve(app: &App, payment: PaymentRow) -> Result<(), ApiError> {
    let id = payment.id;
    if payment.status == PaymentStatus::Processing && payment.provider_reference.is_none() {
        // Whoever sent it died before the answer was written.
        let now = app.clock.now();
        let told = Told {
            event: Event::ApiLost,
            reference: None,
            note: "the answer of PayFast was lost".to_owned(),
        };
        app.db.write(move |conn| take_answer(conn, id, &told, now)).await?;
        return Ok(());
    }
    let found = match ask(app, &payment).await? {
        Reply::Answered(found) => found,
        Reply::Refused(reason) | Reply::Lost(reason) => return wait(app, &payment, &reason).await,
    };
    if let Some(found) = found {
        let amount = found.amount.unwrap_or(Amount::from_cents(payment.amount_minor));
        let found = Receipt {
            pf_payment_id: found.pf_payment_id,
            gross_minor: amount.cents(),
            fee_minor: None,
            net_minor: None,
            where_found: "PayFast's query",
        };
        return settle(app, &payment, found).await;
    }
    let sent_at = payment.created_at.and_utc();
    if payment.status != PaymentStatus::Unknown || app.clock.now() - sent_at < STATEMENT_AFTER {
        return wait(app, &payment, "PayFast does not know it yet").await;
    }
    let lines = match reconciliations::service::fetch(app, sent_at, app.clock.now()).await {
        Ok(lines) => lines,
        Err(reason) => return wait(app, &payment, &reason).await,
    };
    let line = lines.into_iter().find(|line| {
        reconciliations::rules::kind_of(line) == reconciliations::rules::Kind::Receipt
            && line.m_payment_id.as_deref() == Some(id.as_str())
    });
    if let Some(line) = line {
        let found = Receipt {
            pf_payment_id: line.pf_payment_id.unwrap_or_default(),
            gross_minor: line.gross.cents(),
            fee_minor: Some(line.fee.cents().abs()),
            net_minor: Some(line.net.cents()),
            where_found: "PayFast's statement",
        };
        return settle(app, &payment, found).await;
    }
    let now = app.clock.now();
    app.db
        .write(move |conn| -> Result<(), ApiError> {
            let payment = payments_store::find_locked(conn, id)?.ok_or_else(|| ApiError::not_found("payment"))?;
            if let Outcome::Move(to) = rules::next(payment.method, payment.status, Event::FoundNothing) {
                let note = "neither PayFast's query nor its statement of the next day knows it; nothing was taken";
                settlement::move_to(conn, &payment, Event::FoundNothing, to, note, now)?;
                store::set_next_check(conn, id, None)?;
            }
            Ok(())
        })
        .await
}

/// The payment as PayFast has it, when it is ours and the money was taken.
async fn ask(app: &App, payment: &PaymentRow) -> Result<Reply<Option<ProcessedPayment>>, ApiError> {
    let subject = match &payment.provider_reference {
        Some(reference) => reference.clone(),
        None => match token_of(app, payment).await? {
            Some(token) => token,
            // The card was removed and its token forgotten: only the statement can tell.
            None => return Ok(Reply::Answered(None)),
        },
    };
    let id = payment.id.to_string();
    Ok(match app.gateway.find_payment(&subject).await {
        // A token's newest payment may be another one.
        Reply::Answered(found) => {
            Reply::Answered(found.filter(|found| found.is_complete() && found.m_payment_id.as_deref() == Some(&id)))
        }
        other => other,
    })
}

async fn token_of(app: &App, payment: &PaymentRow) -> Result<Option<String>, ApiError> {
    let Some(method_id) = payment.payment_method_id else {
        return Ok(None);
    };
    let method = app
        .db
        .read(move |conn| payment_methods::service::find(conn, method_id))
        .await?;
    Ok(method.and_then(|method| payment_methods::service::token_of(&app.config, &method).ok()))
}

struct Receipt {
    pf_payment_id: String,
    gross_minor: i64,
    fee_minor: Option<i64>,
    net_minor: Option<i64>,
    where_found: &'static str,
}

async fn settle(app: &App, payment: &PaymentRow, receipt: Receipt) -> Result<(), ApiError> {
    let (expected, gross) = (
        Amount::from_cents(payment.amount_minor),
        Amount::from_cents(receipt.gross_minor),
    );
    if !amounts_match(expected, gross) {
        tracing::error!(payment.id = %payment.id, page = true, "PayFast has a charge with another amount");
        return wait(app, payment, "PayFast has it with another amount; a person must look").await;
    }
    if receipt.pf_payment_id.is_empty() {
        // Settled without it, the notification of the same money would pass for another payment.
        tracing::error!(payment.id = %payment.id, page = true, "PayFast has a charge without an id");
        let reason = format!(
            "{} has it without PayFast's id; a person must look",
            receipt.where_found
        );
        return wait(app, payment, &reason).await;
    }
    let (id, now) = (payment.id, app.clock.now());
    let invoice_base = app.config.http.url("/invoices/");
    app.db
        .write(move |conn| {
            let found = Found {
                payment_id: id,
                pf_payment_id: &receipt.pf_payment_id,
                gross_minor: receipt.gross_minor,
                fee_minor: receipt.fee_minor,
                net_minor: receipt.net_minor,
                where_found: receipt.where_found,
            };
            store::set_next_check(conn, id, None)?;
            settlement::apply_found(conn, &found, &|id| format!("{invoice_base}{id}"), now)
        })
        .await?;
    app.wake_worker();
    Ok(())
}

/// Comes back later; after a week a person is called.
async fn wait(app: &App, payment: &PaymentRow, reason: &str) -> Result<(), ApiError> {
    let (id, now) = (payment.id, app.clock.now());
    let age = now - payment.created_at.and_utc();
    if age >= PAGE_AFTER {
        tracing::error!(
            payment.id = %id,
            page = true,
            %reason,
            "A charge is not decided after 7 days: look it up in PayFast's dashboard"
        );
    }
    let pause = pause_at(age);
    app.db
        .write(move |conn| store::set_next_check(conn, id, Some(now + pause)))
        .await?;
    Ok(())
}

/// Every 5 minutes in the first quarter of an hour, every half an hour in the first two, then every two hours.
fn pause_at(age: TimeDelta) -> TimeDelta {
    if age < TimeDelta::minutes(15) {
        TimeDelta::minutes(5)
    } else if age < TimeDelta::hours(2) {
        TimeDelta::minutes(30)
    } else {
        TimeDelta::hours(2)
    }
}
