//! The list of PayFast's notifications, newest first.

use common::{
    ids::PaymentId,
    itn::{ItnQuery, ItnStatus, ItnSummary, ListItns},
    page::Page,
};
use leptos::{ev::SubmitEvent, prelude::*};

use super::parts::{chips, empty, list, rand, range_error, use_query_change};
use crate::{
    address::query_value,
    api,
    components::{
        badge::badge,
        data::{self, Column, cell, row},
        dynamic::react,
        field::{Errors, Field},
        heading::Heading,
        time::time,
    },
    paging::{Pager, ROWS, use_place},
    remote::remote,
    status,
    text::payfast,
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Filters {
    status: String,
    payment: String,
    from: String,
    to: String,
    search: String,
}

impl Filters {
    /// What the server would refuse is not asked, since addresses are typed too.
    fn query(&self) -> ItnQuery {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let is_fine = range_error(&self.from, &self.to, None).is_none();
        ItnQuery {
            limit: Some(ROWS),
            cursor: None,
            status: ItnStatus::parse(&self.status).into_iter().collect(),
            payment_id: PaymentId::parse(&self.payment).ok(),
            from: given(&self.from).filter(|_| is_fine),
            to: given(&self.to).filter(|_| is_fine),
            search: given(&self.search),
        }
    }
}

pub fn notifications() -> AnyView {
    let texts = payfast();
    let place = use_place();
    let [status, payment, from, to, search] = ["status", "payment", "from", "to", "search"].map(query_value);
    let filters = Memo::new(move |_| Filters {
        status: status.get(),
        payment: payment.get(),
        from: from.get(),
        to: to.get(),
        search: search.get(),
    });
    let rows = remote(move || {
        let query = ItnQuery {
            cursor: place().cursor,
            ..filters.read().query()
        };
        async move { api::call::<ListItns>(&[], &query).await }
    });
    let states = ItnStatus::ALL
        .iter()
        .map(|state| (state.as_str(), status::notification(*state).words));
    let options = std::iter::once(("", texts.all.to_owned())).chain(states).collect();
    view! {
        <div class="page">
            <div class="head"><Heading text=texts.notifications/></div>
            <div class="stack">
                {chips(texts.status_filter, "status", options)}
                {form(filters)}
                {list(rows, texts.notifications_failed, move |page| table(page, &filters.read_untracked()))}
            </div>
        </div>
    }
    .into_any()
}

fn form(filters: Memo<Filters>) -> AnyView {
    let texts = payfast();
    let change = use_query_change();
    let errors = Errors::new();
    let [from, to, search] = [(); 3].map(|()| RwSignal::new(String::new()));
    react(move || {
        let shown = filters.get();
        from.set(shown.from);
        to.set(shown.to);
        search.set(shown.search);
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        match range_error(&from.read_untracked(), &to.read_untracked(), None) {
            Some((field, words)) => errors.show(vec![common::FieldError::new(field, "invalid", words)]),
            None => change.run(vec![
                ("from", from.get_untracked()),
                ("to", to.get_untracked()),
                ("search", search.get_untracked().trim().to_owned()),
            ]),
        }
    };
    view! {
        <form class="filters-fields no-print" role="search" novalidate=true on:submit=submit>
            <Field label=texts.from name="from" kind="date" value=from errors/>
            <Field label=texts.to name="to" kind="date" value=to errors/>
            <Field label=texts.search name="search" kind="search" value=search errors hint=texts.search_hint/>
            <div class="row"><button class="btn btn-secondary" type="submit">{texts.apply}</button></div>
        </form>
    }
    .into_any()
}

fn table(page: Page<ItnSummary>, filters: &Filters) -> AnyView {
    let texts = payfast();
    if page.items.is_empty() {
        return empty(texts.no_notifications);
    }
    let count = page.items.len();
    let rows = page.items.into_iter().map(itn_row).collect();
    let columns = vec![
        Column::Text(texts.received),
        Column::Text(texts.pf_id),
        Column::Text(texts.told),
        Column::Text(texts.payment),
        Column::Text(texts.verdict),
        Column::Number(texts.amount),
    ];
    view! {
        <div class="list-table">
            {data::table("", texts.notifications, columns, rows)}
            <Pager list=format!("itn.{filters:?}") rows=count total=page.total next_cursor=page.next_cursor/>
        </div>
    }
    .into_any()
}

fn itn_row(itn: ItnSummary) -> AnyView {
    let texts = payfast();
    let href = format!("/payfast/notifications/{}", itn.id);
    let amount = itn.amount_gross.as_deref().map_or_else(|| "–".to_owned(), rand);
    let payment = match itn.payment_id {
        Some(id) => view! { <a class="cell-over" href=format!("/payments/{id}")>{texts.see_payment}</a> }.into_any(),
        None => view! { <span class="muted">{texts.no_payment}</span> }.into_any(),
    };
    row(vec![
        cell(
            "cell-key",
            view! { <a href=href>{time(itn.received_at)}</a> }.into_any(),
        ),
        cell(
            "cell-title",
            itn.pf_payment_id.unwrap_or_else(|| texts.no_id.to_owned()),
        ),
        cell("mono", itn.payment_status.unwrap_or_default()),
        cell("nowrap", payment),
        cell("cell-status", badge(status::notification(itn.status))),
        cell("num cell-amount", amount),
    ])
}
