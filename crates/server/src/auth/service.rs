//! What the rest of the program asks of this feature.

use chrono::{DateTime, Utc};
use common::ids::UserId;

pub use super::{
    login::{Device, login, logout, me},
    logins::{Login, logins},
    operators::{OperatorUser, new_totp_secret, upsert_user},
    registration::{register, verify_email},
    sessions::find_caller,
};
use super::{sessions, store};
use crate::db::{Conn, QueryResult};

/// The mail address and names of a person, for forms that go out in their name.
pub fn find_person(conn: &mut Conn, user_id: UserId) -> QueryResult<Option<common::auth::User>> {
    Ok(store::find_user(conn, user_id)?.map(Into::into))
}

/// Forgets what has ended.
pub fn purge_expired(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    Ok(sessions::store::purge_expired(conn, now)? + store::purge_expired(conn, now)?)
}
