//! Each mistake made on purpose, by hand and not by the doctor's own recipes; and every published vector.

use super::*;
use crate::{api, checkout, itn};
use proptest::prelude::*;
use serde_json::Value;

const SECRET: &str = "s3cret/key";

fn md5_of(string: &str) -> String {
    format!("{:x}", md5::compute(string))
}

/// Diagnoses fields as a body with the signature of a string that somebody hashed.
fn found(kind: Kind, fields: &[(&str, &str)], hashed: &str) -> Diagnosis {
    found_with(kind, fields, &md5_of(hashed), SECRET)
}

fn found_with(kind: Kind, fields: &[(&str, &str)], signature: &str, secret: &str) -> Diagnosis {
    let mut fields = fields.to_vec();
    fields.push(("signature", signature));
    diagnose(kind, &form::body(&fields), &Passphrase::new(secret))
}

const FORM: [(&str, &str); 9] = [
    ("merchant_key", "46f0cd694581a"),
    ("merchant_id", "10000100"),
    ("name_first", " Zoë~"),
    ("name_last", ""),
    ("item_name", "Joe's & (50% off)*"),
    ("amount", "100.00"),
    ("cycles", "0"),
    ("source", "shop"),
    ("setup", "{}"),
];

#[test]
fn a_right_form_is_valid_in_every_way_of_pasting() {
    let signature = checkout::signature(&FORM, Some(&Passphrase::new(SECRET)));
    let mut fields = FORM.to_vec();
    fields.push(("signature", &signature));
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let equals: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let inputs: Vec<String> = fields
        .iter()
        .map(|(name, value)| {
            let value = value.replace('&', "&amp;").replace('\'', "&#39;");
            format!("<INPUT type=hidden name={name} value=\"{value}\" />")
        })
        .collect();
    let members: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}: {}", Value::from(*name), Value::from(*value)))
        .collect();
    let body = form::body(&fields);
    for text in [
        body.clone(),
        format!("https://sandbox.payfast.co.za/eng/process?{body}#x"),
        lines.join("\r\n"),
        equals.join("\n"),
        format!(
            "<form method=post>{}<input type=submit name=go value=Pay></form>",
            inputs.join("\n")
        ),
        format!("{{{}}}", members.join(",")),
    ] {
        let found = diagnose(Kind::Checkout, &text, &Passphrase::new(SECRET));
        assert!(found.is_valid, "{text}: {found:?}");
        assert_eq!(found.fields.len(), fields.len(), "{text}");
        assert_eq!(found.rule, None);
        assert!(found.expected_string.ends_with("&passphrase=•••"), "{found:?}");
        assert!(!format!("{found:?}").contains("s3cret"));
    }
}

