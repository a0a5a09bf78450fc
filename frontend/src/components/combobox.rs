//! A field that finds one of many by some letters: arrows move, Enter takes, Esc closes and then clears.

use leptos::{ev, prelude::*};

use super::{
    dynamic::{dynamic, flag, pressed},
    field::{Errors, below, described_by, id},
};
use crate::text;

/// Something that can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub id: String,
    pub words: String,
    /// What tells it from others of the same name.
    pub note: String,
}

/// What the list below the field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing was looked for yet.
    Nothing,
    Looking,
    These(Vec<Choice>),
}

#[component]
pub fn Combobox(
    label: &'static str,
    name: &'static str,
    /// What is typed, or the words of what was taken.
    value: RwSignal<String>,
    found: Signal<Found>,
    errors: Errors,
    /// A letter was typed.
    on_type: Callback<()>,
    on_take: Callback<Choice>,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let error = errors.of(name);
    let is_open = RwSignal::new(false);
    let at = RwSignal::new(0_usize);
    let list_id = format!("{}-list", id(name));
    let option_id = move |index: usize| format!("{}-{index}", id(name));
    let choices = move || {
        found.with(|found| match found {
            Found::These(choices) => choices.clone(),
            Found::Nothing | Found::Looking => Vec::new(),
        })
    };
    let take = move |choice: Choice| {
        value.set(choice.words.clone());
        errors.clear_field(name);
        is_open.set(false);
        on_take.run(choice);
    };
    let key = move |event: ev::KeyboardEvent| {
        let count = untrack(choices).len();
        let is_shown = is_open.get_untracked() && count > 0;
        match event.key().as_str() {
            "ArrowDown" if is_shown => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" if is_shown => at.update(|at| *at = (*at + count - 1) % count),
            "ArrowDown" => is_open.set(true),
            "Enter" if is_shown => {
                if let Some(choice) = untrack(choices).into_iter().nth(at.get_untracked()) {
                    take(choice);
                }
            }
            "Escape" if is_shown => is_open.set(false),
            "Escape" if !value.with_untracked(String::is_empty) => {
                value.set(String::new());
                on_type.run(());
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let told = move || {
        is_open.get().then(|| {
            found.with(|found| match found {
                Found::These(choices) if choices.is_empty() => text::lists().nothing_found.to_owned(),
                Found::These(choices) => text::lists().found(&choices.len().to_string()),
                Found::Nothing | Found::Looking => String::new(),
            })
        })
    };
    let options = {
        let list_id = list_id.clone();
        move || {
            let choices = choices();
            (is_open.get() && !choices.is_empty()).then(|| {
                let typed = value.get_untracked();
                let options = choices.into_iter().enumerate().map(|(index, choice)| {
                    let (before, same, after) = split_at_match(&choice.words, &typed);
                    let note = choice.note.clone();
                    view! {
                        <li
                            role="option"
                            id=option_id(index)
                            aria-selected=pressed(move || at.get() == index)
                            // Before the field loses the keyboard.
                            on:mousedown=move |event| {
                                event.prevent_default();
                                take(choice.clone());
                            }
                        >
                            <span>{before}<b>{same}</b>{after}</span>
                            <span class="small muted">{note}</span>
                        </li>
                    }
                    .into_any()
                });
                view! { <ul class="combobox-list" role="listbox" id=list_id.clone() aria-label=label>{options.collect_view()}</ul> }
                    .into_any()
            })
        }
    };
    let active = Signal::derive(move || {
        let is_shown = is_open.get() && !choices().is_empty();
        is_shown.then(|| option_id(at.get()))
    });
    view! {
        <div class="field combobox">
            <label for=id(name)>{label}</label>
            <input
                class="input"
                id=id(name)
                name=name
                type="text"
                role="combobox"
                autocomplete="off"
                spellcheck="false"
                aria-autocomplete="list"
                aria-expanded=pressed(move || active.get().is_some())
                aria-controls=list_id
                aria-activedescendant=active
                prop:value=value
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    errors.clear_field(name);
                    at.set(0);
                    is_open.set(true);
                    on_type.run(());
                }
                on:keydown=key
                on:blur=move |_| is_open.set(false)
                aria-invalid=flag(move || error.get().is_some())
                aria-describedby=described_by(name, hint, error)
            />
            {dynamic(options)}
            <p class="visually-hidden" role="status">{dynamic(told)}</p>
            {below(name, hint, error)}
        </div>
    }
    .into_any()
}

/// Cuts `words` where `typed` stands in them, so that it can be set off.
fn split_at_match(words: &str, typed: &str) -> (String, String, String) {
    let (folded, typed) = (words.to_lowercase(), typed.trim().to_lowercase());
    let place = folded
        .find(&typed)
        .filter(|_| !typed.is_empty() && folded.len() == words.len());
    let cut = place.and_then(|at| {
        Some((
            words.get(..at)?,
            words.get(at..at + typed.len())?,
            words.get(at + typed.len()..)?,
        ))
    });
    match cut {
        Some((before, same, after)) => (before.to_owned(), same.to_owned(), after.to_owned()),
        None => (words.to_owned(), String::new(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_set_off() {
        let cut = |words, typed| {
            let (before, same, after) = split_at_match(words, typed);
            [before, same, after].join("|")
        };
        assert_eq!(cut("Karoo Kiln Studio", "kiln"), "Karoo |Kiln| Studio");
        assert_eq!(cut("Karoo Kiln", "x"), "Karoo Kiln||");
        assert_eq!(cut("Karoo Kiln", ""), "Karoo Kiln||");
        assert_eq!(cut("Café Zoë", "zoë"), "Café |Zoë|");
    }
}
