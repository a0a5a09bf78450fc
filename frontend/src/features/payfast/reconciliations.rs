//! The reconciliations so far, and a new one.

use chrono::TimeDelta;
use common::{
    FieldError,
    page::Page,
    reconciliations::{
        ListReconciliations, NewReconciliation, Reconciliation, ReconciliationQuery, StartReconciliation,
    },
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::parts::{empty, list, range_error};
use crate::{
    api, browser,
    components::{
        badge::badge,
        button::Button,
        data::{self, Column, cell, row},
        field::{Errors, Field},
        heading::Heading,
        problem::problem_banner,
        time::time,
    },
    dates,
    explain::could_not,
    paging::{Pager, ROWS, use_place},
    remote::remote,
    status,
    text::payfast,
};

/// What the server takes at once.
const MOST_DAYS: i64 = 31;
/// The week before today.
const USUAL_DAYS: i64 = 7;

pub fn reconciliations() -> AnyView {
    let texts = payfast();
    let place = use_place();
    let rows = remote(move || {
        let query = ReconciliationQuery {
            limit: Some(ROWS),
            cursor: place().cursor,
        };
        async move { api::call::<ListReconciliations>(&[], &query).await }
    });
    view! {
        <div class="page">
            <div class="head"><Heading text=texts.reconciliation/></div>
            <div class="stack">
                <p class="soft">{texts.reconcile_intro}</p>
                {form()}
                {list(rows, texts.reconciliations_failed, table)}
            </div>
        </div>
    }
    .into_any()
}

fn form() -> AnyView {
    let texts = payfast();
    let navigate = use_navigate();
    let errors = Errors::new();
    let now = browser::now();
    let day = |back: i64| RwSignal::new(dates::day(now - TimeDelta::days(back)));
    let (from, to) = (day(USUAL_DAYS), day(1));
    let is_busy = RwSignal::new(false);
    let problem = RwSignal::new(None);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = NewReconciliation {
            from: from.get_untracked(),
            to: to.get_untracked(),
        };
        let missing = [("from", &wanted.from), ("to", &wanted.to)]
            .into_iter()
            .find(|(_, day)| day.is_empty())
            .map(|(field, _)| (field, texts.day_unknown));
        if let Some((field, words)) = missing.or(range_error(&wanted.from, &wanted.to, Some(MOST_DAYS))) {
            errors.show(vec![FieldError::new(field, "invalid", words)]);
            return;
        }
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        problem.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            let answer = api::call::<StartReconciliation>(&[], &wanted).await;
            is_busy.try_set(false);
            match answer {
                Ok(begun) => navigate(
                    &format!("/payfast/reconciliations/{}", begun.id),
                    NavigateOptions::default(),
                ),
                Err(failure) => {
                    let refused = failure
                        .problem()
                        .map(|problem| problem.errors.clone())
                        .unwrap_or_default();
                    match refused.is_empty() {
                        true => drop(problem.try_set(Some(could_not(&failure, texts.start_failed)))),
                        false => errors.show(refused),
                    }
                }
            }
        });
    };
    view! {
        <form class="card card-part filters-fields no-print" novalidate=true on:submit=submit>
            <Field label=texts.first_day name="from" kind="date" value=from errors/>
            <Field label=texts.last_day name="to" kind="date" value=to errors hint=texts.days_hint/>
            {problem_banner(problem)}
            <div class="row"><Button label=texts.start busy_label=texts.starting is_busy icon="scale"/></div>
        </form>
    }
    .into_any()
}

fn table(page: Page<Reconciliation>) -> AnyView {
    let texts = payfast();
    if page.items.is_empty() {
        return empty(texts.no_reconciliations);
    }
    let count = page.items.len();
    let rows = page.items.into_iter().map(run_row).collect();
    let columns = vec![
        Column::Text(texts.period),
        Column::Text(texts.started),
        Column::Text(texts.status),
        Column::Number(texts.lines),
        Column::Number(texts.matched),
        Column::Number(texts.healed),
        Column::Number(texts.differences),
    ];
    view! {
        <div class="list-table">
            {data::table("", texts.reconciliation, columns, rows)}
            <Pager list="reconciliations".to_owned() rows=count total=page.total next_cursor=page.next_cursor/>
        </div>
    }
    .into_any()
}

fn run_row(run: Reconciliation) -> AnyView {
    let href = format!("/payfast/reconciliations/{}", run.id);
    let class = if run.differences > 0 {
        "num cell-amount is-late"
    } else {
        "num cell-amount"
    };
    row(vec![
        cell("cell-key", view! { <a href=href>{period(&run)}</a> }.into_any()),
        cell("cell-title muted", time(run.created_at).into_any()),
        cell("cell-status", badge(status::reconciliation(run.status))),
        cell("num", run.lines),
        cell("num", run.matched),
        cell("num", run.healed),
        cell(class, run.differences),
    ])
}

/// `1 Nov 2026 – 24 Nov 2026`
pub fn period(run: &Reconciliation) -> String {
    let (from, to) = (dates::day_words(&run.from), dates::day_words(&run.to));
    match from == to {
        true => from,
        false => payfast().to_day(&from, &to),
    }
}
