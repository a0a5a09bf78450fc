//! What the REST API answers.
//!
//! The documented envelope is `{"code":200,"status":"success","data":{"response":…,"message":…}}`, but merchants also met
//! failures inside HTTP 200, `"true"` where `true` is documented, an object `{code, reason}` as the response of a failure,
//! and messages with line breaks. Everything is read leniently, and success only where nothing contradicts it.
//!
//! Whether a failure means "no" or "nobody knows" is the caller's decision; [`Refusal`] has what it needs.

use crate::amount::Amount;
use serde_json::{Map, Value};
use std::fmt;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyError {
    /// PayFast answered in its own words that it did not do it, or that something failed there.
    Refused(Refusal),
    /// The answer is not PayFast's, was cut off or lacks what it must have: whether it was done is unknown.
    Unreadable {
        /// HTTP status of the answer.
        http_status: u16,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// A failure in PayFast's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status of the answer; may be 200.
    pub http_status: u16,
    /// The envelope's code; the HTTP status where it has none.
    pub code: u16,
    /// A number that tells more, as 4 for an agreement that is not active; a card's code as `05` is the number 5.
    pub reason: Option<i64>,
    /// One line for people; may be empty.
    pub message: String,
}

impl Refusal {
    /// Whether PayFast itself failed (500 and above) or was too busy (429), so that the same call may succeed later.
    pub fn is_temporary(&self) -> bool {
        [self.http_status, self.code]
            .iter()
            .any(|code| *code == 429 || *code >= 500)
    }

    /// Whether the merchant, the passphrase or the caller's address is not accepted (401, 403).
    pub fn is_unauthorised(&self) -> bool {
        [self.http_status, self.code]
            .iter()
            .any(|code| matches!(code, 401 | 403))
    }

    /// Whether PayFast does not know what was asked for (404).
    pub fn is_not_found(&self) -> bool {
        self.http_status == 404 || self.code == 404
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplyError::Refused(refusal) if refusal.message.is_empty() => {
                write!(f, "PayFast answered {}", refusal.code)
            }
            ReplyError::Refused(refusal) => write!(f, "PayFast answered {}: {}", refusal.code, refusal.message),
            ReplyError::Unreadable { http_status, reason } => {
                write!(f, "PayFast's answer ({http_status}) {reason}")
            }
        }
    }
}

impl std::error::Error for ReplyError {}

/// A successful answer, opened.
#[derive(Clone, Debug, PartialEq)]
struct Envelope {
    http_status: u16,
    /// `data.response`; `data` or the whole where there is none.
    response: Value,
    /// `data` where it is an object.
    data: Map<String, Value>,
    message: String,
}

/// A charge that went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charged {
    /// PayFast's id of the payment; the notification has it too.
    pub pf_payment_id: Option<String>,
    /// `Transaction was successful(00)`.
    pub message: String,
}

/// Where an agreement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionStatus {
    /// 1: it can be charged.
    Active,
    /// 2: ended by the buyer or the merchant.
    Cancelled,
    /// 3: paused by the merchant.
    Paused,
    /// 4: all its cycles are done.
    Complete,
    /// 5: PayFast looks at it.
    InReview,
    /// 6: charges failed too often.
    Failed,
    /// 7: paused by PayFast.
    SystemPaused,
    /// A code that nobody has published.
    Other(i64),
}

impl SubscriptionStatus {
    /// The status of a code.
    pub fn from_code(code: i64) -> Self {
        match code {
            1 => SubscriptionStatus::Active,
            2 => SubscriptionStatus::Cancelled,
            3 => SubscriptionStatus::Paused,
            4 => SubscriptionStatus::Complete,
            5 => SubscriptionStatus::InReview,
            6 => SubscriptionStatus::Failed,
            7 => SubscriptionStatus::SystemPaused,
            other => SubscriptionStatus::Other(other),
        }
    }

