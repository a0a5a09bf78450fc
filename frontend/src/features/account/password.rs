//! Changes the password; all other devices are signed out.

use common::{
    ErrorCode, FieldError,
    passwords::{ChangePassword, PasswordChange},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::frame::settings_frame;
use crate::{
    api::{self, Failure},
    components::{
        badge::Tone,
        button::Button,
        dynamic::dynamic,
        field::{Errors, PasswordField},
        notice::Notice,
        problem::problem_banner,
    },
    explain::could_not,
    passwords::{NewPassword, NewPasswordField},
    session::{Session, Who, use_session},
    text::t,
};

#[component]
pub fn PasswordPage() -> impl IntoView {
    let session = use_session();
    let texts = t().security;
    let current = RwSignal::new(String::new());
    let password = NewPassword::new(move || own_words(session));
    let errors = Errors::new();
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let is_saved = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        problem.set(None);
        is_saved.set(false);
        let change = match check(&current.get_untracked(), password) {
            Ok(change) => change,
            Err(refused) => return errors.show(refused),
        };
        errors.clear();
        is_busy.set(true);
        spawn_local(async move {
            let answer = api::call::<ChangePassword>(&[], &change).await;
            if is_busy.try_set(false).is_some() {
                // The page is gone.
                return;
            }
            match answer {
                Ok(_) => {
                    api::forget_csrf();
                    current.set(String::new());
                    password.value.set(String::new());
                    is_saved.set(true);
                }
                Err(failure) => match refusals(&failure) {
                    Some(refused) => errors.show(refused),
                    None => problem.set(Some(could_not(&failure, texts.password_failed))),
                },
            }
        });
    };
    let saved = move || {
        is_saved
            .get()
            .then(|| view! { <Notice tone=Tone::Positive icon_name="check" title=texts.password_saved/> }.into_any())
    };
    let card = view! {
        <section class="card">
            <form class="card-part form" novalidate=true on:submit=submit>
                {dynamic(saved)}
                {problem_banner(problem)}
                <p class="soft">{texts.password_text}</p>
                // Tells password managers whose password it is.
                <input type="text" name="username" autocomplete="username" hidden=true prop:value=own_address(session)/>
                <div class="stack-tight">
                    <PasswordField
                        label=texts.current_password
                        name="current_password"
                        value=current
                        errors
                        autocomplete="current-password"
                    />
                    <p class="hint">{texts.forgot} " " <a class="inline-touch" href="/forgot-password">{texts.forgot_link}</a></p>
                </div>
                <NewPasswordField label=texts.new_password name="new_password" password errors/>
                <div class="row"><Button label=texts.save_password busy_label=t().common.saving is_busy/></div>
            </form>
        </section>
    };
    settings_frame(t().account.password, card)
}

fn check(current: &str, password: NewPassword) -> Result<PasswordChange, Vec<FieldError>> {
    let texts = t().security;
    let mut errors = Vec::new();
    if current.is_empty() {
        errors.push(FieldError::required("current_password", texts.current_needed));
    }
    let new = password.check("new_password");
    match new {
        Ok(new) if !new.is_empty() && new == current => {
            errors.push(FieldError::new("new_password", "same", texts.password_same));
        }
        Ok(new) if errors.is_empty() => {
            return Ok(PasswordChange {
                current_password: current.to_owned(),
                new_password: new,
            });
        }
        Ok(_) => {}
        Err(error) => errors.push(error),
    }
    Err(errors)
}

/// What the server refused, by field; `None` when it was about something else.
fn refusals(failure: &Failure) -> Option<Vec<FieldError>> {
    let problem = failure.problem()?;
    if !problem.errors.is_empty() {
        return Some(problem.errors.clone());
    }
    let message = t().security.current_wrong;
    failure
        .is(ErrorCode::InvalidCredentials)
        .then(|| vec![FieldError::new("current_password", "invalid", message)])
}

/// What others know about the person, and so must not carry the password.
fn own_words(session: Session) -> Vec<String> {
    let mut words = session.who.with(|who| match who {
        Who::Somebody(signed_in) => vec![
            signed_in.user.email.clone(),
            signed_in.user.first_name.clone(),
            signed_in.user.last_name.clone(),
        ],
        Who::Asking | Who::Nobody | Who::Unreachable(_) => Vec::new(),
    });
    let company = session
        .account
        .with(|account| account.as_ref().map(|account| account.company_name.clone()));
    words.extend(company);
    words
}

fn own_address(session: Session) -> String {
    session.who.with_untracked(|who| match who {
        Who::Somebody(signed_in) => signed_in.user.email.clone(),
        Who::Asking | Who::Nobody | Who::Unreachable(_) => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(text: &str) -> NewPassword {
        NewPassword::fixed(text)
    }

    #[test]
    fn both_passwords_are_needed_and_differ() {
        let fields = |current: &str, text: &str| -> Vec<String> {
            match check(current, new(text)) {
                Ok(_) => Vec::new(),
                Err(errors) => errors.into_iter().map(|error| error.field).collect(),
            }
        };
        let owner = Owner::new();
        owner.set();
        assert_eq!(fields("", ""), ["current_password", "new_password"]);
        assert_eq!(fields("koppie sunrise 42", "short"), ["new_password"]);
        assert_eq!(fields("koppie sunrise 42", "koppie sunrise 42"), ["new_password"]);
        assert!(fields("koppie sunrise 42", "vlei heron 1951").is_empty());
    }
}
