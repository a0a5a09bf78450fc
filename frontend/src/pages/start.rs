//! The start page and the plans.

use common::{
    accounts::AccountRole,
    money::format_money,
    plans::{Interval, ListPlans, Plan, ProductCode},
};
use leptos::prelude::*;

use crate::{
    address::query_value,
    api,
    components::{
        art::Horizon,
        button::{ButtonLink, Kind},
        dynamic::{dynamic, pressed},
        heading::Heading,
        icon::{icon, icon_16},
        skeleton::card_skeleton,
        steps::numbered_steps,
    },
    next, plans,
    remote::remote,
    roles::ask_owner,
    session::use_session,
    site::{grouped_vat_number, use_site},
    text::{self, t},
};

#[component]
pub fn StartPage() -> impl IntoView {
    let texts = t().shop;
    view! {
        <div>
            <section class="hero">
                <div class="hero-inner">
                    <Heading text=texts.promise/>
                    <PlanChoice/>
                </div>
            </section>
            <Horizon/>
            <div class="page public-facts">
                <section class="stack">
                    <h2>{texts.how_it_works}</h2>
                    {numbered_steps(vec![texts.how_1.into(), texts.how_2.into(), texts.how_3.into()], None)}
                </section>
                <section class="stack">
                    <h2>{texts.who_sells}</h2>
                    <Seller/>
                    <p class="soft measure">{texts.no_renewal}</p>
                </section>
            </div>
        </div>
    }
    .into_any()
}

#[component]
pub fn PlansPage() -> impl IntoView {
    let texts = t().shop;
    view! {
        <div>
            <section class="hero">
                <div class="hero-inner">
                    <Heading text=texts.choose_plan/>
                    <PlanChoice/>
                    <p class="soft measure">{texts.no_renewal}</p>
                </div>
            </section>
            <Horizon/>
        </div>
    }
    .into_any()
}

/// The seller's name, address and VAT number.
#[component]
fn Seller() -> impl IntoView {
    let site = use_site();
    dynamic(move || {
        site.get().map(|site| {
            let vat = site
                .supplier
                .vat_number
                .map(|number| text::invoices().vat_no(&grouped_vat_number(&number)));
            view! {
                <p class="soft">
                    <span class="strong">{site.supplier.name}</span>
                    <br/>
                    {site.supplier.address}
                    {vat.map(|vat| view! { <br/> {vat} }.into_any())}
                </p>
            }
            .into_any()
        })
    })
}

/// Monthly or yearly, then one card for each plan; the choice stands in the address.
#[component]
fn PlanChoice() -> impl IntoView {
    let texts = t().shop;
    let navigate = leptos_router::hooks::use_navigate();
    let path = leptos_router::hooks::use_location().pathname;
    let per = query_value("per");
    let is_yearly = Signal::derive(move || *per.read() == "year");
    let choose = move |address: &'static str| {
        let navigate = navigate.clone();
        move |_| {
            let options = leptos_router::NavigateOptions {
                replace: true,
                scroll: false,
                ..Default::default()
            };
            navigate(&format!("{}{address}", path.get_untracked()), options);
        }
    };
    let offered = remote(|| async { Ok(api::call::<ListPlans>(&[], &()).await?.items) });
    let saving = move || offered.with(|plans| plans.and_then(|plans| saving_on_pro(plans)));
    let site = use_site();
    let vat = move || {
        site.charges_vat()
            .map(|charged| if charged { texts.vat_included } else { texts.no_vat })
    };
    let cards = move |all: Vec<Plan>| {
        (move || {
            let wanted = if is_yearly.get() {
                Interval::Year
            } else {
                Interval::Month
            };
            let cards = families(&all, wanted)
                .into_iter()
                .map(|plan| view! { <PlanCard plan/> }.into_any());
            view! { <div class="plans">{cards.collect_view()}</div> }.into_any()
        })
        .into_any()
    };
    view! {
        <div class="plans-switch" id="plans">
            <div class="segmented" role="group" aria-label=texts.period>
                <button type="button" aria-pressed=pressed(move || !is_yearly.get()) on:click=choose("")>{texts.monthly}</button>
                <button type="button" aria-pressed=pressed(move || is_yearly.get()) on:click=choose("?per=year")>{texts.yearly}</button>
            </div>
            <p class="soft">{dynamic(saving)} " " {dynamic(vat)}</p>
        </div>
        {offered.show(texts.plans, plans_skeleton, cards)}
    }.into_any()
}

