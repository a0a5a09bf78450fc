//! The list of refunds; each is worked on at its payment.

use common::{
    money::format_money,
    page::Page,
    refunds::{ListRefunds, Refund, RefundQuery, RefundStatus},
};
use leptos::prelude::*;

use super::parts::{chips, empty, list};
use crate::{
    address::query_value,
    api,
    components::{
        badge::badge,
        data::{self, Column, cell, row},
        heading::Heading,
        time::time,
    },
    paging::{Pager, ROWS, use_place},
    remote::remote,
    status,
    text::payfast,
};

pub fn refunds() -> AnyView {
    let texts = payfast();
    let place = use_place();
    let chosen = query_value("status");
    let rows = remote(move || {
        let query = RefundQuery {
            limit: Some(ROWS),
            cursor: place().cursor,
            status: RefundStatus::parse(&chosen.read()).into_iter().collect(),
        };
        async move { api::call::<ListRefunds>(&[], &query).await }
    });
    // `requested` and `submitted` read the same, so the first stands for itself only in the address.
    let states = RefundStatus::ALL
        .iter()
        .filter(|state| **state != RefundStatus::Requested)
        .map(|state| (state.as_str(), status::refund(*state).words));
    let options = std::iter::once(("", texts.all.to_owned())).chain(states).collect();
    view! {
        <div class="page">
            <div class="head"><Heading text=texts.refunds/></div>
            <div class="stack">
                {chips(texts.status_filter, "status", options)}
                {list(rows, texts.refunds_failed, move |page| table(page, &chosen.read_untracked()))}
            </div>
        </div>
    }
    .into_any()
}

fn table(page: Page<Refund>, chosen: &str) -> AnyView {
    let texts = payfast();
    if page.items.is_empty() {
        return empty(texts.no_refunds);
    }
    let count = page.items.len();
    let rows = page.items.into_iter().map(refund_row).collect();
    let columns = vec![
        Column::Text(texts.asked),
        Column::Text(texts.reason),
        Column::Text(texts.status),
        Column::Number(texts.amount),
    ];
    view! {
        <div class="list-table">
            {data::table("", texts.refunds, columns, rows)}
            <Pager list=format!("refunds.{chosen}") rows=count total=page.total next_cursor=page.next_cursor/>
        </div>
    }
    .into_any()
}

fn refund_row(refund: Refund) -> AnyView {
    let href = format!("/payments/{}", refund.payment_id);
    row(vec![
        cell(
            "cell-key",
            view! { <a href=href>{time(refund.created_at)}</a> }.into_any(),
        ),
        cell("cell-title", refund.reason),
        cell("cell-status", badge(status::refund(refund.status))),
        cell("num cell-amount", format_money(refund.amount)),
    ])
}
