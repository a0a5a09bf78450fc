//! The one dialog of a page that asks before something that cannot be undone, and then does it.

use std::{pin::Pin, time::Duration};

use leptos::{prelude::*, task::spawn_local};

use crate::{
    browser,
    components::{
        button::Kind,
        dialog::{Confirm, Question},
        dynamic::dynamic,
        problem::Words,
    },
};

/// The dialog has given the keyboard back by then.
const AFTER_CLOSING: Duration = Duration::from_millis(100);

/// What the dialog does; the words say why it could not be done.
pub type Deed = Pin<Box<dyn Future<Output = Result<(), Words>>>>;

/// What is asked, and what a yes does.
#[derive(Clone)]
pub struct Plea {
    /// The question.
    pub title: String,
    /// Object, amount, and what cannot be undone.
    pub text: String,
    pub keep: &'static str,
    pub act: &'static str,
    pub acting: &'static str,
    pub kind: Kind,
    pub deed: Callback<(), Deed>,
    /// Gets the keyboard afterwards, where the button that asked is gone by then.
    pub focus: Option<&'static str>,
}

#[derive(Clone, Copy)]
pub struct Asking {
    plea: RwSignal<Option<Plea>>,
    is_open: RwSignal<bool>,
    is_busy: RwSignal<bool>,
    problem: RwSignal<Option<Words>>,
}

impl Asking {
    pub fn new() -> Self {
        Self {
            plea: RwSignal::new(None),
            is_open: RwSignal::new(false),
            is_busy: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    pub fn ask(self, plea: Plea) {
        self.problem.set(None);
        self.plea.set(Some(plea));
        self.is_open.set(true);
    }

    /// The dialog; once on each page, after its content.
    pub fn view(self) -> AnyView {
        dynamic(move || self.plea.get().map(|plea| self.draw(plea)))
    }

    fn draw(self, plea: Plea) -> AnyView {
        let Plea {
            title,
            text,
            keep,
            act,
            acting,
            kind,
            deed,
            focus,
        } = plea;
        let question = Question {
            text: Signal::stored(text),
            keep,
            act,
            acting,
            kind,
        };
        let on_confirm = Callback::new(move |()| {
            self.is_busy.set(true);
            self.problem.set(None);
            spawn_local(async move {
                let outcome = deed.run(()).await;
                self.is_busy.try_set(false);
                match outcome {
                    Ok(()) => {
                        self.is_open.try_set(false);
                        if let Some(id) = focus {
                            set_timeout(move || browser::focus(id), AFTER_CLOSING);
                        }
                    }
                    Err(words) => {
                        self.problem.try_set(Some(words));
                    }
                }
            });
        });
        view! {
            <Confirm
                is_open=self.is_open
                title=title
                question
                is_busy=self.is_busy
                problem=self.problem
                on_confirm
            />
        }
        .into_any()
    }
}