#[test]
fn each_mistake_of_a_form_is_named() {
    let id = "merchant_id=10000100&merchant_key=46f0cd694581a";
    let (first, rest) = (
        "name_first=Zo%C3%AB%7E",
        "amount=100.00&item_name=Joe%27s+%26+%2850%25+off%29%2A&cycles=0",
    );
    let pass = "passphrase=s3cret%2Fkey";
    let right = format!("{id}&{first}&{rest}&{pass}");
    for (hashed, rule, at_field) in [
        (
            format!(
                "merchant_key=46f0cd694581a&merchant_id=10000100&{first}&item_name=Joe%27s+%26+%2850%25+off%29%2A&amount=100.00&cycles=0&{pass}"
            ),
            "order",
            "merchant_id",
        ),
        (
            format!("amount=100.00&cycles=0&item_name=Joe%27s+%26+%2850%25+off%29%2A&{id}&{first}&{pass}"),
            "order",
            "merchant_id",
        ),
        (
            format!("amount=100.00&cycles=0&item_name=Joe%27s+%26+%2850%25+off%29%2A&{id}&{first}&{pass}")
                .replace(&format!("{first}&{pass}"), &format!("{first}&{pass}")),
            "order",
            "merchant_id",
        ),
        (
            format!("amount=100.00&cycles=0&item_name=Joe%27s+%26+%2850%25+off%29%2A&{id}&{first}&{pass}&x")
                .replace("&x", ""),
            "order",
            "merchant_id",
        ),
        (format!("{id}&{first}&name_last=&{rest}&{pass}"), "blank_kept", "amount"),
        (right.replace("&cycles=0", ""), "zero_dropped", "cycles"),
        (right.replace("name_first=Zo", "name_first=+Zo"), "trim", "name_first"),
        (right.replace('+', "%20"), "encoding", "item_name"),
        (
            right
                .replace('+', "%20")
                .replace("%27", "'")
                .replace("%28", "(")
                .replace("%29", ")")
                .replace("%2A", "*")
                .replace("%7E", "~"),
            "encoding",
            "name_first",
        ),
        (right.replace("%7E", "~"), "encoding", "name_first"),
        (right.replace("%2A", "*"), "encoding", "item_name"),
        (
            right
                .replace("%C3%AB%7E", "%c3%ab%7e")
                .replace("%2A", "%2a")
                .replace("%2F", "%2f"),
            "case",
            "name_first",
        ),
        (
            right.replace("%26", "%26amp%3B").replace("%27", "%26%23039%3B"),
            "html_entities",
            "item_name",
        ),
        (format!("{id}&{first}&{rest}"), "passphrase_missing", "passphrase"),
        (
            format!("{pass}&{id}&{first}&{rest}"),
            "passphrase_wrong_place",
            "merchant_id",
        ),
        (
            right.replace("%2Fkey", "%252Fkey"),
            "passphrase_encoded_twice",
            "passphrase",
        ),
        (right.replace("%2Fkey", "/key"), "passphrase_unencoded", "passphrase"),
        (
            right.replace("s3cret%2Fkey", "S3CRET%2FKEY"),
            "passphrase_wrong",
            "passphrase",
        ),
        (
            right.replace("s3cret%2Fkey", "jt7NOE43FZPn"),
            "passphrase_wrong",
            "passphrase",
        ),
        (
            right.replace("&merchant_key=46f0cd694581a", ""),
            "signed_too_little",
            "merchant_key",
        ),
    ] {
        let found = found(Kind::Checkout, &FORM, &hashed);
        assert_eq!((found.rule, found.is_valid), (Some(rule), false), "{hashed}: {found:?}");
        assert_eq!(
            found.first_field.as_ref().map(|(_, name)| name.as_str()),
            Some(at_field),
            "{hashed}: {found:?}"
        );
        assert!(!found.advice.is_empty() && !found.verdict.is_empty());
        let shown = found.submitted_string.clone().unwrap();
        assert!(!format!("{found:?}").contains("s3cret"), "{shown}");
        if !rule.starts_with("passphrase") {
            let at = found.first_difference.unwrap();
            let (expected, hashed) = (&found.expected_string, &shown);
            assert!(expected.chars().take(at).eq(hashed.chars().take(at)), "{rule}");
            assert_ne!(expected.chars().nth(at), hashed.chars().nth(at), "{rule}");
        }
    }
    let found = found_with(Kind::Checkout, &FORM, &md5_of(&right).to_uppercase(), SECRET);
    assert_eq!(found.rule, Some("upper_case_hex"));
}

#[test]
fn what_should_not_be_signed_is_noticed() {
    let right = "merchant_id=10000100&amount=5.00&item_name=A";
    let pass = "&passphrase=s3cret%2Fkey";
    let fields = [
        ("merchant_id", "10000100"),
        ("amount", "5.00"),
        ("item_name", "A"),
        ("setup", "{}"),
        ("source", "x"),
    ];
    for hashed in [format!("{right}&setup=%7B%7D{pass}"), format!("{right}&source=x{pass}")] {
        // In the order of the table, or where they stand: unknown fields have no place of their own.
        let found = found(Kind::Checkout, &fields, &hashed);
        assert_eq!(found.rule, Some("signed_too_much"), "{hashed}: {found:?}");
    }
}

#[test]
fn line_breaks_and_entities_are_noticed() {
    let fields = [
        ("merchant_id", "10000100"),
        ("amount", "5.00"),
        ("item_name", "One\r\nTwo &amp; three"),
    ];
    let pass = "&passphrase=s3cret%2Fkey";
    let head = "merchant_id=10000100&amount=5.00&item_name=One";
    for (hashed, rule) in [
        (format!("{head}%0ATwo+%26amp%3B+three{pass}"), "line_breaks"),
        (format!("{head}Two+%26amp%3B+three{pass}"), "line_breaks"),
        (format!("{head}%0D%0ATwo+%26+three{pass}"), "html_entities"),
    ] {
        assert_eq!(found(Kind::Checkout, &fields, &hashed).rule, Some(rule), "{hashed}");
    }
    let unix = [
        ("merchant_id", "10000100"),
        ("amount", "5.00"),
        ("item_name", "One\nTwo"),
    ];
    let hashed = format!("{head}%0D%0ATwo{pass}");
    assert_eq!(found(Kind::Checkout, &unix, &hashed).rule, Some("line_breaks"));
}

