//! The connection enum, how it is opened, and the way round what the enum cannot do.

use std::{fmt, path::PathBuf};

use diesel::{
    Connection, ConnectionError, PgConnection, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ManageConnection, R2D2Connection},
};

/// A connection to one of the two databases; queries are written once, on this.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Repeats an expression for each database where the enum lacks it: `on_conflict`, batch inserts.
macro_rules! each_backend {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::db::Conn::Postgres($c) => $body,
            $crate::db::Conn::Sqlite($c) => $body,
        }
    };
}
pub(crate) use each_backend;

/// Where the data is, from `DATABASE_URL`.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Location {
    /// Reads `sqlite:PATH` and `postgres://…`.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err("`sqlite:` needs the path of a file".to_owned());
            }
            Ok(Self::Sqlite(path.into()))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Postgres(url.to_owned()))
        } else {
            Err("a database URL starts with `sqlite:`, `postgres://` or `postgresql://`".to_owned())
        }
    }

    pub(super) fn connect(&self) -> Result<Conn, ConnectionError> {
        match self {
            Location::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                // One statement each and in this order: the timeout must hold before the journal mode is changed.
                for pragma in [
                    "busy_timeout = 10000",
                    "journal_mode = WAL",
                    "synchronous = FULL",
                    "foreign_keys = ON",
                    // In KiB: the inner pages of the indexes that lists walk at a million rows.
                    "cache_size = -32768",
                ] {
                    conn.batch_execute(&format!("PRAGMA {pragma}"))
                        .map_err(ConnectionError::CouldntSetupConfiguration)?;
                }
                Ok(Conn::Sqlite(conn))
            }
            Location::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                // Compiling a query takes longer than any of ours runs.
                conn.batch_execute("SET jit = off")
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Conn::Postgres(conn))
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            // The URL may hold a password.
            Location::Postgres(_) => f.write_str("postgres"),
        }
    }
}

/// Opens connections for the pool by the kind of [`Location`].
pub struct ConnManager(Location);

impl ConnManager {
    pub(super) fn new(location: Location) -> Self {
        Self(location)
    }
}

impl ManageConnection for ConnManager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        self.0.connect().map_err(diesel::r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        diesel::sql_query("SELECT 1")
            .execute(conn)
            .map(drop)
            .map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || each_backend!(conn, |c| R2D2Connection::is_broken(c))
    }
}