    /// Its code on the wire.
    pub fn code(self) -> i64 {
        match self {
            SubscriptionStatus::Active => 1,
            SubscriptionStatus::Cancelled => 2,
            SubscriptionStatus::Paused => 3,
            SubscriptionStatus::Complete => 4,
            SubscriptionStatus::InReview => 5,
            SubscriptionStatus::Failed => 6,
            SubscriptionStatus::SystemPaused => 7,
            SubscriptionStatus::Other(code) => code,
        }
    }
}

/// An agreement; tokenization has only the status and its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// `ACTIVE`, as PayFast writes it.
    pub status_text: String,
    /// Why, in words; often empty.
    pub status_reason: String,
    /// What each cycle costs.
    pub amount: Option<Amount>,
    /// How many cycles; 0 for no end.
    pub cycles: Option<i64>,
    /// How many are done.
    pub cycles_complete: Option<i64>,
    /// 1 daily to 6 annual.
    pub frequency: Option<i64>,
    /// The next charge, `2020-07-04T00:00:00+02:00`.
    pub run_date: Option<String>,
    /// The token.
    pub token: Option<String>,
}

/// A payment as PayFast has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessedPayment {
    /// PayFast's id.
    pub pf_payment_id: String,
    /// The merchant's id.
    pub m_payment_id: Option<String>,
    /// `COMPLETE`, as PayFast writes it.
    pub status: String,
    /// What was taken.
    pub amount: Option<Amount>,
    /// The card's answer, `00` for success.
    pub cc_status: Option<String>,
    /// The same in words.
    pub cc_message: Option<String>,
    /// The token of the agreement that it belongs to.
    pub token: Option<String>,
}

impl ProcessedPayment {
    /// Whether PayFast says that the money was taken.
    pub fn is_complete(&self) -> bool {
        self.status.eq_ignore_ascii_case("COMPLETE") && self.cc_status.as_deref().is_none_or(|code| code == "00")
    }
}

/// Whether a payment can be refunded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    /// There is something left to refund.
    Refundable,
    /// All of it was refunded.
    Completed,
    /// It cannot be refunded.
    NotAvailable,
    /// Another word, as received.
    Other(String),
}

/// How a refund is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundMethod {
    /// Back to where the money came from.
    PaymentSource,
    /// To a bank account that the merchant names.
    BankPayout,
    /// Not at all.
    NotAvailable,
    /// Another word, as received.
    Other(String),
}

/// A bank that a payout can go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bank {
    /// What [`crate::api::BankAccount::bank_name`] takes.
    pub name: String,
    /// For people.
    pub label: String,
}

/// What the refund query says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refundable {
    /// Whether it can be refunded.
    pub status: RefundStatus,
    /// What was paid.
    pub amount_original: Option<Amount>,
    /// What can still be refunded.
    pub amount_available: Option<Amount>,
    /// How all of it is refunded.
    pub full: RefundMethod,
    /// How a part of it is refunded.
    pub partial: RefundMethod,
    /// How it was paid, such as `CC`.
    pub funding_type: Option<String>,
    /// Why not, in PayFast's words.
    pub errors: Vec<String>,
    /// Banks for a payout.
    pub banks: Vec<Bank>,
}

/// The refunds of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundHistory {
    /// What can still be refunded.
    pub available: Option<Amount>,
    /// Each movement, as PayFast lists them.
    pub transactions: Vec<RefundTransaction>,
}

/// A movement in [`RefundHistory`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundTransaction {
    /// How much.
    pub amount: Amount,
    /// When, as PayFast writes it.
    pub date: String,
    /// What, as PayFast writes it.
    pub kind: String,
}

