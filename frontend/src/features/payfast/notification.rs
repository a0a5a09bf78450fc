//! One notification: what it did in one sentence, the four checks, and what came.

use common::{
    ids::ItnId,
    itn::{CheckName, GetItn, Itn, ItnChange, ItnCheck, ItnStatus, ItnSummary},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{parts::rand, replay::replay, strings::value_words};
use crate::{
    api::{self, Failure},
    components::{
        badge::badge,
        copy::CopyButton,
        data::{self, Column, cell, code_block, crumbs, fact, fact_link, row},
        dynamic::dynamic,
        heading::Heading,
        icon::icon,
        problem::ProblemPanel,
        skeleton::card_skeleton,
        tabs::tabs,
        time::time,
    },
    explain::could_not_load,
    remote::{Remote, remote},
    status,
    text::payfast,
};

/// What an [`Itn`] has beside its summary; see `documents.rs`.
#[derive(Deserialize)]
struct Rest {
    raw_body: String,
    signed_string: Option<String>,
    checked_at: Option<String>,
    checks: Vec<ItnCheck>,
    changes: Vec<ItnChange>,
}

fn read(text: &str) -> Result<Itn, Failure> {
    let summary: ItnSummary = api::from_json(text)?;
    let rest: Rest = api::from_json(text)?;
    Ok(Itn {
        summary,
        raw_body: rest.raw_body,
        signed_string: rest.signed_string,
        checked_at: rest.checked_at.and_then(|at| at.parse().ok()),
        checks: rest.checks,
        changes: rest.changes,
    })
}

async fn load(id: ItnId) -> Result<Itn, Failure> {
    read(&api::text::<GetItn>(&[id.as_str()]).await?)
}

pub fn notification(id: Memo<String>) -> AnyView {
    let texts = payfast();
    let itn = remote(move || {
        let id = ItnId::parse(&id.read()).ok();
        async move {
            match id {
                Some(id) => load(id).await.map(Some),
                None => Ok(None),
            }
        }
    });
    let title = Signal::derive(move || {
        itn.with(
            |itn| match itn.and_then(|itn| itn.as_ref()?.summary.pf_payment_id.clone()) {
                Some(id) => texts.notification_of(&id),
                None => texts.notification.to_owned(),
            },
        )
    });
    let mark = move || {
        itn.get()
            .flatten()
            .map(|itn| badge(status::notification(itn.summary.status)))
    };
    view! {
        <div class="page">
            {crumbs("/payfast/notifications", texts.notifications, title)}
            <div class="head"><div class="head-title"><Heading text=title/> {dynamic(mark)}</div></div>
            {itn.show_or(
                card_skeleton,
                move |loaded| match loaded {
                    Some(loaded) => body(loaded, itn),
                    None => missing(),
                },
                move |failure| match failure.is_not_found() {
                    true => missing(),
                    false => view! { <ProblemPanel words=could_not_load(&failure, texts.notification_failed) retry=itn.retry()/> }.into_any(),
                },
            )}
        </div>
    }
    .into_any()
}

fn missing() -> AnyView {
    view! { <p class="soft">{payfast().no_notification}</p> }.into_any()
}

fn body(itn: Itn, remote: Remote<Option<Itn>>) -> AnyView {
    let texts = payfast();
    let sentence = sentence(&itn.summary, &itn.changes);
    let mark = status::notification(itn.summary.status);
    view! {
        <div class="stack-wide">
            <p class=format!("banner itn-sentence {}", mark.tone.class())>{icon(mark.icon)} <span class="strong">{sentence}</span></p>
            <div class="payment-columns stack-wide">
                <div class="stack">
                    <h2>{texts.checks}</h2>
                    {checks(&itn.checks)}
                </div>
                <div class="stack">
                    <h2>{texts.notification}</h2>
                    <div class="card"><div class="card-part">{facts(&itn)}</div></div>
                </div>
            </div>
            {views(&itn)}
            {replay(itn.summary.id, itn.summary.status, remote)}
        </div>
    }
    .into_any()
}

/// What became of it.
fn sentence(itn: &ItnSummary, changes: &[ItnChange]) -> String {
    let texts = payfast();
    let now = |entity: &str| {
        let change = changes
            .iter()
            .rfind(|change| change.entity == entity && change.field == "status");
        change.and_then(|change| change.after.as_deref())
    };
    match itn.status {
        ItnStatus::Applied => match (now("invoice"), now("payment")) {
            (Some("paid"), _) => texts.says_invoice_paid.to_owned(),
            (_, Some(state)) => texts.says_payment(&value_words("payment", "status", state)),
            _ => texts.says_applied_nothing.to_owned(),
        },
        ItnStatus::Received => texts.says_received.to_owned(),
        ItnStatus::Verified => texts.says_verified.to_owned(),
        ItnStatus::Duplicate => texts.says_duplicate.to_owned(),
        ItnStatus::Quarantined => texts.says_held(&itn.reason),
        ItnStatus::Rejected => texts.says_refused(&itn.reason),
    }
}

pub fn checks(checks: &[ItnCheck]) -> AnyView {
    let texts = payfast();
    let rows = checks.iter().map(|check| {
        let name = match check.check {
            CheckName::Signature => texts.check_signature,
            CheckName::Source => texts.check_source,
            CheckName::Contents => texts.check_contents,
            CheckName::Confirmation => texts.check_confirmation,
        };
        let evidence = match check.evidence.is_empty() {
            true => texts.no_evidence.to_owned(),
            false => check.evidence.clone(),
        };
        view! {
            <li class="card-part check-row">
                <span class="strong">{name}</span>
                {badge(status::check(check.verdict))}
                <span class="small soft">{evidence}</span>
            </li>
        }
        .into_any()
    });
    view! { <ol class="card">{rows.collect_view()}</ol> }.into_any()
}

fn facts(itn: &Itn) -> AnyView {
    let texts = payfast();
    let summary = itn.summary.clone();
    let times = match summary.deliveries {
        ..=1 => texts.once.to_owned(),
        more => texts.times(&more.to_string()),
    };
    let rows = [
        Some(fact(texts.received, time(summary.received_at).into_any())),
        summary.pf_payment_id.map(|id| fact(texts.pf_id, id)),
        summary
            .payment_id
            .map(|id| fact_link(texts.payment, format!("/payments/{id}"), texts.see_payment.to_owned())),
        summary.amount_gross.map(|amount| fact(texts.amount, rand(&amount))),
        summary.payment_status.map(|told| fact(texts.told, told)),
        Some(fact(texts.peer, summary.peer)),
        Some(fact(texts.deliveries, times)),
        itn.checked_at.map(|at| fact(texts.checked_at, time(at).into_any())),
    ];
    view! { <dl class="facts facts-lined">{rows.into_iter().flatten().collect_view()}</dl> }.into_any()
}

fn views(itn: &Itn) -> AnyView {
    let texts = payfast();
    let raw = itn.raw_body.clone();
    let signed = itn.signed_string.clone();
    let changed = itn.changes.clone();
    tabs(
        texts.views,
        vec![
            (
                texts.tab_raw,
                Box::new(move || copied(texts.raw_name, texts.copy_raw, raw.clone())),
            ),
            (
                texts.tab_signed,
                Box::new(move || match signed.clone() {
                    Some(signed) => copied(texts.signed_name, texts.copy_signed, signed),
                    None => view! { <p class="soft">{texts.no_signed}</p> }.into_any(),
                }),
            ),
            (
                texts.tab_changed,
                Box::new(move || changes(&changed, texts.tab_changed, texts.nothing_changed)),
            ),
        ],
    )
}

fn copied(name: &'static str, label: &'static str, text: String) -> AnyView {
    view! {
        <div class="stack">
            {code_block(name, text.clone())}
            <div class="row"><CopyButton label text/></div>
        </div>
    }
    .into_any()
}

/// Before and after, a row for each value.
pub fn changes(changes: &[ItnChange], caption: &'static str, nothing: &'static str) -> AnyView {
    let texts = payfast();
    if changes.is_empty() {
        return view! { <p class="soft">{nothing}</p> }.into_any();
    }
    let rows = changes.iter().map(|change| {
        let words = |value: &Option<String>| match value {
            Some(value) => value_words(&change.entity, &change.field, value),
            None => texts.nothing.to_owned(),
        };
        let thing = entity_words(&change.entity);
        let href = change.entity_id.as_ref().and_then(|id| match change.entity.as_str() {
            "payment" => Some(format!("/payments/{id}")),
            "invoice" => Some(format!("/invoices/{id}")),
            _ => None,
        });
        let thing = match href {
            Some(href) => view! { <a class="inline-touch" href=href>{thing}</a> }.into_any(),
            None => thing.into_any(),
        };
        row(vec![
            cell("plain-head", thing),
            cell("muted", super::strings::field_words(&change.field)),
            cell("", words(&change.before)),
            cell("strong", words(&change.after)),
        ])
    });
    let columns = vec![
        Column::Text(texts.thing),
        Column::Text(texts.field),
        Column::Text(texts.before),
        Column::Text(texts.after),
    ];
    view! { <div class="plain-table">{data::table("", caption, columns, rows.collect())}</div> }.into_any()
}

fn entity_words(entity: &str) -> String {
    let texts = payfast();
    let known = match entity {
        "payment" => texts.entity_payment,
        "invoice" => texts.entity_invoice,
        "credit" => texts.entity_credit,
        "plan" => texts.entity_plan,
        "books" => texts.entity_books,
        "payment_method" => texts.entity_method,
        other => return super::strings::field_words(other),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"id":"01929b7e-7c1c-7000-8000-000000000001","status":"applied","reason":"",
        "received_at":"2026-11-24T08:00:00Z","peer":"127.0.0.1","pf_payment_id":"1089250","payment_status":"COMPLETE",
        "payment_id":null,"amount_gross":"529.00","deliveries":1,"raw_body":"a=b","signed_string":"a=b",
        "checked_at":"2026-11-24T08:00:01Z","checks":[{"check":"signature","verdict":"passed","evidence":""}],
        "changes":[{"entity":"invoice","entity_id":null,"field":"status","before":"draft","after":"paid"}]}"#;

    #[test]
    fn two_passes_read_what_one_writes() {
        let whole: Itn = serde_json::from_str(TEXT).unwrap();
        assert_eq!(read(TEXT).unwrap(), whole);
    }

    #[test]
    fn one_sentence_says_what_became_of_it() {
        let mut itn = read(TEXT).unwrap();
        assert_eq!(sentence(&itn.summary, &itn.changes), "Applied: the invoice is paid.");
        itn.changes[0].entity = "payment".to_owned();
        itn.changes[0].after = Some("failed".to_owned());
        assert_eq!(
            sentence(&itn.summary, &itn.changes),
            "Applied: the payment is now “Not paid”."
        );
        assert_eq!(sentence(&itn.summary, &[]), "Applied. It changed nothing.");
        itn.summary.status = ItnStatus::Quarantined;
        itn.summary.reason = "the amount differs.".to_owned();
        assert_eq!(sentence(&itn.summary, &[]), "Held for review: the amount differs.");
    }
}
