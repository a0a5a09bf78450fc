//! The audit log: every change that matters, who made it and from where. Append only.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::AccountRole,
    auth::StaffRole,
    endpoint::{Access, Endpoint, Method},
    ids::{AccountId, AuditEntryId},
    page::Page,
};

crate::text_enum! {
    /// What happened; appended, never reused.
    pub enum AuditAction {
        UserRegistered = "user.registered",
        SignedIn = "session.opened",
        SignInRefused = "session.refused",
        SignedOut = "session.closed",
        SessionRevoked = "session.revoked",
        PasswordChanged = "password.changed",
        PasswordResetAsked = "password.reset_asked",
        PasswordReset = "password.reset",
        MfaEnabled = "mfa.enabled",
        MfaDisabled = "mfa.disabled",
        RecoveryCodesRenewed = "mfa.recovery_codes_renewed",
        RecoveryCodeUsed = "mfa.recovery_code_used",
        AccountOpened = "account.opened",
        AccountChanged = "account.changed",
        MemberInvited = "member.invited",
        InvitationWithdrawn = "member.invitation_withdrawn",
        MemberJoined = "member.joined",
        MemberRoleChanged = "member.role_changed",
        MemberRemoved = "member.removed",
        ApiKeyCreated = "api_key.created",
        ApiKeyRotated = "api_key.rotated",
        ApiKeyRevoked = "api_key.revoked",
        CheckoutStarted = "checkout.started",
        PaymentCanceled = "payment.canceled",
        PaymentSettled = "payment.settled",
        InvoiceIssued = "invoice.issued",
        PlanGranted = "plan.granted",
        StaffRoleChanged = "staff.role_changed",
        InvoiceDrafted = "invoice.drafted",
        InvoiceChanged = "invoice.changed",
        InvoiceDeleted = "invoice.deleted",
        InvoiceSent = "invoice.sent",
        InvoiceVoided = "invoice.voided",
        InvoiceWrittenOff = "invoice.written_off",
        CreditNoteIssued = "credit_note.issued",
        CreditApplied = "credit.applied",
        ChargeStarted = "charge.started",
        PaymentRecorded = "payment.recorded",
        PaymentReversed = "payment.reversed",
        RefundRequested = "refund.requested",
        RefundChanged = "refund.changed",
        MethodAdded = "payment_method.added",
        MethodChanged = "payment_method.changed",
        MethodRemoved = "payment_method.removed",
        NotificationReplayed = "notification.replayed",
        ReconciliationStarted = "reconciliation.started",
    }
}

crate::text_enum! {
    /// What kind of actor made a change.
    pub enum ActorKind {
        /// A signed-in person.
        User = "user",
        /// A program with an API key.
        ApiKey = "api_key",
        /// PayFast, by a notification.
        Gateway = "gateway",
        /// The server itself: a job or an expiry.
        System = "system",
        /// Somebody at the command line of the server.
        Operator = "operator",
        /// Nobody who is known: a refused sign-in.
        Anonymous = "anonymous",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub id: AuditEntryId,
    #[serde(with = "crate::instant")]
    pub at: DateTime<Utc>,
    pub action: AuditAction,
    pub actor_kind: ActorKind,
    /// Who it was in words: an address, the name of a key, `PayFast`.
    pub actor: String,
    /// The account concerned; absent for what concerns a person alone.
    pub account_id: Option<AccountId>,
    /// The thing concerned in words: a number, an address, a name.
    pub subject: String,
    /// Kind of the thing: `user`, `session`, `account`, `member`, `invitation`, `api_key`, `payment`, `invoice`, `credit_note`,
    /// `refund`, `payment_method`, `notification`, `reconciliation`.
    pub subject_kind: String,
    pub subject_id: Option<String>,
    /// Field by field what changed, in order; secrets never stand here.
    pub changes: Vec<AuditChange>,
    /// Network address of the request; absent for the server itself.
    pub from: Option<String>,
    pub request_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditChange {
    pub field: String,
    /// Absent when there was nothing.
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<AuditAction>,
    /// First day, `2026-11-01`, in South African time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last day, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Part of the actor's or the subject's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

/// What an export holds; the filters of [`AuditQuery`] without its paging.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditFilter {
    /// Whose log, where no header can say it: in a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<AuditAction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

/// The same entries as `text/csv` (RFC 4180), newest first, without an end to their number.
pub struct ExportAudit;
impl Endpoint for ExportAudit {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/audit/export.csv";
    const ACCESS: Access = Access::AccountOrStaff(AccountRole::Owner, StaffRole::Admin);
    type Request = AuditFilter;
    type Response = ();
}

/// The account's entries and one's own; staff who name no account read everything.
pub struct ListAudit;
impl Endpoint for ListAudit {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/audit";
    const ACCESS: Access = Access::AccountOrStaff(AccountRole::Owner, StaffRole::Admin);
    type Request = AuditQuery;
    type Response = Page<AuditEntry>;
}
