//! One invoice: what to do with it, the paper, what happened, and its place in the books.

use common::{
    Endpoint, Money,
    accounts::AccountRole,
    auth::StaffRole,
    books::{LedgerQuery, LedgerTransaction, ListLedger},
    ids::InvoiceId,
    invoices::{
        Credit, CreditNote, GetCredit, GetCreditNotePdf, Invoice, InvoiceEvent, InvoiceStatus, InvoiceSummary,
        ListInvoiceEvents,
    },
    money::format_money,
};
use leptos::prelude::*;

use super::{
    books,
    deeds::{Deed, Deeds, left},
    document::paper,
    history::happenings,
};
use crate::{
    address::path_value,
    api::{self, Failure},
    browser,
    components::{
        badge::{Tone, badge},
        button::{Button, ButtonLink, DownloadLink, Kind, PlainButton},
        data::crumbs,
        dynamic::dynamic,
        heading::Heading,
        icon::icon_16,
        notice::Notice,
        problem::{ProblemPanel, problem_banner},
        skeleton::{card_skeleton, paper_skeleton, wear_paper},
        steps::timeline,
        time::day,
    },
    documents,
    explain::could_not_load,
    network::{Network, needed},
    remote::{Remote, remote},
    roles::allowed,
    session::{Session, use_session},
    status,
    text::{self, t},
};

/// Postings of one invoice; more than any has.
const MOST_POSTINGS: u32 = 100;

/// What the page shows, and what can be done with it.
#[derive(Clone, Copy)]
struct Desk {
    session: Session,
    events: Remote<Vec<InvoiceEvent>>,
    ledger: Remote<Vec<LedgerTransaction>>,
    credit: Remote<Option<Credit>>,
    deeds: Deeds,
}

impl Desk {
    fn is_billing(self) -> bool {
        self.session.is_desk() && self.session.may_as_staff(StaffRole::Billing)
    }
}

#[component]
pub fn InvoicePage() -> impl IntoView {
    wear_paper();
    browser::wear("invoices", include_str!("../../../styles/invoices.css"));
    let texts = text::invoices();
    let session = use_session();
    let id = path_value("id");
    let known = move || InvoiceId::parse(&id.read()).ok();
    let round = RwSignal::new(0_u32);
    let network = Network::watch();
    let invoice = remote(move || {
        network.track();
        let id = known();
        async move {
            match id {
                Some(id) => documents::invoice(id).await.map(Some),
                None => Ok(None),
            }
        }
    });
    network.keep(invoice);
    let events = remote(move || {
        network.track();
        round.track();
        let id = known();
        async move {
            match id {
                Some(id) => api::call::<ListInvoiceEvents>(&[id.as_str()], &()).await,
                None => Ok(Vec::new()),
            }
        }
    });
    let ledger = remote(move || {
        network.track();
        round.track();
        let id = known().filter(|_| session.is_desk() && session.may_as_staff(StaffRole::Billing));
        async move {
            let Some(id) = id else { return Ok(Vec::new()) };
            let query = LedgerQuery {
                limit: Some(MOST_POSTINGS),
                invoice_id: Some(id),
                ..LedgerQuery::default()
            };
            api::call::<ListLedger>(&[], &query).await.map(|page| page.items)
        }
    });
    let credit = remote(move || {
        network.track();
        round.track();
        let is_customer = session.account_id().is_some();
        async move {
            match is_customer {
                true => api::call::<GetCredit>(&[], &()).await.map(Some),
                false => Ok(None),
            }
        }
    });
    let deeds = Deeds::new(Callback::new(move |changed: Invoice| {
        invoice.set(Some(changed));
        round.update(|round| *round += 1);
    }));
    let desk = Desk {
        session,
        events,
        ledger,
        credit,
        deeds,
    };
    if untrack(|| desk.is_billing()) {
        Deeds::prepare();
    }
    let title = Signal::derive(move || {
        invoice.with(|invoice| match invoice {
            Some(Some(invoice)) => invoice
                .summary
                .number
                .clone()
                .unwrap_or_else(|| texts.draft_title.to_owned()),
            _ => texts.invoice.to_owned(),
        })
    });
    view! {
        <div class="page">
            {crumbs("/invoices", texts.title, title)}
            <div class="head no-print">
                <div class="head-title">
                    <Heading text=title/>
                    {dynamic(move || invoice.get().flatten().map(|invoice| state_words(&invoice.summary)))}
                </div>
                {dynamic(move || invoice.get().flatten().map(|invoice| actions(desk, &invoice)))}
            </div>
            {network.line()}
            <div class="problem-place no-print">{problem_banner(deeds.problem)}</div>
            {invoice.show_or(
                paper_skeleton,
                move |loaded| match loaded {
                    Some(loaded) => body(desk, &loaded).into_any(),
                    None => not_found().into_any(),
                },
                move |failure| cannot_load(&failure, invoice),
            )}
            {deeds.view()}
        </div>
    }
    .into_any()
}

