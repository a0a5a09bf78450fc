//! PayFast's notifications: stored first, answered, then judged under a lease and applied once.
//!
//! Nothing is judged before it is safe, and nothing that came is thrown away: what cannot be applied is kept
//! with its reason, `rejected` when it is not PayFast's, `quarantined` when a person must look.

mod facts;
mod inspect;
mod masking;
pub mod replay;
pub mod store;

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    FieldError, Page,
    ids::{ItnId, PaymentId, PaymentMethodId},
    itn::{Itn as ItnDto, ItnQuery, ItnStatus, ItnSummary},
    payments::Provider,
};
use futures_util::{StreamExt, stream};
use payfast::Itn;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use self::{
    inspect::Findings,
    store::{Contents, ItnRow, ListFilter, NewItn},
};
use super::{
    gateway::Confirmation,
    rules,
    settlement::{self, Applied, Told},
};
use crate::{
    app::App,
    clock, days,
    db::{Conn, QueryResult},
    error::ApiError,
    http::peer,
    paging::{self, Paging},
    payment_methods::tokens,
};

/// Largest body that is taken; PayFast's are below 2 KiB.
pub const MAX_BYTES: usize = 16 * 1024;
/// A worker that died gives its notification back after this time; longer than a confirmation may take.
const LEASE: TimeDelta = TimeDelta::seconds(20);
/// Notifications that are checked at the same time.
const CHECKED_AT_ONCE: usize = 8;
/// How long refused ones are kept.
pub const REJECTED_KEPT: TimeDelta = TimeDelta::days(30);

/// Stores a notification durably; the same bytes again are counted, not stored twice.
pub async fn receive(app: &App, body: Vec<u8>, from: IpAddr) -> Result<(), ApiError> {
    let now = app.clock.now();
    let sources = app.config.payfast.itn_sources.clone();
    app.db
        .write(move |conn| -> Result<(), ApiError> {
            let body_sha256 = hex::encode(Sha256::digest(&body));
            let from_text = from.to_string();
            let new = NewItn {
                id: clock::new_id(now),
                body_sha256: &body_sha256,
                raw_body: &body,
                peer: &from_text,
                now,
            };
            if store::insert(conn, &new)? {
                return Ok(());
            }
            let (id, first_peer, status) = store::count_delivery(conn, &body_sha256)?;
            // What was refused is judged anew when PayFast itself sends it again: the first sender may have been
            // somebody else, or our own settings may have been wrong.
            let is_foreign = |peer: &str| !peer.parse().is_ok_and(|peer| peer::contains(&sources, peer));
            let may_change = match status {
                ItnStatus::Rejected => true,
                ItnStatus::Received => is_foreign(&first_peer),
                _ => false,
            };
            if may_change && !is_foreign(&from_text) {
                store::check_again_from(conn, id, &from_text, now)?;
            }
            Ok(())
        })
        .await?;
    app.wake_worker();
    Ok(())
}

/// Checks every notification that is due and tells how many it tried.
pub async fn check_due(app: &App) -> Result<usize, ApiError> {
    let now = app.clock.now();
    let due = app.db.read(move |conn| store::load_due(conn, now, 256)).await?;
    let tried = stream::iter(due)
        .map(|id| async move {
            // One that fails must not hold up the others, nor count as work done: the round would never end.
            check_one(app, id).await.unwrap_or_else(|error| {
                tracing::error!(itn.id = %id, ?error, "Could not check a notification");
                false
            })
        })
        .buffer_unordered(CHECKED_AT_ONCE)
        .filter(|was_tried| std::future::ready(*was_tried))
        .count()
        .await;
    Ok(tried)
}

async fn check_one(app: &App, id: ItnId) -> Result<bool, ApiError> {
    let now = app.clock.now();
    let Some(row) = app
        .db
        .write(move |conn| store::claim(conn, id, now, now + LEASE))
        .await?
    else {
        return Ok(false);
    };
    let itn = Itn::parse(&row.raw_body);
    let (verdict, findings) = judge(app, &row, &itn).await;
    conclude(app, row, itn, verdict, findings).await?;
    Ok(true)
}

