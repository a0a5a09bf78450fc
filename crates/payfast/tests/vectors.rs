//! Every published case: `vectors.json` was made by running PayFast's official PHP library and by capturing real
//! sandbox notifications. `param_string`, `signature` and `valid` are the rule.

#![expect(clippy::unwrap_used, reason = "a vector of another shape is a failed test")]

use payfast::{Amount, Itn, ParamString, Passphrase, PaymentStatus, amounts_match, api, checkout};
use serde_json::Value;

fn vectors(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    let all = file["vectors"].as_array().unwrap();
    let chosen: Vec<Value> = all.iter().filter(|vector| vector["kind"] == kind).cloned().collect();
    assert!(!chosen.is_empty(), "there are {kind} vectors");
    chosen
}

fn input(vector: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = vector["input"].as_array().unwrap();
    pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

fn passphrase(vector: &Value) -> Option<Passphrase> {
    vector["passphrase"].as_str().map(Passphrase::new)
}

fn assert_rule(vector: &Value, string: &ParamString) {
    let id = &vector["id"];
    assert_eq!(
        std::str::from_utf8(string.expose()).ok(),
        vector["param_string"].as_str(),
        "{id}"
    );
    assert_eq!(Some(string.signature().as_str()), vector["signature"].as_str(), "{id}");
}

fn assert_forms(kind: &str) {
    for vector in vectors(kind) {
        let id = vector["id"].as_str().unwrap();
        let passphrase = passphrase(&vector);
        let mut fields = input(&vector);
        assert_rule(&vector, &checkout::param_string(&fields, passphrase.as_ref()));

        let submitted = vector.get("submitted_signature").unwrap_or(&vector["signature"]);
        fields.retain(|(name, _)| name != "signature");
        fields.push(("signature".into(), submitted.as_str().unwrap().into()));
        let accepted = checkout::verify(&fields, passphrase.as_ref()).is_ok();
        assert_eq!(accepted, vector["valid"].as_bool().unwrap(), "{id}");

        fields.reverse();
        assert_rule(&vector, &checkout::param_string(&fields, passphrase.as_ref()));
    }
}

#[test]
fn checkout_forms() {
    assert_forms("checkout");
}

#[test]
fn onsite_forms() {
    assert_forms("onsite");
}

#[test]
fn signed_forms_carry_the_same_signature() {
    for vector in vectors("checkout") {
        let fields = input(&vector);
        // A browser changes inner line breaks, so `sign` replaces them first; those cases differ on purpose.
        let breaks = |(_, value): &(String, String)| value.trim().contains(['\r', '\n']);
        if vector.get("submitted_signature").is_some() || fields.iter().any(breaks) {
            continue;
        }
        let borrowed: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let signed = checkout::sign(&borrowed, passphrase(&vector).as_ref());
        assert_eq!(
            signed.is_ok(),
            vector["valid"].as_bool().unwrap(),
            "{}: {signed:?}",
            vector["id"]
        );
        if let Ok(form) = signed {
            assert_eq!(Some(form.signature()), vector["signature"].as_str(), "{}", vector["id"]);
        }
    }
}

#[test]
fn notifications() {
    for vector in vectors("itn") {
        let id = vector["id"].as_str().unwrap();
        let passphrase = passphrase(&vector);
        let itn = Itn::parse(vector["raw_body"].as_str().unwrap().as_bytes());
        assert_rule(&vector, &itn.param_string(passphrase.as_ref()));

        let fields: Vec<_> = itn
            .fields()
            .map(|(name, value)| {
                (
                    String::from_utf8(name.to_vec()).unwrap(),
                    String::from_utf8(value.to_vec()).unwrap(),
                )
            })
            .collect();
        assert_eq!(fields, input(&vector), "{id}");
        let submitted = itn.signature().map(|signature| std::str::from_utf8(signature).unwrap());
        assert_eq!(submitted, vector["submitted_signature"].as_str(), "{id}");

        let valid = itn.verify(passphrase.as_ref());
        assert_eq!(
            valid,
            vector["valid"].as_bool().unwrap(),
            "{id}: {:?}",
            itn.check(passphrase.as_ref())
        );
        let amount_ok = amount_ok(&vector, &itn);
        assert_eq!(amount_ok, vector["amount_ok"].as_bool(), "{id}");
        assert_eq!(
            valid && amount_ok != Some(false),
            vector["accept"].as_bool().unwrap(),
            "{id}"
        );
        let confirmation = String::from_utf8(itn.confirmation_body()).unwrap();
        assert_eq!(
            Some(confirmation.as_str()),
            vector["validate_post_body"].as_str(),
            "{id}"
        );
    }
}

fn amount_ok(vector: &Value, itn: &Itn) -> Option<bool> {
    let Some(expected) = vector["expected_amount_gross"].as_str() else {
        assert_eq!(itn.payment_status(), PaymentStatus::Cancelled, "{}", vector["id"]);
        assert_eq!(itn.amount_gross(), None, "{}", vector["id"]);
        return None;
    };
    let expected = Amount::parse(expected).unwrap();
    Some(
        itn.amount_gross()
            .is_some_and(|gross| gross.is_ok_and(|gross| amounts_match(expected, gross))),
    )
}

#[test]
fn api_calls() {
    for vector in vectors("api") {
        let passphrase = passphrase(&vector);
        let mut fields = input(&vector);
        let string = api::param_string(&fields, passphrase.as_ref());
        assert_rule(&vector, &string);
        if let Some(submitted) = vector.get("submitted_signature") {
            assert!(!string.is_signed_by(submitted.as_str().unwrap()), "{}", vector["id"]);
        }
        fields.push(("testing".into(), "true".into()));
        assert_rule(&vector, &api::param_string(&fields, passphrase.as_ref()));
    }
}
