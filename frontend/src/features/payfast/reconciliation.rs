//! One reconciliation: its figures, and the lines of the statement by verdict.

use std::time::Duration;

use common::{
    ids::ReconciliationId,
    money::format_money,
    page::Page,
    reconciliations::{
        GetReconciliation, ListStatementLines, Reconciliation, ReconciliationStatus, StatementLine, StatementQuery,
        StatementVerdict,
    },
};
use leptos::prelude::*;

use super::{
    parts::{chips, empty, list},
    reconciliations::period,
};
use crate::{
    address::query_value,
    api,
    components::{
        badge::{Tone, badge},
        data::{self, Column, cell, crumbs, row},
        dynamic::{dynamic, react},
        heading::Heading,
        notice::Notice,
        problem::ProblemPanel,
        skeleton::card_skeleton,
        time::time,
    },
    explain::could_not_load,
    paging::{Pager, ROWS, use_place},
    remote::remote,
    status,
    text::payfast,
};

const PAUSE: Duration = Duration::from_secs(2);
/// The chip for all that needs a person.
const DIFFERENCES: &str = "differences";

fn verdicts(chosen: &str) -> Vec<StatementVerdict> {
    match chosen {
        DIFFERENCES => vec![
            StatementVerdict::Missing,
            StatementVerdict::Unknown,
            StatementVerdict::Duplicate,
            StatementVerdict::AmountDrift,
            StatementVerdict::FeeDrift,
        ],
        other => StatementVerdict::parse(other).into_iter().collect(),
    }
}

pub fn reconciliation(id: Memo<String>) -> AnyView {
    let texts = payfast();
    let run = remote(move || {
        let id = ReconciliationId::parse(&id.read()).ok();
        async move {
            match id {
                Some(id) => api::call::<GetReconciliation>(&[id.as_str()], &()).await.map(Some),
                None => Ok(None),
            }
        }
    });
    // The worker needs some seconds; the page waits for it.
    let is_running = Memo::new(move |_| {
        run.with(|run| matches!(run, Some(Some(run)) if run.status == ReconciliationStatus::Running))
    });
    let again = run.retry();
    react(move || {
        if is_running.get() && !run.is_busy.get() {
            set_timeout(
                move || {
                    // The page may be gone by then.
                    again.try_run(());
                },
                PAUSE,
            );
        }
    });
    let title = Signal::derive(move || {
        run.with(|run| match run {
            Some(Some(run)) => period(run),
            _ => texts.reconciliation.to_owned(),
        })
    });
    let mark = move || run.get().flatten().map(|run| badge(status::reconciliation(run.status)));
    // The lines follow the state, not each answer.
    let state = Memo::new(move |_| run.with(|run| run.and_then(Option::as_ref).map(|run| run.status)));
    let content = move || match (state.get(), run.failure.get()) {
        (Some(ReconciliationStatus::Running), _) => view! {
            <Notice tone=Tone::Info icon_name="arrows" title=texts.is_running/>
        }
        .into_any(),
        (Some(ReconciliationStatus::Failed), _) => {
            let reason = run.with(|run| run.and_then(Option::as_ref).map(|run| run.reason.clone()));
            view! { <Notice tone=Tone::Danger icon_name="cross" title=reason.unwrap_or_default()/> }.into_any()
        }
        (Some(ReconciliationStatus::Finished), _) => lines(id),
        (None, Some(failure)) if !failure.is_not_found() => {
            view! { <ProblemPanel words=could_not_load(&failure, texts.reconciliation_failed) retry=again/> }.into_any()
        }
        (None, None) if run.is_busy.get() => card_skeleton(),
        (None, _) => view! { <p class="soft">{texts.no_reconciliation}</p> }.into_any(),
    };
    view! {
        <div class="page">
            {crumbs("/payfast/reconciliations", texts.reconciliation, title)}
            <div class="head"><div class="head-title"><Heading text=title/> {dynamic(mark)}</div></div>
            <div class="stack">
                {dynamic(move || run.get().flatten().filter(|run| run.status == ReconciliationStatus::Finished).map(|run| figures(&run)))}
                {dynamic(content)}
            </div>
        </div>
    }
    .into_any()
}