/// Everything that is decided before the money is looked at; asks PayFast, and writes nothing.
async fn judge(app: &App, row: &ItnRow, itn: &Itn) -> (Verdict, Findings) {
    let mut findings = Findings::look(itn, row, &app.config);
    if let Some(reason) = findings.refusal() {
        return (Verdict::Reject(reason.to_owned()), findings);
    }
    let confirmation = app.gateway.confirm(itn.confirmation_body()).await;
    findings.confirmed(&confirmation);
    let verdict = match confirmation {
        Confirmation::Valid => Verdict::Apply,
        Confirmation::Invalid => Verdict::Reject("PayFast says that it did not send this".to_owned()),
        Confirmation::Unreachable(reason) => Verdict::Later(reason),
    };
    (verdict, findings)
}

enum Verdict {
    Apply,
    Reject(String),
    Later(String),
}

async fn conclude(app: &App, row: ItnRow, itn: Itn, verdict: Verdict, findings: Findings) -> Result<(), ApiError> {
    let now = app.clock.now();
    let (id, later) = (row.id, now + pause_after(row.attempts));
    match verdict {
        Verdict::Later(reason) => {
            tracing::warn!(itn.id = %id, attempts = row.attempts, %reason, "PayFast could not confirm a notification yet");
            app.db
                .write(move |conn| -> Result<(), ApiError> {
                    store::set_findings(conn, &row, &findings.to_json(), "")?;
                    store::postpone(conn, &row, &reason, later)?;
                    Ok(())
                })
                .await?;
        }
        Verdict::Reject(reason) => {
            tracing::warn!(itn.id = %id, peer = %row.peer, %reason, "Refused a notification");
            let reject = move |conn: &mut Conn| -> Result<(), ApiError> {
                let payment_id = known_payment(conn, &itn)?;
                store::set_findings(conn, &row, &findings.to_json(), "")?;
                store::set_verdict(
                    conn,
                    &row,
                    ItnStatus::Rejected,
                    &reason,
                    &contents(&itn),
                    payment_id,
                    now,
                )?;
                Ok(())
            };
            app.db.write(reject).await?;
        }
        Verdict::Apply => {
            let invoice_base = app.config.http.url("/invoices/");
            let config = Arc::clone(&app.config);
            let row = Arc::new(row);
            let claimed = Arc::clone(&row);
            if let Err(error) = app
                .db
                .write(move |conn| apply(conn, &config.secret_key, &claimed, &itn, findings, &invoice_base, now))
                .await
            {
                tracing::error!(itn.id = %id, ?error, "Could not apply a notification");
                app.db
                    .write(move |conn| store::postpone(conn, &row, "it could not be applied yet", later))
                    .await?;
            }
            app.wake_worker();
        }
    }
    Ok(())
}

/// Notifications that are not checked yet, and those that wait for a person.
pub fn count_waiting_and_held(conn: &mut Conn) -> QueryResult<(i64, i64)> {
    Ok((
        store::count_in(conn, ItnStatus::Received)?,
        store::count_in(conn, ItnStatus::Quarantined)?,
    ))
}

/// Applies a verified notification once and writes what became of it, in one transaction.
fn apply(
    conn: &mut Conn,
    secret_key: &SecretString,
    row: &ItnRow,
    itn: &Itn,
    mut findings: Findings,
    invoice_base: &str,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let (reference, pf_payment_id) = (itn.m_payment_id(), itn.pf_payment_id());
    let before = facts::load(conn, reference, pf_payment_id)?;
    let (status, reason, payment_id) = decide(conn, secret_key, row.id, itn, invoice_base, now)?;
    let after = facts::load(conn, reference, pf_payment_id)?;
    if status == ItnStatus::Quarantined {
        tracing::warn!(itn.id = %row.id, %reason, "Held a notification for review");
    }
    findings.concluded(itn, status, &reason);
    let changes = inspect::to_json(&inspect::differences(&before, &after));
    store::set_findings(conn, row, &findings.to_json(), &changes)?;
    // Somebody else may have taken the notification meanwhile: then nothing of this counts.
    if store::set_verdict(conn, row, status, &reason, &contents(itn), payment_id, now)? {
        Ok(())
    } else {
        Err(ApiError::conflict("another worker took this notification"))
    }
}

