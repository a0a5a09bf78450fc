//! PayFast on your own machine.
//!
//! The emulator takes checkout forms as PayFast does, shows a payment page, sends signed notifications (with faults on
//! demand) and confirms them. It serves the REST API: charges of stored cards, refunds, and the statement. It keeps
//! everything in memory, bounded, and posts only to the `notify_url` of a form.
//!
//! The binary `payfast-sandbox` serves it; Rust tests run it in process:
//!
//! ```
//! use payfast_sandbox::{Config, Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! let sandbox = Sandbox::start(Config { bind: "127.0.0.1:0".into(), speed: 1000.0, ..Config::default() }).await?;
//! println!("post forms to {}/eng/process", sandbox.base_url());
//! sandbox.stop().await;
//! # Ok(()) }
//! ```

mod api;
mod http;
mod itn_sender;
mod notification;
mod page;
mod validate;

pub mod api_faults;
pub mod faults;
pub mod sign;
pub mod state;

pub use api_faults::ApiFault;
pub use faults::Fault;
pub use state::{
    Agreement, AgreementError, Attempt, Entry, Event, Kind, Line, Notification, Outcome, Payment, PaymentError,
};

use crate::itn_sender::Sender;
use crate::state::{NewCharge, State};
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use chrono::{DateTime, Utc};
use payfast::api::reply::SubscriptionStatus;
use payfast::form::{Pair, trim};
use payfast::{Amount, Passphrase, PaymentStatus, checkout, hosts};
use std::io;
use std::sync::Arc;
use uuid::Uuid;

/// Largest body that is read, which bounds the memory; real forms have a few kilobytes.
const MOST_BODY_BYTES: usize = 16 * 1024;
/// How long a stop waits for answers that are under way.
const STOP_SECONDS: u64 = 3;

/// Settings of one emulator.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    pub bind: String,
    /// The only merchant that exists.
    pub merchant_id: String,
    /// That merchant's key.
    pub merchant_key: String,
    /// The secret both sides sign with; without one, unsigned forms are accepted too.
    pub passphrase: Option<Passphrase>,
    /// By how much delays and retries are shortened; 1 is real time.
    pub speed: f64,
    /// Refuse addresses and ports that PayFast cannot reach, instead of warning.
    pub strict: bool,
}

impl Default for Config {
    /// The merchant of PayFast's public sandbox, in real time.
    fn default() -> Self {
        let (merchant_id, merchant_key, passphrase) = hosts::SANDBOX_MERCHANT;
        Config {
            bind: "127.0.0.1:8090".into(),
            merchant_id: merchant_id.into(),
            merchant_key: merchant_key.into(),
            passphrase: Some(Passphrase::new(passphrase)),
            speed: 1.0,
            strict: false,
        }
    }
}

/// The emulator before it runs.
pub struct Sandbox;

impl Sandbox {
    /// Binds the address and serves in the background until [`Running::stop`] or drop.
    ///
    /// # Errors
    /// The address cannot be bound, or the speed is not a positive number.
    pub async fn start(config: Config) -> io::Result<Running> {
        if !(config.speed.is_finite() && config.speed > 0.0) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "speed must be a positive number",
            ));
        }
        let state = Arc::new(State::new(Utc::now()));
        let sender = Sender::new(state, config.passphrase.clone(), config.speed).map_err(io::Error::other)?;
        let shared = web::Data::new(Shared {
            config: config.clone(),
            sender: Arc::new(sender),
        });
        let for_workers = shared.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(for_workers.clone())
                .app_data(web::PayloadConfig::new(MOST_BODY_BYTES))
                .configure(http::routes)
        })
        .workers(2)
        .on_connect(keep_connection)
        .disable_signals()
        .shutdown_timeout(STOP_SECONDS)
        .bind(&config.bind)?;
        let address = server
            .addrs()
            .first()
            .copied()
            .ok_or_else(|| io::Error::other("no address was bound"))?;
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Running {
            base_url: format!("http://{address}"),
            handle,
            shared,
        })
    }
}

/// What the request handlers share.
pub(crate) struct Shared {
    pub config: Config,
    pub sender: Arc<Sender>,
}

