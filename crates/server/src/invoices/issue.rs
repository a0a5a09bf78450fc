//! Issuing: the number, the dates and the seal of a document, given in the transaction that issues it.

use chrono::{DateTime, TimeDelta, Utc};
use common::{audit::AuditAction, invoices::InvoiceStatus, money::format_money};

use super::{
    rules, seal,
    store::{self, InvoiceRow},
};
use crate::{
    audit::{self, Entry, Origin, service::changed},
    db::{Conn, QueryResult},
    search,
};

/// The row as the issued document has it: with the next number, its dates and its seal. Nothing is written yet but
/// the series.
pub fn numbered(conn: &mut Conn, draft: &InvoiceRow, now: DateTime<Utc>) -> QueryResult<InvoiceRow> {
    let lines = store::load_lines(conn, draft.id)?;
    let number = rules::invoice_number(store::next_serial(conn, "invoice")?);
    let due_at = now + TimeDelta::days(draft.due_days.into());
    let mut issued = draft.clone();
    let texts = [number.as_str(), &issued.customer_name];
    let descriptions = lines.iter().map(|line| line.description.as_str());
    issued.search_text = search::fold(texts.into_iter().chain(descriptions));
    issued.number = Some(number);
    issued.issued_at = Some(now.naive_utc());
    issued.due_at = Some(due_at.naive_utc());
    issued.document_sha256 = Some(seal::document_hash(&issued, &lines));
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
