//! A draft while it is written: its lines as texts, what they come to, and where they are kept until they are saved.

use common::{
    Money,
    invoices::{Invoice, InvoiceChange, InvoiceLine, LineDraft},
    vat::{self, Priced, Quantity, Totals},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    api, browser,
    components::money::{amount_text, parse_amount},
    text,
};

const DESCRIPTION_CHARS: std::ops::RangeInclusive<usize> = 1..=255;
const DUE_DAYS_MAX: u16 = 90;

/// One line as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    pub description: String,
    pub quantity: String,
    pub unit_price: String,
    pub vat_rate: String,
}

impl Typed {
    pub fn new(charges_vat: bool) -> Self {
        Self {
            quantity: "1".to_owned(),
            vat_rate: if charges_vat {
                vat::VAT_PERCENT.to_string()
            } else {
                "0".to_owned()
            },
            ..Self::default()
        }
    }

    pub fn of(line: &InvoiceLine) -> Self {
        Self {
            description: line.description.clone(),
            quantity: line.quantity.clone(),
            unit_price: amount_text(line.unit_price),
            vat_rate: line.vat_rate.clone(),
        }
    }

    /// Whether nobody has typed here yet.
    pub fn is_blank(&self) -> bool {
        self.description.trim().is_empty() && self.unit_price.trim().is_empty()
    }

    /// The quantity with a dot, as people write it with a comma too.
    fn quantity(&self) -> Option<Quantity> {
        Quantity::parse(&self.quantity.trim().replace(',', ".")).ok()
    }

    /// What the line is to be, or the field and the reason why it is nothing yet.
    pub fn check(&self) -> Result<LineDraft, (Part, String)> {
        let texts = text::drafts();
        let description = self.description.trim();
        if !DESCRIPTION_CHARS.contains(&description.chars().count()) {
            return Err((Part::Description, texts.description_missing.to_owned()));
        }
        let quantity = self
            .quantity()
            .ok_or_else(|| (Part::Quantity, texts.quantity_wrong.to_owned()))?;
        let unit_price = match parse_amount(&self.unit_price) {
            Ok(price) if price.minor > vat::UNIT_PRICE_MAX => {
                return Err((Part::Price, texts.price_large.to_owned()));
            }
            Ok(price) => price,
            Err(crate::components::money::Unclear::Missing) => {
                return Err((Part::Price, texts.price_missing.to_owned()));
            }
            Err(unclear) => return Err((Part::Price, unclear.words())),
        };
        Ok(LineDraft {
            description: description.to_owned(),
            quantity: quantity.to_text(),
            unit_price: Some(unit_price),
            vat_rate: self.vat_rate.clone(),
        })
    }

    /// What it adds to the document; nothing while its numbers make no sense.
    pub fn priced(&self) -> Priced {
        let price = parse_amount(&self.unit_price)
            .ok()
            .filter(|price| price.minor <= vat::UNIT_PRICE_MAX);
        let net_minor = match (self.quantity(), price) {
            (Some(quantity), Some(price)) => quantity.times(price.minor),
            _ => 0,
        };
        Priced {
            net_minor,
            vat_percent: vat::vat_percent(&self.vat_rate).unwrap_or_default(),
        }
    }
}

/// A field of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Description,
    Quantity,
    Price,
}

/// All that is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub lines: Vec<Typed>,
    pub due_days: String,
}

impl Content {
    pub fn of(invoice: &Invoice) -> Self {
        Self {
            lines: invoice.lines.iter().map(Typed::of).collect(),
            due_days: invoice.due_days.to_string(),
        }
    }

    /// The change that saves it, or what is still missing. Blank lines are nobody's loss.
    pub fn change(&self) -> Result<InvoiceChange, Missing> {
        let days = self.due_days.trim().parse().ok().filter(|days| *days <= DUE_DAYS_MAX);
        let days = days.ok_or(Missing::DueDays)?;
        let mut lines = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            if !line.is_blank() {
                lines.push(line.check().map_err(|_| Missing::Line(index))?);
            }
        }
        Ok(InvoiceChange {
            lines: Some(lines),
            due_days: Some(days),
        })
    }

    pub fn totals(&self) -> Totals {
        let lines: Vec<Priced> = self.lines.iter().map(Typed::priced).collect();
        vat::totals(&lines)
    }

    /// The text of all lines, for the clipboard.
    pub fn to_text(&self) -> String {
        let line = |line: &Typed| {
            let Typed {
                description,
                quantity,
                unit_price,
                vat_rate,
            } = line;
            format!("{description}\t{quantity}\tR{unit_price}\t{vat_rate}%")
        };
        self.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Why it cannot be saved yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// This line is incomplete.
    Line(usize),
    DueDays,
}