/// Reads the answer of [`crate::api::Call::ping`]; it is a text, not an envelope.
///
/// # Errors
/// The API refused, or somebody else answered.
pub fn ping(http_status: u16, body: &[u8]) -> Result<(), ReplyError> {
    let text = String::from_utf8_lossy(body);
    let greets = |text: &str| matches!(text.trim().trim_matches('"'), "Payfast API" | "PayFast API" | "API V1");
    if http_status == 200 && greets(&text) {
        return Ok(());
    }
    let envelope = open(http_status, body)?;
    if envelope.response.as_str().is_some_and(greets) || greets(&envelope.message) {
        return Ok(());
    }
    Err(unreadable(http_status, "is not the API's"))
}

/// Reads the answer of a cancellation, a pause, an update or a refund: that it was done.
///
/// # Errors
/// It was refused, or the answer does not say.
pub fn done(http_status: u16, body: &[u8]) -> Result<(), ReplyError> {
    acknowledged(http_status, body).map(drop)
}

/// Reads the answer of [`crate::api::Call::charge`].
///
/// # Errors
/// The card or PayFast refused, or the answer does not say.
pub fn charge(http_status: u16, body: &[u8]) -> Result<Charged, ReplyError> {
    let envelope = acknowledged(http_status, body)?;
    let id =
        text_of(&envelope.data, "pf_payment_id").or_else(|| text_of(envelope.response.as_object()?, "pf_payment_id"));
    Ok(Charged {
        pf_payment_id: id,
        message: envelope.message,
    })
}

/// Reads the answer of [`crate::api::Call::fetch_subscription`].
///
/// # Errors
/// It was refused, or the answer has no status.
pub fn subscription(http_status: u16, body: &[u8]) -> Result<Subscription, ReplyError> {
    let envelope = open(http_status, body)?;
    let object = envelope.object()?;
    let code = integer_of(object, "status").ok_or_else(|| envelope.lacks("has no status"))?;
    Ok(Subscription {
        status: SubscriptionStatus::from_code(code),
        status_text: text_of(object, "status_text").unwrap_or_default(),
        status_reason: text_of(object, "status_reason").unwrap_or_default(),
        amount: amount_of(object, "amount"),
        cycles: integer_of(object, "cycles"),
        cycles_complete: integer_of(object, "cycles_complete"),
        frequency: integer_of(object, "frequency"),
        run_date: text_of(object, "run_date"),
        token: text_of(object, "token"),
    })
}

/// Reads the answer of [`crate::api::Call::query_payment`].
///
/// # Errors
/// It was refused, or the answer names no payment and status.
pub fn payment(http_status: u16, body: &[u8]) -> Result<ProcessedPayment, ReplyError> {
    let envelope = open(http_status, body)?;
    let object = envelope.object()?;
    let needed = |name| text_of(object, name).ok_or_else(|| envelope.lacks("names no payment and status"));
    Ok(ProcessedPayment {
        pf_payment_id: needed("pf_payment_id")?,
        m_payment_id: text_of(object, "m_payment_id"),
        status: needed("status")?,
        amount: amount_of(object, "amount"),
        cc_status: text_of(object, "cc_status"),
        cc_message: text_of(object, "cc_message"),
        token: text_of(object, "transaction_token").or_else(|| text_of(object, "token")),
    })
}

/// Reads the answer of [`crate::api::Call::query_refund`].
///
/// # Errors
/// It was refused, or the answer has no status.
pub fn refundable(http_status: u16, body: &[u8]) -> Result<Refundable, ReplyError> {
    let envelope = open(http_status, body)?;
    let object = envelope.object()?;
    let status = text_of(object, "status").ok_or_else(|| envelope.lacks("has no status"))?;
    Ok(Refundable {
        status: match status.as_str() {
            "REFUNDABLE" => RefundStatus::Refundable,
            "COMPLETED" => RefundStatus::Completed,
            "NOT_AVAILABLE" => RefundStatus::NotAvailable,
            _ => RefundStatus::Other(status),
        },
        amount_original: amount_of(object, "amount_original"),
        amount_available: amount_of(object, "amount_available_for_refund"),
        full: method_of(object, "refund_full"),
        partial: method_of(object, "refund_partial"),
        funding_type: text_of(object, "funding_type"),
        errors: list_of(object, "errors").iter().filter_map(error_text).collect(),
        banks: list_of(object, "bank_names")
            .iter()
            .filter_map(Value::as_object)
            .filter_map(|bank| {
                let name = text_of(bank, "bank_name")?;
                Some(Bank {
                    label: text_of(bank, "label").unwrap_or_else(|| name.clone()),
                    name,
                })
            })
            .collect(),
    })
}

