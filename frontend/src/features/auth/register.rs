//! Creates an account; the answer is the same whether or not the address was known.

use common::{
    FieldError,
    auth::{Register, Registration},
    validate::{self, Email, Name},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{SENT_TO_KEY, column, wanted};
use crate::{
    api, browser,
    components::{
        button::{Button, Fit},
        dynamic::react,
        field::{Checkbox, ErrorSummary, Errors, Field},
        heading::Heading,
        problem::problem_banner,
    },
    explain::could_not,
    next,
    pages::start::ChosenPlan,
    passwords::{NewPassword, NewPasswordField},
    plans,
    text::t,
};

/// What was typed, but for the password, until the account is made.
const DRAFT_KEY: &str = "capecontrol.register";

#[derive(Clone, Copy)]
struct Form {
    first_name: RwSignal<String>,
    last_name: RwSignal<String>,
    company_name: RwSignal<String>,
    email: RwSignal<String>,
    password: NewPassword,
    terms_accepted: RwSignal<bool>,
}

impl Form {
    fn new() -> Self {
        let [first_name, last_name, company_name, email] = browser::session().get_list(DRAFT_KEY).unwrap_or_default();
        let [first_name, last_name, company_name, email] =
            [first_name, last_name, company_name, email].map(RwSignal::new);
        let form = Self {
            first_name,
            last_name,
            company_name,
            email,
            password: NewPassword::new(move || {
                [email, first_name, last_name, company_name]
                    .map(|text| text.get())
                    .into()
            }),
            terms_accepted: RwSignal::new(false),
        };
        react(move || {
            browser::session().set_list(
                DRAFT_KEY,
                &[
                    &form.first_name.read(),
                    &form.last_name.read(),
                    &form.company_name.read(),
                    &form.email.read(),
                ],
            );
        });
        form
    }

    fn check(self) -> Result<Registration, Vec<FieldError>> {
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
        let company_name = validate::line(
            "company_name",
            &self.company_name.get_untracked(),
            validate::NAME_MAX_CHARS,
        )
        .unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let email = self.email.get_untracked();
        errors.extend(Email::parse("email", &email).err());
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
        Ok(Registration {
            email: email.trim().to_owned(),
            password,
            first_name,
            last_name,
            company_name,
            terms_accepted: true,
        })
    }
}

#[component]
pub fn RegisterPage() -> impl IntoView {
    let form = Form::new();
    let errors = Errors::new();
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let navigate = use_navigate();
    let wanted = wanted();
    let chosen = wanted.as_deref().and_then(plans::in_address);
    let texts = t().auth;

    let to_sign_in = wanted
        .as_deref()
        .map_or("/sign-in".to_owned(), |path| next::link("/sign-in", path));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        problem.set(None);
        let registration = match form.check() {
            Ok(registration) => registration,
            Err(refused) => return errors.show(refused),
        };
        errors.clear();
        is_busy.set(true);
        let navigate = navigate.clone();
        let wanted = wanted.clone();
        spawn_local(async move {
            match api::call::<Register>(&[], &registration).await {
                Ok(_) => {
                    if let Some(path) = &wanted {
                        next::remember(path);
                    }
                    browser::session().remove(DRAFT_KEY);
                    browser::session().set(SENT_TO_KEY, &registration.email);
                    navigate("/check-mail", NavigateOptions::default());
                }
                Err(failure) => {
                    match failure.problem().filter(|problem| !problem.errors.is_empty()) {
                        Some(refused) => errors.show(refused.errors.clone()),
                        None => problem.set(Some(could_not(&failure, texts.create_failed))),
                    }
                    is_busy.set(false);
                }
            }
        });
    };

    column(view! {
        <Heading text=texts.create_title/>
        {chosen.map(|code| view! { <ChosenPlan code/> }.into_any())}
        <form class="form" novalidate=true on:submit=submit>
            {problem_banner(problem)}
            <ErrorSummary errors/>
            <div class="field-pair">
                <Field label=texts.first_name name="first_name" value=form.first_name errors autocomplete="given-name"/>
                <Field label=texts.last_name name="last_name" value=form.last_name errors autocomplete="family-name"/>
            </div>
            <Field
                label=texts.company
                name="company_name"
                value=form.company_name
                errors
                autocomplete="organization"
                hint=texts.company_hint
            />
            <Field label=texts.email name="email" kind="email" value=form.email errors autocomplete="email"/>
            <NewPasswordField label=texts.password name="password" password=form.password errors/>
            <Checkbox name="terms_accepted" value=form.terms_accepted errors>
                {texts.accept_terms}
                <a class="inline-touch" href="/terms" target="_blank" rel="noopener">{texts.accept_terms_link}</a>
                {texts.accept_and}
                <a class="inline-touch" href="/privacy" target="_blank" rel="noopener">{texts.accept_privacy_link}</a>
                "."
            </Checkbox>
            <Button label=texts.create_account busy_label=texts.creating_account is_busy fit=Fit::Large/>
        </form>
        <p class="centred soft">{texts.have_account} " " <a class="inline-touch" href=to_sign_in>{texts.sign_in}</a></p>
    }.into_any())
}
