//! Signing up and in.

use chrono::TimeDelta;
use common::auth::StaffRole;
use reqwest::{Method, header};
use serde_json::{Value, json};
use server::auth::service::{OperatorUser, upsert_user};

use crate::support::{
    Client, TestApp,
    app::{PASSWORD, totp_code},
    client::send,
};

fn registration(email: &str) -> Value {
    json!({
        "email": email, "password": PASSWORD, "first_name": "Nomsa", "last_name": "van Wyk",
        "company_name": "Karoo Kiln Studio", "terms_accepted": true,
    })
}

/// The token in the newest mail that has a link to confirm an address.
fn token_for(app: &TestApp, email: &str) -> String {
    let mails = app.mails_to(email);
    let mail = mails
        .iter()
        .find(|mail| mail.contains("/verify-email?token="))
        .expect("a mail with a link");
    mail.split("token=")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned()
}

app_test!(a_stranger_becomes_the_owner_of_an_account, |app| {
    let client = app.client();
    let reply = client
        .post("/auth/register", registration("Nomsa@karoo.test"))
        .await
        .expect(202);
    assert!(reply.value()["message"].as_str().unwrap().contains("mail"));
    app.run_jobs().await;
    assert_eq!(
        client.sign_in("nomsa@karoo.test", PASSWORD).await.problem(),
        "403 email_unverified"
    );
    assert_eq!(
        client.sign_in("nomsa@karoo.test", "wrong password").await.problem(),
        "401 invalid_credentials"
    );
    let token = token_for(app, "Nomsa@karoo.test");
    client
        .post("/auth/verify-email", json!({ "token": token }))
        .await
        .expect(200);
    let signed_in = client.sign_in("NOMSA@karoo.test", PASSWORD).await.expect(200).value();
    assert_eq!(signed_in["user"]["email"], "Nomsa@karoo.test");
    assert_eq!(signed_in["accounts"][0]["company_name"], "Karoo Kiln Studio");
    assert_eq!(signed_in["accounts"][0]["role"], "owner");
    assert_eq!(signed_in["accounts"][0]["plan"]["code"], "FREE");
    assert_eq!(client.get("/auth/me").await.expect(200).value(), signed_in);
});

app_test!(a_mail_link_works_once_and_for_a_day, |app| {
    let client = app.client();
    client
        .post("/auth/register", registration("a@karoo.test"))
        .await
        .expect(202);
    app.run_jobs().await;
    let token = token_for(app, "a@karoo.test");
    client
        .post("/auth/verify-email", json!({ "token": token }))
        .await
        .expect(200);
    let again = client.post("/auth/verify-email", json!({ "token": token })).await;
    assert_eq!(again.problem(), "422 token_invalid");
    client
        .post("/auth/register", registration("b@karoo.test"))
        .await
        .expect(202);
    app.run_jobs().await;
    app.advance(TimeDelta::hours(25));
    let late = client
        .post("/auth/verify-email", json!({ "token": token_for(app, "b@karoo.test") }))
        .await;
    assert_eq!(late.problem(), "422 token_invalid");
});

app_test!(a_mail_to_a_stranger_holds_nothing_that_was_typed, |app| {
    let mut spam = registration("victim@karoo.test");
    spam["first_name"] = json!("Collect R9000 at https://evil.example/x");
    app.client().post("/auth/register", spam).await.expect(202);
    app.run_jobs().await;
    assert!(!app.mails_to("victim@karoo.test")[0].contains("evil.example"));
});

app_test!(opening_the_link_changes_nothing, |app| {
    let client = app.client();
    client
        .post("/auth/register", registration("a@karoo.test"))
        .await
        .expect(202);
    app.run_jobs().await;
    let token = token_for(app, "a@karoo.test");
    send(client.at(Method::GET, &format!("/verify-email?token={token}"))).await;
    assert_eq!(
        client.sign_in("a@karoo.test", PASSWORD).await.problem(),
        "403 email_unverified"
    );
});

app_test!(known_and_unknown_addresses_are_answered_alike, |app| {
    app.customer("known@karoo.test").await;
    let client = app.client();
    let known = client
        .post("/auth/register", registration("known@karoo.test"))
        .await
        .expect(202);
    let unknown = client
        .post("/auth/register", registration("unknown@karoo.test"))
        .await
        .expect(202);
    assert_eq!(known.body, unknown.body);
    app.run_jobs().await;
    let told = app.mails_to("known@karoo.test");
    assert!(told[0].contains("already") && !told[0].contains("token="));
    let wrong = client.sign_in("known@karoo.test", "wrong password").await;
    let nobody = client.sign_in("nobody@karoo.test", "wrong password").await;
    assert_eq!(wrong.problem(), "401 invalid_credentials");
    assert_eq!(wrong.value()["detail"], nobody.value()["detail"]);
    // Whoever registered it with a password of their own hears the same as for an unknown address.
    for email in ["known@karoo.test", "unknown@karoo.test"] {
        let mut planted = registration(email);
        planted["password"] = json!("the password of somebody else");
        client.post("/auth/register", planted).await.expect(202);
        let reply = client.sign_in(email, "the password of somebody else").await;
        assert_eq!(reply.problem(), "403 email_unverified", "{email}");
    }
    app.run_jobs().await;
    assert!(
        app.mails_to("known@karoo.test")
            .iter()
            .all(|mail| !mail.contains("token="))
    );
    // The owner's password still is the owner's.
    client.sign_in("known@karoo.test", PASSWORD).await.expect(200);
});

