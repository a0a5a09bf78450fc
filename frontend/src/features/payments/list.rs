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
        badge::badge, button::ButtonLink, dynamic::flag, heading::Heading, skeleton::rows_skeleton, time::time,
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
    let rows = page.items.into_iter().map(row);
    view! {
        <div class="list-table">
            <table role="table">
                <caption class="visually-hidden">{texts.title}</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th role="columnheader" scope="col">{texts.started}</th>
                        <th role="columnheader" scope="col">{texts.for_what}</th>
                        <th role="columnheader" scope="col">{texts.invoice}</th>
                        <th role="columnheader" scope="col">{texts.status}</th>
                        <th role="columnheader" scope="col">{texts.reference}</th>
                        <th role="columnheader" scope="col" class="num">{texts.amount}</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
            <Pager list="payments".to_owned() rows=count total=page.total next_cursor=page.next_cursor/>
        </div>
    }
    .into_any()
}

fn row(payment: PaymentSummary) -> impl IntoView {
    let texts = t().payments;
    let href = format!("/payments/{}", payment.id);
    let number = payment.invoice_number.unwrap_or_else(|| texts.draft_invoice.to_owned());
    view! {
        <tr role="row">
            <td role="cell" class="cell-key"><a href=href>{time(payment.created_at)}</a></td>
            <td role="cell" class="cell-title">{payment.description}</td>
            <td role="cell" class="nowrap">{number}</td>
            <td role="cell" class="cell-status">{badge(status::payment(payment.status))}</td>
            <td role="cell" class="muted">{payment.provider_reference.unwrap_or_else(|| "–".to_owned())}</td>
            <td role="cell" class="num cell-amount">{format_money(payment.amount)}</td>
        </tr>
    }
    .into_any()
}
