//! Answers as they were published, as merchants met them, and as they must not be believed.

use super::*;
use serde_json::json;

fn bytes(value: Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn envelope(code: u16, status: &str, data: Value) -> Vec<u8> {
    bytes(json!({ "code": code, "status": status, "data": data }))
}

fn refusal(result: Result<impl fmt::Debug, ReplyError>) -> Refusal {
    match result {
        Err(ReplyError::Refused(refusal)) => refusal,
        other => panic!("not a refusal: {other:?}"),
    }
}

fn is_unreadable(result: Result<impl fmt::Debug, ReplyError>) -> bool {
    matches!(result, Err(ReplyError::Unreadable { .. }))
}

#[test]
fn ping_greets() {
    for text in ["\"Payfast API\"", "\"API V1\"", "API V1\r\n"] {
        assert_eq!(ping(200, text.as_bytes()), Ok(()), "{text}");
    }
    assert_eq!(
        ping(200, &envelope(200, "success", json!({"response": "API V1"}))),
        Ok(())
    );
    assert!(is_unreadable(ping(200, b"<html>")));
    assert!(is_unreadable(ping(502, b"\"API V1\"")));
    let refused = envelope(
        401,
        "failed",
        json!({"response": false, "message": "Merchant authorisation failed"}),
    );
    let refused = refusal(ping(401, &refused));
    assert!(refused.is_unauthorised() && !refused.is_temporary());
}

#[test]
fn a_charge_is_believed_as_boolean_and_as_text() {
    for response in [json!(true), json!("true")] {
        let body = envelope(
            200,
            "success",
            json!({"response": response, "message": "Transaction was successful(00)", "pf_payment_id": "1324567"}),
        );
        let charged = charge(200, &body).unwrap();
        assert_eq!(charged.pf_payment_id.as_deref(), Some("1324567"));
        assert_eq!(charged.message, "Transaction was successful(00)");
    }
    let number = envelope(200, "success", json!({"response": true, "pf_payment_id": 1324567}));
    assert_eq!(charge(200, &number).unwrap().pf_payment_id.as_deref(), Some("1324567"));
}

#[test]
fn a_refused_charge_is_never_a_success() {
    let state = json!({"response": 4, "message": "The subscription is not in a valid state."});
    let declined = json!({"response": {"code": "05", "reason": "Declined\r\nby the bank"}});
    for (http, body, reason, message) in [
        (
            400,
            envelope(400, "failed", state.clone()),
            Some(4),
            "The subscription is not in a valid state.",
        ),
        // Errors inside 200, in three ways.
        (
            200,
            envelope(400, "failed", state.clone()),
            Some(4),
            "The subscription is not in a valid state.",
        ),
        (
            200,
            envelope(200, "failed", declined.clone()),
            Some(5),
            "Declined by the bank",
        ),
        (200, envelope(200, "success", declined), Some(5), "Declined by the bank"),
        (
            200,
            envelope(200, "success", json!({"response": false, "message": "No"})),
            None,
            "No",
        ),
        (
            200,
            envelope(200, "success", json!({"response": "false", "message": "No"})),
            None,
            "No",
        ),
        (
            200,
            envelope(200, "success", state),
            Some(4),
            "The subscription is not in a valid state.",
        ),
        (
            400,
            bytes(json!({"code": 400, "status": "failed", "data": "Nothing\r\nhere"})),
            None,
            "Nothing here",
        ),
        (200, bytes(json!({"status": "failed"})), None, ""),
        (200, bytes(json!({"status": "failed", "message": "No"})), None, "No"),
        // A status that contradicts the code around it.
        (500, envelope(200, "success", json!({"response": true})), None, ""),
        (
            200,
            envelope(
                500,
                "success",
                json!({"response": true, "message": "Application Error"}),
            ),
            None,
            "Application Error",
        ),
    ] {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let refused = refusal(charge(http, &body));
        assert_eq!(
            (refused.reason, refused.message.as_str()),
            (reason, message),
            "{http} {shown}"
        );
        assert_eq!(refused.http_status, http);
    }
    let busy = envelope(
        429,
        "failed",
        json!({"response": false, "message": "Signature rate limit reached"}),
    );
    assert!(refusal(charge(429, &busy)).is_temporary());
}

#[test]
fn what_says_nothing_is_unknown_not_refused() {
    for body in [
        &b""[..],
        b"<html>502 Bad Gateway</html>",
        b"{\"code\":200,\"status\":\"succ",
        b"[]",
        b"{\"code\":200,\"status\":\"success\",\"data\":{}}",
        b"{\"code\":200,\"status\":\"success\",\"data\":{\"response\":null}}",
        b"{\"code\":200,\"status\":\"success\",\"data\":{\"response\":\"maybe\"}}",
        b"{\"error\":{\"id\":7}}",
    ] {
        assert!(is_unreadable(charge(200, body)), "{}", String::from_utf8_lossy(body));
    }
    assert!(is_unreadable(charge(502, b"{\"proxy\":\"down\"}")));
}

#[test]
fn an_agreement_with_and_without_amounts() {
    let full = envelope(
        200,
        "success",
        json!({"response": {
            "amount": 1628, "cycles": "0", "cycles_complete": 2, "frequency": 3, "run_date": "2020-07-04T00:00:00+02:00",
            "status": 1, "status_reason": "", "status_text": "ACTIVE", "token": "dc0521d3-55fe-269b-fa00-b647310d760f",
        }}),
    );
    let full = subscription(200, &full).unwrap();
    assert_eq!(full.status, SubscriptionStatus::Active);
    assert_eq!((full.amount, full.cycles), (Some(Amount::from_cents(1628)), Some(0)));
    let token = envelope(
        200,
        "success",
        json!({"response": {"status": 2, "status_reason": "", "status_text": "CANCELLED"}}),
    );
    let token = subscription(200, &token).unwrap();
    assert_eq!((token.status, token.amount), (SubscriptionStatus::Cancelled, None));
    assert!(is_unreadable(subscription(
        200,
        &envelope(200, "success", json!({"response": {}}))
    )));
    assert!(is_unreadable(subscription(
        200,
        &envelope(200, "success", json!({"response": true}))
    )));
    for code in 1..9 {
        assert_eq!(SubscriptionStatus::from_code(code).code(), code);
    }
}

#[test]
fn a_payment_is_complete_only_with_the_card_s_yes() {
    let with = |status: &str, card: &str| {
        envelope(
            200,
            "success",
            json!({"response": {
                "pf_payment_id": 1124148, "m_payment_id": "01929b7e", "status": status, "amount": 52900,
                "cc_status": card, "cc_message": "Approved", "transaction_token": "t",
            }}),
        )
    };
    let read = payment(200, &with("COMPLETE", "00")).unwrap();
    assert!(read.is_complete());
    assert_eq!(
        (read.pf_payment_id.as_str(), read.m_payment_id.as_deref()),
        ("1124148", Some("01929b7e"))
    );
    assert_eq!(read.amount, Some(Amount::from_cents(52_900)));
    assert!(!payment(200, &with("COMPLETE", "05")).unwrap().is_complete());
    assert!(!payment(200, &with("FAILED", "00")).unwrap().is_complete());
    let unknown = envelope(
        404,
        "failed",
        json!({"response": false, "message": "Transaction not found"}),
    );
    assert!(refusal(payment(404, &unknown)).is_not_found());
}

#[test]
fn a_refund_query_tells_what_is_left_and_how() {
    let fields = json!({
        "token": "x", "funding_type": "CC", "amount_original": 20000, "amount_available_for_refund": "15000",
        "status": "REFUNDABLE", "errors": [{"message": "Too\r\nlate"}, "Once more"],
        "refund_full": {"method": "PAYMENT_SOURCE"}, "refund_partial": {"method": "BANK_PAYOUT"},
        "bank_names": [{"bank_name": "FNB", "label": "First National Bank"}],
    });
    for body in [
        envelope(200, "success", json!({"response": fields.clone()})),
        envelope(200, "success", fields.clone()),
        bytes(fields),
    ] {
        let read = refundable(200, &body).unwrap();
        assert_eq!(read.status, RefundStatus::Refundable);
        assert_eq!(read.amount_available, Some(Amount::from_cents(15_000)));
        assert_eq!(
            (read.full, read.partial),
            (RefundMethod::PaymentSource, RefundMethod::BankPayout)
        );
        assert_eq!(read.errors, ["Too late", "Once more"]);
        assert_eq!(read.banks[0].label, "First National Bank");
    }
}

#[test]
fn a_history_of_refunds_lists_amounts() {
    let body = envelope(
        200,
        "success",
        json!({"response": {"available_balance": 19500, "transactions": [{"amount": 500, "date": "2026-11-24", "type": "REFUND"}]}}),
    );
    let read = refunds(200, &body).unwrap();
    assert_eq!(read.available, Some(Amount::from_cents(19_500)));
    assert_eq!(read.transactions[0].amount, Amount::from_cents(500));
    let odd = envelope(200, "success", json!({"response": {"transactions": [{"amount": 5.5}]}}));
    assert!(is_unreadable(refunds(200, &odd)), "no floats");
}

#[test]
fn a_statement_is_csv_or_a_refusal() {
    let refused = envelope(
        401,
        "failed",
        json!({"response": false, "message": "Merchant authorisation failed"}),
    );
    assert!(refusal(statement(401, &refused)).is_unauthorised());
    assert!(refusal(statement(200, &refused)).is_unauthorised());
    assert!(is_unreadable(statement(200, b"")));
    assert!(is_unreadable(statement(200, b"<html>")));
    assert!(is_unreadable(statement(500, b"<html>")));
}
