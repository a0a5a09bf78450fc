//! Signs in, with a second step where it is on, and goes on to where the visitor wanted.

use common::{ErrorCode, FieldError, auth::Credentials, validate::Email};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::{column, wanted};
use crate::{
    api::Failure,
    browser,
    components::{
        badge::Tone,
        button::{Button, Fit},
        dynamic::{dynamic, react},
        field::{Errors, Field, PasswordField},
        heading::Heading,
        notice::Notice,
        problem::{Words, problem_banner},
    },
    explain::could_not,
    next,
    pages::start::ChosenPlan,
    plans,
    session::use_session,
    text::t,
};

#[derive(Clone, Copy)]
struct Form {
    email: RwSignal<String>,
    password: RwSignal<String>,
    code: RwSignal<String>,
    needs_code: RwSignal<bool>,
}

impl Form {
    fn check(self) -> Result<Credentials, Vec<FieldError>> {
        let email = self.email.get_untracked();
        let password = self.password.get_untracked();
        let code = self.code.get_untracked().replace(char::is_whitespace, "");
        let mut errors = Vec::new();
        errors.extend(Email::parse("email", &email).err());
        if password.is_empty() {
            errors.push(FieldError::required("password", t().auth.empty_password));
        }
        if self.needs_code.get_untracked() && code.is_empty() {
            errors.push(FieldError::required("totp", t().auth.empty_code));
        }
        if errors.is_empty() {
            Ok(Credentials {
                email: email.trim().to_owned(),
                password,
                totp: (!code.is_empty()).then_some(code),
            })
        } else {
            Err(errors)
        }
    }
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let session = use_session();
    let form = Form {
        email: RwSignal::new(String::new()),
        password: RwSignal::new(String::new()),
        code: RwSignal::new(String::new()),
        needs_code: RwSignal::new(false),
    };
    let errors = Errors::new();
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let navigate = use_navigate();
    let query = use_query_map();
    let left = query.read_untracked().get("signed_out").is_some();
    let sent_here = query.read_untracked().get("next").is_some();
    let wanted = wanted();
    let chosen = wanted.as_deref().and_then(plans::in_address);
    let texts = t().auth;
    let to_register = wanted
        .as_deref()
        .map_or("/register".to_owned(), |path| next::link("/register", path));

    // Also leads on whoever comes here signed in already.
    react(move || {
        if session.is_somebody() {
            let remembered = next::take();
            let target = wanted.clone().or(remembered).unwrap_or_else(|| "/home".to_owned());
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&target, options);
        }
    });

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        problem.set(None);
        let credentials = match form.check() {
            Ok(credentials) => credentials,
            Err(refused) => return errors.show(refused),
        };
        errors.clear();
        is_busy.set(true);
        let had_code = credentials.totp.is_some();
        spawn_local(async move {
            if let Err(failure) = session.sign_in(credentials).await {
                let is_about_code = failure.is(ErrorCode::MfaRequired) || failure.is(ErrorCode::InvalidCredentials);
                if had_code && is_about_code {
                    // The password was right a moment ago.
                    errors.show(vec![FieldError::new("totp", "invalid", texts.code_wrong)]);
                } else if failure.is(ErrorCode::MfaRequired) {
                    form.needs_code.set(true);
                    request_animation_frame(|| browser::focus("f-totp"));
                } else {
                    problem.set(Some(refusal(&failure)));
                }
            }
            is_busy.set(false);
        });
    };

    column(view! {
        <Heading text=texts.sign_in/>
        {left.then(|| view! { <Notice tone=Tone::Positive icon_name="check" title=texts.signed_out/> }.into_any())}
        {match chosen {
            Some(code) => view! { <ChosenPlan code/> }.into_any(),
            None if sent_here => view! { <p class="soft">{texts.sign_in_first}</p> }.into_any(),
            None => ().into_any(),
        }}
        <form class="form" novalidate=true on:submit=submit>
            {problem_banner(problem)}
            <Field label=texts.email name="email" kind="email" value=form.email errors autocomplete="username"/>
            <PasswordField
                label=texts.password
                name="password"
                value=form.password
                errors
                autocomplete="current-password"
            />
            {dynamic(move || form.needs_code.get().then(|| view! {
                <Field
                    label=texts.code
                    name="totp"
                    value=form.code
                    errors
                    autocomplete="one-time-code"
                    inputmode="numeric"
                    hint=texts.code_hint
                />
            }.into_any()))}
            <Button label=texts.sign_in busy_label=texts.signing_in is_busy fit=Fit::Large/>
        </form>
        <p class="centred soft">{texts.new_here} " " <a class="inline-touch" href=to_register>{texts.create_account}</a></p>
    }.into_any())
}

/// A refused sign-in in words that tell a stranger nothing about who has an account.
fn refusal(failure: &Failure) -> Words {
    let texts = t().auth;
    let words = |title: &str, detail: &str| Words {
        title: title.to_owned(),
        detail: detail.to_owned(),
        reference: None,
    };
    if failure.is(ErrorCode::InvalidCredentials) {
        words(texts.wrong, texts.wrong_text)
    } else if failure.is(ErrorCode::EmailUnverified) {
        words(texts.unverified, texts.unverified_text)
    } else {
        could_not(failure, texts.sign_in_failed)
    }
}
