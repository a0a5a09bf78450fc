//! Reads the documents that are one object in JSON and two types in `common`: a summary and what comes on top.
//!
//! serde's `flatten` keeps every field in a buffer and brings a second reader for each type in it, which made up a
//! twentieth of the client. Two plain passes over the same text give the same value.

use common::{
    Endpoint, Money,
    ids::{InvoiceId, PaymentId, PaymentMethodId},
    invoices::{
        AppliedPayment, CreateInvoice, CreditNote, GetInvoice, Invoice, InvoiceLine, NewInvoice, Party, Reason,
    },
    payments::{CancelPayment, GetPayment, Payment, PaymentAttempt, PaymentEvent, ReversePayment},
    plans::ProductCode,
    refunds::Refund,
};
use serde::Deserialize;

use crate::api::{self, Failure, Terms};

#[derive(Deserialize)]
struct InvoiceRest {
    title: String,
    supplier: Party,
    customer: Party,
    lines: Vec<InvoiceLine>,
    payments: Vec<AppliedPayment>,
    credit_notes: Vec<CreditNote>,
    product_code: Option<ProductCode>,
    due_days: u16,
    version: i64,
    sent_at: Option<String>,
}

pub async fn invoice(id: InvoiceId) -> Result<Invoice, Failure> {
    read_invoice(&api::text::<GetInvoice>(&[id.as_str()]).await?)
}

/// Does something with an invoice, and answers how it stands then.
pub async fn change_invoice<E: Endpoint>(
    id: InvoiceId,
    request: &E::Request,
    terms: Terms,
) -> Result<Invoice, Failure> {
    read_invoice(&api::ask_on::<E>(&[id.as_str()], request, terms).await?)
}

/// Writes a new draft.
pub async fn create_invoice(draft: &NewInvoice, terms: Terms) -> Result<Invoice, Failure> {
    read_invoice(&api::ask_on::<CreateInvoice>(&[], draft, terms).await?)
}

fn read_invoice(text: &str) -> Result<Invoice, Failure> {
    let rest: InvoiceRest = api::from_json(text)?;
    Ok(Invoice {
        summary: api::from_json(text)?,
        title: rest.title,
        supplier: rest.supplier,
        customer: rest.customer,
        lines: rest.lines,
        payments: rest.payments,
        credit_notes: rest.credit_notes,
        product_code: rest.product_code,
        due_days: rest.due_days,
        version: rest.version,
        sent_at: rest.sent_at.and_then(|at| at.parse().ok()),
    })
}

#[derive(Deserialize)]
struct PaymentRest {
    credited: Money,
    product_code: Option<ProductCode>,
    payment_method_id: Option<PaymentMethodId>,
    reversed_at: Option<String>,
    refundable: Money,
    attempts: Vec<PaymentAttempt>,
    refunds: Vec<Refund>,
    events: Vec<PaymentEvent>,
}

pub async fn payment(id: PaymentId) -> Result<Payment, Failure> {
    read_payment::<GetPayment>(id).await
}

/// Gives up a payment that waits, and answers how it stands then.
pub async fn cancel_payment(id: PaymentId) -> Result<Payment, Failure> {
    read_payment::<CancelPayment>(id).await
}

/// Records that the bank took the money back, and answers how the payment stands then.
pub async fn reverse_payment(id: PaymentId, reason: &Reason) -> Result<Payment, Failure> {
    payment_of(&api::ask::<ReversePayment>(&[id.as_str()], reason).await?)
}

async fn read_payment<E: Endpoint<Request = ()>>(id: PaymentId) -> Result<Payment, Failure> {
    payment_of(&api::text::<E>(&[id.as_str()]).await?)
}

/// Reads a payment in two passes.
pub fn payment_of(text: &str) -> Result<Payment, Failure> {
    let rest: PaymentRest = api::from_json(text)?;
    Ok(Payment {
        summary: api::from_json(text)?,
        credited: rest.credited,
        product_code: rest.product_code,
        attempts: rest.attempts,
        payment_method_id: rest.payment_method_id,
        reversed_at: rest.reversed_at.and_then(|at| at.parse().ok()),
        refundable: rest.refundable,
        refunds: rest.refunds,
        events: rest.events,
    })
}

#[cfg(test)]
mod tests {
    use common::{accounts::Address, invoices::InvoiceSummary};

    use super::*;

    /// Both passes must see every field that the server writes.
    #[test]
    fn two_passes_read_what_one_writes() {
        let text = r#"{"id":"01929b7e-7c1c-7000-8000-000000000001","number":"INV-000001","status":"open",
            "account_id":"01929b7e-7c1c-7000-8000-000000000002","customer_name":"K","description":"Pro, monthly",
            "currency":"ZAR","subtotal":{"minor":46000,"currency":"ZAR"},"vat":{"minor":6900,"currency":"ZAR"},
            "total":{"minor":52900,"currency":"ZAR"},"amount_paid":{"minor":0,"currency":"ZAR"},"credited":{"minor":0,"currency":"ZAR"},
            "balance":{"minor":52900,"currency":"ZAR"},"created_at":"2026-11-24T08:00:00Z","issued_at":null,
            "due_at":null,"paid_at":null,"title":"Tax invoice",
            "supplier":{"name":"S","address":null,"vat_number":"4000000000","email":null},
            "customer":{"name":"K","address":{"line1":"1","city":"C","postal_code":"8001","country":"ZA"},
            "vat_number":null,"email":"k@k.example"},"lines":[],"payments":[],
            "credit_notes":[],"product_code":"PRO_MONTHLY","due_days":0,"version":1,"sent_at":null}"#;
        let whole: Invoice = serde_json::from_str(text).unwrap();
        let summary: InvoiceSummary = serde_json::from_str(text).unwrap();
        let rest: InvoiceRest = serde_json::from_str(text).unwrap();
        assert_eq!(whole.summary, summary);
        assert_eq!(whole.customer.address.unwrap().city, "C");
        assert_eq!((whole.title, whole.supplier), (rest.title, rest.supplier));
        assert_eq!(
            rest.customer.address.map(|address: Address| address.line1).as_deref(),
            Some("1")
        );
    }
}
