//! The keys of the company: what each may do, when it was used, a new secret, and its end.

use chrono::{DateTime, Utc};
use common::{
    accounts::AccountRole,
    api_keys::{ApiKey, ApiKeySecret, ListApiKeys, RevokeApiKey, RotateApiKey},
    page::Page,
};
use leptos::prelude::*;

use super::{
    ask_secret,
    create::NewKey,
    scope_name,
    secret::{Secret, TITLE_ID},
};
use crate::{
    api,
    asking::{Asking, Plea},
    browser,
    components::{
        badge::{Mark, Tone, badge},
        button::Kind,
        data::{code_block, fact},
        dynamic::dynamic,
        skeleton::rows_skeleton,
        time::{day, time},
        toast::Toast,
    },
    dates,
    explain::could_not,
    features::account::settings_frame,
    remote::{Remote, remote},
    roles::ask_owner,
    session::use_session,
    text::t,
};

/// Gets the keyboard when the row that had it is gone.
const LIST_ID: &str = "keys";

/// What every row of the list shares.
#[derive(Clone, Copy)]
struct Place {
    keys: Remote<Page<ApiKey>>,
    /// The secret that is shown now.
    made: RwSignal<Option<ApiKeySecret>>,
    asking: Asking,
    toast: Toast,
}

impl Place {
    /// Shows the secret of a key that is new or has a new one.
    fn show(self, made: ApiKeySecret) {
        let key = made.key.clone();
        self.keys
            .update(|page| match page.items.iter_mut().find(|known| known.id == key.id) {
                Some(known) => *known = key,
                None => page.items.insert(0, key),
            });
        self.made.set(Some(made));
    }
}

#[component]
pub fn KeysPage() -> impl IntoView {
    let session = use_session();
    let is_owner = Memo::new(move |_| session.may(AccountRole::Owner));
    let content = dynamic(move || match is_owner.get() {
        true => keys(),
        false => ask_owner(t().roles.make_keys),
    });
    settings_frame(t().keys.title, content)
}

fn keys() -> AnyView {
    let texts = t().keys;
    let place = Place {
        keys: remote(|| async { api::call::<ListApiKeys>(&[], &()).await }),
        made: RwSignal::new(None),
        asking: Asking::new(),
        toast: expect_context(),
    };
    let made = Callback::new(move |made| place.show(made));
    let done = Callback::new(move |()| {
        place.made.set(None);
        request_animation_frame(|| browser::focus(LIST_ID));
    });
    // One thing at a time: the form comes back when the secret is safe.
    let task = move || match place.made.get() {
        Some(made) => view! { <Secret made done/> }.into_any(),
        None => view! { <NewKey made/> }.into_any(),
    };
    view! {
        <div class="stack">
            <p class="soft">{texts.intro}</p>
            {place.keys.show(texts.list_failed, rows_skeleton, move |page| rows(page, place))}
            {dynamic(task)}
            {place.asking.view()}
        </div>
    }
    .into_any()
}