impl Shared {
    pub fn state(&self) -> &State {
        &self.sender.state
    }

    /// Pays for a payment that waits and sends its notifications; gives where the buyer goes.
    pub async fn pay(&self, id: Uuid, fault: Fault) -> Result<Option<String>, PaymentError> {
        let payment = self.state().settle(id, Outcome::Paid(fault))?;
        self.sender.notify(&payment, fault).await;
        Ok(address(&payment, "return_url"))
    }

    /// Cancels a payment that waits; gives where the buyer goes.
    pub fn cancel(&self, id: Uuid) -> Result<Option<String>, PaymentError> {
        let payment = self.state().settle(id, Outcome::Cancelled)?;
        Ok(address(&payment, "cancel_url"))
    }

    /// Charges an agreement as PayFast does at the end of a cycle, and sends the notification.
    pub async fn charge(&self, token: Uuid, amount: Amount) -> Result<Payment, AgreementError> {
        let charge = NewCharge {
            amount,
            item_name: String::new(),
            item_description: String::new(),
            m_payment_id: String::new(),
        };
        let payment = self.state().charge(token, &charge)?;
        self.sender.notify_charge(&payment, false).await;
        Ok(payment)
    }

    /// Ends an agreement, once, and sends the notification.
    pub async fn cancel_agreement(&self, token: Uuid) -> Result<Agreement, AgreementError> {
        let mut was_open = false;
        let agreement = self
            .state()
            .change_agreement(token, |agreement| {
                was_open = agreement.status != SubscriptionStatus::Cancelled;
                agreement.status = SubscriptionStatus::Cancelled;
            })
            .ok_or(AgreementError::Unknown)?;
        if !was_open {
            return Err(AgreementError::NotActive);
        }
        if let Some(payment) = self.state().find_payment(agreement.payment) {
            self.sender.notify_cancelled(&payment).await;
        }
        Ok(agreement)
    }
}

/// Keeps a second handle of the socket, so that a call of the API can be left without an answer.
#[cfg(unix)]
fn keep_connection(stream: &dyn std::any::Any, extensions: &mut actix_web::dev::Extensions) {
    use std::os::fd::AsFd;
    let stream = stream.downcast_ref::<actix_web::rt::net::TcpStream>();
    if let Some(handle) = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok()) {
        extensions.insert(api::Connection::new(handle.into()));
    }
}

/// Elsewhere such a call is answered with an empty 500.
#[cfg(not(unix))]
fn keep_connection(_: &dyn std::any::Any, _: &mut actix_web::dev::Extensions) {}

/// An address of the form, if it gave one.
pub(crate) fn address(payment: &Payment, field: &str) -> Option<String> {
    let address = trim(checkout::value_of(&payment.form, field));
    std::str::from_utf8(address)
        .ok()
        .filter(|address| !address.is_empty())
        .map(str::to_owned)
}

/// A running emulator; it stops when dropped.
pub struct Running {
    base_url: String,
    handle: ServerHandle,
    shared: web::Data<Shared>,
}

impl Running {
    /// Scheme, host and actual port, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Does what the button Pay does; the result is where the buyer would be sent.
    ///
    /// Returns once the notification was sent (for most faults), so a test may look at its own database next.
    pub async fn pay(&self, payment: Uuid, fault: Fault) -> Result<Option<String>, PaymentError> {
        self.shared.pay(payment, fault).await
    }

    /// Does what the button Cancel does.
    pub fn cancel(&self, payment: Uuid) -> Result<Option<String>, PaymentError> {
        self.shared.cancel(payment)
    }

    /// Posts a notification once more, also one that was withheld; `None` if there is none of that number.
    pub async fn resend(&self, notification: u64) -> Option<Attempt> {
        self.shared.sender.attempt(notification).await?;
        self.shared
            .state()
            .find_notification(notification)?
            .attempts
            .last()
            .cloned()
    }

    /// The unsigned fields of a payment's notification, to change and [`Running::send`].
    pub fn notification_fields(&self, payment: Uuid, status: &PaymentStatus) -> Option<Vec<Pair>> {
        let payment = self.shared.state().find_payment(payment)?;
        Some(notification::fields(&payment, status, notification::gross(&payment)))
    }

