//! Two-step sign-in: on or off, since when, and how to change it. `enrol.rs` turns it on.

use common::{
    ErrorCode, FieldError,
    mfa::{DisableMfa, GetMfa, MfaCode, MfaEnrolment, MfaStatus, RecoveryCodes, RenewRecoveryCodes},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{
    codes::{Origin, kept_codes},
    enrol::{enrolment, start},
    frame::settings_frame,
};
use crate::{
    api::{self, Failure},
    browser,
    components::{
        badge::{Mark, Tone, badge},
        button::{Button, Kind, PlainButton},
        countdown::Countdown,
        dialog::Dialog,
        dynamic::{dynamic, react},
        field::{Errors, Field},
        notice::{Notice, resting},
        problem::{self, problem_banner},
        skeleton::card_skeleton,
        time::day,
        toast::Toast,
    },
    explain::could_not,
    remote::{Remote, remote},
    text::t,
};

/// So few codes are left that new ones should be made.
const FEW_CODES: u32 = 3;
/// The heading of what is shown, which gets the keyboard when that changes.
pub const HEADING: &str = "two-step-heading";

/// What the page shows; nothing of it is in the address, since secrets are not.
#[derive(Clone, PartialEq)]
pub enum Stage {
    Status,
    Enrol(MfaEnrolment),
    Codes(RecoveryCodes, Origin),
}

/// The page's state.
#[derive(Clone, Copy)]
pub struct Page {
    pub mfa: Remote<MfaStatus>,
    pub stage: RwSignal<Stage>,
}

impl Page {
    /// Shows `stage` and gives its heading the keyboard.
    pub fn go_to(self, stage: Stage) {
        self.stage.set(stage);
        request_animation_frame(|| browser::focus(HEADING));
    }
}

#[component]
pub fn TwoStepPage() -> impl IntoView {
    let texts = t().security;
    let page = Page {
        mfa: remote(|| api::call::<GetMfa>(&[], &())),
        stage: RwSignal::new(Stage::Status),
    };
    let content = dynamic(move || match page.stage.get() {
        Stage::Status => page.mfa.show(texts.two_step_failed, card_skeleton, move |mfa| {
            if mfa.is_enabled {
                turned_on(page, &mfa)
            } else {
                turned_off(page, &mfa)
            }
        }),
        Stage::Enrol(started) => enrolment(page, started),
        Stage::Codes(codes, origin) => kept_codes(page, codes, origin),
    });
    settings_frame(t().account.two_step, content)
}

fn turned_off(page: Page, mfa: &MfaStatus) -> AnyView {
    let texts = t().security;
    let is_busy = RwSignal::new(false);
    let problem = RwSignal::new(None);
    let begin = Callback::new(move |()| start(page, is_busy, problem));
    let needed = mfa
        .is_required
        .then(|| view! { <Notice tone=Tone::Warning icon_name="lock" title=texts.required_text/> }.into_any());
    view! {
        <section class="card">
            <div class="card-part stack">
                <div class="section-head">
                    <h2 id=HEADING tabindex="-1">{texts.off_title}</h2>
                    {badge(Mark::new(Tone::Neutral, "slash", texts.off))}
                </div>
                {needed}
                <p class="soft">{texts.off_text}</p>
                <p class="soft">{texts.off_app}</p>
                {problem_banner(problem)}
                <div class="row">
                    <Button label=texts.turn_on busy_label=texts.starting is_busy on_press=begin icon="shield"/>
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn turned_on(page: Page, mfa: &MfaStatus) -> AnyView {
    let texts = t().security;
    let renewing = RwSignal::new(false);
    let turning_off = RwSignal::new(false);
    let open = |dialog: RwSignal<bool>| Callback::new(move |()| dialog.set(true));
    let since = mfa
        .enabled_at
        .map(|at| view! { <p class="soft">{texts.since} " " {day(at)}</p> }.into_any());
    let off = if mfa.is_required {
        view! { <p class="hint">{texts.staff_keep}</p> }.into_any()
    } else {
        view! { <PlainButton label=texts.turn_off on_press=open(turning_off) kind=Kind::Quiet/> }.into_any()
    };
    view! {
        <section class="card">
            <div class="card-part stack">
                <div class="section-head">
                    <h2 id=HEADING tabindex="-1">{texts.on_title}</h2>
                    {badge(Mark::new(Tone::Positive, "check", texts.on))}
                </div>
                {since}
                {codes_left(mfa.recovery_codes_left)}
                <div class="row">
                    <PlainButton label=texts.renew on_press=open(renewing) kind=Kind::Secondary/>
                    {off}
                </div>
            </div>
        </section>
        {ask_code(Purpose::Renew, renewing, page)}
        {ask_code(Purpose::TurnOff, turning_off, page)}
    }
    .into_any()
}

fn codes_left(count: u32) -> AnyView {
    let texts = t().security;
    match count {
        0 => view! { <Notice tone=Tone::Danger icon_name="triangle" title=texts.no_codes_left/> }.into_any(),
        1..=FEW_CODES => {
            let words = texts.few_codes(&codes_in_words(count));
            view! { <Notice tone=Tone::Warning icon_name="triangle" title=words/> }.into_any()
        }
        _ => view! { <p class="soft">{texts.codes_left(&codes_in_words(count))}</p> }.into_any(),
    }
}

/// `1 recovery code`, `4 recovery codes`
fn codes_in_words(count: u32) -> String {
    let texts = t().security;
    if count == 1 {
        texts.one_code.to_owned()
    } else {
        texts.many_codes(&count.to_string())
    }
}

/// What a code is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Renew,
    TurnOff,
}

/// The words of one purpose.
struct Words {
    title: &'static str,
    text: &'static str,
    act: &'static str,
    acting: &'static str,
    keep: &'static str,
    failed: &'static str,
    kind: Kind,
}

impl Purpose {
    fn words(self) -> Words {
        let texts = t().security;
        match self {
            Purpose::Renew => Words {
                title: texts.renew_title,
                text: texts.renew_text,
                act: texts.renew_act,
                acting: texts.renewing,
                keep: texts.keep_codes,
                failed: texts.renew_failed,
                kind: Kind::Primary,
            },
            Purpose::TurnOff => Words {
                title: texts.turn_off_title,
                text: texts.turn_off_text,
                act: texts.turn_off_act,
                acting: texts.turning_off,
                keep: texts.keep_on,
                failed: texts.turn_off_failed,
                kind: Kind::Danger,
            },
        }
    }

    async fn act(self, code: &MfaCode) -> Result<Option<RecoveryCodes>, Failure> {
        match self {
            Purpose::Renew => api::call::<RenewRecoveryCodes>(&[], code).await.map(Some),
            Purpose::TurnOff => api::call::<DisableMfa>(&[], code).await.map(|_| None),
        }
    }
}

/// A dialog that does it when a code is right.
fn ask_code(purpose: Purpose, is_open: RwSignal<bool>, page: Page) -> AnyView {
    let texts = t().security;
    let toast: Toast = expect_context();
    let form = CodeForm::new();
    let words = purpose.words();
    react(move || {
        if is_open.get() {
            form.reset();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(code) = form.begin(texts.any_code_needed) else {
            return;
        };
        spawn_local(async move {
            let answer = purpose.act(&code).await;
            if form.is_busy.try_set(false).is_some() {
                // The page is gone.
                return;
            }
            match answer {
                Ok(codes) => {
                    is_open.set(false);
                    done(page, codes, toast);
                }
                Err(failure) => form.refuse(&failure, purpose.words().failed),
            }
        });
    };
    let keep = Callback::new(move |()| is_open.set(false));
    view! {
        <Dialog is_open title=words.title is_busy=form.is_busy>
            <form class="form" novalidate=true on:submit=submit>
                <p class="soft">{words.text}</p>
                {form.troubles()}
                <Field
                    label=texts.any_code
                    name="code"
                    value=form.code
                    errors=form.errors
                    autocomplete="one-time-code"
                />
                <div class="dialog-actions">
                    <PlainButton label=words.keep on_press=keep kind=Kind::Secondary/>
                    <Button
                        label=words.act
                        busy_label=words.acting
                        is_busy=form.is_busy
                        is_off=form.rest.is_on()
                        kind=words.kind
                    />
                </div>
            </form>
        </Dialog>
    }
    .into_any()
}

fn done(page: Page, codes: Option<RecoveryCodes>, toast: Toast) {
    match codes {
        Some(codes) => {
            let count = u32::try_from(codes.recovery_codes.len()).unwrap_or(u32::MAX);
            page.mfa.update(|mfa| mfa.recovery_codes_left = count);
            page.go_to(Stage::Codes(codes, Origin::Renewed));
        }
        None => {
            page.mfa.update(|mfa| {
                mfa.is_enabled = false;
                mfa.enabled_at = None;
                mfa.recovery_codes_left = 0;
            });
            toast.say(t().security.turned_off);
            request_animation_frame(|| browser::focus(HEADING));
        }
    }
}

/// One code on its way to the server.
#[derive(Clone, Copy)]
pub struct CodeForm {
    pub code: RwSignal<String>,
    pub errors: Errors,
    pub is_busy: RwSignal<bool>,
    problem: RwSignal<Option<problem::Words>>,
    pub rest: Countdown,
}

impl CodeForm {
    pub fn new() -> Self {
        Self {
            code: RwSignal::new(String::new()),
            errors: Errors::new(),
            is_busy: RwSignal::new(false),
            problem: RwSignal::new(None),
            rest: Countdown::new(),
        }
    }

    fn reset(self) {
        self.code.set(String::new());
        self.errors.clear();
        self.problem.set(None);
    }

    /// The typed code, once: `None` while one is under way, must wait, or is missing.
    pub fn begin(self, missing: &str) -> Option<MfaCode> {
        if self.is_busy.get_untracked() || self.rest.is_running_now() {
            return None;
        }
        self.problem.set(None);
        let code = self.code.get_untracked().replace(char::is_whitespace, "");
        if code.is_empty() {
            self.errors.show(vec![FieldError::required("code", missing)]);
            return None;
        }
        self.errors.clear();
        self.is_busy.set(true);
        Some(MfaCode { code })
    }

    /// Shows why the code was not taken; what was typed stays.
    pub fn refuse(self, failure: &Failure, what: &str) {
        if let Some(seconds) = failure.wait() {
            return self.rest.start(seconds);
        }
        match code_error(failure) {
            Some(error) => self.errors.show(vec![error]),
            None => self.problem.set(Some(could_not(failure, what))),
        }
    }

    /// Stands above the field.
    pub fn troubles(self) -> AnyView {
        view! {
            {problem_banner(self.problem)}
            {resting(self.rest)}
        }
        .into_any()
    }
}

/// What is wrong with the code, if it is the code.
fn code_error(failure: &Failure) -> Option<FieldError> {
    let problem = failure.problem()?;
    let told = problem
        .errors
        .iter()
        .find(|error| matches!(error.field.as_str(), "code" | "totp"));
    match told {
        Some(error) => Some(FieldError::new("code", error.code.clone(), error.message.clone())),
        None if problem.is(ErrorCode::InvalidCredentials) => {
            Some(FieldError::new("code", "invalid", t().security.code_wrong))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_counted_in_words() {
        assert_eq!(codes_in_words(1), "1 recovery code");
        assert_eq!(codes_in_words(3), "3 recovery codes");
        assert_eq!(
            t().security.few_codes(&codes_in_words(1)),
            "Only 1 recovery code left. Make new ones before you run out."
        );
    }
}
