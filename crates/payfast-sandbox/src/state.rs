//! Everything the emulator remembers: payments, notifications and the log, in memory and bounded.
//!
//! When a list is full its oldest entry goes. Nothing here does I/O.

mod account;

pub use account::{Agreement, AgreementError, Line, NewCharge, RefundRoute, Refunded};

use crate::api_faults::ApiFault;
use crate::faults::Fault;
use chrono::{DateTime, Utc};
use payfast::form::Pair;
use serde::{Serialize, Serializer};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

const MOST_PAYMENTS: usize = 5_000;
const MOST_NOTIFICATIONS: usize = 10_000;
const MOST_ENTRIES: usize = 10_000;
const MOST_ATTEMPTS: usize = 100;

/// A checkout form that was accepted.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Identifier in the address of the payment page.
    pub id: Uuid,
    /// When the form arrived.
    pub at: DateTime<Utc>,
    /// The fields as posted, without a passphrase.
    pub form: Vec<Pair>,
    /// PayFast's id, the same however often the page is submitted.
    pub pf_payment_id: String,
    /// Token of a subscription or tokenization agreement.
    pub token: Option<Uuid>,
    /// What PayFast would refuse but a developer needs.
    pub warnings: Vec<String>,
    /// What the buyer did.
    pub outcome: Outcome,
    /// Whether it is a charge of an agreement rather than a form.
    pub is_charge: bool,
    /// Money that went back.
    pub refunds: Vec<Refunded>,
    /// How it can be refunded.
    pub refund_route: RefundRoute,
}

/// What the buyer did with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet.
    Waiting,
    /// Paid, with a fault in the notification.
    Paid(Fault),
    /// Cancelled; no notification is sent.
    Cancelled,
}

/// A notification that was or may be sent.
#[derive(Clone, Debug)]
pub struct Notification {
    /// Number in the order of making.
    pub id: u64,
    /// The payment it tells of, unless it was made by hand.
    pub payment: Option<Uuid>,
    /// Where it goes.
    pub url: String,
    /// The form-encoded body with its signature.
    pub body: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it has left; a withheld one is not confirmed.
    pub sent: bool,
    /// Each try so far, oldest first.
    pub attempts: Vec<Attempt>,
}

impl Notification {
    /// Whether an attempt was answered with 200.
    pub fn is_delivered(&self) -> bool {
        self.attempts.iter().any(Attempt::is_ok)
    }
}

/// What a notification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// True and properly signed.
    Genuine,
    /// Signed with another passphrase; never confirmed.
    Forged,
    /// Properly signed with another amount.
    WrongAmount,
    /// An outdated `PENDING`.
    Stale,
    /// Made by a program through [`crate::Running::send`].
    Custom,
}

/// One try to deliver a notification.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// When it began.
    pub at: DateTime<Utc>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
}

impl Attempt {
    /// Whether the answer was 200, which alone stops the repetition.
    pub fn is_ok(&self) -> bool {
        self.status == Some(200)
    }
}

/// One line of the log.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Number in the order of events.
    pub seq: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Something that was received or sent.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A checkout form; without `payment` it was refused.
    FormReceived {
        path: &'static str,
        payment: Option<Uuid>,
        fields: Vec<(String, Value)>,
        errors: Vec<String>,
        warnings: Vec<String>,
    },
    /// The buyer paid.
    Paid {
        payment: Uuid,
        pf_payment_id: String,
        fault: Fault,
    },
    /// The buyer cancelled.
    Cancelled { payment: Uuid },
    /// A notification was posted.
    ItnSent {
        notification: u64,
        payment: Option<Uuid>,
        kind: Kind,
        url: String,
        body: String,
        attempt: usize,
        #[serde(flatten)]
        result: Attempt,
    },
    /// A merchant asked whether a notification is ours.
    ConfirmationAsked { body: String, answer: &'static str },
    /// The REST API was called; a status of 0 means that no answer was given.
    ApiCalled {
        method: String,
        path: String,
        /// Fields of query and body; what would reach a bank account is hidden.
        fields: Vec<(String, Value)>,
        status: u16,
        message: String,
        fault: Option<ApiFault>,
    },
    /// An agreement was paused, cancelled, locked, or its card renewed.
    AgreementChanged { token: Uuid, status: i64 },
}

/// A field's value in the log: text, or `{"hex": "…"}` where it is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(pub Vec<u8>);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
                serializer.collect_map([("hex", hex)])
            }
        }
    }
}

/// Why a payment page cannot do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// No such payment, or it is too old to be remembered.
    #[error("there is no such payment")]
    Unknown,
    /// The buyer had paid.
    #[error("this payment is already paid")]
    Paid,
    /// The buyer had cancelled.
    #[error("this payment was cancelled")]
    Cancelled,
}

