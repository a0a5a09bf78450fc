//! Requests in somebody else's name: from another site, with another session, behind another host's name.

use common::auth::StaffRole;
use reqwest::{Method, header};
use serde_json::{Value, json};
use server::auth::service::{OperatorUser, upsert_user};

use super::{raw_post, registration, session};
use crate::support::{
    Client, TestApp,
    app::{PASSWORD, totp_code},
    client::send,
    raw,
};

app_test!(
    another_origin_changes_nothing,
    with[("TRUSTED_PROXIES", "127.0.0.1")],
    |app| {
        let owner = app.customer("owner@karoo.test").await;
        let path = format!("/accounts/{}", owner.account_id);
        let port = app.base_url.rsplit(':').next().unwrap();
        let foreign = [
            "https://evil.example".to_owned(),
            "null".to_owned(),
            String::new(),
            format!("http://evil.127.0.0.1:{port}"),
            format!("http://127.0.0.1.evil.example:{port}"),
            format!("http://localhost:{port}"),
            format!("https://127.0.0.1:{port}"),
            "http://127.0.0.1".to_owned(),
            format!("http://127.0.0.1:{port}/"),
            format!("http://127.0.0.1:{port}@evil.example"),
            format!("HTTP://127.0.0.1:{port}"),
        ];
        let change = json!({ "company_name": "Mine now" });
        for origin in &foreign {
            let request = owner.client.unsafe_request(Method::PATCH, &path).await;
            let reply = send(request.header("Origin", origin).json(&change)).await;
            assert_eq!(reply.problem(), "403 csrf", "{origin:?}");
        }
        let request = owner.client.unsafe_request(Method::PATCH, &path).await;
        let reply = send(request.header("Sec-Fetch-Site", "cross-site").json(&change)).await;
        assert_eq!(reply.problem(), "403 csrf");
        // What a proxy is told must not make another site ours.
        for (name, value) in [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example")] {
            let request = owner.client.unsafe_request(Method::PATCH, &path).await;
            let request = request.header("Origin", "https://evil.example").header(name, value);
            assert_eq!(send(request.json(&change)).await.problem(), "403 csrf", "{name}");
        }
        // A form of another site cannot send JSON.
        let form = owner.client.unsafe_request(Method::PATCH, &path).await;
        let form = form.header("Content-Type", "text/plain").body(change.to_string());
        assert_eq!(send(form).await.problem(), "415 unsupported_media_type");
        let account = owner.client.get(&path).await.expect(200).value();
        assert_eq!(account["company_name"], "Karoo Kiln Studio");
        let own = owner.client.unsafe_request(Method::PATCH, &path).await;
        send(own.header("Origin", &app.base_url).json(&change))
            .await
            .expect(200);
    }
);

app_test!(a_token_belongs_to_one_session, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let path = format!("/accounts/{}", owner.account_id);
    let before = app.client();
    let anonymous = before.refresh_csrf().await;
    before.sign_in(&owner.email, PASSWORD).await.expect(200);
    let other = app.customer("other@karoo.test").await.client.refresh_csrf().await;
    for token in [None, Some(""), Some(anonymous.as_str()), Some(other.as_str())] {
        let mut request = before.raw(Method::PATCH, &path);
        if let Some(token) = token {
            request = request.header("X-CSRF-Token", token);
        }
        let reply = send(request.json(&json!({ "company_name": "Mine now" }))).await;
        assert_eq!(reply.problem(), "403 csrf", "{token:?}");
    }
    // A token in the address or the body is none.
    let token = before.refresh_csrf().await;
    let request = before.raw(Method::PATCH, &format!("{path}?csrf_token={token}"));
    let reply = send(request.json(&json!({ "company_name": "Mine now", "csrf_token": token }))).await;
    assert_eq!(reply.problem(), "403 csrf");
});

