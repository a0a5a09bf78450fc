//! Invoices that the tests of the paper print.

use common::{
    Currency, Money,
    accounts::Address,
    ids::{AccountId, CreditNoteId, InvoiceId, PaymentId},
    invoices::{AppliedPayment, CreditNote, Invoice, InvoiceLine, InvoiceStatus, InvoiceSummary, Party},
};

use super::WaysToPay;

const ID: &str = "01929b7e-7c1c-7000-8000-000000000001";

pub fn ways() -> WaysToPay {
    WaysToPay {
        invoice_url: format!("https://pay.capecontrol.example/invoices/{ID}"),
        bank: Some("Example Bank, account 000 123 456".to_owned()),
    }
}

/// A month of Pro, bought and paid.
pub fn paid() -> Invoice {
    let line = line("Pro, monthly", "1", 46_000, 6_900);
    let mut invoice = issued("INV-000001", vec![line], "2026-11-24T07:14:00Z", "2026-11-24T07:14:00Z");
    pay(&mut invoice, 52_900, "2026-11-24T07:14:30Z");
    invoice.customer = Party {
        name: "Karoo Kiln Studio".to_owned(),
        address: None,
        vat_number: None,
        email: Some("owner@karoo.test".to_owned()),
    };
    invoice
}

/// A year of Enterprise with a part payment.
pub fn open() -> Invoice {
    let line = line(
        "Enterprise, yearly\n13 Nov 2026 to 12 Nov 2027",
        "1",
        1_494_783,
        224_217,
    );
    let mut invoice = issued("INV-001053", vec![line], "2026-11-13T09:04:00Z", "2026-11-27T09:04:00Z");
    pay(&mut invoice, 650_000, "2026-11-19T12:32:00Z");
    invoice
}

/// Half of [`open`], given back in part.
pub fn credit_note() -> CreditNote {
    CreditNote {
        id: CreditNoteId::parse(ID).unwrap(),
        number: "CN-000004".to_owned(),
        invoice_id: InvoiceId::parse(ID).unwrap(),
        reason: "Three months were not used".to_owned(),
        net: Money::zar(373_696),
        vat: Money::zar(56_054),
        total: Money::zar(429_750),
        to_credit: Money::zar(100_000),
        issued_at: "2026-11-20T07:00:00Z".parse().unwrap(),
    }
}

pub fn void() -> Invoice {
    let mut invoice = open();
    invoice.payments.clear();
    invoice.summary.amount_paid = Money::zar(0);
    invoice.summary.balance = Money::zar(0);
    invoice.summary.status = InvoiceStatus::Void;
    invoice
}

pub fn without_vat() -> Invoice {
    let mut invoice = paid();
    invoice.title = "Invoice".to_owned();
    invoice.supplier.vat_number = None;
    for line in &mut invoice.lines {
        line.vat_rate = "0".to_owned();
        line.vat = Money::zar(0);
        line.net = line.total;
        line.unit_price = line.total;
    }
    invoice.summary.vat = Money::zar(0);
    invoice.summary.subtotal = invoice.summary.total;
    invoice
}

/// Open, with as many lines as are asked for; each third one has a long description.
pub fn long(lines: usize) -> Invoice {
    let lines = (1..=lines).map(|index| {
        let description = match index % 3 {
            0 => format!(
                "Item {index:03} Consulting on site in Prince Albert, incl. travel from Cape Town, two nights and the \
                 handover to the accountants\nWeek {index} of the project"
            ),
            _ => format!("Item {index:03} Support hour"),
        };
        line(&description, "1", 46_000, 6_900)
    });
    issued(
        "INV-000120",
        lines.collect(),
        "2026-11-13T09:04:00Z",
        "2026-11-27T09:04:00Z",
    )
}

