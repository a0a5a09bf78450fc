//! The saved cards of the company.

use common::{
    accounts::AccountRole,
    page::Page,
    payment_methods::{
        ChangePaymentMethod, ListPaymentMethods, PaymentMethod, PaymentMethodChange, PaymentMethodStatus,
        RemovePaymentMethod, UpdateCard,
    },
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    add::AddForm,
    edit::edit,
    typed::expiry_words,
    waiting::{CameBy, is_saved, waiting},
};
use crate::{
    address::path_value,
    api,
    asking::{Asking, Plea},
    browser,
    components::{
        badge::{Mark, Tone, badge},
        button::{Kind, PlainButton},
        dynamic::{dynamic, flag},
        icon::icon,
        problem::{Words, problem_banner},
        skeleton::rows_skeleton,
        toast::Toast,
    },
    explain::could_not,
    features::account::settings_frame,
    remote::{Remote, remote},
    roles::allowed,
    status,
    text::{methods, t},
};

pub type Methods = Remote<Page<PaymentMethod>>;

/// Gets the keyboard when the row that had it is gone.
const LIST_ID: &str = "methods";

/// What every row shares.
#[derive(Clone, Copy)]
struct Place {
    list: Methods,
    asking: Asking,
    toast: Toast,
    edited: RwSignal<Option<PaymentMethod>>,
    problem: RwSignal<Option<Words>>,
}

#[component]
pub fn MethodsPage() -> impl IntoView {
    let texts = methods();
    let (id, after) = (path_value("id"), path_value("after"));
    let place = Place {
        list: remote(|| async { api::call::<ListPaymentMethods>(&[], &()).await }),
        asking: Asking::new(),
        toast: expect_context(),
        edited: RwSignal::new(None),
        problem: RwSignal::new(None),
    };
    let on_saved = Callback::new(move |saved: PaymentMethod| {
        place.list.update(|page| {
            if let Some(known) = page.items.iter_mut().find(|known| known.id == saved.id) {
                *known = saved;
            }
        });
        place.toast.say(texts.saved);
    });
    let is_adding = RwSignal::new(false);
    let add = move || match is_adding.get() {
        true => view! { <AddForm is_open=is_adding/> }.into_any(),
        false => {
            let open = Callback::new(move |()| is_adding.set(true));
            view! { <div class="row"><PlainButton label=texts.add icon="card" on_press=open/></div> }.into_any()
        }
    };
    let content = view! {
        <p class="soft">{texts.intro}</p>
        {dynamic(move || waiting(place.list, id.get(), CameBy::of(&after.read())))}
        {problem_banner(place.problem)}
        {place.list.show(texts.load_failed, rows_skeleton, move |page| rows(page, place))}
        {allowed(AccountRole::Owner, t().roles.keep_cards, move || dynamic(add))}
        <p class="small muted">{texts.why}</p>
        {edit(place.edited, on_saved)}
        {place.asking.view()}
    };
    settings_frame(texts.title, content)
}

