//! What happens after the answer: notifications are checked, jobs done, what has ended is put away.
//!
//! Everything it does is claimed in the database first, so several nodes may run it, and whatever a crash
//! leaves half-done is found again by the poll. Money, mails and housekeeping have loops of their own: a mail server
//! that hangs must not hold up a payment.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

use crate::{
    app::App,
    auth, books, chat,
    db::QueryResult,
    error::ApiError,
    idempotency, invoices,
    jobs::{self, Job},
    members, payment_methods,
    payments::{self, charges, itn},
    reconciliations, refunds,
};

/// Longest time that due work waits when nobody wakes the worker.
const POLL: Duration = Duration::from_secs(1);
/// How often old rows are put away.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(600);

/// Works for ever; errors are logged and tried again at the next round. It returns only by a panic of a part.
pub async fn run(app: Arc<App>) {
    let wake = app.wake();
    let (expiry, daily, housekeeping) = (Notify::new(), Notify::new(), Notify::new());
    let (proof, search) = (Notify::new(), Notify::new());
    tokio::join!(
        rounds("notifications", &wake.notifications, POLL, async || itn::check_due(
            &app
        )
        .await),
        rounds("jobs", &wake.jobs, POLL, async || do_jobs(&app).await),
        rounds("expiry", &expiry, POLL, async || payments::service::expire_due(&app)
            .await),
        rounds("gateway", &wake.gateway, POLL, async || ask_gateway(&app).await),
        rounds("daily comparison", &daily, HOUSEKEEPING_EVERY, async || {
            reconciliations::service::schedule_daily(&app).await
        }),
        rounds("search", &search, HOUSEKEEPING_EVERY, async || write_search_texts(&app)
            .await),
        rounds("housekeeping", &housekeeping, HOUSEKEEPING_EVERY, async || keep_house(
            &app
        )
        .await
        .map(|()| 0)),
        rounds("the proof of the books", &proof, HOUSEKEEPING_EVERY, async || {
            books::verify::verify_when_due(&app).await.map(|_| 0)
        }),
    );
}

/// Everything that waits for PayFast's API: refunds, charges whose answer was lost, statements.
async fn ask_gateway(app: &App) -> Result<usize, ApiError> {
    let refunds = refunds::sending::advance_due(app).await?;
    let charges = charges::resolve_due(app).await?;
    let statements = reconciliations::running::run_due(app).await?;
    Ok(refunds + charges + statements)
}

/// Repeats `round` until it finds nothing, then waits for the bell or the poll; a round that fails waits too.
async fn rounds(name: &str, bell: &Notify, pause: Duration, round: impl AsyncFn() -> Result<usize, ApiError>) {
    loop {
        match round().await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::error!(?error, "The worker could not finish a round of {name}"),
        }
        tokio::select! {
            () = bell.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Makes rows of earlier versions known to search.
pub async fn write_search_texts(app: &App) -> Result<usize, ApiError> {
    Ok(invoices::list::backfill_search(app).await? + payments::list::backfill_search(app).await?)
}

/// Does the jobs that are due; the only place that knows what each of them means.
async fn do_jobs(app: &App) -> Result<usize, ApiError> {
    jobs::run_due(app, async |id, job| {
        let done = match job {
            Job::Mail(mail) => {
                let sent = app.mailer.send(id.as_str(), &mail).await;
                return sent.map_err(|error| error.to_string());
            }
            Job::SendInvoice { invoice_id, issue } => {
                return invoices::sending::deliver(app, id, invoice_id, issue).await;
            }
            Job::PasswordReset { email_key, origin } => auth::service::send_reset(app, email_key, origin).await,
            Job::CancelToken {
                payment_method_id,
                sealed_token,
            } => payment_methods::service::cancel_token(app, payment_method_id, sealed_token).await,
            Job::Confirmation { email_key } => auth::service::send_confirmation(app, email_key).await,
            Job::SignInRefused {
                email_key,
                reason,
                origin,
                at,
            } => auth::service::record_refusal(app, email_key, reason, origin, at).await,
        };
        done.map_err(|error| format!("{error:?}"))
    })
    .await
}

/// Does everything that is due, until a round finds nothing; tests call it to drain the queues.
pub async fn run_due(app: &App) -> Result<(), ApiError> {
    loop {
        let checked = itn::check_due(app).await?;
        let done = do_jobs(app).await?;
        let expired = payments::service::expire_due(app).await?;
        let asked = ask_gateway(app).await?;
        if checked + done + expired + asked == 0 {
            return Ok(());
        }
    }
}

/// Puts away what has ended: sessions, sign-ups, links, invitations, idempotency keys, jobs, texts of dead jobs,
/// refused notifications. Warns of saved cards that end soon.
pub async fn keep_house(app: &App) -> Result<(), ApiError> {
    let now = app.clock.now();
    app.limits.purge();
    app.db
        .write(move |conn| -> QueryResult<()> {
            payment_methods::service::keep_house(conn, now)?;
            auth::service::purge_expired(conn, now)?;
            chat::service::purge_expired(conn, now)?;
            members::invitations::purge(conn, now)?;
            idempotency::store::purge(conn, now - idempotency::KEPT)?;
            jobs::store::purge_done(conn, now - jobs::KEPT)?;
            itn::store::purge_rejected(conn, now - itn::REJECTED_KEPT)?;
            jobs::store::purge_payloads(conn, now - jobs::DEAD_PAYLOAD_KEPT)?;
            Ok(())
        })
        .await?;
    chat::retention::purge_due(app).await?;
    payment_methods::service::warn_of_ending(app).await
}
