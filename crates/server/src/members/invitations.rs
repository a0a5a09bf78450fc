//! Inviting somebody and joining: the link in the mail is the proof, works once and for seven days.
//!
//! Whoever loses their rights loses their open invitations too, so that nobody comes back through one of their own.

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    ErrorCode, FieldError, Page,
    accounts::AccountSummary,
    audit::AuditAction,
    ids::{AccountId, InvitationId, UserId},
    members::{Invitation, InvitationPreview, InvitedRegistration, NewInvitation},
    validate::{Email, Name, check_new_password},
};

use super::{
    mails::{self, InvitationMail},
    service::{Actor, check_still_owner},
    store::{self, InvitationRow},
};
use crate::{
    accounts,
    app::App,
    audit::{self, Entry, Origin, service::changed},
    auth::{
        password,
        people::{self, NewPerson},
    },
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    http::session::{hash_token, random_token},
    jobs::{self, Job},
};

/// A link works this long.
const KEPT: TimeDelta = TimeDelta::days(7);
/// Expired invitations are shown this much longer.
const EXPIRED_KEPT: TimeDelta = TimeDelta::days(30);
/// Invitations of one account at a time: an account is no way to mail the world.
const MAX_INVITATIONS: i64 = 100;

impl InvitationRow {
    fn inviter(&self) -> String {
        format!("{} {}", self.inviter.0, self.inviter.1)
    }

    fn into_invitation(self, now: DateTime<Utc>) -> Invitation {
        Invitation {
            id: self.id,
            invited_by: self.inviter(),
            is_expired: self.expires_at.and_utc() <= now,
            email: self.email,
            role: self.role,
            created_at: self.created_at.and_utc(),
            expires_at: self.expires_at.and_utc(),
        }
    }
}

/// Open and expired invitations of an account, the newest first.
pub async fn list(app: &App, account_id: AccountId) -> Result<Page<Invitation>, ApiError> {
    let now = app.clock.now();
    let rows = app
        .db
        .read(move |conn| store::load_invitations(conn, account_id))
        .await?;
    let items: Vec<Invitation> = rows.into_iter().map(|row| row.into_invitation(now)).collect();
    Ok(Page {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
        total_at_least: None,
    })
}

/// Writes an invitation and its mail; the one that the address had before ends.
pub async fn invite(app: &App, actor: Actor, new: NewInvitation) -> Result<Invitation, ApiError> {
    let email = Email::parse("email", &new.email)?;
    let now = app.clock.now();
    let token = random_token();
    let url = app.config.http.url(&format!("/invitation?token={token}"));
    let invitation = app
        .db
        .write(move |conn| {
            let account = accounts::service::find_locked(conn, actor.account_id)?
                .ok_or_else(|| ApiError::not_found("account"))?;
            check_still_owner(conn, &actor)?;
            let email_key = email.key();
            if let Some(user) = people::find_by_email(conn, &email_key)?
                && store::find_role(conn, actor.account_id, user.id)?.is_some()
            {
                return Err(ApiError::conflict(format!(
                    "{} belongs to this account already; change their role instead",
                    email.as_str()
                )));
            }
            store::remove_invitation_of(conn, actor.account_id, &email_key)?;
            if store::count_invitations(conn, actor.account_id)? >= MAX_INVITATIONS {
                return Err(ApiError::conflict(format!(
                    "an account has at most {MAX_INVITATIONS} invitations; withdraw one first"
                )));
            }
            let id = clock::new_id(now);
            let new = store::NewInvitation {
                id,
                account_id: actor.account_id,
                email: email.as_str(),
                email_key: &email_key,
                role: new.role,
                token_hash: &hash_token(&token),
                invited_by: actor.user_id,
                now,
                expires_at: now + KEPT,
            };
            store::insert_invitation(conn, &new)?;
            let row = store::find_invitation(conn, id)?.ok_or_else(|| ApiError::not_found("invitation"))?;
            let mail = mails::invitation(&InvitationMail {
                to: &row.email,
                company_name: &account.company_name,
                inviter: &row.inviter(),
                role: row.role,
                url: &url,
            });
            jobs::enqueue(conn, &Job::Mail(mail), now)?;
            record(conn, &actor, AuditAction::MemberInvited, &row, now)?;
            Ok(row.into_invitation(now))
        })
        .await?;
    app.wake_worker();
    Ok(invitation)
}