fn rows(page: Page<PaymentMethod>, place: Place) -> AnyView {
    let texts = methods();
    // A card that was begun and never saved is none.
    let saved: Vec<_> = page.items.into_iter().filter(is_saved).collect();
    if saved.is_empty() {
        return view! { <section class="card empty" id=LIST_ID tabindex="-1"><p>{texts.empty}</p></section> }
            .into_any();
    }
    let all = StoredValue::new(saved.clone());
    let rows = saved.into_iter().map(|method| row(method, all, place));
    view! {
        <section class="card" aria-label=texts.list id=LIST_ID tabindex="-1">
            <ul class="people">{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn row(method: PaymentMethod, all: StoredValue<Vec<PaymentMethod>>, place: Place) -> AnyView {
    let texts = methods();
    let details: Vec<_> = [
        method.last_four.as_deref().map(|digits| texts.ends_in(digits)),
        method.expires.map(|expiry| texts.expires_on(&expiry_words(expiry))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let details = details.join(" · ");
    let default = method
        .is_default
        .then(|| badge(Mark::new(Tone::Info, "check", crate::text::states().card_default)));
    let expiring = (method.status == PaymentMethodStatus::Expiring).then(|| badge(status::method(method.status)));
    let label = method.label.clone();
    view! {
        <li class="person">
            <span class="avatar avatar-square avatar-large" aria-hidden="true">{icon("card")}</span>
            <div class="person-words">
                <p class="row"><span class="strong">{label}</span> {default} {expiring}</p>
                {(!details.is_empty()).then(|| view! { <p class="small muted">{details}</p> }.into_any())}
            </div>
            {allowed_actions(method, all, place)}
        </li>
    }
    .into_any()
}

/// Whom to ask stands once, below the list.
fn allowed_actions(method: PaymentMethod, all: StoredValue<Vec<PaymentMethod>>, place: Place) -> AnyView {
    let session = crate::session::use_session();
    let is_owner = Memo::new(move |_| session.may(AccountRole::Owner));
    dynamic(move || {
        is_owner.get().then(|| {
            view! {
                <div class="person-actions">
                    {(!method.is_default).then(|| make_default(&method, place))}
                    {edit_button(&method, place)}
                    {update(&method, place)}
                    {remove(&method, all, place)}
                </div>
            }
            .into_any()
        })
    })
}

async fn set_default(id: &str) -> Result<(), api::Failure> {
    let change = PaymentMethodChange {
        is_default: Some(true),
        ..PaymentMethodChange::default()
    };
    api::call::<ChangePaymentMethod>(&[id], &change).await.map(drop)
}

fn make_default(method: &PaymentMethod, place: Place) -> AnyView {
    let texts = methods();
    let id = method.id;
    let press = move |_| {
        place.problem.set(None);
        spawn_local(async move {
            match set_default(id.as_str()).await {
                Ok(()) => {
                    place.list.update(|page| {
                        for known in &mut page.items {
                            known.is_default = known.id == id;
                        }
                    });
                    place.toast.say(texts.made_default);
                }
                Err(failure) => drop(place.problem.try_set(Some(could_not(&failure, texts.default_failed)))),
            }
        });
    };
    view! {
        <button class="btn btn-secondary" type="button" aria-label=texts.make_default_name(&method.label) on:click=press>{texts.make_default}</button>
    }
    .into_any()
}

fn edit_button(method: &PaymentMethod, place: Place) -> AnyView {
    let texts = methods();
    let name = texts.edit_name(&method.label);
    let method = method.clone();
    view! {
        <button class="btn btn-quiet" type="button" aria-label=name on:click=move |_| place.edited.set(Some(method.clone()))>{texts.edit}</button>
    }
    .into_any()
}

fn update(method: &PaymentMethod, place: Place) -> AnyView {
    let texts = methods();
    let id = method.id;
    let is_busy = RwSignal::new(false);
    let press = move |_| {
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        place.problem.set(None);
        spawn_local(async move {
            match api::call::<UpdateCard>(&[id.as_str()], &()).await {
                Ok(page) => browser::leave_to(&page.url),
                Err(failure) => {
                    is_busy.try_set(false);
                    place.problem.try_set(Some(could_not(&failure, texts.update_failed)));
                }
            }
        });
    };
    let words = move || if is_busy.get() { texts.updating } else { texts.update };
    view! {
        <button class="btn btn-quiet" type="button" aria-label=texts.update_name(&method.label) aria-busy=flag(move || is_busy.get()) on:click=press>
            {dynamic(words)}
        </button>
    }
    .into_any()
}

/// Another card that is used once `method` is gone.
fn heir<'a>(method: &PaymentMethod, all: &'a [PaymentMethod]) -> Option<&'a PaymentMethod> {
    let others = || all.iter().filter(|other| other.id != method.id);
    others().find(|other| other.is_default).or_else(|| others().next())
}

fn remove(method: &PaymentMethod, all: StoredValue<Vec<PaymentMethod>>, place: Place) -> AnyView {
    let texts = methods();
    let name = texts.remove_name(&method.label);
    let method = method.clone();
    let press = move |_| {
        let id = method.id;
        let heir = all.with_value(|all| heir(&method, all).cloned());
        let text = match &heir {
            Some(heir) if method.is_default => texts.remove_default(&heir.label),
            Some(heir) => texts.remove_other(&heir.label),
            None => texts.remove_last.to_owned(),
        };
        let heir = heir.filter(|_| method.is_default).map(|heir| heir.id);
        let deed = move || async move {
            let failed = |failure| could_not(&failure, texts.remove_failed);
            if let Some(heir) = heir {
                set_default(heir.as_str()).await.map_err(failed)?;
            }
            api::call::<RemovePaymentMethod>(&[id.as_str()], &())
                .await
                .map_err(failed)?;
            place.list.update(|page| {
                page.items.retain(|known| known.id != id);
                if let Some(heir) = heir {
                    for known in &mut page.items {
                        known.is_default = known.id == heir;
                    }
                }
            });
            place.toast.say(texts.removed);
            Ok(())
        };
        place.asking.ask(Plea {
            title: texts.remove_title(&method.label),
            text,
            keep: texts.keep,
            act: texts.remove_act,
            acting: texts.removing,
            kind: Kind::Danger,
            deed: Callback::new(move |()| Box::pin(deed()) as _),
            focus: Some(LIST_ID),
        });
    };
    view! { <button class="btn btn-quiet" type="button" aria-label=name on:click=press>{texts.remove}</button> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use common::{ids::PaymentMethodId, payment_methods::PaymentMethodKind};

    use super::*;

    fn card(number: u8, is_default: bool) -> PaymentMethod {
        PaymentMethod {
            id: PaymentMethodId::parse(&format!("01929b7e-7c1c-7000-8000-00000000000{number}")).unwrap(),
            kind: PaymentMethodKind::Card,
            label: number.to_string(),
            last_four: None,
            expires: None,
            is_default,
            status: PaymentMethodStatus::Active,
            created_at: "2026-11-24T08:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_default_pays_for_a_card_that_goes_and_another_for_the_default() {
        let all = [card(1, false), card(2, true), card(3, false)];
        let name = |index: usize| heir(&all[index], &all).map(|heir| heir.label.clone());
        assert_eq!(name(0).as_deref(), Some("2"));
        assert_eq!(name(1).as_deref(), Some("1"));
        assert_eq!(heir(&all[0], &all[..1]), None);
    }
}
