//! The page that the link of an invitation opens: who invites, to what, and the way in that fits the visitor.
//!
//! The token leaves the address bar at once and stays in this tab until it is used; no link carries it further.

use std::sync::Arc;

use common::{
    ErrorCode,
    members::{AcceptInvitation, InvitationPreview, InvitationToken, PreviewInvitation},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::register::RegisterForm;
use crate::{
    api::{self, Failure},
    browser,
    components::{
        badge::Tone,
        button::{Button, ButtonLink, Fit, Kind},
        data::fact,
        dynamic::dynamic,
        heading::Heading,
        notice::Notice,
        problem::{Words, problem_banner},
        skeleton::card_skeleton,
        time::day,
        toast::Toast,
    },
    explain::could_not,
    features::auth::column,
    next,
    remote::{Remote, remote},
    roles,
    session::{Who, use_session},
    text::t,
};

/// The token, in this tab only.
const TOKEN_KEY: &str = "capecontrol.invitation";
const HERE: &str = "/invitation";

/// What the server says about the token.
#[derive(Debug, Clone, PartialEq)]
enum Offer {
    Open(InvitationPreview),
    /// Used, withdrawn, replaced or too old.
    Dead,
    /// The address named none, and this tab knows none.
    Missing,
}

/// The way in, by who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Wait,
    Join,
    /// Signed in with another address.
    Change,
    SignIn,
    Register,
}

impl Way {
    fn of(preview: &InvitationPreview, who: &Who) -> Self {
        match who {
            Who::Asking => Way::Wait,
            Who::Somebody(signed_in) if signed_in.user.email.eq_ignore_ascii_case(&preview.email) => Way::Join,
            Who::Somebody(_) => Way::Change,
            Who::Nobody | Who::Unreachable(_) if preview.is_registered => Way::SignIn,
            Who::Nobody | Who::Unreachable(_) => Way::Register,
        }
    }
}

#[component]
pub fn InvitationPage() -> impl IntoView {
    let texts = t().members;
    let token: Arc<str> = take_token().into();
    let offer = remote({
        let token = token.clone();
        move || {
            let token = token.to_string();
            async move { preview(token).await }
        }
    });
    let title = Signal::derive(move || {
        offer.with(|offer| match offer {
            Some(Offer::Open(preview)) => texts.join_title(&preview.company_name),
            Some(Offer::Dead | Offer::Missing) => texts.dead_title.to_owned(),
            None => texts.invitation.to_owned(),
        })
    });
    let content = move |shown: Offer| match shown {
        Offer::Open(preview) => open(preview, offer, token.clone()),
        Offer::Dead => dead(texts.dead_text),
        Offer::Missing => dead(texts.missing_text),
    };
    column(view! {
        <Heading text=title/>
        {offer.show(texts.preview_failed, card_skeleton, content)}
    })
}

/// Moves the token from the address into the tab.
fn take_token() -> String {
    let asked = use_query_map().read_untracked().get("token").unwrap_or_default();
    if asked.is_empty() {
        return browser::session().get(TOKEN_KEY).unwrap_or_default();
    }
    browser::session().set(TOKEN_KEY, &asked);
    browser::hide_query();
    asked
}

async fn preview(token: String) -> Result<Offer, Failure> {
    if token.is_empty() {
        return Ok(Offer::Missing);
    }
    match api::call::<PreviewInvitation>(&[], &InvitationToken { token }).await {
        Ok(preview) => Ok(Offer::Open(preview)),
        Err(failure) if is_dead(&failure) => {
            browser::session().remove(TOKEN_KEY);
            Ok(Offer::Dead)
        }
        Err(failure) => Err(failure),
    }
}

fn is_dead(failure: &Failure) -> bool {
    failure.is(ErrorCode::TokenInvalid) || failure.is(ErrorCode::Invalid) || failure.is_not_found()
}

fn dead(why: &'static str) -> AnyView {
    let texts = t().members;
    let session = use_session();
    let door = move || match session.is_somebody() {
        true => view! { <ButtonLink href="/home" label=texts.go_home fit=Fit::Large/> },
        false => view! { <ButtonLink href="/sign-in" label=texts.sign_in kind=Kind::Secondary fit=Fit::Large/> },
    };
    view! {
        <p class="soft">{why}</p>
        <p class="soft">{texts.dead_next}</p>
        {dynamic(door)}
    }
    .into_any()
}

fn open(preview: InvitationPreview, offer: Remote<Offer>, token: Arc<str>) -> AnyView {
    let session = use_session();
    let facts = facts(&preview);
    let way = {
        let preview = preview.clone();
        Memo::new(move |_| session.who.with(|who| Way::of(&preview, who)))
    };
    let action = move || {
        let token = token.to_string();
        match way.get() {
            Way::Wait => card_skeleton(),
            Way::Join => view! { <Join company=preview.company_name.clone() token offer/> }.into_any(),
            Way::Change => view! { <Change invited=preview.email.clone() token/> }.into_any(),
            Way::SignIn => sign_in(),
            Way::Register => {
                let taken = Callback::new(move |()| {
                    offer.update(|offer| {
                        if let Offer::Open(preview) = offer {
                            preview.is_registered = true;
                        }
                    });
                });
                let dead = Callback::new(move |()| offer.update(|offer| *offer = Offer::Dead));
                view! { <RegisterForm preview=preview.clone() token taken dead/> }.into_any()
            }
        }
    };
    view! {
        {facts}
        {dynamic(action)}
    }
    .into_any()
}

