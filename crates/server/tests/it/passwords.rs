//! Choosing, forgetting, resetting and changing a password.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use common::{auth::StaffRole, passwords::PasswordStrength};
use reqwest::{Method, header};
use serde_json::json;

use crate::support::{Client, Reply, TestApp, app::PASSWORD, client::send};

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

async fn forget(app: &TestApp, email: &str) {
    let client = app.client();
    client
        .post("/auth/password/forgot", json!({ "email": email }))
        .await
        .expect(202);
    app.run_jobs().await;
}

async fn reset(client: &Client, token: &str, password: &str) -> Reply {
    let body = json!({ "token": token, "password": password });
    client.post("/auth/password/reset", body).await
}

const NEW: &str = "seventeen purple lemons";
const PAGE: &str = "/reset-password";

app_test!(a_forgotten_password_is_set_anew_by_the_link_in_a_mail, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    forget(app, "NOMSA@karoo.test").await;
    let token = app.token_to("nomsa@karoo.test", PAGE);
    assert_eq!(token.len(), 64);
    let client = app.client();
    // Opening the link changes nothing, nor does a password that is refused.
    send(client.at(Method::GET, &format!("{PAGE}?token={token}"))).await;
    for (password, code) in [
        ("short", "too_short"),
        ("password1234", "too_common"),
        ("nomsa@karoo.test", "too_common"),
    ] {
        let error = reset(&client, &token, password).await.expect(422).value()["errors"][0].clone();
        assert_eq!((&error["field"], &error["code"]), (&json!("password"), &json!(code)));
    }
    customer.client.get("/auth/me").await.expect(200);
    let done = reset(&client, &token, NEW).await.expect(200);
    // Nobody is signed in by it, and everybody is signed out.
    assert!(!done.headers.contains_key(header::SET_COOKIE));
    assert_eq!(client.get("/auth/me").await.problem(), "401 not_signed_in");
    assert_eq!(customer.client.get("/auth/me").await.problem(), "401 not_signed_in");
    assert_eq!(
        client.sign_in(&customer.email, PASSWORD).await.problem(),
        "401 invalid_credentials"
    );
    client.sign_in(&customer.email, NEW).await.expect(200);
    assert_eq!(reset(&client, &token, PASSWORD).await.problem(), "422 token_invalid");
    app.run_jobs().await;
    let notices = app.mails_to("nomsa@karoo.test");
    assert_eq!(
        notices
            .iter()
            .filter(|mail| mail.contains("Your password was changed"))
            .count(),
        1
    );
});

app_test!(a_link_ends_after_an_hour_and_with_every_change, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let client = app.client();
    forget(app, &customer.email).await;
    app.advance(TimeDelta::minutes(61));
    let late = app.token_to(&customer.email, PAGE);
    assert_eq!(reset(&client, &late, NEW).await.problem(), "422 token_invalid");
    // Two links live side by side; using one ends the other.
    forget(app, &customer.email).await;
    forget(app, &customer.email).await;
    let tokens = app.tokens_to(&customer.email, PAGE);
    let living: Vec<_> = tokens.iter().filter(|token| **token != late).collect();
    assert_eq!(living.len(), 2);
    reset(&client, living[0], NEW).await.expect(200);
    assert_eq!(reset(&client, living[1], PASSWORD).await.problem(), "422 token_invalid");
    // So does changing the password.
    forget(app, &customer.email).await;
    let last = app.tokens_to(&customer.email, PAGE);
    let last = last.iter().find(|token| !tokens.contains(token)).unwrap();
    client.sign_in(&customer.email, NEW).await.expect(200);
    let change = json!({ "current_password": NEW, "new_password": "eleven green kettles" });
    client.post("/auth/password/change", change).await.expect(200);
    client.refresh_csrf().await;
    assert_eq!(reset(&client, last, PASSWORD).await.problem(), "422 token_invalid");
    for nonsense in ["", "x", &"0".repeat(64)] {
        assert_eq!(reset(&client, nonsense, PASSWORD).await.problem(), "422 token_invalid");
    }
});

