//! Buttons. Their words start with a verb and name the object.

use leptos::{ev::MouseEvent, prelude::*};

use super::dynamic::flag;
use super::icon::icon_16;

/// How much a button weighs; one primary per view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    #[default]
    Primary,
    Secondary,
    Quiet,
    /// Destroys something; only in a dialog that asks.
    Danger,
}

/// Size of a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fit {
    #[default]
    Normal,
    /// 52 high and full width, in the checkout.
    Large,
}

/// A button that shows that it works, keeps its width and ignores presses meanwhile.
///
/// Without `on_press` it submits its form.
#[component]
pub fn Button(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] busy_label: Signal<String>,
    #[prop(into)] is_busy: Signal<bool>,
    /// Cannot be pressed now; the reason stands beside it.
    #[prop(optional, into)]
    is_off: Signal<bool>,
    #[prop(optional)] on_press: Option<Callback<()>>,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] fit: Fit,
    #[prop(optional)] icon: Option<&'static str>,
) -> impl IntoView {
    let press = move |event: MouseEvent| {
        if is_busy.get_untracked() || is_off.get_untracked() {
            event.prevent_default();
        } else if let Some(on_press) = on_press {
            on_press.run(());
        }
    };
    let is_running = flag(move || is_busy.get());
    let is_resting = Signal::derive(move || !is_busy.get());
    view! {
        <button
            class=class(kind, fit)
            type=if on_press.is_some() { "button" } else { "submit" }
            aria-disabled=flag(move || is_busy.get() || is_off.get())
            aria-busy=is_running
            on:click=press
        >
            <span class="btn-labels">
                <span class:is-hidden=is_busy>{icon.map(icon_16)} {label}</span>
                <span class:is-hidden=is_resting>
                    <span class="spinner" aria-hidden="true"></span>
                    {busy_label}
                </span>
            </span>
        </button>
    }
    .into_any()
}

/// A button that only does something in the page, at once.
#[component]
pub fn PlainButton(
    #[prop(into)] label: Signal<String>,
    on_press: Callback<()>,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] fit: Fit,
    #[prop(optional)] icon: Option<&'static str>,
) -> impl IntoView {
    view! {
        <button class=class(kind, fit) type="button" on:click=move |_| on_press.run(())>
            {icon.map(icon_16)}
            {label}
        </button>
    }
    .into_any()
}

/// A link to a page that looks like a button.
#[component]
pub fn ButtonLink(
    #[prop(into)] href: String,
    #[prop(into)] label: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] fit: Fit,
    #[prop(optional)] icon: Option<&'static str>,
) -> impl IntoView {
    view! { <a class=class(kind, fit) href=href>{icon.map(icon_16)} {label}</a> }.into_any()
}

/// A link to a file that the server makes.
#[component]
pub fn DownloadLink(
    #[prop(into)] href: String,
    #[prop(into)] label: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] fit: Fit,
) -> impl IntoView {
    view! { <a class=class(kind, fit) href=href download="">{icon_16("download")} {label}</a> }.into_any()
}

fn class(kind: Kind, fit: Fit) -> String {
    let kind = match kind {
        Kind::Primary => "btn-primary",
        Kind::Secondary => "btn-secondary",
        Kind::Quiet => "btn-quiet",
        Kind::Danger => "btn-danger",
    };
    let fit = match fit {
        Fit::Normal => "",
        Fit::Large => " btn-wide btn-large",
    };
    format!("btn {kind}{fit}")
}
