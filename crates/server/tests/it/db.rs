//! The seam to the database: what `Db::read` and `Db::write` promise, on both databases.

use std::time::Duration;

use diesel::{
    Connection, QueryDsl, QueryResult, RunQueryDsl, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use server::db::{Conn, Db, schema::number_series};

use crate::support::db::TestDb;

async fn on_both(check: impl AsyncFn(&Db)) {
    let (sqlite, postgres) = (TestDb::sqlite().await, TestDb::postgres().await);
    check(&sqlite.open()).await;
    check(&postgres.open()).await;
}

fn count_up(conn: &mut Conn) -> QueryResult<usize> {
    use diesel::ExpressionMethods;
    let series = number_series::table.find("invoice");
    diesel::update(series)
        .set(number_series::last_number.eq(number_series::last_number + 1))
        .execute(conn)
}

async fn last_number(db: &Db) -> i64 {
    db.read(|conn| {
        number_series::table
            .find("invoice")
            .select(number_series::last_number)
            .first(conn)
    })
    .await
    .unwrap()
}

#[actix_web::test]
async fn a_failed_write_leaves_nothing() {
    on_both(async |db| {
        let result: Result<(), diesel::result::Error> = db
            .write(|conn| {
                count_up(conn)?;
                Err(diesel::result::Error::NotFound)
            })
            .await;
        assert_eq!(result, Err(diesel::result::Error::NotFound));
        assert_eq!(last_number(db).await, 0);
    })
    .await;
}

#[actix_web::test]
async fn a_panic_rolls_back_and_the_connection_goes_on() {
    on_both(async |db| {
        let writer = db.clone();
        let panicked = actix_web::rt::spawn(async move {
            writer
                .write(|conn| -> QueryResult<()> {
                    count_up(conn)?;
                    panic!("as a bug would");
                })
                .await
        });
        assert!(panicked.await.is_err());
        assert_eq!(last_number(db).await, 0);
        db.write(count_up).await.unwrap();
        assert_eq!(last_number(db).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn concurrent_writes_follow_one_another() {
    on_both(async |db| {
        let writes = (0..100).map(|_| {
            let db = db.clone();
            actix_web::rt::spawn(async move { db.write(count_up).await })
        });
        for write in futures_util::future::join_all(writes).await {
            write.unwrap().unwrap();
        }
        assert_eq!(last_number(db).await, 100);
    })
    .await;
}

#[actix_web::test]
async fn a_started_write_ends_though_its_caller_left() {
    on_both(async |db| {
        let slow = db.write(|conn| {
            std::thread::sleep(Duration::from_millis(200));
            count_up(conn)
        });
        assert!(
            actix_web::rt::time::timeout(Duration::from_millis(50), slow)
                .await
                .is_err()
        );
        // The next write queues behind it, so both have happened when it is done.
        db.write(count_up).await.unwrap();
        while last_number(db).await < 2 {
            actix_web::rt::task::yield_now().await;
        }
    })
    .await;
}

#[actix_web::test]
async fn an_inner_transaction_can_fail_alone() {
    on_both(async |db| {
        db.write(|conn| -> QueryResult<()> {
            count_up(conn)?;
            let inner: QueryResult<()> = conn.transaction(|conn| {
                count_up(conn)?;
                Err(diesel::result::Error::RollbackTransaction)
            });
            assert!(inner.is_err());
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(last_number(db).await, 1);
    })
    .await;
}

#[derive(diesel::QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(diesel::QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[actix_web::test]
async fn sqlite_is_durable_and_checks_references() {
    let sqlite = TestDb::sqlite().await;
    let db = sqlite.open();
    let (mode, synchronous, foreign_keys) = db
        .write(|conn| -> QueryResult<_> {
            let mode: TextRow = sql_query("select journal_mode as value from pragma_journal_mode").get_result(conn)?;
            let full: NumberRow = sql_query("select synchronous as value from pragma_synchronous").get_result(conn)?;
            let keys: NumberRow =
                sql_query("select foreign_keys as value from pragma_foreign_keys").get_result(conn)?;
            Ok((mode.value, full.value, keys.value))
        })
        .await
        .unwrap();
    assert_eq!((mode.as_str(), synchronous, foreign_keys), ("wal", 2, 1));
}

#[actix_web::test]
async fn sums_of_minor_units_stay_integers() {
    on_both(async |db| {
        let sum: Option<i64> = db
            .read(|conn| {
                let sum = diesel::dsl::sql::<Nullable<BigInt>>("cast(sum(last_number) as bigint)");
                number_series::table.select(sum).first(conn)
            })
            .await
            .unwrap();
        assert_eq!(sum, Some(0));
    })
    .await;
}
