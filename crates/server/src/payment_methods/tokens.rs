//! PayFast's tokens: stored when a notification brings one, cancelled when nobody wants it any more.

use chrono::{DateTime, Utc};
use common::{audit::AuditAction, ids::PaymentMethodId, payment_methods::PaymentMethodStatus};

use super::{
    rules::{self, Outcome, Standing},
    service::{self, MethodRow},
    store,
};
use crate::{
    app::App,
    audit::Origin,
    auth::seal::{self, Use},
    db::Conn,
    error::ApiError,
    jobs::{self, Job},
    payments::{gateway::Reply, rules::Event},
};

/// What PayFast tells of a saved card.
pub struct Told<'a> {
    pub id: PaymentMethodId,
    pub token: Option<&'a str>,
    /// In cents; a card is saved for nothing.
    pub gross_minor: Option<i64>,
    pub event: Event,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// No method has this id.
    NotOurs,
    Changed,
    /// Kept for a person, with the reason.
    Quarantined(String),
}

/// Applies a verified notification about a saved card; call it inside `Db::write`.
pub fn apply(
    conn: &mut Conn,
    secret_key: &secrecy::SecretString,
    told: &Told<'_>,
    now: DateTime<Utc>,
) -> Result<Applied, ApiError> {
    let Some(found) = store::find(conn, told.id)? else {
        return Ok(Applied::NotOurs);
    };
    service::lock(conn, found.account_id)?;
    let row = store::find(conn, told.id)?.ok_or_else(|| ApiError::not_found("payment method"))?;
    let quarantined = |reason: &str| Ok(Applied::Quarantined(reason.to_owned()));
    if told.event == Event::ItnComplete && told.gross_minor.unwrap_or_default() != 0 {
        return quarantined("money came for saving a card, which costs nothing");
    }
    let Some(token) = told.token.filter(|token| is_token(token)) else {
        return quarantined("the token is missing or unreadable");
    };
    let hash = seal::token_hash(secret_key, token);
    let standing = Standing {
        status: row.status,
        has_lapsed: row.expires_at.is_some() && row.token.is_none(),
        has_token: row.token_hash.as_deref() == Some(&hash),
    };
    match rules::next(standing, told.event) {
        Outcome::Store => {
            if store::find_by_token(conn, &hash)?.is_some_and(|other| other.id != row.id) {
                return quarantined("this token belongs to another saved card");
            }
            activate(conn, secret_key, &row, token, hash, now)?;
        }
        Outcome::CancelAtPayfast => {
            // It may be in use under another of our ids; the job looks again before it cancels.
            let sealed_token = seal::seal_for(secret_key, Use::CardToken, row.id.as_str(), token);
            let job = Job::CancelToken {
                payment_method_id: row.id,
                sealed_token,
            };
            jobs::enqueue(conn, &job, now)?;
        }
        Outcome::Revoke => {
            let after = MethodRow {
                token: None,
                ..service::revoked(&row, now)
            };
            store::update(conn, &after)?;
            let origin = Origin::payfast();
            service::record(conn, &origin, AuditAction::MethodRemoved, Some(&row), &after, now)?;
            promote(conn, &row, now)?;
        }
        Outcome::Keep => {}
    }
    Ok(Applied::Changed)
}

/// PayFast's tokens are UUIDs; what they are made of also stands in a path.
fn is_token(token: &str) -> bool {
    (1..=64).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn activate(
    conn: &mut Conn,
    secret_key: &secrecy::SecretString,
    row: &MethodRow,
    token: &str,
    hash: String,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let has_default = store::load_of(conn, row.account_id)?
        .iter()
        .any(|other| other.is_default);
    let after = MethodRow {
        status: rules::active_status(row.expiry(), now),
        // The first card that works is the default.
        is_default: !has_default,
        token: Some(seal::seal_for(secret_key, Use::CardToken, row.id.as_str(), token)),
        token_hash: Some(hash),
        expires_at: None,
        revoked_at: None,
        updated_at: now.naive_utc(),
        ..row.clone()
    };
    store::update(conn, &after)?;
    let origin = Origin::payfast();
    service::record(conn, &origin, AuditAction::MethodChanged, Some(row), &after, now)?;
    tracing::info!(payment_method.id = %row.id, "Saved a card");
    Ok(())
}

/// PayFast ended the default card: the oldest one that works takes its place.
fn promote(conn: &mut Conn, gone: &MethodRow, now: DateTime<Utc>) -> Result<(), ApiError> {
    if !gone.is_default {
        return Ok(());
    }
    let rows = store::load_of(conn, gone.account_id)?;
    if let Some(row) = rows.into_iter().find(|row| rules::is_usable(row.status)) {
        let after = MethodRow {
            is_default: true,
            updated_at: now.naive_utc(),
            ..row.clone()
        };
        store::update(conn, &after)?;
        let origin = Origin::payfast();
        service::record(conn, &origin, AuditAction::MethodChanged, Some(&row), &after, now)?;
    }
    Ok(())
}

/// Cancels a token at PayFast, unless a card that works has it: an event may have stored it since.
pub(super) async fn cancel(app: &App, id: PaymentMethodId, sealed: String) -> Result<(), ApiError> {
    let Some(token) = seal::open_for(&app.config.secret_key, Use::CardToken, id.as_str(), &sealed) else {
        return Err(ApiError::internal(
            "the token of a card cannot be opened; was SECRET_KEY changed?",
        ));
    };
    let hash = seal::token_hash(&app.config.secret_key, &token);
    let in_use = app.db.read(move |conn| store::find_by_token(conn, &hash)).await?;
    if in_use.is_some_and(|row| row.status != PaymentMethodStatus::Revoked) {
        tracing::info!(payment_method.id = %id, "Kept a token that a card has again");
        return Ok(());
    }
    match app.gateway.cancel_token(&token).await {
        Reply::Answered(()) => {}
        // It is gone already, or never was: there is nothing left to cancel.
        Reply::Refused(reason) => {
            tracing::warn!(payment_method.id = %id, %reason, "PayFast did not cancel a token");
        }
        Reply::Lost(reason) => return Err(ApiError::unavailable(reason)),
    }
    app.db.write(move |conn| store::forget_token(conn, id, &sealed)).await?;
    Ok(())
}
