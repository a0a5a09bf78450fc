//! What happens after PayFast, one payment with its refunds, the list of payments, and credit.

mod after;
mod bank_details;
mod credit;
mod detail;
mod events;
mod list;
mod receipt;
mod refund;
mod refunds;
mod reversal;
mod watch;

use common::{
    accounts::AccountRole,
    ids::PaymentId,
    payments::{Method, Payment},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::Failure,
    browser,
    chunk::pages,
    components::{
        button::{Button, ButtonLink, Fit, Kind},
        problem::{Words, problem_banner},
    },
    documents,
    explain::could_not,
    orders,
    roles::allowed,
    text::t,
};

pages! {
    payments:
    credit => credit::CreditPage,
    list => list::PaymentsPage,
}
pages! { payment: one => detail::PaymentPage }
// Where PayFast sends people back to: they wait for money, perhaps on a phone.
pages! {
    after:
    back => after::ReturnPage,
    cancelled => after::CancelledPage,
}

fn method_name(method: Method) -> &'static str {
    let texts = crate::text::payments();
    match method {
        Method::Redirect => texts.method_redirect,
        Method::SavedCard => texts.method_card,
        Method::Eft => texts.method_eft,
    }
}

/// The order that a payment was for, to start it again.
fn order_address(payment: &Payment) -> String {
    match payment.product_code {
        Some(code) => format!("/checkout?plan={code}"),
        None => format!("/checkout?invoice={}", payment.summary.invoice_id),
    }
}

/// Continue and Cancel, for a payment that waits for the customer; whom to ask, for those who may not.
/// `on_change` gets the payment after it was cancelled.
fn waiting_actions(payment: Payment, on_change: Callback<Payment>) -> AnyView {
    allowed(AccountRole::Member, t().roles.settle_payment, move || {
        view! { <WaitingActions payment=payment.clone() on_change/> }
    })
}

/// A link that starts the order of a payment once more.
fn again(payment: &Payment, label: &'static str) -> AnyView {
    let order = order_address(payment);
    allowed(AccountRole::Member, t().roles.start_again, move || {
        view! { <ButtonLink href=order.clone() label fit=Fit::Large/> }
    })
}

#[component]
fn WaitingActions(payment: Payment, on_change: Callback<Payment>) -> impl IntoView {
    let texts = crate::text::payments();
    let id = payment.summary.id;
    let problem = RwSignal::new(None::<Words>);
    let is_opening = RwSignal::new(false);
    let go_on = Callback::new(move |()| {
        is_opening.set(true);
        problem.set(None);
        spawn_local(async move {
            if let Err(words) = reopen(id).await {
                problem.set(Some(words));
                is_opening.set(false);
            }
        });
    });
    view! {
        <div class="actions">
            {problem_banner(problem)}
            <Button
                label=texts.continue_payment
                busy_label=crate::text::checkout().opening
                is_busy=is_opening
                on_press=go_on
                fit=Fit::Large
            />
            <CancelOnly payment on_change/>
        </div>
    }
    .into_any()
}

/// Gives up a payment that waits for the customer. Money that arrives later still counts.
#[component]
fn CancelOnly(payment: Payment, on_change: Callback<Payment>) -> impl IntoView {
    let texts = crate::text::payments();
    let id = payment.summary.id;
    let problem = RwSignal::new(None::<Words>);
    let is_cancelling = RwSignal::new(false);
    let cancel = Callback::new(move |()| {
        is_cancelling.set(true);
        problem.set(None);
        spawn_local(async move {
            let answer = documents::cancel_payment(id).await;
            is_cancelling.try_set(false);
            match answer {
                Ok(payment) => {
                    orders::forget_payment(id);
                    on_change.try_run(payment);
                }
                Err(failure) => {
                    problem.try_set(Some(could_not(&failure, texts.cancel_failed)));
                }
            }
        });
    });
    view! {
        {problem_banner(problem)}
        <Button
            label=texts.cancel_payment
            busy_label=texts.cancelling
            is_busy=is_cancelling
            on_press=cancel
            kind=Kind::Secondary
            fit=Fit::Large
        />
    }
    .into_any()
}

/// Hands the same payment over to PayFast once more.
async fn reopen(id: PaymentId) -> Result<(), Words> {
    let texts = crate::text::payments();
    let words = |failure: &Failure| could_not(failure, texts.continue_failed);
    let checkout = orders::reopen(id).await.map_err(|failure| words(&failure))?;
    let Some(checkout) = checkout else {
        return Err(Words {
            title: t().common.could_not(texts.continue_failed),
            detail: texts.no_form.to_owned(),
            reference: None,
        });
    };
    browser::post_form(&checkout).ok_or_else(|| words(&Failure::Unreadable))
}
