//! The list of the audit log, newest first; filters and page stand in the address.

use common::{
    accounts::AccountRole,
    audit::{AuditEntry, AuditQuery, ListAudit},
    auth::StaffRole,
    page::Page,
};
use leptos::prelude::*;

use super::{
    entry::{self, Change},
    filters::{FilterForm, Filters, clear_filters, use_filters},
};
use crate::{
    api, browser,
    components::{
        button::{Kind, PlainButton},
        data::{self, Column, cell, row},
        dynamic::{dynamic, flag},
        skeleton::rows_skeleton,
        time::time,
    },
    features::account::settings_frame,
    paging::{Pager, ROWS, use_place},
    remote::remote,
    roles::{ask_owner, no_company_words},
    session::use_session,
    text::t,
};

#[component]
pub fn AuditPage() -> impl IntoView {
    browser::wear("filters", include_str!("../../../styles/filters.css"));
    browser::wear("audit", include_str!("../../../styles/audit.css"));
    let session = use_session();
    let may_read =
        Memo::new(move |_| session.may(AccountRole::Owner) || session.staff_role() == Some(StaffRole::Admin));
    let has_company = session.account_id().is_some();
    let content = dynamic(move || match (may_read.get(), has_company) {
        (true, _) => log(),
        (false, true) => ask_owner(t().roles.read_log),
        (false, false) => no_company_words(),
    });
    settings_frame(t().audit.title, view! { <div class="audit">{content}</div> })
}

fn log() -> AnyView {
    let texts = t().audit;
    let session = use_session();
    let place = use_place();
    let filters = use_filters();
    let entries = remote(move || {
        let shown = filters.get();
        let query = AuditQuery {
            limit: Some(ROWS),
            cursor: place().cursor,
            ..shown.query()
        };
        async move { api::call::<ListAudit>(&[], &query).await.map(|page| (shown, page)) }
    });
    view! {
        <div class="stack">
            <p class="soft">{texts.intro}</p>
            <FilterForm filters/>
            <p><a class="btn btn-secondary" download="" href=move || filters.read().file(session.account_id())>{texts.download}</a></p>
            <div class="list" class:is-stale=entries.is_refreshing() aria-busy=flag(move || entries.is_busy.get())>
                {entries.show(texts.list_failed, rows_skeleton, |(filters, page)| table(&filters, page))}
            </div>
        </div>
    }
    .into_any()
}

fn table(filters: &Filters, page: Page<AuditEntry>) -> AnyView {
    let texts = t().audit;
    if page.items.is_empty() {
        return empty(filters);
    }
    let count = page.items.len();
    let rows = page.items.iter().map(entry_row).collect();
    let columns = vec![
        Column::Text(texts.when),
        Column::Text(texts.who),
        Column::Text(texts.what),
        Column::Text(texts.subject),
        Column::Text(texts.changes),
    ];
    view! {
        <div class="list-table">
            {data::table("audit-table", texts.caption, columns, rows)}
            <Pager list=filters.list() rows=count total=page.total next_cursor=page.next_cursor/>
        </div>
    }
    .into_any()
}

fn entry_row(entry: &AuditEntry) -> AnyView {
    let texts = t().audit;
    let subject = match entry::subject_page(entry) {
        Some(href) => view! { <a class="inline-touch" href=href>{entry.subject.clone()}</a> }.into_any(),
        None => entry.subject.clone().into_any(),
    };
    // Cards have no heads, so they say what stands there.
    let from = entry.from.clone().map(|from| {
        view! { <span class="audit-from"><span class="audit-label">" " {texts.from_where} " "</span> {from}</span> }
            .into_any()
    });
    let who = view! { <span class="audit-label">{texts.by} " "</span> {entry::actor(entry)} {from} }.into_any();
    row(vec![
        cell("audit-when", time(entry.at).into_any()),
        cell("audit-who", who),
        cell("audit-what", entry::action(entry.action)),
        cell("audit-subject", subject),
        cell("audit-changes", changes(entry)),
    ])
}

fn changes(entry: &AuditEntry) -> AnyView {
    let texts = t().audit;
    if entry.changes.is_empty() {
        return view! { <span class="muted">{texts.no_change}</span> }.into_any();
    }
    let lines = entry.changes.iter().map(Change::of).map(|change| {
        let before = change.before.map(|before| {
            view! {
                <span class="audit-before">{before}</span>
                <span aria-hidden="true">" → "</span>
                <span class="visually-hidden">{format!(" {} ", texts.turned_into)}</span>
            }
            .into_any()
        });
        let after = change.after.unwrap_or_else(|| texts.nothing.to_owned());
        view! { <li><span class="muted">{change.field} ": "</span> {before} <span>{after}</span></li> }.into_any()
    });
    view! { <ul>{lines.collect_view()}</ul> }.into_any()
}

fn empty(filters: &Filters) -> AnyView {
    let texts = t().audit;
    if filters.is_empty() {
        return view! { <div class="list-table empty"><p>{texts.empty}</p></div> }.into_any();
    }
    view! {
        <div class="list-table empty">
            <p>{texts.empty_filtered}</p>
            <PlainButton label=texts.clear kind=Kind::Secondary on_press=clear_filters()/>
        </div>
    }
    .into_any()
}
