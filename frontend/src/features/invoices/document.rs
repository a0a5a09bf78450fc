//! The invoice as paper, with every field that a South African tax invoice must show.

use common::{
    accounts::Address,
    invoices::{Invoice, InvoiceLine, InvoiceStatus, InvoiceSummary, Party},
    money::format_money,
};
use leptos::prelude::*;

use crate::{
    components::{
        art::logo_drawing,
        data::{self, Column, cell, fact, fact_of, row},
        dynamic::dynamic,
        time::day,
    },
    dates, plans,
    site::{grouped_vat_number, use_site},
    text,
};

pub fn paper(invoice: &Invoice) -> impl IntoView + use<> {
    let texts = text::invoices();
    let summary = &invoice.summary;
    let charges_vat = invoice.supplier.vat_number.is_some();
    // Only an issued document may call itself a tax invoice.
    let title = match summary.status {
        InvoiceStatus::Draft => texts.draft_title.to_owned(),
        InvoiceStatus::Open | InvoiceStatus::Paid | InvoiceStatus::Void | InvoiceStatus::Uncollectible => {
            invoice.title.clone()
        }
    };
    let label = title.clone();
    let (due_label, due_amount) = match summary.status {
        InvoiceStatus::Paid => (texts.paid_in_full, summary.total),
        InvoiceStatus::Draft => (texts.total, summary.total),
        InvoiceStatus::Open | InvoiceStatus::Void | InvoiceStatus::Uncollectible => {
            (texts.still_to_pay, summary.balance)
        }
    };
    let foot = if charges_vat { texts.foot } else { texts.foot_no_vat };
    view! {
        <article class="paper" aria-label=label>
            <div class="paper-top">
                <div class="stack">
                    <p class="logo">{logo_drawing()}</p>
                    <div class="soft small">{party_lines(&invoice.supplier, false)}</div>
                </div>
                <div>
                    <p class="paper-title">{title}</p>
                    {meta(invoice)}
                </div>
            </div>
            <div class="paper-party">
                <div>
                    <p class="label">{texts.billed_to}</p>
                    <p class="strong">{invoice.customer.name.clone()}</p>
                    <div class="soft small">{party_lines(&invoice.customer, true)}</div>
                </div>
                <div class="paper-due">
                    <p class="label">{due_label}</p>
                    <p class="amount-l">{format_money(due_amount)}</p>
                </div>
            </div>
            {lines(invoice, charges_vat)}
            {totals(invoice, charges_vat)}
            {eft(summary)}
            <p class="paper-foot">{foot}</p>
        </article>
    }
    .into_any()
}

/// How to pay by EFT, as the PDF says it. What is written off is still taken.
fn eft(summary: &InvoiceSummary) -> Option<AnyView> {
    let texts = text::invoices();
    let is_owed = matches!(summary.status, InvoiceStatus::Open | InvoiceStatus::Uncollectible);
    let number = summary
        .number
        .clone()
        .filter(|_| is_owed && !summary.balance.is_zero())?;
    let site = use_site();
    Some(dynamic(move || {
        site.bank().map(|bank| {
            view! {
                <div class="paper-pay">
                    <p class="label">{texts.pay_by_eft}</p>
                    <p>{bank}</p>
                    <p>{texts.eft_reference} " " <span class="strong">{number.clone()}</span></p>
                </div>
            }
            .into_any()
        })
    }))
}

fn meta(invoice: &Invoice) -> impl IntoView + use<> {
    let texts = text::invoices();
    let summary = &invoice.summary;
    let number = summary.number.clone().unwrap_or_else(|| texts.no_number.to_owned());
    let due = summary.due_at.filter(|_| summary.status != InvoiceStatus::Draft);
    view! {
        <dl class="paper-meta small">
            <dt>{texts.number}</dt>
            <dd>{number}</dd>
            {summary.issued_at.map(|at| view! { <dt>{texts.date}</dt> <dd>{day(at)}</dd> }.into_any())}
            {due.map(|at| view! { <dt>{texts.due}</dt> <dd>{day(at)}</dd> }.into_any())}
        </dl>
    }
    .into_any()
}

/// Name (for the supplier), address and VAT number, a line each.
pub fn party_lines(party: &Party, is_customer: bool) -> impl IntoView + use<> {
    let name = (!is_customer).then(|| party.name.clone());
    let address = party.address.as_ref().map(address_text);
    let vat = party
        .vat_number
        .as_deref()
        .map(|number| text::invoices().vat_no(&grouped_vat_number(number)));
    [name, address, vat]
        .into_iter()
        .flatten()
        .map(|line| view! { <p>{line}</p> }.into_any())
        .collect_view()
}

/// The supplier's address is one line of text; a customer's has parts.
fn address_text(address: &Address) -> String {
    let parts = [
        Some(address.line1.as_str()),
        address.line2.as_deref(),
        Some(&address.city),
        Some(&address.postal_code),
    ];
    parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn lines(invoice: &Invoice, charges_vat: bool) -> impl IntoView + use<> {
    let texts = text::invoices();
    let amount = if charges_vat { texts.before_vat } else { texts.amount };
    let columns = [
        Some(Column::Text(texts.line)),
        Some(Column::Number(texts.quantity)),
        Some(Column::Number(texts.unit_price)),
        charges_vat.then_some(Column::Number(texts.vat)),
        Some(Column::Number(amount)),
    ];
    let rows = invoice.lines.iter().map(|line| line_row(line, charges_vat)).collect();
    data::table(
        "paper-lines",
        texts.lines_caption,
        columns.into_iter().flatten().collect(),
        rows,
    )
}

fn line_row(line: &InvoiceLine, charges_vat: bool) -> AnyView {
    let cells = [
        Some(cell("", line.description.clone())),
        Some(cell("qty", line.quantity.clone())),
        Some(cell("num", format_money(line.unit_price))),
        charges_vat.then(|| cell("num", format!("{}%", line.vat_rate))),
        Some(cell("num", format_money(line.net))),
    ];
    row(cells.into_iter().flatten().collect())
}

fn totals(invoice: &Invoice, charges_vat: bool) -> impl IntoView + use<> {
    let texts = text::invoices();
    let summary = &invoice.summary;
    let percent = plans::vat_percent(summary.subtotal, summary.vat).to_string();
    let is_draft = summary.status == InvoiceStatus::Draft;
    let mut rows = Vec::new();
    if charges_vat {
        rows.push(fact(texts.subtotal, format_money(summary.subtotal)));
        rows.push(fact(texts.vat_at(&percent), format_money(summary.vat)));
    }
    rows.push(fact_of("is-total", texts.total, format_money(summary.total)));
    for payment in &invoice.payments {
        let amount = common::Money::new(-payment.amount.minor, payment.amount.currency);
        rows.push(fact(texts.paid_on(&dates::date(payment.at)), format_money(amount)));
    }
    for note in &invoice.credit_notes {
        let amount = common::Money::new(-note.total.minor, note.total.currency);
        rows.push(fact(text::deeds().credit_note_row(&note.number), format_money(amount)));
    }
    // What had been paid and was taken back is the customer's credit, so that the lines add up.
    let returned: i64 = invoice.credit_notes.iter().map(|note| note.to_credit.minor).sum();
    if returned > 0 {
        let amount = common::Money::new(returned, summary.currency);
        rows.push(fact(text::deeds().given_back, format_money(amount)));
    }
    if !is_draft {
        rows.push(fact_of(
            "is-total is-balance",
            texts.balance,
            format_money(summary.balance),
        ));
    }
    view! { <dl class="paper-totals">{rows}</dl> }.into_any()
}
