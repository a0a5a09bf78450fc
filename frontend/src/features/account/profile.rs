//! Profile: who one is, signing out.

use leptos::{prelude::*, task::spawn_local};

use super::frame::settings_frame;
use crate::{
    components::{
        button::{Button, Kind},
        data::fact,
        dynamic::dynamic,
        problem::problem_banner,
    },
    explain::could_not,
    session::{Who, use_session},
    text::t,
};

#[component]
pub fn ProfilePage() -> impl IntoView {
    let session = use_session();
    let texts = t().account;
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let sign_out = Callback::new(move |()| {
        is_busy.set(true);
        problem.set(None);
        spawn_local(async move {
            if let Err(failure) = session.sign_out().await {
                problem.set(Some(could_not(&failure, texts.sign_out_failed)));
                is_busy.set(false);
            }
        });
    });
    let person = move || match session.who.get() {
        Who::Somebody(signed_in) => Some(
            view! {
                <dl class="facts">
                    {fact(texts.name, format!("{} {}", signed_in.user.first_name, signed_in.user.last_name))}
                    {fact(texts.email, signed_in.user.email)}
                </dl>
            }
            .into_any(),
        ),
        Who::Asking | Who::Nobody | Who::Unreachable(_) => None,
    };
    let card = view! {
        <section class="card">
            <div class="card-part stack">
                {dynamic(person)}
                {problem_banner(problem)}
                <div class="row">
                    <Button
                        label=texts.sign_out
                        busy_label=texts.signing_out
                        is_busy
                        on_press=sign_out
                        kind=Kind::Secondary
                        icon="leave"
                    />
                </div>
            </div>
        </section>
    };
    settings_frame(texts.profile, card)
}
