//! One database per test: an SQLite file, or a PostgreSQL database cloned from a migrated template.

use std::path::PathBuf;

use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use server::db::{Db, Location};
use tokio::sync::OnceCell;

/// A migrated database that goes away with this value.
pub struct TestDb {
    pub location: Location,
    /// Holds the SQLite file and the data of the application.
    pub folder: tempfile::TempDir,
    postgres: Option<(String, String)>,
}

impl TestDb {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.sqlite3");
        std::fs::write(&file, sqlite_template().await).unwrap();
        Self {
            location: Location::Sqlite(file),
            folder,
            postgres: None,
        }
    }

    pub async fn postgres() -> Self {
        let server = postgres_server();
        let template = postgres_template(&server).await;
        let name = unique_name("test");
        admin(&server, format!("create database {name} template {template}")).await;
        let location = Location::parse(&with_database(&server, &name)).unwrap();
        Self {
            location,
            folder: tempfile::tempdir().unwrap(),
            postgres: Some((server, name)),
        }
    }

    pub fn open(&self) -> Db {
        Db::open(&self.location).unwrap()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// For settings: the location as a URL.
    pub fn url(&self) -> String {
        match &self.location {
            Location::Sqlite(path) => format!("sqlite:{}", path.display()),
            Location::Postgres(url) => url.clone(),
        }
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if let Some((server, name)) = self.postgres.take()
            && let Ok(mut conn) = PgConnection::establish(&server)
        {
            let _ = sql_query(format!("drop database if exists {name} with (force)")).execute(&mut conn);
        }
    }
}

fn unique_name(prefix: &str) -> String {
    // Not the process's id: it comes again, and a run that was killed leaves its databases behind.
    format!("{prefix}_{}", uuid::Uuid::now_v7().simple())
}

fn postgres_server() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL is missing; run the tests with `cargo xtask test`, which starts PostgreSQL")
}

fn with_database(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name);
    url.to_string()
}

async fn admin(server: &str, statement: String) {
    let server = server.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut conn = PgConnection::establish(&server).unwrap();
        sql_query(statement).execute(&mut conn).unwrap();
    })
    .await
    .unwrap();
}

/// A migrated file, made once per process; its bytes, since nothing that is kept so long is ever dropped.
async fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("template.sqlite3");
            let db = Db::open(&Location::Sqlite(file.clone())).unwrap();
            db.migrate().await.unwrap();
            // The log of the journal belongs to the file; without open connections it is folded in.
            drop(db);
            let mut conn = diesel::SqliteConnection::establish(&file.to_string_lossy()).unwrap();
            sql_query("pragma wal_checkpoint(truncate)").execute(&mut conn).ok();
            drop(conn);
            std::fs::read(&file).unwrap()
        })
        .await
}

/// A migrated database, made once per process; processes of one run do not share it.
async fn postgres_template(server: &str) -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let name = unique_name("template");
            // Nobody drops templates, and numbers of processes come round.
            admin(server, format!("drop database if exists {name} with (force)")).await;
            admin(server, format!("create database {name}")).await;
            let db = Db::open(&Location::parse(&with_database(server, &name)).unwrap()).unwrap();
            db.migrate().await.unwrap();
            drop(db);
            // A template may have no connections; the pool's end in the background.
            admin(
                server,
                format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"),
            )
            .await;
            name
        })
        .await
}
