//! The signature doctor over HTTP: who may ask, how often, and that nothing of it is kept.

use common::signatures::SignatureDiagnosis;
use serde_json::json;

app_test!(a_wrong_signature_is_explained, |app| {
    let customer = app.customer("owner@karoo.test").await;
    // MD5 of the string without its passphrase.
    let string = "merchant_id=10000100&amount=5.00";
    let right = payfast::checkout::signature(&payfast::form::parse(string.as_bytes()), None);
    let ask = |passphrase: &str| {
        let question =
            json!({ "kind": "checkout", "text": format!("{string}&signature={right}"), "passphrase": passphrase });
        customer.client.post("/signatures/diagnose", question)
    };
    let found: SignatureDiagnosis = ask("s3cret-words").await.expect(200).json();
    assert!(!found.is_valid);
    assert_eq!(found.rule.as_deref(), Some("passphrase_missing"));
    assert_eq!(found.expected_string, format!("{string}&passphrase=•••"));
    assert_eq!(found.submitted_string.as_deref(), Some(string));
    let found: SignatureDiagnosis = ask("").await.expect(200).json();
    assert!(found.is_valid);
    let shown = ask("s3cret-words").await;
    assert!(!shown.body.contains("s3cret-words"), "{}", shown.body);
});

app_test!(the_doctor_is_for_people_who_are_signed_in_and_in_moderation, |app| {
    let question = json!({ "kind": "itn", "text": "a=1", "passphrase": "" });
    assert_eq!(
        app.client()
            .post("/signatures/diagnose", question.clone())
            .await
            .problem(),
        "401 not_signed_in"
    );
    let customer = app.customer("owner@karoo.test").await;
    let large = json!({ "kind": "itn", "text": "a".repeat(16 * 1024 + 1) });
    assert_eq!(
        customer.client.post("/signatures/diagnose", large).await.problem(),
        "422 invalid"
    );
    let mut refused = 0;
    for _ in 0..25 {
        let reply = customer.client.post("/signatures/diagnose", question.clone()).await;
        refused += usize::from(reply.status == 429);
    }
    assert_eq!(refused, 6, "twenty at once");
});
