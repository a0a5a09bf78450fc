//! Home: what must be done, the plan, the last invoices.

use common::{
    accounts::{AccountRole, AccountSummary},
    invoices::{InvoiceQuery, InvoiceState, InvoiceSummary, ListInvoices},
    money::format_money,
    payments::{ListPayments, PaymentQuery, PaymentStatus, PaymentSummary},
    plans::ProductCode,
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    api::{self, Failure},
    browser,
    components::{
        art::Horizon,
        badge::badge,
        button::{ButtonLink, Kind},
        dynamic::react,
        heading::Heading,
        icon::icon,
        skeleton::card_skeleton,
    },
    dates,
    remote::remote,
    roles::{allowed, no_company_words},
    session::use_session,
    status,
    text::{self, t},
};

/// Shown on Home; the rest is one click away.
const LAST_INVOICES: u32 = 3;

/// What Home needs to know.
#[derive(Debug, Clone, PartialEq)]
struct Overview {
    due: Option<InvoiceSummary>,
    waiting: Option<PaymentSummary>,
    last: Vec<InvoiceSummary>,
}

#[component]
pub fn HomePage() -> impl IntoView {
    let session = use_session();
    let texts = t().account;
    let overview = remote(move || {
        let account = session.account_id();
        async move {
            match account {
                Some(_) => load().await.map(Some),
                None => Ok(None),
            }
        }
    });
    let content = move |overview: Option<Overview>| match (overview, session.account.get()) {
        (Some(overview), Some(account)) => cards(overview, account),
        _ => no_account().into_any(),
    };
    let navigate = use_navigate();
    react(move || {
        // The staff's home is the list of what waits for them.
        if session.is_desk() {
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate("/today", options);
        }
    });
    view! {
        <div class="page">
            <div class="head"><Heading text=texts.home/></div>
            {overview.show(
                texts.home_failed,
                || view! { <div class="home">{card_skeleton()} {card_skeleton()}</div> }.into_any(),
                content,
            )}
        </div>
    }
    .into_any()
}

async fn load() -> Result<Overview, Failure> {
    let invoices = |status, limit| InvoiceQuery {
        limit: Some(limit),
        status: Option::into_iter(status).collect(),
        ..InvoiceQuery::default()
    };
    let waiting = |status| PaymentQuery {
        limit: Some(1),
        status: vec![status],
        ..PaymentQuery::default()
    };
    let last = api::call::<ListInvoices>(&[], &invoices(None, LAST_INVOICES))
        .await?
        .items;
    let open = api::call::<ListInvoices>(&[], &invoices(Some(InvoiceState::Open), 20))
        .await?
        .items;
    let mut waiting_payment = None;
    for status in [PaymentStatus::Unknown, PaymentStatus::AwaitingCustomer] {
        if waiting_payment.is_none() {
            waiting_payment = api::call::<ListPayments>(&[], &waiting(status))
                .await?
                .items
                .into_iter()
                .next();
        }
    }
    Ok(Overview {
        due: open.into_iter().min_by_key(|invoice| invoice.due_at),
        waiting: waiting_payment,
        last,
    })
}

fn no_account() -> impl IntoView {
    view! {
        <section class="card">
            <Horizon/>
            <div class="card-part stack">
                <h2>{t().roles.no_account_title}</h2>
                {no_company_words()}
            </div>
        </section>
    }
    .into_any()
}

fn cards(overview: Overview, account: AccountSummary) -> AnyView {
    let is_new = overview.last.is_empty() && overview.waiting.is_none();
    if is_new && account.plan.code == ProductCode::Free {
        return first_run().into_any();
    }
    view! {
        <div class="home">
            <section class="card home-all"><div class="card-part">{must_do(overview.due, overview.waiting)}</div></section>
            {plan_card(account)}
            {last_invoices(overview.last)}
        </div>
    }
    .into_any()
}

/// Nothing was bought yet: the way to the first plan, and nothing else.
fn first_run() -> impl IntoView {
    let texts = t().account;
    view! {
        <section class="card">
            <Horizon/>
            <div class="empty">
                <p>{texts.welcome}</p>
                {allowed(AccountRole::Member, t().roles.choose_plan, move || {
                    view! { <ButtonLink href="/plans" label=texts.choose_plan/> }
                })}
            </div>
        </section>
    }
    .into_any()
}

