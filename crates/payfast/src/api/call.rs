//! Each call of the REST API, ready to send: method, path with query, signed headers, JSON body.
//!
//! What PayFast's own libraries disagree on is avoided: nothing empty is sent, and yes and no are 1 and 0.

use crate::amount::Amount;
use crate::error::{FieldError, FieldErrors};
use crate::fields::{Rule, is_date};
use crate::form::{encode, one_line};
use crate::signature::Passphrase;
use serde_json::{Map, Value};

/// Most lines of a statement in one answer.
pub const MOST_LINES: u32 = 1000;

/// Who calls, and whether PayFast's sandbox is meant.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The merchant.
    pub merchant_id: &'a str,
    /// The API needs one.
    pub passphrase: &'a Passphrase,
    /// Adds `testing=true`, which is not signed; see [`crate::hosts::Host::testing`].
    pub testing: bool,
}

/// The method of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Asks.
    Get,
    /// Does something each time it is sent.
    Post,
    /// Changes a state.
    Put,
    /// Changes some fields.
    Patch,
}

impl Verb {
    /// Its name in HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
        }
    }
}

/// A call that is not signed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    verb: Verb,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Vec<(&'static str, Field)>,
}

/// A value of a body: a JSON string or a JSON number.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Field {
    Text(String),
    Number(i64),
}

impl Field {
    fn text(&self) -> String {
        match self {
            Field::Text(text) => text.clone(),
            Field::Number(number) => number.to_string(),
        }
    }
}

/// A signed call: send exactly this to [`crate::hosts::Host::api_base`], soon, since it carries its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub verb: Verb,
    /// Path and query, from the slash on.
    pub path_and_query: String,
    /// `merchant-id`, `version`, `timestamp` and `signature`.
    pub headers: [(&'static str, String); 4],
    /// A JSON object to send as `application/json`; without one a PUT needs `Content-Length: 0`.
    pub body: Option<String>,
}

/// A charge of a stored card.
#[derive(Clone, Copy, Debug)]
pub struct AdHocCharge<'a> {
    /// The token of the agreement.
    pub token: &'a str,
    /// At least R5.00.
    pub amount: Amount,
    /// Up to 100 characters.
    pub item_name: &'a str,
    /// Up to 255 characters; may be empty.
    pub item_description: &'a str,
    /// The merchant's id, up to 100 characters; may be empty. PayFast does not refuse one that it has seen.
    pub m_payment_id: &'a str,
}

/// Money that goes back to the buyer.
#[derive(Clone, Copy, Debug)]
pub struct Refund<'a> {
    /// PayFast's id of the payment.
    pub pf_payment_id: &'a str,
    /// Above zero, up to what is available.
    pub amount: Amount,
    /// 3 to 255 characters.
    pub reason: &'a str,
    /// Whether PayFast writes to the buyer.
    pub notify_buyer: bool,
    /// Whether PayFast writes to the merchant.
    pub notify_merchant: bool,
    /// Where to pay when the method is a bank payout; else none.
    pub bank: Option<BankAccount<'a>>,
}

/// The account that a bank payout goes to.
#[derive(Clone, Copy)]
pub struct BankAccount<'a> {
    /// Up to 100 characters.
    pub holder: &'a str,
    /// One of the names that the refund query lists.
    pub bank_name: &'a str,
    /// Up to 6 digits.
    pub branch_code: &'a str,
    /// Up to 12 digits.
    pub number: &'a str,
    /// `current` or `savings`.
    pub kind: &'a str,
}

impl std::fmt::Debug for BankAccount<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BankAccount(redacted)")
    }
}

impl Call {
    /// `GET /ping`: whether the API is there and takes our signature.
    pub fn ping() -> Self {
        Call::new(Verb::Get, "/ping".into())
    }

    /// `GET /subscriptions/{token}/fetch`: how an agreement stands.
    ///
    /// # Errors
    /// The token is not one.
    pub fn fetch_subscription(token: &str) -> Result<Self, FieldErrors> {
        Ok(Call::new(Verb::Get, subscription_path(token, "fetch")?))
    }

    /// `PUT /subscriptions/{token}/cancel`: ends an agreement for good; PayFast tells the buyer and sends `CANCELLED`.
    ///
    /// # Errors
    /// The token is not one.
    pub fn cancel_subscription(token: &str) -> Result<Self, FieldErrors> {
        Ok(Call::new(Verb::Put, subscription_path(token, "cancel")?))
    }