fn not_found() -> impl IntoView {
    view! { <p class="soft">{text::invoices().not_found}</p> }.into_any()
}

fn cannot_load(failure: &Failure, invoice: Remote<Option<Invoice>>) -> AnyView {
    if failure.is_not_found() {
        return not_found().into_any();
    }
    let retry = invoice.retry();
    view! { <ProblemPanel words=could_not_load(failure, text::invoices().load_failed) retry/> }.into_any()
}

/// Badge, and the date it is due while it is open.
fn state_words(summary: &InvoiceSummary) -> impl IntoView + use<> {
    let mark = badge(status::invoice(summary, browser::now()));
    let due = summary
        .due_at
        .filter(|_| summary.status == InvoiceStatus::Open)
        .map(|due_at| view! { <span class="muted">{status::due_sentence(due_at, browser::now())}</span> }.into_any());
    view! { {mark} {due} }.into_any()
}

/// Print and PDF, and the one primary that fits the state.
fn actions(desk: Desk, invoice: &Invoice) -> AnyView {
    let texts = text::invoices();
    let summary = &invoice.summary;
    let is_payable = summary.status == InvoiceStatus::Open && !summary.balance.is_zero();
    let is_billing = untrack(|| desk.is_billing());
    let print = Callback::new(|()| browser::print());
    let download = match invoice.supplier.vat_number {
        Some(_) => texts.download_tax_invoice,
        None => texts.download_invoice,
    };
    let (label, kind) = if is_payable {
        (texts.pdf, Kind::Secondary)
    } else {
        (download, Kind::Primary)
    };
    let pdf = summary.number.is_some().then(|| {
        let href = api::pdf_address(summary);
        view! { <DownloadLink href label kind/> }.into_any()
    });
    let own = match is_billing {
        true => staff_actions(desk, invoice, is_payable),
        false if is_payable => customer_actions(desk, invoice),
        false => ().into_any(),
    };
    view! {
        <div class="head-actions">
            <PlainButton label=texts.print icon="print" kind=Kind::Secondary on_press=print/>
            {needed(view! { {pdf} {own} }.into_any())}
        </div>
    }
    .into_any()
}

fn customer_actions(desk: Desk, invoice: &Invoice) -> AnyView {
    let pay_label = crate::text::checkout().pay(&format_money(invoice.summary.balance));
    let pay_href = format!("/checkout?invoice={}", invoice.summary.id);
    let owed = invoice.summary.balance;
    let invoice = invoice.clone();
    allowed(AccountRole::Member, t().roles.pay_invoice, move || {
        let invoice = invoice.clone();
        let credit = dynamic(move || {
            let balance = desk
                .credit
                .with(|credit| credit.and_then(|credit| credit.as_ref().map(|credit| credit.balance)))?;
            let usable = Money::new(balance.minor.min(owed.minor), owed.currency);
            let invoice = invoice.clone();
            (usable.minor > 0).then(|| {
                Deeds::prepare();
                let label = text::deeds().use_credit_of(&format_money(usable));
                let ask = Callback::new(move |()| desk.deeds.ask(Deed::UseCredit(usable), &invoice));
                view! { <PlainButton label kind=Kind::Secondary on_press=ask/> }.into_any()
            })
        });
        view! {
            {credit}
            <ButtonLink href=pay_href.clone() label=pay_label.clone() icon="lock"/>
        }
        .into_any()
    })
}

fn staff_actions(desk: Desk, invoice: &Invoice, is_payable: bool) -> AnyView {
    let texts = text::deeds();
    let summary = &invoice.summary;
    let ask = |deed: Deed| {
        let invoice = invoice.clone();
        Callback::new(move |()| desk.deeds.ask(deed, &invoice))
    };
    match summary.status {
        InvoiceStatus::Draft if invoice.product_code.is_none() => {
            let edit = format!("/invoices/{}/edit", summary.id);
            view! {
                <ButtonLink href=edit label=texts.edit_draft icon="pencil" kind=Kind::Secondary/>
                <PlainButton label=texts.finalise on_press=ask(Deed::Finalise)/>
            }
            .into_any()
        }
        InvoiceStatus::Open if is_payable => {
            let send = {
                let invoice = invoice.clone();
                Callback::new(move |()| desk.deeds.send(&invoice))
            };
            let label = if invoice.sent_at.is_some() {
                texts.send_again
            } else {
                texts.send
            };
            view! {
                <PlainButton label=texts.eft kind=Kind::Secondary on_press=ask(Deed::Eft)/>
                <Button label busy_label=texts.sending is_busy=desk.deeds.is_sending on_press=send icon="mail"/>
            }
            .into_any()
        }
        InvoiceStatus::Uncollectible => {
            view! { <PlainButton label=texts.eft kind=Kind::Secondary on_press=ask(Deed::Eft)/> }.into_any()
        }
        _ => ().into_any(),
    }
}

