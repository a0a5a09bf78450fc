//! The books in tests: what breaks an invariant, and rows changed behind the program's back.

use common::books::{BookFinding, Invariant};
use diesel::{RunQueryDsl, sql_query};
use server::{app::App, books::verify, db::Conn, error::ApiError};

/// Everything that breaks an invariant now, one line each; empty when the books hold.
pub async fn broken(app: &App) -> Vec<String> {
    let now = app.clock.now();
    app.db
        .snapshot(move |conn| -> Result<_, ApiError> {
            let mut lines = Vec::new();
            for &invariant in Invariant::ALL {
                let findings = verify::check(conn, invariant, now)?.findings;
                lines.extend(findings.iter().map(|found| line(invariant, found)));
            }
            Ok(lines)
        })
        .await
        .unwrap()
}

fn line(invariant: Invariant, found: &BookFinding) -> String {
    format!("{invariant} {} {}: {}", found.kind, found.id, found.message)
}

#[track_caller]
pub fn assert_holds(broken: &[String]) {
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Runs statements as somebody with the database's password would, without the triggers that keep the books.
pub fn tamper(conn: &mut Conn, statements: &[String]) -> Result<(), String> {
    let triggers: &[&str] = match conn {
        Conn::Sqlite(_) => &[
            "drop trigger if exists ledger_transactions_keep_update",
            "drop trigger if exists ledger_transactions_keep_delete",
            "drop trigger if exists ledger_postings_keep_update",
            "drop trigger if exists ledger_postings_keep_delete",
        ],
        Conn::Postgres(_) => &[
            "drop trigger if exists ledger_transactions_keep on ledger_transactions",
            "drop trigger if exists ledger_postings_keep on ledger_postings",
        ],
    };
    for statement in triggers {
        sql_query(*statement).execute(conn).unwrap();
    }
    for statement in statements {
        let changed = sql_query(statement.as_str()).execute(conn);
        match changed {
            Ok(0) => return Err(format!("{statement} changes nothing")),
            Ok(_) => {}
            Err(error) => return Err(format!("{statement}: {error}")),
        }
    }
    Ok(())
}

/// Tampers for good.
pub async fn tamper_with(app: &App, statements: &[&str]) {
    let statements: Vec<String> = statements.iter().map(|text| (*text).to_owned()).collect();
    let change = move |conn: &mut Conn| -> Result<(), ApiError> {
        tamper(conn, &statements).unwrap();
        Ok(())
    };
    app.db.write(change).await.unwrap();
}
