//! Steps: the checkout's stepper, numbered steps in words, and a timeline of what happened.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::{
    badge::Tone,
    dynamic::dynamic,
    icon::{icon_14, icon_16},
    time::time,
};

/// Where one step of several stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Done,
    Current,
    Ahead,
}

impl Stage {
    /// The stage of step `index` when `current` is under way.
    pub fn of(index: usize, current: usize) -> Self {
        match index.cmp(&current) {
            std::cmp::Ordering::Less => Stage::Done,
            std::cmp::Ordering::Equal => Stage::Current,
            std::cmp::Ordering::Greater => Stage::Ahead,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Stage::Done => "is-done",
            Stage::Current => "is-current",
            Stage::Ahead => "",
        }
    }
}

#[component]
pub fn Stepper(label: &'static str, names: Vec<&'static str>, #[prop(into)] current: Signal<usize>) -> impl IntoView {
    let items = names.into_iter().enumerate().map(|(index, name)| {
        let stage = move || Stage::of(index, current.get());
        let dot = move || match stage() {
            Stage::Done => icon_14("check"),
            Stage::Current | Stage::Ahead => (index + 1).into_any(),
        };
        view! {
            <li class=Signal::derive(move || stage().class()) aria-current=Signal::derive(move || (stage() == Stage::Current).then_some("step"))>
                <span class="stepper-dot" aria-hidden="true">{dynamic(dot)}</span>
                <span>{name}</span>
            </li>
        }.into_any()
    });
    view! { <ol class="stepper" aria-label=label>{items.collect_view()}</ol> }.into_any()
}

/// Numbered sentences; `current` marks how far things are, when they are under way.
pub fn numbered_steps(sentences: Vec<String>, current: Option<usize>) -> impl IntoView {
    let items = sentences.into_iter().enumerate().map(|(index, sentence)| {
        let stage = current.map_or(Stage::Ahead, |current| Stage::of(index, current));
        let dot = match stage {
            Stage::Done => icon_14("check"),
            Stage::Current | Stage::Ahead => (index + 1).into_any(),
        };
        view! {
            <li class=stage.class() aria-current=(stage == Stage::Current).then_some("step")>
                <span class="steps-dot" aria-hidden="true">{dot}</span>
                <span>{sentence}</span>
            </li>
        }
        .into_any()
    });
    view! { <ol class="steps">{items.collect_view()}</ol> }.into_any()
}

/// One thing that happened.
pub struct Happening {
    pub tone: Tone,
    pub icon: &'static str,
    pub title: String,
    pub note: String,
    pub at: DateTime<Utc>,
}

/// What happened; give the newest first.
pub fn timeline(happenings: Vec<Happening>) -> impl IntoView {
    let items = happenings.into_iter().map(|happening| {
        view! {
            <li>
                <span class=format!("timeline-dot {}", happening.tone.class()) aria-hidden="true">{icon_16(happening.icon)}</span>
                <span class="timeline-words">
                    <span class="strong">{happening.title}</span>
                    {(!happening.note.is_empty()).then(|| view! { <span class="small muted">{happening.note}</span> }.into_any())}
                </span>
                {time(happening.at)}
            </li>
        }.into_any()
    });
    view! { <ol class="timeline">{items.collect_view()}</ol> }.into_any()
}