/// The emulator's memory.
#[derive(Debug)]
pub struct State {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    payments: VecDeque<Payment>,
    notifications: VecDeque<Notification>,
    log: VecDeque<Entry>,
    next_pf_payment_id: i64,
    next_notification: u64,
    next_seq: u64,
    account: account::Account,
    /// The time that a test has set.
    now: Option<DateTime<Utc>>,
}

impl State {
    /// An empty memory.
    ///
    /// Ids continue from the clock, so that a merchant's database does not meet an id again after a restart.
    pub fn new(now: DateTime<Utc>) -> Self {
        const YEAR_2024_MS: i64 = 1_704_067_200_000;
        State {
            inner: Mutex::new(Inner {
                payments: VecDeque::new(),
                notifications: VecDeque::new(),
                log: VecDeque::new(),
                next_pf_payment_id: (now.timestamp_millis() - YEAR_2024_MS).max(1_000_000),
                next_notification: 1,
                next_seq: 1,
                account: account::Account::default(),
                now: None,
            }),
        }
    }

    /// Lets payments and the statement have this time instead of the clock's.
    pub fn set_now(&self, now: DateTime<Utc>) {
        self.lock().now = Some(now);
    }

    /// The time that payments and the statement have.
    pub fn now(&self) -> DateTime<Utc> {
        self.lock().now()
    }

    /// Remembers an accepted form and gives its payment.
    pub fn add_payment(&self, form: Vec<Pair>, warnings: Vec<String>) -> Payment {
        let mut inner = self.lock();
        let payment = inner.new_payment(form, warnings);
        inner.remember(payment.clone());
        payment
    }

    /// Finds a payment.
    pub fn find_payment(&self, id: Uuid) -> Option<Payment> {
        self.lock().payments.iter().rfind(|payment| payment.id == id).cloned()
    }

    /// Moves a waiting payment to its end, once: a second submission of the page is an error.
    pub fn settle(&self, id: Uuid, outcome: Outcome) -> Result<Payment, PaymentError> {
        let mut inner = self.lock();
        let Some(payment) = inner.payments.iter_mut().rfind(|payment| payment.id == id) else {
            return Err(PaymentError::Unknown);
        };
        match payment.outcome {
            Outcome::Waiting => {}
            Outcome::Paid(_) => return Err(PaymentError::Paid),
            Outcome::Cancelled => return Err(PaymentError::Cancelled),
        }
        payment.outcome = outcome;
        let payment = payment.clone();
        let event = match outcome {
            Outcome::Paid(fault) => Some(Event::Paid {
                payment: id,
                pf_payment_id: payment.pf_payment_id.clone(),
                fault,
            }),
            Outcome::Cancelled => Some(Event::Cancelled { payment: id }),
            Outcome::Waiting => None,
        };
        if let Some(event) = event {
            inner.push_event(event);
        }
        if payment.is_paid() {
            inner.book_paid(&payment);
        }
        Ok(payment)
    }

    /// Remembers a notification that has not been sent.
    pub fn add_notification(&self, payment: Option<Uuid>, url: String, body: String, kind: Kind) -> u64 {
        let mut inner = self.lock();
        let id = inner.next_notification;
        inner.next_notification += 1;
        let notification = Notification {
            id,
            payment,
            url,
            body,
            kind,
            sent: false,
            attempts: Vec::new(),
        };
        push_bounded(&mut inner.notifications, notification, MOST_NOTIFICATIONS);
        id
    }

    /// Marks a notification as sent and gives what to post; before the post, since a merchant may ask during it.
    pub fn begin_attempt(&self, id: u64) -> Option<(String, String)> {
        let mut inner = self.lock();
        let notification = inner.notification_mut(id)?;
        notification.sent = true;
        Some((notification.url.clone(), notification.body.clone()))
    }

    /// Notes how an attempt went.
    pub fn end_attempt(&self, id: u64, result: Attempt) {
        let mut inner = self.lock();
        let Some(notification) = inner.notification_mut(id) else {
            return;
        };
        notification.attempts.push(result.clone());
        if notification.attempts.len() > MOST_ATTEMPTS {
            notification.attempts.remove(0);
        }
        let event = Event::ItnSent {
            notification: id,
            payment: notification.payment,
            kind: notification.kind,
            url: notification.url.clone(),
            body: notification.body.clone(),
            attempt: notification.attempts.len(),
            result,
        };
        inner.push_event(event);
    }