fn rows(page: Page<ApiKey>, place: Place) -> AnyView {
    if page.items.is_empty() {
        return empty();
    }
    let now = browser::now();
    let rows = page.items.into_iter().map(|key| row(key, now, place));
    view! {
        <section class="card" aria-label=t().keys.title id=LIST_ID tabindex="-1">
            <ul class="people">{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// What keys are for, with a request to try.
fn empty() -> AnyView {
    let texts = t().keys;
    view! {
        <section class="card" id=LIST_ID tabindex="-1">
            <div class="card-part stack">
                <p>{texts.empty}</p>
                <p class="small muted">{texts.example}</p>
                {code_block(texts.example_name, example(&browser::origin()))}
            </div>
        </section>
    }
    .into_any()
}

fn example(origin: &str) -> String {
    format!(
        "curl -H \"Authorization: Bearer ck_…\" {origin}{}/invoices",
        common::API_BASE
    )
}

fn row(key: ApiKey, now: DateTime<Utc>, place: Place) -> AnyView {
    let texts = t().keys;
    let is_expired = key.is_expired || key.expires_at <= now;
    let expired = is_expired.then(|| badge(Mark::new(Tone::Warning, "hourglass", texts.expired)));
    let may = key
        .scopes
        .iter()
        .map(|scope| scope_name(*scope))
        .collect::<Vec<_>>()
        .join(", ");
    let used = match (key.last_used_at, key.last_used_from.clone()) {
        (None, _) => texts.never_used.into_any(),
        (Some(at), None) => time(at).into_any(),
        (Some(at), Some(from)) => texts.used_from(&dates::date_time(at), &from).into_any(),
    };
    let old = key.old_secret_until.filter(|until| *until > now);
    let facts = [
        Some(fact(texts.scopes, may)),
        Some(fact(
            texts.made,
            texts.made_by(&key.created_by, &dates::date(key.created_at)),
        )),
        Some(fact(texts.last_used, used)),
        Some(fact(texts.expires, day(key.expires_at).into_any())),
        old.map(|until| fact(texts.old_secret, texts.works_until(&dates::date_time(until)))),
    ];
    view! {
        <li class="key">
            <div class="row-between">
                <p class="row"><span class="strong">{key.name.clone()}</span> <span class="mono muted">{key.prefix.clone()} "…"</span></p>
                {expired}
            </div>
            <dl class="facts small">{facts.into_iter().flatten().collect_view()}</dl>
            <div class="row">
                {(!is_expired).then(|| rotate(&key, place))}
                {revoke(&key, place)}
            </div>
        </li>
    }
    .into_any()
}

fn rotate(key: &ApiKey, place: Place) -> AnyView {
    let texts = t().keys;
    let id = key.id;
    let title = texts.rotate_title(&key.name);
    let press = move |_| {
        let deed = move || async move {
            let made = ask_secret::<RotateApiKey>(&[id.as_str()], &())
                .await
                .map_err(|failure| could_not(&failure, texts.rotate_failed))?;
            place.show(made);
            Ok(())
        };
        place.asking.ask(Plea {
            title: title.clone(),
            text: texts.rotate_text.to_owned(),
            keep: texts.keep_secret,
            act: texts.rotate_button,
            acting: texts.rotating,
            kind: Kind::Primary,
            deed: Callback::new(move |()| Box::pin(deed()) as _),
            focus: Some(TITLE_ID),
        });
    };
    view! {
        <button class="btn btn-secondary" type="button" aria-label=texts.rotate_name(&key.name) on:click=press>{texts.rotate}</button>
    }
    .into_any()
}

fn revoke(key: &ApiKey, place: Place) -> AnyView {
    let texts = t().keys;
    let id = key.id;
    let title = texts.revoke_title(&key.name);
    let press = move |_| {
        let deed = move || async move {
            api::call::<RevokeApiKey>(&[id.as_str()], &())
                .await
                .map_err(|failure| could_not(&failure, texts.revoke_failed))?;
            place.keys.update(|page| page.items.retain(|known| known.id != id));
            // A secret that was just made is worth nothing now.
            place.made.update(|made| {
                made.take_if(|made| made.key.id == id);
            });
            place.toast.say(texts.revoked);
            Ok(())
        };
        place.asking.ask(Plea {
            title: title.clone(),
            text: texts.revoke_text.to_owned(),
            keep: texts.keep_key,
            act: texts.revoke_button,
            acting: texts.revoking,
            kind: Kind::Danger,
            deed: Callback::new(move |()| Box::pin(deed()) as _),
            focus: Some(LIST_ID),
        });
    };
    view! {
        <button class="btn btn-quiet" type="button" aria-label=texts.revoke_name(&key.name) on:click=press>{texts.revoke}</button>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_asks_this_site() {
        assert_eq!(
            example("https://pay.example"),
            "curl -H \"Authorization: Bearer ck_…\" https://pay.example/api/v1/invoices"
        );
    }
}
