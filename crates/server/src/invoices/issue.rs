//! Issuing: the check of the tax document, then number, dates and seal, in the transaction that issues it.

use chrono::{DateTime, TimeDelta, Utc};
use common::{ErrorCode, FieldError, audit::AuditAction, ids::InvoiceId, invoices::InvoiceStatus, money::format_money};

use super::{
    drafts::{Staff, find_meant, name_parties},
    lines,
    rules::{self, Event},
    seal,
    service::{document, post_issue},
    states,
    store::{self, InvoiceRow},
};
use crate::{
    accounts,
    app::App,
    audit::{self, Entry, Origin, service::changed},
    db::{Conn, QueryResult},
    error::ApiError,
    http::IfMatch,
    idempotency::Answer,
};

/// Gives a draft its number and freezes it; one that comes to nothing is paid with it.
pub async fn finalize(app: &App, id: InvoiceId, if_match: IfMatch, staff: Staff) -> Result<Answer, ApiError> {
    let now = app.clock.now();
    let supplier = app.config.supplier.clone();
    app.db
        .write(move |conn| {
            let found = states::lock(conn, id)?;
            staff.once(conn, &found, "POST /invoices/finalize", &(), now, |conn| {
                let before = find_meant(conn, id, Event::Finalize, &if_match)?;
                let account =
                    accounts::service::find(conn, before.account_id)?.ok_or_else(|| ApiError::not_found("account"))?;
                // What the document says is what is true on the day of issue.
                let mut draft = before.clone();
                name_parties(&mut draft, &account, &supplier);
                let stored = store::load_lines(conn, id)?;
                let rows = lines::price(&mut draft, &lines::of_rows(&stored), now)?;
                store::replace_lines(conn, id, &rows)?;
                let mut guards = draft.guards(0);
                guards.has_lines = !rows.is_empty();
                rules::next(before.status, Event::Finalize, &guards)
                    .map_err(|refusal| states::refused(&before, refusal))?;
                check_tax_document(&draft, "finalise")?;
                let issued = numbered(conn, &draft, now)?;
                let after = states::step(conn, &before, Event::Finalize, &guards, now, |row| *row = issued)?;
                record(conn, &after, before.status, &staff.origin, now)?;
                post_issue(conn, &after, now)?;
                document(conn, after)
            })
        })
        .await
}

/// Refuses a document that could not be issued, and names what its recipient's details lack.
fn check_tax_document(invoice: &InvoiceRow, what: &str) -> Result<(), ApiError> {
    let lacking = rules::lacking_for_tax_document(&rules::TaxDocument {
        total_minor: invoice.total_minor,
        charges_vat: invoice.supplier_vat_number.is_some(),
        has_supplier: !invoice.supplier_name.is_empty() && !invoice.supplier_address.is_empty(),
        has_name: !invoice.customer_name.is_empty(),
        has_address: invoice.customer_address.is_some(),
    });
    if lacking.is_empty() {
        return Ok(());
    }
    let error = |lack: rules::Lacking| {
        FieldError::required(
            lack.field(),
            &format!(
                "{} The account's billing details must have it before you {what}.",
                lack.in_words()
            ),
        )
    };
    Err(ApiError::with_fields(
        ErrorCode::BillingDetailsMissing,
        lacking.into_iter().map(error).collect(),
    ))
}

/// The row as the issued document has it: with the next number, its dates and its seal. Nothing is written yet but
/// the series.
pub fn numbered(conn: &mut Conn, draft: &InvoiceRow, now: DateTime<Utc>) -> QueryResult<InvoiceRow> {
    let rows = store::load_lines(conn, draft.id)?;
    let number = rules::invoice_number(store::next_serial(conn, "invoice")?);
    let due_at = now + TimeDelta::days(draft.due_days.into());
    let mut issued = draft.clone();
    issued.number = Some(number);
    issued.issued_at = Some(now.naive_utc());
    issued.due_at = Some(due_at.naive_utc());
    issued.search_text = lines::search_text(&issued, &rows);
    issued.document_sha256 = Some(seal::document_hash(&issued, &rows));
    Ok(issued)
}

/// The line of the log.
pub fn record(
    conn: &mut Conn,
    invoice: &InvoiceRow,
    from: InvoiceStatus,
    origin: &Origin,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let total = format_money(invoice.money(invoice.total_minor));
    let number = invoice.number.as_deref();
    let entry = Entry {
        action: AuditAction::InvoiceIssued,
        account_id: Some(invoice.account_id),
        subject_kind: "invoice",
        subject_id: Some(invoice.id.as_str()),
        subject: number.unwrap_or_default(),
        changes: changed([
            ("status", Some(from.as_str()), Some(invoice.status.as_str())),
            ("number", None, number),
            ("total", None, Some(&total)),
        ]),
    };
    audit::record(conn, origin, &entry, now)
}