app_test!(of_two_resets_at_once_one_wins, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    forget(app, &customer.email).await;
    let token = app.token_to(&customer.email, PAGE);
    let passwords = [
        "seventeen purple lemons",
        "eleven green kettles",
        "forty silent tractors",
    ];
    let clients = [app.client(), app.client(), app.client()];
    for client in &clients {
        client.refresh_csrf().await;
    }
    let replies = futures_util::future::join_all(
        clients
            .iter()
            .zip(passwords)
            .map(|(client, password)| reset(client, &token, password)),
    )
    .await;
    let won: Vec<_> = replies.iter().map(|reply| reply.status == 200).collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{replies:?}");
    for (password, won) in passwords.into_iter().zip(won) {
        let signed_in = app.client().sign_in(&customer.email, password).await.status == 200;
        assert_eq!(signed_in, won, "{password}");
    }
});

app_test!(a_reset_keeps_the_second_factor_and_ends_sign_ups, |app| {
    app.staff(StaffRole::Support).await;
    let email = "support@staff.test";
    let planted = json!({ "email": email, "password": "the password of somebody else", "first_name": "a",
        "last_name": "b", "terms_accepted": true });
    app.client().post("/auth/register", planted).await.expect(202);
    forget(app, email).await;
    let client = app.client();
    let waits = client.sign_in(email, "the password of somebody else").await;
    assert_eq!(waits.problem(), "403 email_unverified");
    reset(&client, &app.token_to(email, PAGE), NEW).await.expect(200);
    assert_eq!(client.sign_in(email, NEW).await.problem(), "401 mfa_required");
    let ended = client.sign_in(email, "the password of somebody else").await;
    assert_eq!(ended.problem(), "401 invalid_credentials");
});

app_test!(an_unknown_address_gets_no_mail_and_the_same_answer, |app| {
    app.customer("known@karoo.test").await;
    let client = app.client();
    for path in ["/auth/password/forgot", "/auth/verify-email/resend"] {
        let known = client
            .post(path, json!({ "email": "known@karoo.test" }))
            .await
            .expect(202);
        let unknown = client
            .post(path, json!({ "email": "unknown@karoo.test" }))
            .await
            .expect(202);
        assert_eq!(known.body, unknown.body);
        assert_eq!(
            client.post(path, json!({ "email": "no address" })).await.problem(),
            "422 invalid"
        );
    }
    app.run_jobs().await;
    assert!(app.mails_to("unknown@karoo.test").is_empty());
    assert_eq!(app.mails_to("known@karoo.test").len(), 1);
});

app_test!(known_and_unknown_addresses_take_as_long, |app| {
    app.customer("known@karoo.test").await;
    let client = app.client();
    let ask = async |path: &str, email: &str| {
        let body = match path {
            "/auth/login" => json!({ "email": email, "password": "not the password" }),
            "/auth/register" => json!({ "email": email, "password": PASSWORD, "first_name": "a", "last_name": "b",
                "terms_accepted": true }),
            _ => json!({ "email": email }),
        };
        let started = Instant::now();
        let reply = client.post(path, body).await;
        assert_ne!(reply.status.as_u16(), 429, "a limit answers sooner than the work takes");
        started.elapsed()
    };
    for (path, samples) in [
        ("/auth/password/forgot", 40),
        ("/auth/verify-email/resend", 40),
        ("/auth/login", 9),
        ("/auth/register", 9),
    ] {
        ask(path, "warm@karoo.test").await;
        // A difference in the work shows every time; one of the machine does not.
        let mut ratios = Vec::new();
        for _ in 0..4 {
            let (mut known, mut unknown) = (Vec::new(), Vec::new());
            for at in 0..samples {
                // Every budget is whole again: what is measured is the work.
                app.advance(TimeDelta::minutes(30));
                known.push(ask(path, "known@karoo.test").await);
                unknown.push(ask(path, &format!("unknown{at}@karoo.test")).await);
            }
            let median = |times: &mut Vec<Duration>| {
                times.sort();
                times[times.len() / 2]
            };
            let (known, unknown) = (median(&mut known), median(&mut unknown));
            ratios.push(known.as_secs_f64() / unknown.as_secs_f64());
            if (0.6..1.6).contains(ratios.last().unwrap()) {
                break;
            }
        }
        assert!((0.6..1.6).contains(ratios.last().unwrap()), "{path}: {ratios:?}");
    }
    app.run_jobs().await;
});

