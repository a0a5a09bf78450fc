//! The credit of the account: what it can spend, and how it came about.

use common::{
    invoices::{Credit, CreditEntry, GetCredit},
    money::format_money,
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        data::{self, Column, cell, row},
        heading::Heading,
        skeleton::card_skeleton,
        time::time,
    },
    remote::remote,
    session::use_session,
    text::payments,
};

#[component]
pub fn CreditPage() -> impl IntoView {
    let texts = payments();
    let session = use_session();
    let credit = remote(move || {
        session.account_id();
        async { api::call::<GetCredit>(&[], &()).await }
    });
    view! {
        <div class="page">
            <div class="head"><Heading text=texts.credit_title/></div>
            {credit.show(texts.credit_failed, card_skeleton, shown)}
        </div>
    }
    .into_any()
}

fn shown(credit: Credit) -> AnyView {
    let texts = payments();
    let entries = match credit.entries.is_empty() {
        true => view! { <p class="soft">{texts.credit_none}</p> }.into_any(),
        false => {
            let columns = vec![
                Column::Text(texts.credit_when),
                Column::Text(texts.credit_reason),
                Column::Number(texts.amount),
            ];
            let rows = credit.entries.into_iter().map(entry_row).collect();
            view! {
                <h2>{texts.credit_entries}</h2>
                <div class="list"><div class="list-table">{data::table("", texts.credit_entries, columns, rows)}</div></div>
            }
            .into_any()
        }
    };
    view! {
        <div class="stack">
            <section class="card">
                <div class="card-part plan-now">
                    <p class="label">{texts.credit_balance}</p>
                    <p class="amount-l">{format_money(credit.balance)}</p>
                    <p class="soft">{texts.credit_intro}</p>
                </div>
            </section>
            {entries}
        </div>
    }
    .into_any()
}

fn entry_row(entry: CreditEntry) -> AnyView {
    let href = match (entry.payment_id, entry.invoice_id) {
        (Some(payment), _) => Some(format!("/payments/{payment}")),
        (None, Some(invoice)) => Some(format!("/invoices/{invoice}")),
        (None, None) => None,
    };
    let when = time(entry.at);
    let key = match href {
        Some(href) => view! { <a href=href>{when}</a> }.into_any(),
        None => view! { <span class="muted">{when}</span> }.into_any(),
    };
    row(vec![
        cell("cell-key", key),
        cell("cell-title", entry.reason),
        cell("num cell-amount", format_money(entry.amount)),
    ])
}
