//! A new secret, shown once: copied, kept, and confirmed before it goes.

use common::{FieldError, api_keys::ApiKeySecret};
use leptos::prelude::*;

use crate::{
    browser,
    components::{
        badge::Tone,
        button::PlainButton,
        copy::CopyButton,
        data::code_block,
        field::{Checkbox, Errors},
        notice::Notice,
    },
    text::t,
};

/// Gets the keyboard when a secret appears.
pub const TITLE_ID: &str = "secret-title";

/// The card with the secret; `done` runs once it was kept.
#[component]
pub fn Secret(made: ApiKeySecret, done: Callback<()>) -> impl IntoView {
    let texts = t().keys;
    let is_kept = RwSignal::new(false);
    let errors = Errors::new();
    let finish = Callback::new(move |()| {
        if is_kept.get_untracked() {
            done.run(());
        } else {
            errors.show(vec![FieldError::required("kept", texts.kept_needed)]);
        }
    });
    request_animation_frame(|| browser::focus(TITLE_ID));
    view! {
        <section class="card" aria-labelledby=TITLE_ID>
            <div class="card-part stack">
                <h2 id=TITLE_ID tabindex="-1">{texts.secret_title(&made.key.name)}</h2>
                <Notice tone=Tone::Warning icon_name="key" title=texts.secret_once text=texts.secret_text/>
                {code_block(texts.secret_name, made.secret.clone())}
                <div class="row"><CopyButton label=texts.copy text=made.secret/></div>
                <Checkbox name="kept" value=is_kept errors>{texts.kept}</Checkbox>
                <div class="row"><PlainButton label=texts.done on_press=finish/></div>
            </div>
        </section>
    }
    .into_any()
}