app_test!(whoever_confirms_gets_the_password_of_that_sign_up, |app| {
    let (attacker, owner) = (app.client(), app.client());
    let mut planted = registration("owner@karoo.test");
    planted["password"] = json!("the attacker knows this");
    attacker.post("/auth/register", planted).await.expect(202);
    app.run_jobs().await;
    let first = token_for(app, "owner@karoo.test");
    app.advance(TimeDelta::minutes(1));
    owner
        .post("/auth/register", registration("owner@karoo.test"))
        .await
        .expect(202);
    app.run_jobs().await;
    let mails = app.mails_to("owner@karoo.test");
    let token_of = |mail: &String| {
        mail.split("token=")
            .nth(1)
            .unwrap()
            .split_whitespace()
            .next()
            .unwrap()
            .to_owned()
    };
    let own = mails.iter().map(token_of).find(|token| *token != first).unwrap();
    owner
        .post("/auth/verify-email", json!({ "token": own }))
        .await
        .expect(200);
    let planted = attacker.sign_in("owner@karoo.test", "the attacker knows this").await;
    assert_eq!(planted.problem(), "401 invalid_credentials");
    owner.sign_in("owner@karoo.test", PASSWORD).await.expect(200);
    // The other link ended with the confirmation.
    assert_eq!(
        attacker
            .post("/auth/verify-email", json!({ "token": first }))
            .await
            .problem(),
        "422 token_invalid"
    );
});

app_test!(a_sign_up_names_every_field_that_is_wrong, |app| {
    let reply = app
        .client()
        .post(
            "/auth/register",
            json!({ "email": "x", "password": "short", "first_name": " ", "last_name": "a\nb", "terms_accepted": false }),
        )
        .await;
    assert_eq!(reply.problem(), "422 invalid");
    let problem: common::Problem = reply.json();
    let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(
        fields,
        ["email", "password", "first_name", "last_name", "terms_accepted"]
    );
    let privileged = app
        .client()
        .post(
            "/auth/register",
            json!({ "email": "a@b.co", "password": PASSWORD, "first_name": "a", "last_name": "b",
            "terms_accepted": true, "staff_role": "admin" }),
        )
        .await;
    assert_eq!(privileged.value()["errors"][0]["field"], "staff_role");
});

app_test!(a_session_changes_at_sign_in_and_ends_at_sign_out, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let before = customer.client.refresh_csrf().await;
    let reply = customer.client.sign_in(&customer.email, PASSWORD).await.expect(200);
    let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("capecontrol_session=") && cookie.contains("HttpOnly"));
    assert!(cookie.contains("SameSite=Lax") && cookie.contains("Path=/") && !cookie.contains("Secure"));
    assert_ne!(before, customer.client.refresh_csrf().await);
    assert_eq!(customer.client.get("/auth/csrf").await.value()["signed_in"], true);
    customer.client.post("/auth/logout", json!({})).await.expect(200);
    assert_eq!(customer.client.get("/auth/me").await.problem(), "401 not_signed_in");
    assert_eq!(customer.client.get("/auth/csrf").await.value()["signed_in"], false);
});

app_test!(a_session_ends_when_it_is_idle_and_after_a_week, |app| {
    let customer = app.customer("owner@karoo.test").await;
    for _ in 0..15 {
        app.advance(TimeDelta::hours(11));
        customer.client.get("/auth/me").await.expect(200);
    }
    app.advance(TimeDelta::hours(11));
    assert_eq!(customer.client.get("/auth/me").await.problem(), "401 not_signed_in");
    let other = app.customer("other@karoo.test").await;
    app.advance(TimeDelta::hours(13));
    assert_eq!(other.client.get("/auth/me").await.problem(), "401 not_signed_in");
});

app_test!(a_second_factor_is_asked_for_and_never_taken_twice, |app| {
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let user = OperatorUser {
        email: common::validate::Email::parse("email", "staff@staff.test").unwrap(),
        password: PASSWORD.to_owned(),
        first_name: "Sipho".to_owned(),
        last_name: "Adams".to_owned(),
        staff_role: Some(StaffRole::Admin),
        totp_secret: Some(secret.to_owned()),
    };
    upsert_user(&app.app, user).await.unwrap();
    let client = app.client();
    let sign_in = async |totp: Option<&str>| {
        client
            .post(
                "/auth/login",
                json!({ "email": "staff@staff.test", "password": PASSWORD, "totp": totp }),
            )
            .await
    };
    assert_eq!(sign_in(None).await.problem(), "401 mfa_required");
    assert_eq!(
        client.sign_in("staff@staff.test", "wrong").await.problem(),
        "401 invalid_credentials"
    );
    let code = totp_code(secret, app.app.clock.now());
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(sign_in(Some(wrong)).await.problem(), "401 invalid_credentials");
    sign_in(Some(&code)).await.expect(200);
    client.refresh_csrf().await;
    assert_eq!(sign_in(Some(&code)).await.problem(), "401 invalid_credentials");
});

