//! Who belongs to an account, and who is invited.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::{AccountRole, AccountSummary},
    auth::Done,
    endpoint::{Access, Endpoint, Method},
    ids::{InvitationId, UserId},
    page::Page,
};

crate::redacted_debug!(InvitationToken, InvitedRegistration);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user_id: UserId,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub role: AccountRole,
    /// Whether they sign in with a second factor.
    pub has_second_factor: bool,
    /// Whether this is the person who asks.
    pub is_self: bool,
    #[serde(with = "crate::instant")]
    pub joined_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    pub role: AccountRole,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    pub role: AccountRole,
    /// Name of the person who invited.
    pub invited_by: String,
    #[serde(with = "crate::instant")]
    pub created_at: DateTime<Utc>,
    #[serde(with = "crate::instant")]
    pub expires_at: DateTime<Utc>,
    pub is_expired: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    pub email: String,
    pub role: AccountRole,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationToken {
    pub token: String,
}

/// What the holder of the link may know before they accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationPreview {
    pub company_name: String,
    pub email: String,
    pub role: AccountRole,
    pub invited_by: String,
    /// Whether the address has a user, who should sign in rather than register.
    pub is_registered: bool,
    #[serde(with = "crate::instant")]
    pub expires_at: DateTime<Utc>,
}

/// Accepts by becoming a user: the link came by mail, so the address is confirmed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitedRegistration {
    pub token: String,
    pub password: String,
    pub first_name: String,
    pub last_name: String,
    pub terms_accepted: bool,
}

/// All members, owners first; one page.
pub struct ListMembers;
impl Endpoint for ListMembers {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/accounts/{id}/members";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    type Request = ();
    type Response = Page<Member>;
}

/// Changes a role; the last owner stays one (409 `last_owner`).
pub struct ChangeMember;
impl Endpoint for ChangeMember {
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/accounts/{id}/members/{user_id}";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = MemberChange;
    type Response = Member;
}

/// Removes a member; owners remove anybody, everybody may leave, the last owner may not.
pub struct RemoveMember;
impl Endpoint for RemoveMember {
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/accounts/{id}/members/{user_id}";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    type Request = ();
    type Response = Done;
}

/// Open and expired invitations, newest first; one page.
pub struct ListInvitations;
impl Endpoint for ListInvitations {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/accounts/{id}/invitations";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = ();
    type Response = Page<Invitation>;
}

/// Sends an invitation; one that the address has already is replaced, its link ends.
pub struct Invite;
impl Endpoint for Invite {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/accounts/{id}/invitations";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = NewInvitation;
    type Response = Invitation;
}

pub struct WithdrawInvitation;
impl Endpoint for WithdrawInvitation {
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/accounts/{id}/invitations/{invitation_id}";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = ();
    type Response = Done;
}

/// Reads an invitation by its token; changes nothing.
pub struct PreviewInvitation;
impl Endpoint for PreviewInvitation {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invitations/preview";
    const ACCESS: Access = Access::Public;
    type Request = InvitationToken;
    type Response = InvitationPreview;
}

/// Joins the account; the signed-in person's address must be the invited one.
pub struct AcceptInvitation;
impl Endpoint for AcceptInvitation {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invitations/accept";
    const ACCESS: Access = Access::SignedIn;
    type Request = InvitationToken;
    type Response = AccountSummary;
}

/// Becomes a user and joins the account in one step; signing in comes next. A known address is 409 `email_taken`.
pub struct RegisterInvited;
impl Endpoint for RegisterInvited {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/invitations/register";
    const ACCESS: Access = Access::Public;
    type Request = InvitedRegistration;
    type Response = Done;
}
