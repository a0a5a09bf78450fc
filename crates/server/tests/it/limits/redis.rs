//! Several nodes with one Redis, and what happens without it.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::passed;
use crate::support::{TestApp, db::TestDb, redis::Redis};

async fn node(db: TestDb, redis_url: &str) -> TestApp {
    node_with(db, redis_url, "100").await
}

async fn node_with(db: TestDb, redis_url: &str, timeout_ms: &str) -> TestApp {
    let settings = [
        ("REDIS_URL", redis_url),
        ("REDIS_TIMEOUT_MS", timeout_ms),
        ("RATE_LIMIT_FACTOR", "1"),
    ];
    TestApp::start_with(db, &settings).await
}

async fn two_nodes_share_one_budget(first: TestDb, second: TestDb) {
    let redis = Redis::start();
    // A test machine may be busy for longer than a tenth of a second.
    let first = node_with(first, &redis.url(), "5000").await;
    let second = node_with(second, &redis.url(), "5000").await;
    assert_eq!(passed(&first.client(), "/site", 150).await, 150);
    assert_eq!(passed(&second.client(), "/site", 60).await, 50);
    assert_eq!(passed(&first.client(), "/site", 10).await, 0);
    for node in [first, second] {
        node.stop().await;
    }
}

async fn a_redis_that_dies_neither_opens_the_gate_nor_holds_anybody_up(db: TestDb) {
    let redis = Redis::start();
    let url = redis.url();
    let app = node(db, &url).await;
    let client = app.client();
    assert_eq!(passed(&client, "/site", 100).await, 100);

    redis.freeze();
    let started = Instant::now();
    assert_eq!(passed(&client, "/site", 20).await, 20);
    let took = started.elapsed();
    assert!(
        took < Duration::from_secs(3),
        "requests waited for a silent Redis: {took:?}"
    );

    drop(redis);
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        // The pause after a failure has passed each time, so each tries Redis anew.
        app.advance(TimeDelta::milliseconds(1001));
        let started = Instant::now();
        client.get("/site").await.expect(200);
        longest = longest.max(started.elapsed());
    }
    assert!(
        longest < Duration::from_secs(2),
        "a request waited {longest:?} for a dead Redis"
    );
    // The node has counted all the while: 140 of 200 are taken, 20 s gave back 200 of which it had 120 open.
    let left = passed(&client, "/site", 250).await;
    assert!((150..=200).contains(&left), "{left} passed without Redis");
    assert_eq!(client.get("/site").await.problem(), "429 rate_limited");
    app.stop().await;
}

async fn a_redis_that_comes_back_is_used_again(db: TestDb) {
    let redis = Redis::start();
    let (url, port) = (redis.url(), redis.port);
    let app = node_with(db, &url, "5000").await;
    let client = app.client();
    assert_eq!(passed(&client, "/site", 5).await, 5);
    drop(redis);
    assert_eq!(passed(&client, "/site", 5).await, 5);
    let _again = Redis::start_on(port);
    app.advance(TimeDelta::seconds(60));
    assert_eq!(passed(&client, "/site", 210).await, 200);
    // The other node's clock is a minute behind, and it hears of a budget that is used up.
    let other = node_with(TestDb::sqlite().await, &url, "5000").await;
    assert_eq!(passed(&other.client(), "/site", 5).await, 0);
    other.stop().await;
    app.stop().await;
}

#[actix_web::test]
async fn two_nodes_share_one_budget_sqlite() {
    two_nodes_share_one_budget(TestDb::sqlite().await, TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn two_nodes_share_one_budget_postgres() {
    two_nodes_share_one_budget(TestDb::postgres().await, TestDb::postgres().await).await;
}

#[actix_web::test]
async fn a_redis_that_dies_sqlite() {
    a_redis_that_dies_neither_opens_the_gate_nor_holds_anybody_up(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn a_redis_that_dies_postgres() {
    a_redis_that_dies_neither_opens_the_gate_nor_holds_anybody_up(TestDb::postgres().await).await;
}

#[actix_web::test]
async fn a_redis_that_comes_back_sqlite() {
    a_redis_that_comes_back_is_used_again(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn a_redis_that_comes_back_postgres() {
    a_redis_that_comes_back_is_used_again(TestDb::postgres().await).await;
}
