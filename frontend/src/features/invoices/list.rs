//! All invoices of the account, newest first; the filter and the page stand in the address.

use common::{
    invoices::{InvoiceQuery, InvoiceState, InvoiceStatus, InvoiceSummary, ListInvoices},
    money::format_money,
    page::Page,
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    address::query_value,
    api, browser,
    components::{
        badge::badge,
        button::{ButtonLink, Kind, PlainButton},
        data::{self, Column, cell, row},
        dynamic::{dynamic, flag, pressed},
        heading::Heading,
        icon::icon_16,
        skeleton::rows_skeleton,
        time::day,
    },
    paging::{Pager, ROWS, use_place},
    remote::remote,
    session::use_session,
    status,
    text::t,
};

#[component]
pub fn InvoicesPage() -> impl IntoView {
    let session = use_session();
    let place = use_place();
    let texts = t().invoices;
    let filter = query_value("status");
    let invoices = remote(move || {
        session.account_id();
        let query = InvoiceQuery {
            limit: Some(ROWS),
            cursor: place().cursor,
            status: InvoiceState::parse(&filter.read()).into_iter().collect(),
            ..InvoiceQuery::default()
        };
        let filter = InvoiceStatus::parse(&filter.read());
        async move { api::call::<ListInvoices>(&[], &query).await.map(|page| (filter, page)) }
    });
    view! {
        <div class="page">
            <div class="head"><Heading text=texts.title/></div>
            <div class="stack">
                <StatusChips filter/>
                <div class="list" class:is-stale=invoices.is_refreshing() aria-busy=flag(move || invoices.is_busy.get())>
                    {invoices.show(texts.list_failed, rows_skeleton, |(filter, page)| table(filter, page))}
                </div>
            </div>
        </div>
    }.into_any()
}

#[component]
fn StatusChips(filter: Memo<String>) -> impl IntoView {
    let texts = t().invoices;
    let navigate = use_navigate();
    let chips = [
        (None, texts.all),
        (Some(InvoiceStatus::Open), texts.open),
        (Some(InvoiceStatus::Paid), texts.paid),
        (Some(InvoiceStatus::Draft), texts.draft),
        (Some(InvoiceStatus::Void), texts.void),
    ];
    let chips = chips.into_iter().map(|(status, name)| {
        let navigate = navigate.clone();
        let is_on = move || InvoiceStatus::parse(&filter.read()) == status;
        let address = match status {
            Some(status) => format!("/invoices?status={status}"),
            None => "/invoices".to_owned(),
        };
        view! {
            <button
                class="chip"
                type="button"
                aria-pressed=pressed(is_on)
                on:click=move |_| navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() })
            >
                {dynamic(move || is_on().then(|| icon_16("check")))}
                {name}
            </button>
        }
        .into_any()
    });
    view! { <div class="chips no-print" role="toolbar" aria-label=texts.status_filter>{chips.collect_view()}</div> }
        .into_any()
}

fn table(filter: Option<InvoiceStatus>, page: Page<InvoiceSummary>) -> AnyView {
    let texts = t().invoices;
    if page.items.is_empty() {
        return empty(filter).into_any();
    }
    let count = page.items.len();
    let now = browser::now();
    let rows = page
        .items
        .into_iter()
        .map(|invoice| invoice_row(invoice, now))
        .collect();
    let list = format!("invoices.{}", filter.map_or("", InvoiceStatus::as_str));
    let columns = vec![
        Column::Text(texts.number),
        Column::Text(texts.description),
        Column::Text(texts.status),
        Column::Text(texts.issued),
        Column::Text(texts.due),
        Column::Number(texts.total),
        Column::Number(texts.balance),
    ];
    view! {
        <div class="list-table">
            {data::table("", texts.list_caption, columns, rows)}
            <Pager list rows=count total=page.total next_cursor=page.next_cursor/>
        </div>
    }
    .into_any()
}

fn invoice_row(invoice: InvoiceSummary, now: chrono::DateTime<chrono::Utc>) -> AnyView {
    let texts = t().invoices;
    let href = format!("/invoices/{}", invoice.id);
    let mark = status::invoice(&invoice, now);
    let is_draft = invoice.status == InvoiceStatus::Draft;
    let number = match invoice.number {
        Some(number) => view! { <a href=href>{number}</a> }.into_any(),
        None => view! { <a href=href class="muted">{texts.no_number}</a> }.into_any(),
    };
    let issued = match invoice.issued_at {
        Some(at) => day(at).into_any(),
        None => texts.not_issued.into_any(),
    };
    let due = match invoice.due_at.filter(|_| !is_draft) {
        Some(at) => day(at).into_any(),
        None => "–".into_any(),
    };
    let balance = if is_draft {
        "–".to_owned()
    } else {
        format_money(invoice.balance)
    };
    let is_zero = is_draft || invoice.balance.is_zero();
    row(vec![
        cell("cell-key", number),
        cell("cell-title", invoice.description),
        cell("cell-status", badge(mark)),
        cell("date muted", issued),
        cell("date", due),
        cell("num cell-amount", format_money(invoice.total)),
        cell(
            if is_zero {
                "num cell-balance is-zero"
            } else {
                "num cell-balance"
            },
            balance,
        ),
    ])
}

fn empty(filter: Option<InvoiceStatus>) -> impl IntoView {
    let texts = t().invoices;
    let navigate = use_navigate();
    if filter.is_none() {
        return view! {
            <div class="list-table empty">
                <p>{texts.empty}</p>
                <ButtonLink href="/plans" label=texts.see_plans/>
            </div>
        }
        .into_any();
    }
    let clear = Callback::new(move |()| navigate("/invoices", NavigateOptions::default()));
    view! {
        <div class="list-table empty">
            <p>{texts.empty_filtered}</p>
            <PlainButton label=texts.clear_filters kind=Kind::Secondary on_press=clear/>
        </div>
    }
    .into_any()
}
