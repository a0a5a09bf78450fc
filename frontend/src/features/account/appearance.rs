//! Appearance: System, Light or Dark; kept in this browser, applied at once.

use leptos::prelude::*;

use super::frame::settings_frame;
use crate::{browser, text::t};

/// Read by `public/theme.js` before anything is painted.
const THEME_KEY: &str = "capecontrol.theme";

#[component]
pub fn AppearancePage() -> impl IntoView {
    let texts = t().account;
    let chosen = RwSignal::new(browser::local().get(THEME_KEY).unwrap_or_default());
    let options = [("", texts.system), ("light", texts.light), ("dark", texts.dark)];
    let radios = options.into_iter().map(|(theme, name)| {
        let choose = move |_| {
            chosen.set(theme.to_owned());
            if theme.is_empty() {
                browser::local().remove(THEME_KEY);
                browser::set_theme(None);
            } else {
                browser::local().set(THEME_KEY, theme);
                browser::set_theme(Some(theme));
            }
        };
        view! {
            <label class="radio">
                <input
                    type="radio"
                    name="appearance"
                    value=theme
                    prop:checked=move || *chosen.read() == theme
                    on:change=choose
                />
                {name}
            </label>
        }
        .into_any()
    });
    let card = view! {
        <section class="card">
            <fieldset class="card-part stack">
                <legend class="visually-hidden">{texts.appearance}</legend>
                <p class="muted small">{texts.appearance_text}</p>
                <div class="radios">{radios.collect_view()}</div>
            </fieldset>
        </section>
    };
    settings_frame(texts.appearance, card)
}
