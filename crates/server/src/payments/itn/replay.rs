//! Judging a notification again: for real, when it was refused or held, or as a rehearsal that writes nothing.
//!
//! Both walk the worker's own way. A replay takes the worker's lease first, so the two never judge one at once; a
//! rehearsal runs in a transaction that is always rolled back.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use common::{
    audit::AuditAction,
    ids::ItnId,
    itn::{ItnReplay, ItnStatus},
};
use payfast::Itn;

use super::{
    LEASE, Verdict, conclude, inspect, judge, rehearse,
    store::{self, ItnRow},
};
use crate::{
    app::App,
    audit::{self, Entry, Origin, service::changed},
    db::Conn,
    error::ApiError,
};

/// Judges a notification again and applies it; only what was refused, held or never judged.
pub async fn replay(app: &App, id: ItnId, origin: Origin) -> Result<ItnReplay, ApiError> {
    let now = app.clock.now();
    let row = app.db.write(move |conn| reopen(conn, id, &origin, now)).await?;
    let itn = Itn::parse(&row.raw_body);
    let (verdict, findings) = judge(app, &row, &itn).await;
    conclude(app, row, itn, verdict, findings).await?;
    let row = app.db.read(move |conn| store::find(conn, id)).await?;
    row.map(|row| outcome(&row, false))
        .ok_or_else(|| ApiError::not_found("notification"))
}

/// Shows what a replay would do; any notification may be asked.
pub async fn dry_run(app: &App, id: ItnId) -> Result<ItnReplay, ApiError> {
    let row = app.db.read(move |conn| store::find(conn, id)).await?;
    let row = row.ok_or_else(|| ApiError::not_found("notification"))?;
    let itn = Itn::parse(&row.raw_body);
    let (verdict, findings) = judge(app, &row, &itn).await;
    let (status, reason) = match verdict {
        Verdict::Apply => {
            let seen = Arc::new(Mutex::new(None));
            let slot = Arc::clone(&seen);
            let rehearsed = rehearse(app, move |conn, apply, now| {
                let row = store::open_for_rehearsal(conn, id, now + LEASE)?
                    .ok_or_else(|| ApiError::not_found("notification"))?;
                apply(conn, &row, &itn, findings)?;
                let row = store::find(conn, id)?.ok_or_else(|| ApiError::not_found("notification"))?;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome(&row, true));
                // Never committed.
                Err(ApiError::conflict("a rehearsal was rolled back"))
            })
            .await;
            let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
            return seen.ok_or(rehearsed);
        }
        Verdict::Reject(reason) => (ItnStatus::Rejected, reason),
        Verdict::Later(reason) => (ItnStatus::Received, reason),
    };
    Ok(ItnReplay {
        dry_run: true,
        status,
        reason,
        checks: findings.checks(),
        changes: Vec::new(),
    })
}

/// Takes the notification under a lease, with the line in the log that says who did.
fn reopen(conn: &mut Conn, id: ItnId, origin: &Origin, now: DateTime<Utc>) -> Result<ItnRow, ApiError> {
    let before = store::find(conn, id)?.ok_or_else(|| ApiError::not_found("notification"))?;
    if !matches!(
        before.status,
        ItnStatus::Rejected | ItnStatus::Quarantined | ItnStatus::Received
    ) {
        return Err(ApiError::conflict(format!(
            "this notification is {}: only refused, held and waiting ones are judged again",
            before.status
        )));
    }
    let Some(row) = store::claim_again(conn, id, before.status, now, now + LEASE)? else {
        return Err(ApiError::conflict(
            "this notification is being judged right now: look again in a moment",
        ));
    };
    let entry = Entry {
        action: AuditAction::NotificationReplayed,
        account_id: None,
        subject_kind: "notification",
        subject_id: Some(id.as_str()),
        subject: row.pf_payment_id.as_deref().unwrap_or("without a PayFast payment"),
        changes: changed([
            (
                "status",
                Some(before.status.as_str()),
                Some(ItnStatus::Received.as_str()),
            ),
            ("reason", Some(&before.reason), None),
        ]),
    };
    audit::record(conn, origin, &entry, now)?;
    Ok(row)
}

fn outcome(row: &ItnRow, dry_run: bool) -> ItnReplay {
    ItnReplay {
        dry_run,
        status: row.status,
        reason: row.reason.clone(),
        checks: inspect::stored_checks(row),
        changes: inspect::stored_changes(row),
    }
}
