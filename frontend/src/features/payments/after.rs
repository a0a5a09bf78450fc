//! After PayFast: says what the server knows. The address that one comes back to proves nothing.

use common::{
    accounts::AccountRole,
    ids::PaymentId,
    money::format_money,
    payments::{Payment, PaymentStatus},
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{CancelOnly, again, order_address, receipt::Receipt, waiting_actions, watch::Watch};
use crate::{
    address::path_value,
    api::Failure,
    components::{
        badge::badge,
        button::{Button, ButtonLink, Fit, Kind},
        dynamic::dynamic,
        heading::Heading,
        problem::ProblemPanel,
        skeleton::{PageSkeleton, card_skeleton},
        steps::numbered_steps,
    },
    explain::could_not_load,
    next,
    roles::{allowed, allowed_only},
    session::{Stage, use_session},
    status,
    text::t,
};

/// By which of PayFast's links the browser came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CameBy {
    Return,
    Cancel,
}

#[component]
pub fn ReturnPage() -> impl IntoView {
    after(CameBy::Return)
}

#[component]
pub fn CancelledPage() -> impl IntoView {
    after(CameBy::Cancel)
}

fn after(came_by: CameBy) -> impl IntoView {
    let session = use_session();
    let id = path_value("id");
    let stage = session.stage();
    dynamic(move || match (stage.get(), PaymentId::parse(&id.read())) {
        (Stage::Wait, _) => view! { <PageSkeleton label=t().common.loading/> }.into_any(),
        (Stage::Leave, _) => signed_out().into_any(),
        (Stage::Show | Stage::Fail, Ok(id)) => view! { <Outcome id came_by/> }.into_any(),
        (Stage::Show | Stage::Fail, Err(_)) => not_found().into_any(),
    })
}

/// The session was lost on the way; the payment was not.
fn signed_out() -> impl IntoView {
    let texts = crate::text::payments();
    let here = use_location().pathname.get_untracked();
    view! {
        <div class="page page-narrow stack">
            <Heading text=texts.gone_title/>
            <p class="soft">{texts.gone_text}</p>
            <ButtonLink href=next::link("/sign-in", &here) label=t().auth.sign_in fit=Fit::Large/>
        </div>
    }
    .into_any()
}

fn not_found() -> impl IntoView {
    view! {
        <div class="page page-narrow stack">
            <Heading text=crate::text::payments().payment/>
            <p class="soft">{crate::text::payments().not_found}</p>
            <div class="row"><ButtonLink href="/payments" label=crate::text::payments().title kind=Kind::Secondary/></div>
        </div>
    }
    .into_any()
}

/// What a page after PayFast shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    Loading,
    Failed,
    NotFound,
    Waiting,
    Slow,
    Left,
    Unknown,
    Paid,
    NotPaid,
    Cancelled,
    Expired,
}

impl Face {
    fn of(payment: Option<&Payment>, failure: Option<&Failure>, is_slow: bool, came_by: CameBy) -> Self {
        let Some(payment) = payment else {
            return match failure {
                None => Face::Loading,
                Some(failure) if failure.is_not_found() => Face::NotFound,
                Some(_) => Face::Failed,
            };
        };
        match payment.summary.status {
            PaymentStatus::AwaitingCustomer if came_by == CameBy::Cancel => Face::Left,
            PaymentStatus::Created | PaymentStatus::AwaitingCustomer | PaymentStatus::Processing if is_slow => {
                Face::Slow
            }
            PaymentStatus::Created | PaymentStatus::AwaitingCustomer | PaymentStatus::Processing => Face::Waiting,
            PaymentStatus::Unknown => Face::Unknown,
            PaymentStatus::Succeeded => Face::Paid,
            PaymentStatus::Failed => Face::NotPaid,
            PaymentStatus::Canceled => Face::Cancelled,
            PaymentStatus::Expired => Face::Expired,
        }
    }

    /// What a screen reader hears when the face changes.
    fn news(self) -> &'static str {
        let texts = crate::text::payments();
        match self {
            Face::Loading | Face::Failed | Face::NotFound => "",
            Face::Waiting => texts.waiting_title,
            Face::Slow => texts.slow_title,
            Face::Left => texts.left_title,
            Face::Unknown => texts.unknown_title,
            Face::Paid => texts.confirmed_live,
            Face::NotPaid => texts.failed_title,
            Face::Cancelled => texts.cancelled_title,
            Face::Expired => texts.expired_title,
        }
    }
}

