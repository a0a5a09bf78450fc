//! What the paper says: every text of it, in reading order, without a place or a look.

use chrono::{DateTime, FixedOffset, Utc};
use common::{
    Currency, Money,
    accounts::Address,
    invoices::{Invoice, InvoiceLine, InvoiceStatus, InvoiceSummary, Party},
    money::format_money,
};

use super::{Issue, WaysToPay};

pub struct Words {
    pub title: String,
    /// What stands framed beside the title: `COPY`.
    pub mark: Option<&'static str>,
    pub number: String,
    pub supplier: Vec<String>,
    /// Label and value.
    pub meta: Vec<(&'static str, String)>,
    pub customer_name: String,
    pub customer: Vec<String>,
    pub headline: Headline,
    pub table: Table,
    pub totals: Vec<Total>,
    pub notes: Vec<Note>,
    pub foot: String,
}

pub struct Headline {
    pub label: Label,
    pub amount: String,
    pub note: Option<String>,
}

/// What stands above the amount.
pub enum Label {
    Plain(&'static str),
    /// Framed, as a stamp is.
    Stamp(String),
}

pub struct Table {
    /// Heads of the columns; the first is of text, the others of numbers.
    pub heads: Vec<&'static str>,
    pub rows: Vec<Row>,
}

pub struct Row {
    pub name: String,
    /// What the description says below its first line.
    pub details: Vec<String>,
    pub numbers: Vec<String>,
}

pub struct Total {
    pub label: String,
    pub note: Option<String>,
    pub amount: String,
    pub weight: TotalWeight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotalWeight {
    Part,
    Sum,
    /// The last line, below a rule.
    Balance,
}

pub struct Note {
    pub title: &'static str,
    pub lines: Vec<String>,
    /// Shown as a line of its own: its text and where it leads.
    pub link: Option<(String, String)>,
}

pub fn words(invoice: &Invoice, number: &str, issued_at: DateTime<Utc>, ways: &WaysToPay, issue: Issue) -> Words {
    let summary = &invoice.summary;
    let charges_vat = invoice.supplier.vat_number.is_some();
    let mut meta = vec![("Number", number.to_owned()), ("Date", date(issued_at))];
    meta.extend(summary.due_at.map(|at| ("Due", date(at))));
    let mut supplier = vec![invoice.supplier.name.clone()];
    supplier.extend(below_name(&invoice.supplier));
    Words {
        title: invoice.title.clone(),
        mark: mark(issue),
        number: number.to_owned(),
        supplier,
        meta,
        customer_name: invoice.customer.name.clone(),
        customer: below_name(&invoice.customer),
        headline: headline(summary),
        table: table(&invoice.lines, charges_vat),
        totals: totals(invoice, charges_vat),
        notes: notes(summary, number, ways),
        foot: foot(summary.currency, charges_vat),
    }
}

/// The word that a reprint must bear.
pub fn mark(issue: Issue) -> Option<&'static str> {
    (issue == Issue::Copy).then_some("COPY")
}

/// `24 Nov 2026`, the day in South Africa.
pub fn date(at: DateTime<Utc>) -> String {
    in_south_africa(at).format("%-d %b %Y").to_string()
}

/// South Africa keeps UTC+2 all year.
pub fn in_south_africa(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&FixedOffset::east_opt(2 * 3600).expect("two hours are less than a day"))
}

pub fn below_name(party: &Party) -> Vec<String> {
    let vat_number = party.vat_number.as_deref();
    let address = party.address.as_ref().map(one_line).filter(|line| !line.is_empty());
    address
        .into_iter()
        .chain(vat_number.map(|number| format!("VAT no. {}", grouped(number))))
        .collect()
}

/// Street, town and code; the country when it is another one.
fn one_line(address: &Address) -> String {
    let country = Some(address.country.as_str()).filter(|country| *country != "ZA");
    let parts = [
        Some(address.line1.as_str()),
        address.line2.as_deref(),
        Some(&address.city),
        Some(&address.postal_code),
        country,
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

/// `4000 000 000`, as VAT numbers are read out.
fn grouped(number: &str) -> String {
    match (number.get(..4), number.get(4..7), number.get(7..)) {
        (Some(first), Some(second), Some(third)) if number.len() == 10 => {
            format!("{first}\u{a0}{second}\u{a0}{third}")
        }
        _ => number.to_owned(),
    }
}

fn headline(summary: &InvoiceSummary) -> Headline {
    match summary.status {
        InvoiceStatus::Paid => Headline {
            label: Label::Stamp(match summary.paid_at {
                Some(at) => format!("Paid on {}", date(at)),
                None => "Paid".to_owned(),
            }),
            amount: format_money(summary.total),
            note: None,
        },
        InvoiceStatus::Void => Headline {
            label: Label::Stamp("Void".to_owned()),
            amount: format_money(summary.balance),
            note: Some("Nothing is to be paid.".to_owned()),
        },
        InvoiceStatus::Draft | InvoiceStatus::Open | InvoiceStatus::Uncollectible => Headline {
            label: Label::Plain("Still to be paid"),
            amount: format_money(summary.balance),
            note: summary.due_at.map(|at| format!("Due {}", date(at))),
        },
    }
}

fn table(lines: &[InvoiceLine], charges_vat: bool) -> Table {
    let heads = if charges_vat {
        vec!["Description", "Quantity", "Unit price", "VAT", "Before VAT"]
    } else {
        vec!["Description", "Quantity", "Unit price", "Amount"]
    };
    let row = |line: &InvoiceLine| {
        let mut description = line.description.lines().map(|line| line.trim().to_owned());
        let mut numbers = vec![line.quantity.clone(), format_money(line.unit_price)];
        if charges_vat {
            numbers.push(format!("{}%", line.vat_rate));
        }
        numbers.push(format_money(line.net));
        Row {
            name: description.next().unwrap_or_default(),
            details: description.filter(|line| !line.is_empty()).collect(),
            numbers,
        }
    };
    Table {
        heads,
        rows: lines.iter().map(row).collect(),
    }
}

fn totals(invoice: &Invoice, charges_vat: bool) -> Vec<Total> {
    let summary = &invoice.summary;
    let total = |label: String, amount: Money, weight| Total {
        label,
        note: None,
        amount: format_money(amount),
        weight,
    };
    let mut totals = Vec::new();
    if charges_vat {
        totals.push(total("Subtotal".to_owned(), summary.subtotal, TotalWeight::Part));
        for (label, amount) in vat_by_rate(invoice) {
            totals.push(total(label, amount, TotalWeight::Part));
        }
    }
    totals.push(total("Total".to_owned(), summary.total, TotalWeight::Sum));
    for payment in &invoice.payments {
        totals.push(Total {
            note: payment
                .provider_reference
                .as_ref()
                .map(|reference| format!("PayFast {reference}")),
            ..total(
                format!("Paid on {}", date(payment.at)),
                negative(payment.amount),
                TotalWeight::Part,
            )
        });
    }
    for note in &invoice.credit_notes {
        totals.push(total(
            format!("Credit note {}", note.number),
            negative(note.total),
            TotalWeight::Part,
        ));
    }
    let returned: i64 = invoice.credit_notes.iter().map(|note| note.to_credit.minor).sum();
    if returned > 0 {
        let returned = Money::new(returned, summary.currency);
        totals.push(total("Kept as your credit".to_owned(), returned, TotalWeight::Part));
    }
    if summary.status == InvoiceStatus::Void && invoice.credit_notes.is_empty() {
        let voided = Money::new(
            summary.total.minor.saturating_sub(summary.amount_paid.minor),
            summary.currency,
        );
        totals.push(total("Void".to_owned(), negative(voided), TotalWeight::Part));
    }
    totals.push(total("Balance".to_owned(), summary.balance, TotalWeight::Balance));
    totals
}

/// `VAT 15%` with the amount of the document; one row for each rate when there are several.
fn vat_by_rate(invoice: &Invoice) -> Vec<(String, Money)> {
    let mut rates: Vec<(&str, i64)> = Vec::new();
    for line in &invoice.lines {
        match rates.iter_mut().find(|(rate, _)| *rate == line.vat_rate) {
            Some((_, sum)) => *sum = sum.saturating_add(line.vat.minor),
            None => rates.push((&line.vat_rate, line.vat.minor)),
        }
    }
    let vat = invoice.summary.vat;
    match rates.as_slice() {
        // VAT is rounded once for the document, so its own amount counts and not the sum of the lines.
        [(rate, _)] => vec![(format!("VAT {rate}%"), vat)],
        several if several.iter().map(|(_, sum)| i128::from(*sum)).sum::<i128>() == i128::from(vat.minor) => several
            .iter()
            .map(|(rate, sum)| (format!("VAT {rate}%"), Money::new(*sum, vat.currency)))
            .collect(),
        _ => vec![("VAT".to_owned(), vat)],
    }
}

pub fn negative(money: Money) -> Money {
    Money::new(money.minor.saturating_neg(), money.currency)
}

fn notes(summary: &InvoiceSummary, number: &str, ways: &WaysToPay) -> Vec<Note> {
    let shown = ways.invoice_url.strip_prefix("https://").unwrap_or(&ways.invoice_url);
    let link = Some((shown.to_owned(), ways.invoice_url.clone()));
    match summary.status {
        InvoiceStatus::Paid => vec![Note {
            title: "Paid in full",
            lines: vec!["Nothing more is to be paid. This invoice online:".to_owned()],
            link,
        }],
        InvoiceStatus::Void => vec![Note {
            title: "Void",
            lines: vec!["This invoice was withdrawn. Do not pay it.".to_owned()],
            link: None,
        }],
        InvoiceStatus::Draft | InvoiceStatus::Open | InvoiceStatus::Uncollectible => {
            // What is written off is taken by EFT only.
            let online = (summary.status != InvoiceStatus::Uncollectible).then(|| Note {
                title: "Pay online",
                lines: vec!["By card or instant EFT, at PayFast:".to_owned()],
                link,
            });
            let eft = ways.bank.as_ref().map(|bank| Note {
                title: "Pay by EFT",
                lines: vec![bank.clone(), format!("Reference {number}")],
                link: None,
            });
            online.into_iter().chain(eft).collect()
        }
    }
}

pub fn foot(currency: Currency, charges_vat: bool) -> String {
    let currency = match currency {
        Currency::Zar => "South African rand",
        Currency::Usd => "US dollars",
        Currency::Eur => "euros",
        Currency::Gbp => "pounds sterling",
    };
    let vat = if charges_vat {
        "VAT is rounded once for the document."
    } else {
        "No VAT is charged."
    };
    format!("Amounts in {currency}. {vat}")
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    fn of(invoice: &Invoice) -> Words {
        let (number, issued_at) = super::super::issue(invoice).unwrap();
        words(invoice, number, issued_at, &sample::ways(), Issue::Original)
    }

    fn rows(words: &Words) -> Vec<String> {
        let row = |total: &Total| format!("{} {}", total.label, total.amount.replace('\u{a0}', " "));
        words.totals.iter().map(row).collect()
    }

    #[test]
    fn a_paid_invoice_says_when_and_by_what() {
        let words = of(&sample::paid());
        assert!(matches!(&words.headline.label, Label::Stamp(text) if text == "Paid on 24 Nov 2026"));
        assert_eq!(
            rows(&words),
            [
                "Subtotal R460.00",
                "VAT 15% R69.00",
                "Total R529.00",
                "Paid on 24 Nov 2026 −R529.00",
                "Balance R0.00"
            ]
        );
        assert_eq!(words.totals[3].note.as_deref(), Some("PayFast 1088914"));
        assert_eq!(words.notes[0].title, "Paid in full");
    }

    #[test]
    fn an_open_invoice_says_how_to_pay() {
        let words = of(&sample::open());
        assert!(matches!(words.headline.label, Label::Plain("Still to be paid")));
        assert_eq!(words.headline.amount, "R10\u{a0}690.00");
        assert_eq!(words.headline.note.as_deref(), Some("Due 27 Nov 2026"));
        let titles: Vec<_> = words.notes.iter().map(|note| note.title).collect();
        assert_eq!(titles, ["Pay online", "Pay by EFT"]);
        assert_eq!(words.notes[1].lines[1], "Reference INV-001053");
        let without = WaysToPay {
            bank: None,
            ..sample::ways()
        };
        let invoice = sample::open();
        let (number, issued_at) = super::super::issue(&invoice).unwrap();
        let words = super::words(&invoice, number, issued_at, &without, Issue::Original);
        assert_eq!(words.notes.len(), 1);
    }

    #[test]
    fn without_a_vat_number_nothing_speaks_of_vat() {
        let words = of(&sample::without_vat());
        assert_eq!(words.title, "Invoice");
        assert_eq!(words.table.heads, ["Description", "Quantity", "Unit price", "Amount"]);
        assert_eq!(
            rows(&words),
            ["Total R529.00", "Paid on 24 Nov 2026 −R529.00", "Balance R0.00"]
        );
        assert_eq!(words.foot, "Amounts in South African rand. No VAT is charged.");
    }

    #[test]
    fn a_void_invoice_asks_for_nothing() {
        let words = of(&sample::void());
        assert!(matches!(&words.headline.label, Label::Stamp(text) if text == "Void"));
        assert_eq!(words.headline.amount, "R0.00");
        assert_eq!(rows(&words)[3..], ["Void −R17 190.00", "Balance R0.00"]);
        assert!(words.notes.iter().all(|note| note.link.is_none()));
    }

    #[test]
    fn credit_notes_stand_below_the_payments() {
        let mut invoice = sample::open();
        invoice.credit_notes = vec![sample::credit_note()];
        invoice.summary.credited = Money::zar(429_750);
        invoice.summary.balance = Money::zar(739_250);
        assert_eq!(
            rows(&of(&invoice))[3..],
            [
                "Paid on 19 Nov 2026 −R6 500.00",
                "Credit note CN-000004 −R4 297.50",
                "Kept as your credit R1 000.00",
                "Balance R7 392.50"
            ]
        );
        invoice.summary.status = InvoiceStatus::Void;
        assert!(rows(&of(&invoice)).iter().all(|row| !row.starts_with("Void")));
    }

    #[test]
    fn each_rate_has_its_row_when_they_add_up() {
        let mut invoice = sample::open();
        invoice.lines.push(InvoiceLine {
            vat_rate: "0".to_owned(),
            vat: Money::zar(0),
            ..invoice.lines[0].clone()
        });
        assert_eq!(rows(&of(&invoice))[1..3], ["VAT 15% R2 242.17", "VAT 0% R0.00"]);
        invoice.lines[1].vat = Money::zar(1);
        assert_eq!(rows(&of(&invoice))[1], "VAT R2 242.17");
    }

    #[test]
    fn dates_are_those_of_south_africa() {
        assert_eq!(date("2026-12-31T22:05:00Z".parse().unwrap()), "1 Jan 2027");
        assert_eq!(date("2026-12-31T21:55:00Z".parse().unwrap()), "31 Dec 2026");
    }

    #[test]
    fn the_country_is_named_when_it_is_another_one() {
        let address = Address {
            line1: "3 Lighthouse Road".to_owned(),
            line2: None,
            city: "Windhoek".to_owned(),
            postal_code: String::new(),
            country: "NA".to_owned(),
        };
        assert_eq!(one_line(&address), "3 Lighthouse Road, Windhoek, NA");
    }
}