/// The parts of a `Set-Cookie` after its value, sorted.
fn flags(cookie: &str) -> Vec<String> {
    let mut flags: Vec<String> = cookie.split("; ").skip(1).map(str::to_owned).collect();
    flags.sort();
    flags
}

async fn set_cookies(app: &TestApp) -> Vec<String> {
    let owner_mail = "owner@karoo.test";
    let (cookie, token) = session(app).await;
    let anonymous = app.client().get("/auth/csrf").await;
    let sign_in = app.client().raw(Method::POST, "/auth/login");
    let sign_in = sign_in.header("Cookie", cookie).header("X-CSRF-Token", token);
    let signed_in = send(sign_in.json(&json!({ "email": owner_mail, "password": PASSWORD }))).await;
    let own = |reply: &crate::support::Reply| reply.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    let pair = own(&signed_in.expect(200)).split(';').next().unwrap().to_owned();
    let csrf = send(app.client().raw(Method::GET, "/auth/csrf").header("Cookie", &pair)).await;
    let token = csrf.expect(200).value()["csrf_token"].as_str().unwrap().to_owned();
    let sign_out = app.client().raw(Method::POST, "/auth/logout").header("Cookie", &pair);
    let signed_out = send(sign_out.header("X-CSRF-Token", token).json(&json!({}))).await;
    vec![
        own(&anonymous),
        format!("{pair}; {}", flags_of_sign_in(app).await),
        own(&signed_out.expect(200)),
    ]
}

