//! People as other features see them: found by address, made from an invitation.

use chrono::{DateTime, Utc};
use common::{auth::User, ids::UserId};

use super::store::{self, NewUser};
use crate::{
    clock,
    db::{Conn, QueryResult},
};

/// The user of an address, in the form of [`common::validate::Email::key`].
pub fn find_by_email(conn: &mut Conn, email_key: &str) -> QueryResult<Option<User>> {
    Ok(store::find_user_by_email(conn, email_key)?.map(Into::into))
}

/// Somebody whose address an invitation proved.
pub struct NewPerson<'a> {
    pub email: &'a str,
    pub email_key: &'a str,
    pub password_hash: &'a str,
    pub first_name: &'a str,
    pub last_name: &'a str,
}

/// Makes a confirmed user without an account and ends every sign-up of the address; `None` when the address is taken.
pub fn create(conn: &mut Conn, person: &NewPerson<'_>, now: DateTime<Utc>) -> QueryResult<Option<UserId>> {
    let new = NewUser {
        id: clock::new_id(now),
        email: person.email,
        email_key: person.email_key,
        password_hash: person.password_hash,
        first_name: person.first_name,
        last_name: person.last_name,
        staff_role: None,
        totp_secret: None,
        now,
    };
    if !store::insert_user(conn, &new)? {
        return Ok(None);
    }
    store::remove_registrations(conn, person.email_key)?;
    Ok(Some(new.id))
}
