//! Users that are made at the command line.

use common::{
    auth::StaffRole,
    ids::UserId,
    validate::{Email, check_new_password},
};
use totp_rs::Secret;

use super::{
    password,
    store::{self, NewUser},
};
use crate::{app::App, clock, db::QueryResult, error::ApiError};

/// A confirmed user made by an operator: demo data and the first administrator.
pub struct OperatorUser {
    pub email: Email,
    pub password: String,
    pub first_name: String,
    pub last_name: String,
    pub staff_role: Option<StaffRole>,
    pub totp_secret: Option<String>,
}

/// Creates the user, or gives an existing one this password and second factor; tells the id and whether it is new.
pub async fn upsert_user(app: &App, user: OperatorUser) -> Result<(UserId, bool), ApiError> {
    check_new_password("password", &user.password)?;
    let password_hash = password::hash(user.password).await;
    let now = app.clock.now();
    let saved = app
        .db
        .write(move |conn| -> QueryResult<_> {
            let email_key = user.email.key();
            let new = NewUser {
                id: clock::new_id(now),
                email: user.email.as_str(),
                email_key: &email_key,
                password_hash: &password_hash,
                first_name: &user.first_name,
                last_name: &user.last_name,
                staff_role: user.staff_role,
                totp_secret: user.totp_secret.as_deref(),
                now,
            };
            if store::insert_user(conn, &new)? {
                return Ok((new.id, true));
            }
            let existing = store::find_user_by_email(conn, &email_key)?.expect("the address was taken a moment ago");
            store::set_credentials(conn, existing.id, &password_hash, user.totp_secret.as_deref())?;
            Ok((existing.id, false))
        })
        .await?;
    Ok(saved)
}

/// A new TOTP secret in base 32, 160 bits as RFC 4226 section 4 recommends.
pub fn new_totp_secret() -> String {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    Secret::Raw(bytes.to_vec()).to_encoded().to_string()
}
