//! Confirms the address. Opening the link changes nothing, since mail scanners open links; the press does.

use common::{
    ErrorCode,
    auth::{EmailVerification, VerifyEmail},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

use super::column;
use crate::{
    api,
    components::{
        badge::Tone,
        button::{Button, ButtonLink, Fit, Kind},
        heading::Heading,
        notice::Notice,
        problem::problem_banner,
    },
    explain::could_not,
    next,
    text::t,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Ask,
    Confirmed,
    /// The address was signed up with several passwords: a mail brings a link that sets one.
    ChoosePassword,
    /// The token was used, is too old, or is missing.
    Useless,
}

#[component]
pub fn VerifyPage() -> impl IntoView {
    let token = use_query_map().read_untracked().get("token").unwrap_or_default();
    let has_token = !token.is_empty();
    let stage = RwSignal::new(if has_token { Stage::Ask } else { Stage::Useless });
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);

    let confirm = Callback::new(move |()| {
        is_busy.set(true);
        problem.set(None);
        let verification = EmailVerification { token: token.clone() };
        spawn_local(async move {
            match api::call::<VerifyEmail>(&[], &verification).await {
                Ok(confirmed) if confirmed.choose_password => stage.set(Stage::ChoosePassword),
                Ok(_) => stage.set(Stage::Confirmed),
                Err(failure) if failure.is(ErrorCode::TokenInvalid) || failure.is(ErrorCode::Invalid) => {
                    stage.set(Stage::Useless);
                }
                Err(failure) => problem.set(Some(could_not(&failure, t().auth.verify_failed))),
            }
            is_busy.set(false);
        });
    });

    column(move || match stage.get() {
        Stage::Ask => view! {
            <Heading text=t().auth.verify_title/>
            <p class="soft">{t().auth.verify_text}</p>
            {problem_banner(problem)}
            <Button
                label=t().auth.verify_button
                busy_label=t().auth.verifying
                is_busy
                fit=Fit::Large
                on_press=confirm
            />
        }
        .into_any(),
        Stage::Confirmed => confirmed().into_any(),
        Stage::ChoosePassword => choose_password().into_any(),
        Stage::Useless => useless(has_token).into_any(),
    })
}

fn confirmed() -> impl IntoView {
    let texts = t().auth;
    let goes_on = next::peek().is_some();
    view! {
        <Heading text=texts.verified_title/>
        <Notice tone=Tone::Positive icon_name="check" title=if goes_on { texts.verified_next } else { texts.verified_text }/>
        <ButtonLink href="/sign-in" label=texts.sign_in fit=Fit::Large/>
    }.into_any()
}

fn choose_password() -> impl IntoView {
    let texts = t().auth;
    view! {
        <Heading text=texts.verified_title/>
        <p class="soft">{texts.verified_choose}</p>
        <ButtonLink href="/sign-in" label=texts.sign_in kind=Kind::Secondary fit=Fit::Large/>
    }
    .into_any()
}

fn useless(has_token: bool) -> impl IntoView {
    let texts = t().auth;
    view! {
        <Heading text=texts.token_title/>
        <p class="soft">{if has_token { texts.token_text } else { texts.token_missing }}</p>
        <div class="actions">
            <ButtonLink href="/sign-in" label=texts.sign_in fit=Fit::Large/>
            <ButtonLink href="/register" label=texts.create_account kind=Kind::Secondary fit=Fit::Large/>
        </div>
    }
    .into_any()
}
