//! Sends a link to set a new password; the words are the same for every address.

use common::validate::Email;
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{
    ADDRESS_KEY, column,
    resend::{LastMail, Link, Resend},
};
use crate::{
    browser,
    components::{
        button::{Button, Fit, Kind, PlainButton},
        countdown::Countdown,
        dynamic::dynamic,
        field::{Errors, Field},
        heading::Heading,
        problem::problem_banner,
    },
    explain::could_not,
    text::t,
};

#[component]
pub fn ForgotPage() -> impl IntoView {
    let email = RwSignal::new(browser::session().get(ADDRESS_KEY).unwrap_or_default());
    let is_sent = RwSignal::new(false);
    column(dynamic(move || {
        if is_sent.get() {
            sent(email, is_sent)
        } else {
            ask(email, is_sent)
        }
    }))
}

fn ask(email: RwSignal<String>, is_sent: RwSignal<bool>) -> AnyView {
    let texts = t().auth;
    let errors = Errors::new();
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let rest = Countdown::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() || rest.is_running_now() {
            return;
        }
        problem.set(None);
        let address = match Email::parse("email", &email.get_untracked()) {
            Ok(address) => address.as_str().to_owned(),
            Err(refused) => return errors.show(vec![refused]),
        };
        errors.clear();
        is_busy.set(true);
        browser::session().set(ADDRESS_KEY, &address);
        spawn_local(async move {
            let answer = Link::Reset.send(&address).await;
            if is_busy.try_set(false).is_some() {
                // The page is gone.
                return;
            }
            match answer {
                Ok(()) => is_sent.set(true),
                Err(failure) => match (failure.wait(), failure.problem()) {
                    (Some(seconds), _) => rest.start(seconds),
                    (None, Some(refused)) if !refused.errors.is_empty() => errors.show(refused.errors.clone()),
                    (None, _) => problem.set(Some(could_not(&failure, texts.forgot_failed))),
                },
            }
        });
    };
    view! {
        <Heading text=texts.forgot_title/>
        <p class="soft">{texts.forgot_text}</p>
        <form class="form" novalidate=true on:submit=submit>
            {problem_banner(problem)}
            <Field label=texts.email name="email" kind="email" value=email errors autocomplete="username"/>
            <p class="hint" role="status">{rest.words(|time| t().common.wait(time))}</p>
            <Button
                label=texts.forgot_send
                busy_label=texts.resending
                is_busy
                is_off=rest.is_on()
                fit=Fit::Large
            />
        </form>
        <p class="centred"><a class="inline-touch" href="/sign-in">{texts.back_to_sign_in}</a></p>
    }
    .into_any()
}

fn sent(email: RwSignal<String>, is_sent: RwSignal<bool>) -> AnyView {
    let texts = t().auth;
    let again = Callback::new(move |()| is_sent.set(false));
    view! {
        <Heading text=texts.check_title/>
        <p class="strong">{texts.forgot_sent(email.get_untracked().trim())}</p>
        <p class="soft">{texts.forgot_sent_next}</p>
        <section class="card">
            <div class="card-part stack">
                <h2>{texts.check_no_mail}</h2>
                <ul class="prose small">
                    <li>{texts.check_spam}</li>
                    <li>{texts.forgot_known}</li>
                </ul>
                <Resend link=Link::Reset email last=LastMail::JustSent/>
                <div class="row">
                    <PlainButton label=texts.forgot_other on_press=again kind=Kind::Quiet/>
                </div>
            </div>
        </section>
        <p class="centred"><a class="inline-touch" href="/sign-in">{texts.back_to_sign_in}</a></p>
    }
    .into_any()
}
