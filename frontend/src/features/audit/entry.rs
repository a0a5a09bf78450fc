//! One line of the log in words: what happened, by whom, and what changed.

use common::{
    accounts::AccountRole,
    audit::{ActorKind, AuditAction, AuditChange, AuditEntry},
    instant,
};

use crate::{dates, roles, text::t};

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    SignIn,
    Company,
    Keys,
    Money,
}

pub const GROUPS: [Group; 4] = [Group::SignIn, Group::Company, Group::Keys, Group::Money];

impl Group {
    pub fn name(self) -> &'static str {
        let texts = t().audit;
        match self {
            Group::SignIn => texts.group_sign_in,
            Group::Company => texts.group_company,
            Group::Keys => texts.group_keys,
            Group::Money => texts.group_money,
        }
    }
}

pub fn group(action: AuditAction) -> Group {
    in_words(action).0
}

pub fn action(action: AuditAction) -> &'static str {
    in_words(action).1
}

/// The one place that names actions; a new one does not compile without its words.
fn in_words(action: AuditAction) -> (Group, &'static str) {
    use AuditAction as Did;
    let texts = t().audit;
    match action {
        Did::UserRegistered => (Group::SignIn, texts.user_registered),
        Did::SignedIn => (Group::SignIn, texts.signed_in),
        Did::SignInRefused => (Group::SignIn, texts.sign_in_refused),
        Did::SignedOut => (Group::SignIn, texts.signed_out),
        Did::SessionRevoked => (Group::SignIn, texts.session_revoked),
        Did::PasswordChanged => (Group::SignIn, texts.password_changed),
        Did::PasswordResetAsked => (Group::SignIn, texts.password_reset_asked),
        Did::PasswordReset => (Group::SignIn, texts.password_reset),
        Did::MfaEnabled => (Group::SignIn, texts.mfa_enabled),
        Did::MfaDisabled => (Group::SignIn, texts.mfa_disabled),
        Did::RecoveryCodesRenewed => (Group::SignIn, texts.recovery_codes_renewed),
        Did::RecoveryCodeUsed => (Group::SignIn, texts.recovery_code_used),
        Did::AccountOpened => (Group::Company, texts.account_opened),
        Did::AccountChanged => (Group::Company, texts.account_changed),
        Did::MemberInvited => (Group::Company, texts.member_invited),
        Did::InvitationWithdrawn => (Group::Company, texts.invitation_withdrawn),
        Did::MemberJoined => (Group::Company, texts.member_joined),
        Did::MemberRoleChanged => (Group::Company, texts.member_role_changed),
        Did::MemberRemoved => (Group::Company, texts.member_removed),
        Did::StaffRoleChanged => (Group::Company, texts.staff_role_changed),
        Did::ApiKeyCreated => (Group::Keys, texts.api_key_created),
        Did::ApiKeyRotated => (Group::Keys, texts.api_key_rotated),
        Did::ApiKeyRevoked => (Group::Keys, texts.api_key_revoked),
        Did::CheckoutStarted => (Group::Money, texts.checkout_started),
        Did::PaymentCanceled => (Group::Money, texts.payment_canceled),
        Did::PaymentSettled => (Group::Money, texts.payment_settled),
        Did::InvoiceIssued => (Group::Money, texts.invoice_issued),
        Did::PlanGranted => (Group::Money, texts.plan_granted),
        Did::InvoiceDrafted => (Group::Money, texts.invoice_drafted),
        Did::InvoiceChanged => (Group::Money, texts.invoice_changed),
        Did::InvoiceDeleted => (Group::Money, texts.invoice_deleted),
        Did::InvoiceSent => (Group::Money, texts.invoice_sent),
        Did::InvoiceVoided => (Group::Money, texts.invoice_voided),
        Did::InvoiceWrittenOff => (Group::Money, texts.invoice_written_off),
        Did::CreditNoteIssued => (Group::Money, texts.credit_note_issued),
        Did::CreditApplied => (Group::Money, texts.credit_applied),
        Did::ChargeStarted => (Group::Money, texts.charge_started),
        Did::PaymentRecorded => (Group::Money, texts.payment_recorded),
        Did::PaymentReversed => (Group::Money, texts.payment_reversed),
        Did::RefundRequested => (Group::Money, texts.refund_requested),
        Did::RefundChanged => (Group::Money, texts.refund_changed),
        Did::MethodAdded => (Group::Money, texts.method_added),
        Did::MethodChanged => (Group::Money, texts.method_changed),
        Did::MethodRemoved => (Group::Money, texts.method_removed),
        Did::NotificationReplayed => (Group::Money, texts.notification_replayed),
        Did::ReconciliationStarted => (Group::Money, texts.reconciliation_started),
    }
}

/// Who it was: a person's address as it is, others with what they are.
pub fn actor(entry: &AuditEntry) -> String {
    let texts = t().audit;
    let kind = match entry.actor_kind {
        ActorKind::User | ActorKind::Gateway | ActorKind::System => return entry.actor.clone(),
        ActorKind::ApiKey => texts.by_key,
        ActorKind::Operator => return texts.by_operator.to_owned(),
        ActorKind::Anonymous => texts.by_nobody,
    };
    match entry.actor.is_empty() {
        true => kind.to_owned(),
        false => format!("{kind}: {}", entry.actor),
    }
}

