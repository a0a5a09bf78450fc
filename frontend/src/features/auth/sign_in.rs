//! Signs in, with a second step where it is on, and goes on to where the visitor wanted.

use common::{ErrorCode, FieldError, auth::Credentials, validate::Email};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::{
    ADDRESS_KEY, column,
    resend::{LastMail, Link, Resend},
    second_step::{Kind, second_step},
    wanted,
};
use crate::{
    api::Failure,
    browser,
    components::{
        badge::Tone,
        button::{Button, Fit},
        countdown::Countdown,
        dynamic::{dynamic, react},
        field::{Errors, Field, PasswordField},
        heading::Heading,
        notice::{Notice, resting},
        problem::{Words, problem_banner},
    },
    explain::could_not,
    next,
    pages::start::ChosenPlan,
    plans,
    session::{ENROL_PATH, Session, use_session},
    text::t,
};

/// What is typed, and how far it has come; both steps share it.
#[derive(Clone, Copy)]
pub struct Form {
    email: RwSignal<String>,
    password: RwSignal<String>,
    pub code: RwSignal<String>,
    pub step: RwSignal<Step>,
    pub errors: Errors,
    pub problem: RwSignal<Option<Words>>,
    /// How long nothing can be tried, after too many tries.
    pub rest: Countdown,
    pub is_busy: RwSignal<bool>,
    trouble: RwSignal<Trouble>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Password,
    Second(Kind),
}

/// Troubles of the first step that have a way out of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    Wrong,
    Unverified,
}

impl Form {
    fn new() -> Self {
        let form = Self {
            email: RwSignal::new(browser::session().get(ADDRESS_KEY).unwrap_or_default()),
            password: RwSignal::new(String::new()),
            code: RwSignal::new(String::new()),
            step: RwSignal::new(Step::Password),
            errors: Errors::new(),
            problem: RwSignal::new(None),
            rest: Countdown::new(),
            is_busy: RwSignal::new(false),
            trouble: RwSignal::new(Trouble::None),
        };
        react(move || browser::session().set(ADDRESS_KEY, &form.email.read()));
        form
    }

    fn check(self) -> Result<Credentials, Vec<FieldError>> {
        let texts = t().auth;
        let email = self.email.get_untracked();
        let password = self.password.get_untracked();
        let code = self.code.get_untracked().replace(char::is_whitespace, "");
        let is_second = self.step.get_untracked() != Step::Password;
        let mut errors = Vec::new();
        errors.extend(Email::parse("email", &email).err());
        if password.is_empty() {
            errors.push(FieldError::required("password", texts.empty_password));
        }
        if is_second && code.is_empty() {
            errors.push(FieldError::required("totp", texts.empty_code));
        }
        if errors.is_empty() {
            Ok(Credentials {
                email: email.trim().to_owned(),
                password,
                totp: is_second.then_some(code),
            })
        } else {
            Err(errors)
        }
    }

    /// Takes the step that is shown; success is seen by whoever follows the session.
    pub fn submit(self, session: Session) {
        if self.is_busy.get_untracked() || self.rest.is_running_now() {
            return;
        }
        self.problem.set(None);
        self.trouble.set(Trouble::None);
        let credentials = match self.check() {
            Ok(credentials) => credentials,
            Err(refused) => return self.errors.show(refused),
        };
        self.errors.clear();
        self.is_busy.set(true);
        spawn_local(async move {
            let answer = session.sign_in(credentials).await;
            // On success the page is left, and its signals go with it.
            if self.is_busy.try_set(false).is_none()
                && let Err(failure) = answer
            {
                self.refuse(&failure);
            }
        });
    }

    pub fn go_to(self, step: Step) {
        self.errors.clear();
        self.problem.set(None);
        self.code.set(String::new());
        self.step.set(step);
    }

    fn refuse(self, failure: &Failure) {
        match Refusal::of(failure) {
            Refusal::CodeNeeded => self.go_to(Step::Second(Kind::App)),
            Refusal::CodeWrong => {
                let texts = t().auth;
                let message = match self.step.get_untracked() {
                    Step::Second(Kind::Recovery) => texts.recovery_wrong,
                    Step::Second(Kind::App) | Step::Password => texts.code_wrong,
                };
                self.errors.show(vec![FieldError::new("totp", "invalid", message)]);
            }
            Refusal::PasswordWrong => self.back_with(Trouble::Wrong),
            Refusal::Unverified => self.back_with(Trouble::Unverified),
            Refusal::Wait(seconds) => self.rest.start(seconds),
            Refusal::Other => self.problem.set(Some(could_not(failure, t().auth.sign_in_failed))),
        }
    }

    /// Whatever a code could do, the password comes first.
    fn back_with(self, trouble: Trouble) {
        if self.step.get_untracked() != Step::Password {
            self.go_to(Step::Password);
        }
        self.trouble.set(trouble);
    }
}

/// What a refused sign-in means, apart from its words.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    CodeNeeded,
    CodeWrong,
    PasswordWrong,
    Unverified,
    /// Seconds until the next try.
    Wait(u32),
    Other,
}

impl Refusal {
    fn of(failure: &Failure) -> Self {
        let about_code = failure
            .problem()
            .and_then(|problem| problem.errors.iter().find(|error| error.field == "totp"));
        match about_code {
            Some(_) => Refusal::CodeWrong,
            None if failure.is(ErrorCode::MfaRequired) => Refusal::CodeNeeded,
            None if failure.is(ErrorCode::InvalidCredentials) => Refusal::PasswordWrong,
            None if failure.is(ErrorCode::EmailUnverified) => Refusal::Unverified,
            None => failure.wait().map_or(Refusal::Other, Refusal::Wait),
        }
    }
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let session = use_session();
    let form = Form::new();
    let navigate = use_navigate();
    let wanted = wanted();
    let to_register = wanted
        .as_deref()
        .map_or("/register".to_owned(), |path| next::link("/register", path));
    let chosen = wanted.as_deref().and_then(plans::in_address);
    let greeting = Greeting::of_address();