/// Reads the answer of [`crate::api::Call::list_refunds`].
///
/// # Errors
/// It was refused, or the answer is no list.
pub fn refunds(http_status: u16, body: &[u8]) -> Result<RefundHistory, ReplyError> {
    let envelope = open(http_status, body)?;
    let object = envelope.object()?;
    if !object.contains_key("available_balance") && !object.contains_key("transactions") {
        return Err(envelope.lacks("lists no refunds"));
    }
    let transactions = list_of(object, "transactions")
        .iter()
        .filter_map(Value::as_object)
        .map(|entry| {
            Some(RefundTransaction {
                amount: amount_of(entry, "amount")?,
                date: text_of(entry, "date").unwrap_or_default(),
                kind: text_of(entry, "type").unwrap_or_default(),
            })
        });
    Ok(RefundHistory {
        available: amount_of(object, "available_balance"),
        transactions: transactions
            .collect::<Option<_>>()
            .ok_or_else(|| envelope.lacks("lists a refund without an amount"))?,
    })
}

/// Reads the answer of a statement: CSV when all is well, an envelope when not.
///
/// # Errors
/// It was refused, or the answer is no statement.
pub fn statement(http_status: u16, body: &[u8]) -> Result<super::Statement, ReplyError> {
    if http_status != 200 || body.trim_ascii_start().starts_with(b"{") {
        // A well-formed success is no statement either.
        return Err(match open(http_status, body) {
            Err(error) => error,
            Ok(_) => unreadable(http_status, "is no statement"),
        });
    }
    super::Statement::parse(body).ok_or_else(|| unreadable(http_status, "is no statement"))
}

impl Envelope {
    fn object(&self) -> Result<&Map<String, Value>, ReplyError> {
        self.response.as_object().ok_or_else(|| self.lacks("has no contents"))
    }

    fn lacks(&self, reason: &'static str) -> ReplyError {
        unreadable(self.http_status, reason)
    }
}

fn unreadable(http_status: u16, reason: &'static str) -> ReplyError {
    ReplyError::Unreadable { http_status, reason }
}

/// Opens the envelope; a success has a good HTTP status, a good code and `success`, each where present.
fn open(http_status: u16, body: &[u8]) -> Result<Envelope, ReplyError> {
    let root = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(root)) => root,
        _ => return Err(unreadable(http_status, "is not a JSON object")),
    };
    let code = integer_of(&root, "code").and_then(|code| u16::try_from(code).ok());
    let status = text_of(&root, "status");
    let is_good = |code: u16| (200..300).contains(&code);
    let says_success = match (&status, code) {
        // Without `data` the word may be the payment's, as `REFUNDABLE`.
        (Some(status), None) if !root.contains_key("data") => !is_word(status, &["failed", "fail", "error"]),
        (Some(status), _) => is_word(status, &["success"]),
        (None, code) => code.is_none_or(is_good),
    };
    let data = root.get("data").cloned().unwrap_or_else(|| Value::Object(root.clone()));
    let message = message_of(&root, &data);
    let response = match &data {
        Value::Object(fields) => fields.get("response").unwrap_or(&data).clone(),
        other => other.clone(),
    };
    if is_good(http_status) && code.is_none_or(is_good) && says_success {
        return Ok(Envelope {
            http_status,
            response,
            data: data.as_object().cloned().unwrap_or_default(),
            message,
        });
    }
    // Somebody's proxy may answer in JSON too; PayFast says `failed` or gives its code or message.
    if status.is_none() && code.is_none() && message.is_empty() {
        return Err(unreadable(http_status, "is not PayFast's"));
    }
    Err(ReplyError::Refused(Refusal {
        http_status,
        code: code.unwrap_or(http_status),
        reason: reason_of(&response),
        message,
    }))
}

