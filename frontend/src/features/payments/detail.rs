//! One payment: amount, state, facts, and what happened.

use common::{
    ids::PaymentId,
    money::format_money,
    payments::{Payment, PaymentStatus},
};
use leptos::prelude::*;

use super::{again, events::happenings, waiting_actions};
use crate::{
    address::path_value,
    api::Failure,
    components::{
        badge::{Tone, badge},
        button::{ButtonLink, Fit, Kind},
        data::{crumbs, fact, fact_link},
        dynamic::dynamic,
        heading::Heading,
        notice::Notice,
        problem::ProblemPanel,
        skeleton::card_skeleton,
        steps::timeline,
        time::time,
    },
    documents,
    explain::could_not_load,
    remote::{Remote, remote},
    status,
    text::t,
};

#[component]
pub fn PaymentPage() -> impl IntoView {
    let texts = t().payments;
    let id = path_value("id");
    let payment = remote(move || {
        let id = PaymentId::parse(&id.read()).ok();
        async move {
            match id {
                Some(id) => documents::payment(id).await.map(Some),
                None => Ok(None),
            }
        }
    });
    let title = Signal::derive(move || {
        payment.with(|payment| match payment {
            Some(Some(payment)) => texts.of_amount(&format_money(payment.summary.amount)),
            _ => texts.payment.to_owned(),
        })
    });
    let mark = move || {
        payment
            .get()
            .flatten()
            .map(|payment| badge(status::payment(payment.summary.status)))
    };
    view! {
        <div class="page">
            {crumbs("/payments", texts.title, title)}
            <div class="head"><div class="head-title"><Heading text=title/> {dynamic(mark)}</div></div>
            {payment.show_or(
                card_skeleton,
                move |loaded| match loaded {
                    Some(loaded) => view! { <Body loaded payment/> }.into_any(),
                    None => not_found().into_any(),
                },
                move |failure| cannot_load(&failure, payment),
            )}
        </div>
    }
    .into_any()
}

fn not_found() -> impl IntoView {
    view! { <p class="soft">{t().payments.not_found}</p> }.into_any()
}

fn cannot_load(failure: &Failure, payment: Remote<Option<Payment>>) -> AnyView {
    if failure.is_not_found() {
        return not_found().into_any();
    }
    let retry = payment.retry();
    view! { <ProblemPanel words=could_not_load(failure, t().payments.load_failed) retry/> }.into_any()
}

#[component]
fn Body(loaded: Payment, payment: Remote<Option<Payment>>) -> impl IntoView {
    let texts = t().payments;
    let history = timeline(happenings(&loaded.events));
    let credit = (loaded.credited.minor > 0).then(|| {
        let title = texts.on_credit(&format_money(loaded.credited));
        view! { <Notice tone=Tone::Info icon_name="info" title text=texts.credit_late/> }.into_any()
    });
    view! {
        <div class="payment-columns stack-wide">
            <div class="stack">
                {credit}
                <div class="card"><div class="card-part">{facts(&loaded)}</div></div>
                {actions(loaded, payment)}
            </div>
            <section class="stack">
                <h2>{texts.what_happened}</h2>
                {history}
            </section>
        </div>
    }
    .into_any()
}

fn facts(payment: &Payment) -> impl IntoView + use<> {
    let texts = t().payments;
    let summary = payment.summary.clone();
    let invoice_page = format!("/invoices/{}", summary.invoice_id);
    let number = summary.invoice_number.unwrap_or_else(|| texts.draft_invoice.to_owned());
    let money =
        |label: &'static str, amount: Option<common::Money>| amount.map(|amount| fact(label, format_money(amount)));
    let rows = [
        Some(fact(texts.for_what, summary.description)),
        Some(fact_link(texts.invoice, invoice_page, number)),
        money(texts.amount, Some(summary.amount)),
        money(texts.fee, summary.fee),
        money(texts.net, summary.net),
        Some(fact(texts.started, time(summary.created_at).into_any())),
        summary.succeeded_at.map(|at| fact(texts.paid_at, time(at).into_any())),
        summary
            .provider_reference
            .map(|reference| fact(texts.reference, reference)),
    ];
    view! { <dl class="facts facts-lined">{rows.into_iter().flatten().collect_view()}</dl> }.into_any()
}

fn actions(loaded: Payment, payment: Remote<Option<Payment>>) -> AnyView {
    let texts = t().payments;
    match loaded.summary.status {
        PaymentStatus::AwaitingCustomer => {
            let on_change = Callback::new(move |changed| payment.set(Some(changed)));
            waiting_actions(loaded, on_change)
        }
        PaymentStatus::Created | PaymentStatus::Processing | PaymentStatus::Unknown => {
            let waits = format!("/payments/{}/return", loaded.summary.id);
            view! {
                <Notice tone=Tone::Warning icon_name="arrows" title=texts.slow_text text=texts.slow_more/>
                <ButtonLink href=waits label=texts.check_now kind=Kind::Secondary fit=Fit::Large/>
            }
            .into_any()
        }
        PaymentStatus::Succeeded => {
            let invoice = format!("/invoices/{}", loaded.summary.invoice_id);
            view! { <ButtonLink href=invoice label=texts.see_invoice fit=Fit::Large/> }.into_any()
        }
        PaymentStatus::Failed | PaymentStatus::Canceled | PaymentStatus::Expired => again(&loaded, texts.start_again),
    }
}
