//! Decisions about members; each change is one transaction that holds the account's row.

use chrono::{DateTime, Utc};
use common::{
    ErrorCode, Page,
    accounts::AccountRole,
    audit::AuditAction,
    ids::{AccountId, UserId},
    members::Member,
};

use super::{
    invitations, mails, rules,
    store::{self, MemberRow},
};
use crate::{
    accounts,
    app::App,
    audit::{self, Entry, Origin, service::changed},
    chat,
    db::{Conn, QueryResult},
    error::ApiError,
    jobs::{self, Job},
};

/// Who changes something about members, in which account.
#[derive(Debug, Clone)]
pub struct Actor {
    pub account_id: AccountId,
    pub user_id: UserId,
    /// As it was when the request came in; another change may have overtaken it.
    pub role: AccountRole,
    pub origin: Origin,
}

/// The accounts of a person with their role in each.
pub fn memberships(conn: &mut Conn, user_id: UserId) -> QueryResult<Vec<(AccountId, AccountRole)>> {
    store::load_of_user(conn, user_id)
}

/// Makes a person a member who is none yet.
pub fn add(
    conn: &mut Conn,
    account_id: AccountId,
    user_id: UserId,
    role: AccountRole,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    store::insert(conn, account_id, user_id, role, now)
}

/// All members, owners first, then in the order of joining.
pub async fn list(app: &App, account_id: AccountId, asker: UserId) -> Result<Page<Member>, ApiError> {
    let mut rows = app.db.read(move |conn| store::load_members(conn, account_id)).await?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.role));
    let items: Vec<Member> = rows.into_iter().map(|row| row.into_member(asker)).collect();
    let total = i64::try_from(items.len()).ok();
    Ok(Page {
        items,
        next_cursor: None,
        total,
        total_at_least: None,
    })
}

impl MemberRow {
    fn into_member(self, asker: UserId) -> Member {
        Member {
            is_self: self.user_id == asker,
            user_id: self.user_id,
            email: self.email,
            first_name: self.first_name,
            last_name: self.last_name,
            role: self.role,
            has_second_factor: self.has_second_factor,
            joined_at: self.joined_at.and_utc(),
        }
    }
}

/// Gives a member another role; the same role again changes nothing.
pub async fn change(app: &App, actor: Actor, target: UserId, role: AccountRole) -> Result<Member, ApiError> {
    let now = app.clock.now();
    let member = app
        .db
        .write(move |conn| {
            let (company_name, row) = begin(conn, &actor, target, Some(role))?;
            check_still_owner(conn, &actor)?;
            let before = row.role;
            if before != role {
                store::set_role(conn, actor.account_id, target, role)?;
                if before == AccountRole::Owner {
                    invitations::end_those_of(conn, &actor, target, now)?;
                }
                record(conn, &actor, AuditAction::MemberRoleChanged, &row, Some(role), now)?;
                if target != actor.user_id {
                    let mail = mails::role_changed(&row.email, &company_name, before, role);
                    jobs::enqueue(conn, &Job::Mail(mail), now)?;
                }
            }
            Ok::<_, ApiError>(MemberRow { role, ..row }.into_member(actor.user_id))
        })
        .await?;
    app.wake_worker();
    Ok(member)
}

/// Removes a member, by an owner or by themselves; their next request has no rights in the account.
pub async fn remove(app: &App, actor: Actor, target: UserId) -> Result<(), ApiError> {
    let now = app.clock.now();
    let is_self = target == actor.user_id;
    if !is_self && actor.role < AccountRole::Owner {
        return Err(owners_only());
    }
    let left = app
        .db
        .write(move |conn| {
            let (company_name, row) = begin(conn, &actor, target, None)?;
            if !is_self {
                check_still_owner(conn, &actor)?;
            }
            store::remove(conn, actor.account_id, target)?;
            invitations::end_those_of(conn, &actor, target, now)?;
            record(conn, &actor, AuditAction::MemberRemoved, &row, None, now)?;
            if !is_self {
                let mail = mails::removed(&row.email, &company_name);
                jobs::enqueue(conn, &Job::Mail(mail), now)?;
            }
            // Last, since threads are held after everything else.
            Ok::<_, ApiError>(chat::service::leave_account(conn, actor.account_id, target, now)?)
        })
        .await?;
    chat::service::tell_left(app, target, left);
    app.wake_worker();
    Ok(())
}

/// Holds the account's row, so that changes of members follow one another, and finds the member; the last owner stays.
fn begin(
    conn: &mut Conn,
    actor: &Actor,
    target: UserId,
    becomes: Option<AccountRole>,
) -> Result<(String, MemberRow), ApiError> {
    let account =
        accounts::service::find_locked(conn, actor.account_id)?.ok_or_else(|| ApiError::not_found("account"))?;
    let row = store::find_member(conn, actor.account_id, target)?.ok_or_else(|| ApiError::not_found("member"))?;
    if rules::leaves_no_owner(store::count_owners(conn, actor.account_id)?, row.role, becomes) {
        return Err(ApiError::new(
            ErrorCode::LastOwner,
            "an account keeps at least one owner; make somebody else an owner first",
        ));
    }
    Ok((account.company_name, row))
}

/// The guard judged the actor before the account was held; a change that came first may have taken the role.
pub fn check_still_owner(conn: &mut Conn, actor: &Actor) -> Result<(), ApiError> {
    check_owner(conn, actor.account_id, actor.user_id)
}

/// Refuses whoever is no owner of the account at this moment; hold the account first.
pub fn check_owner(conn: &mut Conn, account_id: AccountId, user_id: UserId) -> Result<(), ApiError> {
    match store::find_role(conn, account_id, user_id)? {
        Some(AccountRole::Owner) => Ok(()),
        _ => Err(owners_only()),
    }
}

fn owners_only() -> ApiError {
    ApiError::new(ErrorCode::Forbidden, "only owners of the account do this")
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    action: AuditAction,
    row: &MemberRow,
    after: Option<AccountRole>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let entry = Entry {
        action,
        account_id: Some(actor.account_id),
        subject_kind: "member",
        subject_id: Some(row.user_id.as_str()),
        subject: &row.email,
        changes: changed([("role", Some(row.role.as_str()), after.map(AccountRole::as_str))]),
    };
    audit::record(conn, &actor.origin, &entry, now)
}
