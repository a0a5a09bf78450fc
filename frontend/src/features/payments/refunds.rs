//! The refunds of a payment, each with its state; one that waits for a bank account asks for it.

use common::{
    auth::StaffRole,
    money::format_money,
    refunds::{Refund, RefundStatus},
};
use leptos::prelude::*;

use super::bank_details::BankForm;
use crate::{
    components::{badge::badge, time::time},
    roles::allowed_staff,
    status,
    text::refunds as texts,
};

pub fn refunds(list: &[Refund], on_done: Callback<()>) -> Option<AnyView> {
    if list.is_empty() {
        return None;
    }
    let rows = list.iter().rev().map(|refund| row(refund, on_done));
    Some(
        view! {
            <section class="card">
                <div class="card-part"><h2>{texts().list}</h2></div>
                {rows.collect_view()}
            </section>
        }
        .into_any(),
    )
}

fn row(refund: &Refund, on_done: Callback<()>) -> AnyView {
    let id = refund.id;
    let form = (refund.status == RefundStatus::AwaitingBankDetails).then(|| {
        allowed_staff(StaffRole::Billing, texts().bank_deed, move || {
            view! { <BankForm id on_done/> }
        })
    });
    view! {
        <div class="card-part stack">
            <div class="row-between">
                <span class="amount-l">{format_money(refund.amount)}</span>
                {badge(status::refund(refund.status))}
            </div>
            <p class="stack-tight">
                <span>{refund.reason.clone()}</span>
                {(!refund.provider_message.is_empty()).then(|| view! { <span class="small soft">{refund.provider_message.clone()}</span> }.into_any())}
                <span class="small muted">{time(refund.created_at)}</span>
            </p>
            {form}
        </div>
    }
    .into_any()
}
