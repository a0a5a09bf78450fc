//! The order card: what is bought, by whom, and the one large amount.

use common::{
    accounts::Account,
    invoices::Invoice,
    money::{Money, format_money},
    plans::{Interval, Plan},
};
use leptos::prelude::*;

use super::{Basket, Wanted};
use crate::{
    components::dynamic::dynamic,
    components::{data::fact, icon::icon_16},
    plans,
    site::{grouped_vat_number, use_site},
    text,
};

/// What is paid for.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Plan(Plan),
    Invoice(Box<Invoice>),
}

impl Item {
    pub fn title(&self) -> String {
        match self {
            Item::Plan(plan) => plans::title(plan),
            Item::Invoice(invoice) => {
                let number = invoice.summary.number.as_deref().unwrap_or(text::invoices().no_number);
                text::checkout().invoice_name(number)
            }
        }
    }

    /// What is to be paid today.
    pub fn amount(&self) -> Money {
        match self {
            Item::Plan(plan) => plan.price,
            Item::Invoice(invoice) => invoice.summary.balance,
        }
    }

    /// Price before VAT and VAT, where both belong to exactly the amount that is paid.
    fn split(&self) -> Option<(Money, Money)> {
        let (net, vat) = match self {
            Item::Plan(plan) => (plan.price_before_vat, plan.vat),
            Item::Invoice(invoice) => (invoice.summary.subtotal, invoice.summary.vat),
        };
        let is_whole = net.checked_add(vat) == Ok(self.amount());
        (is_whole && !vat.is_zero()).then_some((net, vat))
    }

    fn renewal(&self) -> &'static str {
        let texts = text::checkout();
        match self {
            Item::Plan(plan) => match plan.interval {
                Interval::Month => texts.renews_month,
                Interval::Year => texts.renews_year,
                Interval::Once => texts.renews_once,
            },
            Item::Invoice(_) => texts.invoice_once,
        }
    }
}

/// The card; `with_details` adds who is billed.
pub fn order_card(basket: &Basket, with_details: bool) -> impl IntoView + use<> {
    let texts = text::checkout();
    let item = &basket.item;
    let change = matches!(basket.wanted, Wanted::Plan(_)).then(|| {
        view! { <a class="inline-touch small" href="/plans" aria-label=texts.change_plan>{texts.change}</a> }.into_any()
    });
    let split = item.split().map(|(net, vat)| {
        view! {
            <dl class="card-part facts">
                {fact(texts.before_vat, format_money(net))}
                {fact(texts.vat_at(&plans::vat_percent(net, vat).to_string()), format_money(vat))}
            </dl>
        }
        .into_any()
    });
    let details = with_details.then(|| billed_to(&basket.account, basket.wanted));
    view! {
        <section class="card">
            <div class="card-part order-head">
                <div>
                    <h2>{item.title()}</h2>
                    <p class="muted small">{texts.buyer(&basket.account.company_name)}</p>
                </div>
                {change}
            </div>
            {details}
            {split}
            <div class="card-part order-total">
                <span>{texts.to_pay_today}</span>
                <span class="amount-l">{format_money(item.amount())}</span>
            </div>
            <p class="card-note">{icon_16("calendar")} <span>{item.renewal()}</span></p>
        </section>
    }
    .into_any()
}

/// The address that will stand on the invoice; an issued invoice keeps the one that it has.
fn billed_to(account: &Account, wanted: Wanted) -> Option<impl IntoView + use<>> {
    let Wanted::Plan(_) = wanted else {
        return None;
    };
    let texts = text::checkout();
    let address = account.billing_address.clone()?;
    let lines = [
        Some(address.line1),
        address.line2,
        Some(format!("{}, {}", address.city, address.postal_code)),
    ];
    let vat = account
        .vat_number
        .as_deref()
        .map(|number| text::invoices().vat_no(&grouped_vat_number(number)));
    let text = lines.into_iter().flatten().chain(vat).collect::<Vec<_>>().join(", ");
    Some(view! {
        <div class="card-part order-head">
            <div class="stack-tight">
                <span class="label">{texts.billed_to}</span>
                <span class="small">{text}</span>
            </div>
            <a class="inline-touch small" href=wanted.address("details") aria-label=texts.change_details>{texts.change}</a>
        </div>
    }.into_any())
}

/// Who sells, with the VAT number if there is one.
pub fn seller() -> impl IntoView {
    let site = use_site();
    dynamic(move || {
        site.get().map(|site| match &site.supplier.vat_number {
            Some(number) => text::checkout().sold_by_vat(&site.supplier.name, &grouped_vat_number(number)),
            None => text::checkout().sold_by(&site.supplier.name),
        })
    })
}
