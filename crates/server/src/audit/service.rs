//! Writing the log, one call per change inside the change's transaction, and reading it.

use chrono::{DateTime, Utc};
use common::{
    Page,
    audit::{ActorKind, AuditAction, AuditChange, AuditEntry, AuditQuery},
    ids::{AccountId, ApiKeyId, AuditEntryId, UserId},
};
use serde::{Deserialize, Serialize};

use super::store::{self, EntryRow, ListFilter};
use crate::{
    app::App,
    clock, days,
    db::{Conn, QueryResult},
    error::ApiError,
    paging::{self, Paging},
    search,
};

/// Who made a change and from where; handlers take it as an extractor.
///
/// A job that goes on with a request's work carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub kind: ActorKind,
    /// Who it was in words: an address, the name of a key, `PayFast`.
    pub actor: String,
    pub user_id: Option<UserId>,
    pub api_key_id: Option<ApiKeyId>,
    /// Network address of the request.
    pub peer: Option<String>,
    pub request_id: Option<String>,
}

impl Origin {
    /// The server itself: a job, an expiry.
    pub fn system() -> Self {
        Self::inside(ActorKind::System, "CapeControl")
    }

    /// A notification of PayFast.
    pub fn payfast() -> Self {
        Self::inside(ActorKind::Gateway, "PayFast")
    }

    /// Somebody at the command line of the server.
    pub fn operator() -> Self {
        Self::inside(ActorKind::Operator, "operator")
    }

    /// The same place, but a person who proved only in this request who they are: at sign-in, at a reset.
    pub fn acting_as(&self, user_id: UserId, email: &str) -> Self {
        Self {
            kind: ActorKind::User,
            actor: email.to_owned(),
            user_id: Some(user_id),
            ..self.clone()
        }
    }

    fn inside(kind: ActorKind, actor: &str) -> Self {
        Self {
            kind,
            actor: actor.to_owned(),
            user_id: None,
            api_key_id: None,
            peer: None,
            request_id: None,
        }
    }
}

/// One change, as it is told to [`record`].
pub struct Entry<'a> {
    pub action: AuditAction,
    /// Whose log it belongs to; `None` for what concerns a person alone.
    pub account_id: Option<AccountId>,
    /// `user`, `session`, `account`, `member`, `invitation`, `api_key`, `payment`, `invoice`.
    pub subject_kind: &'static str,
    pub subject_id: Option<&'a str>,
    /// The thing in words: a number, an address, a name.
    pub subject: &'a str,
    /// Never secrets, nor hashes of them.
    pub changes: Vec<AuditChange>,
}

/// Writes one line of the log in the caller's transaction: the change and its line are kept or lost together.
pub fn record(conn: &mut Conn, origin: &Origin, entry: &Entry<'_>, now: DateTime<Utc>) -> QueryResult<()> {
    store::insert(conn, clock::new_id(now), origin, entry, now)
}

/// The fields that differ, for [`Entry::changes`].
pub fn changed<const N: usize>(fields: [(&str, Option<&str>, Option<&str>); N]) -> Vec<AuditChange> {
    fields
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(field, before, after)| AuditChange {
            field: field.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        })
        .collect()
}

/// What customers read in the place of one of us.
pub const OUR_NAME: &str = "CapeControl";

/// Who reads the log.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Whose entries; `None` for staff, who read everything.
    pub account_id: Option<AccountId>,
    /// Their own entries that concern no account are shown too.
    pub user_id: UserId,
}

/// One page of what the reader may see.
pub async fn list(app: &App, reader: Reader, query: AuditQuery) -> Result<Page<AuditEntry>, ApiError> {
    let paging = Paging::parse(query.limit, query.cursor.as_deref(), query.sort.as_deref())?;
    let filter = ListFilter {
        of: reader.account_id.map(|account_id| (account_id, reader.user_id)),
        action: query.action,
        period: days::period(query.from.as_deref(), query.to.as_deref())?,
        search: search::typed(query.search.as_deref())?.map(str::to_owned),
        after: paging.after(AuditEntryId::parse)?,
        newest_first: paging.newest_first,
        limit: paging.fetch(),
    };
    app.db
        .read(move |conn| {
            let total = store::count(conn, &filter, paging::COUNT_UP_TO)?;
            let rows = store::load_page(conn, &filter)?;
            let told = |row: EntryRow| match reader.account_id {
                Some(_) => without_staff(row.into_entry()),
                None => row.into_entry(),
            };
            Ok(paging.page(rows, total, |row| (row.at, row.id.to_string())).map(told))
        })
        .await
}

/// What customers are told of us: that we did it, not which of us and from where.
fn without_staff(entry: AuditEntry) -> AuditEntry {
    if entry.actor_kind != ActorKind::User || !is_of_staff(entry.action) {
        return entry;
    }
    AuditEntry {
        actor: OUR_NAME.to_owned(),
        from: None,
        ..entry
    }
}

/// What only staff do, whoever they are.
pub fn is_of_staff(action: AuditAction) -> bool {
    matches!(
        action,
        AuditAction::InvoiceDrafted
            | AuditAction::InvoiceChanged
            | AuditAction::InvoiceDeleted
            | AuditAction::InvoiceIssued
            | AuditAction::InvoiceSent
            | AuditAction::InvoiceVoided
            | AuditAction::InvoiceWrittenOff
            | AuditAction::CreditNoteIssued
            | AuditAction::PaymentRecorded
            | AuditAction::PaymentSettled
            | AuditAction::PaymentReversed
            | AuditAction::RefundRequested
            | AuditAction::RefundChanged
            | AuditAction::NotificationReplayed
            | AuditAction::ReconciliationStarted
            | AuditAction::StaffRoleChanged
    )
}

/// A line of the log, and the person who stands behind it.
pub struct Told {
    pub entry: AuditEntry,
    pub user_id: Option<UserId>,
}

/// Every line about any of these things, newest first.
pub fn load_about(conn: &mut Conn, subject_ids: &[String]) -> QueryResult<Vec<Told>> {
    let rows = store::load_about(conn, subject_ids)?;
    Ok(rows
        .into_iter()
        .map(|(row, user_id)| Told {
            entry: row.into_entry(),
            user_id,
        })
        .collect())
}

impl EntryRow {
    pub fn into_entry(self) -> AuditEntry {
        AuditEntry {
            id: self.id,
            at: self.at.and_utc(),
            action: self.action,
            actor_kind: self.actor_kind,
            actor: self.actor,
            account_id: self.account_id,
            subject: self.subject,
            subject_kind: self.subject_kind,
            subject_id: self.subject_id,
            changes: serde_json::from_str(&self.changes).unwrap_or_default(),
            from: self.peer,
            request_id: self.request_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_that_differ_are_told() {
        let changes = changed([
            ("company_name", Some("Karoo Kiln"), Some("Karoo Kiln")),
            ("vat_number", None, Some("4000000000")),
        ]);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].field, "vat_number");
        assert_eq!(changes[0].before, None);
    }
}