fn body(desk: Desk, invoice: &Invoice) -> impl IntoView + use<> {
    let texts = text::invoices();
    let is_frozen = invoice.summary.status == InvoiceStatus::Draft && invoice.product_code.is_some();
    let draft_note = is_frozen.then(|| {
        view! {
            <Notice tone=Tone::Info icon_name="info" title=texts.draft_note>
                <a class="inline-touch" href="/payments">{texts.see_payments}</a>
            </Notice>
        }
        .into_any()
    });
    let is_billing = untrack(|| desk.is_billing());
    let is_desk = untrack(|| desk.session.is_desk());
    let shown = invoice.clone();
    let history = desk
        .events
        .show(text::deeds().events_failed, card_skeleton, move |events| {
            timeline(happenings(&shown, events)).into_any()
        });
    let of_customer = is_desk.then(|| {
        let href = format!("/invoices?account_id={}", invoice.summary.account_id);
        view! { <p><a class="inline-touch" href=href>{text::deeds().all_of_customer}</a></p> }.into_any()
    });
    view! {
        <div class="stack">
            {draft_note}
            <div class="document">
                {paper(invoice)}
                <div class="stack-wide no-print">
                    <section class="stack">
                        <h2>{texts.what_happened}</h2>
                        {history}
                    </section>
                    {credit_notes(invoice)}
                    {is_billing.then(|| ledger(desk))}
                    {is_billing.then(|| corrections(desk, invoice))}
                    {of_customer}
                </div>
            </div>
        </div>
    }
    .into_any()
}

fn credit_notes(invoice: &Invoice) -> Option<AnyView> {
    let texts = text::deeds();
    let account_id = invoice.summary.account_id;
    let items = invoice.credit_notes.iter().map(|note: &CreditNote| {
        let path = common::endpoint::fill(GetCreditNotePdf::PATH, &[note.id.as_str()]);
        let href = format!("{}{path}?account_id={account_id}", common::API_BASE);
        let name = texts.download_credit_note(&note.number);
        view! {
            <li class="credit-note">
                <span class="strong">{note.number.clone()}</span>
                <span class="strong">{format_money(note.total)}</span>
                <span class="small muted">{day(note.issued_at)} " · " {note.reason.clone()}</span>
                <a class="inline-touch" href=href download="" aria-label=name>{icon_16("download")} {texts.credit_note_pdf}</a>
            </li>
        }
        .into_any()
    });
    (!invoice.credit_notes.is_empty()).then(|| {
        view! {
            <section class="stack">
                <h2>{texts.credit_notes}</h2>
                <ul class="card credit-notes">{items.collect_view()}</ul>
            </section>
        }
        .into_any()
    })
}

fn ledger(desk: Desk) -> AnyView {
    let texts = text::deeds();
    let verdict = move || {
        desk.ledger.with(|transactions| {
            let transactions = transactions.filter(|transactions| !transactions.is_empty())?;
            Some(books::verdict(transactions))
        })
    };
    view! {
        <section class="card">
            <div class="card-part stack">
                <div class="section-head"><h2>{texts.books}</h2> {dynamic(verdict)}</div>
                {desk.ledger.show(texts.books_failed, card_skeleton, books::panel)}
            </div>
        </section>
    }
    .into_any()
}

/// Credit note, write-off, void: where they are possible, with what each does.
fn corrections(desk: Desk, invoice: &Invoice) -> Option<AnyView> {
    use InvoiceStatus::{Draft, Open, Paid, Uncollectible, Void};
    let texts = text::deeds();
    let summary = &invoice.summary;
    let has_left = left(invoice).minor > 0;
    let is_untouched = summary.amount_paid.is_zero();
    let deeds: Vec<(Deed, &str, &str)> = match summary.status {
        Draft | Void => Vec::new(),
        Open => [
            Some((Deed::CreditNote, texts.credit_note, texts.credit_note_text)),
            Some((Deed::WriteOff, texts.write_off, texts.write_off_text)),
            is_untouched.then_some((Deed::Void, texts.void, texts.void_text)),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Paid => vec![(Deed::CreditNote, texts.credit_note, texts.credit_note_text)],
        Uncollectible => vec![(Deed::Void, texts.void, texts.void_text)],
    };
    let rows = deeds.into_iter().map(|(deed, label, words)| {
        let invoice = invoice.clone();
        let ask = Callback::new(move |()| desk.deeds.ask(deed, &invoice));
        view! {
            <li class="correction">
                <p class="small soft">{words}</p>
                <PlainButton label kind=Kind::Secondary on_press=ask/>
            </li>
        }
        .into_any()
    });
    let rows: Vec<AnyView> = rows.filter(|_| has_left).collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="card">
                <div class="card-part stack">
                    <h2>{texts.corrections}</h2>
                    <p class="soft small">{texts.corrections_text}</p>
                    {needed(view! { <ul class="stack">{rows}</ul> }.into_any())}
                </div>
            </section>
        }
        .into_any()
    })
}