/// The page of the thing concerned, where there is one.
pub fn subject_page(entry: &AuditEntry) -> Option<String> {
    let id = entry.subject_id.as_deref()?;
    match entry.subject_kind.as_str() {
        "invoice" => Some(format!("/invoices/{id}")),
        "payment" => Some(format!("/payments/{id}")),
        _ => None,
    }
}

/// A change in words: the field, what it was, what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Change {
    pub fn of(change: &AuditChange) -> Self {
        let words = |value: &Option<String>| value.as_deref().map(|text| value_words(&change.field, text));
        Self {
            field: field_words(&change.field),
            before: words(&change.before),
            after: words(&change.after),
        }
    }
}

fn field_words(field: &str) -> String {
    let texts = t().audit;
    let known = match field {
        "role" => texts.field_role,
        "email" => texts.field_email,
        "name" => texts.field_name,
        "number" => texts.field_number,
        "owner" => texts.field_owner,
        "company_name" => texts.field_company,
        "vat_number" => texts.field_vat,
        "billing_address" => texts.field_address,
        "scopes" => texts.field_scopes,
        "prefix" => texts.field_prefix,
        "expires_at" => texts.field_expires,
        "status" => texts.field_status,
        "plan" => texts.field_plan,
        "starts_at" => texts.field_starts,
        "ends_at" => texts.field_ends,
        "amount" => texts.field_amount,
        "total" => texts.field_total,
        "provider_reference" => texts.field_reference,
        "staff_role" => texts.field_staff_role,
        // A field that this client does not know yet is named as the server names it.
        other => return upper_first(&other.replace('_', " ")),
    };
    known.to_owned()
}

fn value_words(field: &str, value: &str) -> String {
    if field == "role"
        && let Some(role) = AccountRole::parse(value)
    {
        return roles::name(role).to_owned();
    }
    if field.ends_with("_at") {
        if let Some(at) = instant::parse(value) {
            return dates::date_time(at);
        }
        if let Some(noon) = instant::parse(&format!("{value}T10:00:00Z")) {
            return dates::date(noon);
        }
    }
    if field == "status" {
        return upper_first(&value.replace('_', " "));
    }
    value.to_owned()
}

fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use common::ids::AuditEntryId;

    use super::*;

    fn change(field: &str, before: Option<&str>, after: Option<&str>) -> Change {
        Change::of(&AuditChange {
            field: field.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        })
    }

    fn entry(actor_kind: ActorKind, actor: &str) -> AuditEntry {
        AuditEntry {
            id: AuditEntryId::parse("01929b7e-7c1c-7000-8000-000000000001").unwrap(),
            at: "2026-11-24T08:00:00Z".parse().unwrap(),
            action: AuditAction::SignedIn,
            actor_kind,
            actor: actor.to_owned(),
            account_id: None,
            subject: "INV-000001".to_owned(),
            subject_kind: "invoice".to_owned(),
            subject_id: Some("7".to_owned()),
            changes: Vec::new(),
            from: None,
            request_id: None,
        }
    }

    #[test]
    fn every_action_has_words_of_its_own() {
        let mut words: Vec<_> = AuditAction::ALL.iter().map(|done| action(*done)).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), AuditAction::ALL.len());
    }

    #[test]
    fn every_action_stands_in_a_group_that_is_offered() {
        for done in AuditAction::ALL {
            assert!(GROUPS.contains(&group(*done)), "{done}");
        }
    }

    #[test]
    fn actors_say_what_they_are() {
        assert_eq!(actor(&entry(ActorKind::User, "a@b.co")), "a@b.co");
        assert_eq!(actor(&entry(ActorKind::Gateway, "PayFast")), "PayFast");
        assert_eq!(actor(&entry(ActorKind::ApiKey, "Books")), "API key: Books");
        assert_eq!(actor(&entry(ActorKind::Anonymous, "")), "Nobody known");
    }

    #[test]
    fn invoices_and_payments_have_pages() {
        let mut entry = entry(ActorKind::User, "a@b.co");
        assert_eq!(subject_page(&entry).as_deref(), Some("/invoices/7"));
        entry.subject_kind = "member".to_owned();
        assert_eq!(subject_page(&entry), None);
    }

    #[test]
    fn changes_are_told_in_words() {
        let role = change("role", Some("viewer"), Some("owner"));
        assert_eq!(
            (role.before.as_deref(), role.after.as_deref()),
            (Some("Viewer"), Some("Owner"))
        );
        assert_eq!(role.field, "Role");
        assert_eq!(
            change("expires_at", None, Some("2026-11-24T07:14:59Z"))
                .after
                .as_deref(),
            Some("24 Nov 2026, 09:14")
        );
        assert_eq!(
            change("ends_at", None, Some("2026-11-24")).after.as_deref(),
            Some("24 Nov 2026")
        );
        assert_eq!(
            change("status", None, Some("awaiting_customer")).after.as_deref(),
            Some("Awaiting customer")
        );
        assert_eq!(change("some_new_thing", None, Some("x")).field, "Some new thing");
    }
}