app_test!(changing_a_password_needs_the_present_one, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let change = async |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        customer.client.post("/auth/password/change", body).await
    };
    let error = change("not the password", NEW).await.expect(422).value()["errors"][0].clone();
    assert_eq!(
        (&error["field"], &error["code"]),
        (&json!("current_password"), &json!("wrong"))
    );
    let error = change(PASSWORD, "KarooKilnStudio").await.expect(422).value()["errors"][0].clone();
    assert_eq!(
        (&error["field"], &error["code"]),
        (&json!("new_password"), &json!("too_common"))
    );
    customer.client.sign_in(&customer.email, PASSWORD).await.expect(200);
});

app_test!(a_changed_password_ends_every_other_session, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let (client, elsewhere) = (&customer.client, app.client());
    let old_cookie = Client::session_cookie(&client.sign_in(&customer.email, PASSWORD).await.expect(200));
    elsewhere.sign_in(&customer.email, PASSWORD).await.expect(200);
    let old_csrf = client.refresh_csrf().await;
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    let changed = client.post("/auth/password/change", change).await.expect(200);
    assert_ne!(Client::session_cookie(&changed), old_cookie);
    client.get("/auth/me").await.expect(200);
    assert_ne!(client.refresh_csrf().await, old_csrf);
    assert_eq!(client.me_with(&old_cookie).await.problem(), "401 not_signed_in");
    assert_eq!(elsewhere.get("/auth/me").await.problem(), "401 not_signed_in");
    elsewhere.sign_in(&customer.email, NEW).await.expect(200);
    app.run_jobs().await;
    assert!(app.mails_to(&customer.email)[0].contains("Your password was changed"));
});

app_test!(a_confirmation_can_be_sent_again, |app| {
    let client = app.client();
    let registration = json!({ "email": "nomsa@karoo.test", "password": PASSWORD, "first_name": "Nomsa",
        "last_name": "van Wyk", "terms_accepted": true });
    client.post("/auth/register", registration).await.expect(202);
    app.run_jobs().await;
    let first = app.token_to("nomsa@karoo.test", "/verify-email");
    app.advance(TimeDelta::hours(20));
    client
        .post("/auth/verify-email/resend", json!({ "email": "Nomsa@karoo.test" }))
        .await
        .expect(202);
    app.run_jobs().await;
    let tokens = app.tokens_to("nomsa@karoo.test", "/verify-email");
    let second = tokens.iter().find(|token| **token != first).unwrap();
    app.advance(TimeDelta::hours(20));
    let late = client.post("/auth/verify-email", json!({ "token": first })).await;
    assert_eq!(late.problem(), "422 token_invalid");
    client
        .post("/auth/verify-email", json!({ "token": second }))
        .await
        .expect(200);
    client.sign_in("nomsa@karoo.test", PASSWORD).await.expect(200);
    // Whoever is a user gets no such mail any more.
    client
        .post("/auth/verify-email/resend", json!({ "email": "nomsa@karoo.test" }))
        .await
        .expect(202);
    app.run_jobs().await;
    assert_eq!(app.tokens_to("nomsa@karoo.test", "/verify-email").len(), 2);
});
