//! What the paper of a credit note says (VAT Act section 21(3)).

use common::{
    invoices::{CreditNote, Invoice},
    money::format_money,
};

use super::{
    Issue,
    words::{Headline, Label, Note, Row, Table, Total, TotalWeight, Words, below_name, date, foot, mark},
};

pub fn words(note: &CreditNote, invoice: &Invoice, invoice_url: &str, issue: Issue) -> Words {
    let charges_vat = invoice.supplier.vat_number.is_some();
    let number = invoice.summary.number.clone().unwrap_or_default();
    let mut supplier = vec![invoice.supplier.name.clone()];
    supplier.extend(below_name(&invoice.supplier));
    let mut meta = vec![
        ("Number", note.number.clone()),
        ("Date", date(note.issued_at)),
        ("Invoice", number.clone()),
    ];
    meta.extend(invoice.summary.issued_at.map(|at| ("Invoice date", date(at))));
    Words {
        title: if charges_vat { "Tax credit note" } else { "Credit note" }.to_owned(),
        mark: mark(issue),
        number: note.number.clone(),
        supplier,
        meta,
        customer_name: invoice.customer.name.clone(),
        customer: below_name(&invoice.customer),
        headline: Headline {
            label: Label::Plain("Credited"),
            amount: format_money(note.total),
            note: None,
        },
        table: table(note, &number, charges_vat),
        totals: totals(note, invoice, charges_vat),
        notes: notes(note, &number, invoice_url),
        foot: foot(invoice.summary.currency, charges_vat),
    }
}

fn table(note: &CreditNote, number: &str, charges_vat: bool) -> Table {
    let mut row = Row {
        name: format!("Credit for {number}"),
        details: vec![note.reason.clone()],
        numbers: vec![format_money(note.net)],
    };
    if charges_vat {
        row.numbers.extend([format_money(note.vat), format_money(note.total)]);
    }
    Table {
        heads: if charges_vat {
            vec!["Description", "Before VAT", "VAT", "With VAT"]
        } else {
            vec!["Description", "Amount"]
        },
        rows: vec![row],
    }
}

fn totals(note: &CreditNote, invoice: &Invoice, charges_vat: bool) -> Vec<Total> {
    let total = |label: String, amount, weight| Total {
        label,
        note: None,
        amount: format_money(amount),
        weight,
    };
    let mut totals = Vec::new();
    if charges_vat {
        totals.push(total("Subtotal".to_owned(), note.net, TotalWeight::Part));
        totals.push(total(vat_label(invoice), note.vat, TotalWeight::Part));
    }
    totals.push(total("Credited".to_owned(), note.total, TotalWeight::Balance));
    totals
}

/// Names the rate where the invoice has one.
fn vat_label(invoice: &Invoice) -> String {
    let first = invoice.lines.first().map(|line| line.vat_rate.as_str());
    match first {
        Some(rate) if invoice.lines.iter().all(|line| line.vat_rate == rate) => format!("VAT {rate}%"),
        _ => "VAT".to_owned(),
    }
}

fn notes(note: &CreditNote, number: &str, invoice_url: &str) -> Vec<Note> {
    let shown = invoice_url.strip_prefix("https://").unwrap_or(invoice_url);
    let invoice = Note {
        title: "About this credit note",
        lines: vec![format!("It corrects {number}:")],
        link: Some((shown.to_owned(), invoice_url.to_owned())),
    };
    let credit = (note.to_credit.minor > 0).then(|| Note {
        title: "Your credit",
        lines: vec![format!(
            "{} had been paid, and is now credit on your account.",
            format_money(note.to_credit)
        )],
        link: None,
    });
    [invoice].into_iter().chain(credit).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    fn all(words: &Words) -> String {
        let totals = words
            .totals
            .iter()
            .map(|total| format!("{} {}", total.label, total.amount));
        let meta = words.meta.iter().map(|(label, value)| format!("{label} {value}"));
        let text = totals.chain(meta).collect::<Vec<_>>().join("; ");
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn a_credit_note_names_its_invoice_and_its_vat() {
        let words = words(
            &sample::credit_note(),
            &sample::open(),
            "https://x.example/1",
            Issue::Original,
        );
        assert_eq!(words.title, "Tax credit note");
        assert_eq!(
            all(&words),
            "Subtotal R3 736.96; VAT 15% R560.54; Credited R4 297.50; Number CN-000004; Date 20 Nov 2026; \
             Invoice INV-001053; Invoice date 13 Nov 2026"
        );
        assert_eq!(words.table.rows[0].details, ["Three months were not used"]);
        assert_eq!(words.notes[1].title, "Your credit");
    }

    #[test]
    fn without_a_vat_number_nothing_speaks_of_vat() {
        let words = words(
            &sample::credit_note(),
            &sample::without_vat(),
            "https://x.example/1",
            Issue::Copy,
        );
        assert_eq!((words.title.as_str(), words.mark), ("Credit note", Some("COPY")));
        assert_eq!(words.table.heads, ["Description", "Amount"]);
        assert!(!all(&words).contains("VAT"), "{}", all(&words));
    }
}
