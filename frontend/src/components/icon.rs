//! Icons of the sprite in `index.html`. They are decoration: words stand beside them.

use leptos::prelude::*;

/// 20 px.
pub fn icon(name: &'static str) -> AnyView {
    draw(name, "icon")
}

/// 16 px, in buttons.
pub fn icon_16(name: &'static str) -> AnyView {
    draw(name, "icon icon-16")
}

/// 14 px, in badges.
pub fn icon_14(name: &'static str) -> AnyView {
    draw(name, "icon icon-14")
}

fn draw(name: &'static str, class: &'static str) -> AnyView {
    view! { <svg class=class aria-hidden="true"><use href=format!("#i-{name}")/></svg> }.into_any()
}
