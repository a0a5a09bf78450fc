//! The tables `memberships` and `invitations`.

use chrono::{DateTime, NaiveDateTime, Utc};
use common::{
    accounts::AccountRole,
    ids::{AccountId, InvitationId, UserId},
};
use diesel::prelude::*;

use crate::db::{
    Conn,
    schema::{invitations, memberships, users},
};

pub fn insert(
    conn: &mut Conn,
    account_id: AccountId,
    user_id: UserId,
    role: AccountRole,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(memberships::table)
        .values((
            memberships::account_id.eq(account_id),
            memberships::user_id.eq(user_id),
            memberships::role.eq(role),
            memberships::created_at.eq(now.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// The accounts of a person.
pub fn load_of_user(conn: &mut Conn, user_id: UserId) -> QueryResult<Vec<(AccountId, AccountRole)>> {
    memberships::table
        .filter(memberships::user_id.eq(user_id))
        .order(memberships::account_id)
        .select((memberships::account_id, memberships::role))
        .load(conn)
}

pub fn find_role(conn: &mut Conn, account_id: AccountId, user_id: UserId) -> QueryResult<Option<AccountRole>> {
    memberships::table
        .find((account_id, user_id))
        .select(memberships::role)
        .first(conn)
        .optional()
}

pub fn count_owners(conn: &mut Conn, account_id: AccountId) -> QueryResult<i64> {
    memberships::table
        .filter(memberships::account_id.eq(account_id))
        .filter(memberships::role.eq(AccountRole::Owner))
        .count()
        .get_result(conn)
}

#[derive(Queryable)]
pub struct MemberRow {
    pub user_id: UserId,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub role: AccountRole,
    pub joined_at: NaiveDateTime,
    pub has_second_factor: bool,
}

type MemberColumns = (
    users::id,
    users::email,
    users::first_name,
    users::last_name,
    memberships::role,
    memberships::created_at,
    diesel::dsl::IsNotNull<users::totp_secret>,
);

fn member_columns() -> MemberColumns {
    (
        users::id,
        users::email,
        users::first_name,
        users::last_name,
        memberships::role,
        memberships::created_at,
        users::totp_secret.is_not_null(),
    )
}

/// Everybody in the account, in the order of joining.
pub fn load_members(conn: &mut Conn, account_id: AccountId) -> QueryResult<Vec<MemberRow>> {
    memberships::table
        .inner_join(users::table)
        .filter(memberships::account_id.eq(account_id))
        .order((memberships::created_at, users::id))
        .select(member_columns())
        .load(conn)
}

pub fn find_member(conn: &mut Conn, account_id: AccountId, user_id: UserId) -> QueryResult<Option<MemberRow>> {
    memberships::table
        .inner_join(users::table)
        .filter(memberships::account_id.eq(account_id))
        .filter(memberships::user_id.eq(user_id))
        .select(member_columns())
        .first(conn)
        .optional()
}

pub fn set_role(conn: &mut Conn, account_id: AccountId, user_id: UserId, role: AccountRole) -> QueryResult<()> {
    diesel::update(memberships::table.find((account_id, user_id)))
        .set(memberships::role.eq(role))
        .execute(conn)
        .map(drop)
}

pub fn remove(conn: &mut Conn, account_id: AccountId, user_id: UserId) -> QueryResult<()> {
    diesel::delete(memberships::table.find((account_id, user_id)))
        .execute(conn)
        .map(drop)
}

#[derive(Queryable, Clone)]
pub struct InvitationRow {
    pub id: InvitationId,
    pub account_id: AccountId,
    pub email: String,
    pub email_key: String,
    pub role: AccountRole,
    pub created_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
    /// Names of the person who invited.
    pub inviter: (String, String),
}

type InvitationColumns = (
    invitations::id,
    invitations::account_id,
    invitations::email,
    invitations::email_key,
    invitations::role,
    invitations::created_at,
    invitations::expires_at,
    (users::first_name, users::last_name),
);

const INVITATION: InvitationColumns = (
    invitations::id,
    invitations::account_id,
    invitations::email,
    invitations::email_key,
    invitations::role,
    invitations::created_at,
    invitations::expires_at,
    (users::first_name, users::last_name),
);

pub struct NewInvitation<'a> {
    pub id: InvitationId,
    pub account_id: AccountId,
    pub email: &'a str,
    pub email_key: &'a str,
    pub role: AccountRole,
    pub token_hash: &'a str,
    pub invited_by: UserId,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub fn insert_invitation(conn: &mut Conn, new: &NewInvitation<'_>) -> QueryResult<()> {
    diesel::insert_into(invitations::table)
        .values((
            invitations::id.eq(new.id),
            invitations::account_id.eq(new.account_id),
            invitations::email.eq(new.email),
            invitations::email_key.eq(new.email_key),
            invitations::role.eq(new.role),
            invitations::token_hash.eq(new.token_hash),
            invitations::invited_by.eq(new.invited_by),
            invitations::created_at.eq(new.now.naive_utc()),
            invitations::expires_at.eq(new.expires_at.naive_utc()),
        ))
        .execute(conn)
        .map(drop)
}

/// All invitations of an account, the newest first.
pub fn load_invitations(conn: &mut Conn, account_id: AccountId) -> QueryResult<Vec<InvitationRow>> {
    invitations::table
        .inner_join(users::table)
        .filter(invitations::account_id.eq(account_id))
        .order((invitations::created_at.desc(), invitations::id.desc()))
        .select(INVITATION)
        .load(conn)
}

pub fn count_invitations(conn: &mut Conn, account_id: AccountId) -> QueryResult<i64> {
    invitations::table
        .filter(invitations::account_id.eq(account_id))
        .count()
        .get_result(conn)
}

/// What a person has invited into an account.
pub fn load_invited_by(conn: &mut Conn, account_id: AccountId, user_id: UserId) -> QueryResult<Vec<InvitationRow>> {
    invitations::table
        .inner_join(users::table)
        .filter(invitations::account_id.eq(account_id))
        .filter(invitations::invited_by.eq(user_id))
        .select(INVITATION)
        .load(conn)
}

pub fn find_invitation(conn: &mut Conn, id: InvitationId) -> QueryResult<Option<InvitationRow>> {
    invitations::table
        .inner_join(users::table)
        .filter(invitations::id.eq(id))
        .select(INVITATION)
        .first(conn)
        .optional()
}

/// An invitation by its mail token, when it has not expired.
pub fn find_by_token(conn: &mut Conn, token_hash: &str, now: DateTime<Utc>) -> QueryResult<Option<InvitationRow>> {
    invitations::table
        .inner_join(users::table)
        .filter(invitations::token_hash.eq(token_hash))
        .filter(invitations::expires_at.gt(now.naive_utc()))
        .select(INVITATION)
        .first(conn)
        .optional()
}

/// `false` when it was gone: of several who use it at once, one does.
pub fn remove_invitation(conn: &mut Conn, id: InvitationId) -> QueryResult<bool> {
    diesel::delete(invitations::table.find(id))
        .execute(conn)
        .map(|removed| removed == 1)
}

/// Ends the invitation that an address has to an account.
pub fn remove_invitation_of(conn: &mut Conn, account_id: AccountId, email_key: &str) -> QueryResult<()> {
    diesel::delete(invitations::table)
        .filter(invitations::account_id.eq(account_id))
        .filter(invitations::email_key.eq(email_key))
        .execute(conn)
        .map(drop)
}

/// Forgets invitations that ended before `before`.
pub fn purge_invitations(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(invitations::table.filter(invitations::expires_at.lt(before.naive_utc()))).execute(conn)
}
