//! Both databases have the tables and columns of `schema.rs`, and every migration goes down and up again.

use diesel::{RunQueryDsl, sql_query};
use server::db::{Conn, Db};

use crate::support::db::TestDb;

/// Tables and their columns, as written in `schema.rs`.
fn declared() -> Vec<(String, Vec<String>)> {
    let sources = [
        include_str!("../../src/db/schema.rs"),
        include_str!("../../src/db/schema/chat.rs"),
    ];
    let mut tables = Vec::new();
    for block in sources.iter().flat_map(|source| source.split("table! {").skip(1)) {
        let mut lines = block.lines().map(str::trim).filter(|line| !line.is_empty());
        let name = lines.next().unwrap().split(' ').next().unwrap().to_owned();
        let columns = lines.map_while(|line| line.split_once(" -> ").map(|(column, _)| column.to_owned()));
        tables.push((name, columns.collect()));
    }
    tables
}

async fn selects_every_column(db: &Db) {
    let tables = declared();
    assert!(tables.len() >= 17 && tables.iter().all(|(_, columns)| !columns.is_empty()));
    for (table, columns) in tables {
        let query = format!("select \"{}\" from {table} limit 1", columns.join("\", \""));
        db.read(move |conn: &mut Conn| sql_query(&query).execute(conn))
            .await
            .unwrap();
    }
}

async fn goes_down_and_up(db: TestDb) {
    let open = db.open();
    selects_every_column(&open).await;
    open.revert_and_migrate().await.unwrap();
    assert!(!open.needs_migration().await.unwrap());
    selects_every_column(&open).await;
}

#[actix_web::test]
async fn sqlite() {
    goes_down_and_up(TestDb::sqlite().await).await;
}

#[actix_web::test]
async fn postgres() {
    goes_down_and_up(TestDb::postgres().await).await;
}

#[test]
fn migrations_come_in_pairs() {
    let names = |database: &str| {
        let folder = format!("{}/../../migrations/{database}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}