/// Everything as long as it can be.
pub fn extreme() -> Invoice {
    let mut invoice = long(40);
    let name = "Tšhwane & Môrester Elektriese Dienste, Instandhouding en Nood-ondersteuning (Edms) Bpk ".repeat(3);
    let word = "Tweebuffelsmeteenskootmorsdoodgeskietfontein".repeat(4);
    for party in [&mut invoice.supplier, &mut invoice.customer] {
        party.name = name.trim_end().to_owned();
        party.address = Some(Address {
            line1: word.clone(),
            line2: Some(name.clone()),
            city: word.clone(),
            postal_code: "6930".to_owned(),
            country: "ZA".to_owned(),
        });
    }
    let huge = Money::zar(i64::MIN);
    for line in &mut invoice.lines {
        line.quantity = "123456789.123456".to_owned();
        line.unit_price = huge;
        line.net = huge;
    }
    invoice.lines[0].description = format!("Item 001 {word} {name}");
    invoice.lines[1].description = "Item 002 lasts for pages ".repeat(800);
    invoice.summary.total = huge;
    invoice.summary.subtotal = huge;
    invoice.summary.vat = huge;
    invoice.summary.balance = huge;
    let payment = AppliedPayment {
        payment_id: PaymentId::parse(ID).ok(),
        amount: Money::zar(i64::MAX),
        at: invoice.summary.created_at,
        provider_reference: Some(word.clone()),
    };
    invoice.payments = vec![payment; 70];
    invoice
}

fn line(description: &str, quantity: &str, net: i64, vat: i64) -> InvoiceLine {
    InvoiceLine {
        description: description.to_owned(),
        quantity: quantity.to_owned(),
        unit_price: Money::zar(net),
        vat_rate: "15".to_owned(),
        net: Money::zar(net),
        vat: Money::zar(vat),
        total: Money::zar(net + vat),
    }
}

fn issued(number: &str, lines: Vec<InvoiceLine>, issued_at: &str, due_at: &str) -> Invoice {
    let sum = |amount: fn(&InvoiceLine) -> Money| Money::zar(lines.iter().map(|line| amount(line).minor).sum());
    let total = sum(|line| line.total);
    Invoice {
        summary: InvoiceSummary {
            id: InvoiceId::parse(ID).unwrap(),
            number: Some(number.to_owned()),
            status: InvoiceStatus::Open,
            account_id: AccountId::parse(ID).unwrap(),
            customer_name: "Slangkop Lighting (Pty) Ltd".to_owned(),
            description: lines[0].description.clone(),
            currency: Currency::Zar,
            subtotal: sum(|line| line.net),
            vat: sum(|line| line.vat),
            total,
            amount_paid: Money::zar(0),
            credited: Money::zar(0),
            balance: total,
            created_at: issued_at.parse().unwrap(),
            issued_at: Some(issued_at.parse().unwrap()),
            due_at: Some(due_at.parse().unwrap()),
            paid_at: None,
        },
        title: "Tax invoice".to_owned(),
        supplier: Party {
            name: "Langstraat Software (Pty) Ltd".to_owned(),
            address: Some(Address {
                line1: "14 Loopstraat, Cape Town, 8001".to_owned(),
                ..Address::default()
            }),
            vat_number: Some("4000000000".to_owned()),
            email: None,
        },
        customer: Party {
            name: "Slangkop Lighting (Pty) Ltd".to_owned(),
            address: Some(Address {
                line1: "3 Lighthouse Road".to_owned(),
                line2: None,
                city: "Kommetjie".to_owned(),
                postal_code: "7975".to_owned(),
                country: "ZA".to_owned(),
            }),
            vat_number: Some("4000000001".to_owned()),
            email: None,
        },
        lines,
        payments: Vec::new(),
        credit_notes: Vec::new(),
        product_code: None,
        due_days: 14,
        version: 1,
        sent_at: None,
    }
}

fn pay(invoice: &mut Invoice, minor: i64, at: &str) {
    let summary = &mut invoice.summary;
    summary.amount_paid = Money::zar(minor);
    summary.balance = Money::zar(summary.total.minor - minor);
    if summary.balance.is_zero() {
        summary.status = InvoiceStatus::Paid;
        summary.paid_at = Some(at.parse().unwrap());
    }
    invoice.payments = vec![AppliedPayment {
        payment_id: PaymentId::parse(ID).ok(),
        amount: Money::zar(minor),
        at: at.parse().unwrap(),
        provider_reference: Some("1088914".to_owned()),
    }];
}