#[test]
fn an_empty_or_padded_passphrase_is_noticed() {
    let fields = [("merchant_id", "10000100"), ("amount", "5.00")];
    let plain = "merchant_id=10000100&amount=5.00";
    let found = found_with(Kind::Checkout, &fields, &md5_of(&format!("{plain}&passphrase=")), "");
    assert_eq!(found.rule, Some("passphrase_extra"));
    let padded = md5_of(&format!("{plain}&passphrase=+secret"));
    assert_eq!(
        found_with(Kind::Checkout, &fields, &padded, " secret").rule,
        Some("passphrase_trim")
    );
    let padded = md5_of(&format!("{plain}&passphrase=secret"));
    assert_eq!(
        found_with(Kind::Itn, &fields, &padded, " secret").rule,
        Some("passphrase_trim")
    );
}

#[test]
fn two_mistakes_at_once_are_found() {
    // Alphabetical, with blanks.
    let hashed = "amount=100.00&cycles=0&item_name=Joe%27s+%26+%2850%25+off%29%2A&merchant_id=10000100\
        &merchant_key=46f0cd694581a&name_first=Zo%C3%AB%7E&name_last=&passphrase=s3cret%2Fkey";
    let found_one = found(Kind::Checkout, &FORM, hashed);
    assert_eq!(found_one.rule, Some("order"), "{found_one:?}");
    assert_eq!(
        found_one.submitted_string.unwrap(),
        hashed.replace("s3cret%2Fkey", "•••")
    );
    // The order given, and no passphrase.
    let hashed = "merchant_key=46f0cd694581a&merchant_id=10000100&name_first=Zo%C3%AB%7E\
        &item_name=Joe%27s+%26+%2850%25+off%29%2A&amount=100.00&cycles=0";
    assert_eq!(found(Kind::Checkout, &FORM, hashed).rule, Some("order"));
}

const ITN: [(&str, &str); 6] = [
    ("m_payment_id", "7"),
    ("pf_payment_id", "1089250"),
    ("payment_status", "COMPLETE"),
    ("item_description", ""),
    ("amount_gross", "200.00"),
    ("custom_int1", " 0"),
];

#[test]
fn each_mistake_of_a_notification_is_named() {
    let pass = "&passphrase=s3cret%2Fkey";
    let right = "m_payment_id=7&pf_payment_id=1089250&payment_status=COMPLETE&item_description=&amount_gross=200.00&custom_int1=+0";
    assert!(found(Kind::Itn, &ITN, &format!("{right}{pass}")).is_valid);
    for (hashed, rule) in [
        (
            format!("{}{pass}", right.replace("&item_description=", "")),
            "blank_dropped",
        ),
        (format!("{}{pass}", right.replace("=+0", "=0")), "trim"),
        (right.to_owned(), "passphrase_missing"),
        (format!("{}{pass}", right.replace("=+0", "=%200")), "encoding"),
        (
            format!(
                "amount_gross=200.00&custom_int1=+0&item_description=&m_payment_id=7&payment_status=COMPLETE&pf_payment_id=1089250{pass}"
            ),
            "order",
        ),
        (
            format!(
                "amount_gross=200.00&custom_int1=+0&item_description=&m_payment_id=7{pass}&payment_status=COMPLETE&pf_payment_id=1089250"
            ),
            "passphrase_wrong_place",
        ),
    ] {
        let found = found(Kind::Itn, &ITN, &hashed);
        assert_eq!(found.rule, Some(rule), "{hashed}: {found:?}");
    }
}

