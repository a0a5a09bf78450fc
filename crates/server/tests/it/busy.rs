//! A database that is busy with others: the caller is told to come back, and nothing was changed.

use std::time::Duration;

use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query};
use serde_json::json;
use server::{
    db::{Conn, Location},
    error::ApiError,
};

use crate::support::{TestApp, db::TestDb};

#[actix_web::test]
async fn another_program_holds_sqlite_s_lock() {
    let app = TestApp::start(TestDb::sqlite().await).await;
    let owner = app.customer("owner@karoo.test").await;
    let path = format!("/accounts/{}", owner.account_id);
    let Location::Sqlite(file) = &app.db.location else {
        unreachable!("the test asked for SQLite")
    };
    let mut other = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    other.batch_execute("begin immediate").unwrap();
    let change = json!({ "company_name": "Later" });
    let reply = owner.client.patch(&path, change.clone()).await;
    assert_eq!(reply.problem(), "503 unavailable");
    assert_eq!(reply.headers["retry-after"], "5");
    other.batch_execute("rollback").unwrap();
    owner.client.patch(&path, change).await.expect(200);
    app.stop().await;
}

#[actix_web::test]
async fn two_transactions_of_postgresql_wait_for_each_other() {
    let app = TestApp::start(TestDb::postgres().await).await;
    let (first, second) = (app.customer("a@karoo.test").await, app.customer("b@karoo.test").await);
    let touch = |conn: &mut Conn, id: String| {
        sql_query(format!(
            "update accounts set company_name = company_name where id = '{id}'"
        ))
        .execute(conn)
    };
    let both = |one: String, two: String| {
        app.app.db.write(move |conn| -> Result<(), ApiError> {
            touch(conn, one)?;
            std::thread::sleep(Duration::from_millis(300));
            touch(conn, two)?;
            Ok(())
        })
    };
    let (a, b) = (first.account_id.to_string(), second.account_id.to_string());
    let (one, two) = tokio::join!(both(a.clone(), b.clone()), both(b, a));
    let refused: Vec<String> = [one, two]
        .into_iter()
        .filter_map(Result::err)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(
        refused,
        ["too many changes happen at once; nothing was changed, try again in a moment"]
    );
    app.stop().await;
}
