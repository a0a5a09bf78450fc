//! The invoice as paper, with every field that a South African tax invoice must show.

use common::{
    accounts::Address,
    invoices::{Invoice, InvoiceLine, InvoiceStatus, Party},
    money::format_money,
};
use leptos::prelude::*;

use crate::{
    components::{art::logo_drawing, time::day},
    dates, plans,
    site::grouped_vat_number,
    text::t,
};

pub fn paper(invoice: &Invoice) -> impl IntoView + use<> {
    let texts = t().invoices;
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
            <p class="paper-foot">{foot}</p>
        </article>
    }
    .into_any()
}

fn meta(invoice: &Invoice) -> impl IntoView + use<> {
    let texts = t().invoices;
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
fn party_lines(party: &Party, is_customer: bool) -> impl IntoView + use<> {
    let name = (!is_customer).then(|| party.name.clone());
    let address = party.address.as_ref().map(address_text);
    let vat = party
        .vat_number
        .as_deref()
        .map(|number| t().invoices.vat_no(&grouped_vat_number(number)));
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
    let texts = t().invoices;
    let rows = invoice.lines.iter().map(|line| line_row(line, charges_vat));
    let amount = if charges_vat { texts.before_vat } else { texts.amount };
    view! {
        <table class="paper-lines" role="table">
            <caption class="visually-hidden">{texts.lines_caption}</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">{texts.line}</th>
                    <th role="columnheader" scope="col" class="qty">{texts.quantity}</th>
                    <th role="columnheader" scope="col" class="num">{texts.unit_price}</th>
                    {charges_vat.then(|| view! { <th role="columnheader" scope="col" class="num">{texts.vat}</th> }.into_any())}
                    <th role="columnheader" scope="col" class="num">{amount}</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }.into_any()
}

fn line_row(line: &InvoiceLine, charges_vat: bool) -> impl IntoView + use<> {
    let rate = format!("{}%", line.vat_rate);
    view! {
        <tr role="row">
            <td role="cell">{line.description.clone()}</td>
            <td role="cell" class="qty">{line.quantity.clone()}</td>
            <td role="cell" class="num">{format_money(line.unit_price)}</td>
            {charges_vat.then(|| view! { <td role="cell" class="num">{rate}</td> }.into_any())}
            <td role="cell" class="num">{format_money(line.net)}</td>
        </tr>
    }
    .into_any()
}

fn totals(invoice: &Invoice, charges_vat: bool) -> impl IntoView + use<> {
    let texts = t().invoices;
    let summary = &invoice.summary;
    let percent = plans::vat_percent(summary.subtotal, summary.vat).to_string();
    let vat = charges_vat.then(|| {
        view! {
            <div><dt>{texts.subtotal}</dt><dd>{format_money(summary.subtotal)}</dd></div>
            <div><dt>{texts.vat_at(&percent)}</dt><dd>{format_money(summary.vat)}</dd></div>
        }
        .into_any()
    });
    let payments = invoice.payments.iter().map(|payment| {
        let amount = common::Money::new(-payment.amount.minor, payment.amount.currency);
        view! { <div><dt>{texts.paid_on(&dates::date(payment.at))}</dt><dd>{format_money(amount)}</dd></div> }
            .into_any()
    });
    let is_draft = summary.status == InvoiceStatus::Draft;
    let balance = (!is_draft).then(|| {
        view! {
            <div class="is-total is-balance"><dt>{texts.balance}</dt><dd>{format_money(summary.balance)}</dd></div>
        }
        .into_any()
    });
    view! {
        <dl class="paper-totals">
            {vat}
            <div class="is-total"><dt>{texts.total}</dt><dd>{format_money(summary.total)}</dd></div>
            {payments.collect_view()}
            {balance}
        </dl>
    }
    .into_any()
}
