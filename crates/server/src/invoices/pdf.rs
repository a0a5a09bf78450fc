//! Invoices and credit notes as PDFs that the customer keeps: South African tax documents on A4.
//!
//! [`render`] is pure: the same invoice gives the same bytes. The words are chosen in `words`, placed by `layout`
//! and `table`, shaped by `text` and `face`, and written by `draw`. Nothing is read from the disk; the fonts are part of the program.
//! Which request gets the original is decided by the caller; every other paper says COPY.

mod credit_note;
mod draw;
mod face;
mod layout;
mod paper;
#[cfg(test)]
mod sample;
mod table;
mod text;
mod words;

use chrono::{DateTime, Datelike, Timelike, Utc};
use common::invoices::{CreditNote, Invoice};
use krilla::{
    error::KrillaError,
    metadata::{DateTime as PdfDateTime, Metadata},
};
use serde::{Deserialize, Serialize};

pub use words::date;

/// What an invoice tells about paying it beside its own fields.
#[derive(Debug, Clone)]
pub struct WaysToPay {
    /// The invoice's page on the public address.
    pub invoice_url: String,
    /// Bank details for EFT; absent: no EFT is offered.
    pub bank: Option<String>,
}

/// Whether a paper is the one original or a reprint (VAT Act section 20(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Issue {
    Original,
    Copy,
}

impl Issue {
    /// By whether the original was there to be taken.
    pub fn of_taking(was_there: bool) -> Self {
        if was_there { Self::Original } else { Self::Copy }
    }
}

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this invoice is a draft: it has no PDF until it has a number")]
    Draft,
    #[error("the PDF could not be written")]
    Write(#[from] KrillaError),
}

/// Writes the invoice. CPU work of some milliseconds: keep it away from the threads that serve requests.
pub fn render(invoice: &Invoice, ways: &WaysToPay, as_what: Issue) -> Result<Vec<u8>, Error> {
    let (number, issued_at) = issue(invoice)?;
    let words = words::words(invoice, number, issued_at, ways, as_what);
    write(&words, invoice.summary.id.as_str(), issued_at)
}

/// Writes a credit note of the invoice, which `invoice_url` leads to.
pub fn render_credit_note(
    note: &CreditNote,
    invoice: &Invoice,
    invoice_url: &str,
    as_what: Issue,
) -> Result<Vec<u8>, Error> {
    let words = credit_note::words(note, invoice, invoice_url, as_what);
    write(&words, note.id.as_str(), note.issued_at)
}

fn write(words: &words::Words, id: &str, issued_at: DateTime<Utc>) -> Result<Vec<u8>, Error> {
    let fonts = text::Fonts::load();
    let paper = layout::lay_out(words, &fonts);
    let metadata = Metadata::new()
        .title(format!("{} {}", words.title, words.number))
        .authors(vec![words.supplier[0].clone()])
        .creator("CapeControl".to_owned())
        .language("en-ZA".to_owned())
        .document_id(id.to_owned())
        .creation_date(pdf_time(issued_at));
    Ok(draw::draw(&paper, &fonts, metadata)?)
}

/// Number and time of issue, which a draft has not.
fn issue(invoice: &Invoice) -> Result<(&str, DateTime<Utc>), Error> {
    let summary = &invoice.summary;
    summary.number.as_deref().zip(summary.issued_at).ok_or(Error::Draft)
}

fn pdf_time(at: DateTime<Utc>) -> PdfDateTime {
    let at = words::in_south_africa(at);
    let small = |number: u32| u8::try_from(number).expect("parts of a date are below 256");
    PdfDateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(2)
}

#[cfg(test)]
mod tests {
    use common::invoices::InvoiceStatus;
    use proptest::prelude::*;

    use super::{
        paper::{Area, BOTTOM, LEFT, Mark, Page, Paper, RIGHT, TOP},
        *,
    };

    fn paper(invoice: &Invoice) -> Paper {
        let (number, issued_at) = issue(invoice).unwrap();
        let words = words::words(invoice, number, issued_at, &sample::ways(), Issue::Original);
        layout::lay_out(&words, &text::Fonts::load())
    }

    fn texts(page: &Page) -> Vec<&str> {
        let lines = page.marks.iter().filter_map(|placed| match &placed.mark {
            Mark::Text { line, .. } => Some(line.text.trim_end()),
            _ => None,
        });
        lines.collect()
    }

    /// What the letters of each text cover.
    fn areas(page: &Page) -> Vec<(Area, &str)> {
        let areas = page.marks.iter().filter_map(|placed| match &placed.mark {
            Mark::Text { x, baseline, line, .. } if !line.text.is_empty() => {
                let area = Area {
                    left: *x,
                    top: baseline - line.style.size * 0.72,
                    right: x + line.width,
                    bottom: baseline + line.style.size * 0.2,
                };
                Some((area, line.text.as_str()))
            }
            _ => None,
        });
        areas.collect()
    }

    #[test]
    fn the_same_invoice_gives_the_same_bytes() {
        for invoice in [sample::paid(), sample::open(), sample::long(40)] {
            let first = render(&invoice, &sample::ways(), Issue::Original).unwrap();
            assert!(first.starts_with(b"%PDF-1.7"));
            assert!(first == render(&invoice, &sample::ways(), Issue::Original).unwrap());
        }
    }