    /// Signs fields in their order, posts them once as a notification, and confirms them when asked.
    pub async fn send<N: AsRef<[u8]>, V: AsRef<[u8]>>(&self, url: &str, fields: &[(N, V)]) -> Notification {
        let pairs: Vec<Pair> = fields
            .iter()
            .map(|(name, value)| (name.as_ref().to_vec(), value.as_ref().to_vec()))
            .collect();
        let body = notification::body(&pairs, self.shared.config.passphrase.as_ref());
        let id = self
            .shared
            .state()
            .add_notification(None, url.to_owned(), body, Kind::Custom);
        self.shared.sender.attempt(id).await;
        self.shared
            .state()
            .find_notification(id)
            .expect("the newest notification is remembered")
    }

    /// Lets payments and the statement have this time from now on, instead of the clock's.
    pub fn set_now(&self, now: DateTime<Utc>) {
        self.shared.state().set_now(now);
    }

    /// Lets a fault strike the next call of the REST API that it fits, once.
    pub fn api_fault(&self, fault: ApiFault) {
        self.shared.state().add_api_fault(fault);
    }

    /// Faults that have not struck yet.
    pub fn api_faults(&self) -> Vec<ApiFault> {
        self.shared.state().api_faults()
    }

    /// Subscriptions and stored cards, newest first.
    pub fn agreements(&self) -> Vec<Agreement> {
        self.shared.state().agreements()
    }

    /// Charges an agreement and notifies, as PayFast does by itself at the end of a cycle.
    pub async fn charge(&self, token: Uuid, amount: Amount) -> Result<Payment, AgreementError> {
        self.shared.charge(token, amount).await
    }

    /// Ends an agreement as its buyer could, and notifies.
    pub async fn cancel_agreement(&self, token: Uuid) -> Result<Agreement, AgreementError> {
        self.shared.cancel_agreement(token).await
    }

    /// Locks an agreement, as after five failed charges.
    pub fn lock_agreement(&self, token: Uuid) -> Option<Agreement> {
        let lock = |agreement: &mut Agreement| agreement.status = SubscriptionStatus::Failed;
        self.shared.state().change_agreement(token, lock)
    }

    /// Pays out to the merchant's bank; the statement has a line `WITHDRAWAL`.
    pub fn payout(&self, amount: Amount) -> Line {
        let gross = Amount::from_cents(-amount.cents());
        self.shared.state().book_other("WITHDRAWAL", gross)
    }

    /// Takes a fee that belongs to no payment; the statement has a line `FEE`.
    pub fn take_fee(&self, amount: Amount) -> Line {
        let gross = Amount::from_cents(-amount.cents());
        self.shared.state().book_other("FEE", gross)
    }

    /// Lets the statement say something else, such as money of a kind that the emulator does not know; the balance of
    /// the account stays as it is.
    pub fn edit_statement(&self, edit: impl FnOnce(&mut std::collections::VecDeque<Line>)) {
        self.shared.state().edit_lines(edit);
    }

    /// The statement, oldest line first.
    pub fn statement(&self) -> Vec<Line> {
        self.shared.state().lines()
    }

    /// What the merchant's account holds.
    pub fn balance(&self) -> Amount {
        self.shared.state().balance()
    }

    /// Accepted forms and charges, newest first.
    pub fn payments(&self) -> Vec<Payment> {
        self.shared.state().payments()
    }

    /// Notifications, sent and withheld, newest first.
    pub fn notifications(&self) -> Vec<Notification> {
        self.shared.state().notifications()
    }

    /// Everything that was received and sent, newest first.
    pub fn log(&self) -> Vec<Entry> {
        self.shared.state().entries()
    }

    /// Stops, after the answers that are under way.
    pub async fn stop(self) {
        self.shared.sender.stop();
        self.handle.stop(true).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.sender.stop();
        // The command is sent at once; only its acknowledgement would have to be awaited.
        drop(self.handle.stop(false));
    }
}
