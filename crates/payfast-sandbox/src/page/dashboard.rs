//! The dashboard: what came, what was sent, how it was answered, and buttons to send it again.

use super::{Width, definitions, escape, layout, money, text, warnings};
use crate::state::{Attempt, Entry, Event, Kind, Notification, Outcome, Payment, State, Value};
use crate::{Config, notification};
use chrono::{DateTime, Utc};
use payfast::checkout;
use payfast::form::trim;

/// The page shows this many of each; the JSON list has everything.
const SHOWN: usize = 50;

/// Everything at a glance, newest first.
pub fn dashboard(config: &Config, state: &State) -> String {
    let notifications = state.notifications();
    let payments = state.payments();
    let cards: String = payments
        .iter()
        .take(SHOWN)
        .map(|payment| payment_card(payment, &notifications))
        .collect();
    let own: String = notifications
        .iter()
        .filter(|notification| notification.payment.is_none())
        .take(SHOWN)
        .map(|notification| format!(r#"<article class="card">{}</article>"#, notification_part(notification)))
        .collect();
    let entries: String = state.entries().iter().filter_map(entry).take(SHOWN).collect();
    let body = format!(
        r#"<div class="row"><h1>Dashboard</h1><span><a href="/">Refresh</a> · <a href="/log.json">Log as JSON</a></span></div>
{settings}
<h2>Payments</h2>
{payments}
{own}
{account}
<h2>Forms, calls and confirmations</h2>
{entries}"#,
        account = super::account::sections(state),
        settings = settings(config),
        payments = or_else(
            cards,
            "No payments yet. Post a signed checkout form to <code>/eng/process</code>."
        ),
        own = if own.is_empty() {
            own
        } else {
            format!("<h2>Other notifications</h2>{own}")
        },
        entries = or_else(entries, "Nothing has arrived yet."),
    );
    layout("Dashboard", Width::Wide, &body)
}

fn or_else(list: String, empty: &str) -> String {
    if list.is_empty() {
        format!(r#"<p class="soft">{empty}</p>"#)
    } else {
        list
    }
}

fn settings(config: &Config) -> String {
    let passphrase = if config.passphrase.is_some() {
        "Passphrase is set"
    } else {
        "No passphrase"
    };
    let strict = if config.strict {
        "Strict about addresses"
    } else {
        "Local addresses allowed"
    };
    format!(
        r#"<ul class="facts"><li>Merchant <code>{}</code></li><li>{passphrase}</li><li>Speed ×{}</li><li>{strict}</li></ul>"#,
        escape(&config.merchant_id),
        config.speed
    )
}

fn payment_card(payment: &Payment, notifications: &[Notification]) -> String {
    let (class, outcome) = match payment.outcome {
        Outcome::Waiting => ("waiting", "Waiting for the buyer".to_owned()),
        Outcome::Paid(fault) => ("positive", format!("Paid, fault: {}", fault.name())),
        Outcome::Cancelled => ("waiting", "Cancelled".to_owned()),
    };
    let link = match payment.outcome {
        Outcome::Waiting => format!(
            r#"<p><a href="/eng/process/payment/{}">Open the payment page</a></p>"#,
            payment.id
        ),
        _ => String::new(),
    };
    let parts: String = notifications
        .iter()
        .filter(|notification| notification.payment == Some(payment.id))
        .map(notification_part)
        .collect();
    let value = |name| text(trim(checkout::value_of(&payment.form, name)));
    format!(
        r#"<article class="card"><div class="row"><h3>{item}</h3><span class="badge {class}">{outcome}</span></div>
<p class="amount-l">{amount}</p>
{facts}{link}{warnings}{parts}</article>"#,
        item = escape(&value("item_name")),
        amount = money(notification::gross(payment)),
        facts = definitions(&[
            ("Received", time(payment.at)),
            ("Reference", value("m_payment_id")),
            ("PayFast payment", payment.pf_payment_id.clone()),
            (
                "Token",
                payment.token.map(|token| token.to_string()).unwrap_or_default()
            ),
        ]),
        warnings = warnings(&payment.warnings),
    )
}

fn notification_part(notification: &Notification) -> String {
    let kind = match notification.kind {
        Kind::Genuine => "Notification",
        Kind::Forged => "Forged notification",
        Kind::WrongAmount => "Notification with a wrong amount",
        Kind::Stale => "Outdated notification: pending",
        Kind::Custom => "Notification made by a program",
    };
    let (class, standing) = match (notification.attempts.last(), notification.is_delivered()) {
        (None, _) if !notification.sent => ("care", "Not sent"),
        (None, _) => ("waiting", "Under way"),
        (_, true) => ("positive", "Delivered"),
        (_, false) => ("bad", "Not delivered"),
    };
    let button = if notification.sent { "Send again" } else { "Send now" };
    let attempts: String = notification.attempts.iter().rev().map(attempt).collect();
    format!(
        r#"<div class="notification"><div class="row"><h3>{kind} {id} <span class="badge {class}">{standing}</span></h3>
<form class="inline" method="post" action="/notifications/{id}/resend"><button class="plain" aria-label="{button}: notification {id}">{button}</button></form></div>
<p class="muted">To {url}</p><ul class="attempts">{attempts}</ul>
<details><summary>Body</summary><p class="raw code">{body}</p></details></div>"#,
        id = notification.id,
        url = escape(&notification.url),
        body = escape(&notification.body),
    )
}

fn attempt(attempt: &Attempt) -> String {
    let class = if attempt.is_ok() { "positive" } else { "bad" };
    let answer = match (attempt.status, &attempt.error) {
        (Some(status), _) => format!("Answered {status}"),
        (None, Some(error)) => format!("No answer: {error}"),
        (None, None) => "No answer".to_owned(),
    };
    format!(
        r#"<li>{} <span class="badge {class}">{}</span> <span class="muted">{} ms</span></li>"#,
        time(attempt.at),
        escape(&answer),
        attempt.duration_ms
    )
}

/// A line of what arrived; payments and notifications have their own place above.
fn entry(entry: &Entry) -> Option<String> {
    let (class, what, detail) = match &entry.event {
        Event::FormReceived {
            path,
            payment,
            fields,
            errors,
            ..
        } => {
            let fields: String = fields.iter().map(field).collect();
            let detail = format!(
                r#"<pre class="raw">{}</pre><details><summary>Fields</summary><dl>{fields}</dl></details>"#,
                escape(&errors.join("\n"))
            );
            let detail = if errors.is_empty() {
                detail.replacen(r#"<pre class="raw"></pre>"#, "", 1)
            } else {
                detail
            };
            match payment {
                Some(_) => ("positive", format!("Form accepted at {path}"), detail),
                None => ("bad", format!("Form refused at {path}"), detail),
            }
        }
        Event::ConfirmationAsked { body, answer } => {
            let class = if *answer == "VALID" { "positive" } else { "bad" };
            let detail = format!(
                r#"<details><summary>Body</summary><p class="raw code">{}</p></details>"#,
                escape(body)
            );
            (class, format!("Confirmation asked: {answer}"), detail)
        }
        Event::ApiCalled {
            method,
            path,
            fields,
            status,
            message,
            fault,
        } => {
            let class = if *status == 200 { "positive" } else { "bad" };
            let fields: String = fields.iter().map(field).collect();
            let fault = fault.map_or_else(String::new, |fault| format!(", fault: {}", fault.name()));
            let detail = format!(
                r#"<p class="muted">{}</p><details><summary>Fields</summary><dl>{fields}</dl></details>"#,
                escape(message)
            );
            let answer = if *status == 0 {
                "no answer".to_owned()
            } else {
                status.to_string()
            };
            (class, format!("{method} {path}: {answer}{fault}"), detail)
        }
        Event::Paid { .. } | Event::Cancelled { .. } | Event::ItnSent { .. } | Event::AgreementChanged { .. } => {
            return None;
        }
    };
    Some(format!(
        r#"<article class="card"><div class="row"><span class="badge {class}">{}</span><span class="muted">{}</span></div>{detail}</article>"#,
        escape(&what),
        time(entry.at)
    ))
}

fn field((name, value): &(String, Value)) -> String {
    format!(
        r#"<dt>{}</dt><dd class="code">{}</dd>"#,
        escape(name),
        escape(&text(&value.0))
    )
}

/// `23 Nov 2026, 09:14:05` on a South African clock.
fn time(at: DateTime<Utc>) -> String {
    notification::in_south_africa(at)
        .format("%-d %b %Y, %H:%M:%S")
        .to_string()
}
