//! Decisions about keys: making, rotating and revoking them, and whom a shown secret speaks for.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    ErrorCode, FieldError, Page,
    api_keys::{ApiKey, ApiKeySecret, ApiScope, MAX_KEYS, NewApiKey},
    audit::AuditAction,
    ids::{AccountId, ApiKeyId, UserId},
    validate::Name,
};

use super::{
    rules::{self, Shown},
    store::{self, KeyRow, NewKey, NewSecret},
};
use crate::{
    accounts,
    app::App,
    audit::{self, Entry, Origin, service::changed},
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    http::{
        access::{Caller, Credential},
        session::{hash_token, random_token},
    },
    members,
};

/// Expired keys are shown this much longer.
const EXPIRED_SHOWN: TimeDelta = TimeDelta::days(30);
/// The last use of a key is written at most this often.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(5);

/// Who changes keys, in which account.
#[derive(Debug, Clone)]
pub struct Actor {
    pub account_id: AccountId,
    pub user_id: UserId,
    pub origin: Origin,
}

impl KeyRow {
    fn scopes(&self) -> Vec<ApiScope> {
        self.scopes.split(' ').filter_map(ApiScope::parse).collect()
    }

    fn title(&self) -> String {
        format!("{} ({}…)", self.name, self.prefix)
    }

    fn into_key(self, now: DateTime<Utc>) -> ApiKey {
        ApiKey {
            id: self.id,
            scopes: self.scopes(),
            created_by: format!("{} {}", self.maker.first_name, self.maker.last_name),
            created_at: self.created_at.and_utc(),
            expires_at: self.expires_at.and_utc(),
            last_used_at: self.last_used_at.map(|at| at.and_utc()),
            last_used_from: self.last_used_from,
            old_secret_until: self
                .old_secret_until
                .map(|at| at.and_utc())
                .filter(|until| *until > now),
            is_expired: self.expires_at.and_utc() <= now,
            name: self.name,
            prefix: self.prefix,
        }
    }
}

/// Keys that were not revoked, the newest first.
pub async fn list(app: &App, account_id: AccountId) -> Result<Page<ApiKey>, ApiError> {
    let now = app.clock.now();
    let rows = app
        .db
        .read(move |conn| store::load(conn, account_id, now - EXPIRED_SHOWN))
        .await?;
    let items: Vec<ApiKey> = rows.into_iter().map(|row| row.into_key(now)).collect();
    Ok(Page {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
        total_at_least: None,
    })
}

/// A new secret with what is stored of it.
struct FreshSecret {
    secret: String,
    hash: String,
    expires_at: DateTime<Utc>,
}

impl FreshSecret {
    fn generate(life_days: i32, now: DateTime<Utc>) -> Self {
        let secret = rules::secret(&random_token());
        Self {
            hash: hash_token(&secret),
            expires_at: now + TimeDelta::days(i64::from(life_days)),
            secret,
        }
    }

    fn stored(&self) -> NewSecret<'_> {
        NewSecret {
            prefix: rules::prefix(&self.secret),
            hash: &self.hash,
            expires_at: self.expires_at,
        }
    }
}

/// Makes a key and shows its secret, this once.
pub async fn create(app: &App, actor: Actor, new: NewApiKey) -> Result<ApiKeySecret, ApiError> {
    let (name, scopes, life_days) = check(&new)?;
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            // Two at once follow one another, so that both count.
            hold_account(conn, &actor)?;
            let living = store::count_living(conn, actor.account_id, now)?;
            if usize::try_from(living).unwrap_or(usize::MAX) >= MAX_KEYS {
                return Err(ApiError::conflict(format!(
                    "an account has at most {MAX_KEYS} API keys; revoke one first"
                )));
            }
            let fresh = FreshSecret::generate(life_days, now);
            let id = clock::new_id(now);
            let key = NewKey {
                id,
                account_id: actor.account_id,
                name: name.as_str(),
                scopes: &scopes,
                secret: fresh.stored(),
                created_by: actor.user_id,
                life_days,
                now,
            };
            store::insert(conn, &key)?;
            let row = find(conn, &actor, id)?;
            let expires_at = day(fresh.expires_at);
            let changes = changed([
                ("name", None, Some(name.as_str())),
                ("scopes", None, Some(&scopes)),
                ("expires_at", None, Some(&expires_at)),
            ]);
            record(conn, &actor, AuditAction::ApiKeyCreated, &row, changes, now)?;
            Ok(ApiKeySecret {
                key: row.into_key(now),
                secret: fresh.secret,
            })
        })
        .await
}