/// The worker's way of applying a notification.
type Apply<'a> = &'a dyn Fn(&mut Conn, &ItnRow, &Itn, Findings) -> Result<(), ApiError>;

/// Runs `f` in a transaction that it must refuse to commit, and gives that refusal. The log stays silent: nothing of
/// what it would tell happened.
async fn rehearse(
    app: &App,
    f: impl FnOnce(&mut Conn, Apply<'_>, DateTime<Utc>) -> Result<Infallible, ApiError> + Send + 'static,
) -> ApiError {
    let now = app.clock.now();
    let invoice_base = app.config.http.url("/invoices/");
    let config = Arc::clone(&app.config);
    let rehearsal = move |conn: &mut Conn| {
        let apply = |conn: &mut Conn, row: &ItnRow, itn: &Itn, findings: Findings| {
            apply(conn, &config.secret_key, row, itn, findings, &invoice_base, now)
        };
        tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || f(conn, &apply, now))
    };
    match app.db.write(rehearsal).await {
        Ok(never) => match never {},
        Err(refusal) => refusal,
    }
}

fn decide(
    conn: &mut Conn,
    secret_key: &SecretString,
    id: ItnId,
    itn: &Itn,
    invoice_base: &str,
    now: DateTime<Utc>,
) -> Result<(ItnStatus, String, Option<PaymentId>), ApiError> {
    let Some(pf_payment_id) = itn.pf_payment_id().filter(|id| is_short_and_visible(id)) else {
        let reason = "the pf_payment_id is missing or unreadable".to_owned();
        return Ok((ItnStatus::Quarantined, reason, known_payment(conn, itn)?));
    };
    let Some(event) = rules::event_of(&itn.payment_status()) else {
        let reason = "the payment_status is not known".to_owned();
        return Ok((ItnStatus::Quarantined, reason, known_payment(conn, itn)?));
    };
    let (provider, payment_status) = (Provider::Payfast.as_str(), itn.payment_status());
    if !store::claim_verified(conn, provider, pf_payment_id, payment_status.as_str(), id)? {
        return Ok((
            ItnStatus::Duplicate,
            "PayFast told this before".to_owned(),
            known_payment(conn, itn)?,
        ));
    }
    let invoice_url = |id: &str| format!("{invoice_base}{id}");
    if let Some(applied) = saved_card(conn, secret_key, itn, event, now)? {
        if matches!(applied.0, ItnStatus::Quarantined) {
            store::release_verified(conn, id)?;
        }
        return Ok(applied);
    }
    let told = Told {
        itn,
        pf_payment_id,
        event,
    };
    match settlement::apply(conn, &told, &invoice_url, now)? {
        Applied::Changed { payment_id } => Ok((ItnStatus::Applied, String::new(), Some(payment_id))),
        Applied::Quarantined { payment_id, reason } => {
            // The claim is given up: the right notification for this payment may still come.
            store::release_verified(conn, id)?;
            Ok((ItnStatus::Quarantined, reason, payment_id))
        }
    }
}

