//! Agreements: fetch, pause, cancel, update, charge; and the query of a payment.

use super::{Failure, Fields, Reply};
use crate::api_faults::ApiFault;
use crate::state::{Agreement, AgreementError, NewCharge, State};
use crate::{Shared, notification};
use payfast::Amount;
use payfast::api::reply::SubscriptionStatus;
use serde_json::json;
use uuid::Uuid;

const NOT_FOUND: &str = "Subscription not found";
const NOT_ACTIVE: &str = "The subscription is not in a valid state.";

/// Charges an agreement; the notification comes before the answer.
pub async fn charge(shared: &Shared, token: &str, fields: &Fields, fault: Option<ApiFault>) -> Reply {
    let state = shared.state();
    let Some(agreement) = find(state, token) else {
        return Reply::failed(404, NOT_FOUND);
    };
    let name = fields.text("item_name");
    let amount = match fields.integer("amount").map(Amount::from_cents) {
        Some(amount) if amount >= Amount::MINIMUM => amount,
        Some(_) => return Reply::failed(400, "amount : must be at least 500 cents"),
        None => return Reply::failed(400, "amount : amount is required, in whole cents"),
    };
    if name.is_empty() || name.chars().count() > 100 {
        return Reply::failed(400, "item_name : item_name is required, at most 100 characters");
    }
    if agreement.is_subscription || agreement.status != SubscriptionStatus::Active {
        return Reply::with_reason(400, json!(4), NOT_ACTIVE);
    }
    match fault {
        Some(ApiFault::ChargeDeclined) => return declined(400),
        Some(ApiFault::ChargeDeclinedInside200) => return declined(200),
        Some(ApiFault::ChargeTimeoutBefore) => return Reply::Silence,
        _ => {}
    }
    let new = NewCharge {
        amount,
        item_name: name,
        item_description: fields.text("item_description"),
        m_payment_id: fields.text("m_payment_id"),
    };
    let payment = match state.charge(agreement.token, &new) {
        Ok(payment) => payment,
        Err(AgreementError::Unknown) => return Reply::failed(404, NOT_FOUND),
        Err(AgreementError::NotActive) => return Reply::with_reason(400, json!(4), NOT_ACTIVE),
    };
    let wants_itn = !matches!(fields.text("itn").as_str(), "0" | "false");
    if wants_itn {
        let is_withheld = fault == Some(ApiFault::ChargeTimeoutAfterLost);
        shared.sender.notify_charge(&payment, is_withheld).await;
    }
    if matches!(
        fault,
        Some(ApiFault::ChargeTimeoutAfter | ApiFault::ChargeTimeoutAfterLost)
    ) {
        return Reply::Silence;
    }
    let response = if fault == Some(ApiFault::ChargeTextTrue) {
        json!("true")
    } else {
        json!(true)
    };
    Reply::Done(json!({
        "response": response,
        "message": "Transaction was successful(00)",
        "pf_payment_id": payment.pf_payment_id,
    }))
}

fn declined(http_status: u16) -> Reply {
    Reply::Failed(Failure {
        code: 400,
        http_status: Some(http_status),
        response: json!({ "code": "05", "reason": "Transaction was declined(05)" }),
        message: "Transaction was declined(05)\r\n".into(),
    })
}

pub fn fetch(state: &State, token: &str) -> Reply {
    let Some(agreement) = find(state, token) else {
        return Reply::failed(404, NOT_FOUND);
    };
    let text = match agreement.status {
        SubscriptionStatus::Active => "ACTIVE",
        SubscriptionStatus::Cancelled => "CANCELLED",
        SubscriptionStatus::Paused => "PAUSED",
        SubscriptionStatus::Complete => "COMPLETE",
        SubscriptionStatus::Failed => "FAILED",
        _ => "OTHER",
    };
    let mut response = json!({
        "status": agreement.status.code(), "status_reason": "", "status_text": text,
    });
    if agreement.is_subscription {
        response["amount"] = agreement.amount.cents().into();
        response["cycles"] = agreement.cycles.into();
        response["cycles_complete"] = agreement.cycles_complete.into();
        response["frequency"] = agreement.frequency.into();
        response["run_date"] = format!("{}T00:00:00+02:00", agreement.run_date).into();
        response["token"] = agreement.token.to_string().into();
    }
    Reply::Done(json!({ "response": response }))
}