    /// `POST /subscriptions/{token}/adhoc`: charges a stored card, each time it is sent.
    ///
    /// # Errors
    /// All fields that PayFast would not take.
    pub fn charge(charge: &AdHocCharge<'_>) -> Result<Self, FieldErrors> {
        let path = subscription_path(charge.token, "adhoc");
        let (item_name, item_description) = (one_line(charge.item_name), one_line(charge.item_description));
        let mut errors = errors_of(&path);
        if charge.amount < Amount::MINIMUM {
            errors.push(FieldError::new("amount", "must be at least 5.00"));
        }
        if item_name.is_empty() {
            errors.push(FieldError::new("item_name", "item_name is required"));
        }
        for (name, value, most) in [
            ("item_name", item_name.as_str(), 100),
            ("item_description", &item_description, 255),
            ("m_payment_id", charge.m_payment_id, 100),
        ] {
            errors.extend(fault(name, Rule::Text(most), value));
        }
        let mut call = Call::new(Verb::Post, finish(path, errors)?);
        call.number("amount", charge.amount.cents());
        call.text("item_name", &item_name);
        call.text("item_description", &item_description);
        call.text("m_payment_id", charge.m_payment_id);
        Ok(call)
    }

    /// `GET /process/query/{id}`: a payment by PayFast's id, or the newest one of a token.
    ///
    /// # Errors
    /// The id is not one.
    pub fn query_payment(id: &str) -> Result<Self, FieldErrors> {
        let id = segment("id", id)?;
        Ok(Call::new(Verb::Get, format!("/process/query/{id}")))
    }

    /// `GET /refunds/query/{pf_payment_id}`: whether and how a payment can be refunded.
    ///
    /// # Errors
    /// The id is not one.
    pub fn query_refund(pf_payment_id: &str) -> Result<Self, FieldErrors> {
        let id = segment("pf_payment_id", pf_payment_id)?;
        Ok(Call::new(Verb::Get, format!("/refunds/query/{id}")))
    }

    /// `GET /refunds/{pf_payment_id}`: the refunds of a payment and what is left.
    ///
    /// # Errors
    /// The id is not one.
    pub fn list_refunds(pf_payment_id: &str) -> Result<Self, FieldErrors> {
        let id = segment("pf_payment_id", pf_payment_id)?;
        Ok(Call::new(Verb::Get, format!("/refunds/{id}")))
    }

    /// `POST /refunds/{pf_payment_id}`: refunds, each time it is sent.
    ///
    /// # Errors
    /// All fields that PayFast would not take.
    pub fn refund(refund: &Refund<'_>) -> Result<Self, FieldErrors> {
        let path = segment("pf_payment_id", refund.pf_payment_id).map(|id| format!("/refunds/{id}"));
        let reason = one_line(refund.reason);
        let mut errors = errors_of(&path);
        if refund.amount <= Amount::default() {
            errors.push(FieldError::new("amount", "must be more than 0.00"));
        }
        if !(3..=255).contains(&reason.chars().count()) {
            errors.push(FieldError::new("reason", "must be 3 to 255 characters"));
        }
        if let Some(bank) = &refund.bank {
            errors.extend(bank.faults());
        }
        let mut call = Call::new(Verb::Post, finish(path, errors)?);
        call.number("amount", refund.amount.cents());
        call.text("reason", &reason);
        call.number("notify_buyer", i64::from(refund.notify_buyer));
        call.number("notify_merchant", i64::from(refund.notify_merchant));
        if let Some(bank) = &refund.bank {
            for (name, value) in bank.fields() {
                call.text(name, &one_line(value));
            }
        }
        Ok(call)
    }

    /// `GET /transactions/history`: the statement of some days, `YYYY-MM-DD`, the last one inclusive.
    ///
    /// # Errors
    /// A day does not exist, or `limit` is not from 1 to [`MOST_LINES`].
    pub fn history(from: &str, to: &str, offset: u32, limit: u32) -> Result<Self, FieldErrors> {
        let days = [("from", from), ("to", to)];
        Call::statement("/transactions/history", &days, offset, limit)
    }

    /// `GET /transactions/history/daily`: the statement of one day, `YYYY-MM-DD`.
    ///
    /// # Errors
    /// The day does not exist, or `limit` is not from 1 to [`MOST_LINES`].
    pub fn daily_history(day: &str, offset: u32, limit: u32) -> Result<Self, FieldErrors> {
        Call::statement("/transactions/history/daily", &[("date", day)], offset, limit)
    }

    /// `GET /transactions/history/monthly`: the statement of one month, `YYYY-MM`.
    ///
    /// # Errors
    /// The month does not exist, or `limit` is not from 1 to [`MOST_LINES`].
    pub fn monthly_history(month: &str, offset: u32, limit: u32) -> Result<Self, FieldErrors> {
        let errors = if is_date(format!("{month}-01").as_bytes()) {
            Vec::new()
        } else {
            vec![FieldError::new("date", "must be a month as YYYY-MM")]
        };
        Call::paged(
            "/transactions/history/monthly",
            vec![("date", month.to_owned())],
            offset,
            limit,
            errors,
        )
    }

