//! The members of the company: everybody sees them; owners change roles and remove people.

use common::{
    ErrorCode,
    accounts::AccountRole,
    ids::{AccountId, UserId},
    members::{ChangeMember, ListMembers, Member, MemberChange, RemoveMember},
    page::Page,
};
use leptos::{prelude::*, task::spawn_local};

use super::invite::invitations;
use crate::{
    api::{self, Failure},
    asking::{Asking, Deed, Plea},
    browser,
    components::{
        badge::{Mark, Tone, badge},
        button::{Button, Kind, PlainButton},
        dynamic::dynamic,
        problem::{Words, problem_banner},
        skeleton::rows_skeleton,
        toast::Toast,
    },
    dates,
    explain::could_not,
    features::account::settings_frame,
    frame::initials,
    remote::{Remote, remote},
    roles,
    session::{Session, use_session},
    text::t,
};

/// Gets the keyboard when the row that had it is gone.
const LIST_ID: &str = "members";

/// What every row of the list shares.
#[derive(Clone, Copy)]
struct Place {
    account: AccountId,
    session: Session,
    members: Remote<Page<Member>>,
    asking: Asking,
    toast: Toast,
}

impl Place {
    fn company(self) -> String {
        self.session.account.with_untracked(|account| {
            account
                .as_ref()
                .map(|account| account.company_name.clone())
                .unwrap_or_default()
        })
    }
}

#[component]
pub fn MembersPage() -> impl IntoView {
    let session = use_session();
    let asking = Asking::new();
    let content = session.account_id().map(|account| {
        let members = remote(move || async move { api::call::<ListMembers>(&[account.as_str()], &()).await });
        let place = Place {
            account,
            session,
            members,
            asking,
            toast: expect_context(),
        };
        let is_owner = Memo::new(move |_| session.may(AccountRole::Owner));
        let others = move || match is_owner.get() {
            true => invitations(account, asking),
            false => rights(),
        };
        view! {
            <p class="soft">{t().members.intro}</p>
            {members.show(t().members.list_failed, rows_skeleton, move |page| rows(page, place, is_owner.get()))}
            {dynamic(others)}
            {asking.view()}
        }
        .into_any()
    });
    settings_frame(t().members.title, content)
}