async fn flags_of_sign_in(app: &TestApp) -> String {
    let (cookie, token) = session(app).await;
    let sign_in = app.client().raw(Method::POST, "/auth/login");
    let sign_in = sign_in.header("Cookie", cookie).header("X-CSRF-Token", token);
    let reply = send(sign_in.json(&json!({ "email": "owner@karoo.test", "password": PASSWORD }))).await;
    let cookie = reply.expect(200).headers[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .to_owned();
    cookie.split_once("; ").unwrap().1.to_owned()
}

async fn owner(app: &TestApp) {
    upsert_user(&app.app, person("owner@karoo.test", None)).await.unwrap();
}

app_test!(cookies_over_http_are_for_this_site_s_pages_only, |app| {
    owner(app).await;
    for cookie in set_cookies(app).await {
        assert!(cookie.starts_with("capecontrol_session="), "{cookie}");
        let flags: Vec<_> = flags(&cookie)
            .into_iter()
            .filter(|flag| !flag.starts_with("Max-Age"))
            .collect();
        assert_eq!(flags, ["HttpOnly", "Path=/", "SameSite=Lax"], "{cookie}");
    }
});

const HTTPS: [(&str, &str); 2] = [
    ("PUBLIC_URL", "https://127.0.0.1:8443"),
    (
        "SECRET_KEY",
        "8c1fd0a3b97e2465fa60d18e3c75b92fe4a7081d6bc35f9207de8a41c6b3f590",
    ),
];

app_test!(cookies_over_https_cannot_be_planted, with HTTPS, |app| {
    owner(app).await;
    for cookie in set_cookies(app).await {
        assert!(cookie.starts_with("__Host-capecontrol_session="), "{cookie}");
        let flags: Vec<_> = flags(&cookie).into_iter().filter(|flag| !flag.starts_with("Max-Age")).collect();
        assert_eq!(flags, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"], "{cookie}");
    }
    // A sub-domain could set the name without the prefix; it counts for nothing.
    let (pair, _) = session(app).await;
    let planted = pair.replace("__Host-", "");
    let reply = send(app.client().raw(Method::GET, "/auth/csrf").header("Cookie", planted)).await;
    assert!(reply.headers.contains_key(header::SET_COOKIE), "a planted cookie was taken");
    let again = send(app.client().raw(Method::GET, "/auth/csrf").header("Cookie", pair)).await;
    assert!(!again.headers.contains_key(header::SET_COOKIE));
});

app_test!(a_session_that_was_planted_is_worth_nothing_after_the_sign_in, |app| {
    owner(app).await;
    let (planted, token) = session(app).await;
    let credentials = json!({ "email": "owner@karoo.test", "password": PASSWORD });
    let sign_in = app.client().raw(Method::POST, "/auth/login").header("Cookie", &planted);
    let reply = send(sign_in.header("X-CSRF-Token", &token).json(&credentials))
        .await
        .expect(200);
    let own = reply.headers[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_ne!(own, planted);
    let me = |cookie: String| send(app.client().raw(Method::GET, "/auth/me").header("Cookie", cookie));
    assert_eq!(me(planted.clone()).await.problem(), "401 not_signed_in");
    me(own.clone()).await.expect(200);
    // Nor is the old session of somebody who signs in again.
    let csrf = send(app.client().raw(Method::GET, "/auth/csrf").header("Cookie", &own)).await;
    let token = csrf.value()["csrf_token"].as_str().unwrap().to_owned();
    let again = app.client().raw(Method::POST, "/auth/login").header("Cookie", &own);
    send(again.header("X-CSRF-Token", token).json(&credentials))
        .await
        .expect(200);
    assert_eq!(me(own).await.problem(), "401 not_signed_in");
});

app_test!(
    links_in_mails_lead_to_us_whatever_the_request_says,
    with[("TRUSTED_PROXIES", "127.0.0.1")],
    |app| {
        let body = registration("victim@karoo.test").to_string();
        let extra = "Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: gopher\r\n\
                 Forwarded: host=evil.example\r\nX-Original-Host: evil.example\r\nX-Forwarded-For: 198.51.100.1\r\n";
        let request = raw_post(app, "/auth/register", extra, body.as_bytes()).await;
        let answer = raw::ask(&app.base_url, request).await;
        assert_eq!(raw::status(&answer), "202", "{answer}");
        assert!(!answer.contains("evil.example"));
        app.run_jobs().await;
        let mail = app.mails_to("victim@karoo.test").remove(0);
        assert!(
            mail.contains(&format!("{}/verify-email?token=", app.base_url)),
            "{mail}"
        );
        assert!(!mail.contains("evil.example"), "{mail}");
    }
);

app_test!(a_code_and_a_link_are_used_up_for_everybody, |app| {
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    upsert_user(&app.app, person("staff@staff.test", Some(secret)))
        .await
        .unwrap();
    let code = totp_code(secret, app.app.clock.now());
    let credentials = json!({ "email": "staff@staff.test", "password": PASSWORD, "totp": code });
    let post = async |client: &Client, path: &str, body: Value| client.post(path, body).await;
    // Two at once with one code: one session.
    let (first, second) = (app.client(), app.client());
    let (one, two) = tokio::join!(
        post(&first, "/auth/login", credentials.clone()),
        post(&second, "/auth/login", credentials.clone())
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    app.client().post("/auth/login", credentials).await.expect(401);
    app.client()
        .post("/auth/register", registration("new@karoo.test"))
        .await
        .expect(202);
    app.run_jobs().await;
    let mail = app.mails_to("new@karoo.test").remove(0);
    let token = mail
        .split("token=")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    let body = json!({ "token": token });
    let (one, two) = tokio::join!(
        post(&first, "/auth/verify-email", body.clone()),
        post(&second, "/auth/verify-email", body.clone())
    );
    let worked = [one, two].iter().filter(|reply| reply.status == 200).count();
    assert!(worked <= 1);
    let again = app.client().post("/auth/verify-email", body).await;
    assert_eq!(again.problem(), "422 token_invalid");
});

fn person(email: &str, totp_secret: Option<&str>) -> OperatorUser {
    OperatorUser {
        email: common::validate::Email::parse("email", email).unwrap(),
        password: PASSWORD.to_owned(),
        first_name: "Sipho".to_owned(),
        last_name: "Adams".to_owned(),
        staff_role: totp_secret.map(|_| StaffRole::Admin),
        totp_secret: totp_secret.map(str::to_owned),
    }
}
