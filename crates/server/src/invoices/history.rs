//! What happened to an invoice, told from the audit log: its own lines, and those of its payments and credit notes.

use common::{
    audit::{ActorKind, AuditAction, AuditChange, AuditEntry},
    ids::{InvoiceId, UserId},
    invoices::InvoiceEvent,
};

use super::{credit_notes, service::Reader, store};
use crate::{app::App, audit, error::ApiError, payments};

/// Newest first.
pub async fn load(app: &App, id: InvoiceId, reader: Reader) -> Result<Vec<InvoiceEvent>, ApiError> {
    app.db
        .read(move |conn| {
            let invoice = store::find(conn, id)?
                .filter(|row| reader.sees(row))
                .ok_or_else(|| ApiError::not_found("invoice"))?;
            let mut subjects = vec![invoice.id.to_string()];
            let notes = credit_notes::store::load_of(conn, id)?;
            subjects.extend(notes.iter().map(|note| note.id.to_string()));
            subjects.extend(payments::service::ids_of(conn, id)?.iter().map(ToString::to_string));
            let entries = audit::service::load_about(conn, &subjects)?;
            let told = entries
                .into_iter()
                .filter(|told| reader.is_staff || !is_inside(told.entry.action));
            Ok(told
                .map(|told| InvoiceEvent {
                    at: told.entry.at,
                    event: told.entry.action.to_string(),
                    actor: actor(&told.entry, told.user_id, reader),
                    note: in_words(&told.entry.changes),
                })
                .collect())
        })
        .await
}

/// What staff do before there is a document.
fn is_inside(action: AuditAction) -> bool {
    matches!(
        action,
        AuditAction::InvoiceDrafted | AuditAction::InvoiceChanged | AuditAction::InvoiceDeleted
    )
}

fn actor(entry: &AuditEntry, user_id: Option<UserId>, reader: Reader) -> String {
    match entry.actor_kind {
        ActorKind::User if user_id == Some(reader.user_id) => "You".to_owned(),
        ActorKind::User if audit::service::is_of_staff(entry.action) && !reader.is_staff => {
            audit::service::OUR_NAME.to_owned()
        }
        ActorKind::Operator if !reader.is_staff => audit::service::OUR_NAME.to_owned(),
        _ => entry.actor.clone(),
    }
}

/// `status draft → open, number INV-000007`.
fn in_words(changes: &[AuditChange]) -> String {
    let words = |change: &AuditChange| {
        let field = change.field.replace('_', " ");
        match (&change.before, &change.after) {
            (Some(before), Some(after)) => format!("{field} {before} → {after}"),
            (None, Some(after)) => format!("{field} {after}"),
            (Some(before), None) => format!("{field} {before} → nothing"),
            (None, None) => field,
        }
    };
    changes.iter().map(words).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_in_words() {
        let change = |field: &str, before: Option<&str>, after: Option<&str>| AuditChange {
            field: field.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let changes = [
            change("status", Some("draft"), Some("open")),
            change("given_up", None, Some("R5.00")),
        ];
        assert_eq!(in_words(&changes), "status draft → open, given up R5.00");
        assert_eq!(in_words(&[]), "");
    }
}