    fn statement(path: &str, days: &[(&'static str, &str)], offset: u32, limit: u32) -> Result<Self, FieldErrors> {
        let faults = days.iter().filter_map(|(name, day)| fault(name, Rule::Date, day));
        let errors = faults.collect();
        let query = days.iter().map(|(name, day)| (*name, (*day).to_owned())).collect();
        Call::paged(path, query, offset, limit, errors)
    }

    fn paged(
        path: &str,
        mut query: Vec<(&'static str, String)>,
        offset: u32,
        limit: u32,
        mut errors: Vec<FieldError>,
    ) -> Result<Self, FieldErrors> {
        if !(1..=MOST_LINES).contains(&limit) {
            errors.push(FieldError::new("limit", "must be from 1 to 1000"));
        }
        query.push(("offset", offset.to_string()));
        query.push(("limit", limit.to_string()));
        let mut call = Call::new(Verb::Get, finish(Ok(path.to_owned()), errors)?);
        call.query = query;
        Ok(call)
    }

    fn new(verb: Verb, path: String) -> Self {
        Call {
            verb,
            path,
            query: Vec::new(),
            body: Vec::new(),
        }
    }

    fn text(&mut self, name: &'static str, value: &str) {
        if !value.is_empty() {
            self.body.push((name, Field::Text(value.to_owned())));
        }
    }

    fn number(&mut self, name: &'static str, value: i64) {
        self.body.push((name, Field::Number(value)));
    }

    /// The method.
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The path without its query, which never holds a secret but may hold a token.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Signs the call. `timestamp` is ISO 8601 with an offset: `2020-04-01T12:00:01+02:00`.
    pub fn sign(&self, credentials: &Credentials<'_>, timestamp: &str) -> Request {
        let body = self.body.iter().map(|(name, value)| (*name, value.text()));
        let parameters: Vec<(&str, String)> = self.query.iter().cloned().chain(body).collect();
        let headers = super::headers(credentials.merchant_id, timestamp, &parameters, credentials.passphrase);
        let testing = credentials.testing.then(|| ("testing", "true".to_owned()));
        let query: Vec<String> = self
            .query
            .iter()
            .cloned()
            .chain(testing)
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        Request {
            verb: self.verb,
            path_and_query: format!("{}{mark}{}", self.path, query.join("&")),
            headers,
            body: self.json(),
        }
    }

    fn json(&self) -> Option<String> {
        let object: Map<String, Value> = self
            .body
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Field::Text(text) => Value::from(text.as_str()),
                    Field::Number(number) => Value::from(*number),
                };
                ((*name).to_owned(), value)
            })
            .collect();
        (!object.is_empty()).then(|| Value::Object(object).to_string())
    }
}

impl<'a> BankAccount<'a> {
    fn fields(&self) -> [(&'static str, &'a str); 5] {
        [
            ("bank_account_holder", self.holder),
            ("bank_name", self.bank_name),
            ("bank_branch_code", self.branch_code),
            ("bank_account_number", self.number),
            ("bank_account_type", self.kind),
        ]
    }

    fn faults(&self) -> Vec<FieldError> {
        let rules = [
            Rule::Text(100),
            Rule::Text(100),
            Rule::Digits(6),
            Rule::Digits(12),
            Rule::OneOf(&["current", "savings"]),
        ];
        let missing = |name: &'static str| FieldError::new(name, format!("{name} is required"));
        self.fields()
            .into_iter()
            .zip(rules)
            .filter_map(|((name, value), rule)| match one_line(value).as_str() {
                "" => Some(missing(name)),
                value => fault(name, rule, value),
            })
            .collect()
    }
}

fn subscription_path(token: &str, action: &str) -> Result<String, FieldErrors> {
    Ok(format!("/subscriptions/{}/{action}", segment("token", token)?))
}

/// An id in a path: PayFast's are digits, or a UUID; anything else could lead to another path.
fn segment<'a>(name: &'static str, id: &'a str) -> Result<&'a str, FieldErrors> {
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain && (1..=64).contains(&id.len()) {
        Ok(id)
    } else {
        let error = FieldError::new(name, "must be letters, digits and hyphens, at most 64");
        Err(FieldErrors(vec![error]))
    }
}

fn fault(name: &'static str, rule: Rule, value: &str) -> Option<FieldError> {
    rule.fault(value.as_bytes()).map(|fault| FieldError::new(name, fault))
}

fn errors_of(path: &Result<String, FieldErrors>) -> Vec<FieldError> {
    path.as_ref().err().map_or_else(Vec::new, |errors| errors.0.clone())
}

fn finish(path: Result<String, FieldErrors>, mut errors: Vec<FieldError>) -> Result<String, FieldErrors> {
    errors.sort_by_key(|error| error.field);
    if errors.is_empty() {
        path
    } else {
        Err(FieldErrors(errors))
    }
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
