//! How often something may be asked, and by whom it is counted.

mod redis;

use std::time::Instant;

use chrono::TimeDelta;
use common::auth::StaffRole;
use reqwest::Method;
use serde_json::{Value, json};
use server::{
    auth::service::{OperatorUser, upsert_user},
    limits::Quota,
};

use crate::support::{
    Client, Reply,
    app::{PASSWORD, totp_code},
    client::send,
};

/// The quotas as they are, behind a proxy on this machine.
const STRICT: [(&str, &str); 2] = [("RATE_LIMIT_FACTOR", "1"), ("TRUSTED_PROXIES", "127.0.0.1")];
const NO_PROXY: [(&str, &str); 1] = [("RATE_LIMIT_FACTOR", "1")];

async fn passed(client: &Client, path: &str, tries: usize) -> usize {
    let mut passed = 0;
    for _ in 0..tries {
        if client.get(path).await.status == 200 {
            passed += 1;
        }
    }
    passed
}

/// 429 with the header and a text that agree; tells the seconds.
fn refused_for(reply: &Reply) -> u64 {
    assert_eq!(reply.problem(), "429 rate_limited");
    let seconds: u64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    let detail = reply.value()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("Too many tries. You can try again in "), "{detail}");
    seconds
}

app_test!(an_address_asks_in_bursts_and_then_at_a_rate, with NO_PROXY, |app| {
    let client = app.client();
    assert_eq!(passed(&client, "/site", 210).await, 200);
    let refused = client.get("/site").await;
    assert_eq!(refused_for(&refused), 1);
    assert_eq!(refused.value()["detail"], "Too many tries. You can try again in 1 second.");
    // Another spelling of the path is the same door.
    let spelled = send(client.at(Method::GET, "/%61pi/v1/site")).await;
    assert_eq!(spelled.problem(), "429 rate_limited");
    assert_eq!(client.get("/nowhere").await.problem(), "429 rate_limited");
    // Probes are always answered, and refusals carry what every answer carries.
    send(client.at(Method::GET, "/health/live")).await.expect(200);
    assert_eq!(refused.headers["x-content-type-options"], "nosniff");
    app.advance(TimeDelta::seconds(1));
    assert_eq!(passed(&client, "/site", 20).await, 10);
});

app_test!(a_forged_address_dodges_nothing, with NO_PROXY, |app| {
    let client = app.client();
    let mut passed = 0;
    for number in 0..210 {
        let request = client.raw(Method::GET, "/site");
        let request = request.header("X-Forwarded-For", format!("198.51.100.{number}"));
        passed += usize::from(send(request).await.status == 200);
    }
    assert_eq!(passed, 200);
});

app_test!(whoever_stands_behind_one_proxy_has_a_budget_of_their_own, with STRICT, |app| {
    let (first, second) = (app.client_at("198.51.100.1"), app.client_at("198.51.100.2"));
    assert_eq!(passed(&first, "/site", 205).await, 200);
    assert_eq!(passed(&second, "/site", 5).await, 5);
    // What the client itself wrote in front of the proxy's word is not believed.
    let forged = app.client_at("203.0.113.77, 198.51.100.1");
    assert_eq!(forged.get("/site").await.problem(), "429 rate_limited");
    let customer = app.client();
    // A customer with IPv6 has 2^64 addresses, and one budget.
    for number in 0..200 {
        let request = customer.raw(Method::GET, "/site");
        let request = request.header("X-Forwarded-For", format!("2001:db8:1:2::{number:x}"));
        send(request).await.expect(200);
    }
    let neighbour = app.client_at("2001:db8:1:2:ffff::1");
    assert_eq!(neighbour.get("/site").await.problem(), "429 rate_limited");
    app.client_at("2001:db8:1:3::1").get("/site").await.expect(200);
});

app_test!(guessing_a_password_stops_and_the_owner_gets_in_from_elsewhere, with STRICT, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let thief = app.client_at("198.51.100.1");
    for _ in 0..10 {
        assert_eq!(thief.sign_in(&owner.email, "wrong password").await.status, 401);
    }
    // Neither the right password nor another spelling of the address helps.
    let refused = thief.sign_in("OWNER@karoo.test", PASSWORD).await;
    assert_eq!(refused_for(&refused), 90);
    assert_eq!(refused.value()["detail"], "Too many tries. You can try again in 90 seconds.");
    app.client_at("198.51.100.2").sign_in(&owner.email, PASSWORD).await.expect(200);
    thief.sign_in("other@karoo.test", "wrong password").await.expect(401);
    app.advance(TimeDelta::seconds(90));
    thief.sign_in(&owner.email, PASSWORD).await.expect(200);
    // The right password gave all tries back.
    for _ in 0..10 {
        thief.sign_in(&owner.email, "wrong password").await.expect(401);
    }
    thief.sign_in(&owner.email, "wrong password").await.expect(429);
});

app_test!(whoever_tries_an_unknown_address_is_counted_alike, with STRICT, |app| {
    app.customer("known@karoo.test").await;
    for email in ["known@karoo.test", "unknown@karoo.test"] {
        let client = app.client_at("198.51.100.7");
        for _ in 0..10 {
            client.sign_in(email, "wrong password").await.expect(401);
        }
        assert_eq!(refused_for(&client.sign_in(email, "wrong password").await), 90);
    }
});