    #[test]
    fn every_kind_of_invoice_passes_the_checks_of_both_standards() {
        for invoice in [sample::void(), sample::without_vat(), sample::extreme()] {
            render(&invoice, &sample::ways(), Issue::Original).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The standards refuse some characters, and a refusal would keep the customer from the invoice.
        #[test]
        fn whatever_was_typed_can_be_printed(name: String, description: String) {
            let mut invoice = sample::paid();
            invoice.customer.name = name;
            invoice.supplier.name = description.clone();
            invoice.lines[0].description = description;
            prop_assert!(render(&invoice, &sample::ways(), Issue::Original).is_ok());
        }
    }

    #[test]
    fn a_reprint_says_copy_and_the_original_does_not() {
        let invoice = sample::open();
        let (number, issued_at) = issue(&invoice).unwrap();
        for (as_what, says) in [(Issue::Original, false), (Issue::Copy, true)] {
            let words = words::words(&invoice, number, issued_at, &sample::ways(), as_what);
            let note = credit_note::words(&sample::credit_note(), &invoice, "https://x.example", as_what);
            for words in [words, note] {
                let paper = layout::lay_out(&words, &text::Fonts::load());
                assert_eq!(texts(&paper.pages[0]).contains(&"COPY"), says, "{}", words.title);
                assert_eq!(paper.pages.len(), 1);
                check_places(&paper);
            }
        }
        render_credit_note(&sample::credit_note(), &invoice, "https://x.example", Issue::Copy).unwrap();
    }

    #[test]
    fn a_draft_has_no_pdf() {
        let mut draft = sample::open();
        draft.summary.number = None;
        draft.summary.issued_at = None;
        draft.summary.status = InvoiceStatus::Draft;
        assert!(matches!(
            render(&draft, &sample::ways(), Issue::Original),
            Err(Error::Draft)
        ));
    }

    #[test]
    fn ordinary_invoices_take_one_page() {
        for invoice in [sample::paid(), sample::open(), sample::void(), sample::without_vat()] {
            let paper = paper(&invoice);
            assert_eq!(paper.pages.len(), 1);
            assert!(texts(&paper.pages[0]).contains(&"Page 1 of 1"));
        }
    }

    #[test]
    fn many_lines_go_over_pages_and_rows_stay_whole() {
        let paper = paper(&sample::long(120));
        let pages: Vec<Vec<&str>> = paper.pages.iter().map(texts).collect();
        assert_eq!(pages.len(), 9);
        let mut seen = 0;
        for (index, page) in pages.iter().enumerate() {
            assert!(page.contains(&format!("Page {} of {}", index + 1, pages.len()).as_str()));
            for (at, text) in page.iter().enumerate() {
                let Some(rest) = text.strip_prefix("Item ") else {
                    continue;
                };
                seen += 1;
                assert_eq!(rest[..3].parse(), Ok(seen));
                assert!(page.contains(&"Description") && page.contains(&"Before VAT"));
                // Each third row has its last line on the same page.
                let ends = page[at..].contains(&format!("Week {seen} of the project").as_str());
                assert_eq!(ends, seen % 3 == 0);
            }
            let is_continued = page.contains(&"Tax invoice INV-000120");
            assert_eq!(is_continued, index > 0);
        }
        assert_eq!(seen, 120);
        assert_eq!(pages.concat().iter().filter(|text| **text == "Balance").count(), 1);
    }

    #[test]
    fn nothing_overlaps_or_leaves_the_margins() {
        for invoice in [
            sample::paid(),
            sample::open(),
            sample::void(),
            sample::long(120),
            sample::extreme(),
        ] {
            check_places(&paper(&invoice));
        }
    }

    /// Nothing overlaps, and nothing leaves the margins.
    fn check_places(paper: &Paper) {
        for page in &paper.pages {
            let areas = areas(page);
            for (index, (area, text)) in areas.iter().enumerate() {
                assert!(area.left >= LEFT - 0.1 && area.right <= RIGHT + 4.0, "{text}: {area:?}");
                assert!(area.top >= TOP - 1.0 && area.bottom <= BOTTOM + 1.0, "{text}: {area:?}");
                for (other, other_text) in &areas[index + 1..] {
                    let apart = area.right <= other.left
                        || other.right <= area.left
                        || area.bottom <= other.top
                        || other.bottom <= area.top;
                    assert!(apart, "`{text}` {area:?} and `{other_text}` {other:?}");
                }
            }
        }
    }

    #[test]
    fn long_names_leave_room_for_what_the_law_asks_for() {
        let paper = paper(&sample::extreme());
        let first = texts(&paper.pages[0]);
        for needed in [
            "VAT no. 4000\u{a0}000\u{a0}000",
            "VAT no. 4000\u{a0}000\u{a0}001",
            "INV-000120",
            "13 Nov 2026",
        ] {
            assert!(first.contains(&needed), "{needed}");
        }
    }

    #[test]
    fn a_description_longer_than_a_page_goes_on_over_pages() {
        let paper = paper(&sample::extreme());
        let words: usize = paper
            .pages
            .iter()
            .flat_map(texts)
            .map(|text| text.matches("Item 002").count() + text.matches("for pages").count())
            .sum();
        assert!(words > 1000, "{words}");
        assert_eq!(
            paper
                .pages
                .iter()
                .filter(|page| texts(page).contains(&"Balance"))
                .count(),
            1
        );
    }
}
