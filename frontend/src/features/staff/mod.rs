//! What the platform's own staff see: PayFast's notifications.

use common::{
    ErrorCode,
    ids::ItnId,
    itn::{Itn, ItnQuery, ItnSummary, ListItns},
    page::Page,
};
use leptos::prelude::*;

use crate::{
    address::path_value,
    api::{self, Failure},
    components::{
        badge::badge, heading::Heading, icon::icon_14, problem::ProblemPanel, skeleton::rows_skeleton, time::time,
    },
    documents,
    explain::could_not_load,
    paging::{Pager, ROWS, use_place},
    remote::{Remote, remote},
    status,
    text::t,
};

#[component]
pub fn NotificationsPage() -> impl IntoView {
    let place = use_place();
    let texts = t().staff;
    let notifications = remote(move || {
        let query = ItnQuery {
            limit: Some(ROWS),
            cursor: place().cursor,
            status: None,
        };
        async move { api::call::<ListItns>(&[], &query).await }
    });
    view! {
        <div class="page">
            <div class="head"><Heading text=texts.notifications/></div>
            <div class="list" class:is-stale=notifications.is_refreshing()>
                {notifications.show_or(rows_skeleton, table, move |failure| {
                    refused(&failure, texts.list_failed, notifications)
                })}
            </div>
        </div>
    }
    .into_any()
}

fn refused<T: Send + Sync + 'static>(failure: &Failure, what: &str, remote: Remote<T>) -> AnyView {
    if failure.is(ErrorCode::Forbidden) {
        return view! { <p class="soft">{t().staff.not_allowed}</p> }.into_any();
    }
    if failure.is_not_found() {
        return view! { <p class="soft">{t().staff.not_found}</p> }.into_any();
    }
    let retry = remote.retry();
    view! { <ProblemPanel words=could_not_load(failure, what) retry/> }.into_any()
}

fn table(page: Page<ItnSummary>) -> AnyView {
    let texts = t().staff;
    if page.items.is_empty() {
        return view! { <div class="list-table empty"><p>{texts.empty}</p></div> }.into_any();
    }
    let count = page.items.len();
    let rows = page.items.into_iter().map(row);
    view! {
        <div class="list-table">
            <table role="table">
                <caption class="visually-hidden">{texts.caption}</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th role="columnheader" scope="col">{texts.received}</th>
                        <th role="columnheader" scope="col">{texts.payfast_id}</th>
                        <th role="columnheader" scope="col">{texts.says}</th>
                        <th role="columnheader" scope="col">{texts.verdict}</th>
                        <th role="columnheader" scope="col" class="num">{texts.amount}</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
            <Pager list="itn".to_owned() rows=count total=page.total next_cursor=page.next_cursor/>
        </div>
    }
    .into_any()
}

fn row(itn: ItnSummary) -> impl IntoView {
    let amount = itn.amount_gross.map_or("–".to_owned(), |amount| format!("R{amount}"));
    view! {
        <tr role="row">
            <td role="cell" class="cell-key"><a href=format!("/notifications/{}", itn.id)>{time(itn.received_at)}</a></td>
            <td role="cell" class="cell-title">{itn.pf_payment_id.unwrap_or_else(|| "–".to_owned())}</td>
            <td role="cell" class="muted">{itn.payment_status.unwrap_or_else(|| "–".to_owned())}</td>
            <td role="cell" class="cell-status">{badge(status::itn(itn.status))}</td>
            <td role="cell" class="num cell-amount">{amount}</td>
        </tr>
    }.into_any()
}

#[component]
pub fn NotificationPage() -> impl IntoView {
    let id = path_value("id");
    let texts = t().staff;
    let notification = remote(move || {
        let id = id.get();
        async move {
            match ItnId::parse(&id) {
                Ok(id) => documents::itn(id).await.map(Some),
                Err(_) => Ok(None),
            }
        }
    });
    view! {
        <div class="page">
            <nav class="crumbs" aria-label=t().common.back>
                <a href="/notifications">{texts.notifications}</a>
                {icon_14("right")}
                <span>{texts.notification}</span>
            </nav>
            <div class="head"><Heading text=texts.notification/></div>
            {notification.show_or(
                rows_skeleton,
                |loaded| match loaded {
                    Some(itn) => detail(itn),
                    None => view! { <p class="soft">{t().staff.not_found}</p> }.into_any(),
                },
                move |failure| refused(&failure, texts.load_failed, notification),
            )}
        </div>
    }
    .into_any()
}

fn detail(itn: Itn) -> AnyView {
    let texts = t().staff;
    let summary = itn.summary;
    let or_none = |text: Option<String>| text.unwrap_or_else(|| texts.none.to_owned());
    let checked = match itn.checked_at {
        Some(at) => time(at).into_any(),
        None => texts.not_checked.into_any(),
    };
    let payment = summary.payment_id.map(|id| {
        view! {
            <div>
                <dt>{texts.payment}</dt>
                <dd><a class="inline-touch" href=format!("/payments/{id}")>{texts.see_payment}</a></dd>
            </div>
        }
        .into_any()
    });
    let reason = (!summary.reason.is_empty())
        .then(|| view! { <div><dt>{texts.reason}</dt><dd>{summary.reason}</dd></div> }.into_any());
    view! {
        <div class="settings">
            <div class="card">
                <dl class="card-part facts facts-lined">
                    <div><dt>{texts.verdict}</dt><dd>{badge(status::itn(summary.status))}</dd></div>
                    {reason}
                    <div><dt>{texts.says}</dt><dd>{or_none(summary.payment_status)}</dd></div>
                    <div><dt>{texts.payfast_id}</dt><dd>{or_none(summary.pf_payment_id)}</dd></div>
                    {payment}
                    <div><dt>{texts.received}</dt><dd>{time(summary.received_at)}</dd></div>
                    <div><dt>{texts.checked}</dt><dd>{checked}</dd></div>
                    <div><dt>{texts.from}</dt><dd>{summary.peer}</dd></div>
                    <div><dt>{texts.deliveries}</dt><dd>{summary.deliveries}</dd></div>
                </dl>
            </div>
            <h2>{texts.raw}</h2>
            <pre class="code" tabindex="0" role="region" aria-label=texts.raw>{itn.raw_body}</pre>
            {itn.signed_string.map(|signed| view! {
                <h2>{texts.signed}</h2>
                <pre class="code" tabindex="0" role="region" aria-label=texts.signed>{signed}</pre>
            }.into_any())}
        </div>
    }
    .into_any()
}