#[test]
fn a_notification_that_lost_its_blanks_or_its_order_is_recognised() {
    let whole: Vec<(String, String)> = [
        "m_payment_id",
        "pf_payment_id",
        "payment_status",
        "item_name",
        "item_description",
        "amount_gross",
        "amount_fee",
        "amount_net",
        "custom_str1",
        "custom_str2",
        "custom_str3",
        "custom_str4",
        "custom_str5",
        "custom_int1",
        "custom_int2",
        "custom_int3",
        "custom_int4",
        "custom_int5",
        "name_first",
        "name_last",
        "email_address",
        "merchant_id",
    ]
    .iter()
    .map(|name| {
        let value = match *name {
            "pf_payment_id" => "1089250",
            "payment_status" => "COMPLETE",
            "item_name" => "Test",
            "amount_gross" => "5.00",
            "amount_fee" => "-2.30",
            "amount_net" => "2.70",
            "merchant_id" => "10000100",
            _ => "",
        };
        ((*name).to_owned(), value.to_owned())
    })
    .collect();
    let secret = Passphrase::new(SECRET);
    let signed = form::parse(&itn::sign(&whole, Some(&secret)));
    let without_blanks: Vec<Pair> = signed.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
    let found = diagnose(Kind::Itn, &form::body(&without_blanks), &secret);
    assert_eq!(found.rule, Some("blank_dropped"), "{found:?}");
    let mut shuffled = signed;
    let signature = shuffled.pop().unwrap();
    shuffled.sort();
    shuffled.push(signature);
    assert_eq!(diagnose(Kind::Itn, &form::body(&shuffled), &secret).rule, Some("order"));
}

#[test]
fn a_notification_that_must_be_refused_is_not_called_right() {
    let signature = md5_of("a=1&b=2&passphrase=s3cret%2Fkey");
    for (text, rule) in [
        (format!("a=1&signature={signature}&b=2"), "signature_not_last"),
        (
            format!("a=1&a=1&signature={}", md5_of("a=1&a=1&passphrase=s3cret%2Fkey")),
            "duplicate_field",
        ),
        (format!("a=1&b=2&signature={signature}%20"), "signature_padded"),
        ("a=1".to_owned(), "signature_missing"),
        ("a=1&signature=Zm9v".to_owned(), "not_a_signature"),
        (String::new(), "nothing_read"),
    ] {
        let found = diagnose(Kind::Itn, &text, &Passphrase::new(SECRET));
        assert_eq!((found.is_valid, found.rule), (false, Some(rule)), "{text}: {found:?}");
    }
    let nothing = diagnose(
        Kind::Itn,
        "signature=d41d8cd98f00b204e9800998ecf8427e",
        &Passphrase::new(""),
    );
    assert_eq!((nothing.is_valid, nothing.rule), (false, Some("covers_nothing")));
    let unknown = found_with(Kind::Itn, &ITN, &md5_of("something else"), SECRET);
    assert_eq!(
        (unknown.is_valid, unknown.rule, unknown.submitted_string),
        (false, None, None)
    );
}

#[test]
fn a_call_is_read_as_it_is_sent_and_its_mistakes_are_named() {
    let text = |signature: &str| {
        format!(
            "POST /subscriptions/dc0521d3/adhoc?testing=true HTTP/1.1\r\nHost: api.payfast.co.za\r\n\
             Merchant-Id: 10000100\r\nversion: v1\r\ntimestamp: 2020-04-01T12:00:01+02:00\r\n\
             signature: {signature}\r\nContent-Type: application/json\r\n\r\n\
             {{\"amount\": 500, \"item_name\": \"Test adhoc\", \"itn\": true}}"
        )
    };
    let time = "timestamp=2020-04-01T12%3A00%3A01%2B02%3A00";
    let right =
        format!("amount=500&item_name=Test+adhoc&itn=1&merchant-id=10000100&passphrase=s3cret%2Fkey&{time}&version=v1");
    let found = |hashed: &str| diagnose(Kind::Api, &text(&md5_of(hashed)), &Passphrase::new(SECRET));
    let ok = found(&right);
    assert!(ok.is_valid, "{ok:?}");
    assert!(ok.fields.contains(&"testing".to_owned()) && !ok.fields.contains(&"Host".to_owned()));
    let without = right.replace("&passphrase=s3cret%2Fkey", "");
    for (hashed, rule) in [
        (format!("{without}&passphrase=s3cret%2Fkey"), "passphrase_wrong_place"),
        (without.clone(), "passphrase_missing"),
        (
            right.replace(time, "testing=true&timestamp=2020-04-01T12%3A00%3A01%2B02%3A00"),
            "signed_too_much",
        ),
        (
            right.replace(time, "timestamp=2020-04-01T12:00:01+02:00"),
            "timestamp_unencoded",
        ),
        (
            format!(
                "merchant-id=10000100&version=v1&{time}&amount=500&item_name=Test+adhoc&itn=1&passphrase=s3cret%2Fkey"
            ),
            "order",
        ),
        (
            right.replace("%3A", "%3a").replace("%2B", "%2b").replace("%2F", "%2f"),
            "case",
        ),
        (right.replace("&version=v1", ""), "signed_too_little"),
    ] {
        let found = found(&hashed);
        assert_eq!(found.rule, Some(rule), "{hashed}: {found:?}");
    }
    let whole =
        r#"{"headers": {"merchant-id": "10000100"}, "body": {"amount": 5}, "list": [1, {"a": 2}], "nothing": null}"#;
    let read = diagnose(Kind::Api, whole, &Passphrase::new("")).fields;
    assert_eq!(read, ["merchant-id", "amount", "nothing"]);
}

