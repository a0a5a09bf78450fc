//! `capecontrol admin …` as operators run it.

use std::process::{Command, Output};

use common::auth::StaffRole;
use serde_json::json;

use crate::support::{
    Client, TestApp,
    app::{PASSWORD, totp_code},
    process::Process,
};

/// Runs the real program over the test's database.
async fn admin(app: &TestApp, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capecontrol"));
    command
        .arg("admin")
        .args(arguments)
        .env_clear()
        .env("SECRET_KEY", "0123456789abcdef0123456789abcdef")
        .env("CAPECONTROL_DATA", app.db.data_dir())
        .env("DATABASE_URL", app.db.url())
        .env("PUBLIC_URL", &app.base_url);
    actix_web::rt::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

async fn done(app: &TestApp, arguments: &[&str]) -> String {
    let output = admin(app, arguments).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn refused(app: &TestApp, arguments: &[&str]) -> String {
    let output = admin(app, arguments).await;
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

app_test!(a_colleague_is_made_listed_and_removed, |app| {
    assert!(done(app, &["list-staff"]).await.contains("nobody is staff"));
    // The program has the real time, and so its links are for a server that has it too.
    let server = Process::start(&app.db, app.payfast.base_url());
    let printed = done(
        app,
        &[
            "create-staff",
            "--email",
            "Sipho@staff.test",
            "--role",
            "billing",
            "--first-name",
            "Sipho",
        ],
    )
    .await;
    let link = format!("{}/reset-password?token=", app.base_url);
    let token = printed.split(&link).nth(1).unwrap().split_whitespace().next().unwrap();
    let client = Client::new(&server.base_url);
    let reset = json!({ "token": token, "password": PASSWORD });
    client.post("/auth/password/reset", reset.clone()).await.expect(200);
    assert_eq!(
        client.post("/auth/password/reset", reset).await.problem(),
        "422 token_invalid"
    );
    let signed_in = client.sign_in("sipho@staff.test", PASSWORD).await.expect(200).value();
    assert_eq!(signed_in["user"]["staff_role"], "billing");
    assert_eq!(signed_in["user"]["first_name"], "Sipho");
    assert_eq!(client.get("/itn").await.problem(), "403 mfa_enrolment_required");
    let secret = client.post("/auth/mfa/enrol", json!({})).await.expect(200).value()["secret"].clone();
    let code = totp_code(secret.as_str().unwrap(), chrono::Utc::now());
    client
        .post("/auth/mfa/confirm", json!({ "code": code }))
        .await
        .expect(200);
    client.get("/itn").await.expect(200);
    assert_eq!(
        done(app, &["list-staff"]).await.trim(),
        "Sipho@staff.test role=billing second_factor=on"
    );
    done(app, &["remove-staff", "--email", "sipho@staff.test"]).await;
    assert_eq!(client.get("/auth/me").await.problem(), "401 not_signed_in");
    assert!(
        refused(app, &["remove-staff", "--email", "sipho@staff.test"])
            .await
            .contains("nobody")
    );
    assert!(done(app, &["list-staff"]).await.contains("nobody is staff"));
});

app_test!(a_customer_becomes_staff_and_signs_in_anew, |app| {
    let customer = app.customer("nomsa@karoo.test").await;
    let link = done(
        app,
        &["create-staff", "--email", "nomsa@karoo.test", "--role", "support"],
    )
    .await;
    assert_eq!(customer.client.get("/auth/me").await.problem(), "401 not_signed_in");
    customer.client.refresh_csrf().await;
    let old = customer.client.sign_in(&customer.email, PASSWORD).await;
    assert_eq!(
        old.problem(),
        "401 invalid_credentials",
        "the link alone opens the door"
    );
    assert!(link.contains("/reset-password?token="), "{link}");
    let staff = done(app, &["list-staff"]).await;
    assert!(
        staff.contains("nomsa@karoo.test") && staff.contains("support"),
        "{staff}"
    );
    let log = lines(app).await;
    assert_eq!(log, ["operator staff.role_changed nomsa@karoo.test"]);
});

/// What operators did to people.
async fn lines(app: &TestApp) -> Vec<String> {
    use diesel::prelude::*;
    use server::db::schema::audit_entries::dsl as entry;

    let read = |conn: &mut server::db::Conn| {
        entry::audit_entries
            .filter(entry::actor_kind.eq("operator"))
            .filter(entry::account_id.is_null())
            .order((entry::at, entry::id))
            .select((entry::actor, entry::action, entry::subject))
            .load::<(String, String, String)>(conn)
    };
    let rows = app.app.db.read(read).await.unwrap();
    rows.into_iter()
        .map(|(actor, action, subject)| format!("{actor} {action} {subject}"))
        .collect()
}

app_test!(a_lost_second_factor_is_reset, |app| {
    let staff = app.staff(StaffRole::Admin).await;
    done(app, &["reset-second-factor", "--email", "admin@staff.test"]).await;
    assert_eq!(staff.get("/auth/me").await.problem(), "401 not_signed_in");
    staff.refresh_csrf().await;
    staff.sign_in("admin@staff.test", PASSWORD).await.expect(200);
    assert_eq!(staff.get("/itn").await.problem(), "403 mfa_enrolment_required");
    let again = refused(app, &["reset-second-factor", "--email", "admin@staff.test"]).await;
    assert!(again.contains("nobody"));
    app.run_jobs().await;
    assert!(app.mails_to("admin@staff.test")[0].contains("Two-step sign-in is off"));
});

app_test!(wrong_arguments_are_named, |app| {
    let email = refused(app, &["create-staff", "--email", "x", "--role", "admin"]).await;
    assert!(email.contains("--email"), "{email}");
    let role = refused(app, &["create-staff", "--email", "a@b.co", "--role", "king"]).await;
    assert!(role.contains("--role") && role.contains("billing"), "{role}");
    let name = refused(
        app,
        &[
            "create-staff",
            "--email",
            "a@b.co",
            "--role",
            "admin",
            "--last-name",
            " ",
        ],
    )
    .await;
    assert!(name.contains("--last-name"), "{name}");
    assert!(done(app, &["list-staff"]).await.contains("nobody is staff"));
});
