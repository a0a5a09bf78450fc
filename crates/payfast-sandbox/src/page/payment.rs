//! The page on which the buyer pays, and where it leads without a merchant's address.

use super::{Width, definitions, escape, layout, money, text, warnings};
use crate::faults::Fault;
use crate::state::Payment;
use crate::{address, notification};
use payfast::form::trim;
use payfast::{Amount, checkout};

/// The payment page; it works without scripts.
pub fn payment(payment: &Payment, is_onsite: bool) -> String {
    let amount = money(notification::gross(payment));
    let faults: String = Fault::ALL
        .iter()
        .map(|fault| format!(r#"<option value="{}">{}</option>"#, fault.name(), escape(fault.label())))
        .collect();
    let onsite = if is_onsite {
        r#"<input type="hidden" name="onsite" value="1">"#
    } else {
        ""
    };
    let body = format!(
        r#"<h1>{item}</h1>
<p class="amount">{amount}</p>
{agreement}
<div class="card">{facts}</div>
<form method="post" action="/eng/process/payment/{id}">
{onsite}
<label for="fault">Fault to practise</label>
<select id="fault" name="fault">{faults}</select>
<button class="primary" name="action" value="pay">Pay {amount}</button>
<button class="plain" name="action" value="cancel">Cancel payment</button>
</form>
<p class="muted">The merchant is notified first, then you return to the shop. Cancelling sends no notification.</p>
{warnings}"#,
        item = escape(&value(payment, "item_name")),
        agreement = agreement(payment),
        warnings = warnings(&payment.warnings),
        facts = facts(payment),
        id = payment.id,
    );
    layout(&format!("Pay {amount}"), Width::Narrow, &body)
}

/// The buyer has paid and the form named no `return_url`, or the page was opened again.
pub fn paid(payment: &Payment) -> String {
    let body = format!(
        r#"<h1>Paid</h1>
<p class="amount">{}</p>
<p class="soft">PayFast payment <code>{}</code>. Paying again is not possible, and nothing was charged twice.</p>
{}"#,
        money(notification::gross(payment)),
        escape(&payment.pf_payment_id),
        way_out(payment, "return_url", "Return to the shop"),
    );
    layout("Paid", Width::Narrow, &body)
}

/// The buyer has cancelled.
pub fn cancelled(payment: &Payment) -> String {
    let body = format!(
        r#"<h1>This payment was cancelled</h1>
<p class="soft">Nothing was taken, and no notification was sent. Start again from the shop.</p>
{}"#,
        way_out(payment, "cancel_url", "Return to the shop"),
    );
    layout("Cancelled", Width::Narrow, &body)
}

/// Closes the frame of an onsite payment.
pub fn onsite_result(is_paid: bool) -> String {
    let heading = if is_paid { "Paid" } else { "Cancelled" };
    let body = format!(
        r#"<h1>{heading}</h1>
<p class="soft">You can close this window.</p>
<script>parent.postMessage({{requestFunction: "payfast_close_payment_popup", requestData: {is_paid}}}, "*");</script>"#
    );
    layout(heading, Width::Narrow, &body)
}

fn facts(payment: &Payment) -> String {
    let names = [value(payment, "name_first"), value(payment, "name_last")];
    definitions(&[
        ("Description", value(payment, "item_description")),
        ("Reference", value(payment, "m_payment_id")),
        ("Buyer", names.join(" ").trim().to_owned()),
        ("E-mail", value(payment, "email_address")),
        ("Merchant", value(payment, "merchant_id")),
        ("PayFast payment", payment.pf_payment_id.clone()),
        ("Notification to", value(payment, "notify_url")),
    ])
}

/// What a subscription or tokenization agreement costs later.
fn agreement(payment: &Payment) -> String {
    let sentence = match value(payment, "subscription_type").as_str() {
        "1" => {
            let recurring = value(payment, "recurring_amount");
            let recurring = Amount::parse(&recurring).unwrap_or_else(|_| notification::gross(payment));
            let cycles = match value(payment, "cycles").as_str() {
                "0" => "until you cancel".to_owned(),
                cycles => format!("{cycles} times"),
            };
            format!(
                "Then {} {}, {cycles}.",
                money(recurring),
                frequency(&value(payment, "frequency"))
            )
        }
        "2" => "Your card is kept for later charges by this merchant.".to_owned(),
        _ => return String::new(),
    };
    format!(r#"<p class="soft">{}</p>"#, escape(&sentence))
}

fn frequency(code: &str) -> &'static str {
    match code {
        "1" => "each day",
        "2" => "each week",
        "3" => "each month",
        "4" => "each quarter",
        "5" => "each half-year",
        _ => "each year",
    }
}

fn way_out(payment: &Payment, field: &str, label: &str) -> String {
    match address(payment, field) {
        Some(address) => format!(r#"<p><a href="{}">{label}</a></p>"#, escape(&address)),
        None => r#"<p><a href="/">Open the dashboard</a></p>"#.to_owned(),
    }
}

fn value(payment: &Payment, name: &str) -> String {
    text(trim(checkout::value_of(&payment.form, name)))
}
