//! Turning two-step sign-in on: the secret for the app, then a code of it.

use common::{
    ErrorCode,
    mfa::{ConfirmMfa, EnrolMfa, MfaEnrolment, QrCode},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{
    codes::Origin,
    two_step::{CodeForm, HEADING, Page, Stage},
};
use crate::{
    api, browser,
    components::{
        button::{Button, Kind, PlainButton},
        copy::CopyButton,
        field::Field,
        icon::icon_16,
        problem::Words,
    },
    explain::could_not,
    session::use_session,
    text::t,
};

/// Letters of the secret that are read out together.
const GROUP: usize = 4;

/// Asks the server for a secret.
pub fn start(page: Page, is_busy: RwSignal<bool>, problem: RwSignal<Option<Words>>) {
    is_busy.set(true);
    problem.set(None);
    spawn_local(async move {
        let answer = api::call::<EnrolMfa>(&[], &()).await;
        if is_busy.try_set(false).is_some() {
            // The page is gone.
            return;
        }
        match answer {
            Ok(started) => page.go_to(Stage::Enrol(started)),
            Err(failure) if failure.is(ErrorCode::SignInAgain) => problem.set(Some(Words {
                title: t().security.sign_in_again.to_owned(),
                detail: t().security.sign_in_again_text.to_owned(),
                reference: None,
            })),
            Err(failure) => problem.set(Some(could_not(&failure, t().security.start_failed))),
        }
    });
}

pub fn enrolment(page: Page, started: MfaEnrolment) -> AnyView {
    let session = use_session();
    let texts = t().security;
    let form = CodeForm::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(code) = form.begin(texts.code_needed) else {
            return;
        };
        spawn_local(async move {
            let answer = api::call::<ConfirmMfa>(&[], &code).await;
            if form.is_busy.try_set(false).is_some() {
                // The page is gone.
                return;
            }
            match answer {
                Ok(codes) => {
                    api::forget_csrf();
                    session.must_enrol.set(false);
                    let count = u32::try_from(codes.recovery_codes.len()).unwrap_or(u32::MAX);
                    page.mfa.update(|mfa| {
                        mfa.is_enabled = true;
                        mfa.enabled_at = Some(browser::now());
                        mfa.recovery_codes_left = count;
                    });
                    page.go_to(Stage::Codes(codes, Origin::TurnedOn));
                }
                Err(failure) => form.refuse(&failure, texts.confirm_failed),
            }
        });
    };
    let cancel = Callback::new(move |()| page.go_to(Stage::Status));
    view! {
        <section class="card">
            <div class="card-part stack">
                <h2 id=HEADING tabindex="-1">{texts.scan_title}</h2>
                <p class="soft">{texts.scan_text}</p>
                {qr(started.qr)}
                <p class="only-phone">
                    <a class="btn btn-secondary btn-wide" href=started.otpauth_uri rel="external">
                        {icon_16("phone")}
                        {texts.open_app}
                    </a>
                </p>
                <div class="stack-tight">
                    <p class="small muted">{texts.secret_text}</p>
                    <p class="mono secret">{grouped(&started.secret)}</p>
                    <div class="row"><CopyButton label=texts.copy_secret text=started.secret/></div>
                </div>
            </div>
            <form class="card-part form" novalidate=true on:submit=submit>
                <h2>{texts.confirm_title}</h2>
                {form.troubles()}
                <Field
                    label=texts.code
                    name="code"
                    value=form.code
                    errors=form.errors
                    autocomplete="one-time-code"
                    inputmode="numeric"
                />
                <div class="row">
                    <Button
                        label=texts.confirm
                        busy_label=texts.confirming
                        is_busy=form.is_busy
                        is_off=form.rest.is_on()
                    />
                    <PlainButton label=texts.cancel on_press=cancel kind=Kind::Quiet/>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// Dark on white in both schemes, since many apps cannot read the reverse.
fn qr(code: QrCode) -> AnyView {
    let QrCode { size, path } = code;
    view! {
        <svg class="qr" viewBox=format!("0 0 {size} {size}") role="img" aria-label=t().security.qr_name>
            <rect class="qr-paper" width=size height=size/>
            <path class="qr-ink" d=path/>
        </svg>
    }
    .into_any()
}

/// `JBSW Y3DP EHPK`: a secret for typing by hand.
fn grouped(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters
        .chunks(GROUP)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_grouped_by_four() {
        assert_eq!(grouped("JBSWY3DPEHPK3PXP"), "JBSW Y3DP EHPK 3PXP");
        assert_eq!(grouped("JBSWY"), "JBSW Y");
        assert_eq!(grouped(""), "");
    }
}
