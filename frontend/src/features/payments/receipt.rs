//! Paid: said only after the server has applied PayFast's confirmation.

use common::{
    accounts::{Account, GetAccount},
    invoices::Invoice,
    money::format_money,
    payments::Payment,
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        art::Horizon,
        badge::{Mark, Tone, badge_large},
        button::{ButtonLink, DownloadLink, Fit, Kind},
        data::{fact, fact_link},
        dynamic::dynamic,
        heading::page_heading,
        time::{day, time},
    },
    documents, plans,
    remote::{Remote, remote},
    session::use_session,
};

/// Pages older than this show the same receipt without the sunrise.
const FRESH_MINUTES: i64 = 10;

#[component]
pub fn Receipt(payment: Payment) -> impl IntoView {
    let texts = crate::text::payments();
    let session = use_session();
    let invoice_id = payment.summary.invoice_id;
    let account_id = payment.summary.account_id;
    let invoice = remote(move || async move { documents::invoice(invoice_id).await });
    let account = remote(move || async move {
        let account = api::call::<GetAccount>(&[account_id.as_str()], &()).await?;
        session.renamed(&account);
        Ok(account)
    });
    let amount = format_money(payment.summary.amount);
    let credit = (payment.credited.minor > 0).then(|| texts.on_credit(&format_money(payment.credited)));
    let sentence = match (&credit, payment.product_code) {
        (Some(_), _) => texts.paid_title.to_owned(),
        (None, Some(code)) => format!("{} {}", texts.thank_you, texts.plan_is_on(plans::family(code))),
        (None, None) => texts.thank_you.to_owned(),
    };
    let heading = page_heading(Signal::stored(format!("{} {amount}", texts.paid_title)));
    let is_fresh = payment
        .summary
        .succeeded_at
        .is_some_and(|at| (crate::browser::now() - at).num_minutes() < FRESH_MINUTES);
    let mark = Mark::new(Tone::Positive, "check", texts.paid_badge);
    let detail = format!("/payments/{}", payment.summary.id);
    let invoice_page = format!("/invoices/{invoice_id}");
    view! {
        <Horizon is_rising=is_fresh/>
        <div class="receipt">
            <div class="receipt-head">
                {badge_large(mark)}
                <h1 tabindex="-1" node_ref=heading>
                    <span class="amount-xl">{amount}</span>
                    " "
                    <small>{sentence}</small>
                </h1>
                {credit.clone().map(|credit| view! { <p class="soft">{texts.credit_late} " " <strong>{credit}</strong></p> }.into_any())}
            </div>
            <div class="card"><div class="card-part">{facts(payment, invoice, account)}</div></div>
            <div class="actions">
                {dynamic(move || download(invoice.get().as_ref(), &invoice_page))}
                {credit.map(|_| view! { <ButtonLink href="/credit" label=texts.see_credit kind=Kind::Secondary fit=Fit::Large/> }.into_any())}
                <ButtonLink href="/home" label=texts.go_home kind=Kind::Secondary fit=Fit::Large/>
            </div>
            <p class="centred small muted">
                {dynamic(move || account.with(|account| account.map(|account| texts.also_sent(&account.billing_email))))}
                " "
                <a class="inline-touch" href=detail>{texts.see_payment}</a>
            </p>
        </div>
    }.into_any()
}

fn facts(payment: Payment, invoice: Remote<Invoice>, account: Remote<Account>) -> impl IntoView {
    let texts = crate::text::payments();
    let number = payment.summary.invoice_number.clone();
    let invoice_page = format!("/invoices/{}", payment.summary.invoice_id);
    let vat = move || {
        invoice.with(|invoice| {
            let summary = &invoice?.summary;
            let percent = plans::vat_percent(summary.subtotal, summary.vat).to_string();
            (!summary.vat.is_zero()).then(|| fact(texts.includes_vat(&percent), format_money(summary.vat)))
        })
    };
    let bought_plan = payment.product_code.is_some();
    let until = move || {
        let until = account.with(|account| account.and_then(|account| account.plan.paid_until));
        let until = until.filter(|_| bought_plan)?;
        Some(fact(texts.paid_until, day(until).into_any()))
    };
    view! {
        <dl class="facts facts-lined">
            {fact_link(texts.invoice, invoice_page, number.unwrap_or_else(|| texts.draft_invoice.to_owned()))}
            {dynamic(vat)}
            {payment.summary.succeeded_at.map(|at| fact(texts.paid_at, time(at).into_any()))}
            {payment.summary.provider_reference.map(|reference| fact(texts.reference, reference))}
            {dynamic(until)}
        </dl>
    }
    .into_any()
}

/// The document is made by the server when it is asked for, so it is ready as soon as its name is known.
fn download(invoice: Option<&Invoice>, page: &str) -> impl IntoView + use<> {
    let texts = crate::text::payments();
    match invoice {
        Some(invoice) if invoice.summary.number.is_some() => {
            let label = match invoice.supplier.vat_number {
                Some(_) => texts.download_tax_invoice,
                None => texts.download_invoice,
            };
            let href = api::pdf_address(&invoice.summary);
            view! { <DownloadLink href label fit=Fit::Large/> }.into_any()
        }
        _ => view! { <ButtonLink href=page label=texts.see_invoice fit=Fit::Large/> }.into_any(),
    }
}
