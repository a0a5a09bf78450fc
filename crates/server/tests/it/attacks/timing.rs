//! How long a refusal takes tells nobody which addresses we know.
//!
//! Samples of the kinds are taken in turns, so that a busy machine slows all of them alike, and medians are
//! compared: one password hash more or less would change them by half, which the tolerance does not hide.

use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use serde_json::json;

use super::registration;
use crate::support::{Client, TestApp};

const SAMPLES: usize = 21;
const ALIKE: RangeInclusive<f64> = 0.6..=1.6;

fn median(mut samples: Vec<Duration>) -> f64 {
    samples.sort();
    samples[samples.len() / 2].as_secs_f64()
}

/// Medians of what each kind takes, in turns.
async fn medians(kinds: &[&str], mut ask: impl AsyncFnMut(&str)) -> Vec<f64> {
    let mut samples = vec![Vec::new(); kinds.len()];
    for round in 0..=SAMPLES {
        for (kind, samples) in kinds.iter().zip(&mut samples) {
            let started = Instant::now();
            ask(kind).await;
            // The first round makes what is made once.
            if round > 0 {
                samples.push(started.elapsed());
            }
        }
    }
    samples.into_iter().map(median).collect()
}

#[track_caller]
fn assert_alike(kinds: &[&str], medians: &[f64]) {
    for (kind, median) in kinds.iter().zip(medians).skip(1) {
        let ratio = median / medians[0];
        assert!(
            ALIKE.contains(&ratio),
            "{kind} against {}: {ratio:.2} of {medians:?}",
            kinds[0]
        );
    }
}

async fn with_a_pending_sign_up(app: &TestApp) -> Client {
    app.customer("known@karoo.test").await;
    let client = app.client();
    client
        .post("/auth/register", registration("pending@karoo.test"))
        .await
        .expect(202);
    app.run_jobs().await;
    client
}

app_test!(signing_in_takes_as_long_for_unknown_addresses, |app| {
    let client = with_a_pending_sign_up(app).await;
    let kinds = [
        "known@karoo.test",
        "unknown@karoo.test",
        "pending@karoo.test",
        "no address",
    ];
    let medians = medians(&kinds, async |email| {
        let reply = client
            .post("/auth/login", json!({ "email": email, "password": "wrong password" }))
            .await;
        assert_eq!(reply.problem(), "401 invalid_credentials");
        // Budgets per mail address come back with time.
        app.advance(chrono::TimeDelta::minutes(2));
    })
    .await;
    assert_alike(&kinds, &medians);
});

app_test!(signing_up_takes_as_long_for_known_addresses, |app| {
    let client = with_a_pending_sign_up(app).await;
    let kinds = ["known@karoo.test", "unknown@karoo.test", "pending@karoo.test"];
    let medians = medians(&kinds, async |email| {
        client.post("/auth/register", registration(email)).await.expect(202);
        app.advance(chrono::TimeDelta::minutes(13));
    })
    .await;
    assert_alike(&kinds, &medians);
});

/// The tolerance must not hide what the tests above look for.
#[actix_web::test]
async fn one_hash_less_would_be_seen() {
    let hash = server::auth::password::hash("some password".to_owned()).await.unwrap();
    let kinds = ["two", "one"];
    let medians = medians(&kinds, async |kind| {
        for _ in 0..if kind == "two" { 2 } else { 1 } {
            server::auth::password::verify("another".to_owned(), Some(hash.clone()))
                .await
                .unwrap();
        }
    })
    .await;
    assert!(!ALIKE.contains(&(medians[1] / medians[0])), "{medians:?}");
}
