//! Planted secrets, put together at run time so that the scan does not find its own tests.

use super::*;

const BODY: &str = "q7Zt2LmWc9Xr4VnB8sKd1FhJ6gPy3AeUq7Zt2LmWc9Xr4VnB";

fn joined(parts: &[&str]) -> String {
    parts.concat()
}

fn planted() -> Vec<(String, &'static str)> {
    let upper = "7QZ3KXW9LM2PR5TB";
    let jwt = format!("{}J{BODY}.{BODY}.{BODY}", "ey");
    vec![
        (joined(&["-----BEGIN ", "RSA PRIVATE", " KEY-----"]), "private key"),
        (joined(&["-----BEGIN ", "PRIVATE", " KEY-----"]), "private key"),
        (joined(&["id = \"AK", "IA", upper, "\""]), "AWS access key"),
        (joined(&["gh", "p_", &BODY[..36]]), "GitHub token"),
        (joined(&["github", "_pat_", BODY]), "GitHub token"),
        (joined(&["AI", "za", &BODY[..35]]), "Google API key"),
        (joined(&["xo", "xb-", BODY]), "Slack token"),
        (joined(&["sk", "_live_", &BODY[..24]]), "Stripe key"),
        (joined(&["fi", "gd_", BODY]), "Figma token"),
        (joined(&["np", "m_", &BODY[..36]]), "npm token"),
        (joined(&["HRK", "U-", BODY]), "Heroku token"),
        (jwt, "JSON web token"),
        (
            joined(&["HEROKU", "_API_KEY=", "0f3b6a51-9d27-4c8e-b1f0-7a2d4e9c6b85"]),
            "Heroku API key",
        ),
        (
            joined(&["postgres://shop:", "t6Wqkd0vPz", "@db.example.com/shop"]),
            "password in a URL",
        ),
    ]
}

fn named() -> Vec<String> {
    let value = &BODY[..24];
    vec![
        format!("pass{}= \"{value}\"", "word "),
        format!("SEC{}={value}", "RET_KEY"),
        format!("  \"tok{}: '{value}',", "en\""),
        format!("api{}: {value}", "_key"),
        format!("let pass{}: &str = \"{value}\";", "phrase").replace(": &str", ""),
    ]
}

fn nobody() -> Allowed {
    Allowed(Vec::new())
}

#[test]
fn each_planted_secret_is_found_by_its_rule() {
    for (line, rule) in planted() {
        assert_eq!(rules::judge(&line, false), Some(rule));
    }
    for line in named() {
        let expected = Some("value of high entropy under the name of a secret");
        assert_eq!(rules::judge(&line, false), expected, "{line}");
        assert_eq!(rules::judge(&line, true), None);
    }
}

#[test]
fn keys_of_services_are_found_in_tests_too() {
    let text = format!("#[cfg(test)]\nmod tests {{\n{}\n}}", planted()[2].0);
    let found = in_file("crates/x/src/lib.rs", &text, &nobody());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place, "crates/x/src/lib.rs:3");
    let named = format!("#[cfg(test)]\nmod tests {{\n{}\n}}", named()[0]);
    assert_eq!(in_file("crates/x/src/lib.rs", &named, &nobody()), []);
    assert_eq!(in_file("crates/x/tests/it/y.rs", &named, &nobody()), []);
}

#[test]
fn honest_lines_are_left_alone() {
    for line in [
        "password: String,",
        "let token = random_token();",
        "token_hash: hash_token(&token),",
        r#"| `SECRET_KEY` | none: needed | at least 32 characters |"#,
        r#".arg("--password=correct horse battery staple")"#,
        "postgres://user:password@host/name",
        "smtps://user:password@host:465",
        "format!(\"postgres://{user}:{password}@{host}\")",
        "-----BEGIN CERTIFICATE-----",
        "secret = settings.get(\"DEMO_STAFF_TOTP_SECRET\")",
        "eyJust a word",
        "let csrf_token = request.headers().get(CSRF_TOKEN_HEADER_NAME);",
    ] {
        assert_eq!(rules::judge(line, false), None, "{line}");
    }
}

#[test]
fn what_is_allowed_needs_a_reason_and_holds_for_its_file() {
    let line = named().remove(0);
    let allowed = Allowed::parse(&format!("docs/ | {} | an example\n# a comment\n", &BODY[..24])).unwrap();
    assert_eq!(in_file("docs/API.md", &line, &allowed), []);
    assert_eq!(in_file("crates/x/src/lib.rs", &line, &allowed).len(), 1);
    assert!(Allowed::parse("docs/ | x").is_err());
    assert!(Allowed::parse("docs/ | x | ").is_err());
}

#[test]
fn history_names_the_commit_and_the_file() {
    let secret = planted()[3].0.clone();
    let log = format!(
        "commit 1a2b3c4\ndiff --git a/x b/x\n--- a/x\n+++ b/x.env\n@@ -0,0 +1 @@\n+{secret}\ncommit 5d6e7f8\n+++ b/y\n-{secret}\n"
    );
    let found = in_history(&log, &nobody());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place, "1a2b3c4 x.env");
    let told = report(found).unwrap_err().to_string();
    assert!(told.contains("1a2b3c4 x.env: GitHub token") && !told.contains(&secret));
}
