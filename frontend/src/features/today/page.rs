//! The list of what waits, and the sentence when nothing does.

use common::auth::StaffRole;
use leptos::prelude::*;

use super::work::{Count, OF_BILLING, OF_SUPPORT, Work};
use crate::{
    browser,
    components::{
        button::{Kind, PlainButton},
        dynamic::dynamic,
        heading::Heading,
        icon::{icon, icon_16},
    },
    dates,
    remote::{Remote, remote},
    session::use_session,
    text,
    text::t,
};

type Counts = Vec<(Work, Remote<Count>)>;

#[component]
pub fn TodayPage() -> impl IntoView {
    browser::wear("desk", include_str!("../../../styles/desk.css"));
    let texts = text::today();
    let session = use_session();
    let is_billing = session.may_as_staff(StaffRole::Billing);
    let works = if is_billing { OF_BILLING } else { OF_SUPPORT };
    let counts: Counts = works
        .iter()
        .map(|work| {
            let work = *work;
            (work, remote(move || work.count()))
        })
        .collect();
    let rows = counts.clone();
    let is_done = Memo::new(move |_| {
        let is_nothing = |(_, count): &(Work, Remote<Count>)| {
            count.with(|count| count.is_some_and(|count| count.number == 0)) && count.failure.with(Option::is_none)
        };
        counts.iter().all(is_nothing)
    });
    let list = dynamic(move || match is_done.get() {
        true => done(),
        false => {
            let rows = rows.iter().map(|(work, count)| row(*work, *count));
            view! { <ul class="card work" aria-label=texts.list>{rows.collect_view()}</ul> }.into_any()
        }
    });
    view! {
        <div class="page desk-page stack">
            <div class="head">
                <div class="head-title">
                    <Heading text=texts.title/>
                    <span class="muted">{dates::date(browser::now())}</span>
                </div>
            </div>
            {list}
            {(!is_billing).then(|| view! { <p class="small muted">{texts.for_money}</p> }.into_any())}
        </div>
    }
    .into_any()
}

fn done() -> AnyView {
    let texts = text::today();
    view! {
        <div class="card empty">
            <span class="work-icon tone-positive">{icon("check")}</span>
            <div class="stack-tight">
                <h2>{texts.done_title}</h2>
                <p>{texts.done}</p>
            </div>
        </div>
    }
    .into_any()
}

fn row(work: Work, count: Remote<Count>) -> AnyView {
    let (title, text) = work.words();
    let retry = count.retry();
    dynamic(move || {
        match (count.get(), count.failure.get()) {
        (_, Some(_)) => view! {
            <li class="work-failed">
                <span class="work-icon tone-neutral">{icon(work.icon())}</span>
                <span class="work-words"><span class="strong">{title}</span> <span class="soft small">{text::today().failed}</span></span>
                <PlainButton label=t().common.try_again kind=Kind::Secondary on_press=retry/>
            </li>
        }
        .into_any(),
        (Some(count), None) if count.number == 0 => ().into_any(),
        (Some(count), None) => {
            let number = match count.is_more {
                true => text::today().more_than.to_owned(),
                false => count.number.to_string(),
            };
            view! {
                <li>
                    <span class=format!("work-icon {}", if work == Work::Books { "tone-danger" } else { "tone-warning" })>{icon(work.icon())}</span>
                    <span class="work-words">
                        <a href=count.href>{title} <span class="visually-hidden">": "</span></a>
                        <span class="soft small">{text}</span>
                    </span>
                    <span class="work-count">{number}</span>
                    {icon_16("right")}
                </li>
            }
            .into_any()
        }
        (None, None) => view! {
            <li aria-busy="true">
                <span class="work-icon tone-neutral">{icon(work.icon())}</span>
                <span class="work-words" aria-hidden="true"><span class="skeleton skeleton-half"></span></span>
            </li>
        }
        .into_any(),
    }
    })
}
