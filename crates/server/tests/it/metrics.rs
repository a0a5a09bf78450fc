//! Metrics: absent unless asked for, behind a token or on an address of their own.

use std::net::TcpListener;

use actix_web::web::Data;
use reqwest::Method;
use server::{
    app::{self, App},
    books::verify,
};

use crate::support::{Reply, TestApp, app::config, client::send, db::TestDb};

const TOKEN: &str = "a-token-of-the-metrics";

async fn scrape(base_url: &str, token: Option<&str>) -> Reply {
    let mut request = reqwest::Client::new().request(Method::GET, format!("{base_url}/metrics"));
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    send(request).await
}

app_test!(without_settings_there_are_no_metrics, |app| {
    assert_eq!(scrape(&app.base_url, None).await.problem(), "404 not_found");
    assert_eq!(scrape(&app.base_url, Some("")).await.problem(), "404 not_found");
});

app_test!(a_token_opens_the_metrics, with[("METRICS_TOKEN", TOKEN)], |app| {
    for wrong in [None, Some(""), Some("a-token-of-the-metricz")] {
        assert_eq!(
            scrape(&app.base_url, wrong).await.problem(),
            "401 not_signed_in",
            "{wrong:?}"
        );
    }
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    app.pay(&checkout, payfast_sandbox::Fault::None).await;
    let waiting = scrape(&app.base_url, Some(TOKEN)).await.expect(200).body;
    assert!(
        waiting.contains("capecontrol_notifications{state=\"waiting\"} 1\n"),
        "{waiting}"
    );
    assert!(!waiting.contains("invariant="), "{waiting}");
    app.run_jobs().await;
    verify::verify(&app.app).await.unwrap();
    let reply = scrape(&app.base_url, Some(TOKEN)).await.expect(200);
    assert!(
        reply.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    let at = app.app.clock.now().timestamp();
    for line in [
        "capecontrol_books_invariant_holds{invariant=\"I1\"} 1",
        "capecontrol_books_invariant_holds{invariant=\"chain\"} 1",
        &format!("capecontrol_books_checked_timestamp_seconds{{invariant=\"I10\"}} {at}"),
        "capecontrol_ledger_transactions 2",
        "capecontrol_notifications{state=\"waiting\"} 0",
        "capecontrol_notifications{state=\"held\"} 0",
        "capecontrol_jobs{state=\"waiting\"} 0",
        "capecontrol_jobs{state=\"dead\"} 0",
        "capecontrol_open_sockets 0",
        "capecontrol_http_requests_total{method=\"POST\",route=\"/api/v1/checkout\",status=\"201\"} 1",
        "capecontrol_http_requests_total{method=\"GET\",route=\"/metrics\",status=\"401\"} 3",
    ] {
        assert!(
            reply.body.lines().any(|found| found == line),
            "{line} in {}",
            reply.body
        );
    }
    // Ids and addresses stay out of the labels.
    assert!(!reply.body.contains(checkout.payment_id.as_str()));
});

async fn on_an_address_of_their_own(db: TestDb) {
    let settings = [("METRICS_BIND", "127.0.0.1:0"), ("METRICS_TOKEN", TOKEN)];
    let app = TestApp::start_with(db, &settings).await;
    assert_eq!(scrape(&app.base_url, Some(TOKEN)).await.problem(), "404 not_found");
    for (settings, token) in [(&settings[..], Some(TOKEN)), (&settings[..1], None)] {
        let config = config(&app.db, &app.base_url, app.payfast.base_url(), settings);
        let node = Data::new(App::build(config, app.app.clock.clone()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        actix_web::rt::spawn(app::serve_metrics(node, listener).unwrap());
        let text = scrape(&base_url, token).await.expect(200).body;
        assert!(text.contains("capecontrol_build_info{version="), "{text}");
        if token.is_some() {
            scrape(&base_url, None).await.expect(401);
        }
        let elsewhere = reqwest::Client::new().get(format!("{base_url}/api/v1/plans"));
        send(elsewhere).await.expect(404);
    }
    app.stop().await;
}

#[actix_web::test]
async fn on_an_address_of_their_own_on_sqlite() {
    on_an_address_of_their_own(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn on_an_address_of_their_own_on_postgres() {
    on_an_address_of_their_own(TestDb::postgres().await).await;
}
