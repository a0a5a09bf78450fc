//! Paying an open invoice with the saved card, without PayFast's page.

use common::{
    ids::{InvoiceId, PaymentId},
    payment_methods::{ListPaymentMethods, PaymentMethod, PaymentMethodStatus},
    payments::{ChargeMethod, NewCharge},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use serde::Deserialize;

use crate::{
    api::{self, Failure, Terms},
    browser,
    components::{
        button::{Button, Fit, Kind},
        dynamic::dynamic,
        problem::Words,
    },
    explain::could_not,
    remote::remote,
    text::methods,
};

/// The one thing that is read of the payment; its own page asks for the rest.
#[derive(Deserialize)]
struct Begun {
    id: PaymentId,
}

/// The button, when there is a card to charge; without one, or without an answer, PayFast's page is the way.
pub fn saved_card(
    invoice: InvoiceId,
    amount: String,
    is_paying: RwSignal<bool>,
    problem: RwSignal<Option<Words>>,
) -> AnyView {
    let card = remote(|| async {
        let page = api::call::<ListPaymentMethods>(&[], &()).await?;
        Ok(page.items.into_iter().find(is_usable))
    });
    dynamic(move || {
        let card = card.get().flatten()?;
        Some(button(card, invoice, &amount, is_paying, problem))
    })
}

fn is_usable(method: &PaymentMethod) -> bool {
    method.is_default
        && matches!(
            method.status,
            PaymentMethodStatus::Active | PaymentMethodStatus::Expiring
        )
}

fn button(
    card: PaymentMethod,
    invoice: InvoiceId,
    amount: &str,
    is_paying: RwSignal<bool>,
    problem: RwSignal<Option<Words>>,
) -> AnyView {
    let texts = methods();
    let navigate = use_navigate();
    let is_busy = RwSignal::new(false);
    let label = match &card.last_four {
        Some(digits) => format!("{} {digits}", card.label),
        None => card.label.clone(),
    };
    let pay = Callback::new(move |()| {
        if is_paying.get_untracked() {
            return;
        }
        is_busy.set(true);
        is_paying.set(true);
        problem.set(None);
        let navigate = navigate.clone();
        let request = NewCharge {
            payment_method_id: Some(card.id),
        };
        spawn_local(async move {
            let answer = charge(invoice, &request).await;
            is_busy.try_set(false);
            is_paying.try_set(false);
            match answer {
                // Whether it went through is said there, once PayFast has told us.
                Ok(id) => navigate(&format!("/payments/{id}/return"), NavigateOptions::default()),
                Err(failure) => drop(problem.try_set(Some(could_not(&failure, texts.charge_failed)))),
            }
        });
    });
    view! {
        <Button
            label=texts.pay_with(amount, &label)
            busy_label=texts.charging
            is_busy
            on_press=pay
            kind=Kind::Secondary
            fit=Fit::Large
            icon="card"
        />
    }
    .into_any()
}

/// Charges once: the key is kept until there is an answer, also over a reload.
async fn charge(invoice: InvoiceId, request: &NewCharge) -> Result<PaymentId, Failure> {
    let slot = format!("capecontrol.charge.{invoice}");
    let key = browser::session().get(&slot).unwrap_or_else(browser::random_key);
    browser::session().set(&slot, &key);
    let answer = api::ask_on::<ChargeMethod>(&[invoice.as_str()], request, Terms::once(&key)).await;
    // A refusal of the server is an answer; a lost line is none, and a 5xx may have charged.
    let is_known = match &answer {
        Ok(_) => true,
        Err(failure) => failure.problem().is_some_and(|problem| problem.status < 500),
    };
    if is_known {
        browser::session().remove(&slot);
    }
    let begun: Begun = api::from_json(&answer?)?;
    Ok(begun.id)
}
