//! Every field that a document says changes its seal, and nothing else does.

use chrono::{DateTime, TimeDelta};
use common::{Currency, ids::Id, invoices::InvoiceStatus};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn invoice() -> InvoiceRow {
    let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap().naive_utc();
    InvoiceRow {
        id: Id::from_uuid(Uuid::nil()),
        account_id: Id::from_uuid(Uuid::nil()),
        number: Some("INV-000007".to_owned()),
        status: InvoiceStatus::Open,
        title: "Tax invoice".to_owned(),
        currency: Currency::Zar,
        subtotal_minor: 46_000,
        vat_minor: 6_900,
        total_minor: 52_900,
        amount_paid_minor: 0,
        product_code: None,
        description: "Pro, one month".to_owned(),
        supplier_name: "Langstraat Software".to_owned(),
        supplier_address: "14 Loopstraat".to_owned(),
        supplier_vat_number: Some("4000000000".to_owned()),
        customer_name: "Karoo Kiln Studio".to_owned(),
        customer_address: None,
        customer_vat_number: None,
        customer_email: "owner@karoo.test".to_owned(),
        created_at: at,
        updated_at: at,
        issued_at: Some(at),
        due_at: Some(at),
        paid_at: None,
        credited_minor: 0,
        returned_minor: 0,
        version: 1,
        due_days: 7,
        sent_at: None,
        original_taken_at: None,
        document_sha256: None,
        search_text: String::new(),
    }
}

fn line(description: &str) -> LineRow {
    LineRow {
        id: Id::from_uuid(Uuid::nil()),
        invoice_id: Id::from_uuid(Uuid::nil()),
        position: 1,
        description: description.to_owned(),
        quantity: "1".to_owned(),
        unit_price_minor: 46_000,
        vat_rate: "15".to_owned(),
        net_minor: 46_000,
        vat_minor: 6_900,
        total_minor: 52_900,
    }
}

fn changed_invoice(change: impl Fn(&mut InvoiceRow)) -> String {
    let mut invoice = invoice();
    change(&mut invoice);
    document_hash(&invoice, &[line("Pro")])
}

#[test]
fn whatever_a_document_says_is_sealed() {
    let whole = changed_invoice(|_| {});
    assert_eq!(whole.len(), 64);
    let later = TimeDelta::seconds(1);
    let changes: [&dyn Fn(&mut InvoiceRow); 16] = [
        &|row| row.number = Some("INV-000008".to_owned()),
        &|row| row.number = None,
        &|row| row.title = "Invoice".to_owned(),
        &|row| row.subtotal_minor += 1,
        &|row| row.vat_minor += 1,
        &|row| row.total_minor += 1,
        &|row| row.description.push('s'),
        &|row| row.supplier_name.push('s'),
        &|row| row.supplier_address.push('s'),
        &|row| row.supplier_vat_number = None,
        &|row| row.customer_name.push('s'),
        &|row| row.customer_address = Some(String::new()),
        &|row| row.customer_vat_number = Some("4000000001".to_owned()),
        &|row| row.customer_email.push('s'),
        &|row| row.issued_at = row.issued_at.map(|at| at + later),
        &|row| row.due_at = row.due_at.map(|at| at + later),
    ];
    for (index, change) in changes.iter().enumerate() {
        assert_ne!(changed_invoice(change), whole, "change {index}");
    }
    let changes: [&dyn Fn(&mut LineRow); 8] = [
        &|row| row.position += 1,
        &|row| row.description.push('s'),
        &|row| row.quantity = "1.0".to_owned(),
        &|row| row.unit_price_minor += 1,
        &|row| row.vat_rate = "0".to_owned(),
        &|row| row.net_minor += 1,
        &|row| row.vat_minor += 1,
        &|row| row.total_minor += 1,
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut changed = line("Pro");
        change(&mut changed);
        assert_ne!(document_hash(&invoice(), &[changed]), whole, "line {index}");
    }
    assert_ne!(document_hash(&invoice(), &[]), whole);
}

#[test]
fn what_happens_later_leaves_the_seal_whole() {
    let whole = changed_invoice(|_| {});
    let later = changed_invoice(|row| {
        row.status = InvoiceStatus::Paid;
        row.amount_paid_minor = row.total_minor;
        row.credited_minor = 5;
        row.returned_minor = 5;
        row.paid_at = row.issued_at;
        row.sent_at = row.issued_at;
        row.original_taken_at = row.issued_at;
        row.updated_at += TimeDelta::days(1);
        row.version += 1;
        row.document_sha256 = Some(whole.clone());
        row.search_text = "karoo".to_owned();
    });
    assert_eq!(later, whole);
}

#[test]
fn a_credit_note_seals_its_words_and_its_invoice() {
    let invoice = invoice();
    let note = |number: &'static str, reason: &'static str, total_minor: i64| SealedNote {
        number,
        reason,
        net_minor: total_minor,
        vat_minor: 0,
        total_minor,
        issued_at: invoice.issued_at.unwrap(),
    };
    let whole = credit_note_hash(&note("CN-000001", "Late", 100), &invoice);
    let mut other = invoice.clone();
    other.customer_name = "Somebody".to_owned();
    for changed in [
        credit_note_hash(&note("CN-000002", "Late", 100), &invoice),
        credit_note_hash(&note("CN-000001", "Later", 100), &invoice),
        credit_note_hash(&note("CN-000001", "Late", 101), &invoice),
        credit_note_hash(&note("CN-000001", "Late", 100), &other),
    ] {
        assert_ne!(changed, whole);
    }
}

proptest! {
    /// Text that moves from one field to the next is another document.
    #[test]
    fn no_text_passes_for_two(left in ".{0,12}", right in ".{0,12}", moved in ".{1,6}") {
        let with = |supplier: &str, address: &str| changed_invoice(|row| {
            row.supplier_name = supplier.to_owned();
            row.supplier_address = address.to_owned();
        });
        let one = with(&format!("{left}{moved}"), &right);
        let other = with(&left, &format!("{moved}{right}"));
        prop_assert_ne!(one, other);
    }
}