    /// Whether a body, with or without its signature, is a notification that was sent.
    pub fn is_sent(&self, body: &[u8]) -> bool {
        let asked = payfast::form::parse(body);
        let unsigned = asked
            .split_last()
            .filter(|((name, _), _)| name == b"signature")
            .map(|(_, fields)| fields);
        let inner = self.lock();
        let ours = |notification: &&Notification| notification.sent && notification.kind != Kind::Forged;
        inner.notifications.iter().rev().filter(ours).any(|notification| {
            let sent = payfast::form::parse(notification.body.as_bytes());
            let without_signature = &sent[..sent.len().saturating_sub(1)];
            asked == without_signature || (unsigned == Some(without_signature) && asked == sent)
        })
    }

    /// Adds a line to the log.
    pub fn log(&self, event: Event) {
        self.lock().push_event(event);
    }

    /// All payments, newest first.
    pub fn payments(&self) -> Vec<Payment> {
        self.lock().payments.iter().rev().cloned().collect()
    }

    /// Finds a notification.
    pub fn find_notification(&self, id: u64) -> Option<Notification> {
        self.lock().notification_mut(id).cloned()
    }

    /// All notifications, newest first.
    pub fn notifications(&self) -> Vec<Notification> {
        self.lock().notifications.iter().rev().cloned().collect()
    }

    /// All lines of the log, newest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().log.iter().rev().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each change is complete before anything can panic, so a poisoned memory is still a good one.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn now(&self) -> DateTime<Utc> {
        self.now.unwrap_or_else(Utc::now)
    }

    /// A payment with an id of its own, which waits for its buyer.
    fn new_payment(&mut self, form: Vec<Pair>, warnings: Vec<String>) -> Payment {
        let recurring = payfast::checkout::is_recurring(&form);
        let pf_payment_id = self.next_pf_payment_id.to_string();
        self.next_pf_payment_id += 1;
        Payment {
            id: Uuid::now_v7(),
            at: self.now(),
            form,
            pf_payment_id,
            token: recurring.then(Uuid::now_v7),
            warnings,
            outcome: Outcome::Waiting,
            is_charge: false,
            refunds: Vec::new(),
            refund_route: RefundRoute::default(),
        }
    }

    fn remember(&mut self, payment: Payment) {
        push_bounded(&mut self.payments, payment, MOST_PAYMENTS);
    }

    fn push_event(&mut self, event: Event) {
        let entry = Entry {
            seq: self.next_seq,
            at: Utc::now(),
            event,
        };
        self.next_seq += 1;
        push_bounded(&mut self.log, entry, MOST_ENTRIES);
    }

    fn notification_mut(&mut self, id: u64) -> Option<&mut Notification> {
        self.notifications
            .iter_mut()
            .rfind(|notification| notification.id == id)
    }
}

fn push_bounded<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    if list.len() == most {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let state = State::new(Utc::now());
        let first = state.add_payment(Vec::new(), Vec::new());
        for _ in 0..MOST_PAYMENTS {
            state.add_payment(Vec::new(), Vec::new());
        }
        assert_eq!(state.payments().len(), MOST_PAYMENTS);
        assert!(state.find_payment(first.id).is_none());
        for _ in 0..=MOST_ENTRIES {
            state.log(Event::Cancelled { payment: first.id });
        }
        assert_eq!(state.entries().len(), MOST_ENTRIES);
    }

    #[test]
    fn a_payment_settles_once() {
        let state = State::new(Utc::now());
        let payment = state.add_payment(Vec::new(), Vec::new());
        assert!(state.settle(payment.id, Outcome::Paid(Fault::None)).is_ok());
        let error = state.settle(payment.id, Outcome::Cancelled).unwrap_err();
        assert_eq!(error, PaymentError::Paid);
    }

    #[test]
    fn only_what_was_sent_is_confirmed() {
        let state = State::new(Utc::now());
        let url = || "http://127.0.0.1/".to_owned();
        let id = state.add_notification(None, url(), "a=1&b=x%7E&signature=abc".into(), Kind::Genuine);
        assert!(!state.is_sent(b"a=1&b=x%7E"), "withheld");
        state.begin_attempt(id);
        for (body, confirmed) in [
            ("a=1&b=x%7E", true),
            ("a=1&b=x~", true),
            ("a=1&b=x%7E&signature=abc", true),
            ("a=1&b=x%7E&signature=abd", false),
            ("b=x%7E&a=1", false),
            ("a=1", false),
            ("", false),
            ("signature=abc", false),
        ] {
            assert_eq!(state.is_sent(body.as_bytes()), confirmed, "{body}");
        }
        let forged = state.add_notification(None, url(), "c=1&signature=abc".into(), Kind::Forged);
        state.begin_attempt(forged);
        assert!(!state.is_sent(b"c=1"));
    }
}