#[test]
fn every_published_vector_has_its_verdict() {
    let file: Value = serde_json::from_str(include_str!("../../tests/vectors.json")).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let submitted = vector.get("submitted_signature").unwrap_or(&vector["signature"]);
        let mut fields: Vec<(String, String)> = vector["input"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (text(&pair[0]), text(&pair[1])))
            .filter(|(name, _)| name != "signature")
            .collect();
        fields.extend(
            submitted
                .as_str()
                .map(|signature| ("signature".into(), signature.to_owned())),
        );
        let (kind, body) = match vector["kind"].as_str().unwrap() {
            "itn" => (Kind::Itn, vector["raw_body"].as_str().unwrap().to_owned()),
            "api" => (Kind::Api, form::body(&fields)),
            _ => (Kind::Checkout, form::body(&fields)),
        };
        let secret = vector["passphrase"].as_str().unwrap_or_default();
        let found = diagnose(kind, &body, &Passphrase::new(secret));
        assert_eq!(
            Some(found.expected_signature.as_str()),
            vector["signature"].as_str(),
            "{id}"
        );
        // Without a signature nothing is right, though an account without a passphrase takes such a form.
        let is_signed = found.submitted_signature.is_some();
        let is_right = if kind == Kind::Itn {
            vector["valid"].as_bool().unwrap()
        } else {
            is_signed && submitted == &vector["signature"]
        };
        assert_eq!(found.is_valid, is_right, "{id}: {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_signed_right_is_always_valid(
        values in prop::collection::vec("\\PC{0,20}", crate::fields::FIELDS.len()),
        secret in "[A-Za-z0-9/_-]{1,32}",
    ) {
        let secret = Passphrase::new(secret);
        let fields: Vec<(&str, String)> = crate::fields::FIELDS.iter().map(|field| field.name).zip(values).collect();
        for kind in [Kind::Checkout, Kind::Itn, Kind::Api] {
            let signature = match kind {
                Kind::Checkout => checkout::signature(&fields, Some(&secret)),
                Kind::Api => api::signature(&fields, Some(&secret)),
                Kind::Itn => {
                    let body = itn::sign(&fields, Some(&secret));
                    prop_assert!(diagnose(kind, std::str::from_utf8(&body).unwrap(), &secret).is_valid);
                    continue;
                }
            };
            let mut signed = fields.clone();
            signed.push(("signature", signature));
            let found = diagnose(kind, &form::body(&signed), &secret);
            prop_assert!(found.is_valid, "{found:?}");
        }
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), secret in ".{0,8}") {
        let text = String::from_utf8_lossy(&bytes);
        for kind in [Kind::Checkout, Kind::Itn, Kind::Api] {
            let _ = diagnose(kind, &text, &Passphrase::new(secret.clone()));
        }
    }

    #[test]
    fn nothing_that_looks_like_input_panics(
        text in "(<input |name=|value=|\"|'|>|/|&amp;|&#x[0-9a-f]{0,7};|\\{|\\}|:|=|&|%[0-9A-F]{0,2}|signature|é|\n|[a-z]{1,4}){0,40}",
    ) {
        for kind in [Kind::Checkout, Kind::Itn, Kind::Api] {
            let _ = diagnose(kind, &text, &Passphrase::new("x"));
        }
    }
}
