//! Signing up by an invitation: the mail has confirmed the address, so names and a password are all that is missing.

use common::{
    ErrorCode, FieldError,
    auth::Credentials,
    members::{InvitationPreview, InvitedRegistration, RegisterInvited},
    validate::Name,
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::invitation::forget_token;
use crate::{
    api,
    components::{
        button::{Button, Fit},
        field::{Checkbox, ErrorSummary, Errors, Field},
        problem::{Words, problem_banner},
        toast::Toast,
    },
    explain::could_not,
    passwords::{NewPassword, NewPasswordField},
    session::use_session,
    text::t,
};

#[derive(Clone, Copy)]
struct Form {
    first_name: RwSignal<String>,
    last_name: RwSignal<String>,
    password: NewPassword,
    terms_accepted: RwSignal<bool>,
}

impl Form {
    fn check(self, token: &str) -> Result<InvitedRegistration, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut name = |field, text: RwSignal<String>, what| match Name::parse(field, &text.get_untracked(), what) {
            Ok(name) => name.into_string(),
            Err(error) => {
                errors.push(error);
                String::new()
            }
        };
        let first_name = name("first_name", self.first_name, t().auth.first_name_needed);
        let last_name = name("last_name", self.last_name, t().auth.last_name_needed);
        let password = self.password.check("password").unwrap_or_else(|error| {
            errors.push(error);
            String::new()
        });
        if !self.terms_accepted.get_untracked() {
            errors.push(FieldError::required("terms_accepted", t().auth.terms_needed));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(InvitedRegistration {
            token: token.to_owned(),
            password,
            first_name,
            last_name,
            terms_accepted: true,
        })
    }
}

#[component]
pub fn RegisterForm(
    preview: InvitationPreview,
    token: String,
    /// The address got a sign-in meanwhile.
    taken: Callback<()>,
    /// The invitation ended meanwhile.
    dead: Callback<()>,
) -> impl IntoView {
    let texts = t().members;
    let [first_name, last_name] = [(); 2].map(|()| RwSignal::new(String::new()));
    let password = {
        let known = [preview.email.clone(), preview.company_name.clone()];
        NewPassword::new(move || {
            known
                .iter()
                .cloned()
                .chain([first_name.get(), last_name.get()])
                .collect()
        })
    };
    let form = Form {
        first_name,
        last_name,
        password,
        terms_accepted: RwSignal::new(false),
    };
    let errors = Errors::new();
    let problem = RwSignal::new(None::<Words>);
    let is_busy = RwSignal::new(false);
    let session = use_session();
    let toast: Toast = expect_context();
    let navigate = use_navigate();
    let email = StoredValue::new(preview.email);
    let company = StoredValue::new(preview.company_name);

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        problem.set(None);
        let registration = match form.check(&token) {
            Ok(registration) => registration,
            Err(refused) => return errors.show(refused),
        };
        errors.clear();
        is_busy.set(true);
        let navigate = navigate.clone();
        let (email, company) = (email.get_value(), company.get_value());
        spawn_local(async move {
            match api::call::<RegisterInvited>(&[], &registration).await {
                Ok(_) => {
                    forget_token();
                    let credentials = Credentials {
                        email,
                        password: registration.password,
                        totp: None,
                    };
                    let options = NavigateOptions {
                        replace: true,
                        ..NavigateOptions::default()
                    };
                    // Whom the server makes wait signs in by hand; nothing is lost by then.
                    match session.sign_in(credentials).await {
                        Ok(()) => navigate("/home", options),
                        Err(_) => navigate("/sign-in", options),
                    }
                    toast.say(texts.joined(&company));
                }
                Err(failure) if failure.is(ErrorCode::EmailTaken) => taken.run(()),
                Err(failure) if failure.is(ErrorCode::TokenInvalid) => dead.run(()),
                Err(failure) => {
                    match failure.problem().filter(|problem| !problem.errors.is_empty()) {
                        Some(refused) => errors.show(refused.errors.clone()),
                        None => problem.set(Some(could_not(&failure, texts.register_failed))),
                    }
                    is_busy.set(false);
                }
            }
        });
    };
    let auth = t().auth;
    view! {
        <form class="form" novalidate=true on:submit=submit>
            <p class="soft">{texts.register_text}</p>
            {problem_banner(problem)}
            <ErrorSummary errors/>
            // Password managers keep the address with the password.
            <input type="hidden" name="username" autocomplete="username" value=email.get_value()/>
            <div class="field-pair">
                <Field label=auth.first_name name="first_name" value=form.first_name errors autocomplete="given-name"/>
                <Field label=auth.last_name name="last_name" value=form.last_name errors autocomplete="family-name"/>
            </div>
            <NewPasswordField label=auth.password name="password" password=form.password errors/>
            <Checkbox name="terms_accepted" value=form.terms_accepted errors>
                {auth.accept_terms}
                <a class="inline-touch" href="/terms" target="_blank" rel="noopener">{auth.accept_terms_link}</a>
                {auth.accept_and}
                <a class="inline-touch" href="/privacy" target="_blank" rel="noopener">{auth.accept_privacy_link}</a>
                "."
            </Checkbox>
            <Button label=texts.register_button busy_label=texts.registering is_busy fit=Fit::Large/>
        </form>
    }
    .into_any()
}