fn rows(page: Page<Member>, place: Place, is_owner: bool) -> AnyView {
    let rows = page.items.into_iter().map(|member| person(member, place, is_owner));
    view! {
        <section class="card" aria-label=t().members.title id=LIST_ID tabindex="-1">
            <ul class="people">{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// What the roles mean, for those who choose none.
fn rights() -> AnyView {
    let rows = AccountRole::ALL.iter().map(|role| {
        view! {
            <div class="stack-tight">
                <dt class="strong">{roles::name(*role)}</dt>
                <dd class="soft">{roles::rights(*role)}</dd>
            </div>
        }
        .into_any()
    });
    view! {
        {roles::ask_owner(t().roles.manage_members)}
        <section class="card">
            <div class="card-part stack">
                <h2>{t().roles.what_roles_may}</h2>
                <dl class="stack">{rows.collect_view()}</dl>
            </div>
        </section>
    }
    .into_any()
}

fn full_name(member: &Member) -> String {
    format!("{} {}", member.first_name, member.last_name)
}

fn person(member: Member, place: Place, is_owner: bool) -> AnyView {
    let texts = t().members;
    let name = full_name(&member);
    let problem = RwSignal::new(None::<Words>);
    let factor = match member.has_second_factor {
        true => Mark::new(Tone::Positive, "shield", texts.two_step_on),
        false => Mark::new(Tone::Neutral, "shield", texts.two_step_off),
    };
    let myself = member
        .is_self
        .then(|| view! { <span class="badge">{texts.you}</span> }.into_any());
    let since = dates::date(member.joined_at);
    let controls = match is_owner {
        true => view! { <RoleChoice member=member.clone() place problem/> }.into_any(),
        false => view! { <p class="strong">{roles::name(member.role)}</p> }.into_any(),
    };
    let way_out = (member.is_self || is_owner).then(|| way_out(&member, place));
    view! {
        <li class="person">
            <span class="avatar avatar-large" aria-hidden="true">{initials(&name)}</span>
            <div class="person-words">
                <p class="row"><span class="strong">{name.clone()}</span> {myself}</p>
                <p class="small muted">{member.email}</p>
                <p class="row small muted">{badge(factor)} <span title=since.clone()>{texts.since(&since)}</span></p>
            </div>
            <div class="person-actions">{controls} {way_out}</div>
            <div class="person-problem">{problem_banner(problem)}</div>
        </li>
    }
    .into_any()
}

/// The role as a select; its button appears when another one is chosen.
#[component]
fn RoleChoice(member: Member, place: Place, problem: RwSignal<Option<Words>>) -> impl IntoView {
    let texts = t().members;
    let name = full_name(&member);
    let role = RwSignal::new(member.role);
    let chosen = RwSignal::new(role.get_untracked());
    let is_busy = RwSignal::new(false);
    let user = member.user_id;
    let is_self = member.is_self;
    let id = format!("role-{user}");
    let save = move |wanted: AccountRole| -> Deed {
        Box::pin(async move {
            let answer =
                api::call::<ChangeMember>(&[place.account.as_str(), user.as_str()], &MemberChange { role: wanted })
                    .await
                    .map_err(|failure| refusal(&failure, texts.role_failed))?;
            role.try_set(answer.role);
            place.toast.say(texts.role_saved);
            if is_self {
                // One's own rights change with it, and with them the whole list.
                place.members.update(|page| {
                    let own = page.items.iter_mut().find(|member| member.is_self);
                    own.into_iter().for_each(|own| own.role = answer.role);
                });
                place.session.renew();
            }
            Ok(())
        })
    };
    let press = {
        let id = id.clone();
        Callback::new(move |()| {
            let wanted = chosen.get_untracked();
            problem.set(None);
            if is_self {
                return place.asking.ask(Plea {
                    title: texts.give_up_title(&place.company()),
                    text: texts.give_up_text.to_owned(),
                    keep: texts.give_up_keep,
                    act: texts.give_up_button,
                    acting: texts.giving_up,
                    kind: Kind::Primary,
                    deed: Callback::new(move |()| save(wanted)),
                    focus: None,
                });
            }
            is_busy.set(true);
            let id = id.clone();
            spawn_local(async move {
                match save(wanted).await {
                    // The button goes with the difference, so the select gets the keyboard.
                    Ok(()) => browser::focus(&id),
                    Err(words) => drop(problem.try_set(Some(words))),
                }
                is_busy.try_set(false);
            });
        })
    };
    let options = AccountRole::ALL.iter().map(|option| {
        let is_chosen = *option == role.get_untracked();
        view! { <option value=option.as_str() selected=is_chosen>{roles::name(*option)}</option> }.into_any()
    });
    let choose = move |event| {
        if let Some(role) = AccountRole::parse(&event_target_value(&event)) {
            chosen.set(role);
        }
    };
    view! {
        <select class="input person-role" id=id aria-label=texts.role_of(&name) on:change=choose>
            {options.collect_view()}
        </select>
        {dynamic(move || (chosen.get() != role.get()).then(|| view! {
            <Button label=texts.save_role busy_label=texts.saving_role is_busy on_press=press kind=Kind::Secondary/>
        }))}
    }
    .into_any()
}

/// Remove somebody, or leave oneself.
fn way_out(member: &Member, place: Place) -> AnyView {
    let texts = t().members;
    let name = full_name(member);
    let user = member.user_id;
    let Place {
        account,
        session,
        members,
        asking,
        toast,
    } = place;
    if member.is_self {
        let press = Callback::new(move |()| {
            let company = place.company();
            let leave = move || async move {
                let company = place.company();
                remove(account, user, texts.leave_failed).await?;
                toast.say(texts.left(&company));
                // Another company is shown now, or none.
                session.renew();
                Ok(())
            };
            asking.ask(Plea {
                title: texts.leave_title(&company),
                text: texts.leave_text.to_owned(),
                keep: texts.stay,
                act: texts.leave_button,
                acting: texts.leaving,
                kind: Kind::Danger,
                deed: Callback::new(move |()| Box::pin(leave()) as _),
                focus: None,
            });
        });
        let label = move || texts.leave(&place.company());
        return view! { <PlainButton label=Signal::derive(label) on_press=press kind=Kind::Quiet/> }.into_any();
    }
    let press = Callback::new({
        let name = name.clone();
        move |()| {
            let removed = texts.removed(&name);
            let deed = move || {
                let removed = removed.clone();
                async move {
                    remove(account, user, texts.remove_failed).await?;
                    members.update(|page| page.items.retain(|member| member.user_id != user));
                    toast.say(removed);
                    Ok(())
                }
            };
            asking.ask(Plea {
                title: texts.remove_title(&name),
                text: texts.remove_text(&name, &place.company()),
                keep: texts.keep_member,
                act: texts.remove_button,
                acting: texts.removing,
                kind: Kind::Danger,
                deed: Callback::new(move |()| Box::pin(deed()) as _),
                focus: Some(LIST_ID),
            });
        }
    });
    view! {
        <button class="btn btn-quiet" type="button" aria-label=texts.remove_name(&name) on:click=move |_| press.run(())>
            {texts.remove}
        </button>
    }
    .into_any()
}

/// Ends a membership; `what` is what could not be done when it was refused.
fn remove(account: AccountId, user: UserId, what: &'static str) -> Deed {
    Box::pin(async move {
        match api::call::<RemoveMember>(&[account.as_str(), user.as_str()], &()).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(refusal(&failure, what)),
        }
    })
}

/// A refused change in words; the last owner is told what to do first.
fn refusal(failure: &Failure, what: &str) -> Words {
    let mut words = could_not(failure, what);
    if failure.is(ErrorCode::LastOwner) {
        words.detail = t().members.last_owner.to_owned();
        words.reference = None;
    }
    words
}