app_test!(stuffing_from_many_addresses_is_slow, with STRICT, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let take = async |quota: Quota, key: &str| {
        while app.app.limits.check(quota, &[key.into()]).await.is_ok() {}
    };
    take(Quota::SignInEmail, "owner@karoo.test").await;
    let far = app.client_at("198.51.100.99").sign_in(&owner.email, PASSWORD).await;
    assert_eq!(refused_for(&far), 36);
    // Other addresses of mail are not touched by it.
    app.client_at("198.51.100.99").sign_in("other@karoo.test", "x").await.expect(401);
    let list = app.client_at("198.51.100.1");
    for _ in 0..60 {
        let _ = app.app.limits.check(Quota::SignInAddress, &["198.51.100.1".parse::<std::net::IpAddr>().unwrap().into()]).await;
    }
    assert_eq!(refused_for(&list.sign_in("somebody@karoo.test", "x").await), 15);
});

app_test!(codes_of_a_second_factor_are_not_guessed, |app| {
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
    let sign_in = async |code: &str| {
        let credentials = json!({ "email": "staff@staff.test", "password": PASSWORD, "totp": code });
        client.refresh_csrf().await;
        client.post("/auth/login", credentials).await
    };
    let right = totp_code(secret, app.app.clock.now());
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        sign_in(wrong).await.expect(401);
    }
    assert_eq!(refused_for(&sign_in(&right).await), 180);
    app.advance(TimeDelta::seconds(180));
    sign_in(&totp_code(secret, app.app.clock.now())).await.expect(200);
    // Only wrong codes count.
    for _ in 0..8 {
        app.advance(TimeDelta::seconds(30));
        sign_in(&totp_code(secret, app.app.clock.now())).await.expect(200);
    }
});

fn registration(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "first_name": "a", "last_name": "b", "terms_accepted": true })
}

app_test!(nobody_fills_a_mailbox_through_us, with STRICT, |app| {
    app.customer("known@karoo.test").await;
    for (email, from) in [("known@karoo.test", "198.51.100.1"), ("unknown@karoo.test", "198.51.100.2")] {
        for number in 0..5 {
            let client = app.client_at(&format!("203.0.113.{number}"));
            client.post("/auth/register", registration(email)).await.expect(202);
        }
        let client = app.client_at(from);
        let refused = client.post("/auth/register", registration(email)).await;
        assert_eq!(refused_for(&refused), 720, "{email}");
        assert_eq!(refused.value()["detail"], "Too many tries. You can try again in 12 minutes.");
        app.run_jobs().await;
        assert_eq!(app.mails_to(email).len(), 5, "{email}");
    }
});

app_test!(one_address_does_not_mail_the_world, with STRICT, |app| {
    let client = app.client_at("198.51.100.1");
    for number in 0..20 {
        let reply = client.post("/auth/register", registration(&format!("p{number}@karoo.test"))).await;
        reply.expect(202);
    }
    let refused = client.post("/auth/register", registration("p20@karoo.test")).await;
    assert_eq!(refused_for(&refused), 180);
    app.run_jobs().await;
    assert!(app.mails_to("p20@karoo.test").is_empty());
});

app_test!(tokens_of_mails_are_not_guessed, with STRICT, |app| {
    let client = app.client_at("198.51.100.1");
    for number in 0..30 {
        let guess = client.post("/auth/verify-email", json!({ "token": format!("{number:064x}") })).await;
        assert_eq!(guess.problem(), "422 token_invalid");
    }
    let refused = client.post("/auth/verify-email", json!({ "token": "x" })).await;
    assert_eq!(refused_for(&refused), 30);
});

app_test!(a_person_and_an_account_have_budgets_wherever_they_are, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let other = app.customer("other@karoo.test").await;
    let burst = passed(&owner.client, "/auth/me", 205).await;
    assert!((195..=200).contains(&burst), "{burst}");
    assert_eq!(owner.client.get("/invoices").await.problem(), "429 rate_limited");
    let account = other.account_id.to_string();
    while app
        .app
        .limits
        .check(Quota::Account, &[account.as_str().into()])
        .await
        .is_ok()
    {}
    assert_eq!(other.client.get("/invoices").await.problem(), "429 rate_limited");
    other.client.get("/auth/me").await.expect(200);
});

async fn notify(client: &Client, body: String) -> Reply {
    let request = client.raw(Method::POST, "/payments/payfast/itn");
    send(
        request
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body),
    )
    .await
}

app_test!(payfast_is_never_limited_and_others_are, with STRICT, |app| {
    let stranger = app.client_at("198.51.100.1");
    for number in 0..60 {
        notify(&stranger, format!("m_payment_id={number}")).await.expect(200);
    }
    let refused = notify(&stranger, "m_payment_id=60".to_owned()).await;
    assert_eq!(refused_for(&refused), 1);
    // The emulator's address is 127.0.0.0/8, as PayFast's are listed in PAYFAST_ITN_SOURCES.
    let payfast = app.client_at("127.0.0.9");
    for _ in 0..400 {
        notify(&payfast, "m_payment_id=7".to_owned()).await.expect(200);
    }
    // Nor does it use up what its address may ask otherwise.
    payfast.get("/site").await.expect(200);
});

app_test!(
    a_network_of_many_people_can_be_told_so,
    with[("RATE_LIMIT_FACTOR", "2")],
    |app| {
        assert_eq!(passed(&app.client(), "/site", 410).await, 400);
    }
);

app_test!(counting_costs_less_than_a_millisecond, |app| {
    let started = Instant::now();
    for number in 0..10_000_u32 {
        let address = std::net::IpAddr::from(std::net::Ipv4Addr::from(number));
        app.app.limits.check(Quota::Request, &[address.into()]).await.unwrap();
    }
    let each = started.elapsed() / 10_000;
    eprintln!("one check in memory takes {each:?}");
    assert!(each.as_micros() < 1000, "{each:?}");
    assert_eq!(app.app.limits.held(), 10_000);
    app.advance(TimeDelta::minutes(2));
    server::worker::keep_house(&app.app).await.unwrap();
    assert_eq!(app.app.limits.held(), 0);
});
