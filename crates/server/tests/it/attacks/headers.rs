//! What every answer tells the browser, whoever made it: pages, files, the API, refusals.

use reqwest::Method;

use crate::support::{TestApp, client::send};

const HTTPS: [(&str, &str); 2] = [
    ("PUBLIC_URL", "https://127.0.0.1:8443"),
    (
        "SECRET_KEY",
        "8c1fd0a3b97e2465fa60d18e3c75b92fe4a7081d6bc35f9207de8a41c6b3f590",
    ),
];

/// Each kind of answer: the page (or 503 when it is not built in), a file, the API, and refusals of all sorts.
const ASKED: [(Method, &str); 9] = [
    (Method::GET, "/"),
    (Method::GET, "/payments/1/return"),
    (Method::GET, "/nothing.js"),
    (Method::GET, "/health/live"),
    (Method::GET, "/api/v1/plans"),
    (Method::GET, "/api/v1/nowhere"),
    (Method::GET, "/api/v1/itn"),
    (Method::POST, "/api/v1/auth/login"),
    (Method::PUT, "/api/v1/plans"),
];

async fn answers(app: &TestApp) -> Vec<(String, reqwest::header::HeaderMap)> {
    let mut answers = Vec::new();
    for (method, path) in ASKED {
        let request = app
            .client()
            .at(method.clone(), path)
            .header("Origin", "https://evil.example");
        answers.push((format!("{method} {path}"), send(request).await.headers));
    }
    answers
}

app_test!(every_answer_tells_the_browser_what_this_site_never_does, |app| {
    for (asked, headers) in answers(app).await {
        let header = |name: &str| {
            let value = headers.get(name).unwrap_or_else(|| panic!("{asked}: no {name}"));
            value.to_str().unwrap().to_owned()
        };
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "strict-origin");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        for feature in ["camera=()", "geolocation=()", "microphone=()", "payment=()", "usb=()"] {
            assert!(header("permissions-policy").contains(feature), "{asked}");
        }
        assert!(
            !headers.contains_key("strict-transport-security"),
            "{asked}: HSTS without https"
        );
        assert!(
            !headers.contains_key("server") && !headers.contains_key("x-powered-by"),
            "{asked}"
        );
        for name in headers.keys() {
            assert!(!name.as_str().starts_with("access-control-"), "{asked}: {name}");
        }
        let policy = header("content-security-policy");
        let directives: Vec<&str> = policy.split("; ").collect();
        for directive in [
            "default-src 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "style-src 'self'",
            "connect-src 'self'",
        ] {
            assert!(directives.contains(&directive), "{asked}: {policy}");
        }
        let form_action = format!("form-action 'self' {}", app.app.config.payfast.process_base);
        assert!(directives.contains(&form_action.as_str()), "{asked}: {policy}");
        let scripts = directives
            .iter()
            .find(|directive| directive.starts_with("script-src "))
            .unwrap();
        for source in scripts.split(' ').skip(1) {
            let is_known = matches!(source, "'self'" | "'wasm-unsafe-eval'") || source.starts_with("'sha256-");
            assert!(is_known, "{asked}: {scripts}");
        }
        for word in ["unsafe-inline", "'unsafe-eval'", "*", "http:;", "https:;", "data:;"] {
            assert!(
                !policy.replace("img-src 'self' data:;", "").contains(word),
                "{asked}: {policy}"
            );
        }
        if asked.contains("/api/") {
            assert_eq!(header("cache-control"), "no-store", "{asked}");
        }
    }
});

app_test!(over_https_browsers_are_told_to_stay_there, with HTTPS, |app| {
    for (asked, headers) in answers(app).await {
        let hsts = headers.get("strict-transport-security").map(|value| value.to_str().unwrap());
        assert_eq!(hsts, Some("max-age=31536000; includeSubDomains"), "{asked}");
    }
});

app_test!(
    no_other_site_may_read_an_answer,
    with[("DEV_ORIGIN", "http://127.0.0.1:8081")],
    |app| {
        let owner = app.customer("owner@karoo.test").await;
        for origin in ["https://evil.example", "null", "http://127.0.0.1:8081", &app.base_url] {
            for method in [Method::GET, Method::OPTIONS] {
                let request = owner.client.raw(method.clone(), "/auth/me").header("Origin", origin);
                let request = request
                    .header("Access-Control-Request-Method", "PATCH")
                    .header("Access-Control-Request-Headers", "x-csrf-token");
                let reply = send(request).await;
                for name in reply.headers.keys() {
                    assert!(
                        !name.as_str().starts_with("access-control-"),
                        "{method} {origin}: {name}"
                    );
                }
                if method == Method::OPTIONS {
                    assert_eq!(reply.problem(), "405 method_not_allowed", "{origin}");
                }
            }
        }
    }
);
