//! The second factor: enrolling, codes of both kinds, and turning it off.

use chrono::TimeDelta;
use common::{
    auth::StaffRole,
    mfa::{MfaEnrolment, MfaStatus, RecoveryCodes},
    validate::Email,
};
use reqwest::header;
use serde_json::{Value, json};
use server::auth::service::{OperatorUser, upsert_user};

use crate::support::{
    Client, Reply, TestApp,
    app::{PASSWORD, totp_code},
};

/// A step of TOTP: after it there is a code that was not used yet.
const STEP: TimeDelta = TimeDelta::seconds(30);

fn code(app: &TestApp, secret: &str) -> String {
    totp_code(secret, app.app.clock.now())
}

fn wrong_code(app: &TestApp, secret: &str) -> String {
    let near = [-STEP, TimeDelta::zero(), STEP].map(|by| totp_code(secret, app.app.clock.now() + by));
    let mut codes = ["000000", "000001", "000002", "000003"].into_iter();
    codes
        .find(|code| !near.iter().any(|near| near == code))
        .unwrap()
        .to_owned()
}

async fn post_code(client: &Client, path: &str, code: &str) -> Reply {
    client.post(path, json!({ "code": code })).await
}

async fn status(client: &Client) -> MfaStatus {
    client.get("/auth/mfa").await.expect(200).json()
}

async fn enrol(client: &Client) -> MfaEnrolment {
    client.post("/auth/mfa/enrol", json!({})).await.expect(200).json()
}

/// Turns the factor on; the secret and the recovery codes.
async fn turn_on(app: &TestApp, client: &Client) -> (String, Vec<String>) {
    let secret = enrol(client).await.secret;
    let reply = post_code(client, "/auth/mfa/confirm", &code(app, &secret))
        .await
        .expect(200);
    let codes: RecoveryCodes = reply.json();
    client.refresh_csrf().await;
    app.advance(STEP);
    (secret, codes.recovery_codes)
}

async fn sign_in(client: &Client, email: &str, totp: &str) -> Reply {
    client
        .sign_in_with(json!({ "email": email, "password": PASSWORD, "totp": totp }))
        .await
}

fn field_code(reply: &Reply) -> Value {
    assert_eq!(reply.status, 422, "{}", reply.body);
    reply.value()["errors"][0]["field"].clone()
}

app_test!(a_factor_counts_from_its_first_code_on, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let client = &customer.client;
    let nothing = status(client).await;
    assert!(!nothing.is_enabled && !nothing.is_required && nothing.recovery_codes_left == 0);
    assert_eq!(
        post_code(client, "/auth/mfa/confirm", "123456").await.problem(),
        "409 conflict"
    );
    let first = enrol(client).await;
    let enrolment = enrol(client).await;
    assert_ne!(first.secret, enrolment.secret);
    assert!(
        enrolment
            .otpauth_uri
            .starts_with("otpauth://totp/CapeControl:nomsa%40karoo.test?secret=")
    );
    assert!(enrolment.qr.size > 29 && enrolment.qr.path.starts_with("M4 4h7v1h-7z"));
    // Enrolled is not enabled: the password still suffices.
    assert!(!status(client).await.is_enabled);
    app.client().sign_in(&customer.email, PASSWORD).await.expect(200);
    for wrong in [
        wrong_code(app, &enrolment.secret),
        code(app, &first.secret),
        "AAAAA-AAAAA".to_owned(),
    ] {
        let reply = post_code(client, "/auth/mfa/confirm", &wrong).await;
        assert_eq!(field_code(&reply), "code", "{wrong}");
    }
    let elsewhere = app.client();
    elsewhere.sign_in(&customer.email, PASSWORD).await.expect(200);
    let old_cookie = Client::session_cookie(&client.sign_in(&customer.email, PASSWORD).await.expect(200));
    let confirmed = post_code(client, "/auth/mfa/confirm", &code(app, &enrolment.secret))
        .await
        .expect(200);
    let codes: RecoveryCodes = confirmed.json();
    assert_eq!(codes.recovery_codes.len(), 10);
    assert_ne!(Client::session_cookie(&confirmed), old_cookie);
    client.refresh_csrf().await;
    assert_eq!(client.me_with(&old_cookie).await.problem(), "401 not_signed_in");
    assert_eq!(elsewhere.get("/auth/me").await.problem(), "401 not_signed_in");
    assert_eq!(
        client.get("/auth/sessions").await.value()["items"][0]["has_second_factor"],
        true
    );
    let on = status(client).await;
    assert!(on.is_enabled && on.recovery_codes_left == 10);
    assert_eq!(on.enabled_at, Some(app.app.clock.now()));
    assert_eq!(
        client.post("/auth/mfa/enrol", json!({})).await.problem(),
        "409 conflict"
    );
    let again = post_code(client, "/auth/mfa/confirm", &code(app, &enrolment.secret)).await;
    assert_eq!(again.problem(), "409 conflict");
    app.run_jobs().await;
    assert!(app.mails_to(&customer.email)[0].contains("Two-step sign-in is on"));
});