/// What was typed and not saved, with the version that it changes; it survives a reload, and goes when one signs out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsaved {
    pub version: i64,
    pub content: Content,
}

fn slot(id: &str) -> String {
    format!("capecontrol.draft.{id}")
}

pub fn keep_unsaved(id: &str, unsaved: &Unsaved) {
    if let Ok(text) = serde_json::to_string(unsaved) {
        browser::session().set(&slot(id), &text);
    }
}

pub fn unsaved(id: &str) -> Option<Unsaved> {
    api::from_json(&browser::session().get(&slot(id))?).ok()
}

pub fn forget_unsaved(id: &str) {
    browser::session().remove(&slot(id));
}

/// A line on the screen: it keeps its number when it is moved, so that the keyboard stays in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub number: u32,
    pub description: RwSignal<String>,
    pub quantity: RwSignal<String>,
    pub unit_price: RwSignal<String>,
    pub vat_rate: RwSignal<String>,
}

impl Line {
    pub fn new(number: u32, typed: Typed) -> Self {
        Self {
            number,
            description: RwSignal::new(typed.description),
            quantity: RwSignal::new(typed.quantity),
            unit_price: RwSignal::new(typed.unit_price),
            vat_rate: RwSignal::new(typed.vat_rate),
        }
    }

    pub fn typed(self) -> Typed {
        Typed {
            description: self.description.get(),
            quantity: self.quantity.get(),
            unit_price: self.unit_price.get(),
            vat_rate: self.vat_rate.get(),
        }
    }
}

pub fn rand(minor: i64) -> String {
    common::money::format_money(Money::zar(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(description: &str, quantity: &str, unit_price: &str) -> Typed {
        Typed {
            description: description.to_owned(),
            quantity: quantity.to_owned(),
            unit_price: unit_price.to_owned(),
            vat_rate: "15".to_owned(),
        }
    }

    fn content(lines: Vec<Typed>) -> Content {
        Content {
            lines,
            due_days: "7".to_owned(),
        }
    }

    #[test]
    fn a_line_says_what_it_lacks() {
        for (line, part) in [
            (line("", "1", "5"), Part::Description),
            (line("Training", "none", "5"), Part::Quantity),
            (line("Training", "0", "5"), Part::Quantity),
            (line("Training", "1", ""), Part::Price),
            (line("Training", "1", "1,234"), Part::Price),
            (line("Training", "1", "100000000.01"), Part::Price),
        ] {
            assert_eq!(line.check().unwrap_err().0, part, "{line:?}");
        }
        let draft = line(" Training ", "1,50", "1 234,50").check().unwrap();
        assert_eq!(
            (draft.description.as_str(), draft.quantity.as_str()),
            ("Training", "1.5")
        );
        assert_eq!(draft.unit_price, Some(Money::zar(123_450)));
    }

    #[test]
    fn only_whole_drafts_are_saved() {
        let blank = line("", "1", "");
        let change = content(vec![line("Training", "1", "5"), blank.clone()])
            .change()
            .unwrap();
        assert_eq!(change.lines.map(|lines| lines.len()), Some(1));
        assert_eq!(
            content(vec![blank, line("Training", "1", "")]).change(),
            Err(Missing::Line(1))
        );
        let late = Content {
            due_days: "91".to_owned(),
            ..Content::default()
        };
        assert_eq!(late.change(), Err(Missing::DueDays));
    }

    #[test]
    fn totals_follow_what_is_typed() {
        let totals = content(vec![
            line("A", "1.5", "100"),
            line("B", "1", "0.03"),
            line("", "1", "nothing"),
        ])
        .totals();
        assert_eq!(
            (totals.subtotal_minor, totals.vat_minor, totals.total_minor),
            (15_003, 2_250, 17_253)
        );
    }

    #[test]
    fn what_is_kept_comes_back() {
        let unsaved = Unsaved {
            version: 3,
            content: content(vec![line("A", "1", "2")]),
        };
        let text = serde_json::to_string(&unsaved).unwrap();
        assert_eq!(serde_json::from_str::<Unsaved>(&text).unwrap(), unsaved);
        assert_eq!(unsaved.content.to_text(), "A\t1\tR2\t15%");
    }
}