pub fn pause(state: &State, token: &str, action: &str, fields: &Fields) -> Reply {
    let Some(agreement) = find(state, token) else {
        return Reply::failed(404, NOT_FOUND);
    };
    let cycles = fields.text("cycles");
    if !cycles.is_empty() && fields.integer("cycles").is_none_or(|cycles| cycles < 1) {
        return Reply::failed(400, "cycles : must be a whole number");
    }
    let (from, to) = match action {
        "pause" => (SubscriptionStatus::Active, SubscriptionStatus::Paused),
        _ => (SubscriptionStatus::Paused, SubscriptionStatus::Active),
    };
    if agreement.status != from {
        return Reply::with_reason(400, json!(4), NOT_ACTIVE);
    }
    state.change_agreement(agreement.token, |agreement| agreement.status = to);
    Reply::Done(json!({ "response": true, "message": "Success" }))
}

pub async fn cancel(shared: &Shared, token: &str) -> Reply {
    let Some(agreement) = find(shared.state(), token) else {
        return Reply::failed(404, NOT_FOUND);
    };
    if shared.cancel_agreement(agreement.token).await.is_err() {
        return Reply::with_reason(400, json!(4), NOT_ACTIVE);
    }
    Reply::Done(json!({ "response": true, "message": "Success" }))
}

pub fn update(state: &State, token: &str, fields: &Fields) -> Reply {
    let Some(agreement) = find(state, token) else {
        return Reply::failed(404, NOT_FOUND);
    };
    if !agreement.is_subscription || agreement.status == SubscriptionStatus::Cancelled {
        return Reply::with_reason(400, json!(4), NOT_ACTIVE);
    }
    let names = ["cycles", "frequency", "run_date", "amount"];
    if names.iter().all(|name| fields.text(name).is_empty()) {
        return Reply::failed(400, "Required variables not present in request");
    }
    let is_wrong = |name: &str, is_good: &dyn Fn(i64) -> bool| {
        !fields.text(name).is_empty() && !fields.integer(name).is_some_and(is_good)
    };
    let run_date = fields.text("run_date");
    let is_wrong_day = !run_date.is_empty() && payfast::fields::Rule::Date.fault(run_date.as_bytes()).is_some();
    for (name, wrong) in [
        ("cycles", is_wrong("cycles", &|cycles| cycles >= 0)),
        (
            "frequency",
            is_wrong("frequency", &|frequency| (1..=6).contains(&frequency)),
        ),
        ("amount", is_wrong("amount", &|cents| cents >= Amount::MINIMUM.cents())),
        ("run_date", is_wrong_day),
    ] {
        if wrong {
            return Reply::failed(400, format!("{name} : is not valid"));
        }
    }
    state.change_agreement(agreement.token, |agreement| {
        agreement.cycles = fields.integer("cycles").unwrap_or(agreement.cycles);
        agreement.frequency = fields.integer("frequency").unwrap_or(agreement.frequency);
        agreement.amount = fields.integer("amount").map_or(agreement.amount, Amount::from_cents);
        if !run_date.is_empty() {
            agreement.run_date = run_date;
        }
    });
    Reply::Done(json!({ "response": true, "message": "Success" }))
}

/// A payment by PayFast's id, or the newest one of a token.
pub fn query(state: &State, id: &str) -> Reply {
    let Some(payment) = state.find_paid(id) else {
        return Reply::failed(404, "Transaction not found");
    };
    Reply::Done(json!({ "response": {
        "pf_payment_id": payment.pf_payment_id,
        "m_payment_id": payment.value("m_payment_id"),
        "status": "COMPLETE",
        "amount": notification::gross(&payment).cents(),
        "cc_status": "00",
        "cc_message": "Transaction was successful",
        "transaction_token": payment.token.map(|token| token.to_string()),
    }}))
}

fn find(state: &State, token: &str) -> Option<Agreement> {
    state.find_agreement(token.parse::<Uuid>().ok()?)
}
