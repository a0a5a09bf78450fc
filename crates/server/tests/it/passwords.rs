//! Choosing, forgetting, resetting and changing a password.

use common::passwords::PasswordStrength;
use serde_json::json;

app_test!(a_password_is_judged_while_it_is_typed, |app| {
    let client = app.client();
    let judge = async |password: &str, context: &[&str]| -> PasswordStrength {
        let candidate = json!({ "password": password, "context": context });
        client
            .post("/auth/password/strength", candidate)
            .await
            .expect(200)
            .json()
    };
    let common = judge("password1234", &[]).await;
    assert!(!common.is_acceptable && common.warning.is_some() && !common.suggestions.is_empty());
    let own = judge("KarooKiln2026", &["nomsa@karoo.test", "Karoo Kiln"]).await;
    assert!(!own.is_acceptable, "{own:?}");
    let strong = judge("seventeen purple lemons over Hermanus", &[]).await;
    assert!(strong.is_acceptable && strong.score == 4 && strong.warning.is_none());
    let long = judge(&"seventeen purple lemons ".repeat(40), &[]).await;
    assert!(long.is_acceptable, "{long:?}");
});

app_test!(a_sign_up_with_a_common_password_is_refused, |app| {
    let sign_up = async |password: &str| {
        let registration = json!({ "email": "nomsa@karoo.test", "password": password, "first_name": "Nomsa",
            "last_name": "van Wyk", "company_name": "Karoo Kiln Studio", "terms_accepted": true });
        app.client().post("/auth/register", registration).await
    };
    for password in ["password1234", "nomsa@karoo.test", "KarooKilnStudio"] {
        let error = sign_up(password).await.expect(422).value()["errors"][0].clone();
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!("password"), &json!("too_common"))
        );
    }
    sign_up("seventeen purple lemons").await.expect(202);
});
