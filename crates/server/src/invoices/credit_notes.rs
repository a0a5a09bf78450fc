//! Credit notes: how an issued invoice is corrected (VAT Act section 21), in part or whole.
//!
//! Owns the table `credit_notes` and the series `credit_note`.

pub mod store;

use chrono::{DateTime, Utc};
use common::{audit::AuditAction, books::LedgerAccount, ids::InvoiceId, invoices::InvoiceStatus, money::format_money};

pub use self::store::CreditNoteRow;
use super::{
    amounts, money,
    rules::{self, Event},
    seal, states,
    store::{self as invoices_store, InvoiceRow},
};
use crate::{
    audit::{self, Entry, Origin, service::changed},
    books::{
        self,
        rules::{Leg, credit, debit},
    },
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    payments,
};

/// Issues a credit note with the next number of its own series; what had been paid becomes the customer's credit.
///
/// `amount_minor` is with VAT; absent it is all that is left. An open invoice is credited up to its balance, and is
/// void when nothing was paid on it; a paid one up to its total, and stays paid. The note ends with its entry in the
/// books, so what the caller locks beside the invoice must be locked before.
pub fn issue(
    conn: &mut Conn,
    invoice_id: InvoiceId,
    amount_minor: Option<i64>,
    reason: &str,
    origin: &Origin,
    now: DateTime<Utc>,
) -> Result<CreditNoteRow, ApiError> {
    let invoice = states::lock(conn, invoice_id)?;
    let left = invoice.total_minor - invoice.credited_minor;
    let left = match invoice.status {
        InvoiceStatus::Open => left.min(invoice.balance_minor()),
        _ => left,
    };
    let amount = amount_minor.unwrap_or(left);
    if amount_minor.is_none() && left == 0 && invoice.status == InvoiceStatus::Paid {
        return Err(ApiError::conflict("nothing of this invoice is left to credit"));
    }
    let (_, note) = apply(conn, &invoice, Event::CreditNoteIssued, amount, reason, origin, now)?;
    post(conn, &invoice, &note, now)?;
    Ok(note)
}

/// Writes the note and moves the invoice by `event`, which [`rules::next`] has the last word on. The caller posts.
pub(super) fn apply(
    conn: &mut Conn,
    invoice: &InvoiceRow,
    event: Event,
    amount: i64,
    reason: &str,
    origin: &Origin,
    now: DateTime<Utc>,
) -> Result<(InvoiceRow, CreditNoteRow), ApiError> {
    let mut guards = invoice.guards(amount);
    guards.under_way = payments::service::under_way(conn, invoice.id)?;
    rules::next(invoice.status, event, &guards).map_err(|refusal| states::refused(invoice, refusal))?;
    let to_credit = amount - amount.min(invoice.balance_minor());
    let split = amounts::slice(
        invoice.credited_minor,
        invoice.credited_minor + amount,
        invoice.total_minor,
        invoice.vat_minor,
        invoice.currency,
    );
    let after = states::step(conn, invoice, event, &guards, now, |row| {
        row.credited_minor += amount;
        row.returned_minor += to_credit;
    })?;
    let mut note = CreditNoteRow {
        id: clock::new_id(now),
        account_id: invoice.account_id,
        invoice_id: invoice.id,
        number: rules::credit_note_number(invoices_store::next_serial(conn, "credit_note")?),
        reason: reason.to_owned(),
        currency: invoice.currency,
        net_minor: split.net.minor,
        vat_minor: split.vat.minor,
        total_minor: amount,
        to_credit_minor: to_credit,
        document_sha256: String::new(),
        issued_at: now.naive_utc(),
        original_taken_at: None,
    };
    let words = seal::SealedNote {
        number: &note.number,
        reason: &note.reason,
        net_minor: note.net_minor,
        vat_minor: note.vat_minor,
        total_minor: note.total_minor,
        issued_at: note.issued_at,
    };
    note.document_sha256 = seal::credit_note_hash(&words, invoice);
    store::insert(conn, &note)?;
    if to_credit > 0 {
        let source = format!("credit_note:{}", note.id);
        let earned = note.money(to_credit);
        let why = format!("credit note {}", note.number);
        payments::service::earn_credit(conn, note.account_id, &source, earned, &why, Some(invoice.id), now)?;
    }
    record(conn, invoice, &after, &note, origin, now)?;
    Ok((after, note))
}

fn record(
    conn: &mut Conn,
    before: &InvoiceRow,
    after: &InvoiceRow,
    note: &CreditNoteRow,
    origin: &Origin,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let (total, to_credit) = (
        format_money(note.money(note.total_minor)),
        format_money(note.money(note.to_credit_minor)),
    );
    let entry = Entry {
        action: AuditAction::CreditNoteIssued,
        account_id: Some(note.account_id),
        subject_kind: "credit_note",
        subject_id: Some(note.id.as_str()),
        subject: &note.number,
        changes: changed([
            ("invoice", None, before.number.as_deref()),
            ("total", None, Some(&total)),
            (
                "to_credit",
                None,
                Some(&to_credit)
                    .filter(|_| note.to_credit_minor > 0)
                    .map(String::as_str),
            ),
            ("reason", None, Some(&note.reason)),
            ("status", Some(before.status.as_str()), Some(after.status.as_str())),
        ]),
    };
    audit::record(conn, origin, &entry, now)
}

/// Takes revenue and VAT back, from what is owed or was written off, else into the customer's credit; `invoice` is
/// the one from before.
pub(super) fn post(
    conn: &mut Conn,
    invoice: &InvoiceRow,
    note: &CreditNoteRow,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let mut legs: Vec<Leg> = vec![
        debit(LedgerAccount::Revenue, note.net_minor),
        debit(LedgerAccount::VatOutput, note.vat_minor),
    ];
    legs.extend(money::owed_less(invoice, note.total_minor - note.to_credit_minor));
    legs.push(credit(LedgerAccount::CustomerCredit, note.to_credit_minor));
    let number = invoice.number.as_deref().unwrap_or_default();
    books::service::post(
        conn,
        &books::service::Entry {
            kind: "credit_note_issued",
            source: &format!("credit_note:{}", note.id),
            account_id: Some(note.account_id),
            invoice_id: Some(invoice.id),
            description: &format!("{} for {number} of {}", note.number, invoice.customer_name),
            currency: note.currency,
            legs: &legs,
        },
        now,
    )
}
