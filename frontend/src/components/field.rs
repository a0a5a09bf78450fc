//! Labelled fields: label above, hint below, an error in place of the hint.

use common::FieldError;
use leptos::{ev::MouseEvent, prelude::*};

use super::dynamic::{dynamic, flag};
use super::icon::icon_16;
use crate::{browser, text::t};

/// The errors of one form, by the field's name in the request.
#[derive(Clone, Copy)]
pub struct Errors(RwSignal<Vec<FieldError>>);

impl Errors {
    pub fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// Shows `errors`, and gives the keyboard to the first field that has one.
    pub fn show(self, errors: Vec<FieldError>) {
        let first = errors.first().map(|error| id(&error.field));
        self.0.set(errors);
        if let Some(first) = first {
            request_animation_frame(move || browser::focus(&first));
        }
    }

    /// Shows `errors` and leaves the keyboard where it is.
    pub fn tell(self, errors: Vec<FieldError>) {
        self.0.set(errors);
    }

    /// Shows one more error.
    pub fn tell_of(self, error: FieldError) {
        self.0.update(|errors| {
            errors.retain(|known| known.field != error.field);
            errors.push(error);
        });
    }

    pub fn clear(self) {
        self.0.set(Vec::new());
    }

    pub fn clear_field(self, name: &str) {
        if self
            .0
            .with_untracked(|errors| errors.iter().any(|error| error.field == name))
        {
            self.0.update(|errors| errors.retain(|error| error.field != name));
        }
    }

    pub fn of(self, name: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.0.with(|errors| {
                errors
                    .iter()
                    .find(|error| error.field == name)
                    .map(|error| error.message.clone())
            })
        })
    }
}

/// Links to the fields, when more than two need attention.
#[component]
pub fn ErrorSummary(errors: Errors) -> impl IntoView {
    dynamic(move || {
        let list = errors.0.get();
        (list.len() > 2).then(|| {
            let links = list.into_iter().map(|error| {
                let target = id(&error.field);
                let go = move |event: MouseEvent| {
                    event.prevent_default();
                    browser::focus(&target);
                };
                view! { <li><a href=format!("#{}", id(&error.field)) on:click=go>{error.message}</a></li> }.into_any()
            });
            view! {
                <div class="error-summary" role="alert">
                    <p class="strong">{t().common.fix_fields}</p>
                    <ul>{links.collect_view()}</ul>
                </div>
            }
            .into_any()
        })
    })
}

/// One line of text.
#[component]
pub fn Field(
    label: &'static str,
    /// As the request names it; errors are found by it.
    name: &'static str,
    value: RwSignal<String>,
    errors: Errors,
    #[prop(default = "text")] kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] hint: &'static str,
    #[prop(optional)] inputmode: Option<&'static str>,
) -> impl IntoView {
    let error = errors.of(name);
    view! {
        <div class="field">
            <label for=id(name)>{label}</label>
            <input
                class="input"
                id=id(name)
                name=name
                type=kind
                autocomplete=autocomplete
                inputmode=inputmode
                autocapitalize=(kind == "email").then_some("none")
                spellcheck=(kind == "email").then_some("false")
                prop:value=value
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    errors.clear_field(name);
                }
                aria-invalid=flag(move || error.get().is_some())
                aria-describedby=described_by(name, hint, error)
            />
            {below(name, hint, error)}
        </div>
    }
    .into_any()
}

/// A password with a button that shows it.
#[component]
pub fn PasswordField(
    label: &'static str,
    name: &'static str,
    value: RwSignal<String>,
    errors: Errors,
    autocomplete: &'static str,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let error = errors.of(name);
    let is_shown = RwSignal::new(false);
    let texts = t().auth;
    view! {
        <div class="field">
            <label for=id(name)>{label}</label>
            <div class="input-group">
                <input
                    class="input"
                    id=id(name)
                    name=name
                    type=move || if is_shown.get() { "text" } else { "password" }
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    prop:value=value
                    on:input=move |event| {
                        value.set(event_target_value(&event));
                        errors.clear_field(name);
                    }
                    aria-invalid=flag(move || error.get().is_some())
                    aria-describedby=described_by(name, hint, error)
                />
                <button
                    type="button"
                    aria-label=move || if is_shown.get() { texts.hide_password_name } else { texts.show_password_name }
                    on:click=move |_| is_shown.update(|is_shown| *is_shown = !*is_shown)
                >
                    {dynamic(move || icon_16(if is_shown.get() { "eye-off" } else { "eye" }))}
                    {dynamic(move || if is_shown.get() { texts.hide_password } else { texts.show_password })}
                </button>
            </div>
            {below(name, hint, error)}
        </div>
    }
    .into_any()
}

/// A choice of at most a dozen, as the browser draws it.
#[component]
pub fn Select(
    label: &'static str,
    name: &'static str,
    value: RwSignal<String>,
    errors: Errors,
    /// Values and their words.
    options: Vec<(String, String)>,
    #[prop(default = "off")] autocomplete: &'static str,
) -> impl IntoView {
    let error = errors.of(name);
    let options = options.into_iter().map(|(option, words)| {
        let is_chosen = option == value.get_untracked();
        view! { <option value=option selected=is_chosen>{words}</option> }.into_any()
    });
    view! {
        <div class="field">
            <label for=id(name)>{label}</label>
            <select
                class="input"
                id=id(name)
                name=name
                autocomplete=autocomplete
                on:change=move |event| {
                    value.set(event_target_value(&event));
                    errors.clear_field(name);
                }
                aria-invalid=flag(move || error.get().is_some())
                aria-describedby=described_by(name, "", error)
            >
                {options.collect_view()}
            </select>
            {below(name, "", error)}
        </div>
    }
    .into_any()
}

/// A tick with a sentence beside it.
#[component]
pub fn Checkbox(name: &'static str, value: RwSignal<bool>, errors: Errors, children: Children) -> impl IntoView {
    let error = errors.of(name);
    view! {
        <div class="field">
            <div class="check">
                <input
                    type="checkbox"
                    id=id(name)
                    name=name
                    prop:checked=value
                    on:change=move |event| {
                        value.set(event_target_checked(&event));
                        errors.clear_field(name);
                    }
                    aria-invalid=flag(move || error.get().is_some())
                    aria-describedby=described_by(name, "", error)
                />
                <label for=id(name)>{children()}</label>
            </div>
            {below(name, "", error)}
        </div>
    }
    .into_any()
}

/// The element id of a field.
pub fn id(name: &str) -> String {
    format!("f-{}", name.replace('.', "-"))
}

pub fn described_by(name: &'static str, hint: &'static str, error: Signal<Option<String>>) -> Signal<Option<String>> {
    Signal::derive(move || (error.get().is_some() || !hint.is_empty()).then(|| format!("{}-more", id(name))))
}

pub fn below(name: &'static str, hint: &'static str, error: Signal<Option<String>>) -> AnyView {
    let more = format!("{}-more", id(name));
    dynamic(move || match error.get() {
        Some(message) => {
            view! { <p class="error" id=more.clone()>{icon_16("triangle")} <span>{message}</span></p> }.into_any()
        }
        None if hint.is_empty() => ().into_any(),
        None => view! { <p class="hint" id=more.clone()>{hint}</p> }.into_any(),
    })
}