#[component]
fn Outcome(id: PaymentId, came_by: CameBy) -> impl IntoView {
    let watch = Watch::start(id);
    let face = Memo::new(move |_| {
        let payment = watch.payment.read();
        let failure = watch.failure.read();
        Face::of(payment.as_ref(), failure.as_ref(), watch.is_slow.get(), came_by)
    });
    // A payment that ended shows as such at once; the sun rises only when it happened before one's eyes or just now.
    let content = move || {
        let face = face.get();
        let Some(payment) = watch.payment.get_untracked() else {
            return match face {
                Face::Failed => failed(watch).into_any(),
                Face::NotFound => not_found().into_any(),
                _ => view! { <div class="receipt">{card_skeleton()} {card_skeleton()}</div> }.into_any(),
            };
        };
        if face == Face::Paid {
            return view! { <Receipt payment/> }.into_any();
        }
        open_or_ended(face, payment, watch).into_any()
    };
    view! {
        <div>
            <p class="visually-hidden" role="status">{dynamic(move || face.get().news())}</p>
            {dynamic(content)}
        </div>
    }
    .into_any()
}

fn failed(watch: Watch) -> impl IntoView {
    let words = move || {
        let failure = watch.failure.get().unwrap_or(Failure::Offline);
        could_not_load(&failure, crate::text::payments().load_failed)
    };
    let retry = Callback::new(move |()| watch.check_now());
    view! {
        <div class="receipt">
            <Heading text=crate::text::payments().payment/>
            {dynamic(move || view! { <ProblemPanel words=words() retry/> }.into_any())}
        </div>
    }
    .into_any()
}

fn open_or_ended(face: Face, payment: Payment, watch: Watch) -> impl IntoView {
    let texts = crate::text::payments();
    let (title, text) = match face {
        Face::Slow => (texts.slow_title, texts.slow_text),
        Face::Left => (texts.left_title, texts.left_text),
        Face::Unknown => (texts.unknown_title, texts.unknown_text),
        Face::NotPaid => (texts.failed_title, texts.failed_text),
        Face::Cancelled => (texts.cancelled_title, texts.cancelled_text),
        Face::Expired => (texts.expired_title, texts.expired_text),
        _ => (texts.waiting_title, texts.waiting_text),
    };
    let is_waiting = matches!(face, Face::Waiting | Face::Slow);
    let progress = is_waiting.then(|| {
        let steps = vec![texts.step_sent.into(), texts.step_payfast.into(), texts.step_invoice.into()];
        view! { <div class="card"><div class="card-part" aria-label=texts.waiting_steps role="group">{numbered_steps(steps, Some(1))}</div></div> }.into_any()
    });
    // "Waiting for you" would contradict a page that waits for PayFast.
    let mark = (payment.summary.status != PaymentStatus::AwaitingCustomer)
        .then(|| badge(status::payment(payment.summary.status)));
    let amount = format_money(payment.summary.amount);
    view! {
        <div class="receipt receipt-waiting">
            <div class="receipt-head">
                {mark}
                <Heading text=title/>
                <p class="amount-l">{amount}</p>
                <p class=if face == Face::Slow { "strong" } else { "soft" }>{text}</p>
                {(face == Face::Slow).then(|| view! { <p class="soft small">{texts.slow_more}</p> }.into_any())}
            </div>
            {progress}
            {actions(face, payment, watch)}
        </div>
    }
    .into_any()
}

fn actions(face: Face, payment: Payment, watch: Watch) -> AnyView {
    let texts = crate::text::payments();
    let detail = format!("/payments/{}", payment.summary.id);
    let on_change = Callback::new(move |payment| watch.payment.set(Some(payment)));
    match face {
        Face::Left => waiting_actions(payment, on_change),
        Face::Slow => {
            let check = Callback::new(move |()| watch.check_now());
            let may_cancel = payment.summary.status == PaymentStatus::AwaitingCustomer;
            view! {
                <Button
                    label=texts.check_now
                    busy_label=texts.checking
                    is_busy=watch.is_asking
                    on_press=check
                    fit=Fit::Large
                />
                {may_cancel.then(|| allowed(AccountRole::Member, t().roles.settle_payment, move || {
                    view! { <CancelOnly payment=payment.clone() on_change/> }
                }))}
            }
            .into_any()
        }
        Face::Unknown => {
            view! { <ButtonLink href=detail label=texts.see_payment kind=Kind::Secondary fit=Fit::Large/> }.into_any()
        }
        Face::NotPaid => {
            let order = order_address(&payment);
            view! {
                <div class="actions">
                    {again(&payment, t().common.try_again)}
                    {allowed_only(AccountRole::Member, move || view! {
                        <ButtonLink href=order.clone() label=texts.another_method kind=Kind::Secondary fit=Fit::Large/>
                    })}
                </div>
            }
            .into_any()
        }
        Face::Expired => again(&payment, texts.start_again),
        Face::Cancelled if payment.product_code.is_some() => {
            allowed(AccountRole::Member, t().roles.choose_plan, move || {
                view! { <ButtonLink href="/plans" label=texts.choose_plan fit=Fit::Large/> }
            })
        }
        Face::Cancelled => {
            let invoice = format!("/invoices/{}", payment.summary.invoice_id);
            view! { <ButtonLink href=invoice label=texts.back_to_invoice fit=Fit::Large/> }.into_any()
        }
        Face::Waiting | Face::Loading | Face::Failed | Face::NotFound | Face::Paid => ().into_any(),
    }
}
