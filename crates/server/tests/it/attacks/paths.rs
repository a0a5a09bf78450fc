//! Paths that try to leave the client's folder, or to reach a route by another name.

use reqwest::Method;

use crate::support::{client::send, raw};

const UP: [&str; 18] = [
    "../",
    "./../",
    "x/../../",
    "..%2f",
    "..%2F",
    "%2e%2e/",
    "%2e%2e%2f",
    "%2E%2E%5C",
    "..%5c",
    "..\\",
    "..%252f",
    "%252e%252e/",
    "....//",
    "..;/",
    "%c0%ae%c0%ae/",
    "%c0%ae%c0%ae%c0%af",
    "%e0%80%ae%e0%80%ae/",
    "x/..%00/../",
];

/// Pieces of files that lie outside the client's folder, or of its sources.
const LOOT: [&str; 5] = ["data-trunk", "[package]", "root:x:", "[workspace]", "PATH="];

app_test!(no_spelling_of_a_path_leaves_the_client_s_folder, |app| {
    let mut paths: Vec<String> = vec![
        "//etc/passwd".into(),
        "/%2fetc%2fpasswd".into(),
        "/etc/passwd%00.html".into(),
    ];
    for up in UP {
        // The first two lie beside the folder of the client.
        for file in ["Cargo.toml", "index.html", "etc/passwd", "proc/self/environ"] {
            for times in [1, 2, 8] {
                paths.push(format!("/{}{file}", up.repeat(times)));
                paths.push(format!("/assets/{}{file}", up.repeat(times)));
            }
        }
    }
    for path in paths {
        let answer = raw::get(&app.base_url, path.as_bytes()).await;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        assert!(!LOOT.iter().any(|loot| body.contains(loot)), "{path}: {answer}");
        let has_ending = path.ends_with(".toml") || path.ends_with("index.html");
        if has_ending {
            assert!(matches!(raw::status(&answer), "404" | "400"), "{path}: {answer}");
        } else {
            // The client's own page, when it is built in, tells that it knows no such page.
            assert!(
                matches!(raw::status(&answer), "404" | "400" | "200" | "503"),
                "{path}: {answer}"
            );
        }
    }
    // Bytes that are no text at all, and a NUL as it is.
    for path in [
        &b"/\xff\xfe"[..],
        b"/a\0b",
        b"/%ff%fe.html",
        b"/%",
        b"/%2",
        b"/%zz.html",
    ] {
        let answer = raw::get(&app.base_url, path).await;
        assert!(
            matches!(raw::status(&answer), "404" | "400" | "200" | "503"),
            "{path:?}: {answer}"
        );
    }
    assert_eq!(
        send(app.client().at(Method::GET, "/.stamp")).await.problem(),
        "404 not_found"
    );
});

app_test!(no_spelling_of_a_route_gets_past_its_guard, |app| {
    for path in [
        "/api/v1/plans/../itn",
        "/api/v1/plans/%2e%2e/itn",
        "/api/v1/plans/..%2fitn",
        "/api/v1/./itn",
        "/api/v1//itn",
        "//api/v1/itn",
        "/api/v1/itn/",
        "/api/v1/itn%00",
        "/api/v1/itn;x=1",
        "/api/v1/itn%2f..",
        "/API/V1/ITN",
        "/api/v1/%69tn",
        "/%61pi/v1/itn",
        "/api\\v1\\itn",
        "/api/v1/itn#/api/v1/plans",
        "/api/v1/itn?/api/v1/plans",
        "http://x/api/v1/itn",
    ] {
        let answer = raw::get(&app.base_url, path.as_bytes()).await;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        assert!(!body.contains("\"items\""), "{path}: {answer}");
        if raw::status(&answer) == "200" {
            assert!(
                answer.to_lowercase().contains("content-type: text/html"),
                "{path}: {answer}"
            );
        }
    }
    for (path, status) in [
        ("/api/v1/%69tn", "401"),
        ("/%61pi/v1/itn", "401"),
        ("/api/v1/itn", "401"),
    ] {
        let answer = raw::get(&app.base_url, path.as_bytes()).await;
        assert_eq!(raw::status(&answer), status, "{path}: {answer}");
        assert!(
            answer.to_lowercase().contains("cache-control: no-store"),
            "{path}: {answer}"
        );
    }
});
