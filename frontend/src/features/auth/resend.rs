//! Sends the link of a mail again, after a rest.

use std::{future::Future, pin::Pin};

use common::passwords::{ForgotPassword, MailRequest, ResendVerification};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{self, Failure},
    components::{
        button::{Button, Kind},
        countdown::Countdown,
        dynamic::dynamic,
        problem::problem_banner,
    },
    explain::could_not,
    text::t,
};

/// Mails take some seconds; a second one at once would only confuse.
const REST_SECONDS: u32 = 60;

/// The link that is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Verification,
    Reset,
}

impl Link {
    pub fn send(self, email: &str) -> Pin<Box<dyn Future<Output = Result<(), Failure>>>> {
        let request = MailRequest {
            email: email.trim().to_owned(),
        };
        Box::pin(async move {
            match self {
                Link::Verification => api::call::<ResendVerification>(&[], &request).await,
                Link::Reset => api::call::<ForgotPassword>(&[], &request).await,
            }
            .map(|_| ())
        })
    }
}

/// Whether a mail has just left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastMail {
    JustSent,
    LongAgo,
}

/// A button that sends the link to `email` again.
#[component]
pub fn Resend(link: Link, #[prop(into)] email: Signal<String>, last: LastMail) -> impl IntoView {
    let texts = t().auth;
    let rest = Countdown::new();
    if last == LastMail::JustSent {
        rest.start(REST_SECONDS);
    }
    let is_busy = RwSignal::new(false);
    let is_sent = RwSignal::new(false);
    let problem = RwSignal::new(None);
    let send = Callback::new(move |()| {
        is_busy.set(true);
        is_sent.set(false);
        problem.set(None);
        spawn_local(async move {
            let answer = link.send(&email.get_untracked()).await;
            if is_busy.try_set(false).is_some() {
                // The page is gone.
                return;
            }
            match answer {
                Ok(()) => {
                    is_sent.set(true);
                    rest.start(REST_SECONDS);
                }
                Err(failure) => match failure.wait() {
                    Some(seconds) => rest.start(seconds),
                    None => problem.set(Some(could_not(&failure, texts.resend_failed))),
                },
            }
        });
    });
    let told = move || {
        is_sent
            .get()
            .then(|| view! { <p class="small soft">{texts.resent}</p> }.into_any())
    };
    view! {
        <div class="stack-tight">
            {problem_banner(problem)}
            <div role="status">{dynamic(told)}</div>
            <div class="row">
                <Button
                    label=texts.resend
                    busy_label=texts.resending
                    is_busy
                    is_off=rest.is_on()
                    on_press=send
                    kind=Kind::Secondary
                />
            </div>
            <p class="hint">{rest.words(|time| t().auth.ask_again_in(time))}</p>
        </div>
    }
    .into_any()
}
