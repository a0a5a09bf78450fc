//! Lines as staff write them: checked field by field, priced, and turned into rows that add up.

use chrono::{DateTime, Utc};
use common::{Currency, FieldError, invoices::LineDraft, validate};

use super::{
    amounts::{self, InvalidQuantity, LINES_MAX, Priced, QUANTITY_MAX, Quantity, TOTAL_MAX, Totals, UNIT_PRICE_MAX},
    store::{InvoiceRow, LineRow},
};
use crate::clock;

const DESCRIPTION_MAX_CHARS: usize = 255;

/// A line that is right by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedLine {
    description: String,
    quantity: Quantity,
    unit_price_minor: i64,
    vat_percent: i64,
}

/// Every line, or what is wrong with each by name: `lines[2].quantity`.
pub fn check(drafts: &[LineDraft]) -> Result<Vec<CheckedLine>, Vec<FieldError>> {
    if drafts.len() > LINES_MAX {
        let message = format!("An invoice has at most {LINES_MAX} lines.");
        return Err(vec![FieldError::new("lines", "too_many", message)]);
    }
    let mut errors = Vec::new();
    let mut lines = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let mut keep = |error: FieldError| errors.push(error);
        let field = |name: &str| format!("lines[{index}].{name}");
        let description = description(&field("description"), &draft.description)
            .map_err(&mut keep)
            .ok();
        let quantity = quantity(&field("quantity"), &draft.quantity).map_err(&mut keep).ok();
        let unit_price_minor = unit_price(&field("unit_price"), draft).map_err(&mut keep).ok();
        let vat_percent = amounts::vat_percent(draft.vat_rate.trim());
        if vat_percent.is_none() {
            keep(FieldError::new(field("vat_rate"), "invalid", "Use 15 or 0."));
        }
        if let (Some(description), Some(quantity), Some(unit_price_minor), Some(vat_percent)) =
            (description, quantity, unit_price_minor, vat_percent)
        {
            lines.push(CheckedLine {
                description,
                quantity,
                unit_price_minor,
                vat_percent,
            });
        }
    }
    if errors.is_empty() { Ok(lines) } else { Err(errors) }
}

fn description(field: &str, text: &str) -> Result<String, FieldError> {
    validate::line(field, text, DESCRIPTION_MAX_CHARS)?
        .ok_or_else(|| FieldError::required(field, "Say what it is for."))
}

fn quantity(field: &str, text: &str) -> Result<Quantity, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldError::required(field, "Enter a quantity, such as 1 or 1.5."));
    }
    Quantity::parse(text).map_err(|why| match why {
        InvalidQuantity::NotADecimal => FieldError::new(
            field,
            "invalid",
            "Write the quantity in digits with a dot, such as 1.5.",
        ),
        InvalidQuantity::TooManyPlaces => {
            FieldError::new(field, "too_precise", "Use at most three digits after the dot.")
        }
        InvalidQuantity::Nothing => FieldError::new(field, "out_of_range", "Enter a quantity above 0."),
        InvalidQuantity::TooLarge => FieldError::new(field, "out_of_range", format!("Enter at most {QUANTITY_MAX}.")),
    })
}

fn unit_price(field: &str, draft: &LineDraft) -> Result<i64, FieldError> {
    let Some(price) = draft.unit_price else {
        return Err(FieldError::required(field, "Enter a price before VAT."));
    };
    if price.currency != Currency::Zar {
        return Err(FieldError::new(field, "unsupported", "Invoices are in ZAR for now."));
    }
    match price.minor {
        0..=UNIT_PRICE_MAX => Ok(price.minor),
        ..0 => Err(FieldError::new(field, "out_of_range", "A price is not below R0.00.")),
        _ => Err(FieldError::new(
            field,
            "out_of_range",
            "A price is at most R100\u{a0}000\u{a0}000.00.",
        )),
    }
}

