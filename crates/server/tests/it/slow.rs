//! Clients that send too slowly or too much are cut, and told why where that is possible.

use std::{io::Write, time::Instant};

use crate::support::raw;

const QUICK: [(&str, &str); 1] = [("CLIENT_TIMEOUT_SECONDS", "1")];

/// Sends `head` at once and then one byte each 200 ms; gives the answer and how long it took.
async fn dribble(base_url: &str, head: String) -> (String, f64) {
    let base_url = base_url.to_owned();
    let work = move || {
        let started = Instant::now();
        let mut stream = raw::connect(&base_url);
        stream.write_all(head.as_bytes()).unwrap();
        let mut writer = stream.try_clone().unwrap();
        let dribbling = std::thread::spawn(move || {
            for _ in 0..75 {
                if writer.write_all(b"x").is_err() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
        });
        let answer = raw::read_to_end(&mut stream);
        let took = started.elapsed().as_secs_f64();
        let _ = stream.shutdown(std::net::Shutdown::Both);
        dribbling.join().unwrap();
        (answer, took)
    };
    actix_web::rt::task::spawn_blocking(work).await.unwrap()
}

app_test!(a_head_that_dribbles_is_cut, with QUICK, |app| {
    let (answer, took) = dribble(&app.base_url, "GET /api/v1/site HTTP/1.1\r\nX-Slow: ".to_owned()).await;
    assert!(matches!(raw::status(&answer), "408" | ""), "{answer}");
    assert!(took < 8.0, "{took}");
});

app_test!(a_body_that_dribbles_is_cut, with QUICK, |app| {
    for (path, kind) in [
        ("/api/v1/payments/payfast/itn", "application/x-www-form-urlencoded"),
        ("/api/v1/auth/login", "application/json"),
    ] {
        let (cookie, token) = crate::attacks::session(app).await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 200\r\n\
             Cookie: {cookie}\r\nX-CSRF-Token: {token}\r\n\r\n"
        );
        let (answer, took) = dribble(&app.base_url, head).await;
        assert_eq!(raw::status(&answer), "408", "{answer}");
        assert!(answer.contains(r#""code":"request_timeout""#), "{answer}");
        assert!((0.9..8.0).contains(&took), "{took}");
    }
});

app_test!(a_head_that_is_too_large_is_refused, |app| {
    let large = format!(
        "GET /api/v1/site HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n",
        "x".repeat(17_000)
    );
    let answer = raw::ask(&app.base_url, large).await;
    assert_eq!(raw::status(&answer), "431", "{answer}");
    assert!(answer.contains(r#""code":"headers_too_large""#), "{answer}");
    let fits = format!(
        "GET /api/v1/site HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Large: {}\r\n\r\n",
        "x".repeat(15_000)
    );
    assert_eq!(raw::status(&raw::ask(&app.base_url, fits).await), "200");
    let many: String = (0..120).map(|number| format!("X-{number}: y\r\n")).collect();
    let answer = raw::ask(
        &app.base_url,
        format!("GET /api/v1/site HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
    )
    .await;
    assert!(matches!(raw::status(&answer), "400" | "431" | ""), "{answer}");
});