fn plans_skeleton() -> AnyView {
    view! { <div class="plans" aria-busy="true">{card_skeleton()} {card_skeleton()} {card_skeleton()}</div> }.into_any()
}

/// One plan of each family: of the wanted period, or the only one there is.
fn families(all: &[Plan], wanted: Interval) -> Vec<Plan> {
    let mut shown: Vec<Plan> = Vec::new();
    for plan in all.iter().filter(|plan| plan.code != ProductCode::LiveVerifyR5) {
        match shown.iter_mut().find(|shown| shown.name == plan.name) {
            Some(shown) if plan.interval == wanted => *shown = plan.clone(),
            Some(_) => {}
            None => shown.push(plan.clone()),
        }
    }
    shown
}

fn saving_on_pro(all: &[Plan]) -> Option<String> {
    let find = |code| all.iter().find(|plan| plan.code == code);
    let saving = plans::yearly_saving(find(ProductCode::ProMonthly)?, find(ProductCode::ProYearly)?)?;
    Some(t().shop.saving(&format_money(saving)))
}

#[component]
fn PlanCard(plan: Plan) -> impl IntoView {
    let session = use_session();
    let texts = t().shop;
    let code = plan.code;
    let is_free = code == ProductCode::Free;
    let is_mine = move || {
        session
            .account
            .with(|account| account.as_ref().is_some_and(|account| account.plan.code == code))
    };
    let title = if is_free {
        plan.name.clone()
    } else {
        plans::title(&plan)
    };
    let address = format!("/checkout?plan={code}");
    let kind = if code == ProductCode::ProMonthly || code == ProductCode::ProYearly {
        Kind::Primary
    } else {
        Kind::Secondary
    };
    let family = plan.name.clone();
    let action = move || {
        if is_free && session.is_somebody() {
            let words = if is_mine() {
                texts.your_plan
            } else {
                texts.free_needs_nothing
            };
            return view! { <p class="plan-current small">{is_mine().then(|| icon_16("check"))} {words}</p> }
                .into_any();
        }
        if session.account_id().is_some() && !session.may(AccountRole::Member) {
            return ask_owner(t().roles.choose_plan);
        }
        let href = match (is_free, session.is_nobody()) {
            // Else a plan that was chosen on an earlier visit would be taken up again.
            (true, _) => next::link("/register", "/home"),
            (false, true) => next::link("/register", &address),
            (false, false) => address.clone(),
        };
        view! { <ButtonLink href label=texts.choose(&title) kind/> }.into_any()
    };
    let per = match plan.interval {
        Interval::Month => texts.per_month,
        Interval::Year => texts.per_year,
        Interval::Once => texts.once,
    };
    let price = if is_free {
        view! {
            <span class="amount-l">{texts.free}</span>
            <span class="small muted">{texts.free_for_ever}</span>
        }
        .into_any()
    } else {
        view! {
            <span class="amount-l">{format_money(plan.price)}</span>
            <span class="small muted">{per}</span>
        }
        .into_any()
    };
    let features = plan
        .features
        .into_iter()
        .map(|feature| view! { <li>{icon_16("check")} <span>{feature}</span></li> }.into_any());
    view! {
        <article class="plan">
            <h2>{family}</h2>
            <p class="plan-words small muted">{plan.description}</p>
            <p class="plan-price">{price}</p>
            <ul class="plan-features small">{features.collect_view()}</ul>
            {dynamic(action)}
        </article>
    }
    .into_any()
}

/// The plan that somebody chose before signing up, so that they see it was not lost.
#[component]
pub fn ChosenPlan(code: ProductCode) -> impl IntoView {
    let offered = remote(|| async { Ok(api::call::<ListPlans>(&[], &()).await?.items) });
    dynamic(move || {
        offered.with(|all| {
            let plan = all?.iter().find(|plan| plan.code == code)?;
            Some(view! {
                <p class="banner tone-info">
                    {icon("info")}
                    <span class="banner-words">
                        <span>{t().auth.you_chose} " " {plans::title(plan)} ", " {format_money(plan.price)} "."</span>
                    </span>
                </p>
            }.into_any())
        })
    })
}
