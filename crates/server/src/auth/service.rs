//! What the rest of the program asks of this feature.

use chrono::{DateTime, Utc};
use common::{audit::AuditAction, ids::UserId};

pub use super::{
    limits,
    login::{Device, login, logout, me, record_refusal},
    logins::{Login, logins},
    mfa::codes::new_totp_secret,
    operators::{OperatorUser, upsert_user},
    passwords::send_reset,
    registration::{register, resend_confirmation, send_confirmation, verify_email},
    sessions::find_caller,
};
use super::{
    passwords, sessions,
    store::{self, UserRow},
};
use crate::{
    audit,
    db::{Conn, QueryResult},
};

/// The mail address and names of a person, for forms that go out in their name.
pub fn find_person(conn: &mut Conn, user_id: UserId) -> QueryResult<Option<common::auth::User>> {
    Ok(store::find_user(conn, user_id)?.map(Into::into))
}

/// Forgets what has ended.
pub fn purge_expired(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    Ok(sessions::store::purge_expired(conn, now)?
        + passwords::store::purge_expired(conn, now)?
        + store::purge_expired(conn, now)?)
}

impl UserRow {
    /// For mails to the person: the address and how to greet.
    pub fn person(&self) -> (&str, &str) {
        (&self.email, &self.first_name)
    }

    /// A line of the log about the person.
    pub fn entry(&self, action: AuditAction) -> audit::Entry<'_> {
        audit::Entry {
            action,
            account_id: None,
            subject_kind: "user",
            subject_id: Some(self.id.as_str()),
            subject: &self.email,
            changes: Vec::new(),
        }
    }
}
