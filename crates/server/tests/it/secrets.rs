//! Secrets stay where they are: no log line, no `Debug` and no row holds one longer than needed.

use std::{
    io,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use common::validate::Email;
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use payfast_sandbox::ApiFault;
use serde_json::json;
use server::{
    auth::service::{OperatorUser, upsert_user},
    config::Config,
    db::QueryResult,
    worker,
};
use tracing_subscriber::EnvFilter;

use crate::support::{
    TestApp,
    app::{PASSWORD, totp_code},
    db::TestDb,
};

const SECRETS: [(&str, &str); 7] = [
    (
        "SECRET_KEY",
        "8c1fd0a3b97e2465fa60d18e3c75b92fe4a7081d6bc35f9207de8a41c6b3f590",
    ),
    ("DATABASE_URL", "postgres://shop:dbpass-t6Wq@127.0.0.1/shop"),
    ("PAYFAST_MERCHANT_ID", "10024000"),
    ("PAYFAST_MERCHANT_KEY", "mkey-q9x2k7"),
    ("PAYFAST_PASSPHRASE", "phrase-p4t8v1"),
    ("SMTP_URL", "smtps://shop:mailpass-w3z5@mail.example.co.za:465"),
    ("REDIS_URL", "redis://shop:redispass-n2b6@127.0.0.1:6379"),
];

#[test]
fn settings_do_not_show_their_secrets() {
    let get = |name: &str| {
        let all = SECRETS
            .iter()
            .chain(&[("PUBLIC_URL", "https://pay.example.co.za"), ("PAYFAST_MODE", "live")]);
        all.clone()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    let config = Config::read(&get).unwrap_or_else(|errors| panic!("{errors}"));
    for shown in [format!("{config:?}"), format!("{config:#?}")] {
        assert!(shown.contains("pay.example.co.za"), "{shown}");
        for secret in ["8c1fd0", "dbpass", "mkey", "phrase-p4", "mailpass", "redispass"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
}

#[test]
fn secrets_of_a_demo_do_not_go_public() {
    let refusal = |changed: &[(&str, &str)]| {
        let public = [("PUBLIC_URL", "https://pay.example.co.za"), ("PAYFAST_MODE", "live")];
        let get = |name: &str| {
            let all = || changed.iter().chain(&public).chain(&SECRETS);
            let found = all()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned());
            found.filter(|value| !value.is_empty())
        };
        Config::read(&get)
            .err()
            .map(|errors| errors.to_string())
            .unwrap_or_default()
    };
    assert_eq!(refusal(&[]), "");
    for (name, value) in [
        ("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ("SECRET_KEY", "changeme-changeme-changeme-changeme"),
        ("SECRET_KEY", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("SECRET_KEY", "8c1fd0a3b97e2465fa60d18e3c75b92"),
        ("SECRET_KEY", ""),
        ("DATABASE_URL", "postgres://postgres:postgres@db/shop"),
        ("DATABASE_URL", "postgres://shop:shop@db/shop"),
        ("PAYFAST_MERCHANT_ID", "10000100"),
        ("PAYFAST_MERCHANT_KEY", "46f0cd694581a"),
        ("PAYFAST_PASSPHRASE", "jt7NOE43FZPn"),
        ("PAYFAST_PASSPHRASE", ""),
    ] {
        let told = refusal(&[(name, value)]);
        assert_eq!(told.lines().count(), 1, "{name}={value}: {told}");
        assert!(told.starts_with(&format!("{name}: ")), "{name}={value}: {told}");
        assert!(value.is_empty() || !told.contains(value), "{told}");
    }
    // On this machine, or without https, nobody is kept from trying.
    assert_eq!(
        refusal(&[
            ("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
            ("PUBLIC_URL", "http://127.0.0.1:8080")
        ]),
        ""
    );
}

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Signs up, confirms, signs in with a second factor and out, wrongly and rightly, saves a card and removes it, with
/// every line of the log kept.
async fn a_log_holds_no_secret(db: TestDb) {
    let log = Log::default();
    let writer = log.clone();
    // The client of this test runs in the same process, and its own lines are not the server's.
    let filter =
        EnvFilter::new("trace,hyper=off,hyper_util=off,reqwest=off,cookie_store=off,lettre=off,mio=off,polling=off");
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || writer.clone());
    // Under `cargo test` others of this binary may run beside it, and are heard too.
    subscriber.try_init().unwrap();

    let app = TestApp::start(db).await;
    let client = app.client();
    let registration = json!({ "email": "owner@karoo.test", "password": PASSWORD, "first_name": "a",
        "last_name": "b", "terms_accepted": true });
    client.post("/auth/register", registration).await.expect(202);
    app.run_jobs().await;
    let mail = app.mails_to("owner@karoo.test").remove(0);
    let token = mail
        .split("token=")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    client
        .post("/auth/verify-email", json!({ "token": format!("{token}0") }))
        .await
        .expect(422);
    client
        .post("/auth/verify-email", json!({ "token": token }))
        .await
        .expect(200);
    client.get(&format!("/nowhere?token={token}")).await.expect(404);
    client
        .sign_in("owner@karoo.test", "a-wrong-password-7")
        .await
        .expect(401);
    let signed_in = client.sign_in("owner@karoo.test", PASSWORD).await.expect(200);
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    let session = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    let csrf = client.refresh_csrf().await;
    client.post("/auth/logout", json!({})).await.expect(200);
    client.refresh_csrf().await;
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let staff = OperatorUser {
        email: Email::parse("email", "staff@staff.test").unwrap(),
        password: PASSWORD.to_owned(),
        first_name: "a".to_owned(),
        last_name: "b".to_owned(),
        staff_role: None,
        totp_secret: Some(secret.to_owned()),
    };
    upsert_user(&app.app, staff).await.unwrap();
    let code = totp_code(secret, app.app.clock.now());
    let credentials = json!({ "email": "staff@staff.test", "password": PASSWORD, "totp": code });
    client.post("/auth/login", credentials).await.expect(200);
    let malformed = format!(r#"{{"email":"staff@staff.test","password":"{PASSWORD}","totp":7}}"#);
    let broken = client.unsafe_request(reqwest::Method::POST, "/auth/login").await;
    let broken = broken.header("Content-Type", "application/json").body(malformed);
    crate::support::client::send(broken).await;
    let customer = app.customer("cards@karoo.test").await;
    let card = customer.save_card(&app).await;
    let card_token = app.payfast.agreements()[0].token.to_string();
    let path = format!("/payment-methods/{}", card.id);
    customer
        .client
        .post(&format!("{path}/card-update"), json!({}))
        .await
        .expect(200);
    app.payfast.api_fault(ApiFault::ConnectionClosed);
    customer.client.delete(&path).await.expect(200);
    app.run_jobs().await;
    app.advance(TimeDelta::hours(1));
    app.stop().await;

    let text = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(text.contains("Answered POST /api/v1/auth/login with 200"), "{text}");
    let secrets = [
        PASSWORD,
        "a-wrong-password-7",
        &token,
        &session,
        &csrf,
        &card_token,
        secret,
        "0123456789abcdef0123456789abcdef",
    ];
    for line in text.lines() {
        let found = secrets.iter().find(|secret| line.contains(**secret));
        assert!(found.is_none(), "{found:?} stands in: {line}");
    }
    // Six digits may stand in a time by chance, but not as a value of their own.
    assert!(!text.contains(&format!("\"{code}\"")) && !text.contains(&format!("={code} ")));
}

#[actix_web::test]
async fn a_log_holds_no_secret_sqlite() {
    a_log_holds_no_secret(TestDb::sqlite().await).await;
}

#[derive(QueryableByName)]
struct Payload {
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Text)]
    payload: String,
}

/// Nobody listens there, so every mail fails.
const NO_MAIL_SERVER: [(&str, &str); 1] = [("SMTP_URL", "smtp://127.0.0.1:9")];

async fn dead_mails_lose_their_links(db: TestDb) {
    let app = TestApp::start_with(db, &NO_MAIL_SERVER).await;
    let registration = json!({ "email": "owner@karoo.test", "password": PASSWORD, "first_name": "a",
        "last_name": "b", "terms_accepted": true });
    app.client().post("/auth/register", registration).await.expect(202);
    let job = async || {
        let load =
            |conn: &mut _| -> QueryResult<Vec<Payload>> { sql_query("select status, payload from jobs").load(conn) };
        app.app.db.read(load).await.unwrap().remove(0)
    };
    for _ in 0..12 {
        assert_eq!(job().await.status, "queued");
        app.run_jobs().await;
        app.advance(TimeDelta::hours(6));
    }
    assert_eq!(job().await.status, "dead");
    worker::keep_house(&app.app).await.unwrap();
    assert!(
        job().await.payload.contains("token="),
        "an operator has some days to look at it"
    );
    app.advance(TimeDelta::days(3));
    worker::keep_house(&app.app).await.unwrap();
    assert_eq!(job().await.payload, "");
    assert_eq!(job().await.status, "dead");
}

#[actix_web::test]
async fn dead_mails_lose_their_links_sqlite() {
    dead_mails_lose_their_links(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn dead_mails_lose_their_links_postgres() {
    dead_mails_lose_their_links(TestDb::postgres().await).await;
}
