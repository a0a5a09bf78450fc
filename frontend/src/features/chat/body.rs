//! What an item says: words, or a card.

use common::chat::{Body, Item, ItemStatus};
use leptos::prelude::*;

use crate::{
    components::{
        button::{ButtonLink, Kind},
        icon::icon_16,
        time::{day, time},
    },
    realtime::words,
    session::use_session,
    text,
};
use common::money::format_money;

/// One line of it, for the list.
pub fn line(item: &Item) -> String {
    let texts = text::chat();
    match &item.body {
        _ if item.status == ItemStatus::Deleted => texts.deleted.to_owned(),
        None => texts.deleted.to_owned(),
        Some(body) => match body {
            Body::Text { text } => text.lines().next().unwrap_or_default().to_owned(),
            Body::PayLink(link) => format!("{} {}", texts.pay_link, format_money(link.amount)),
            Body::Invoice(invoice) => invoice.number.clone().unwrap_or_else(|| texts.invoice.to_owned()),
            Body::Receipt(receipt) => format!("{} {}", texts.receipt, format_money(receipt.amount)),
            Body::ToolResult(result) => result.summary.clone(),
            Body::Unknown => texts.unknown_body.to_owned(),
        },
    }
}

/// What stands in the place of words; `None` for words.
pub fn card(body: &Body) -> Option<AnyView> {
    let texts = text::chat();
    let is_desk = use_session().is_desk();
    let card = match body {
        body if words(body).is_some() => return None,
        Body::PayLink(link) => {
            let amount = format_money(link.amount);
            let pay = match is_desk {
                true => view! { <p class="small muted">{texts.staff_no_pay}</p> }.into_any(),
                false => view! { <ButtonLink href=link.path.clone() label=texts.pay(&amount)/> }.into_any(),
            };
            view! {
                <p class="chat-card-head">{icon_16("card")} <span class="strong">{link.title.clone()}</span></p>
                <p class="amount-l">{amount}</p>
                {pay}
            }
            .into_any()
        }
        Body::Invoice(invoice) => {
            let number = invoice.number.clone().unwrap_or_else(|| texts.invoice.to_owned());
            view! {
                <p class="chat-card-head">{icon_16("invoice")} <span class="strong">{number}</span></p>
                <p class="amount-l">{format_money(invoice.total)}</p>
                <p class="small soft">
                    {texts.to_pay(&format_money(invoice.balance))}
                    {invoice.due_at.map(|due| view! { <span>", " {texts.due} " " {day(due)}</span> }.into_any())}
                </p>
                <ButtonLink href=format!("/invoices/{}", invoice.invoice_id) label=texts.view_invoice kind=Kind::Secondary/>
            }
            .into_any()
        }
        Body::Receipt(receipt) => view! {
            <p class="chat-card-head">{icon_16("check")} <span class="strong">{receipt.description.clone()}</span></p>
            <p class="amount-l">{format_money(receipt.amount)}</p>
            <p class="small soft">{time(receipt.paid_at)}</p>
            <ButtonLink href=format!("/payments/{}", receipt.payment_id) label=texts.view_payment kind=Kind::Secondary/>
        }
        .into_any(),
        Body::ToolResult(result) => {
            let rows = result
                .rows
                .iter()
                .map(|row| view! { <div><dt>{row.label.clone()}</dt><dd>{row.value.clone()}</dd></div> }.into_any());
            view! {
                <p class="strong">{result.summary.clone()}</p>
                <dl class="facts facts-lined">{rows.collect_view()}</dl>
            }
            .into_any()
        }
        _ => view! { <p class="soft">{texts.unknown_body}</p> }.into_any(),
    };
    Some(view! { <div class="chat-card">{card}</div> }.into_any())
}