/// Applies a notification about a saved card; `None` when it is about a payment.
fn saved_card(
    conn: &mut Conn,
    secret_key: &SecretString,
    itn: &Itn,
    event: rules::Event,
    now: DateTime<Utc>,
) -> Result<Option<(ItnStatus, String, Option<PaymentId>)>, ApiError> {
    let Some(id) = itn.m_payment_id().and_then(|id| PaymentMethodId::parse(id).ok()) else {
        return Ok(None);
    };
    let told = tokens::Told {
        id,
        token: itn.get("token").and_then(|token| std::str::from_utf8(token).ok()),
        gross_minor: itn.amount_gross().and_then(Result::ok).map(|gross| gross.cents()),
        event,
    };
    Ok(match tokens::apply(conn, secret_key, &told, now)? {
        tokens::Applied::NotOurs => None,
        tokens::Applied::Changed => Some((ItnStatus::Applied, String::new(), None)),
        tokens::Applied::Quarantined(reason) => Some((ItnStatus::Quarantined, reason, None)),
    })
}

/// PayFast's ids are short numbers; anything else is for a person to look at.
fn is_short_and_visible(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn contents(itn: &Itn) -> Contents {
    let text = |name: &str| {
        let value = itn.get(name)?;
        Some(
            String::from_utf8_lossy(value)
                .replace('\0', "\u{fffd}")
                .chars()
                .take(100)
                .collect(),
        )
    };
    Contents {
        pf_payment_id: text("pf_payment_id"),
        payment_status: text("payment_status"),
        amount_gross: text("amount_gross"),
    }
}

fn known_payment(conn: &mut Conn, itn: &Itn) -> Result<Option<PaymentId>, ApiError> {
    let Some(id) = itn.m_payment_id().and_then(|id| PaymentId::parse(id).ok()) else {
        return Ok(None);
    };
    Ok(store::payment_exists(conn, id)?.then_some(id))
}

/// 1 min, 5 min, 30 min, then every two hours.
fn pause_after(attempts: i32) -> TimeDelta {
    match attempts {
        ..=1 => TimeDelta::minutes(1),
        2 => TimeDelta::minutes(5),
        3 => TimeDelta::minutes(30),
        _ => TimeDelta::hours(2),
    }
}

/// One page of all notifications, newest first.
pub async fn list(app: &App, query: ItnQuery) -> Result<Page<ItnSummary>, ApiError> {
    let paging = Paging::parse(query.limit, query.cursor.as_deref(), None)?;
    let period = days::period(query.from.as_deref(), query.to.as_deref())?;
    let filter = ListFilter {
        status: query.status,
        payment_id: query.payment_id,
        from: period.from.map(|at| at.naive_utc()),
        until: period.until.map(|at| at.naive_utc()),
        pf_payment_id: beginning_of_id(query.search.as_deref())?,
    };
    app.db
        .read(move |conn| {
            let total = store::count(conn, &filter, paging::COUNT_UP_TO)?;
            let rows = store::load_page(conn, &filter, paging.after(ItnId::parse)?, paging.fetch())?;
            Ok(paging
                .page(rows, total, |row| (row.received_at, row.id.to_string()))
                .map(|row| (&row).into()))
        })
        .await
}

/// What to search for; PayFast's ids are digits, others of ours may hold hyphens.
fn beginning_of_id(search: Option<&str>) -> Result<Option<String>, FieldError> {
    let search = search.unwrap_or_default().trim();
    let is_plain = search.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if search.len() > 64 || !is_plain {
        let message = "Use the beginning of a PayFast payment id: letters, digits and hyphens.";
        return Err(FieldError::new("search", "invalid", message));
    }
    Ok((!search.is_empty()).then(|| search.to_owned()))
}

pub async fn load(app: &App, id: ItnId) -> Result<ItnDto, ApiError> {
    let row = app.db.read(move |conn| store::find(conn, id)).await?;
    let row = row.ok_or_else(|| ApiError::not_found("notification"))?;
    let signed = Itn::parse(&row.raw_body).param_string(None);
    Ok(ItnDto {
        summary: (&row).into(),
        raw_body: masking::mask_token(&row.raw_body),
        signed_string: Some(masking::mask_token(signed.expose())),
        checked_at: row.checked_at.map(|at| at.and_utc()),
        checks: inspect::stored_checks(&row),
        changes: inspect::stored_changes(&row),
    })
}
