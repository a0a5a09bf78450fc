//! What happened to an invoice, told from the audit log: its own lines, and those of its payments and credit notes.

use chrono::NaiveDate;
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
                    note: in_words(&told.entry.changes, invoice.number.as_deref()),
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

/// `R5 000.00, reference FNB 0071, received on 21 Nov 2026`: what the event itself and the page above do not say.
fn in_words(changes: &[AuditChange], number: Option<&str>) -> String {
    let told = changes.iter().filter(|change| {
        let is_its_number = matches!(change.field.as_str(), "invoice" | "number") && change.after.as_deref() == number;
        change.field != "status" && !is_its_number
    });
    told.map(words).collect::<Vec<_>>().join(", ")
}

fn words(change: &AuditChange) -> String {
    let field = match change.field.as_str() {
        "amount" | "total" if change.before.is_none() => "",
        "provider_reference" => "reference",
        field => &field.replace('_', " "),
    };
    let value = |text: &str| match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(day) if change.field.ends_with("_on") => day.format("%-d %b %Y").to_string(),
        _ => text.to_owned(),
    };
    let what = match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{} → {}", value(before), value(after)),
        (None, Some(after)) => value(after),
        (Some(before), None) => format!("{} → nothing", value(before)),
        (None, None) => String::new(),
    };
    format!("{field} {what}").trim().to_owned()
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
            change("amount", None, Some("R5.00")),
            change("provider_reference", None, Some("FNB 71")),
            change("received_on", None, Some("2026-11-21")),
            change("invoice", None, Some("INV-000006")),
            change("given_up", None, Some("R1.00")),
        ];
        assert_eq!(
            in_words(&changes, Some("INV-000006")),
            "R5.00, reference FNB 71, received on 21 Nov 2026, given up R1.00"
        );
        let elsewhere = [
            change("invoice", None, Some("INV-000007")),
            change("due_days", Some("7"), Some("14")),
            change("lines", None, None),
        ];
        assert_eq!(
            in_words(&elsewhere, Some("INV-000006")),
            "invoice INV-000007, due days 7 → 14, lines"
        );
        assert_eq!(in_words(&[], None), "");
    }
}
