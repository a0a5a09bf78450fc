//! Says that a mail is on its way, and what to do when it does not come.

use leptos::prelude::*;

use super::{
    SENT_TO_KEY, column,
    resend::{LastMail, Link, Resend},
};
use crate::{
    browser,
    components::{
        button::{ButtonLink, Kind},
        heading::Heading,
    },
    text::t,
};

#[component]
pub fn CheckMailPage() -> impl IntoView {
    let texts = t().auth;
    let sent_to = browser::session().get(SENT_TO_KEY);
    let resend = sent_to
        .clone()
        .map(|email| view! { <Resend link=Link::Verification email last=LastMail::JustSent/> }.into_any());
    column(
        view! {
            <Heading text=texts.check_title/>
            {sent_to.map(|email| view! { <p class="strong">{texts.sent_to(&email)}</p> }.into_any())}
            <p class="soft">{texts.check_intro}</p>
            <p class="soft">{texts.check_next}</p>
            <section class="card">
                <div class="card-part stack">
                    <h2>{texts.check_no_mail}</h2>
                    <ul class="prose small">
                        <li>{texts.check_spam}</li>
                        <li>{texts.check_typo}</li>
                        <li>{texts.check_known}</li>
                    </ul>
                    {resend}
                    <div class="row">
                        <ButtonLink href="/register" label=texts.check_again kind=Kind::Quiet/>
                        <ButtonLink href="/sign-in" label=texts.sign_in kind=Kind::Quiet/>
                    </div>
                </div>
            </section>
        }
        .into_any(),
    )
}
