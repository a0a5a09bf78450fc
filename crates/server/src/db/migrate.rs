//! Migrations: embedded, in pairs of the same name, run under a lock.

use diesel::{QueryResult, RunQueryDsl, migration::MigrationSource, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Location};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Any number, the same in every node: who holds it may migrate.
const POSTGRES_LOCK: i64 = 0x4361_7065;

/// A migration could not be run; the text says which and why.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("the database cannot be opened: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("a migration failed: {0}")]
    Run(#[from] Box<dyn std::error::Error + Send + Sync>),
}

/// Runs what is missing and tells the names.
pub(super) fn run_pending(location: &Location) -> Result<Vec<String>, MigrationError> {
    let mut conn = location.connect()?;
    let done = match &mut conn {
        Conn::Sqlite(sqlite) => sqlite.run_pending_migrations(SQLITE)?,
        Conn::Postgres(postgres) => {
            // Held until this connection closes at the end of the function.
            sql_query(format!("SELECT pg_advisory_lock({POSTGRES_LOCK})"))
                .execute(postgres)
                .map_err(boxed)?;
            postgres.run_pending_migrations(POSTGRES)?
        }
    };
    Ok(done.iter().map(ToString::to_string).collect())
}

pub(super) fn redo_all(location: &Location) -> Result<(), MigrationError> {
    match &mut location.connect()? {
        Conn::Sqlite(sqlite) => {
            sqlite.revert_all_migrations(SQLITE)?;
            sqlite.run_pending_migrations(SQLITE)?;
        }
        Conn::Postgres(postgres) => {
            postgres.revert_all_migrations(POSTGRES)?;
            postgres.run_pending_migrations(POSTGRES)?;
        }
    }
    Ok(())
}

pub(super) fn has_pending(conn: &mut Conn) -> QueryResult<bool> {
    let applied = match conn {
        Conn::Sqlite(sqlite) => sqlite.applied_migrations(),
        Conn::Postgres(postgres) => postgres.applied_migrations(),
    }
    .map_err(diesel::result::Error::QueryBuilderError)?;
    let known = match conn {
        Conn::Sqlite(_) => MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map(|all| all.len()),
        Conn::Postgres(_) => MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES).map(|all| all.len()),
    }
    .map_err(diesel::result::Error::QueryBuilderError)?;
    Ok(applied.len() < known)
}

fn boxed(error: diesel::result::Error) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error)
}
