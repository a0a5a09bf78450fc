//! A new password: its field, how strong the server thinks it is, and the check before it is sent.

use std::time::Duration;

use common::{
    FieldError,
    passwords::{JudgePassword, PasswordCandidate, PasswordStrength},
    validate::{self, PASSWORD_MIN_CHARS},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api,
    components::{
        badge::Tone,
        dynamic::{dynamic, react},
        field::{Errors, PasswordField},
        icon::icon_16,
    },
    text::t,
};

/// How long the typing must rest before the server is asked.
const REST: Duration = Duration::from_millis(400);
const STEPS: u8 = 5;

/// What is known about one password.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    password: String,
    /// `None` when it is too short to ask about.
    strength: Option<PasswordStrength>,
}

/// A password that is being chosen.
#[derive(Clone, Copy)]
pub struct NewPassword {
    pub value: RwSignal<String>,
    verdict: RwSignal<Option<Verdict>>,
}

impl NewPassword {
    /// `context` gives the words that must not carry the password: the address, names, the company.
    pub fn new(context: impl Fn() -> Vec<String> + 'static) -> Self {
        let password = Self {
            value: RwSignal::new(String::new()),
            verdict: RwSignal::new(None),
        };
        let round = StoredValue::new(0_u32);
        react(move || {
            let typed = password.value.get();
            let mut words = context();
            words.retain(|word| !word.trim().is_empty());
            round.update_value(|round| *round += 1);
            let mine = round.get_value();
            if typed.is_empty() {
                return password.verdict.set(None);
            }
            let judge = move || {
                // Something else was typed since, or the page is gone.
                let is_stale = move || round.try_get_value() != Some(mine);
                if is_stale() {
                    return;
                }
                if typed.chars().count() < PASSWORD_MIN_CHARS {
                    return password.verdict.set(Some(Verdict {
                        password: typed,
                        strength: None,
                    }));
                }
                let candidate = PasswordCandidate {
                    password: typed,
                    context: words,
                };
                spawn_local(async move {
                    let strength = api::call::<JudgePassword>(&[], &candidate).await.ok();
                    if !is_stale() {
                        // Without an answer it stays quiet: the server judges again when the password is sent.
                        password.verdict.set(strength.map(|strength| Verdict {
                            password: candidate.password,
                            strength: Some(strength),
                        }));
                    }
                });
            };
            set_timeout(judge, REST);
        });
        password
    }

    /// One that is typed already, and that nobody has judged.
    #[cfg(test)]
    pub fn fixed(text: &str) -> Self {
        Self {
            value: RwSignal::new(text.to_owned()),
            verdict: RwSignal::new(None),
        }
    }

    /// The password, if the rules and the last verdict on it allow it.
    pub fn check(self, field: &str) -> Result<String, FieldError> {
        let password = self.value.get_untracked();
        validate::check_new_password(field, &password)?;
        self.verdict
            .with_untracked(|verdict| match verdict {
                Some(verdict) if verdict.password == password => refusal(field, verdict.strength.as_ref()),
                Some(_) | None => None,
            })
            .map_or(Ok(password), Err)
    }
}

/// Says that it is refused; the words below the field say why.
fn refusal(field: &str, strength: Option<&PasswordStrength>) -> Option<FieldError> {
    strength
        .filter(|strength| !strength.is_acceptable)
        .map(|_| FieldError::new(field, "too_weak", t().security.too_weak))
}

/// The field of a new password with its strength below.
#[component]
pub fn NewPasswordField(
    label: &'static str,
    name: &'static str,
    password: NewPassword,
    errors: Errors,
) -> impl IntoView {
    // It has its room from the start: a verdict that comes later moves nothing from under somebody's finger.
    let words = move || password.verdict.get().map_or_else(unjudged, |verdict| meter(&verdict));
    view! {
        <div class="new-password">
            <PasswordField
                label
                name
                value=password.value
                errors
                autocomplete="new-password"
                hint=t().auth.password_rules
            />
            <div role="status">{dynamic(words)}</div>
        </div>
    }
    .into_any()
}

fn meter(verdict: &Verdict) -> AnyView {
    let texts = t().security;
    let Rating { steps, tone, word } = Rating::of(verdict.strength.as_ref());
    let advice = verdict.strength.as_ref().map(|strength| {
        let untold = (!strength.is_acceptable).then(|| texts.too_weak.to_owned());
        let warning = strength.warning.clone().or(untold);
        let suggestions = strength.suggestions.join(" ");
        view! {
            {warning.map(|warning| view! { <p>{warning}</p> }.into_any())}
            {(!suggestions.is_empty()).then(|| view! { <p class="muted">{suggestions}</p> }.into_any())}
        }
        .into_any()
    });
    let icon_name = if tone == Tone::Positive { "check" } else { "triangle" };
    view! {
        <div class=format!("meter {}", tone.class())>
            {bars(steps)}
            <p class="meter-word">{icon_16(icon_name)} <span>{texts.strength(word)}</span></p>
            {advice}
        </div>
    }
    .into_any()
}

fn unjudged() -> AnyView {
    view! { <div class="meter">{bars(0)}</div> }.into_any()
}

fn bars(filled: u8) -> AnyView {
    let bars = (0..STEPS).map(|step| view! { <span class:is-on=step < filled></span> }.into_any());
    view! { <div class="meter-bars" aria-hidden="true">{bars.collect_view()}</div> }.into_any()
}

/// How a password is shown: filled steps of five, and never by colour alone.
#[derive(Debug, PartialEq, Eq)]
struct Rating {
    steps: u8,
    tone: Tone,
    word: &'static str,
}

impl Rating {
    fn of(strength: Option<&PasswordStrength>) -> Self {
        let texts = t().security;
        let rating = |steps, tone, word| Rating { steps, tone, word };
        match strength {
            None => rating(1, Tone::Danger, texts.too_short),
            Some(strength) => match strength.score {
                0 => rating(1, Tone::Danger, texts.very_weak),
                1 => rating(2, Tone::Danger, texts.weak),
                2 => rating(3, Tone::Warning, texts.fair),
                3 => rating(4, Tone::Positive, texts.good),
                4.. => rating(5, Tone::Positive, texts.strong),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strength(score: u8, is_acceptable: bool, warning: Option<&str>) -> PasswordStrength {
        PasswordStrength {
            score,
            is_acceptable,
            warning: warning.map(str::to_owned),
            suggestions: Vec::new(),
        }
    }

    #[test]
    fn each_score_has_its_word_and_steps() {
        let shown: Vec<_> = (0..=5)
            .map(|score| {
                let Rating { steps, word, .. } = Rating::of(Some(&strength(score, true, None)));
                (steps, word)
            })
            .collect();
        assert_eq!(
            shown,
            [
                (1, "Very weak"),
                (2, "Weak"),
                (3, "Fair"),
                (4, "Good"),
                (5, "Strong"),
                (5, "Strong")
            ]
        );
        assert_eq!(Rating::of(None).word, "Too short");
    }

    #[test]
    fn a_common_password_is_refused_before_it_is_sent() {
        assert_eq!(
            refusal("password", Some(&strength(3, true, Some("It is short.")))),
            None
        );
        let refused = refusal("password", Some(&strength(1, false, None))).unwrap();
        assert_eq!(
            (refused.field.as_str(), refused.message.as_str()),
            ("password", t().security.too_weak)
        );
    }
}