app_test!(billing_details_are_checked_and_kept, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let path = format!("/accounts/{}", customer.account_id);
    let wrong = json!({ "vat_number": "12", "billing_address": { "line1": "", "city": "x", "postal_code": "1", "country": "South" } });
    let problem: common::Problem = customer.client.patch(&path, wrong).await.expect(422).json();
    let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(
        fields,
        ["vat_number", "billing_address.line1", "billing_address.country"]
    );
    let right = json!({ "company_name": "Karoo <Kiln> & Co", "vat_number": "4000 000 001",
        "billing_address": { "line1": "1 Main Road", "city": "Prince Albert", "postal_code": "6930", "country": "za" } });
    let changed = customer.client.patch(&path, right).await.expect(200).value();
    assert_eq!(changed["company_name"], "Karoo <Kiln> & Co");
    assert_eq!(changed["vat_number"], "4000000001");
    assert_eq!(changed["billing_address"]["country"], "ZA");
    let cleared = customer
        .client
        .patch(&path, json!({ "vat_number": null }))
        .await
        .expect(200)
        .value();
    assert_eq!(cleared["vat_number"], Value::Null);
    assert_eq!(cleared["billing_address"]["city"], "Prince Albert");
});

app_test!(no_token_reaches_a_script, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let reply = customer.client.sign_in(&customer.email, PASSWORD).await.expect(200);
    let cookie = Client::session_cookie(&reply);
    let token = cookie.split('=').nth(1).unwrap();
    assert_eq!(token.len(), 64);
    assert!(reply.headers[header::SET_COOKIE].to_str().unwrap().contains("HttpOnly"));
    let fields: Vec<_> = reply.value().as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["accounts", "user"]);
    for path in ["/auth/me", "/auth/csrf", "/auth/sessions"] {
        let body = customer.client.get(path).await.expect(200).body;
        assert!(!body.contains(token), "{path}");
    }
    assert!(!reply.body.contains(token));
});

app_test!(names_are_kept_as_they_are_typed, |app| {
    let client = app.client();
    let (first_name, last_name, company) = ("<b>Nomsa</b> & \"N\"", "O'Neil </script>", "Kiln <& \"Sons\"> 'Ltd'");
    let mut typed = registration("nomsa@karoo.test");
    (typed["first_name"], typed["last_name"], typed["company_name"]) =
        (json!(first_name), json!(last_name), json!(company));
    client.post("/auth/register", typed).await.expect(202);
    app.run_jobs().await;
    let token = app.token_to("nomsa@karoo.test", "/verify-email");
    client
        .post("/auth/verify-email", json!({ "token": token }))
        .await
        .expect(200);
    let signed_in = client.sign_in("nomsa@karoo.test", PASSWORD).await.expect(200).value();
    assert_eq!(signed_in["user"]["first_name"], first_name);
    assert_eq!(signed_in["user"]["last_name"], last_name);
    assert_eq!(signed_in["accounts"][0]["company_name"], company);
    let id = signed_in["accounts"][0]["id"].as_str().unwrap();
    let account = client.get(&format!("/accounts/{id}")).await.expect(200).value();
    assert_eq!(account["company_name"], company);
    let change = json!({ "current_password": PASSWORD, "new_password": "seventeen purple lemons" });
    client.post("/auth/password/change", change).await.expect(200);
    app.run_jobs().await;
    // A mail that warns of a change greets in plain words only: a name must not speak for us.
    let greeting = format!("Hello {}\r\n", server::mail::plain_words(first_name).unwrap());
    let mails = app.mails_to("nomsa@karoo.test");
    assert!(mails.iter().any(|mail| mail.contains(&greeting)), "{mails:?}");
    assert!(mails.iter().all(|mail| !mail.contains(first_name)), "{mails:?}");
});

app_test!(a_link_confirms_its_own_address_only, |app| {
    let client = app.client();
    for email in ["a@karoo.test", "b@karoo.test"] {
        client.post("/auth/register", registration(email)).await.expect(202);
    }
    app.run_jobs().await;
    for email in ["a@karoo.test", "b@karoo.test"] {
        assert_eq!(client.sign_in(email, PASSWORD).await.problem(), "403 email_unverified");
    }
    let token = app.token_to("a@karoo.test", "/verify-email");
    client
        .post("/auth/verify-email", json!({ "token": token }))
        .await
        .expect(200);
    // A link says nothing of another address, nor does what else is sent with it.
    let named = json!({ "token": token, "email": "b@karoo.test" });
    assert_eq!(client.post("/auth/verify-email", named).await.problem(), "422 invalid");
    client.sign_in("a@karoo.test", PASSWORD).await.expect(200);
    let other = app.client().sign_in("b@karoo.test", PASSWORD).await;
    assert_eq!(other.problem(), "403 email_unverified");
});