/// The first thing to do: pay what is due, finish what was begun, or nothing.
fn must_do(due: Option<InvoiceSummary>, waiting: Option<PaymentSummary>) -> AnyView {
    let texts = t().account;
    if let Some(invoice) = due {
        let now = browser::now();
        let amount = format_money(invoice.balance);
        let days = invoice.due_at.map(|due_at| (dates::days_until(due_at, now), due_at));
        let when = match days {
            Some((days, _)) if days < 0 => texts.is_late(&amount, &status::late(-days)),
            Some((days, due_at)) => texts.is_due(
                &amount,
                &lower_first(status::due(days, due_at).trim_start_matches("Due ")),
            ),
            None => texts.is_due(&amount, &t().common.today.to_lowercase()),
        };
        let href = format!("/checkout?invoice={}", invoice.id);
        let pay = texts.pay(&amount);
        return view! {
            <div class="must-do">
                <div class="must-do-words">
                    <h2>{when}</h2>
                    <p class="muted">{invoice.number} " · " {invoice.description}</p>
                </div>
                {allowed(AccountRole::Member, t().roles.pay_invoice, move || {
                    view! { <ButtonLink href=href.clone() label=pay.clone() icon="lock"/> }
                })}
            </div>
        }
        .into_any();
    }
    if let Some(payment) = waiting {
        let is_unknown = payment.status == PaymentStatus::Unknown;
        let (title, text) = match is_unknown {
            true => (texts.unknown_payment, texts.unknown_payment_text),
            false => (texts.waiting_payment, texts.waiting_payment_text),
        };
        return view! {
            <div class="must-do">
                <div class="must-do-words">
                    <h2>{title}</h2>
                    <p class="muted">{format_money(payment.amount)} " · " {payment.description}</p>
                    <p class="soft">{text}</p>
                </div>
                <ButtonLink href=format!("/payments/{}", payment.id) label=texts.see_payment/>
            </div>
        }
        .into_any();
    }
    view! {
        <div class="row">
            <span class="tone-positive badge" aria-hidden="true">{icon("check")}</span>
            <div class="must-do-words">
                <h2>{texts.nothing_to_pay}</h2>
                <p class="muted">{texts.nothing_to_pay_text}</p>
            </div>
        </div>
    }
    .into_any()
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

fn plan_card(account: AccountSummary) -> impl IntoView {
    let texts = t().account;
    let is_free = account.plan.code == ProductCode::Free;
    let words = match account.plan.paid_until {
        Some(until) if until < browser::now() => texts.ended(&dates::date(until)),
        Some(until) => texts.paid_until(&dates::date(until)),
        None => texts.free_text.to_owned(),
    };
    let (href, label) = match is_free {
        true => ("/plans".to_owned(), texts.choose_plan),
        false => (format!("/checkout?plan={}", account.plan.code), texts.extend),
    };
    let action = allowed(AccountRole::Member, t().roles.choose_plan, move || {
        view! { <ButtonLink href=href.clone() label kind=Kind::Secondary/> }
    });
    view! {
        <section class="card">
            <div class="card-part plan-now">
                <h2 class="label">{texts.plan}</h2>
                <p class="amount-l">{account.plan.name}</p>
                <p class="soft">{words}</p>
                <div class="row">{action}</div>
            </div>
        </section>
    }
    .into_any()
}

fn last_invoices(invoices: Vec<InvoiceSummary>) -> impl IntoView {
    let texts = t().account;
    let now = browser::now();
    let rows = invoices.into_iter().map(|invoice| {
        let mark = status::invoice(&invoice, now);
        let number = invoice.number.unwrap_or_else(|| text::invoices().no_number.to_owned());
        view! {
            <li>
                <a href=format!("/invoices/{}", invoice.id)>{invoice.description}</a>
                <span class="strong">{format_money(invoice.total)}</span>
                <span class="muted small">{number}</span>
                {badge(mark)}
            </li>
        }
        .into_any()
    });
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <div class="card-part section-head">
                <h2>{texts.last_invoices}</h2>
                <a class="inline-touch" href="/invoices">{texts.all_invoices}</a>
            </div>
            {if rows.is_empty() {
                view! { <p class="card-part soft">{texts.no_invoices}</p> }.into_any()
            } else {
                view! { <ul class="mini-list">{rows}</ul> }.into_any()
            }}
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_go_on_in_lower_case() {
        assert_eq!(lower_first("Today"), "today");
        assert_eq!(lower_first(""), "");
    }
}
