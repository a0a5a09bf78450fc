//! What money does: payment, invoice, number, plan, credit, mail and books in one transaction.
//!
//! Each function is called with the payment's row held, after [`super::rules`] said what happens.

use chrono::{DateTime, Utc};
use common::{
    Money,
    audit::AuditAction,
    books::LedgerAccount,
    ids::PaymentId,
    money::format_money,
    payments::{PaymentStatus, Provider},
};

use super::{
    super::{
        rules::Event,
        store::{self, NewCredit, PaymentRow, Receipt},
    },
    record,
};
use crate::{
    accounts::{self, service::BoughtPlan},
    audit::{self, Entry, Origin, service::changed},
    books::{
        self,
        entries::Received,
        rules::{credit as credited, debit},
    },
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    invoices::{self, service::Settlement},
    jobs::{self, Job},
    mail::Mail,
    search,
};

/// Reason of credit for money that came twice for one payment.
pub const PAID_AGAIN: &str = "paid again";
/// Reason of credit for money that the invoice did not need.
const NOT_NEEDED: &str = "more than the invoice needed";

/// Money as it came in.
#[derive(Debug, Clone)]
pub struct Brought<'a> {
    pub event: Event,
    /// PayFast's id of the payment, or the bank's reference.
    pub reference: &'a str,
    pub gross_minor: i64,
    /// What the provider kept, as a positive amount; `None` when nobody told.
    pub fee_minor: Option<i64>,
    pub net_minor: Option<i64>,
    /// Where the money is.
    pub into: LedgerAccount,
    /// Added to the line of the history; may be empty.
    pub note: &'a str,
    pub origin: Origin,
}

/// The money is there: settles the invoice, and gives what it bought.
pub fn succeed(
    conn: &mut Conn,
    payment: &PaymentRow,
    brought: &Brought<'_>,
    invoice_url: &dyn Fn(&str) -> String,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let reference = brought.reference;
    let receipt = Receipt {
        provider_reference: reference,
        fee_minor: brought.fee_minor,
        net_minor: brought.net_minor,
        now,
    };
    if !store::set_succeeded(conn, payment.id, payment.status, &receipt)? {
        return Err(ApiError::conflict("the payment changed meanwhile"));
    }
    let origin = &brought.origin;
    let paid = payment.money(payment.amount_minor);
    record_settled(conn, payment, reference, origin, now)?;
    let settlement = invoices::service::settle(conn, payment.invoice_id, paid, origin, now)?;
    let invoice = &settlement.invoice;
    let number = invoice.number.clone().unwrap_or_default();
    // Neither the number nor the reference was known when the payment was made.
    let found_by = [&number, &invoice.customer_name, &payment.description, reference];
    store::set_search_text(conn, payment.id, &search::stored(found_by))?;
    let payer = match payment.provider {
        Provider::Payfast => "PayFast",
        Provider::Bank => "EFT",
    };
    let mut note = format!("{payer} {reference} pays {number}");
    if !settlement.excess.is_zero() {
        credit(conn, payment, reference, settlement.excess, NOT_NEEDED, now)?;
        note = format!("{note}; {} became credit", format_money(settlement.excess));
        tracing::warn!(payment.id = %payment.id, "Money came that the invoice did not need; it became credit");
    }
    if !brought.note.is_empty() {
        note = format!("{note}; {}", brought.note);
    }
    record(conn, payment, brought.event, PaymentStatus::Succeeded, &note, now)?;
    let took_all = settlement.excess.is_zero();
    if let Some(code) = payment.product_code.filter(|_| took_all) {
        let bought = BoughtPlan {
            account_id: payment.account_id,
            payment_id: payment.id,
            code,
        };
        accounts::service::grant_plan(conn, &bought, origin, now)?;
    }
    let confirmed = match payment.provider {
        Provider::Payfast => "PayFast confirmed your payment",
        Provider::Bank => "We received your EFT",
    };
    let mail = Mail {
        to: invoice.customer_email.clone(),
        subject: format!("Paid: {number}, {}", format_money(paid)),
        text: format!(
            "Hello {}\n\n{confirmed} of {} for {}.\n\n\
             {} {number}: {}\n{payer} reference: {reference}\n\nThank you.\n{}\n",
            invoice.customer_name,
            format_money(paid),
            payment.description,
            invoice.title,
            invoice_url(invoice.id.as_str()),
            invoice.supplier_name,
        ),
    };
    jobs::enqueue(conn, &Job::Mail(mail), now)?;
    if settlement.issued() {
        invoices::service::post_issue(conn, invoice, now)?;
    }
    post_received(conn, payment, brought, &settlement, now)?;
    tracing::info!(payment.id = %payment.id, invoice.number = %number, "Settled a payment");
    Ok(())
}

