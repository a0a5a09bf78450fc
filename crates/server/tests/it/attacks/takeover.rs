//! Getting at somebody's account, or keeping them out of it.

use chrono::TimeDelta;
use common::{
    ErrorCode,
    accounts::AccountRole,
    api_keys::{ApiScope, NewApiKey},
};
use serde_json::{Value, json};
use server::{
    api_keys::service::{self as api_keys, Actor},
    audit::Origin,
    error::ApiError,
};

use super::registration;
use crate::support::{TestApp, app::PASSWORD, db::TestDb};

const ADDRESS: &str = "owner@karoo.test";
const PLANTED: &str = "the attacker knows this";

fn planted() -> Value {
    let mut planted = registration(ADDRESS);
    planted["password"] = json!(PLANTED);
    planted
}

/// Signs the address up as a stranger and as its owner, who confirms by the newest link that was sent again.
async fn confirm_what_was_sent_again(app: &TestApp) -> Value {
    let (stranger, owner) = (app.client(), app.client());
    owner.post("/auth/register", registration(ADDRESS)).await.expect(202);
    app.advance(TimeDelta::minutes(1));
    stranger.post("/auth/register", planted()).await.expect(202);
    app.run_jobs().await;
    let before = app.tokens_to(ADDRESS, "/verify-email");
    app.advance(TimeDelta::minutes(1));
    owner
        .post("/auth/verify-email/resend", json!({ "email": ADDRESS }))
        .await
        .expect(202);
    app.run_jobs().await;
    let after = app.tokens_to(ADDRESS, "/verify-email");
    let sent_again = after.iter().find(|token| !before.contains(token)).unwrap();
    let reply = owner.post("/auth/verify-email", json!({ "token": sent_again })).await;
    app.run_jobs().await;
    reply.expect(200).value()
}

app_test!(a_stranger_who_signs_an_address_up_as_well_gains_nothing, |app| {
    let confirmed = confirm_what_was_sent_again(app).await;
    assert_eq!(confirmed["choose_password"], true);
    let client = app.client();
    for password in [PLANTED, PASSWORD] {
        assert_eq!(
            client.sign_in(ADDRESS, password).await.problem(),
            "401 invalid_credentials"
        );
    }
    let token = app.token_to(ADDRESS, "/reset-password");
    let chosen = json!({ "token": token, "password": "chosen by the mailbox's owner" });
    client.post("/auth/password/reset", chosen).await.expect(200);
    client
        .sign_in(ADDRESS, "chosen by the mailbox's owner")
        .await
        .expect(200);
});

app_test!(signing_up_twice_with_one_password_is_no_quarrel, |app| {
    for _ in 0..2 {
        app.client()
            .post("/auth/register", registration(ADDRESS))
            .await
            .expect(202);
        app.advance(TimeDelta::minutes(1));
    }
    app.run_jobs().await;
    let token = app.tokens_to(ADDRESS, "/verify-email").remove(0);
    let elsewhere = app.client();
    let confirmed = elsewhere.post("/auth/verify-email", json!({ "token": token })).await;
    assert_eq!(confirmed.expect(200).value()["choose_password"], false);
    elsewhere.sign_in(ADDRESS, PASSWORD).await.expect(200);
});

app_test!(
    signing_an_address_up_does_not_keep_its_owner_from_a_new_password,
    |app| {
        let owner = app.customer(ADDRESS).await;
        for _ in 0..5 {
            app.client().post("/auth/register", planted()).await.expect(202);
        }
        assert_eq!(
            app.client().post("/auth/register", planted()).await.problem(),
            "429 rate_limited"
        );
        owner
            .client
            .post("/auth/password/forgot", json!({ "email": ADDRESS }))
            .await
            .expect(202);
        app.run_jobs().await;
        assert_eq!(app.tokens_to(ADDRESS, "/reset-password").len(), 1);
    }
);

app_test!(a_link_that_is_sent_again_tells_nothing_a_day_later, |app| {
    app.customer("known@karoo.test").await;
    let mut answers = Vec::new();
    for address in ["known@karoo.test", "unknown@karoo.test"] {
        let mut sign_up = registration(address);
        sign_up["password"] = json!(PLANTED);
        app.client().post("/auth/register", sign_up).await.expect(202);
    }
    app.advance(TimeDelta::hours(23));
    for address in ["known@karoo.test", "unknown@karoo.test"] {
        app.client()
            .post("/auth/verify-email/resend", json!({ "email": address }))
            .await
            .expect(202);
    }
    app.run_jobs().await;
    app.advance(TimeDelta::hours(2));
    for address in ["known@karoo.test", "unknown@karoo.test"] {
        answers.push(app.client().sign_in(address, PLANTED).await.problem());
    }
    assert_eq!(answers, ["403 email_unverified", "403 email_unverified"]);
    assert!(app.tokens_to("known@karoo.test", "/verify-email").is_empty());
});

app_test!(a_found_browser_locks_nobody_out, |app| {
    let owner = app.customer(ADDRESS).await;
    app.advance(TimeDelta::minutes(16));
    let enrol = owner.client.post("/auth/mfa/enrol", json!({})).await;
    assert_eq!(enrol.problem(), "403 sign_in_again");
    owner.client.sign_in(ADDRESS, PASSWORD).await.expect(200);
    owner.client.post("/auth/mfa/enrol", json!({})).await.expect(200);
});

app_test!(an_owner_who_was_removed_makes_and_turns_no_key, |app| {
    let owner = app.customer(ADDRESS).await;
    let second = app.member(&owner, AccountRole::Owner).await;
    let key = owner.api_key(&[ApiScope::InvoicesRead]).await.key;
    let late = || Actor {
        account_id: owner.account_id,
        user_id: second.user_id,
        origin: Origin::operator(),
    };
    let path = format!("/accounts/{}/members/{}", owner.account_id, second.user_id);
    owner.client.delete(&path).await.expect(200);
    let new = NewApiKey {
        name: "late".to_owned(),
        scopes: vec![ApiScope::InvoicesRead],
        expires_in_days: None,
    };
    let refusals = [
        api_keys::create(&app.app, late(), new).await.unwrap_err(),
        api_keys::rotate(&app.app, late(), key.id).await.unwrap_err(),
        api_keys::revoke(&app.app, late(), key.id).await.unwrap_err(),
    ];
    for refusal in refusals {
        assert!(matches!(
            refusal,
            ApiError::Refused {
                code: ErrorCode::Forbidden,
                ..
            }
        ));
    }
});

async fn an_account_is_no_way_to_mail_the_world(db: TestDb) {
    // Addresses are not what stops it: there are always more.
    let app = TestApp::start_with(db, &[("RATE_LIMIT_FACTOR", "100")]).await;
    let owner = app.customer(ADDRESS).await;
    let path = format!("/accounts/{}/invitations", owner.account_id);
    for n in 0..50 {
        let body = json!({ "email": format!("n{n}@elsewhere.test"), "role": "viewer" });
        owner.client.post(&path, body).await.expect(201);
    }
    let body = json!({ "email": "one@toomany.test", "role": "viewer" });
    assert_eq!(owner.client.post(&path, body).await.problem(), "429 rate_limited");
    app.stop().await;
}

#[actix_web::test]
async fn an_account_is_no_way_to_mail_the_world_on_sqlite() {
    an_account_is_no_way_to_mail_the_world(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn an_account_is_no_way_to_mail_the_world_on_postgres() {
    an_account_is_no_way_to_mail_the_world(TestDb::postgres().await).await;
}