fn facts(preview: &InvitationPreview) -> AnyView {
    let texts = t().members;
    let role = preview.role;
    view! {
        <div class="card">
            <div class="card-part">
                <dl class="facts facts-lined">
                    {fact(texts.company, preview.company_name.clone())}
                    {fact(texts.invited_by, preview.invited_by.clone())}
                    {fact(texts.for_address, preview.email.clone())}
                    {fact(texts.your_role, roles::name(role))}
                    {fact(texts.valid_until, day(preview.expires_at).into_any())}
                </dl>
            </div>
            <p class="card-note">{roles::rights(role)}</p>
        </div>
    }
    .into_any()
}

/// The address has a sign-in; afterwards one comes back here.
fn sign_in() -> AnyView {
    let texts = t().members;
    view! {
        <p class="soft">{texts.sign_in_text}</p>
        <ButtonLink href=next::link("/sign-in", HERE) label=texts.sign_in fit=Fit::Large/>
    }
    .into_any()
}

/// The token was used.
pub fn forget_token() {
    browser::session().remove(TOKEN_KEY);
}

#[component]
fn Join(company: String, token: String, offer: Remote<Offer>) -> impl IntoView {
    let texts = t().members;
    let session = use_session();
    let toast: Toast = expect_context();
    let navigate = use_navigate();
    let problem = RwSignal::new(None::<Words>);
    let is_busy = RwSignal::new(false);
    let join = Callback::new(move |()| {
        is_busy.set(true);
        problem.set(None);
        let token = InvitationToken { token: token.clone() };
        let navigate = navigate.clone();
        spawn_local(async move {
            match api::call::<AcceptInvitation>(&[], &token).await {
                Ok(account) => {
                    forget_token();
                    toast.say(texts.joined(&account.company_name));
                    session.joined(account);
                    let options = NavigateOptions {
                        replace: true,
                        ..NavigateOptions::default()
                    };
                    navigate("/home", options);
                    return;
                }
                Err(failure) if is_dead(&failure) => offer.update(|offer| *offer = Offer::Dead),
                Err(failure) => drop(problem.try_set(Some(could_not(&failure, texts.join_failed)))),
            }
            is_busy.try_set(false);
        });
    });
    view! {
        {problem_banner(problem)}
        <Button
            label=texts.join_title(&company)
            busy_label=texts.joining
            is_busy
            on_press=join
            fit=Fit::Large
        />
    }
    .into_any()
}

/// Signed in with another address than the invited one.
#[component]
fn Change(invited: String, token: String) -> impl IntoView {
    let texts = t().members;
    let session = use_session();
    let mine = session.who.with_untracked(|who| match who {
        Who::Somebody(signed_in) => signed_in.user.email.clone(),
        Who::Asking | Who::Nobody | Who::Unreachable(_) => String::new(),
    });
    let problem = RwSignal::new(None::<Words>);
    let is_busy = RwSignal::new(false);
    let sign_out = Callback::new(move |()| {
        is_busy.set(true);
        problem.set(None);
        let token = token.clone();
        spawn_local(async move {
            match session.forget().await {
                Ok(()) => {
                    browser::session().set(TOKEN_KEY, &token);
                    browser::leave_to(HERE);
                }
                Err(failure) => {
                    problem.try_set(Some(could_not(&failure, texts.sign_out_failed)));
                    is_busy.try_set(false);
                }
            }
        });
    });
    view! {
        <Notice
            tone=Tone::Warning
            icon_name="info"
            title=texts.other_address
            text=texts.other_text(&mine, &invited)
        />
        {problem_banner(problem)}
        <div class="actions">
            <Button
                label=texts.sign_out
                busy_label=texts.signing_out
                is_busy
                on_press=sign_out
                fit=Fit::Large
            />
            <ButtonLink href="/home" label=texts.stay_signed_in kind=Kind::Secondary fit=Fit::Large/>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use common::{
        accounts::AccountRole,
        auth::{SignedIn, User},
        ids::UserId,
    };

    use super::*;

    fn preview(is_registered: bool) -> InvitationPreview {
        InvitationPreview {
            company_name: "Karoo Kiln".to_owned(),
            email: "lerato@kalkbay.africa".to_owned(),
            role: AccountRole::Viewer,
            invited_by: "Thandi Mokoena".to_owned(),
            is_registered,
            expires_at: "2026-11-30T08:00:00Z".parse().unwrap(),
        }
    }

    fn somebody(email: &str) -> Who {
        Who::Somebody(SignedIn {
            user: User {
                id: UserId::parse("01929b7e-7c1c-7000-8000-000000000001").unwrap(),
                email: email.to_owned(),
                first_name: String::new(),
                last_name: String::new(),
                staff_role: None,
            },
            accounts: Vec::new(),
        })
    }

    #[test]
    fn the_way_in_depends_on_who_looks() {
        for (is_registered, who, way) in [
            (false, Who::Asking, Way::Wait),
            (false, Who::Nobody, Way::Register),
            (true, Who::Nobody, Way::SignIn),
            (true, somebody("Lerato@KalkBay.africa"), Way::Join),
            (true, somebody("thandi@rietvlei.co.za"), Way::Change),
            (false, somebody("thandi@rietvlei.co.za"), Way::Change),
        ] {
            assert_eq!(Way::of(&preview(is_registered), &who), way, "{is_registered} {who:?}");
        }
    }
}
