//! What happens after the answer: notifications are checked, jobs done, what has ended is put away.
//!
//! Everything it does is claimed in the database first, so several nodes may run it, and whatever a crash
//! leaves half-done is found again by the poll.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    app::App,
    auth,
    db::QueryResult,
    error::ApiError,
    idempotency, jobs,
    payments::{self, itn},
};

/// Longest time that due work waits when nobody wakes the worker.
const POLL: Duration = Duration::from_secs(1);
/// How often old rows are put away.
const HOUSEKEEPING_EVERY: TimeDelta = TimeDelta::minutes(10);

/// Works for ever; errors are logged and tried again at the next round.
pub async fn run(app: Arc<App>) {
    let mut next_housekeeping = DateTime::<Utc>::MIN_UTC;
    loop {
        if let Err(error) = run_due(&app).await {
            tracing::error!(?error, "The worker could not finish its round");
        }
        let now = app.clock.now();
        if now >= next_housekeeping {
            next_housekeeping = now + HOUSEKEEPING_EVERY;
            if let Err(error) = keep_house(&app).await {
                tracing::error!(?error, "The worker could not put old rows away");
            }
        }
        tokio::select! {
            () = app.woken() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Does everything that is due, until a round finds nothing; tests call it to drain the queues.
pub async fn run_due(app: &App) -> Result<(), ApiError> {
    loop {
        let checked = itn::check_due(app).await?;
        let done = jobs::run_due(app).await?;
        let expired = payments::service::expire_due(app).await?;
        if checked + done + expired == 0 {
            return Ok(());
        }
    }
}

/// Puts away what has ended: sessions, sign-ups, idempotency keys, refused notifications.
pub async fn keep_house(app: &App) -> Result<(), ApiError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| -> QueryResult<()> {
            auth::service::purge_expired(conn, now)?;
            idempotency::store::purge(conn, now - idempotency::KEPT)?;
            itn::store::purge_rejected(conn, now - itn::REJECTED_KEPT)?;
            Ok(())
        })
        .await?;
    Ok(())
}