app_test!(of_two_confirmations_at_once_one_wins, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let secret = enrol(&customer.client).await.secret;
    let code = code(app, &secret);
    let confirm = || post_code(&customer.client, "/auth/mfa/confirm", &code);
    let (left, right) = futures_util::future::join(confirm(), confirm()).await;
    let statuses = [left.status.as_u16(), right.status.as_u16()];
    assert!(statuses.contains(&200), "{statuses:?}");
    // The other one hears that it is on, or that its session has a new token by now.
    assert!(
        statuses.iter().any(|status| [401, 403, 409].contains(status)),
        "{statuses:?}"
    );
});

app_test!(the_password_alone_gives_no_session, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let (secret, _) = turn_on(app, &customer.client).await;
    let client = app.client();
    let refused = client.sign_in(&customer.email, PASSWORD).await;
    assert_eq!(refused.problem(), "401 mfa_required");
    assert!(!refused.headers.contains_key(header::SET_COOKIE));
    assert_eq!(client.get("/auth/me").await.problem(), "401 not_signed_in");
    let wrong = sign_in(&client, &customer.email, &wrong_code(app, &secret)).await;
    assert_eq!(wrong.problem(), "401 invalid_credentials");
    assert!(!wrong.headers.contains_key(header::SET_COOKIE));
    let digits = code(app, &secret);
    let spaced = format!(" {} {} ", &digits[..3], &digits[3..]);
    sign_in(&client, &customer.email, &spaced).await.expect(200);
    assert_eq!(
        client.get("/auth/sessions").await.value()["items"][0]["has_second_factor"],
        true
    );
    // The code was used: not here, and not to turn the factor off.
    assert_eq!(
        sign_in(&app.client(), &customer.email, &digits).await.problem(),
        "401 invalid_credentials"
    );
    let replayed = post_code(&client, "/auth/mfa/disable", &digits).await;
    assert_eq!(field_code(&replayed), "code");
});

app_test!(a_recovery_code_signs_in_once, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let (_, codes) = turn_on(app, &customer.client).await;
    let client = app.client();
    let typed = codes[3].to_lowercase().replace('-', " ");
    sign_in(&client, &customer.email, &typed).await.expect(200);
    assert_eq!(status(&client).await.recovery_codes_left, 9);
    let again = sign_in(&app.client(), &customer.email, &codes[3]).await;
    assert_eq!(again.problem(), "401 invalid_credentials");
    let of_nobody = sign_in(&app.client(), &customer.email, "AAAAA-AAAAA").await;
    assert_eq!(of_nobody.problem(), "401 invalid_credentials");
    app.run_jobs().await;
    let mails = app.mails_to(&customer.email);
    assert_eq!(mails.iter().filter(|mail| mail.contains("You have 9 left.")).count(), 1);
    // At once: one of two.
    let clients = [app.client(), app.client()];
    for client in &clients {
        client.refresh_csrf().await;
    }
    let (left, right) = futures_util::future::join(
        sign_in(&clients[0], &customer.email, &codes[4]),
        sign_in(&clients[1], &customer.email, &codes[4]),
    )
    .await;
    let mut statuses = [left.status.as_u16(), right.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    // Another person's code is nobody's.
    let other = app.customer("other@karoo.test").await;
    turn_on(app, &other.client).await;
    let foreign = sign_in(&app.client(), &other.email, &codes[5]).await;
    assert_eq!(foreign.problem(), "401 invalid_credentials");
});

