//! Sending the document by mail; the PDF is written when the mail goes out, and stored nowhere.

use chrono::{DateTime, Utc};
use common::{
    audit::AuditAction,
    ids::{InvoiceId, JobId},
    invoices::{Invoice, InvoiceStatus},
    money::format_money,
};

use super::{
    drafts::Staff,
    pdf::{self, Issue},
    service::{document, ways_to_pay},
    states,
    store::{self, InvoiceRow},
};
use crate::{
    app::App,
    audit::{self, Entry, service::changed},
    error::ApiError,
    idempotency::Answer,
    jobs::{self, Job},
    mail::{Attachment, Mail},
};

/// Puts the mail into the queue; the first one out of the house carries the original.
pub async fn send(app: &App, id: InvoiceId, staff: Staff) -> Result<Answer, ApiError> {
    let now = app.clock.now();
    let answer = app
        .db
        .write(move |conn| {
            let invoice = states::lock(conn, id)?;
            staff.once(conn, &invoice, "POST /invoices/send", &(), now, |conn| {
                if invoice.status == InvoiceStatus::Draft {
                    return Err(ApiError::conflict(
                        "this invoice is draft; finalise it before you send it",
                    ));
                }
                let issue = Issue::of_taking(store::take_original(conn, id, now)?);
                store::set_sent(conn, id, now)?;
                let job = Job::SendInvoice { invoice_id: id, issue };
                jobs::enqueue(conn, &job, now)?;
                let entry = Entry {
                    action: AuditAction::InvoiceSent,
                    account_id: Some(invoice.account_id),
                    subject_kind: "invoice",
                    subject_id: Some(id.as_str()),
                    subject: invoice.number.as_deref().unwrap_or_default(),
                    changes: changed([("to", None, Some(&invoice.customer_email))]),
                };
                audit::record(conn, &staff.origin, &entry, now)?;
                let after = states::lock(conn, id)?;
                document(conn, after)
            })
        })
        .await?;
    app.wake().jobs.notify_one();
    Ok(answer)
}

/// Writes the PDF and hands the mail over; the job may come here again when that fails.
pub async fn deliver(app: &App, job_id: JobId, id: InvoiceId, issue: Issue) -> Result<(), String> {
    let found = app
        .db
        .read(move |conn| {
            let row = store::find(conn, id)?.ok_or_else(|| ApiError::not_found("invoice"))?;
            Ok::<_, ApiError>((row.clone(), document(conn, row)?))
        })
        .await;
    let (row, invoice) = found.map_err(|error| format!("{error:?}"))?;
    let now = app.clock.now();
    let ways = ways_to_pay(app, id);
    let mail = mail(&row, &invoice, &ways, now);
    let number = row.number.unwrap_or_default();
    let render = move || pdf::render(&invoice, &ways, issue).map_err(|error| error.to_string());
    let bytes = tokio::task::spawn_blocking(render)
        .await
        .map_err(|error| error.to_string())??;
    let attachment = Attachment {
        file_name: format!("{number}.pdf"),
        content_type: "application/pdf",
        bytes,
    };
    let sent = app.mailer.send_with(job_id.as_str(), &mail, Some(attachment)).await;
    sent.map_err(|error| error.to_string())
}

fn mail(row: &InvoiceRow, invoice: &Invoice, ways: &pdf::WaysToPay, now: DateTime<Utc>) -> Mail {
    let number = row.number.as_deref().unwrap_or_default();
    let balance = format_money(invoice.summary.balance);
    let due = row.due_at.map(|at| at.and_utc());
    let state = match (row.status, due) {
        (InvoiceStatus::Open, Some(due)) if due < now => format!("{balance} was due on {}.", pdf::date(due)),
        (InvoiceStatus::Open, Some(due)) => format!("{balance} is due on {}.", pdf::date(due)),
        (InvoiceStatus::Uncollectible | InvoiceStatus::Open, _) => format!("{balance} is still to be paid."),
        (InvoiceStatus::Paid, _) => "It is paid. Nothing more is to be paid.".to_owned(),
        (InvoiceStatus::Void | InvoiceStatus::Draft, _) => "It was withdrawn. Do not pay it.".to_owned(),
    };
    let is_owed = matches!(row.status, InvoiceStatus::Open | InvoiceStatus::Uncollectible);
    let bank = ways.bank.as_ref().filter(|_| is_owed);
    let bank = bank.map_or_else(String::new, |bank| {
        format!("\nTo pay by EFT: {bank}, reference {number}.\n")
    });
    let online = match row.status {
        InvoiceStatus::Open => "See or pay it online",
        _ => "See it online",
    };
    Mail {
        to: row.customer_email.clone(),
        subject: format!("{} {number} from {}", row.title, row.supplier_name),
        text: format!(
            "Hello {}\n\n{} {number} over {} is attached. {state}\n\n{online}: {}\n{bank}\nThank you.\n{}\n",
            row.customer_name,
            row.title,
            format_money(invoice.summary.total),
            ways.invoice_url,
            row.supplier_name,
        ),
    }
}
