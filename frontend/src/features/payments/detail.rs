//! One payment: amount, state, facts, and what happened.

use common::{
    auth::StaffRole,
    ids::PaymentId,
    money::format_money,
    payments::{AttemptKind, Payment, PaymentStatus, Provider},
};
use leptos::prelude::*;

use super::{
    again, events::happenings, method_name, refund::panel, refunds::refunds, reversal::reversal, waiting_actions,
};
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
    network::{Network, needed},
    remote::{Remote, steady_remote},
    roles::allowed_staff,
    session::use_session,
    status,
};

#[component]
pub fn PaymentPage() -> impl IntoView {
    let texts = crate::text::payments();
    let id = path_value("id");
    let network = Network::watch();
    let payment = steady_remote(move || {
        network.track();
        let id = PaymentId::parse(&id.read()).ok();
        async move {
            match id {
                Some(id) => documents::payment(id).await.map(Some),
                None => Ok(None),
            }
        }
    });
    network.keep(payment);
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
            {network.line()}
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
    view! { <p class="soft">{crate::text::payments().not_found}</p> }.into_any()
}

fn cannot_load(failure: &Failure, payment: Remote<Option<Payment>>) -> AnyView {
    if failure.is_not_found() {
        return not_found().into_any();
    }
    let retry = payment.retry();
    view! { <ProblemPanel words=could_not_load(failure, crate::text::payments().load_failed) retry/> }.into_any()
}

#[component]
fn Body(loaded: Payment, payment: Remote<Option<Payment>>) -> impl IntoView {
    let texts = crate::text::payments();
    let history = timeline(happenings(&loaded));
    let credit = (loaded.credited.minor > 0).then(|| {
        let title = texts.on_credit(&format_money(loaded.credited));
        view! {
            <Notice tone=Tone::Info icon_name="info" title text=texts.credit_late>
                <ButtonLink href="/credit" label=texts.see_credit kind=Kind::Secondary/>
            </Notice>
        }
        .into_any()
    });
    let on_done = payment.retry();
    view! {
        <div class="payment-columns stack-wide">
            <div class="stack">
                {credit}
                <div class="card"><div class="card-part">{facts(&loaded)}</div></div>
                {refunds(&loaded.refunds, on_done)}
                {for_staff(&loaded, payment)}
                {needed(actions(loaded, payment))}
            </div>
            <section class="stack">
                <h2>{texts.what_happened}</h2>
                {history}
            </section>
        </div>
    }
    .into_any()
}

/// Refund, reversal and the notifications: nothing of it is a customer's.
fn for_staff(loaded: &Payment, payment: Remote<Option<Payment>>) -> AnyView {
    let texts = crate::text::payments();
    let is_paid = loaded.summary.status == PaymentStatus::Succeeded && loaded.reversed_at.is_none();
    let on_done = payment.retry();
    let on_change = Callback::new(move |changed| payment.set(Some(changed)));
    let loaded = loaded.clone();
    allowed_staff(StaffRole::Billing, crate::text::refunds().deed, move || {
        let notifications = format!("/payfast/notifications?payment={}", loaded.summary.id);
        view! {
            {is_paid.then(|| panel(&loaded, on_done))}
            {attempts(&loaded)}
            <p><a class="inline-touch" href=notifications>{texts.see_notifications}</a></p>
            {is_paid.then(|| needed(reversal(&loaded, on_change)))}
        }
    })
}

fn attempts(payment: &Payment) -> AnyView {
    let texts = crate::text::payments();
    let rows = payment.attempts.iter().map(|attempt| {
        let words = match attempt.kind {
            AttemptKind::Redirect => texts.attempt_redirect,
            AttemptKind::Adhoc => texts.attempt_adhoc,
            AttemptKind::Manual => texts.attempt_manual,
        };
        let when = view! { {format_money(attempt.amount)} " · " {time(attempt.created_at)} };
        fact(words, when.into_any())
    });
    view! {
        <section class="card">
            <div class="card-part stack">
                <h2>{texts.attempts}</h2>
                <dl class="facts facts-lined">{rows.collect_view()}</dl>
            </div>
        </section>
    }
    .into_any()
}

fn facts(payment: &Payment) -> impl IntoView + use<> {
    let texts = crate::text::payments();
    let summary = payment.summary.clone();
    let is_staff = use_session().staff_role().is_some();
    // Customers are not charged it, and banks tell none.
    let has_fee = is_staff && summary.provider == Provider::Payfast;
    let invoice_page = format!("/invoices/{}", summary.invoice_id);
    let number = summary.invoice_number.unwrap_or_else(|| texts.draft_invoice.to_owned());
    let money =
        |label: &'static str, amount: Option<common::Money>| amount.map(|amount| fact(label, format_money(amount)));
    let rows = [
        Some(fact(texts.for_what, summary.description)),
        Some(fact_link(texts.invoice, invoice_page, number)),
        money(texts.amount, Some(summary.amount)),
        Some(fact(texts.method, method_name(summary.method))),
        money(texts.fee, summary.fee.filter(|_| has_fee)),
        money(texts.net, summary.net.filter(|_| has_fee)),
        money(
            texts.refunded,
            Some(summary.refunded).filter(|refunded| !refunded.is_zero()),
        ),
        Some(fact(texts.started, time(summary.created_at).into_any())),
        payment.reversed_at.map(|at| fact(texts.reversed, time(at).into_any())),
        summary.succeeded_at.map(|at| fact(texts.paid_at, time(at).into_any())),
        summary
            .provider_reference
            .map(|reference| fact(texts.reference, reference)),
    ];
    view! { <dl class="facts facts-lined">{rows.into_iter().flatten().collect_view()}</dl> }.into_any()
}

fn actions(loaded: Payment, payment: Remote<Option<Payment>>) -> AnyView {
    let texts = crate::text::payments();
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
