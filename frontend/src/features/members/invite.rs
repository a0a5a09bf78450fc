//! Inviting somebody by mail, and the invitations that nobody has answered yet; for owners.

use std::pin::Pin;

use chrono::{DateTime, Utc};
use common::{
    ErrorCode, FieldError,
    accounts::AccountRole,
    ids::AccountId,
    members::{Invitation, Invite, ListInvitations, NewInvitation, WithdrawInvitation},
    page::Page,
    validate::Email,
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use crate::{
    api::{self, Failure},
    asking::{Asking, Plea},
    browser,
    components::{
        badge::{Mark, Tone, badge},
        button::{Button, Kind},
        field::{Errors, Field},
        problem::{Words, problem_banner},
        skeleton::rows_skeleton,
        toast::Toast,
    },
    dates,
    explain::could_not,
    remote::{Remote, remote},
    roles,
    text::t,
};

/// Gets the keyboard when the row that had it is gone.
const LIST_ID: &str = "invitations";

pub fn invitations(account: AccountId, asking: Asking) -> AnyView {
    let texts = t().members;
    let open = remote(move || async move { api::call::<ListInvitations>(&[account.as_str()], &()).await });
    let place = Place {
        account,
        open,
        asking,
        toast: expect_context(),
    };
    view! {
        <Form place/>
        <section class="card" aria-labelledby="invitations-title" id=LIST_ID tabindex="-1">
            <div class="card-part"><h2 id="invitations-title">{texts.open_title}</h2></div>
            {open.show(texts.open_failed, rows_skeleton, move |page| rows(page, place))}
        </section>
    }
    .into_any()
}

#[derive(Clone, Copy)]
struct Place {
    account: AccountId,
    open: Remote<Page<Invitation>>,
    asking: Asking,
    toast: Toast,
}

impl Place {
    /// Sends an invitation and shows it first; the one that the address had is gone.
    fn invite(self, invitation: NewInvitation) -> Pin<Box<dyn Future<Output = Result<(), Failure>>>> {
        Box::pin(async move {
            let sent = api::call::<Invite>(&[self.account.as_str()], &invitation).await?;
            self.toast.say(t().members.sent(&sent.email));
            self.open.update(|page| {
                let key = sent.email.to_ascii_lowercase();
                page.items.retain(|known| known.email.to_ascii_lowercase() != key);
                page.items.insert(0, sent);
            });
            Ok(())
        })
    }
}

#[component]
fn Form(place: Place) -> impl IntoView {
    let texts = t().members;
    let email = RwSignal::new(String::new());
    let role = RwSignal::new(AccountRole::Viewer);
    let errors = Errors::new();
    let problem = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        problem.set(None);
        let address = match Email::parse("email", &email.get_untracked()) {
            Ok(address) => address,
            Err(error) => return errors.show(vec![error]),
        };
        errors.clear();
        is_busy.set(true);
        spawn_local(async move {
            let invitation = NewInvitation {
                email: address.as_str().to_owned(),
                role: role.get_untracked(),
            };
            match place.invite(invitation).await {
                Ok(()) => {
                    email.try_set(String::new());
                }
                Err(failure) => match field_errors(&failure) {
                    Some(refused) => errors.show(refused),
                    None => drop(problem.try_set(Some(could_not(&failure, texts.invite_failed)))),
                },
            }
            is_busy.try_set(false);
        });
    };
    let choices = AccountRole::ALL.iter().map(|option| {
        let option = *option;
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="role"
                    value=option.as_str()
                    prop:checked=move || role.get() == option
                    on:change=move |_| role.set(option)
                />
                <span class="choice-words">
                    <span class="strong">{roles::name(option)}</span>
                    <span class="small muted">{roles::rights(option)}</span>
                </span>
            </label>
        }
        .into_any()
    });
    view! {
        <section class="card">
            <form class="card-part form" novalidate=true on:submit=submit>
                <div class="stack-tight">
                    <h2>{texts.invite_title}</h2>
                    <p class="small muted">{texts.invite_intro}</p>
                </div>
                {problem_banner(problem)}
                <Field label=texts.email name="email" kind="email" value=email errors/>
                <fieldset class="choices">
                    <legend class="field-label">{texts.role}</legend>
                    {choices.collect_view()}
                </fieldset>
                <div class="row"><Button label=texts.invite busy_label=texts.inviting is_busy/></div>
            </form>
        </section>
    }
    .into_any()
}

/// What the server refused, by field; a conflict is about the address.
fn field_errors(failure: &Failure) -> Option<Vec<FieldError>> {
    let problem = failure.problem()?;
    if problem.is(ErrorCode::Conflict) {
        return Some(vec![FieldError::new("email", "conflict", t().members.is_member)]);
    }
    Some(problem.errors.clone()).filter(|errors| !errors.is_empty())
}

fn rows(page: Page<Invitation>, place: Place) -> AnyView {
    if page.items.is_empty() {
        return view! { <p class="card-part soft">{t().members.none_open}</p> }.into_any();
    }
    let now = browser::now();
    let rows = page.items.into_iter().map(|invitation| row(invitation, now, place));
    view! { <ul class="people">{rows.collect_view()}</ul> }.into_any()
}

