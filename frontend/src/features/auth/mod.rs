//! Signing up, confirming the address, signing in, and setting a forgotten password.

mod check_mail;
mod forgot;
mod register;
mod resend;
mod reset;
mod second_step;
mod sign_in;
mod verify;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{chunk::pages, components::art::Horizon, next};

pages! {
    auth:
    register => register::RegisterPage,
    check_mail => check_mail::CheckMailPage,
    verify => verify::VerifyPage,
    sign_in => sign_in::SignInPage,
    forgot => forgot::ForgotPage,
    reset => reset::ResetPage,
}

/// The address that the mail was sent to, for the page that says so.
const SENT_TO_KEY: &str = "capecontrol.sent_to";

/// The address that is being typed on one of these pages, for the next of them.
const ADDRESS_KEY: &str = "capecontrol.address";

/// One narrow column under the horizon.
pub fn column(content: impl IntoView + 'static) -> impl IntoView {
    view! {
        <div>
            <Horizon/>
            <div class="page page-form auth stack">{content}</div>
        </div>
    }
    .into_any()
}

/// Where the visitor wants to go: from the address, else remembered from before the mail.
fn wanted() -> Option<String> {
    let query = use_query_map();
    let asked = query
        .read_untracked()
        .get("next")
        .filter(|path| next::safe(path).is_some());
    asked.or_else(next::peek)
}
