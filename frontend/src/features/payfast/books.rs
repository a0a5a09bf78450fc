//! The books: each promise with its result; one that does not hold opens to the rows concerned.

use common::books::{BookCheck, BookFinding, Books, GetBooks, Invariant, VerifyBooks};
use leptos::{prelude::*, task::spawn_local};

use super::balances::balances;
use crate::{
    api,
    components::{
        badge::badge, button::Button, dynamic::dynamic, heading::Heading, problem::problem_banner,
        skeleton::card_skeleton, time::time, toast::Toast,
    },
    explain::could_not,
    remote::remote,
    status,
    text::payfast,
};

pub fn books() -> AnyView {
    let texts = payfast();
    let toast: Toast = expect_context();
    let books = remote(|| async { api::call::<GetBooks>(&[], &()).await });
    let is_busy = RwSignal::new(false);
    let problem = RwSignal::new(None);
    let verify = Callback::new(move |()| {
        is_busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let answer = api::call::<VerifyBooks>(&[], &()).await;
            is_busy.try_set(false);
            match answer {
                Ok(checked) => {
                    let holds = checked.checks.iter().all(|check| check.holds == Some(true));
                    toast.say(if holds { texts.verified_all } else { texts.verified_some });
                    books.set(checked);
                }
                Err(failure) => drop(problem.try_set(Some(could_not(&failure, texts.verify_failed)))),
            }
        });
    });
    let progress = move || {
        is_busy
            .get()
            .then(|| view! { <progress class="progress" aria-label=texts.verify_progress></progress> }.into_any())
    };
    view! {
        <div class="page">
            <div class="head">
                <Heading text=texts.books/>
                <div class="head-actions"><Button label=texts.verify busy_label=texts.verifying is_busy on_press=verify icon="shield"/></div>
            </div>
            <div class="stack">
                <p class="soft">{texts.books_intro}</p>
                {dynamic(progress)}
                {problem_banner(problem)}
                {books.show(texts.books_failed, card_skeleton, |books| shown(&books))}
            </div>
        </div>
    }
    .into_any()
}

fn shown(books: &Books) -> AnyView {
    let texts = payfast();
    let rows = books.checks.iter().map(promise).collect_view();
    view! {
        <div class="stack-wide">
            <ul class="card promises" aria-label=texts.promises>{rows}</ul>
            {balances(books)}
        </div>
    }
    .into_any()
}

fn promise(check: &BookCheck) -> AnyView {
    let texts = payfast();
    let name = match check.invariant {
        // The chain has no number.
        Invariant::Chain => "–",
        numbered => numbered.as_str(),
    };
    let checked = match check.checked_at {
        Some(at) => view! { {texts.checked_rows(&check.checked.to_string())} " · " {time(at)} }.into_any(),
        None => texts.never.into_any(),
    };
    let head = view! {
        <span class="promise-name mono muted">{name}</span>
        <span class="promise-words">
            <span class="strong">{check.sentence.clone()}</span>
            <span class="small muted">{checked}</span>
        </span>
        {badge(status::promise(check.holds))}
    };
    if check.findings.is_empty() {
        return view! { <li><div class="promise">{head}</div></li> }.into_any();
    }
    let findings = check.findings.iter().map(finding).collect_view();
    view! {
        <li>
            <details open=check.holds == Some(false)>
                <summary class="promise">{head}</summary>
                <div class="promise-more">
                    <p class="label">{texts.rows_concerned} " · " {texts.findings(&check.findings.len().to_string())}</p>
                    <ul class="stack-tight">{findings}</ul>
                </div>
            </details>
        </li>
    }
    .into_any()
}

fn finding(finding: &BookFinding) -> AnyView {
    let href = match finding.kind.as_str() {
        "invoice" => Some(format!("/invoices/{}", finding.id)),
        "payment" => Some(format!("/payments/{}", finding.id)),
        _ => None,
    };
    let kind = super::strings::field_words(&finding.kind);
    let what = match href {
        Some(href) => view! { <a class="inline-touch" href=href>{kind}</a> }.into_any(),
        None => view! { <span class="strong">{kind}</span> }.into_any(),
    };
    view! { <li>{what} " " <span class="mono muted">{finding.id.clone()}</span> " " <span>{finding.message.clone()}</span></li> }.into_any()
}
