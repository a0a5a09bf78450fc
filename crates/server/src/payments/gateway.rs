//! The only caller of PayFast over the network: the confirmation of notifications, and the REST API.
//!
//! An answer of the API is one of three: what was asked for, a refusal in PayFast's words, or nothing that can be
//! trusted. Only the caller knows what the last means for it; nothing is repeated here.

use std::time::Duration;

use chrono::{FixedOffset, NaiveDate, SecondsFormat};
use common::site::PayfastMode;
use payfast::{
    Passphrase,
    api::{
        AdHocCharge, Call, Credentials, Refund, ReplyError, Statement, Verb,
        call::MOST_LINES,
        reply::{self, Charged, ProcessedPayment, RefundMethod, RefundStatus},
    },
    hosts,
};
use reqwest::{Client, Method, redirect::Policy};

use crate::{clock::Clock, config::Payfast, refunds::rules::Way};

/// Longest wait for a confirmation; the lease of a notification is longer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for the API: a bank may take its time over a charge. The leases of its callers are longer.
const API_TIMEOUT: Duration = Duration::from_secs(30);
/// South Africa keeps UTC+2 all year.
const OFFSET_SECONDS: i32 = 2 * 60 * 60;

/// What PayFast says of a notification that claims to be its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    Valid,
    Invalid,
    /// No clear answer; ask again later.
    Unreachable(String),
}

/// What became of a call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<T> {
    Answered(T),
    /// PayFast did not do it, in its words.
    Refused(String),
    /// Whether it was done is not known: no answer, an error of the server, an answer that cannot be read.
    Lost(String),
}

/// What the refund query tells of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    pub original_minor: i64,
    pub available_minor: i64,
    pub full: Way,
    pub partial: Way,
}

/// A page of PayFast's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementPage {
    pub statement: Statement,
    /// Where the next page starts; `None` after the last one.
    pub next_offset: Option<u32>,
}

pub struct Gateway {
    client: Client,
    validate_url: String,
    api: Option<Api>,
    clock: Clock,
}

/// Who calls the API, and where it is.
struct Api {
    client: Client,
    base: String,
    merchant_id: String,
    passphrase: Passphrase,
    testing: bool,
}

impl Gateway {
    pub fn new(payfast: &Payfast, clock: Clock) -> Result<Self, reqwest::Error> {
        let client = |timeout| Client::builder().timeout(timeout).redirect(Policy::none()).build();
        let api = match (&payfast.api_base, &payfast.passphrase) {
            (Some(base), Some(passphrase)) => Some(Api {
                client: client(API_TIMEOUT)?,
                base: base.clone(),
                merchant_id: payfast.merchant_id.clone(),
                passphrase: passphrase.clone(),
                testing: payfast.mode == PayfastMode::Sandbox,
            }),
            _ => None,
        };
        Ok(Self {
            client: client(TIMEOUT)?,
            validate_url: format!("{}{}", payfast.process_base, hosts::VALIDATE_PATH),
            api,
            clock,
        })
    }

    /// Whether the API can be called: it has an address, and the passphrase that it needs.
    pub fn has_api(&self) -> bool {
        self.api.is_some()
    }