/// Name, scopes as they are stored, days; all that is wrong is told at once.
fn check(new: &NewApiKey) -> Result<(Name, String, i32), ApiError> {
    let mut errors: Vec<FieldError> = Vec::new();
    let name = Name::parse("name", &new.name, "a name for the key");
    let scopes = rules::check_scopes(&new.scopes);
    let days = rules::check_life(new.expires_in_days);
    errors.extend(name.as_ref().err().cloned());
    errors.extend(scopes.as_ref().err().cloned());
    errors.extend(days.as_ref().err().cloned());
    let (Ok(name), Ok(scopes), Ok(days)) = (name, scopes, days) else {
        return Err(ApiError::invalid(errors));
    };
    let scopes: Vec<&str> = scopes.into_iter().map(ApiScope::as_str).collect();
    Ok((name, scopes.join(" "), i32::try_from(days).map_err(ApiError::internal)?))
}

/// Shows a new secret; the old one works a day longer, and the one before that ends now.
pub async fn rotate(app: &App, actor: Actor, id: ApiKeyId) -> Result<ApiKeySecret, ApiError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            hold_account(conn, &actor)?;
            let row = find(conn, &actor, id)?;
            let expires_at = row.expires_at.and_utc();
            if expires_at <= now {
                return Err(ApiError::conflict("this API key has expired; make a new one"));
            }
            let fresh = FreshSecret::generate(row.life_days, now);
            let old_until = rules::old_secret_until(now, expires_at);
            if !store::rotate(conn, &row, &fresh.stored(), old_until)? {
                return Err(ApiError::conflict("this API key changed meanwhile; look again"));
            }
            let after = find(conn, &actor, id)?;
            let changes = changed([
                ("prefix", Some(&row.prefix), Some(&after.prefix)),
                (
                    "expires_at",
                    Some(&day(expires_at)),
                    Some(&day(after.expires_at.and_utc())),
                ),
            ]);
            record(conn, &actor, AuditAction::ApiKeyRotated, &after, changes, now)?;
            Ok(ApiKeySecret {
                key: after.into_key(now),
                secret: fresh.secret,
            })
        })
        .await
}

/// Ends a key at once, both secrets.
pub async fn revoke(app: &App, actor: Actor, id: ApiKeyId) -> Result<(), ApiError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            hold_account(conn, &actor)?;
            let row = find(conn, &actor, id)?;
            if !store::revoke(conn, id, now)? {
                return Err(ApiError::not_found("API key"));
            }
            record(conn, &actor, AuditAction::ApiKeyRevoked, &row, Vec::new(), now)?;
            Ok(())
        })
        .await
}

/// Holds the account until the end of the transaction: a removal that came first has taken the actor's rights.
fn hold_account(conn: &mut Conn, actor: &Actor) -> Result<(), ApiError> {
    accounts::service::find_locked(conn, actor.account_id)?.ok_or_else(|| ApiError::not_found("account"))?;
    members::service::check_owner(conn, actor.account_id, actor.user_id)
}

fn find(conn: &mut Conn, actor: &Actor, id: ApiKeyId) -> Result<KeyRow, ApiError> {
    store::find(conn, actor.account_id, id)?.ok_or_else(|| ApiError::not_found("API key"))
}

fn day(at: DateTime<Utc>) -> String {
    at.date_naive().to_string()
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    action: AuditAction,
    row: &KeyRow,
    changes: Vec<common::audit::AuditChange>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let entry = Entry {
        action,
        account_id: Some(actor.account_id),
        subject_kind: "api_key",
        subject_id: Some(row.id.as_str()),
        subject: &row.title(),
        changes,
    };
    audit::record(conn, &actor.origin, &entry, now)
}

/// The key behind a secret, as somebody who may ask; 401 with the reason when it does not work now.
pub async fn find_caller(app: &App, secret: &str, from: IpAddr) -> Result<Caller, ApiError> {
    let refused = |detail: &str| Err(ApiError::new(ErrorCode::NotSignedIn, detail));
    if !rules::has_shape(secret) {
        return refused("this is no API key; one starts with ck_ and is shown once, when it is made");
    }
    let hash = hash_token(secret);
    let looked_up = hash.clone();
    let found = app.db.read(move |conn| store::find_by_secret(conn, &looked_up)).await?;
    let Some(row) = found else {
        return refused("this API key is unknown");
    };
    let now = app.clock.now();
    let shown = if row.secret_hash == hash {
        Shown::Current
    } else {
        Shown::Old {
            until: row.old_secret_until.map(|at| at.and_utc()),
        }
    };
    if let Some(reason) = rules::refusal(shown, row.expires_at.and_utc(), row.revoked_at.is_some(), now) {
        return refused(reason);
    }
    if row.last_used_at.is_none_or(|at| now - at.and_utc() > TOUCH_EVERY) {
        let (id, from) = (row.id, from.to_string());
        app.db.write(move |conn| store::touch(conn, id, &from, now)).await?;
    }
    let scopes = row.scopes();
    Ok(Caller {
        memberships: vec![(row.account_id, rules::role(&scopes))],
        credential: Credential::ApiKey {
            id: row.id,
            name: row.title(),
            scopes,
        },
        user_id: row.created_by,
        email: row.maker.email,
        staff_role: None,
        lacks_second_factor: false,
        account: None,
    })
}