    // Also leads on whoever comes here signed in already.
    react(move || {
        if session.is_somebody() {
            let remembered = next::take();
            let target = if session.must_enrol.get_untracked() {
                ENROL_PATH.to_owned()
            } else {
                wanted.clone().or(remembered).unwrap_or_else(|| "/home".to_owned())
            };
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&target, options);
        }
    });

    column(dynamic(move || match form.step.get() {
        Step::Password => {
            let above = match chosen {
                Some(code) => view! { <ChosenPlan code/> }.into_any(),
                None => greeting.view(),
            };
            first_step(form, session, above, to_register.clone())
        }
        Step::Second(kind) => second_step(form, session, kind),
    }))
}

/// Why somebody stands here, as the address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greeting {
    None,
    SignedOut,
    /// The server ended the session.
    Ended,
    WasReset,
    /// A page that only signed-in people see.
    First,
}

impl Greeting {
    fn of_address() -> Self {
        let query = use_query_map();
        let query = query.read_untracked();
        let has = |name| query.get(name).is_some();
        if has("signed_out") {
            Greeting::SignedOut
        } else if has("reset") {
            Greeting::WasReset
        } else if has("ended") {
            Greeting::Ended
        } else if has("next") {
            Greeting::First
        } else {
            Greeting::None
        }
    }

    fn view(self) -> AnyView {
        let texts = t().auth;
        let (tone, icon_name, title, text) = match self {
            Greeting::None => return ().into_any(),
            Greeting::First => return view! { <p class="soft">{texts.sign_in_first}</p> }.into_any(),
            Greeting::SignedOut => (Tone::Positive, "check", texts.signed_out, ""),
            Greeting::WasReset => (Tone::Positive, "check", texts.was_reset, texts.was_reset_text),
            Greeting::Ended => (Tone::Info, "info", texts.ended, texts.ended_text),
        };
        view! { <Notice tone icon_name title text/> }.into_any()
    }
}

fn first_step(form: Form, session: Session, above: AnyView, to_register: String) -> AnyView {
    let texts = t().auth;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.submit(session);
    };
    view! {
        <Heading text=texts.sign_in/>
        {above}
        <form class="form" novalidate=true on:submit=submit>
            {problem_banner(form.problem)}
            {trouble(form)}
            {resting(form.rest)}
            <Field
                label=texts.email
                name="email"
                kind="email"
                value=form.email
                errors=form.errors
                autocomplete="username"
            />
            <div class="stack-tight">
                <PasswordField
                    label=texts.password
                    name="password"
                    value=form.password
                    errors=form.errors
                    autocomplete="current-password"
                />
                <p><a class="small-link" href="/forgot-password">{texts.forgot_link}</a></p>
            </div>
            <Button
                label=texts.sign_in
                busy_label=texts.signing_in
                is_busy=form.is_busy
                is_off=form.rest.is_on()
                fit=Fit::Large
            />
        </form>
        <p class="centred soft">{texts.new_here} " " <a class="inline-touch" href=to_register>{texts.create_account}</a></p>
    }
    .into_any()
}

/// A refused sign-in in words that tell a stranger nothing about who has an account.
fn trouble(form: Form) -> AnyView {
    let texts = t().auth;
    dynamic(move || match form.trouble.get() {
        Trouble::None => ().into_any(),
        Trouble::Wrong => view! {
            <Notice tone=Tone::Danger icon_name="triangle" title=texts.wrong text=texts.wrong_text>
                <a class="banner-more" href="/forgot-password">{texts.reset_link}</a>
            </Notice>
        }
        .into_any(),
        Trouble::Unverified => view! {
            <Notice tone=Tone::Danger icon_name="mail" title=texts.unverified text=texts.unverified_text>
                <div class="banner-more">
                    <Resend link=Link::Verification email=form.email last=LastMail::LongAgo/>
                </div>
            </Notice>
        }
        .into_any(),
    })
}

#[cfg(test)]
mod tests {
    use common::Problem;

    use super::*;

    fn refused(status: u16, code: ErrorCode, errors: Vec<FieldError>) -> Failure {
        Failure::Refused {
            problem: Box::new(Problem {
                kind: String::new(),
                title: String::new(),
                status,
                detail: String::new(),
                code: code.as_str().to_owned(),
                request_id: String::new(),
                errors,
            }),
            retry_after: (status == 429).then_some(40),
        }
    }

    #[test]
    fn a_wrong_password_is_never_called_a_wrong_code() {
        let about_code = || vec![FieldError::new("totp", "invalid", "Wait for the next one.")];
        for (failure, refusal) in [
            (refused(401, ErrorCode::MfaRequired, Vec::new()), Refusal::CodeNeeded),
            (
                refused(401, ErrorCode::InvalidCredentials, Vec::new()),
                Refusal::PasswordWrong,
            ),
            (
                refused(401, ErrorCode::InvalidCredentials, about_code()),
                Refusal::CodeWrong,
            ),
            (
                refused(403, ErrorCode::EmailUnverified, Vec::new()),
                Refusal::Unverified,
            ),
            (refused(429, ErrorCode::RateLimited, Vec::new()), Refusal::Wait(40)),
            (refused(500, ErrorCode::Internal, Vec::new()), Refusal::Other),
            (Failure::Offline, Refusal::Other),
        ] {
            assert_eq!(Refusal::of(&failure), refusal, "{failure:?}");
        }
    }
}
