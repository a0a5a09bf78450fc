//! Staff record that the bank took the money back.

use common::{FieldError, invoices::Reason, payments::Payment};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::refund::is_reason;
use crate::{
    components::{
        button::{Button, Kind, PlainButton},
        dialog::Dialog,
        field::{Errors, Field},
        problem::problem_banner,
        toast::Toast,
    },
    documents,
    explain::could_not,
    text::refunds,
};

/// The button and its question; `on_change` gets the payment as it is then.
pub fn reversal(payment: &Payment, on_change: Callback<Payment>) -> AnyView {
    let texts = refunds();
    let id = payment.summary.id;
    let is_open = RwSignal::new(false);
    let is_busy = RwSignal::new(false);
    let open = Callback::new(move |()| is_open.set(true));
    let content = move || {
        let errors = Errors::new();
        let toast: Toast = expect_context();
        let reason = RwSignal::new(String::new());
        let problem = RwSignal::new(None);
        let submit = move |event: SubmitEvent| {
            event.prevent_default();
            if is_busy.get_untracked() {
                return;
            }
            if !is_reason(&reason.read_untracked()) {
                errors.show(vec![FieldError::new("reason", "out_of_range", texts.reason_short)]);
                return;
            }
            is_busy.set(true);
            problem.set(None);
            let request = Reason {
                reason: reason.get_untracked().trim().to_owned(),
            };
            spawn_local(async move {
                let answer = documents::reverse_payment(id, &request).await;
                is_busy.try_set(false);
                match answer {
                    Ok(payment) => {
                        is_open.try_set(false);
                        toast.say(texts.reversed);
                        on_change.try_run(payment);
                    }
                    Err(failure) => drop(problem.try_set(Some(could_not(&failure, texts.reverse_failed)))),
                }
            });
        };
        let leave = Callback::new(move |()| {
            if !is_busy.get_untracked() {
                is_open.set(false);
            }
        });
        view! {
            <form class="form" novalidate=true on:submit=submit>
                <p class="soft">{texts.reverse_text}</p>
                {problem_banner(problem)}
                <Field label=texts.reason name="reason" value=reason errors/>
                <div class="dialog-actions">
                    <PlainButton label=texts.reverse_keep on_press=leave kind=Kind::Secondary/>
                    <Button label=texts.reverse busy_label=texts.reversing is_busy kind=Kind::Danger/>
                </div>
            </form>
        }
        .into_any()
    };
    view! {
        <div class="row no-print"><PlainButton label=texts.reverse on_press=open kind=Kind::Quiet/></div>
        <Dialog is_open title=texts.reverse_title is_busy>{content()}</Dialog>
    }
    .into_any()
}