/// Prices the lines and writes their sums into the invoice; a supplier without a VAT number charges none.
pub fn price(invoice: &mut InvoiceRow, lines: &[CheckedLine], now: DateTime<Utc>) -> Result<Vec<LineRow>, FieldError> {
    let charges_vat = invoice.supplier_vat_number.is_some();
    let percent = |line: &CheckedLine| if charges_vat { line.vat_percent } else { 0 };
    let priced: Vec<Priced> = lines
        .iter()
        .map(|line| Priced {
            net_minor: line.quantity.times(line.unit_price_minor),
            vat_percent: percent(line),
        })
        .collect();
    let totals = amounts::totals(&priced);
    if totals.total_minor > TOTAL_MAX {
        let message = "An invoice comes to at most R1\u{a0}000\u{a0}000\u{a0}000.00.";
        return Err(FieldError::new("lines", "out_of_range", message));
    }
    let Totals {
        subtotal_minor,
        vat_minor,
        total_minor,
        line_vat_minor,
    } = totals;
    let rows = lines.iter().zip(&priced).zip(line_vat_minor).zip(1..);
    let rows = rows.map(|(((line, priced), vat_minor), position)| LineRow {
        id: clock::new_id(now),
        invoice_id: invoice.id,
        position,
        description: line.description.clone(),
        quantity: line.quantity.to_text(),
        unit_price_minor: line.unit_price_minor,
        vat_rate: priced.vat_percent.to_string(),
        net_minor: priced.net_minor,
        vat_minor,
        total_minor: priced.net_minor + vat_minor,
    });
    let rows: Vec<LineRow> = rows.collect();
    invoice.subtotal_minor = subtotal_minor;
    invoice.vat_minor = vat_minor;
    invoice.total_minor = total_minor;
    invoice.description = lines.first().map_or_else(String::new, |line| line.description.clone());
    Ok(rows)
}

/// Stored lines as they were written, to be priced again.
pub fn of_rows(rows: &[LineRow]) -> Vec<CheckedLine> {
    let lines = rows.iter().map(|row| CheckedLine {
        description: row.description.clone(),
        quantity: Quantity::parse(&row.quantity).expect("stored quantities were checked"),
        unit_price_minor: row.unit_price_minor,
        vat_percent: amounts::vat_percent(&row.vat_rate).unwrap_or_default(),
    });
    lines.collect()
}

/// What the draft is found by.
pub fn search_text(invoice: &InvoiceRow, lines: &[LineRow]) -> String {
    let number = invoice.number.as_deref().unwrap_or_default();
    let descriptions = lines.iter().map(|line| line.description.as_str());
    crate::search::fold([number, &invoice.customer_name].into_iter().chain(descriptions))
}

#[cfg(test)]
mod tests {
    use common::Money;

    use super::*;

    fn draft(quantity: &str, unit_price: Option<Money>, vat_rate: &str) -> LineDraft {
        LineDraft {
            description: "Work".to_owned(),
            quantity: quantity.to_owned(),
            unit_price,
            vat_rate: vat_rate.to_owned(),
        }
    }

    fn wrong(drafts: &[LineDraft]) -> Vec<(String, String)> {
        let errors = check(drafts).unwrap_err();
        errors.into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn each_wrong_field_is_named_with_its_line() {
        let right = draft("1", Some(Money::zar(100)), "15");
        let named = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
        for (line, field, code) in [
            (
                LineDraft {
                    description: " ".to_owned(),
                    ..right.clone()
                },
                "description",
                "required",
            ),
            (
                LineDraft {
                    description: "a\nb".to_owned(),
                    ..right.clone()
                },
                "description",
                "invalid",
            ),
            (
                LineDraft {
                    description: "é".repeat(256),
                    ..right.clone()
                },
                "description",
                "too_long",
            ),
            (draft("", Some(Money::zar(1)), "0"), "quantity", "required"),
            (draft("x", Some(Money::zar(1)), "0"), "quantity", "invalid"),
            (draft("0", Some(Money::zar(1)), "0"), "quantity", "out_of_range"),
            (draft("1.2345", Some(Money::zar(1)), "0"), "quantity", "too_precise"),
            (draft("1000001", Some(Money::zar(1)), "0"), "quantity", "out_of_range"),
            (draft("1", None, "0"), "unit_price", "required"),
            (draft("1", Some(Money::zar(-1)), "0"), "unit_price", "out_of_range"),
            (
                draft("1", Some(Money::zar(i64::MAX)), "0"),
                "unit_price",
                "out_of_range",
            ),
            (
                draft("1", Some(Money::new(1, Currency::Usd)), "0"),
                "unit_price",
                "unsupported",
            ),
            (draft("1", Some(Money::zar(1)), "14"), "vat_rate", "invalid"),
        ] {
            let found = wrong(&[right.clone(), right.clone(), line]);
            assert_eq!(found, named(&format!("lines[2].{field}"), code));
        }
        assert_eq!(wrong(&vec![right.clone(); 101]), named("lines", "too_many"));
        assert_eq!(check(&vec![right; 100]).unwrap().len(), 100);
        assert_eq!(wrong(&[LineDraft::default()]).len(), 4);
    }
}