/// A success whose response also is `true` (or `"true"`, or an object with contents): what `false`, a number or an object
/// with a reason say is a refusal, whatever stands around it.
fn acknowledged(http_status: u16, body: &[u8]) -> Result<Envelope, ReplyError> {
    let envelope = open(http_status, body)?;
    let says_yes = match &envelope.response {
        Value::Bool(yes) => Some(*yes),
        Value::String(text) => match text.trim() {
            "true" | "True" | "TRUE" | "1" => Some(true),
            "false" | "False" | "FALSE" | "0" => Some(false),
            _ => None,
        },
        Value::Number(number) => Some(number.as_i64() == Some(1)),
        Value::Object(fields) if fields.contains_key("reason") => Some(false),
        Value::Object(fields) => fields.contains_key("pf_payment_id").then_some(true),
        _ => None,
    };
    match says_yes {
        Some(true) => Ok(envelope),
        Some(false) => Err(ReplyError::Refused(Refusal {
            http_status,
            code: http_status,
            reason: reason_of(&envelope.response),
            message: envelope.message,
        })),
        None => Err(unreadable(http_status, "does not say whether it was done")),
    }
}

fn is_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn message_of(root: &Map<String, Value>, data: &Value) -> String {
    let response = data.get("response").and_then(Value::as_object);
    let found = data
        .as_object()
        .and_then(|fields| text_of(fields, "message"))
        .or_else(|| response.and_then(|fields| text_of(fields, "reason").or_else(|| text_of(fields, "message"))))
        .or_else(|| text_of(root, "message"))
        .or_else(|| data.as_str().map(str::to_owned))
        .unwrap_or_default();
    found.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn reason_of(response: &Value) -> Option<i64> {
    match response {
        Value::Number(number) => number.as_i64(),
        Value::Object(fields) => integer_of(fields, "code"),
        _ => None,
    }
}

fn method_of(object: &Map<String, Value>, name: &str) -> RefundMethod {
    let method = match object.get(name) {
        Some(Value::Object(fields)) => text_of(fields, "method"),
        Some(Value::String(method)) => Some(method.clone()),
        _ => None,
    };
    match method.as_deref() {
        Some("PAYMENT_SOURCE") => RefundMethod::PaymentSource,
        Some("BANK_PAYOUT") => RefundMethod::BankPayout,
        Some("NOT_AVAILABLE") | None => RefundMethod::NotAvailable,
        Some(other) => RefundMethod::Other(other.to_owned()),
    }
}

fn error_text(error: &Value) -> Option<String> {
    match error {
        Value::String(text) => Some(text.clone()),
        Value::Object(fields) => text_of(fields, "message"),
        _ => None,
    }
    .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
    .filter(|text| !text.is_empty())
}

fn list_of<'a>(object: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text that is not blank; numbers are texts too, since PayFast writes ids either way.
fn text_of(object: &Map<String, Value>, name: &str) -> Option<String> {
    let text = match object.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn integer_of(object: &Map<String, Value>, name: &str) -> Option<i64> {
    match object.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Whole cents; a text with a dot is rand. A JSON number with decimals is refused, since nobody knows its unit.
fn amount_of(object: &Map<String, Value>, name: &str) -> Option<Amount> {
    match object.get(name)? {
        Value::String(text) if text.contains('.') => Amount::parse(text.trim()).ok(),
        _ => integer_of(object, name).map(Amount::from_cents),
    }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
