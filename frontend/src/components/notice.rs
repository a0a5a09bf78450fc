//! Banners: a soft fill, an icon, a bold first line, at most one action.

use leptos::prelude::*;

use super::{badge::Tone, countdown::Countdown, dynamic::dynamic, icon::icon};
use crate::text::t;

#[component]
pub fn Notice(
    tone: Tone,
    icon_name: &'static str,
    #[prop(into)] title: String,
    #[prop(optional, into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let role = if tone == Tone::Danger { "alert" } else { "status" };
    view! {
        <div class=format!("banner {}", tone.class()) role=role>
            {icon(icon_name)}
            <div class="banner-words">
                <p>{title}</p>
                {(!text.is_empty()).then(|| view! { <p>{text}</p> }.into_any())}
            </div>
            {children.map(|children| children())}
        </div>
    }
    .into_any()
}

/// Says that there were too many tries, while `rest` lasts.
pub fn resting(rest: Countdown) -> AnyView {
    dynamic(move || {
        rest.is_running().then(|| {
            view! {
                <Notice tone=Tone::Danger icon_name="clock" title=t().common.too_many_short>
                    <p class="banner-more">{rest.words(|time| t().common.wait_again(time))}</p>
                </Notice>
            }
            .into_any()
        })
    })
}
