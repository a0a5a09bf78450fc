//! What the audit log holds about signing in, and that nobody can rewrite it.

use chrono::TimeDelta;
use common::ids::UserId;
use diesel::prelude::*;
use serde_json::json;
use server::db::schema::audit_entries;

use crate::support::{Client, TestApp, app::PASSWORD, app::totp_code};

const EMAIL: &str = "nomsa@karoo.test";
const NEW: &str = "seventeen purple lemons";

/// Action, kind of actor, actor, kind of subject and subject of every line about a person or a session.
async fn lines(app: &TestApp) -> Vec<String> {
    let rows: Vec<(String, String, String, String, String, Option<String>)> = app
        .app
        .db
        .read(|conn| {
            audit_entries::table
                .filter(audit_entries::account_id.is_null())
                .order((audit_entries::at, audit_entries::id))
                .select((
                    audit_entries::action,
                    audit_entries::actor_kind,
                    audit_entries::actor,
                    audit_entries::subject_kind,
                    audit_entries::subject,
                    audit_entries::peer,
                ))
                .load(conn)
        })
        .await
        .unwrap();
    rows.into_iter()
        .map(|(action, kind, actor, subject_kind, subject, peer)| {
            assert_eq!(peer.as_deref(), Some("127.0.0.1"), "{action}");
            let who = if actor.is_empty() {
                kind
            } else {
                format!("{kind} {actor}")
            };
            format!("{action} by {who}: {subject_kind} {subject}")
        })
        .collect()
}

async fn everything(app: &TestApp, client: &Client) -> Vec<String> {
    let mut secrets = vec![PASSWORD.to_owned(), NEW.to_owned()];
    let registration = json!({ "email": EMAIL, "password": PASSWORD, "first_name": "Nomsa", "last_name": "van Wyk",
        "terms_accepted": true });
    client.post("/auth/register", registration).await.expect(202);
    // Strangers and their typing errors are nobody's.
    client
        .sign_in("nobody@karoo.test", "not the password")
        .await
        .expect(401);
    app.run_jobs().await;
    let token = app.token_to(EMAIL, "/verify-email");
    client
        .post("/auth/verify-email", json!({ "token": token }))
        .await
        .expect(200);
    secrets.push(token);
    app.advance(TimeDelta::seconds(1));
    client.sign_in(EMAIL, "not the password").await.expect(401);
    app.run_jobs().await;
    app.advance(TimeDelta::seconds(1));
    client.sign_in(EMAIL, PASSWORD).await.expect(200);
    let other = app.client();
    other.sign_in(EMAIL, PASSWORD).await.expect(200);
    client.delete("/auth/sessions").await.expect(200);
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    client.post("/auth/password/change", change).await.expect(200);
    client.refresh_csrf().await;
    let enrolment = client.post("/auth/mfa/enrol", json!({})).await.expect(200).value();
    let secret = enrolment["secret"].as_str().unwrap().to_owned();
    let code = || json!({ "code": totp_code(&secret, app.app.clock.now()) });
    let confirmed = client.post("/auth/mfa/confirm", code()).await.expect(200).value();
    client.refresh_csrf().await;
    let recovery = confirmed["recovery_codes"][0].as_str().unwrap().to_owned();
    app.advance(TimeDelta::seconds(30));
    client.post("/auth/mfa/recovery-codes", code()).await.expect(200);
    app.advance(TimeDelta::seconds(30));
    let renewed = client
        .post("/auth/mfa/recovery-codes", code())
        .await
        .expect(200)
        .value();
    let fresh = renewed["recovery_codes"][0].as_str().unwrap().to_owned();
    client.post("/auth/logout", json!({})).await.expect(200);
    client.refresh_csrf().await;
    let with = |code: &str| json!({ "email": EMAIL, "password": NEW, "totp": code });
    app.advance(TimeDelta::seconds(1));
    client.sign_in_with(with(&recovery)).await.expect(401);
    app.run_jobs().await;
    app.advance(TimeDelta::seconds(1));
    client.sign_in_with(with(&fresh)).await.expect(200);
    app.advance(TimeDelta::seconds(30));
    client.post("/auth/mfa/disable", code()).await.expect(200);
    app.advance(TimeDelta::seconds(1));
    client
        .post("/auth/password/forgot", json!({ "email": EMAIL }))
        .await
        .expect(202);
    client
        .post("/auth/password/forgot", json!({ "email": "nobody@karoo.test" }))
        .await
        .expect(202);
    app.run_jobs().await;
    app.advance(TimeDelta::seconds(1));
    let token = app.token_to(EMAIL, "/reset-password");
    let reset = json!({ "token": token, "password": PASSWORD });
    client.post("/auth/password/reset", reset).await.expect(200);
    secrets.extend([token, secret, recovery, fresh]);
    secrets
}

app_test!(every_step_of_signing_in_has_its_line, |app| {
    let client = app.client();
    let secrets = everything(app, &client).await;
    let person = format!("user {EMAIL}");
    let session = "session Unknown device";
    let expected = [
        format!("user.registered by user {EMAIL}: {person}"),
        format!("session.refused by anonymous: {person}"),
        format!("session.opened by user {EMAIL}: {session}"),
        format!("session.opened by user {EMAIL}: {session}"),
        format!("session.revoked by user {EMAIL}: {session}"),
        format!("password.changed by user {EMAIL}: {person}"),
        format!("mfa.enabled by user {EMAIL}: {person}"),
        format!("mfa.recovery_codes_renewed by user {EMAIL}: {person}"),
        format!("mfa.recovery_codes_renewed by user {EMAIL}: {person}"),
        format!("session.closed by user {EMAIL}: {session}"),
        format!("session.refused by anonymous: {person}"),
        format!("mfa.recovery_code_used by user {EMAIL}: {person}"),
        format!("session.opened by user {EMAIL}: {session}"),
        format!("mfa.disabled by user {EMAIL}: {person}"),
        format!("password.reset_asked by user {EMAIL}: {person}"),
        format!("password.reset by user {EMAIL}: {person}"),
    ];
    let found = lines(app).await;
    assert_eq!(found, expected, "{found:#?}");
    let changes: Vec<String> = app
        .app
        .db
        .read(|conn| audit_entries::table.select(audit_entries::changes).load(conn))
        .await
        .unwrap();
    let told = changes.join("\n");
    assert!(told.contains("password") && told.contains("code"));
    for secret in secrets {
        assert!(!told.contains(&secret), "{secret}");
    }
});

app_test!(the_log_cannot_be_rewritten, |app| {
    app.customer(EMAIL).await;
    let refused = |result: Result<usize, diesel::result::Error>| result.unwrap_err().to_string();
    let changed = app.app.db.write(|conn| {
        diesel::update(audit_entries::table)
            .set(audit_entries::actor.eq("nobody"))
            .execute(conn)
    });
    assert!(refused(changed.await).contains("append only"));
    let removed = app
        .app
        .db
        .write(|conn| diesel::delete(audit_entries::table).execute(conn));
    assert!(refused(removed.await).contains("append only"));
    let kept: Vec<Option<UserId>> = app
        .app
        .db
        .read(|conn| audit_entries::table.select(audit_entries::user_id).load(conn))
        .await
        .unwrap();
    assert!(!kept.is_empty());
});