app_test!(recovery_codes_are_renewed_by_a_code, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let (secret, old) = turn_on(app, &customer.client).await;
    let path = "/auth/mfa/recovery-codes";
    let wrong = post_code(&customer.client, path, &wrong_code(app, &secret)).await;
    assert_eq!(field_code(&wrong), "code");
    let reply = post_code(&customer.client, path, &code(app, &secret)).await.expect(200);
    let new: RecoveryCodes = reply.json();
    assert_eq!(status(&customer.client).await.recovery_codes_left, 10);
    let refused = sign_in(&app.client(), &customer.email, &old[0]).await;
    assert_eq!(refused.problem(), "401 invalid_credentials");
    // A recovery code is taken too, and is worth nothing afterwards.
    let code = &new.recovery_codes[0];
    post_code(&customer.client, path, code).await.expect(200);
    assert_eq!(field_code(&post_code(&customer.client, path, code).await), "code");
    assert_eq!(status(&customer.client).await.recovery_codes_left, 10);
});

app_test!(a_factor_is_turned_off_by_a_code, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let path = "/auth/mfa/disable";
    assert_eq!(
        post_code(&customer.client, path, "123456").await.problem(),
        "409 conflict"
    );
    let (secret, codes) = turn_on(app, &customer.client).await;
    let wrong = post_code(&customer.client, path, &wrong_code(app, &secret)).await;
    assert_eq!(field_code(&wrong), "code");
    post_code(&customer.client, path, &code(app, &secret)).await.expect(200);
    let off = status(&customer.client).await;
    assert!(!off.is_enabled && off.enabled_at.is_none() && off.recovery_codes_left == 0);
    app.client().sign_in(&customer.email, PASSWORD).await.expect(200);
    app.run_jobs().await;
    assert!(
        app.mails_to(&customer.email)
            .iter()
            .any(|mail| mail.contains("Two-step sign-in is off"))
    );
    // Another secret and other codes from now on.
    let (_, new_codes) = turn_on(app, &customer.client).await;
    let old = sign_in(&app.client(), &customer.email, &codes[0]).await;
    assert_eq!(old.problem(), "401 invalid_credentials");
    post_code(&customer.client, path, &new_codes[0]).await.expect(200);
});

app_test!(staff_turn_it_on_before_anything_and_never_off, |app| {
    let person = OperatorUser {
        email: Email::parse("email", "new@staff.test").unwrap(),
        password: PASSWORD.to_owned(),
        first_name: "Sipho".to_owned(),
        last_name: "Adams".to_owned(),
        staff_role: Some(StaffRole::Billing),
        totp_secret: None,
    };
    upsert_user(&app.app, person).await.unwrap();
    let client = app.client();
    client.sign_in("new@staff.test", PASSWORD).await.expect(200);
    assert_eq!(client.get("/itn").await.problem(), "403 mfa_enrolment_required");
    assert!(status(&client).await.is_required);
    let (secret, _) = turn_on(app, &client).await;
    client.get("/itn").await.expect(200);
    let refused = post_code(&client, "/auth/mfa/disable", &code(app, &secret)).await;
    assert_eq!(refused.problem(), "403 forbidden");
    assert!(refused.value()["detail"].as_str().unwrap().contains("staff"));
    client.get("/itn").await.expect(200);
});

app_test!(secrets_are_sealed_and_codes_are_fingerprints, |app| {
    use diesel::prelude::*;
    use server::db::schema::{recovery_codes, users};

    let client = app.customer("nomsa@karoo.test").await.client;
    let pending = enrol(&client).await.secret;
    let (secret, codes) = turn_on(app, &client).await;
    let stored = app
        .app
        .db
        .read(|conn| {
            let secrets = users::table
                .select((users::totp_secret, users::totp_pending_secret))
                .load::<(Option<String>, Option<String>)>(conn)?;
            let codes = recovery_codes::table
                .select(recovery_codes::code_hash)
                .load::<String>(conn)?;
            Ok::<_, diesel::result::Error>((secrets, codes))
        })
        .await
        .unwrap();
    let text = format!("{stored:?}");
    assert!(text.contains("v1:"), "{text}");
    for clear in [&secret, &pending, &codes[0], &codes[0].replace('-', "")] {
        assert!(!text.contains(clear.as_str()), "{text}");
    }
    assert_eq!(stored.1.len(), 10);
});

app_test!(with_another_secret_key_no_code_counts, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let (secret, codes) = turn_on(app, &customer.client).await;
    let key = [("SECRET_KEY", "another key of at least thirty-two characters")];
    let client = Client::new(&app.second_node_with(&key));
    for code in [code(app, &secret), codes[0].clone()] {
        let reply = sign_in(&client, &customer.email, &code).await;
        assert_eq!(reply.problem(), "401 invalid_credentials");
    }
});
