//! Dialogs: a modal box, from the bottom on a phone. The browser keeps the focus inside and gives it back.

use leptos::{ev::Event, html, prelude::*};

use super::{
    button::{Button, Kind, PlainButton},
    dynamic::{dynamic, react},
    problem::{Words, problem_banner},
};

/// A modal box under a title; `children` are built anew each time it opens.
///
/// Esc closes it unless something is running. The first control inside has the keyboard.
#[component]
pub fn Dialog(
    is_open: RwSignal<bool>,
    /// Names the dialog; a question where it asks one.
    #[prop(into)]
    title: Signal<String>,
    #[prop(optional, into)] is_busy: Signal<bool>,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    react(move || {
        let is_open = is_open.get();
        // After the children have been built, so that one of them can have the keyboard.
        request_animation_frame(move || {
            let Some(dialog) = node.try_get_untracked().flatten() else {
                return;
            };
            match (is_open, dialog.open()) {
                // A dialog that is open already, or gone from the page, stays as it is.
                (true, false) => drop(dialog.show_modal()),
                (false, true) => dialog.close(),
                (true, true) | (false, false) => {}
            }
        });
    });
    let keep_while_busy = move |event: Event| {
        if is_busy.get_untracked() {
            event.prevent_default();
        }
    };
    let content = move || {
        is_open.get().then(|| {
            view! {
                <h2 class="dialog-title">{title}</h2>
                {children()}
            }
            .into_any()
        })
    };
    view! {
        <dialog
            class="dialog"
            node_ref=node
            aria-label=title
            on:cancel=keep_while_busy
            on:close=move |_| is_open.set(false)
        >
            <div class="dialog-body">{dynamic(content)}</div>
        </dialog>
    }
    .into_any()
}

/// What a [`Confirm`] says.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// What cannot be undone.
    pub text: Signal<String>,
    /// Leaves everything as it is.
    pub keep: &'static str,
    /// Does it: the verb of the title.
    pub act: &'static str,
    pub acting: &'static str,
    /// [`Kind::Danger`] only where something is destroyed.
    pub kind: Kind,
}

/// Asks before something that cannot be undone; the safe answer comes first and has the keyboard.
#[component]
pub fn Confirm(
    is_open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    question: Question,
    is_busy: RwSignal<bool>,
    problem: RwSignal<Option<Words>>,
    on_confirm: Callback<()>,
) -> impl IntoView {
    let Question {
        text,
        keep,
        act,
        acting,
        kind,
    } = question;
    react(move || {
        if is_open.get() {
            problem.set(None);
        }
    });
    let leave = Callback::new(move |()| {
        if !is_busy.get_untracked() {
            is_open.set(false);
        }
    });
    view! {
        <Dialog is_open title is_busy>
            <p class="soft">{text}</p>
            {problem_banner(problem)}
            <div class="dialog-actions">
                <PlainButton label=keep on_press=leave kind=Kind::Secondary/>
                <Button label=act busy_label=acting is_busy on_press=on_confirm kind/>
            </div>
        </Dialog>
    }
    .into_any()
}