/// Writes the money into the books, the last step of the settlement.
fn post_received(
    conn: &mut Conn,
    payment: &PaymentRow,
    brought: &Brought<'_>,
    settlement: &Settlement,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let received = Received {
        into: brought.into,
        gross_minor: brought.gross_minor,
        fee_minor: brought.fee_minor.unwrap_or_default(),
        applied_minor: settlement.applied.minor,
        excess_minor: settlement.excess.minor,
        written_off_vat_minor: settlement.written_off_vat_minor(),
    };
    let number = settlement.invoice.number.as_deref().unwrap_or_default();
    let amount = format_money(payment.money(payment.amount_minor));
    let entry = books::service::Entry {
        kind: "payment_received",
        source: &format!("payment:{}", payment.id),
        account_id: Some(payment.account_id),
        invoice_id: Some(payment.invoice_id),
        description: &format!("{amount} received for {number}"),
        currency: payment.currency,
        legs: &books::entries::payment_received(&received),
    };
    books::service::post(conn, &entry, now)
}

/// The line of the log; the notification may come again, the move to `succeeded` does not.
fn record_settled(
    conn: &mut Conn,
    payment: &PaymentRow,
    reference: &str,
    origin: &Origin,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let amount = format_money(payment.money(payment.amount_minor));
    let to = PaymentStatus::Succeeded;
    let entry = Entry {
        action: AuditAction::PaymentSettled,
        account_id: Some(payment.account_id),
        subject_kind: "payment",
        subject_id: Some(payment.id.as_str()),
        subject: &payment.description,
        changes: changed([
            ("status", Some(payment.status.as_str()), Some(to.as_str())),
            ("amount", None, Some(&amount)),
            ("provider_reference", None, Some(reference)),
        ]),
    };
    audit::record(conn, origin, &entry, now)
}

/// A second payment by the customer for what is paid: the money is theirs.
pub fn paid_again(
    conn: &mut Conn,
    payment: &PaymentRow,
    brought: &Brought<'_>,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let pf_payment_id = brought.reference;
    let amount = payment.money(brought.gross_minor);
    let is_new = credit(conn, payment, pf_payment_id, amount, PAID_AGAIN, now)?;
    let note = format!(
        "PayFast {pf_payment_id} paid again; {} became credit",
        format_money(amount)
    );
    record(conn, payment, brought.event, PaymentStatus::Succeeded, &note, now)?;
    if is_new {
        let entry = books::service::Entry {
            kind: "paid_again",
            source: &format!("{}:{pf_payment_id}", Provider::Payfast),
            account_id: Some(payment.account_id),
            invoice_id: Some(payment.invoice_id),
            description: &format!("{} paid again; it became credit", format_money(amount)),
            currency: payment.currency,
            legs: &books::entries::paid_again(amount.minor, brought.fee_minor.unwrap_or_default()),
        };
        books::service::post(conn, &entry, now)?;
    }
    tracing::warn!(payment.id = %payment.id, "A payment came twice; the second became credit");
    Ok(())
}

fn credit(
    conn: &mut Conn,
    payment: &PaymentRow,
    reference: &str,
    amount: Money,
    reason: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let source = match payment.provider {
        Provider::Payfast => format!("{}:{reference}", Provider::Payfast),
        // A bank's reference is unique in its account only.
        Provider::Bank => format!("payment:{}", payment.id),
    };
    store::insert_credit(
        conn,
        &NewCredit {
            id: clock::new_id(now),
            account_id: payment.account_id,
            payment_id: Some(payment.id),
            invoice_id: None,
            source: &source,
            amount,
            reason,
            now,
        },
    )
}

/// The notification of a payment that a query settled: it knows the fee, which the query did not.
pub fn complete_fee(
    conn: &mut Conn,
    payment: &PaymentRow,
    brought: &Brought<'_>,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    match (payment.fee_minor, brought.fee_minor) {
        (None, Some(fee_minor)) => post_fee(conn, payment, fee_minor, &format!("payment:{}", payment.id), now),
        _ => Ok(()),
    }
}

/// What PayFast kept was more or less than the books say, by a line of its statement.
pub fn correct_fee(
    conn: &mut Conn,
    payment_id: PaymentId,
    fee_minor: i64,
    statement_line_id: &str,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let payment = store::find_locked(conn, payment_id)?.ok_or_else(|| ApiError::not_found("payment"))?;
    post_fee(
        conn,
        &payment,
        fee_minor,
        &format!("statement_line:{statement_line_id}"),
        now,
    )
}

fn post_fee(
    conn: &mut Conn,
    payment: &PaymentRow,
    fee_minor: i64,
    source: &str,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let more = fee_minor - payment.fee_minor.unwrap_or_default();
    store::set_fee(conn, payment.id, fee_minor, payment.amount_minor - fee_minor, now)?;
    if more == 0 {
        return Ok(());
    }
    let amount = format_money(payment.money(fee_minor));
    books::service::post(
        conn,
        &books::service::Entry {
            kind: "fee_corrected",
            source,
            account_id: Some(payment.account_id),
            invoice_id: Some(payment.invoice_id),
            description: &format!("PayFast kept {amount}"),
            currency: payment.currency,
            legs: &[
                debit(LedgerAccount::PayfastFees, more),
                credited(LedgerAccount::PayfastClearing, more),
            ],
        },
        now,
    )
}
