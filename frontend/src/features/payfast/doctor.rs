//! The signature doctor: what was signed goes in, the rule that broke comes out. Nothing is kept.

use common::{
    FieldError,
    signatures::{DiagnoseSignature, SignatureDiagnosis, SignatureQuestion, SignedKind},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use crate::{
    api,
    components::{
        badge::Tone,
        button::Button,
        copy::CopyButton,
        data::code_block,
        dynamic::{dynamic, flag},
        field::{Errors, PasswordField},
        heading::Heading,
        icon::{icon, icon_16},
        problem::problem_banner,
    },
    explain::could_not,
    text,
};

pub fn doctor() -> AnyView {
    let texts = text::doctor();
    let errors = Errors::new();
    let kind = RwSignal::new(SignedKind::Checkout);
    let [pasted, passphrase] = [(); 2].map(|()| RwSignal::new(String::new()));
    let is_busy = RwSignal::new(false);
    let problem = RwSignal::new(None);
    let diagnosis = RwSignal::new(None::<SignatureDiagnosis>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        if pasted.read_untracked().trim().is_empty() {
            errors.show(vec![FieldError::required("text", texts.paste_needed)]);
            return;
        }
        is_busy.set(true);
        problem.set(None);
        let question = SignatureQuestion {
            kind: kind.get_untracked(),
            text: pasted.get_untracked(),
            passphrase: passphrase.get_untracked(),
        };
        spawn_local(async move {
            let answer = api::call::<DiagnoseSignature>(&[], &question).await;
            is_busy.try_set(false);
            match answer {
                Ok(found) => drop(diagnosis.try_set(Some(found))),
                Err(failure) => {
                    let refused = failure
                        .problem()
                        .map(|problem| problem.errors.clone())
                        .unwrap_or_default();
                    match refused.is_empty() {
                        true => drop(problem.try_set(Some(could_not(&failure, texts.failed)))),
                        false => errors.show(refused),
                    }
                }
            }
        });
    };
    let error = errors.of("text");
    view! {
        <div class="page">
            <div class="head"><Heading text=texts.title/></div>
            <div class="doctor">
                <form class="form" novalidate=true on:submit=submit>
                    <p class="soft">{texts.intro}</p>
                    {problem_banner(problem)}
                    {kinds(kind)}
                    <div class="field">
                        <label for="f-text">{texts.paste}</label>
                        <textarea
                            class="input mono"
                            id="f-text"
                            name="text"
                            rows="10"
                            spellcheck="false"
                            autocomplete="off"
                            autocapitalize="none"
                            aria-describedby="f-text-more"
                            aria-invalid=flag(move || error.get().is_some())
                            on:input=move |event| {
                                pasted.set(event_target_value(&event));
                                errors.clear_field("text");
                            }
                        ></textarea>
                        {dynamic(move || match error.get() {
                            Some(message) => view! { <p class="error" id="f-text-more">{icon_16("triangle")} <span>{message}</span></p> }.into_any(),
                            None => view! { <p class="hint" id="f-text-more">{texts.paste_hint}</p> }.into_any(),
                        })}
                    </div>
                    <PasswordField label=texts.passphrase name="passphrase" value=passphrase errors autocomplete="off" hint=texts.passphrase_hint/>
                    <div class="row"><Button label=texts.examine busy_label=texts.examining is_busy icon="doctor"/></div>
                </form>
                <section class="stack" aria-label=texts.verdict aria-live="polite">
                    {dynamic(move || match diagnosis.get() {
                        Some(found) => result(&found),
                        None => view! { <div class="card empty"><p>{texts.waiting}</p></div> }.into_any(),
                    })}
                </section>
            </div>
        </div>
    }
    .into_any()
}

fn kinds(kind: RwSignal<SignedKind>) -> AnyView {
    let texts = text::doctor();
    let options = SignedKind::ALL.iter().map(|option| {
        let option = *option;
        let words = match option {
            SignedKind::Checkout => texts.kind_form,
            SignedKind::Itn => texts.kind_itn,
            SignedKind::Api => texts.kind_api,
        };
        view! {
            <label class="radio">
                <input type="radio" name="kind" value=option.as_str() prop:checked=move || kind.get() == option on:change=move |_| kind.set(option)/>
                {words}
            </label>
        }
        .into_any()
    });
    view! {
        <fieldset>
            <legend class="field-label">{texts.kind}</legend>
            <div class="radios">{options.collect_view()}</div>
        </fieldset>
    }
    .into_any()
}

fn result(found: &SignatureDiagnosis) -> AnyView {
    let texts = text::doctor();
    let (tone, mark) = match found.is_valid {
        true => (Tone::Positive, "check"),
        false => (Tone::Danger, "triangle"),
    };
    let at = found
        .first_field
        .as_ref()
        .map(|(number, name)| texts.differs_at(&number.to_string(), name));
    let sent = found
        .submitted_signature
        .clone()
        .unwrap_or_else(|| texts.none_sent.to_owned());
    let fields = found.fields.join(", ");
    view! {
        <div class=format!("banner {}", tone.class())>
            {icon(mark)}
            <div class="banner-words">
                <p>{found.verdict.clone()}</p>
                {(!found.advice.is_empty()).then(|| view! { <p>{found.advice.clone()}</p> }.into_any())}
            </div>
        </div>
        {at.map(|at| view! { <p class="strong">{at}</p> }.into_any())}
        {strings(found)}
        <div class="stack-tight">
            <h3>{texts.expected}</h3>
            {code_block(texts.expected, found.expected_signature.clone())}
            <p class="small muted">{texts.sent} ": " <span class="mono">{sent}</span></p>
        </div>
        <div class="row"><CopyButton label=texts.copy_signature text=found.expected_signature.clone()/></div>
        {(!fields.is_empty()).then(|| view! { <p class="small muted">{texts.fields} ": " {fields}</p> }.into_any())}
    }
    .into_any()
}

/// Both strings, one above the other in one width, so that the first difference stands at one place.
fn strings(found: &SignatureDiagnosis) -> AnyView {
    let texts = text::doctor();
    let at = found.first_difference;
    let submitted = match &found.submitted_string {
        Some(text) => view! {
            <h3>{texts.hashed}</h3>
            {marked(texts.hashed, text, at)}
        }
        .into_any(),
        None if found.is_valid => ().into_any(),
        None => view! { <p class="small muted">{texts.hashed_unknown}</p> }.into_any(),
    };
    view! {
        <div class="stack-tight">
            {submitted}
            <h3>{texts.must_be}</h3>
            {marked(texts.must_be, &found.expected_string, at.filter(|_| found.submitted_string.is_some()))}
            {found.expected_string.contains('•').then(|| view! { <p class="hint">{texts.hidden}</p> }.into_any())}
        </div>
        <div class="row"><CopyButton label=texts.copy_string text=found.expected_string.clone()/></div>
    }
    .into_any()
}

fn marked(name: &'static str, text: &str, at: Option<usize>) -> AnyView {
    let Some(at) = at else {
        return code_block(name, text.to_owned());
    };
    let texts = text::doctor();
    let (same, differs, rest) = parts(text, at);
    let word = if differs.is_empty() { texts.ends } else { texts.differs };
    view! {
        <pre class="code" role="region" aria-label=name tabindex="0"><code>
            <span class="muted">{same}</span>
            <mark class="diff">{differs}</mark>
            <span class="diff-word">{word}</span>
            {rest}
        </code></pre>
    }
    .into_any()
}

/// What is the same, what differs up to the end of its field, and the rest; `at` counts characters.
fn parts(text: &str, at: usize) -> (String, String, String) {
    let same: String = text.chars().take(at).collect();
    let after = &text[same.len()..];
    let end = after
        .char_indices()
        .skip(1)
        .find(|(_, letter)| *letter == '&')
        .map_or(after.len(), |(index, _)| index);
    (same, after[..end].to_owned(), after[end..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_reaches_to_the_end_of_its_field() {
        let parts = |text, at| {
            let (same, differs, rest) = parts(text, at);
            format!("{same}|{differs}|{rest}")
        };
        assert_eq!(parts("a=1&b=2&c=3", 6), "a=1&b=|2|&c=3");
        assert_eq!(parts("a=é+b&c", 3), "a=é|+b|&c");
        assert_eq!(parts("a=1&b=2", 3), "a=1|&b=2|");
        assert_eq!(parts("a=1", 3), "a=1||");
        assert_eq!(parts("a=1", 9), "a=1||");
    }
}
