//! SQL that is put together at run time, for lists whose filters and order the caller chooses: text from us, values bound.

use chrono::NaiveDateTime;
use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    pg::Pg,
    sql_query,
    sql_types::{BigInt, Text, Timestamp},
    sqlite::Sqlite,
};

use super::Conn;

/// A value that is bound, never written into the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Int(i64),
    Time(NaiveDateTime),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<NaiveDateTime> for Value {
    fn from(at: NaiveDateTime) -> Self {
        Self::Time(at)
    }
}

/// A statement in the making. Both databases read `$1`, `$2`, … in the order in which they were bound.
#[derive(Debug, Clone, Default)]
pub struct Sql {
    text: String,
    values: Vec<Value>,
}

/// Runs the statement on one database; the statement is planned anew each time, for the values that it has.
macro_rules! run {
    ($sql:expr, $conn:expr, $backend:ty) => {{
        let mut query = sql_query(&$sql.text).into_boxed::<$backend>();
        for value in &$sql.values {
            query = match value {
                Value::Text(text) => query.bind::<Text, _>(text),
                Value::Int(number) => query.bind::<BigInt, _>(number),
                Value::Time(at) => query.bind::<Timestamp, _>(at),
            };
        }
        query.load($conn)
    }};
}

impl Sql {
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub fn bind(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        self.text.push_str(&format!("${}", self.values.len()));
        self
    }

    /// Adds `text`, with a value for each `?` in it.
    pub fn push_with(&mut self, text: &str, values: &[Value]) -> &mut Self {
        let mut values = values.iter();
        for (index, part) in text.split('?').enumerate() {
            if index > 0 {
                let value = values.next().expect("the text has a value for each question mark");
                self.bind(value.clone());
            }
            self.push(part);
        }
        self
    }

    /// The same statement behind `explain …`, for tests of plans.
    pub fn explained(&self, how: &str) -> Self {
        Self {
            text: format!("{how}{}", self.text),
            values: self.values.clone(),
        }
    }

    pub fn load<T>(&self, conn: &mut Conn) -> QueryResult<Vec<T>>
    where
        T: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
    {
        match conn {
            Conn::Postgres(conn) => run!(self, conn, Pg),
            Conn::Sqlite(conn) => run!(self, conn, Sqlite),
        }
    }
}
