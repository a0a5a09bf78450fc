//! The account on the dashboard: agreements, faults of the REST API, the statement; and the page that renews a card.

use super::{Width, definitions, escape, layout, money};
use crate::api_faults::ApiFault;
use crate::notification;
use crate::state::{Agreement, Line, Payment, State};
use payfast::api::reply::SubscriptionStatus;

const SHOWN: usize = 20;

/// The sections of the dashboard.
pub fn sections(state: &State) -> String {
    let agreements: String = state.agreements().iter().take(SHOWN).map(agreement_card).collect();
    let agreements = if agreements.is_empty() {
        r#"<p class="soft">No agreements yet. Pay a form with <code>subscription_type</code>.</p>"#.to_owned()
    } else {
        agreements
    };
    format!(
        "<h2>REST API</h2>{}<h2>Agreements</h2>{agreements}<h2>Statement</h2>{}",
        faults(&state.api_faults()),
        statement(state)
    )
}

fn faults(waiting: &[ApiFault]) -> String {
    let choices: String = ApiFault::ALL
        .iter()
        .map(|fault| format!(r#"<option value="{}">{}</option>"#, fault.name(), escape(fault.label())))
        .collect();
    let queue: String = waiting
        .iter()
        .map(|fault| format!("<li>{}</li>", escape(fault.label())))
        .collect();
    let queue = if queue.is_empty() {
        r#"<p class="muted">No fault waits.</p>"#.to_owned()
    } else {
        format!(
            r#"<ul class="attempts">{queue}</ul>
<form class="inline" method="post" action="/api-faults"><button class="plain" name="action" value="clear">Forget all</button></form>"#
        )
    };
    format!(
        r#"<article class="card"><form method="post" action="/api-faults">
<label for="api-fault">Fault of the next call that fits</label>
<select id="api-fault" name="fault">{choices}</select>
<button class="plain">Set fault</button></form>{queue}</article>"#
    )
}

fn agreement_card(agreement: &Agreement) -> String {
    let (class, status) = match agreement.status {
        SubscriptionStatus::Active => ("positive", "Active"),
        SubscriptionStatus::Cancelled => ("waiting", "Cancelled"),
        SubscriptionStatus::Paused => ("care", "Paused"),
        SubscriptionStatus::Complete => ("waiting", "Complete"),
        SubscriptionStatus::Failed => ("bad", "Locked"),
        _ => ("care", "Other"),
    };
    let kind = if agreement.is_subscription {
        "Subscription"
    } else {
        "Stored card"
    };
    let button = |action: &str, label: &str| {
        format!(
            r#"<button class="plain" name="action" value="{action}" aria-label="{label}: {}">{label}</button>"#,
            agreement.token
        )
    };
    let buttons = match agreement.status {
        SubscriptionStatus::Active => [
            button("charge", "Charge now"),
            button("lock", "Lock"),
            button("cancel", "Cancel"),
        ]
        .concat(),
        SubscriptionStatus::Failed => [button("unlock", "Unlock"), button("cancel", "Cancel")].concat(),
        SubscriptionStatus::Cancelled | SubscriptionStatus::Complete => String::new(),
        _ => button("cancel", "Cancel"),
    };
    let amount = if agreement.amount < payfast::Amount::MINIMUM {
        payfast::Amount::MINIMUM
    } else {
        agreement.amount
    };
    let form = if buttons.is_empty() {
        String::new()
    } else {
        format!(
            r#"<form class="inline" method="post" action="/agreements/{}"><input type="hidden" name="amount" value="{amount}">{buttons}</form>"#,
            agreement.token
        )
    };
    let cycles = if agreement.is_subscription {
        format!("{} of {}", agreement.cycles_complete, agreement.cycles)
    } else {
        String::new()
    };
    format!(
        r#"<article class="card"><div class="row"><h3>{kind}</h3><span class="badge {class}">{status}</span></div>{facts}{form}</article>"#,
        facts = definitions(&[
            ("Token", agreement.token.to_string()),
            ("Charge", money(amount)),
            ("Cycles", cycles),
            ("Next", agreement.run_date.clone()),
            ("Card renewed", agreement.card_updates.to_string()),
        ]),
    )
}

fn statement(state: &State) -> String {
    let lines = state.lines();
    let rows: String = lines.iter().rev().take(SHOWN).map(row).collect();
    let rows = if rows.is_empty() {
        r#"<p class="soft">Nothing was paid yet.</p>"#.to_owned()
    } else {
        format!(r#"<ul class="attempts">{rows}</ul>"#)
    };
    let button = if state.balance() > payfast::Amount::default() {
        r#"<form class="inline" method="post" action="/payouts"><button class="plain">Pay out everything</button></form>"#
    } else {
        ""
    };
    format!(
        r#"<article class="card"><div class="row"><p class="amount-l">{}</p>{button}</div>{rows}</article>"#,
        money(state.balance())
    )
}

fn row(line: &Line) -> String {
    format!(
        r#"<li><code>{}</code> {} {} <span class="muted">fee {}, balance {}</span></li>"#,
        escape(&line.kind),
        money(line.gross),
        escape(&line.pf_payment_id),
        money(line.fee),
        money(line.balance)
    )
}

/// Where the owner of a card renews it.
pub fn card_update(agreement: &Agreement, payment: Option<&Payment>, back: &str) -> String {
    let item = payment.map(|payment| payment.value("item_name")).unwrap_or_default();
    let email = payment
        .map(|payment| payment.value("email_address"))
        .unwrap_or_default();
    let body = format!(
        r#"<h1>Update your card</h1>
<p class="soft">The merchant charges the new card from now on. Nothing is charged today.</p>
<div class="card">{facts}</div>
<form method="post" action="/eng/recurring/update/{token}">
<input type="hidden" name="return" value="{back}">
<button class="primary" name="action" value="update">Update card</button>
<button class="plain" name="action" value="keep">Keep the old card</button>
</form>"#,
        facts = definitions(&[
            ("Agreement", item),
            ("E-mail", email),
            ("Since", notification::day(agreement.at)),
            ("Token", agreement.token.to_string()),
        ]),
        token = agreement.token,
        back = escape(back),
    );
    layout("Update your card", Width::Narrow, &body)
}

/// A button of the dashboard could not do its work.
pub fn agreement_unchanged() -> String {
    let body = r#"<h1>Nothing was changed</h1>
<p class="soft">The agreement is not active any more, or the amount is not one of at least R5.00.</p>
<p><a href="/">Open the dashboard</a></p>"#;
    layout("Nothing was changed", Width::Narrow, body)
}