fn figures(run: &Reconciliation) -> AnyView {
    let texts = payfast();
    let figure = |label: &'static str, number: i64, class: &'static str| {
        view! { <div><dt>{label}</dt><dd class=format!("amount-l {class}")>{number}</dd></div> }.into_any()
    };
    let late = if run.differences > 0 { "is-late" } else { "" };
    view! {
        <dl class="card figures">
            {figure(texts.lines, run.lines, "")}
            {figure(texts.matched, run.matched, "")}
            {figure(texts.healed, run.healed, "")}
            {figure(texts.differences, run.differences, late)}
        </dl>
    }
    .into_any()
}

fn lines(id: Memo<String>) -> AnyView {
    let texts = payfast();
    let place = use_place();
    let chosen = query_value("verdict");
    let rows = remote(move || {
        let query = StatementQuery {
            limit: Some(ROWS),
            cursor: place().cursor,
            verdict: verdicts(&chosen.read()),
        };
        let id = id.get();
        async move { api::call::<ListStatementLines>(&[&id], &query).await }
    });
    let first = [
        ("", texts.all.to_owned()),
        (DIFFERENCES, texts.only_differences.to_owned()),
    ];
    let each = StatementVerdict::ALL
        .iter()
        .map(|verdict| (verdict.as_str(), status::statement_line(*verdict).words));
    let options = first.into_iter().chain(each).collect();
    view! {
        {chips(texts.verdict_filter, "verdict", options)}
        {list(rows, texts.lines_failed, move |page| table(page, &id.read_untracked(), &chosen.read_untracked()))}
    }
    .into_any()
}

fn table(page: Page<StatementLine>, id: &str, chosen: &str) -> AnyView {
    let texts = payfast();
    if page.items.is_empty() {
        return empty(texts.no_lines);
    }
    let count = page.items.len();
    let rows = page.items.into_iter().map(line_row).collect();
    let columns = vec![
        Column::Text(texts.when),
        Column::Text(texts.line),
        Column::Text(texts.pf_id),
        Column::Text(texts.verdict),
        Column::Number(texts.gross),
        Column::Number(texts.fee),
        Column::Number(texts.net),
    ];
    view! {
        <div class="list-table">
            {data::table("line-table", texts.lines_caption, columns, rows)}
            <Pager list=format!("lines.{id}.{chosen}") rows=count total=page.total next_cursor=page.next_cursor/>
        </div>
    }
    .into_any()
}

fn line_row(line: StatementLine) -> AnyView {
    let texts = payfast();
    let when = time(line.at);
    let key = match line.payment_id {
        Some(id) => view! { <a href=format!("/payments/{id}") aria-label=texts.see_payment>{when}</a> }.into_any(),
        None => view! { <span class="muted">{when}</span> }.into_any(),
    };
    let name = [line.name, line.description]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ");
    let title = view! {
        <span>{if name.is_empty() { line.kind.clone() } else { name }}</span>
        {(!line.note.is_empty()).then(|| view! { <span class="line-note small">{line.note}</span> }.into_any())}
    };
    row(vec![
        cell("cell-key", key),
        cell("cell-title", title.into_any()),
        cell("mono", line.pf_payment_id.unwrap_or_else(|| "–".to_owned())),
        cell("cell-status", badge(status::statement_line(line.verdict))),
        cell("num cell-amount", format_money(line.gross)),
        cell("num", format_money(line.fee)),
        cell("num", format_money(line.net)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_what_needs_a_person() {
        assert_eq!(verdicts("differences").len(), 5);
        assert!(!verdicts("differences").contains(&StatementVerdict::Healed));
        assert_eq!(verdicts("payout"), [StatementVerdict::Payout]);
        assert!(verdicts("").is_empty());
    }
}
