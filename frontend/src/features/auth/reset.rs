//! Sets a new password with the link of a mail. The token leaves the address bar at once and stays in memory.

use common::{
    ErrorCode,
    passwords::{PasswordReset, ResetPassword},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

use super::{ADDRESS_KEY, column};
use crate::{
    api, browser,
    components::{
        button::{Button, ButtonLink, Fit, Kind},
        dynamic::dynamic,
        field::Errors,
        heading::Heading,
        problem::problem_banner,
    },
    explain::could_not,
    passwords::{NewPassword, NewPasswordField},
    text::t,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Ask,
    /// The token was used, is too old, or is no token.
    Dead,
    /// The address has none.
    Missing,
}

#[component]
pub fn ResetPage() -> impl IntoView {
    let token = use_query_map().read_untracked().get("token").unwrap_or_default();
    browser::hide_query();
    let stage = RwSignal::new(if token.is_empty() { Stage::Missing } else { Stage::Ask });
    column(dynamic(move || match stage.get() {
        Stage::Ask => ask(token.clone(), stage),
        Stage::Dead => dead(t().auth.reset_dead),
        Stage::Missing => dead(t().auth.reset_missing),
    }))
}

fn ask(token: String, stage: RwSignal<Stage>) -> AnyView {
    let texts = t().auth;
    let address = browser::session().get(ADDRESS_KEY);
    let password = NewPassword::new(move || address.iter().cloned().collect());
    let errors = Errors::new();
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        problem.set(None);
        let password = match password.check("password") {
            Ok(password) => password,
            Err(refused) => return errors.show(vec![refused]),
        };
        errors.clear();
        is_busy.set(true);
        let reset = PasswordReset {
            token: token.clone(),
            password,
        };
        spawn_local(async move {
            match api::call::<ResetPassword>(&[], &reset).await {
                // A session of this browser has ended too, so everything in memory goes.
                Ok(_) => return browser::leave_to("/sign-in?reset=1"),
                Err(failure) => match failure.problem().filter(|problem| problem.field("password").is_some()) {
                    Some(refused) => errors.show(refused.errors.clone()),
                    None if failure.is(ErrorCode::TokenInvalid) || failure.is(ErrorCode::Invalid) => {
                        stage.set(Stage::Dead);
                    }
                    None => problem.set(Some(could_not(&failure, texts.reset_failed))),
                },
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <Heading text=texts.reset_title/>
        <p class="soft">{texts.reset_text}</p>
        <form class="form" novalidate=true on:submit=submit>
            {problem_banner(problem)}
            <NewPasswordField label=t().security.new_password name="password" password errors/>
            <Button label=texts.reset_save busy_label=t().common.saving is_busy fit=Fit::Large/>
        </form>
    }
    .into_any()
}

fn dead(words: &'static str) -> AnyView {
    let texts = t().auth;
    view! {
        <Heading text=texts.token_title/>
        <p class="soft">{words}</p>
        <div class="actions">
            <ButtonLink href="/forgot-password" label=texts.forgot_again fit=Fit::Large/>
            <ButtonLink href="/sign-in" label=texts.sign_in kind=Kind::Secondary fit=Fit::Large/>
        </div>
    }
    .into_any()
}
