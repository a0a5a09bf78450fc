//! The second step of signing in: a code of the app, or a recovery code.

use leptos::{ev::SubmitEvent, prelude::*};

use super::sign_in::{Form, Step};
use crate::{
    browser,
    components::{
        button::{Button, Fit, Kind as Weight, PlainButton},
        field::Field,
        heading::Heading,
        notice::resting,
        problem::problem_banner,
    },
    session::Session,
    text::t,
};

/// What proves that it is them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    App,
    Recovery,
}

impl Kind {
    fn other(self) -> Self {
        match self {
            Kind::App => Kind::Recovery,
            Kind::Recovery => Kind::App,
        }
    }
}

pub fn second_step(form: Form, session: Session, kind: Kind) -> AnyView {
    let texts = t().auth;
    // After the heading, which takes the keyboard when the page changes.
    request_animation_frame(|| browser::focus("f-totp"));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.submit(session);
    };
    let switch = Callback::new(move |()| form.go_to(Step::Second(kind.other())));
    let back = Callback::new(move |()| form.go_to(Step::Password));
    let (words, other) = match kind {
        Kind::App => (texts.step_app, texts.use_recovery),
        Kind::Recovery => (texts.step_recovery, texts.use_app),
    };
    let field = match kind {
        Kind::App => view! {
            <Field
                label=texts.code
                name="totp"
                value=form.code
                errors=form.errors
                autocomplete="one-time-code"
                inputmode="numeric"
            />
        }
        .into_any(),
        Kind::Recovery => {
            view! { <Field label=texts.recovery_code name="totp" value=form.code errors=form.errors/> }.into_any()
        }
    };
    view! {
        <Heading text=texts.step_title/>
        <p class="soft">{words}</p>
        <form class="form" novalidate=true on:submit=submit>
            {problem_banner(form.problem)}
            {resting(form.rest)}
            {field}
            <Button
                label=texts.sign_in
                busy_label=texts.signing_in
                is_busy=form.is_busy
                is_off=form.rest.is_on()
                fit=Fit::Large
            />
        </form>
        <div class="row-between">
            <PlainButton label=t().common.back on_press=back kind=Weight::Quiet icon="left"/>
            <PlainButton label=other on_press=switch kind=Weight::Quiet/>
        </div>
    }
    .into_any()
}
