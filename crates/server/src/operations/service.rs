//! What operators ask of a running server: its metrics.

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::http::VERSION;
use crate::{app::App, books, db::QueryResult, error::ApiError, jobs, metrics::Facts, payments, refunds};

/// The metrics of this node, as text.
pub async fn metrics(app: &App) -> Result<String, ApiError> {
    let mut facts = app
        .db
        .read(|conn| -> QueryResult<Facts> {
            let (jobs_waiting, jobs_dead) = jobs::store::count_waiting_and_dead(conn)?;
            let (notifications_waiting, notifications_held) = payments::itn::count_waiting_and_held(conn)?;
            let undecided = [
                ("payment", payments::service::undecided(conn)?),
                ("refund", refunds::service::undecided(conn)?),
            ];
            let checks = books::verify::last_checks(conn)?.into_iter();
            Ok(Facts {
                version: VERSION,
                invariants: checks.map(|(name, held, at)| (name, held, at.timestamp())).collect(),
                ledger_transactions: books::service::count(conn)?,
                jobs_waiting,
                jobs_dead,
                notifications_waiting,
                notifications_held,
                undecided: undecided
                    .map(|(kind, (count, oldest))| (kind, count, oldest.map(|at| at.timestamp())))
                    .to_vec(),
                open_sockets: 0,
            })
        })
        .await?;
    facts.open_sockets = i64::try_from(app.sockets.count()).unwrap_or(i64::MAX);
    Ok(app.metrics.render(&facts))
}

/// Whether `offered` is the token of the metrics; takes the same time for any that is not.
pub fn is_metrics_token(app: &App, offered: &str) -> bool {
    let Some(token) = &app.config.metrics.token else {
        return false;
    };
    let (expected, offered) = (Sha256::digest(token.expose_secret()), Sha256::digest(offered));
    expected.as_slice().ct_eq(offered.as_slice()).into()
}
