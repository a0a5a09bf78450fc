//! States as an icon and a word on a soft fill.

use leptos::prelude::*;

use super::icon::icon_14;

/// Meaning of a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Info,
    Positive,
    Warning,
    Danger,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Tone::Neutral => "tone-neutral",
            Tone::Info => "tone-info",
            Tone::Positive => "tone-positive",
            Tone::Warning => "tone-warning",
            Tone::Danger => "tone-danger",
        }
    }
}

/// How a state is shown: never by colour alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub tone: Tone,
    pub icon: &'static str,
    pub words: String,
}

impl Mark {
    pub fn new(tone: Tone, icon: &'static str, words: impl Into<String>) -> Self {
        Self {
            tone,
            icon,
            words: words.into(),
        }
    }
}

pub fn badge(mark: Mark) -> AnyView {
    draw(mark, "badge")
}

pub fn badge_large(mark: Mark) -> AnyView {
    draw(mark, "badge badge-large")
}

fn draw(mark: Mark, class: &str) -> AnyView {
    view! { <span class=format!("{class} {}", mark.tone.class())>{icon_14(mark.icon)} {mark.words}</span> }.into_any()
}
