//! One invoice: what to do with it, the paper, and what happened.

use common::{
    accounts::AccountRole,
    ids::InvoiceId,
    invoices::{Invoice, InvoiceStatus, InvoiceSummary},
    money::format_money,
};
use leptos::prelude::*;

use super::document::paper;
use crate::{
    address::path_value,
    api::{self, Failure},
    browser,
    components::{
        badge::{Tone, badge},
        button::{ButtonLink, DownloadLink, Kind, PlainButton},
        data::crumbs,
        dynamic::dynamic,
        heading::Heading,
        notice::Notice,
        problem::ProblemPanel,
        skeleton::paper_skeleton,
        steps::{Happening, timeline},
    },
    documents,
    explain::could_not_load,
    remote::{Remote, remote},
    roles::allowed,
    status,
    text::{self, t},
};

#[component]
pub fn InvoicePage() -> impl IntoView {
    let texts = text::invoices();
    let id = path_value("id");
    let invoice = remote(move || {
        let id = InvoiceId::parse(&id.read()).ok();
        async move {
            match id {
                Some(id) => documents::invoice(id).await.map(Some),
                None => Ok(None),
            }
        }
    });
    let title = Signal::derive(move || {
        invoice.with(|invoice| match invoice {
            Some(Some(invoice)) => invoice
                .summary
                .number
                .clone()
                .unwrap_or_else(|| texts.draft_title.to_owned()),
            _ => texts.invoice.to_owned(),
        })
    });
    view! {
        <div class="page">
            {crumbs("/invoices", texts.title, title)}
            <div class="head no-print">
                <div class="head-title">
                    <Heading text=title/>
                    {dynamic(move || invoice.get().flatten().map(|invoice| state_words(&invoice.summary)))}
                </div>
                {dynamic(move || invoice.get().flatten().map(|invoice| view! { <Actions invoice/> }.into_any()))}
            </div>
            {invoice.show_or(
                paper_skeleton,
                |loaded| match loaded {
                    Some(loaded) => body(&loaded).into_any(),
                    None => not_found().into_any(),
                },
                move |failure| cannot_load(&failure, invoice),
            )}
        </div>
    }
    .into_any()
}

fn not_found() -> impl IntoView {
    view! { <p class="soft">{text::invoices().not_found}</p> }.into_any()
}

fn cannot_load(failure: &Failure, invoice: Remote<Option<Invoice>>) -> AnyView {
    if failure.is_not_found() {
        return not_found().into_any();
    }
    let retry = invoice.retry();
    view! { <ProblemPanel words=could_not_load(failure, text::invoices().load_failed) retry/> }.into_any()
}

/// Badge, and the date it is due while it is open.
fn state_words(summary: &InvoiceSummary) -> impl IntoView + use<> {
    let mark = badge(status::invoice(summary, browser::now()));
    let due = summary
        .due_at
        .filter(|_| summary.status == InvoiceStatus::Open)
        .map(|due_at| view! { <span class="muted">{status::due_sentence(due_at, browser::now())}</span> }.into_any());
    view! { {mark} {due} }.into_any()
}

/// Print and PDF, and the one primary that fits the state.
#[component]
fn Actions(invoice: Invoice) -> impl IntoView {
    let texts = text::invoices();
    let summary = invoice.summary;
    let has_number = summary.number.is_some();
    let print = Callback::new(|()| browser::print());
    let pdf = api::pdf_address(&summary);
    let is_payable = summary.status == InvoiceStatus::Open && !summary.balance.is_zero();
    let download = match invoice.supplier.vat_number {
        Some(_) => texts.download_tax_invoice,
        None => texts.download_invoice,
    };
    let (label, kind) = if is_payable {
        (texts.pdf, Kind::Secondary)
    } else {
        (download, Kind::Primary)
    };
    let pay_label = t().shop.pay(&format_money(summary.balance));
    let pay_href = format!("/checkout?invoice={}", summary.id);
    view! {
        <div class="head-actions">
            <PlainButton label=texts.print icon="print" kind=Kind::Secondary on_press=print/>
            {has_number.then(|| view! { <DownloadLink href=pdf label kind/> }.into_any())}
            {is_payable.then(|| allowed(AccountRole::Member, t().roles.pay_invoice, move || {
                view! { <ButtonLink href=pay_href.clone() label=pay_label.clone() icon="lock"/> }.into_any()
            }))}
        </div>
    }
    .into_any()
}

fn body(invoice: &Invoice) -> impl IntoView + use<> {
    let texts = text::invoices();
    let is_draft = invoice.summary.status == InvoiceStatus::Draft;
    let draft_note = is_draft.then(|| {
        view! {
            <Notice tone=Tone::Info icon_name="info" title=texts.draft_note>
                <a class="inline-touch" href="/payments">{texts.see_payments}</a>
            </Notice>
        }
        .into_any()
    });
    view! {
        <div class="stack">
            {draft_note}
            <div class="document">
                {paper(invoice)}
                <section class="stack no-print">
                    <h2>{texts.what_happened}</h2>
                    {timeline(happenings(invoice))}
                </section>
            </div>
        </div>
    }
    .into_any()
}

/// Newest first.
fn happenings(invoice: &Invoice) -> Vec<Happening> {
    let texts = text::invoices();
    let summary = &invoice.summary;
    let mut list = vec![Happening {
        tone: Tone::Neutral,
        icon: "pencil",
        title: texts.happened_order.to_owned(),
        note: summary.description.clone(),
        at: summary.created_at,
    }];
    if let (Some(at), Some(number)) = (summary.issued_at, &summary.number) {
        list.push(Happening {
            tone: Tone::Neutral,
            icon: "invoice",
            title: texts.finalised_as(number),
            note: texts.number_given.to_owned(),
            at,
        });
    }
    for payment in &invoice.payments {
        let amount = format_money(payment.amount);
        list.push(Happening {
            tone: Tone::Positive,
            icon: "check",
            title: texts.happened_paid.to_owned(),
            note: match &payment.provider_reference {
                Some(reference) => texts.by_payfast(&amount, reference),
                None => amount,
            },
            at: payment.at,
        });
    }
    list.reverse();
    list
}
