//! The one way to the database: `Db::read` and `Db::write`, on SQLite or PostgreSQL.
//!
//! Owns connections, transactions and migrations; knows no feature.
//! Closures are synchronous and run in the blocking pool, so that a transaction cannot wait for the network and
//! a request that is cancelled half-way still commits or rolls back whole.

mod conn;
pub mod listing;
mod migrate;
pub mod schema;
pub mod sql;

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    time::Duration,
};

use diesel::{
    Connection,
    connection::{AnsiTransactionManager, TransactionManager},
    r2d2::{Pool, PooledConnection},
    result::{DatabaseErrorKind, Error},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use conn::ConnManager;
pub(crate) use conn::each_backend;
pub use conn::{Conn, Location};
pub use diesel::QueryResult;

/// Read connections of SQLite; more do not help on the small machines that SQLite serves.
const SQLITE_READERS: u32 = 4;
/// Connections to PostgreSQL, for reads and writes together.
const POSTGRES_CONNECTIONS: u32 = 16;

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Lane,
    /// SQLite allows one writer: a queue in front of one connection beats busy retries.
    writer: Lane,
    location: Location,
}

/// A pool and as many permits as it has connections, so that waiting never holds a thread.
#[derive(Clone)]
struct Lane {
    pool: Pool<ConnManager>,
    permits: Arc<Semaphore>,
}

impl Lane {
    fn open(location: &Location, size: u32) -> Result<Self, diesel::r2d2::PoolError> {
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(Duration::from_secs(5))
            .build(ConnManager::new(location.clone()))?;
        Ok(Self {
            pool,
            permits: Arc::new(Semaphore::new(size as usize)),
        })
    }

    async fn permit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    fn take(&self) -> QueryResult<PooledConnection<ConnManager>> {
        self.pool.get().map_err(|error| unavailable(&error))
    }
}

/// The database does not answer, told as a diesel error so that one error type serves every closure.
fn unavailable(error: &dyn std::error::Error) -> Error {
    Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(error.to_string()))
}

impl Db {
    /// Opens the pools; fails when the first connection cannot be made.
    pub fn open(location: &Location) -> Result<Self, diesel::r2d2::PoolError> {
        let (readers, writer) = match location {
            Location::Sqlite(_) => (Lane::open(location, SQLITE_READERS)?, Lane::open(location, 1)?),
            Location::Postgres(_) => {
                let lane = Lane::open(location, POSTGRES_CONNECTIONS)?;
                (lane.clone(), lane)
            }
        };
        Ok(Self {
            readers,
            writer,
            location: location.clone(),
        })
    }

    /// Runs `f` on a pooled connection, outside a transaction.
    pub async fn read<T, E>(&self, f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let lane = self.readers.clone();
        let permit = lane.permit().await;
        blocking(move || {
            let _permit = permit;
            let mut conn = lane.take()?;
            f(&mut conn)
        })
        .await
    }

    /// Runs `f` in one transaction: `Ok` commits, `Err` and a panic roll back.
    ///
    /// SQLite takes the write lock at once. A started closure runs to its end even when the caller is dropped.
    pub async fn write<T, E>(&self, f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let lane = self.writer.clone();
        let permit = lane.permit().await;
        blocking(move || {
            let _permit = permit;
            let mut conn = lane.take()?;
            in_transaction(&mut conn, f)
        })
        .await
    }

    /// Runs `f` on one unchanging view of the database, however long it reads; what `f` writes is lost.
    pub async fn snapshot<T, E>(&self, f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.read(move |conn| {
            match conn {
                Conn::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN")?,
                Conn::Postgres(postgres) => AnsiTransactionManager::begin_transaction_sql(
                    postgres,
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                )?,
            }
            let result = catch_unwind(AssertUnwindSafe(|| f(conn)));
            roll_back(conn);
            result.unwrap_or_else(|panic| resume_unwind(panic))
        })
        .await
    }

    /// Brings the schema up to date; several nodes may call it at once.
    pub async fn migrate(&self) -> Result<Vec<String>, migrate::MigrationError> {
        let location = self.location.clone();
        tokio::task::spawn_blocking(move || migrate::run_pending(&location))
            .await
            .expect("migrations do not panic and are not cancelled")
    }

    /// Whether the schema lacks a migration that this program knows.
    pub async fn needs_migration(&self) -> QueryResult<bool> {
        self.read(migrate::has_pending).await
    }

    /// Takes the schema down and up again; only tests of the migrations need it.
    pub async fn revert_and_migrate(&self) -> Result<(), migrate::MigrationError> {
        let location = self.location.clone();
        tokio::task::spawn_blocking(move || migrate::redo_all(&location))
            .await
            .expect("migrations do not panic and are not cancelled")
    }
}

async fn blocking<T: Send + 'static, E: Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) => resume_unwind(failure.into_panic()),
    }
}

fn in_transaction<T, E: From<Error>>(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
    match conn {
        // A plain BEGIN would be deferred and could fail when it turns into a write.
        Conn::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?,
        Conn::Postgres(postgres) => AnsiTransactionManager::begin_transaction(postgres)?,
    }
    match catch_unwind(AssertUnwindSafe(|| f(conn))) {
        Ok(Ok(value)) => {
            each_backend!(conn, |c| AnsiTransactionManager::commit_transaction(c))?;
            Ok(value)
        }
        Ok(Err(error)) => {
            roll_back(conn);
            Err(error)
        }
        Err(panic) => {
            roll_back(conn);
            resume_unwind(panic)
        }
    }
}

/// Runs `f` inside a transaction so that an `Err` takes back only what `f` did.
pub fn savepoint<T, E: From<Error>>(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
    conn.transaction(f)
}

/// A connection that cannot roll back is marked broken by diesel and leaves the pool.
fn roll_back(conn: &mut Conn) {
    if let Err(error) = each_backend!(conn, |c| AnsiTransactionManager::rollback_transaction(c)) {
        tracing::error!(%error, "Could not roll back a transaction");
    }
}