fn row(invitation: Invitation, now: DateTime<Utc>, place: Place) -> AnyView {
    let texts = t().members;
    let is_sending = RwSignal::new(false);
    let problem = RwSignal::new(None::<Words>);
    let again = NewInvitation {
        email: invitation.email.clone(),
        role: invitation.role,
    };
    let send = Callback::new(move |()| {
        if is_sending.get_untracked() {
            return;
        }
        is_sending.set(true);
        problem.set(None);
        let again = again.clone();
        spawn_local(async move {
            if let Err(failure) = place.invite(again).await {
                problem.try_set(Some(could_not(&failure, texts.invite_failed)));
            }
            is_sending.try_set(false);
        });
    });
    let Place {
        account,
        open,
        toast,
        asking,
    } = place;
    let id = invitation.id;
    let withdraw_name = texts.withdraw_from(&invitation.email);
    let title = format!("{withdraw_name}?");
    let withdraw = move |_| {
        let deed = move || async move {
            api::call::<WithdrawInvitation>(&[account.as_str(), id.as_str()], &())
                .await
                .map_err(|failure| could_not(&failure, texts.withdraw_failed))?;
            open.update(|page| page.items.retain(|known| known.id != id));
            toast.say(texts.withdrawn);
            Ok(())
        };
        asking.ask(Plea {
            title: title.clone(),
            text: texts.withdraw_text.to_owned(),
            keep: texts.keep_invitation,
            act: texts.withdraw_button,
            acting: texts.withdrawing,
            kind: Kind::Danger,
            deed: Callback::new(move |()| Box::pin(deed()) as _),
            focus: Some(LIST_ID),
        });
    };
    let send_name = texts.send_again_to(&invitation.email);
    view! {
        <li class="person">
            <div class="person-words">
                <p class="strong">{invitation.email.clone()}</p>
                <p class="small muted">{texts.invited_as(roles::name(invitation.role), &invitation.invited_by)}</p>
                <p class="row small muted">{badge(state(&invitation, now))}</p>
            </div>
            <div class="person-actions">
                <span role="group" aria-label=send_name>
                    <Button label=texts.send_again busy_label=texts.inviting is_busy=is_sending on_press=send kind=Kind::Secondary/>
                </span>
                <button class="btn btn-quiet" type="button" aria-label=withdraw_name on:click=withdraw>{texts.withdraw}</button>
            </div>
            <div class="person-problem">{problem_banner(problem)}</div>
        </li>
    }
    .into_any()
}

/// How long the link still works.
fn state(invitation: &Invitation, now: DateTime<Utc>) -> Mark {
    let texts = t().members;
    if invitation.is_expired || invitation.expires_at <= now {
        return Mark::new(Tone::Warning, "hourglass", texts.expired);
    }
    let words = match dates::days_until(invitation.expires_at, now) {
        0 => texts.expires_today.to_owned(),
        1 => texts.expires_tomorrow.to_owned(),
        days @ 2..=7 => texts.expires_in(&days.to_string()),
        _ => texts.expires_on(&dates::date(invitation.expires_at)),
    };
    Mark::new(Tone::Info, "clock", words)
}

#[cfg(test)]
mod tests {
    use common::{Problem, ids::InvitationId};

    use super::*;

    fn invitation(expires_at: &str) -> Invitation {
        Invitation {
            id: InvitationId::parse("01929b7e-7c1c-7000-8000-000000000001").unwrap(),
            email: "lerato@kalkbay.africa".to_owned(),
            role: AccountRole::Viewer,
            invited_by: "Thandi Mokoena".to_owned(),
            created_at: "2026-11-20T08:00:00Z".parse().unwrap(),
            expires_at: expires_at.parse().unwrap(),
            is_expired: false,
        }
    }

    #[test]
    fn an_invitation_says_how_long_it_works() {
        let now = "2026-11-24T08:00:00Z".parse().unwrap();
        for (expires, tone, words) in [
            ("2026-11-24T07:59:00Z", Tone::Warning, "Expired"),
            ("2026-11-24T20:00:00Z", Tone::Info, "Expires today"),
            ("2026-11-25T08:00:00Z", Tone::Info, "Expires in 1 day"),
            ("2026-11-27T08:00:00Z", Tone::Info, "Expires in 3 days"),
            ("2026-12-24T08:00:00Z", Tone::Info, "Expires 24 Dec 2026"),
        ] {
            let mark = state(&invitation(expires), now);
            assert_eq!((mark.tone, mark.words.as_str()), (tone, words), "{expires}");
        }
    }

    #[test]
    fn the_server_is_believed_about_expiry() {
        let now = "2026-11-24T08:00:00Z".parse().unwrap();
        let expired = Invitation {
            is_expired: true,
            ..invitation("2026-12-24T08:00:00Z")
        };
        assert_eq!(state(&expired, now).tone, Tone::Warning);
    }

    #[test]
    fn somebody_who_belongs_already_is_an_error_of_the_address() {
        let refused = |code: ErrorCode| Failure::Refused {
            problem: Box::new(Problem {
                kind: String::new(),
                title: String::new(),
                status: 409,
                detail: String::new(),
                code: code.to_string(),
                request_id: String::new(),
                errors: Vec::new(),
            }),
            retry_after: None,
        };
        assert_eq!(field_errors(&refused(ErrorCode::Conflict)).unwrap()[0].field, "email");
        assert_eq!(field_errors(&refused(ErrorCode::Internal)), None);
    }
}