    /// Posts the notification back (PayFast step 4, "Confirm payment is successful"); only `VALID` counts.
    pub async fn confirm(&self, body: Vec<u8>) -> Confirmation {
        let request = self
            .client
            .post(&self.validate_url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let response = match request.send().await {
            Ok(response) if response.status().is_success() => response,
            Ok(response) => return Confirmation::Unreachable(format!("PayFast answered {}", response.status())),
            Err(error) => return Confirmation::Unreachable(format!("PayFast did not answer: {}", error.without_url())),
        };
        let answer = match response.text().await {
            Ok(answer) => answer,
            Err(error) => {
                return Confirmation::Unreachable(format!("PayFast's answer broke off: {}", error.without_url()));
            }
        };
        match answer.trim() {
            hosts::VALIDATE_VALID => Confirmation::Valid,
            hosts::VALIDATE_INVALID => Confirmation::Invalid,
            _ => Confirmation::Unreachable("PayFast answered neither VALID nor INVALID".to_owned()),
        }
    }

    /// Charges a saved card, each time it is called.
    pub async fn charge(&self, charge: &AdHocCharge<'_>) -> Reply<Charged> {
        self.send(Call::charge(charge), reply::charge).await
    }

    /// The payment with PayFast's id, or the newest one of a token; `None` when PayFast knows none.
    pub async fn find_payment(&self, id: &str) -> Reply<Option<ProcessedPayment>> {
        let found = self.send(Call::query_payment(id), |status, body| {
            match reply::payment(status, body) {
                Ok(payment) => Ok(Some(payment)),
                Err(ReplyError::Refused(refusal)) if refusal.is_not_found() => Ok(None),
                Err(error) => Err(error),
            }
        });
        found.await
    }

    /// How a payment can be refunded, and how much of it is left.
    pub async fn refund_terms(&self, pf_payment_id: &str) -> Reply<Terms> {
        let terms = self.send(Call::query_refund(pf_payment_id), |status, body| {
            let terms = reply::refundable(status, body)?;
            let is_available = !matches!(terms.status, RefundStatus::NotAvailable);
            let way = |method: &RefundMethod| match method {
                RefundMethod::PaymentSource if is_available => Way::Source,
                RefundMethod::BankPayout if is_available => Way::Bank,
                _ => Way::NotAvailable,
            };
            let lacks = ReplyError::Unreadable {
                http_status: status,
                reason: "names no amounts",
            };
            let (Some(original), Some(available)) = (terms.amount_original, terms.amount_available) else {
                return Err(lacks);
            };
            Ok(Terms {
                original_minor: original.cents(),
                available_minor: available.cents(),
                full: way(&terms.full),
                partial: way(&terms.partial),
            })
        });
        terms.await
    }

    /// What PayFast has paid back of a payment, by its list of refunds.
    pub async fn paid_back_minor(&self, pf_payment_id: &str) -> Reply<i64> {
        let listed = self.send(Call::list_refunds(pf_payment_id), |status, body| {
            let history = reply::refunds(status, body)?;
            let refunds = history
                .transactions
                .iter()
                .filter(|entry| entry.kind.to_ascii_uppercase().contains("REFUND"));
            Ok(refunds.map(|entry| entry.amount.cents().abs()).sum())
        });
        listed.await
    }

    /// Refunds, each time it is called; the answer is in PayFast's words.
    pub async fn refund(&self, refund: &Refund<'_>) -> Reply<()> {
        self.send(Call::refund(refund), reply::done).await
    }

    /// Ends the agreement behind a token for good.
    pub async fn cancel_token(&self, token: &str) -> Reply<()> {
        self.send(Call::cancel_subscription(token), reply::done).await
    }

    /// One page of the statement of some days, the last one inclusive.
    pub async fn statement(&self, from: NaiveDate, to: NaiveDate, offset: u32) -> Reply<StatementPage> {
        let (from, to) = (from.to_string(), to.to_string());
        let page = self.send(Call::history(&from, &to, offset, MOST_LINES), |status, body| {
            let statement = reply::statement(status, body)?;
            let rows = u32::try_from(statement.lines.len() + statement.malformed.len()).unwrap_or(MOST_LINES);
            Ok(StatementPage {
                next_offset: (rows >= MOST_LINES).then(|| offset + rows),
                statement,
            })
        });
        page.await
    }

    async fn send<T, E: std::fmt::Display>(
        &self,
        call: Result<Call, E>,
        read: impl FnOnce(u16, &[u8]) -> Result<T, ReplyError>,
    ) -> Reply<T> {
        let call = match call {
            Ok(call) => call,
            Err(faults) => return Reply::Refused(format!("PayFast would not take it: {faults}")),
        };
        let Some(api) = &self.api else {
            return Reply::Lost("PayFast's API is not set up here: PAYFAST_API_BASE and PAYFAST_PASSPHRASE".to_owned());
        };
        match api.ask(&call, &self.clock).await {
            Ok((status, body)) => judge(call.verb(), read(status, &body)),
            Err(error) => Reply::Lost(format!("PayFast did not answer: {}", error.without_url())),
        }
    }
}

impl Api {
    async fn ask(&self, call: &Call, clock: &Clock) -> Result<(u16, Vec<u8>), reqwest::Error> {
        let offset = FixedOffset::east_opt(OFFSET_SECONDS).expect("two hours are less than a day");
        let timestamp = clock
            .now()
            .with_timezone(&offset)
            .to_rfc3339_opts(SecondsFormat::Secs, false);
        let credentials = Credentials {
            merchant_id: &self.merchant_id,
            passphrase: &self.passphrase,
            testing: self.testing,
        };
        let signed = call.sign(&credentials, &timestamp);
        let method = match signed.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
        };
        let mut request = self
            .client
            .request(method, format!("{}{}", self.base, signed.path_and_query));
        for (name, value) in signed.headers {
            request = request.header(name, value);
        }
        request = match signed.body {
            Some(body) => request.header("content-type", "application/json").body(body),
            None if signed.verb == Verb::Get => request,
            None => request.header("content-length", "0"),
        };
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok((status, response.bytes().await?.to_vec()))
    }
}

/// Tells a "no" from a "nobody knows".
///
/// A call that asks, or ends an agreement, may be made again, so all that is not about its subject counts as lost. One that
/// moves money was not done when PayFast says so; its own failures (500 and above) leave that open.
fn judge<T>(verb: Verb, read: Result<T, ReplyError>) -> Reply<T> {
    let error = match read {
        Ok(answer) => return Reply::Answered(answer),
        Err(error) => error,
    };
    let text = error.to_string();
    let ReplyError::Refused(refusal) = &error else {
        return Reply::Lost(text);
    };
    let has_failed = refusal.http_status >= 500 || refusal.code >= 500;
    let is_lost = match verb {
        Verb::Get | Verb::Put => refusal.is_temporary() || refusal.is_unauthorised(),
        Verb::Post | Verb::Patch => has_failed,
    };
    match is_lost {
        true => Reply::Lost(text),
        false => Reply::Refused(text),
    }
}

#[cfg(test)]
mod tests {
    use payfast::api::Refusal;

    use super::*;

    fn refused(http_status: u16, code: u16) -> Result<(), ReplyError> {
        Err(ReplyError::Refused(Refusal {
            http_status,
            code,
            reason: None,
            message: "no".to_owned(),
        }))
    }

    #[test]
    fn only_a_clear_no_is_a_refusal() {
        for (http_status, code, is_lost_get, is_lost_post) in [
            (400, 400, false, false),
            (404, 404, false, false),
            // A failure inside a good answer is PayFast's word.
            (200, 400, false, false),
            (200, 500, true, true),
            (401, 401, true, false),
            (429, 429, true, false),
            (500, 500, true, true),
            (502, 502, true, true),
        ] {
            let lost = |verb| matches!(judge(verb, refused(http_status, code)), Reply::Lost(_));
            assert_eq!(lost(Verb::Get), is_lost_get, "{http_status} {code}");
            assert_eq!(lost(Verb::Post), is_lost_post, "{http_status} {code}");
        }
        let unreadable: Result<(), _> = Err(ReplyError::Unreadable {
            http_status: 200,
            reason: "is not a JSON object",
        });
        assert!(matches!(judge(Verb::Post, unreadable), Reply::Lost(_)));
    }
}
