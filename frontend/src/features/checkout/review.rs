//! Step two and three: what is bought and what happens next; then the hand-over to PayFast.

use std::time::Duration;

use common::{
    ErrorCode, FieldError,
    invoices::InvoiceStatus,
    money::format_money,
    payments::{Payment, PaymentStatus},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    Basket, Wanted,
    order::{Item, seller},
    saved_card::saved_card,
};
use crate::{
    api::Failure,
    browser,
    components::{
        badge::Tone,
        button::{Button, ButtonLink, Fit, Kind},
        dynamic::dynamic,
        notice::Notice,
        problem::problem_banner,
        steps::numbered_steps,
    },
    explain::could_not,
    plans,
    remote::remote,
    site::use_site,
    text,
};

/// After this long on our page the hand-over did not happen; the button may be pressed again.
const HAND_OVER_SECONDS: u64 = 12;

#[component]
pub fn Review(
    loaded: Basket,
    /// Set while the browser leaves for PayFast.
    is_paying: RwSignal<bool>,
    /// Set when the server needs more details first.
    refused: RwSignal<Vec<FieldError>>,
) -> impl IntoView {
    let navigate = use_navigate();
    let problem = RwSignal::new(None);
    let order = StoredValue::new(loaded.order.clone());
    let wanted = loaded.wanted;
    let earlier = remote(move || {
        let order = order.get_value();
        async move { order.earlier_payment().await }
    });
    is_paying.set(false);

    let pay = Callback::new(move |()| {
        is_paying.set(true);
        problem.set(None);
        let order = order.get_value();
        let navigate = navigate.clone();
        spawn_local(async move {
            match order.start().await {
                Ok(checkout) => {
                    if browser::post_form(&checkout).is_none() {
                        problem.set(Some(could_not(&Failure::Unreadable, text::checkout().pay_failed)));
                        is_paying.set(false);
                        return;
                    }
                    set_timeout(
                        move || {
                            // The page may be gone by then, which is what we hope for.
                            is_paying.try_set(false);
                        },
                        Duration::from_secs(HAND_OVER_SECONDS),
                    );
                }
                Err(failure) => {
                    is_paying.set(false);
                    if failure.is(ErrorCode::BillingDetailsMissing) && matches!(wanted, Wanted::Plan(_)) {
                        refused.set(
                            failure
                                .problem()
                                .map(|problem| problem.errors.clone())
                                .unwrap_or_default(),
                        );
                        navigate(&wanted.address("details"), NavigateOptions::default());
                        return;
                    }
                    let mut words = could_not(&failure, text::checkout().pay_failed);
                    words.detail = match failure.is(ErrorCode::IdempotencyInFlight) {
                        true => text::checkout().in_flight.to_owned(),
                        false => format!("{} {}", words.detail, text::checkout().still_there),
                    };
                    problem.set(Some(words));
                }
            }
        });
    });

    let is_due = match &loaded.item {
        Item::Plan(_) => true,
        Item::Invoice(invoice) => invoice.summary.status == InvoiceStatus::Open && !loaded.item.amount().is_zero(),
    };
    let amount = format_money(loaded.item.amount());
    let is_in_progress = move || {
        earlier.with(|earlier| {
            let status = earlier.and_then(Option::as_ref).map(|payment| payment.summary.status);
            matches!(status, Some(PaymentStatus::Processing | PaymentStatus::Unknown))
        })
    };
    let saved = match wanted {
        Wanted::Invoice(id) => Some(id),
        Wanted::Plan(_) | Wanted::Nothing => None,
    };
    let foot = move || {
        let texts = text::checkout();
        if !is_due {
            let back = match wanted {
                Wanted::Invoice(id) => format!("/invoices/{id}"),
                Wanted::Plan(_) | Wanted::Nothing => "/home".to_owned(),
            };
            return view! { <ButtonLink href=back label=texts.back_to_invoice fit=Fit::Large/> }.into_any();
        }
        if is_in_progress() {
            return ().into_any();
        }
        view! {
            <Button
                label=texts.pay(&amount)
                busy_label=texts.opening
                is_busy=is_paying
                on_press=pay
                fit=Fit::Large
                icon="lock"
            />
            {saved.map(|invoice| saved_card(invoice, amount.clone(), is_paying, problem))}
            <p class="small muted">{texts.nothing_charged}</p>
        }
        .into_any()
    };
    let texts = text::checkout();
    let nothing_due = (!is_due).then(|| {
        view! { <Notice tone=Tone::Info icon_name="info" title=texts.nothing_due text=texts.nothing_due_text/> }
            .into_any()
    });
    view! {
        <div class="checkout-banner">
            {nothing_due}
            {dynamic(move || earlier.get().flatten().map(earlier_notice))}
            {problem_banner(problem)}
        </div>
        <div class="checkout-main stack">
            <h2>{texts.next_title}</h2>
            {what_happens_next(&loaded)}
            <p class="small muted">{seller()}</p>
        </div>
        <div class="payfoot">{dynamic(foot)}</div>
    }
    .into_any()
}

/// Tells of a payment for the same order, so that nobody pays twice by mistake.
fn earlier_notice(payment: Payment) -> Option<impl IntoView> {
    let texts = text::checkout();
    let (tone, icon, title, text) = match payment.summary.status {
        PaymentStatus::Succeeded => (Tone::Positive, "check", texts.already_paid, texts.already_paid_text),
        PaymentStatus::Processing | PaymentStatus::Unknown => {
            (Tone::Warning, "arrows", texts.in_progress, texts.in_progress_text)
        }
        PaymentStatus::Created
        | PaymentStatus::AwaitingCustomer
        | PaymentStatus::Failed
        | PaymentStatus::Canceled
        | PaymentStatus::Expired => return None,
    };
    let href = format!("/payments/{}", payment.summary.id);
    Some(
        view! {
            <Notice tone icon_name=icon title text>
                <ButtonLink href label=texts.see_payment kind=Kind::Secondary/>
            </Notice>
        }
        .into_any(),
    )
}

fn what_happens_next(loaded: &Basket) -> impl IntoView + use<> {
    let site = use_site();
    let item = loaded.item.clone();
    let email = loaded.account.billing_email.clone();
    dynamic(move || {
        let texts = text::checkout();
        let last = match &item {
            Item::Plan(plan) => {
                let document = match site.charges_vat() {
                    Some(true) => text::invoices().tax_invoice,
                    Some(false) | None => text::invoices().plain_invoice,
                };
                texts.next_3(plans::family(plan.code), document, &email)
            }
            Item::Invoice(invoice) => {
                texts.next_3_invoice(invoice.summary.number.as_deref().unwrap_or(text::invoices().invoice))
            }
        };
        numbered_steps(vec![texts.next_1.into(), texts.next_2.into(), last], None)
    })
}
