//! Sends notifications: before the buyer returns, again until the answer is 200, and with the chosen fault.

use crate::faults::{Fault, LATE, REPEAT_EVERY, REPEAT_MOST, REPEAT_TIMES, RETRIES, SLOW};
use crate::notification;
use crate::state::{Attempt, Kind, Payment, State};
use chrono::Utc;
use payfast::form::trim;
use payfast::{Amount, Passphrase, PaymentStatus, checkout};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// A merchant that takes longer has not answered.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Notifications that wait for their next attempt; more are given up.
const MOST_WAITING: usize = 10_000;

/// Sends what [`State`] holds.
pub struct Sender {
    pub state: Arc<State>,
    client: reqwest::Client,
    passphrase: Option<Passphrase>,
    speed: f64,
    waiting: Mutex<JoinSet<()>>,
}

impl Sender {
    /// Makes the client; it follows no redirects, as a redirect is not a 200.
    pub fn new(state: Arc<State>, passphrase: Option<Passphrase>, speed: f64) -> Result<Self, reqwest::Error> {
        // An error means that the program has installed a provider before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("payfast-sandbox/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(0)
            .no_proxy()
            .build()?;
        Ok(Sender {
            state,
            client,
            passphrase,
            speed,
            waiting: Mutex::new(JoinSet::new()),
        })
    }

    /// Sends a paid payment's notifications with a fault; returns when the buyer may return.
    ///
    /// Nothing is sent for a form without `notify_url`.
    pub async fn notify(self: &Arc<Self>, payment: &Payment, fault: Fault) {
        let gross = notification::gross(payment);
        let Some(genuine) = self.prepare(payment, &PaymentStatus::Complete, gross, Kind::Genuine) else {
            return;
        };
        match fault {
            Fault::None => self.deliver(genuine).await,
            Fault::Duplicate => {
                let sent = futures_util::future::join(self.attempt(genuine), self.attempt(genuine)).await;
                if sent == (Some(false), Some(false)) {
                    self.retry_later(genuine);
                }
            }
            Fault::Late => {
                let sender = Arc::clone(self);
                self.spawn(async move {
                    sender.pause(LATE).await;
                    sender.deliver(genuine).await;
                });
            }
            Fault::Lost => {}
            Fault::ForgedSignature => {
                if let Some(forged) = self.prepare(payment, &PaymentStatus::Complete, gross, Kind::Forged) {
                    self.attempt(forged).await;
                }
            }
            Fault::WrongAmount => {
                let wrong = notification::wrong_gross(payment);
                if let Some(wrong) = self.prepare(payment, &PaymentStatus::Complete, wrong, Kind::WrongAmount) {
                    self.deliver(wrong).await;
                }
            }
            Fault::OutOfOrder => {
                self.deliver(genuine).await;
                if let Some(stale) = self.prepare(payment, &PaymentStatus::Pending, gross, Kind::Stale) {
                    self.deliver(stale).await;
                }
            }
            Fault::Slow => {
                self.pause(SLOW).await;
                self.deliver(genuine).await;
            }
            Fault::Repeat => self.repeat(genuine).await,
        }
    }

    /// Tells of a charge; what is withheld can be sent by hand.
    pub async fn notify_charge(self: &Arc<Self>, payment: &Payment, is_withheld: bool) {
        let gross = notification::gross(payment);
        if let Some(told) = self.prepare(payment, &PaymentStatus::Complete, gross, Kind::Genuine)
            && !is_withheld
        {
            self.deliver(told).await;
        }
    }

    /// Tells that the agreement which this payment began has ended.
    pub async fn notify_cancelled(self: &Arc<Self>, payment: &Payment) {
        let gross = notification::gross(payment);
        if let Some(told) = self.prepare(payment, &PaymentStatus::Cancelled, gross, Kind::Genuine) {
            self.deliver(told).await;
        }
    }

    /// Waits as long as the speed makes of it.
    pub async fn hold(&self, duration: Duration) {
        self.pause(duration).await;
    }

    /// Posts a notification once and says whether the answer was 200; `None` if it is forgotten.
    pub async fn attempt(&self, id: u64) -> Option<bool> {
        let (url, body) = self.state.begin_attempt(id)?;
        let at = Utc::now();
        let begun = Instant::now();
        let request = self
            .client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let (status, error) = match request.send().await {
            Ok(response) => (Some(response.status().as_u16()), None),
            Err(error) => (None, Some(reason(&error))),
        };
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let result = Attempt {
            at,
            status,
            error,
            duration_ms,
        };
        let is_ok = result.is_ok();
        self.state.end_attempt(id, result);
        Some(is_ok)
    }

    /// Posts a notification, and again in the background while the answer is not 200.
    pub async fn deliver(self: &Arc<Self>, id: u64) {
        if self.attempt(id).await == Some(false) {
            self.retry_later(id);
        }
    }

    /// Ends all that waits.
    pub fn stop(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    fn prepare(&self, payment: &Payment, status: &PaymentStatus, gross: Amount, kind: Kind) -> Option<u64> {
        let url = trim(checkout::value_of(&payment.form, "notify_url"));
        let url = std::str::from_utf8(url).ok().filter(|url| !url.is_empty())?;
        let fields = notification::fields(payment, status, gross);
        let body = match kind {
            Kind::Forged => notification::forged_body(&fields),
            _ => notification::body(&fields, self.passphrase.as_ref()),
        };
        Some(
            self.state
                .add_notification(Some(payment.id), url.to_owned(), body, kind),
        )
    }

    async fn repeat(self: &Arc<Self>, id: u64) {
        let mut delivered = self.attempt(id).await == Some(true);
        let sender = Arc::clone(self);
        self.spawn(async move {
            for repetition in 1..=REPEAT_MOST {
                if repetition > REPEAT_TIMES && delivered {
                    return;
                }
                sender.pause(REPEAT_EVERY).await;
                match sender.attempt(id).await {
                    Some(is_ok) => delivered |= is_ok,
                    None => return,
                }
            }
        });
    }

    fn retry_later(self: &Arc<Self>, id: u64) {
        let sender = Arc::clone(self);
        self.spawn(async move {
            for delay in RETRIES {
                sender.pause(delay).await;
                if sender.attempt(id).await != Some(false) {
                    return;
                }
            }
        });
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration.div_f64(self.speed)).await;
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.try_join_next().is_some() {}
        if waiting.len() < MOST_WAITING {
            waiting.spawn(task);
        }
    }
}

/// The innermost cause, which tells more than "error sending request".
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", TIMEOUT.as_secs());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
