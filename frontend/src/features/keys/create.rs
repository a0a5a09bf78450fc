//! The form that makes a key.

use common::{
    FieldError,
    api_keys::{ApiKeySecret, ApiScope, CreateApiKey, DEFAULT_LIFE_DAYS, NewApiKey},
    validate::Name,
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{ask_secret, scope_name, scope_rights};
use crate::{
    components::{
        button::Button,
        dynamic::{dynamic, flag},
        field::{Errors, Field, Select},
        icon::icon_16,
        problem::{Words, problem_banner},
    },
    explain::could_not,
    text::t,
};

const SCOPES_ID: &str = "f-scopes";

/// What was typed, in the order of the fields.
fn check(name: &str, scopes: &[ApiScope], days: &str) -> Result<NewApiKey, Vec<FieldError>> {
    let texts = t().keys;
    let mut errors = Vec::new();
    let name = Name::parse("name", name, texts.name_needed).map_or_else(
        |error| {
            errors.push(error);
            String::new()
        },
        Name::into_string,
    );
    if scopes.is_empty() {
        errors.push(FieldError::required("scopes", texts.scopes_needed));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(NewApiKey {
        name,
        scopes: scopes.to_vec(),
        expires_in_days: days.parse().ok(),
    })
}

/// `made` gets the key with its secret.
#[component]
pub fn NewKey(made: Callback<ApiKeySecret>) -> impl IntoView {
    let texts = t().keys;
    let name = RwSignal::new(String::new());
    let scopes = RwSignal::new(Vec::<ApiScope>::new());
    let days = RwSignal::new(DEFAULT_LIFE_DAYS.to_string());
    let errors = Errors::new();
    let problem = RwSignal::new(None::<Words>);
    let is_busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        problem.set(None);
        let wanted = match check(&name.get_untracked(), &scopes.get_untracked(), &days.get_untracked()) {
            Ok(wanted) => wanted,
            Err(refused) => return errors.show(refused),
        };
        errors.clear();
        is_busy.set(true);
        spawn_local(async move {
            match ask_secret::<CreateApiKey>(&[], &wanted).await {
                Ok(key) => made.run(key),
                Err(failure) => match failure.problem().filter(|problem| !problem.errors.is_empty()) {
                    Some(refused) => errors.show(refused.errors.clone()),
                    None => drop(problem.try_set(Some(could_not(&failure, texts.create_failed)))),
                },
            }
            is_busy.try_set(false);
        });
    };
    let lives = [
        ("30", texts.days_30),
        ("90", texts.days_90),
        ("365", texts.year),
        ("730", texts.years_2),
    ];
    let lives = lives
        .into_iter()
        .map(|(days, words)| (days.to_owned(), words.to_owned()))
        .collect();
    view! {
        <section class="card">
            <form class="card-part form" novalidate=true on:submit=submit>
                <h2>{texts.new_title}</h2>
                {problem_banner(problem)}
                <Field label=texts.name name="name" value=name errors hint=texts.name_hint/>
                {scope_choices(scopes, errors)}
                <Select label=texts.life name="expires_in_days" value=days errors options=lives/>
                <div class="row"><Button label=texts.create busy_label=texts.creating is_busy/></div>
            </form>
        </section>
    }
    .into_any()
}

fn scope_choices(scopes: RwSignal<Vec<ApiScope>>, errors: Errors) -> AnyView {
    let texts = t().keys;
    let error = errors.of("scopes");
    let choices = ApiScope::ALL.iter().map(|scope| {
        let scope = *scope;
        let choose = move |event| {
            let is_on = event_target_checked(&event);
            scopes.update(|scopes| {
                scopes.retain(|known| *known != scope);
                if is_on {
                    scopes.push(scope);
                }
            });
            errors.clear_field("scopes");
        };
        view! {
            <label class="choice">
                <input type="checkbox" name="scopes" value=scope.as_str() on:change=choose/>
                <span class="choice-words">
                    <span class="strong">{scope_name(scope)}</span>
                    <span class="small muted">{scope_rights(scope)}</span>
                </span>
            </label>
        }
        .into_any()
    });
    let refused = move || {
        error.get().map(
            |message| view! { <p class="error" id="f-scopes-more">{icon_16("triangle")} <span>{message}</span></p> },
        )
    };
    view! {
        <fieldset
            class="choices"
            id=SCOPES_ID
            tabindex="-1"
            aria-invalid=flag(move || error.get().is_some())
            aria-describedby=Signal::derive(move || error.get().map(|_| "f-scopes-more"))
        >
            <legend class="field-label">{texts.scopes_legend}</legend>
            {choices.collect_view()}
            {dynamic(refused)}
        </fieldset>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_needs_a_name_and_something_to_do() {
        let errors = check(" ", &[], "365").unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["name", "scopes"]);
    }

    #[test]
    fn what_was_chosen_is_asked_for() {
        let wanted = check(" Bookkeeping ", &[ApiScope::InvoicesRead], "90").unwrap();
        assert_eq!(wanted.name, "Bookkeeping");
        assert_eq!(wanted.scopes, [ApiScope::InvoicesRead]);
        assert_eq!(wanted.expires_in_days, Some(90));
    }
}
