//! Calls as they were published, and what must not be sent.

use super::*;

const TOKEN: &str = "dc0521d3-55fe-269b-fa00-b647310d760f";
const AT: &str = "2020-04-01T12:00:01+02:00";

fn signed(call: &Call, testing: bool) -> Request {
    let passphrase = Passphrase::new("passphrase");
    let credentials = Credentials {
        merchant_id: "10000100",
        passphrase: &passphrase,
        testing,
    };
    call.sign(&credentials, AT)
}

fn lines(errors: &FieldErrors) -> Vec<String> {
    errors.0.iter().map(ToString::to_string).collect()
}

#[test]
fn calls_without_parameters_are_the_published_ones() {
    let signature = "8e237e61984b20b67d69344bd6e57cdb";
    for (call, path) in [
        (Call::ping(), "/ping".to_owned()),
        (
            Call::fetch_subscription(TOKEN).unwrap(),
            format!("/subscriptions/{TOKEN}/fetch"),
        ),
        (
            Call::cancel_subscription(TOKEN).unwrap(),
            format!("/subscriptions/{TOKEN}/cancel"),
        ),
        (Call::query_refund("1089250").unwrap(), "/refunds/query/1089250".into()),
        (Call::list_refunds("1089250").unwrap(), "/refunds/1089250".into()),
        (Call::query_payment("1124148").unwrap(), "/process/query/1124148".into()),
    ] {
        let live = signed(&call, false);
        assert_eq!((live.path_and_query, live.body), (path.clone(), None));
        assert_eq!(live.headers[3], ("signature", signature.to_owned()), "{path}");
        let test = signed(&call, true);
        assert_eq!(test.path_and_query, format!("{path}?testing=true"));
        assert_eq!(test.headers, live.headers, "testing is not signed");
    }
}

#[test]
fn a_charge_is_signed_as_published() {
    let charge = AdHocCharge {
        token: TOKEN,
        amount: Amount::from_cents(500),
        item_name: "Test adhoc",
        item_description: "",
        m_payment_id: "",
    };
    let request = signed(&Call::charge(&charge).unwrap(), false);
    assert_eq!(request.verb, Verb::Post);
    assert_eq!(
        request.body.as_deref(),
        Some(r#"{"amount":500,"item_name":"Test adhoc"}"#)
    );
    assert_eq!(request.headers[3].1, "799d962fc7f2233d87d921fd94d12a0e");
}

#[test]
fn statements_are_signed_as_published() {
    let range = Call::history("2020-08-01", "2020-08-07", 0, 1000).unwrap();
    let request = signed(&range, true);
    assert_eq!(
        request.path_and_query,
        "/transactions/history?from=2020-08-01&to=2020-08-07&offset=0&limit=1000&testing=true"
    );
    assert!(request.headers[3].1.starts_with("e9486cb"));
    let day = Call::daily_history("2020-08-07", 0, 5).unwrap();
    assert_eq!(signed(&day, false).headers[3].1, "6cdc5fd3a5c1b832b1609715df79dd13");
    let month = Call::monthly_history("2020-01", 0, 1000).unwrap();
    assert!(
        signed(&month, false)
            .path_and_query
            .starts_with("/transactions/history/monthly?date=2020-01&")
    );
    for call in [
        Call::history("2020-02-30", "2020-08-07", 0, 1),
        Call::daily_history("yesterday", 0, 1),
        Call::monthly_history("2020-13", 0, 1),
        Call::monthly_history("2020-1", 0, 1),
        Call::daily_history("2020-08-07", 0, 0),
        Call::daily_history("2020-08-07", 0, 1001),
    ] {
        assert!(call.is_err(), "{call:?}");
    }
}

#[test]
fn a_refund_to_a_bank_carries_its_account_and_shows_it_nowhere() {
    let bank = BankAccount {
        holder: "Mr Smith",
        bank_name: "FNB",
        branch_code: "111111",
        number: "100000000000",
        kind: "current",
    };
    let refund = Refund {
        pf_payment_id: "1089250",
        amount: Amount::from_cents(1000),
        reason: "Product out of stock",
        notify_buyer: true,
        notify_merchant: false,
        bank: Some(bank),
    };
    let request = signed(&Call::refund(&refund).unwrap(), false);
    let body: Value = serde_json::from_str(&request.body.unwrap()).unwrap();
    assert_eq!((&body["amount"], &body["notify_buyer"]), (&1000.into(), &1.into()));
    assert_eq!(body["notify_merchant"], 0);
    assert_eq!(body["bank_account_number"], "100000000000");
    assert!(!format!("{refund:?}").contains("100000000000"));
    let wrong = Refund {
        amount: Amount::default(),
        reason: "no",
        bank: Some(BankAccount {
            branch_code: "1234567",
            kind: "cheque",
            holder: " ",
            ..bank
        }),
        pf_payment_id: "../1",
        ..refund
    };
    let errors = Call::refund(&wrong).unwrap_err();
    assert_eq!(
        lines(&errors),
        [
            "amount : must be more than 0.00",
            "bank_account_holder : bank_account_holder is required",
            "bank_account_type : must be one of current, savings",
            "bank_branch_code : must be a whole number of at most 6 digits",
            "pf_payment_id : must be letters, digits and hyphens, at most 64",
            "reason : must be 3 to 255 characters",
        ]
    );
}

#[test]
fn a_path_cannot_be_led_elsewhere() {
    for id in ["", "../refunds/1", "a b", "1?x=1", "1#", "é", &"1".repeat(65)] {
        assert!(Call::fetch_subscription(id).is_err(), "{id}");
        assert!(Call::query_payment(id).is_err(), "{id}");
    }
}

#[test]
fn what_payfast_would_refuse_is_told_at_once() {
    let long = "x".repeat(256);
    let charge = AdHocCharge {
        token: "a/b",
        amount: Amount::from_cents(499),
        item_name: " \n ",
        item_description: &long,
        m_payment_id: &long,
    };
    assert_eq!(
        lines(&Call::charge(&charge).unwrap_err()),
        [
            "amount : must be at least 5.00",
            "item_description : must be at most 255 characters",
            "item_name : item_name is required",
            "m_payment_id : must be at most 100 characters",
            "token : must be letters, digits and hyphens, at most 64",
        ]
    );
}
