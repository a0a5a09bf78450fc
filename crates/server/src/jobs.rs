//! Durable background work: rows that are written with the change and done after it, at least once.
//!
//! A job is claimed under a lease by compare-and-swap, so that several workers never share one,
//! and is tried again with growing pauses until it works or [`MAX_ATTEMPTS`] are used up.
//! What is done is the worker's to know.

pub mod store;

use chrono::{DateTime, TimeDelta, Utc};
use common::ids::{InvoiceId, JobId, PaymentMethodId};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    audit::Origin,
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    invoices::pdf::Issue,
    mail::Mail,
};

/// After this many failures a job is `dead` and waits for a person.
const MAX_ATTEMPTS: i32 = 12;
/// What a dead job would have done is forgotten after this time: mails may hold links that sign people up.
pub const DEAD_PAYLOAD_KEPT: TimeDelta = TimeDelta::days(3);
/// A worker that died gives its job back after this time.
const LEASE: TimeDelta = TimeDelta::minutes(2);

/// What was done is forgotten after this time.
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// What can be done later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    Mail(Mail),
    /// An invoice goes out by mail; its PDF is written when the mail is.
    SendInvoice {
        invoice_id: InvoiceId,
        issue: Issue,
    },
    /// Somebody asked for a link that sets the password of an address.
    PasswordReset {
        email_key: String,
        origin: Origin,
    },
    /// Somebody asked again for the link that confirms an address.
    Confirmation {
        email_key: String,
    },
    /// Somebody was not let in.
    SignInRefused {
        email_key: String,
        reason: String,
        origin: Origin,
        at: DateTime<Utc>,
    },
    /// A card was removed; PayFast is to forget it too.
    CancelToken {
        payment_method_id: PaymentMethodId,
        /// Sealed for the method.
        sealed_token: String,
    },
}

/// Writes a job into the transaction of the change that it belongs to.
pub fn enqueue(conn: &mut Conn, job: &Job, now: DateTime<Utc>) -> QueryResult<()> {
    let payload = serde_json::to_string(job).expect("jobs hold only text and numbers");
    let kind = match job {
        Job::Mail(_) => "mail",
        Job::SendInvoice { .. } => "send_invoice",
        Job::PasswordReset { .. } => "password_reset",
        Job::Confirmation { .. } => "confirmation",
        Job::SignInRefused { .. } => "sign_in_refused",
        Job::CancelToken { .. } => "cancel_token",
    };
    store::insert(conn, clock::new_id(now), kind, &payload, now)
}

/// Does every job that is due by `perform` and tells how many it tried.
pub async fn run_due(app: &App, perform: impl AsyncFn(JobId, Job) -> Result<(), String>) -> Result<usize, ApiError> {
    let now = app.clock.now();
    let due = app.db.read(move |conn| store::load_due(conn, now, 32)).await?;
    let mut tried = 0;
    for id in due {
        // Read anew for each: the ones before may have taken longer than the lease.
        let now = app.clock.now();
        let claimed = app
            .db
            .write(move |conn| store::claim(conn, id, now, now + LEASE))
            .await?;
        if let Some(row) = claimed {
            tried += 1;
            run(app, row, &perform).await?;
        }
    }
    Ok(tried)
}

async fn run(
    app: &App,
    row: store::JobRow,
    perform: impl AsyncFn(JobId, Job) -> Result<(), String>,
) -> Result<(), ApiError> {
    let result = match serde_json::from_str::<Job>(&row.payload) {
        Ok(job) => perform(row.id, job).await,
        Err(error) => Err(format!("the job cannot be read: {error}")),
    };
    let now = app.clock.now();
    let (id, attempts) = (row.id, row.attempts);
    match result {
        Ok(()) => app.db.write(move |conn| store::finish(conn, id, now)).await?,
        Err(error) => {
            tracing::warn!(job.id = %id, attempts, %error, "A job failed");
            let retry_at = (attempts < MAX_ATTEMPTS).then(|| now + pause_after(attempts));
            app.db
                .write(move |conn| store::fail(conn, id, &error, retry_at))
                .await?;
        }
    }
    Ok(())
}

/// 10 s, 20 s, 40 s … at most six hours.
fn pause_after(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(12);
    TimeDelta::seconds((10_i64 << doublings).min(6 * 60 * 60))
}
