//! All payments of the account, newest first.

use common::{
    money::format_money,
    page::Page,
    payments::{ListPayments, PaymentQuery, PaymentSummary},
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        badge::badge,
        button::ButtonLink,
        data::{self, Column, cell, row},
        dynamic::flag,
        heading::Heading,
        skeleton::rows_skeleton,
        time::time,
    },
    paging::{Pager, ROWS, use_place},
    remote::remote,
    session::use_session,
    status,
    text::t,
};

#[component]
pub fn PaymentsPage() -> impl IntoView {
    let session = use_session();
    let place = use_place();
    let texts = t().payments;
    let payments = remote(move || {
        session.account_id();
        let query = PaymentQuery {
            limit: Some(ROWS),
            cursor: place().cursor,
            ..PaymentQuery::default()
        };
        async move { api::call::<ListPayments>(&[], &query).await }
    });
    view! {
        <div class="page">
            <div class="head"><Heading text=texts.title/></div>
            <div class="list" class:is-stale=payments.is_refreshing() aria-busy=flag(move || payments.is_busy.get())>
                {payments.show(texts.list_failed, rows_skeleton, table)}
            </div>
        </div>
    }
    .into_any()
}

fn table(page: Page<PaymentSummary>) -> AnyView {
    let texts = t().payments;
    if page.items.is_empty() {
        return view! {
            <div class="list-table empty">
                <p>{texts.empty}</p>
                <ButtonLink href="/plans" label=texts.see_plans/>
            </div>
        }
        .into_any();
    }
    let count = page.items.len();
    let rows = page.items.into_iter().map(payment_row).collect();
    let columns = vec![
        Column::Text(texts.started),
        Column::Text(texts.for_what),
        Column::Text(texts.invoice),
        Column::Text(texts.status),
        Column::Text(texts.reference),
        Column::Number(texts.amount),
    ];
    view! {
        <div class="list-table">
            {data::table("", texts.title, columns, rows)}
            <Pager list="payments".to_owned() rows=count total=page.total next_cursor=page.next_cursor/>
        </div>
    }
    .into_any()
}

fn payment_row(payment: PaymentSummary) -> AnyView {
    let texts = t().payments;
    let href = format!("/payments/{}", payment.id);
    let number = payment.invoice_number.unwrap_or_else(|| texts.draft_invoice.to_owned());
    row(vec![
        cell(
            "cell-key",
            view! { <a href=href>{time(payment.created_at)}</a> }.into_any(),
        ),
        cell("cell-title", payment.description),
        cell("nowrap", number),
        cell("cell-status", badge(status::payment(payment.status))),
        cell("muted", payment.provider_reference.unwrap_or_else(|| "–".to_owned())),
        cell("num cell-amount", format_money(payment.amount)),
    ])
}
