//! How often signing up and in may be tried, and by whom it is counted.
//!
//! Every refusal comes before the database or a password is looked at, so it tells nothing of either.

use std::net::IpAddr;

use common::ids::{AccountId, UserId};

use crate::{app::App, error::ApiError, limits::Quota};

/// Before a password is compared; `email_key` is empty when what was typed is no address.
pub async fn before_sign_in(app: &App, email_key: &str, peer: IpAddr) -> Result<(), ApiError> {
    let limits = &app.limits;
    limits.check(Quota::SignInAddress, &[peer.into()]).await?;
    if email_key.is_empty() {
        return Ok(());
    }
    // In this order: one address uses up its own tries before those that everybody shares.
    limits
        .check(Quota::SignInPair, &[email_key.into(), peer.into()])
        .await?;
    limits.check(Quota::SignInEmail, &[email_key.into()]).await
}

/// After the right password of a user: whoever mistyped it before has all tries again.
pub async fn after_right_password(app: &App, email_key: &str, peer: IpAddr) {
    app.limits
        .forget(Quota::SignInPair, &[email_key.into(), peer.into()])
        .await;
}

/// Before a code of a second factor is compared.
pub async fn before_code(app: &App, user_id: UserId) -> Result<(), ApiError> {
    app.limits.check(Quota::SecondFactor, &[user_id.as_str().into()]).await
}

/// After a right code: only wrong ones count.
pub async fn after_right_code(app: &App, user_id: UserId) {
    app.limits.forget(Quota::SecondFactor, &[user_id.as_str().into()]).await;
}

/// What a mail to a typed address is for; each has a budget of its own, so that a stranger who signs an address up
/// does not keep its owner from a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailFor {
    SignUp,
    Confirmation,
    PasswordReset,
    Invitation,
}

impl MailFor {
    fn name(self) -> &'static str {
        match self {
            MailFor::SignUp => "sign-up",
            MailFor::Confirmation => "confirmation",
            MailFor::PasswordReset => "password-reset",
            MailFor::Invitation => "invitation",
        }
    }
}

/// Before a mail goes to an address that somebody typed; the same for known and unknown addresses.
pub async fn before_mail(app: &App, what: MailFor, email_key: &str, peer: IpAddr) -> Result<(), ApiError> {
    app.limits.check(Quota::MailFrom, &[peer.into()]).await?;
    app.limits
        .check(Quota::MailTo, &[what.name().into(), email_key.into()])
        .await
}

/// Before an owner's invitation is sent: an account is no way to mail the world.
pub async fn before_invitation(app: &App, account_id: AccountId) -> Result<(), ApiError> {
    app.limits.check(Quota::Invitation, &[account_id.as_str().into()]).await
}

/// Before a password is judged for somebody who types it.
pub async fn before_judging(app: &App, peer: IpAddr) -> Result<(), ApiError> {
    app.limits.check(Quota::Judging, &[peer.into()]).await
}

/// Before the present password of somebody signed in is compared; a stranger at the door cannot use this budget up.
pub async fn before_present_password(app: &App, user_id: UserId) -> Result<(), ApiError> {
    app.limits
        .check(Quota::PresentPassword, &[user_id.as_str().into()])
        .await
}

/// After the right one: only wrong ones count.
pub async fn after_present_password(app: &App, user_id: UserId) {
    app.limits
        .forget(Quota::PresentPassword, &[user_id.as_str().into()])
        .await;
}

/// Before the token of a mail link is looked up.
pub async fn before_mail_token(app: &App, peer: IpAddr) -> Result<(), ApiError> {
    app.limits.check(Quota::MailToken, &[peer.into()]).await
}