/// Ends an invitation of the actor's account; its link stops working.
pub async fn withdraw(app: &App, actor: Actor, id: InvitationId) -> Result<(), ApiError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let row = store::find_invitation(conn, id)?
                .filter(|row| row.account_id == actor.account_id)
                .ok_or_else(|| ApiError::not_found("invitation"))?;
            if !store::remove_invitation(conn, id)? {
                return Err(ApiError::not_found("invitation"));
            }
            record(conn, &actor, AuditAction::InvitationWithdrawn, &row, now)?;
            Ok(())
        })
        .await
}

/// Ends what `user_id` invited, in the transaction that takes their rights.
pub fn end_those_of(conn: &mut Conn, actor: &Actor, user_id: UserId, now: DateTime<Utc>) -> QueryResult<()> {
    for row in store::load_invited_by(conn, actor.account_id, user_id)? {
        store::remove_invitation(conn, row.id)?;
        record(conn, actor, AuditAction::InvitationWithdrawn, &row, now)?;
    }
    Ok(())
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    action: AuditAction,
    row: &InvitationRow,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let role = Some(row.role.as_str());
    let entry = Entry {
        action,
        account_id: Some(row.account_id),
        subject_kind: "invitation",
        subject_id: Some(row.id.as_str()),
        subject: &row.email,
        changes: match action {
            AuditAction::MemberInvited => changed([("role", None, role)]),
            _ => changed([("role", role, None)]),
        },
    };
    audit::record(conn, &actor.origin, &entry, now)
}

/// What the holder of a link may know; changes nothing.
pub async fn preview(app: &App, token: &str) -> Result<InvitationPreview, ApiError> {
    let token_hash = hash_token(token);
    let now = app.clock.now();
    app.db
        .read(move |conn| {
            let row = store::find_by_token(conn, &token_hash, now)?.ok_or_else(token_invalid)?;
            let account = accounts::service::find(conn, row.account_id)?.ok_or_else(token_invalid)?;
            Ok(InvitationPreview {
                company_name: account.company_name,
                is_registered: people::find_by_email(conn, &row.email_key)?.is_some(),
                invited_by: row.inviter(),
                expires_at: row.expires_at.and_utc(),
                email: row.email,
                role: row.role,
            })
        })
        .await
}

/// The signed-in person joins; somebody who is a member already keeps their role.
pub async fn accept(
    app: &App,
    user_id: UserId,
    email: &str,
    token: &str,
    origin: Origin,
) -> Result<AccountSummary, ApiError> {
    let token_hash = hash_token(token);
    let email_key = email.to_ascii_lowercase();
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let row = store::find_by_token(conn, &token_hash, now)?.ok_or_else(token_invalid)?;
            if row.email_key != email_key {
                return Err(ApiError::new(
                    ErrorCode::InvitationForAnotherAddress,
                    "this invitation was sent to another address; sign in with the address that got the mail",
                ));
            }
            join(conn, &row, user_id, &origin, now)?;
            accounts::service::summaries(conn, user_id, now)?
                .into_iter()
                .find(|summary| summary.id == row.account_id)
                .ok_or_else(token_invalid)
        })
        .await
}

