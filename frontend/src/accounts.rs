//! Staff choose a customer: a field that finds accounts by some letters of their name.

use std::time::Duration;

use common::{
    accounts::{AccountSearch, SearchAccounts},
    ids::AccountId,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api,
    components::{
        combobox::{Choice, Combobox, Found},
        field::Errors,
    },
    lists::ListView,
    text,
};

const REST: Duration = Duration::from_millis(250);
/// The server looks for nothing shorter.
const LEAST_CHARS: usize = 3;

/// The field; `on_take` gets the account that was chosen.
pub fn account_field(value: RwSignal<String>, errors: Errors, on_take: Callback<(AccountId, String)>) -> AnyView {
    let texts = text::lists();
    let found = RwSignal::new(Found::Nothing);
    let round = StoredValue::new(0_u32);
    let on_type = Callback::new(move |()| {
        round.update_value(|round| *round += 1);
        let mine = round.get_value();
        let is_newest = move || round.try_get_value() == Some(mine);
        if value.with_untracked(|text| text.trim().chars().count() < LEAST_CHARS) {
            found.set(Found::Nothing);
            return;
        }
        found.set(Found::Looking);
        let ask = move || {
            if !is_newest() {
                return;
            }
            let search = value.get_untracked().trim().to_owned();
            spawn_local(async move {
                let answer = api::call::<SearchAccounts>(&[], &AccountSearch { search }).await;
                if !is_newest() {
                    return;
                }
                match answer {
                    Ok(matches) => {
                        let choice = |account: common::accounts::AccountMatch| Choice {
                            id: account.id.to_string(),
                            words: account.company_name,
                            note: account.billing_email,
                        };
                        found.set(Found::These(matches.into_iter().map(choice).collect()));
                    }
                    Err(failure) => {
                        found.set(Found::Nothing);
                        let words = crate::explain::could_not_load(&failure, texts.customers);
                        errors.tell_of(common::FieldError::new("account", "failed", &words.detail));
                    }
                }
            });
        };
        set_timeout(ask, REST);
    });
    let take = Callback::new(move |choice: Choice| {
        if let Ok(id) = AccountId::parse(&choice.id) {
            on_take.run((id, choice.words));
        }
    });
    view! {
        <Combobox
            label=texts.customer
            name="account"
            value
            found=found.into()
            errors
            on_type
            on_take=take
            hint=texts.customer_hint
        />
    }
    .into_any()
}

/// In the filters of a list: only one customer's rows.
pub fn account_filter(view: ListView) -> AnyView {
    let value = RwSignal::new(String::new());
    let on_take = Callback::new(move |(id, _): (AccountId, String)| view.set(&[("account_id", vec![id.to_string()])]));
    account_field(value, Errors::new(), on_take)
}
