//! What staff do to an issued invoice: credit it, void it, give it up.

use chrono::{DateTime, Utc};
use common::{
    Currency, FieldError,
    audit::{AuditAction, AuditChange},
    books::LedgerAccount,
    ids::InvoiceId,
    invoices::{NewCreditNote, Reason},
    money::format_money,
    validate,
};

use super::{credit_notes, drafts::Staff, money, rules::Event, service::document, states, store::InvoiceRow};
use crate::{
    app::App,
    audit::{self, Entry, Origin, service::changed},
    books::{self, rules::credit},
    db::{Conn, QueryResult},
    error::ApiError,
    idempotency::Answer,
};

const REASON_MIN_CHARS: usize = 3;
const REASON_MAX_CHARS: usize = 255;

/// A reason in words that the document can show.
fn reason(text: &str) -> Result<String, FieldError> {
    let text = validate::line("reason", text, REASON_MAX_CHARS)?
        .ok_or_else(|| FieldError::required("reason", "Say why, in a few words."))?;
    if text.chars().count() < REASON_MIN_CHARS {
        let message = format!("Use at least {REASON_MIN_CHARS} characters.");
        return Err(FieldError::new("reason", "too_short", message));
    }
    Ok(text)
}

/// Issues a credit note for an amount, or for all that is left.
pub async fn issue_credit_note(app: &App, id: InvoiceId, new: NewCreditNote, staff: Staff) -> Result<Answer, ApiError> {
    let now = app.clock.now();
    let why = reason(&new.reason)?;
    let amount = match new.amount {
        Some(amount) if amount.currency != Currency::Zar => {
            return Err(FieldError::new("amount", "unsupported", "Invoices are in ZAR for now.").into());
        }
        Some(amount) if amount.minor <= 0 => {
            return Err(FieldError::new("amount", "out_of_range", "Enter an amount above R0.00.").into());
        }
        amount => amount.map(|amount| amount.minor),
    };
    app.db
        .write(move |conn| {
            let invoice = states::lock(conn, id)?;
            staff.once(conn, &invoice, "POST /invoices/credit-notes", &new, now, |conn| {
                credit_notes::issue(conn, id, amount, &why, &staff.origin, now)?;
                let after = states::lock(conn, id)?;
                document(conn, after)
            })
        })
        .await
}

/// Ends an invoice by a credit note for all that is left of it.
pub async fn void(app: &App, id: InvoiceId, request: Reason, staff: Staff) -> Result<Answer, ApiError> {
    let now = app.clock.now();
    let why = reason(&request.reason)?;
    app.db
        .write(move |conn| {
            let invoice = states::lock(conn, id)?;
            staff.once(conn, &invoice, "POST /invoices/void", &request, now, |conn| {
                let amount = invoice.total_minor - invoice.credited_minor;
                let (after, note) = credit_notes::apply(conn, &invoice, Event::Void, amount, &why, &staff.origin, now)?;
                let changes = changed([
                    ("status", Some(invoice.status.as_str()), Some(after.status.as_str())),
                    ("credit_note", None, Some(&note.number)),
                    ("reason", None, Some(&why)),
                ]);
                record(conn, AuditAction::InvoiceVoided, &after, changes, &staff.origin, now)?;
                credit_notes::post(conn, &invoice, &note, now)?;
                document(conn, after)
            })
        })
        .await
}

/// Gives up what is still owed; it may be paid all the same.
pub async fn write_off(app: &App, id: InvoiceId, request: Reason, staff: Staff) -> Result<Answer, ApiError> {
    let now = app.clock.now();
    let why = reason(&request.reason)?;
    app.db
        .write(move |conn| {
            let invoice = states::lock(conn, id)?;
            staff.once(
                conn,
                &invoice,
                "POST /invoices/mark-uncollectible",
                &request,
                now,
                |conn| {
                    let guards = invoice.guards(0);
                    let after = states::step(conn, &invoice, Event::MarkUncollectible, &guards, now, |_| {})?;
                    let given_up = format_money(invoice.money(invoice.balance_minor()));
                    let changes = changed([
                        ("status", Some(invoice.status.as_str()), Some(after.status.as_str())),
                        ("given_up", None, Some(&given_up)),
                        ("reason", None, Some(&why)),
                    ]);
                    record(
                        conn,
                        AuditAction::InvoiceWrittenOff,
                        &after,
                        changes,
                        &staff.origin,
                        now,
                    )?;
                    post_write_off(conn, &invoice, now)?;
                    document(conn, after)
                },
            )
        })
        .await
}

fn record(
    conn: &mut Conn,
    action: AuditAction,
    invoice: &InvoiceRow,
    changes: Vec<AuditChange>,
    origin: &Origin,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let entry = Entry {
        action,
        account_id: Some(invoice.account_id),
        subject_kind: "invoice",
        subject_id: Some(invoice.id.as_str()),
        subject: invoice.number.as_deref().unwrap_or_default(),
        changes,
    };
    audit::record(conn, origin, &entry, now)
}

fn post_write_off(conn: &mut Conn, invoice: &InvoiceRow, now: DateTime<Utc>) -> Result<(), ApiError> {
    let balance = invoice.balance_minor();
    let mut legs = money::written_off(invoice, 0, balance);
    legs.push(credit(LedgerAccount::Receivable, balance));
    let number = invoice.number.as_deref().unwrap_or_default();
    let mut source = format!("invoice:{}", invoice.id);
    // Paid after it was given up, taken back by the bank, and given up again.
    if books::service::is_posted(conn, "written_off", &source)? {
        source = format!("{source}:{}", invoice.version);
    }
    let entry = books::service::Entry {
        kind: "written_off",
        source: &source,
        account_id: Some(invoice.account_id),
        invoice_id: Some(invoice.id),
        description: &format!("{number} of {} written off", invoice.customer_name),
        currency: invoice.currency,
        legs: &legs,
    };
    books::service::post(conn, &entry, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_few_words_on_one_line() {
        assert_eq!(reason("  Wrong address ").as_deref(), Ok("Wrong address"));
        for (text, code) in [("", "required"), ("  ab ", "too_short"), ("a\nbc", "invalid")] {
            assert_eq!(reason(text).unwrap_err().code, code, "{text:?}");
        }
        assert_eq!(reason(&"x".repeat(256)).unwrap_err().code, "too_long");
    }
}