/// Makes a user of the invited address and joins; the address is proved by the link.
pub async fn register(app: &App, registration: InvitedRegistration, origin: Origin) -> Result<(), ApiError> {
    let (first_name, last_name) = check_registration(&registration)?;
    let token_hash = hash_token(&registration.token);
    let now = app.clock.now();
    // Looked at before the password costs its time, and once more when it is used.
    let looked_up = token_hash.clone();
    let (email, company) = app
        .db
        .read(move |conn| {
            let row = store::find_by_token(conn, &looked_up, now)?.ok_or_else(token_invalid)?;
            if people::find_by_email(conn, &row.email_key)?.is_some() {
                return Err(email_taken());
            }
            let account = accounts::service::find(conn, row.account_id)?.ok_or_else(token_invalid)?;
            Ok((row.email, account.company_name))
        })
        .await?;
    let own = [email.as_str(), first_name.as_str(), last_name.as_str(), &company];
    password::check_new("password", &registration.password, &own).await?;
    let password_hash = password::hash(registration.password).await?;
    app.db
        .write(move |conn| {
            let row = store::find_by_token(conn, &token_hash, now)?.ok_or_else(token_invalid)?;
            let person = NewPerson {
                email: &row.email,
                email_key: &row.email_key,
                password_hash: &password_hash,
                first_name: first_name.as_str(),
                last_name: last_name.as_str(),
            };
            let user_id = people::create(conn, &person, now)?.ok_or_else(email_taken)?;
            let origin = origin.acting_as(user_id, &row.email);
            let entry = Entry {
                action: AuditAction::UserRegistered,
                account_id: None,
                subject_kind: "user",
                subject_id: Some(user_id.as_str()),
                subject: &row.email,
                changes: Vec::new(),
            };
            audit::record(conn, &origin, &entry, now)?;
            join(conn, &row, user_id, &origin, now)
        })
        .await
}

/// All that is wrong is told at once.
fn check_registration(registration: &InvitedRegistration) -> Result<(Name, Name), ApiError> {
    let mut errors = Vec::new();
    let first_name = Name::parse("first_name", &registration.first_name, "your first name");
    let last_name = Name::parse("last_name", &registration.last_name, "your last name");
    errors.extend(check_new_password("password", &registration.password).err());
    errors.extend(first_name.as_ref().err().cloned());
    errors.extend(last_name.as_ref().err().cloned());
    if !registration.terms_accepted {
        errors.push(FieldError::required(
            "terms_accepted",
            "Accept the terms to create an account.",
        ));
    }
    match (first_name, last_name) {
        (Ok(first_name), Ok(last_name)) if errors.is_empty() => Ok((first_name, last_name)),
        _ => Err(ApiError::invalid(errors)),
    }
}

/// Uses the invitation up; of two who use it at once, one joins by it.
fn join(
    conn: &mut Conn,
    row: &InvitationRow,
    user_id: UserId,
    origin: &Origin,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    accounts::service::find_locked(conn, row.account_id)?.ok_or_else(token_invalid)?;
    let is_unused = store::remove_invitation(conn, row.id)?;
    if store::find_role(conn, row.account_id, user_id)?.is_some() {
        return Ok(());
    }
    if !is_unused {
        return Err(token_invalid());
    }
    store::insert(conn, row.account_id, user_id, row.role, now)?;
    let entry = Entry {
        action: AuditAction::MemberJoined,
        account_id: Some(row.account_id),
        subject_kind: "member",
        subject_id: Some(user_id.as_str()),
        subject: &row.email,
        changes: changed([("role", None, Some(row.role.as_str()))]),
    };
    audit::record(conn, origin, &entry, now)?;
    Ok(())
}

fn token_invalid() -> ApiError {
    ApiError::with_fields(
        ErrorCode::TokenInvalid,
        vec![FieldError::new(
            "token",
            "invalid",
            "This invitation was used, withdrawn or replaced, or is too old. Ask for a new one.",
        )],
    )
}

fn email_taken() -> ApiError {
    ApiError::new(
        ErrorCode::EmailTaken,
        "this address has a sign-in already; sign in and accept the invitation",
    )
}

/// Forgets invitations that expired long ago.
pub fn purge(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    store::purge_invitations(conn, now - EXPIRED_KEPT)
}
