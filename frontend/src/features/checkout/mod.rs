//! Checkout: details, review, hand-over to PayFast. The step stands in the address, so that Back and reload work.

mod details;
mod order;
mod review;
mod saved_card;

use common::{
    accounts::{Account, AccountRole, GetAccount},
    ids::InvoiceId,
    payments::CheckoutRequest,
    plans::{ListPlans, ProductCode},
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use self::{
    details::Details,
    order::{Item, order_card},
    review::Review,
};
use crate::{
    address::query_value,
    api::{self, Failure},
    browser,
    chunk::pages,
    components::{
        button::ButtonLink,
        dynamic::{dynamic, react},
        heading::Heading,
        problem::ProblemPanel,
        skeleton::card_skeleton,
        steps::Stepper,
    },
    documents,
    explain::could_not_load,
    orders::Order,
    remote::{Remote, remote},
    roles::closed_page,
    session::use_session,
    text::t,
};

pages! { checkout: checkout => CheckoutPage }

/// The step that the address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Details,
    Review,
}

impl Step {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "details" => Some(Step::Details),
            "review" => Some(Step::Review),
            _ => None,
        }
    }
}

/// What the address asks to pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Plan(ProductCode),
    Invoice(InvoiceId),
    Nothing,
}

impl Wanted {
    fn parse(plan: &str, invoice: &str) -> Self {
        match (ProductCode::parse(plan), InvoiceId::parse(invoice)) {
            (Some(ProductCode::Free), _) | (None, Err(_)) => Wanted::Nothing,
            (Some(code), _) => Wanted::Plan(code),
            (None, Ok(id)) => Wanted::Invoice(id),
        }
    }

    fn address(self, step: &str) -> String {
        match self {
            Wanted::Plan(code) => format!("/checkout?plan={code}&step={step}"),
            Wanted::Invoice(id) => format!("/checkout?invoice={id}&step={step}"),
            Wanted::Nothing => "/plans".to_owned(),
        }
    }

    fn request(self) -> CheckoutRequest {
        let mut request = CheckoutRequest::default();
        match self {
            Wanted::Plan(code) => request.product_code = Some(code),
            Wanted::Invoice(id) => request.invoice_id = Some(id),
            Wanted::Nothing => {}
        }
        request
    }
}

/// The account and the thing to pay, loaded.
#[derive(Debug, Clone, PartialEq)]
struct Basket {
    account: Account,
    item: Item,
    order: Order,
    wanted: Wanted,
}

#[component]
pub fn CheckoutPage() -> impl IntoView {
    browser::wear("checkout", include_str!("../../../styles/checkout.css"));
    let session = use_session();
    let plan = query_value("plan");
    let invoice = query_value("invoice");
    let wanted = move || Wanted::parse(&plan.read(), &invoice.read());
    let basket = remote(move || {
        let account = session.account_id();
        let wanted = wanted();
        async move { load(account, wanted).await }
    });
    let may_pay = Memo::new(move |_| session.may(AccountRole::Member));
    view! {
        <div class="page checkout-page">
            {dynamic(move || if !may_pay.get() {
                closed_page(t().roles.cannot_pay_title, t().roles.pay)
            } else if wanted() == Wanted::Nothing {
                nothing_to_buy().into_any()
            } else {
                basket
                    .show_or(
                        || view! { <div class="page-narrow stack">{card_skeleton()} {card_skeleton()}</div> }.into_any(),
                        move |loaded| view! { <Steps loaded basket/> }.into_any(),
                        move |failure| cannot_load(failure, basket),
                    )
                    .into_any()
            })}
        </div>
    }.into_any()
}

async fn load(account: Option<common::ids::AccountId>, wanted: Wanted) -> Result<Basket, Failure> {
    let Some(id) = account else {
        return Err(Failure::Unreadable);
    };
    let account = api::call::<GetAccount>(&[id.as_str()], &()).await?;
    let item = match wanted {
        Wanted::Plan(code) => {
            let plans = api::call::<ListPlans>(&[], &()).await?.items;
            Item::Plan(
                plans
                    .into_iter()
                    .find(|plan| plan.code == code)
                    .ok_or(Failure::Unreadable)?,
            )
        }
        Wanted::Invoice(id) => Item::Invoice(Box::new(documents::invoice(id).await?)),
        Wanted::Nothing => return Err(Failure::Unreadable),
    };
    Ok(Basket {
        account,
        item,
        order: Order {
            account: id,
            request: wanted.request(),
        },
        wanted,
    })
}

/// Stepper, title, and the step that the address names.
#[component]
fn Steps(loaded: Basket, basket: Remote<Basket>) -> impl IntoView {
    let navigate = use_navigate();
    let is_paying = RwSignal::new(false);
    let refused = RwSignal::new(Vec::new());
    let has_details = loaded.account.billing_address.is_some() || matches!(loaded.item, Item::Invoice(_));
    let wanted = loaded.wanted;
    let step = query_value("step");
    let step = move || Step::parse(&step.read());
    // An address without a step is not kept in the history, or Back would lead to it again and again.
    react(move || {
        if step().is_none() {
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&wanted.address(if has_details { "review" } else { "details" }), options);
        }
    });
    let current = Signal::derive(move || match (step(), is_paying.get()) {
        (Some(Step::Review), true) => 2,
        (Some(Step::Review), false) => 1,
        _ => 0,
    });
    let texts = crate::text::checkout();
    dynamic(move || {
        let title = match step() {
            Some(Step::Review) => texts.review_title,
            Some(Step::Details) | None => texts.details_title,
        };
        let content = match step() {
            Some(Step::Review) => view! { <Review loaded=loaded.clone() is_paying refused/> }.into_any(),
            Some(Step::Details) | None => view! { <Details loaded=loaded.clone() basket refused/> }.into_any(),
        };
        view! {
            <div class="checkout-columns">
                <div class="checkout-head stack">
                    <Stepper
                        label=texts.steps
                        names=vec![texts.step_details, texts.step_review, texts.step_pay]
                        current
                    />
                    <Heading text=title/>
                </div>
                <div class="checkout-side" class:is-brief=move || step() != Some(Step::Review)>{order_card(&loaded, step() == Some(Step::Review))}</div>
                {content}
            </div>
        }.into_any()
    })
}

fn nothing_to_buy() -> impl IntoView {
    let texts = crate::text::checkout();
    view! {
        <div class="page-narrow stack">
            <Heading text=texts.no_plan_title/>
            <p class="soft">{texts.no_plan_text}</p>
            <div class="row"><ButtonLink href="/plans" label=texts.see_plans/></div>
        </div>
    }
    .into_any()
}

fn cannot_load(failure: Failure, basket: Remote<Basket>) -> AnyView {
    // The plan that the address names is not on sale, or the invoice is somebody else's.
    if failure == Failure::Unreadable || failure.is_not_found() {
        return nothing_to_buy().into_any();
    }
    let retry = basket.retry();
    let words = could_not_load(&failure, crate::text::checkout().your_order);
    view! {
        <div class="page-narrow stack">
            <Heading text=crate::text::checkout().review_title/>
            <ProblemPanel words retry/>
        </div>
    }
    .into_any()
}
