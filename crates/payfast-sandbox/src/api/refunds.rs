//! Refunds. The public sandbox has none; here they work, since nobody could practise otherwise.

use super::{Fields, Reply};
use crate::api_faults::ApiFault;
use crate::notification;
use crate::state::{Payment, RefundRoute, State};
use payfast::Amount;
use serde_json::{Value as Json, json};

const NOT_FOUND: &str = "Payment not found";
const NOT_AVAILABLE: &str = "A refund is not available for this payment";

/// Whether and how a payment can be refunded.
pub fn query(state: &State, id: &str, fault: Option<ApiFault>) -> Reply {
    let Some(payment) = find(state, id, fault) else {
        return Reply::failed(404, NOT_FOUND);
    };
    let available = payment.refundable();
    let status = match payment.refund_route {
        RefundRoute::NotAvailable => "NOT_AVAILABLE",
        _ if available == Amount::default() => "COMPLETED",
        _ => "REFUNDABLE",
    };
    let (method, errors) = match (status, payment.refund_route) {
        ("REFUNDABLE", RefundRoute::Bank) => ("BANK_PAYOUT", json!([])),
        ("REFUNDABLE", _) => ("PAYMENT_SOURCE", json!([])),
        ("NOT_AVAILABLE", _) => ("NOT_AVAILABLE", json!([NOT_AVAILABLE])),
        _ => ("NOT_AVAILABLE", json!([])),
    };
    let is_untouched = payment.refunds.is_empty();
    let full = if is_untouched { method } else { "NOT_AVAILABLE" };
    let available = if payment.refund_route == RefundRoute::NotAvailable {
        Amount::default()
    } else {
        available
    };
    Reply::Done(json!({ "response": {
        "token": payment.id.to_string(),
        "funding_type": "CC",
        "amount_original": notification::gross(&payment).cents(),
        "amount_available_for_refund": available.cents(),
        "status": status,
        "errors": errors,
        "refund_full": { "method": full },
        "refund_partial": { "method": method },
        "bank_names": banks(),
    }}))
}

/// The refunds so far and what is left.
pub fn list(state: &State, id: &str) -> Reply {
    let Some(payment) = state.find_paid(id) else {
        return Reply::failed(404, NOT_FOUND);
    };
    let transactions: Vec<Json> = payment
        .refunds
        .iter()
        .map(|refund| {
            json!({
                "amount": refund.amount.cents(),
                "date": notification::day(refund.at),
                "type": "REFUND",
            })
        })
        .collect();
    Reply::Done(json!({ "response": {
        "available_balance": payment.refundable().cents(),
        "transactions": transactions,
    }}))
}

/// Gives money back.
pub fn create(state: &State, id: &str, fields: &Fields, fault: Option<ApiFault>) -> Reply {
    let Some(payment) = find(state, id, fault) else {
        return Reply::failed(404, NOT_FOUND);
    };
    let amount = match fields.integer("amount") {
        Some(cents) if cents > 0 => Amount::from_cents(cents),
        _ => return Reply::failed(400, "amount : amount is required, in whole cents"),
    };
    if !(3..=255).contains(&fields.text("reason").chars().count()) {
        return Reply::failed(400, "reason : reason is required, 3 to 255 characters");
    }
    if !matches!(fields.text("notify_buyer").as_str(), "0" | "1") {
        return Reply::failed(400, "notify_buyer : notify_buyer is required, 0 or 1");
    }
    match fault {
        Some(ApiFault::RefundFailed) => return Reply::failed(400, "The refund could not be processed"),
        Some(ApiFault::RefundTimeoutBefore) => return Reply::Silence,
        _ => {}
    }
    if payment.refund_route == RefundRoute::NotAvailable {
        return Reply::failed(400, NOT_AVAILABLE);
    }
    if payment.refund_route == RefundRoute::Bank
        && let Some(missing) = missing_bank_field(fields)
    {
        return Reply::failed(400, format!("{missing} : {missing} is required for a bank payout"));
    }
    if state.refund(&payment.pf_payment_id, amount).is_none() {
        return Reply::failed(400, "The amount is more than what is available for a refund");
    }
    if fault == Some(ApiFault::RefundTimeoutAfter) {
        return Reply::Silence;
    }
    Reply::Done(json!({ "response": true, "message": "Success" }))
}

/// The payment, after a fault has changed how it can be refunded.
fn find(state: &State, id: &str, fault: Option<ApiFault>) -> Option<Payment> {
    let payment = state.find_paid(id).filter(|payment| payment.pf_payment_id == id)?;
    match fault {
        Some(ApiFault::RefundNotAvailable) => state.set_refund_route(id, RefundRoute::NotAvailable),
        Some(ApiFault::RefundBankPayout) => state.set_refund_route(id, RefundRoute::Bank),
        _ => return Some(payment),
    }
    state.find_paid(id)
}

/// The documentation and the official library name two of the fields differently; both are taken.
fn missing_bank_field(fields: &Fields) -> Option<&'static str> {
    [
        ("bank_account_holder", "acc_holder"),
        ("bank_name", "bank_name"),
        ("bank_branch_code", "bank_branch_code"),
        ("bank_account_number", "bank_account_number"),
        ("bank_account_type", "acc_type"),
    ]
    .into_iter()
    .find(|(name, other)| fields.text(name).is_empty() && fields.text(other).is_empty())
    .map(|(name, _)| name)
}

fn banks() -> Json {
    json!([
        { "bank_name": "ABSA", "label": "Absa Bank" },
        { "bank_name": "CAPITEC", "label": "Capitec Bank" },
        { "bank_name": "FNB", "label": "First National Bank" },
        { "bank_name": "NEDBANK", "label": "Nedbank" },
        { "bank_name": "STANDARD", "label": "Standard Bank" },
    ])
}
