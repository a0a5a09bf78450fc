//! All invoices of the account, or of all accounts for staff; filters, order and page stand in the address.

use common::{
    Money,
    auth::StaffRole,
    ids::AccountId,
    invoices::{
        ExportInvoices, InvoiceFilter, InvoiceQuery, InvoiceSort, InvoiceState, InvoiceStatus, InvoiceSummary,
        InvoiceTotals, ListInvoices, TotalInvoices,
    },
    money::format_money,
    page::Page,
};
use leptos::prelude::*;

use super::{
    downloads::Downloads,
    sending::{Sending, is_sendable},
};
use crate::{
    accounts::account_filter,
    api, browser,
    chunk::{open, preload},
    components::{
        badge::badge,
        button::{ButtonLink, Kind, PlainButton},
        data::cell,
        dialog::Dialog,
        dynamic::{dynamic, react},
        heading::Heading,
        icon::icon_16,
        list::{self, Chip, Head, ListRow, Listing, Selection, Token, row_link},
        skeleton::rows_skeleton,
        time::day,
        toast::Toast,
    },
    dates,
    lists::{self, FilterSheet, ListView, count_words, range_tokens, use_list_view},
    network::{Network, needed},
    paging::{Pager, ROWS, use_place},
    remote::{Remote, remote},
    session::use_session,
    status,
    text::{self, t},
};

/// States that every list offers; the others only where there are some.
const USUAL: [InvoiceState; 5] = [
    InvoiceState::Draft,
    InvoiceState::Open,
    InvoiceState::Overdue,
    InvoiceState::Paid,
    InvoiceState::Void,
];

/// What a page of the list knows about itself.
#[derive(Clone, Copy)]
struct Desk {
    view: ListView,
    selection: Selection,
    totals: Remote<InvoiceTotals>,
    invoices: Remote<Page<InvoiceSummary>>,
    /// Staff see whose invoice it is.
    is_desk: bool,
    /// Staff who may send what is selected.
    sending: Option<Sending>,
}

#[component]
pub fn InvoicesPage() -> impl IntoView {
    let session = use_session();
    let toast: Toast = expect_context();
    let view = use_list_view();
    let place = use_place();
    let texts = text::invoices();
    let network = Network::watch();
    let filter = Memo::new(move |_| filter_of(view));
    let invoices = remote(move || {
        network.track();
        session.account_id();
        let query = page_query(filter.get(), place().cursor);
        async move { api::call::<ListInvoices>(&[], &query).await }
    });
    network.keep(invoices);
    let totals = remote(move || {
        network.track();
        session.account_id();
        let filter = InvoiceFilter {
            sort: None,
            ..filter.get()
        };
        async move { api::call::<TotalInvoices>(&[], &filter).await }
    });
    let selection = Selection::new();
    let is_desk = untrack(|| session.is_desk());
    let desk = Desk {
        view,
        selection,
        totals,
        invoices,
        is_desk,
        sending: (is_desk && session.may_as_staff(StaffRole::Billing)).then(|| Sending::new(selection)),
    };
    react(move || {
        filter.track();
        place();
        desk.selection.clear();
    });
    let is_open = RwSignal::new(false);
    // A draft that is about to be deleted is not shown; undone, it is there again.
    let shown = move |mut page: Page<InvoiceSummary>| {
        page.items.retain(|row| !toast.hides(row.id.as_str()));
        table(desk, page)
    };
    let ids = Signal::derive(move || {
        invoices.with(|page| {
            page.map_or_else(Vec::new, |page| {
                page.items.iter().map(|row| row.id.to_string()).collect()
            })
        })
    });
    view! {
        <div class="page list-page">
            <div class="head">
                <Heading text=texts.title/>
                <div class="head-actions">
                    {needed(view! {
                        {export_link(filter)}
                        {session.may_as_staff(StaffRole::Billing).then(|| view! { <ButtonLink href="/invoices/new" label=texts.new_invoice icon="plus"/> }.into_any())}
                    }.into_any())}
                </div>
            </div>
            {network.line()}
            <div class="list-tools">
                {status_chips(desk)}
                {lists::list_search(view, if desk.is_desk { texts.search_hint_staff } else { texts.search_hint })}
            </div>
            <div class="list-filters no-print">
                {filter_tokens(desk)}
                {lists::filter_button(is_open)}
                {choose_button(desk.selection)}
                {lists::own_link(view)}
            </div>
            {list::list_frame(
                invoices.is_refreshing(),
                invoices.is_busy,
                invoices.show(texts.list_failed, rows_skeleton, shown),
            )}
            {lists::filter_sheet(view, is_open, sheet(desk))}
            {list::keys(ids, Some(desk.selection))}
            {desk.sending.map(send_dialog)}
        </div>
    }
    .into_any()
}

/// Stays while the selection goes, so it stands beside the list.
fn send_dialog(sending: Sending) -> AnyView {
    provide_context(sending);
    // Here before it opens, so that its first button has the keyboard.
    preload(super::send());
    let title = Signal::derive(move || {
        let count = sending
            .rows
            .with(|rows| rows.iter().filter(|row| is_sendable(row)).count());
        text::invoices().ask_send(&send_words(count))
    });
    view! {
        <Dialog is_open=sending.is_open title is_busy=sending.is_busy>{open(super::send())}</Dialog>
    }
    .into_any()
}

pub fn send_words(count: usize) -> String {
    let texts = text::invoices();
    match count {
        1 => texts.send_one.to_owned(),
        _ => texts.send_many(&count.to_string()),
    }
}

/// What the address asks for, without what the server would refuse.
fn filter_of(view: ListView) -> InvoiceFilter {
    let (from, to) = view.days();
    let (min, max) = view.amounts();
    InvoiceFilter {
        account_id: AccountId::parse(&view.value("account_id")).ok(),
        status: view
            .values("status")
            .iter()
            .filter_map(|state| InvoiceState::parse(state))
            .collect(),
        from: from.map(dates::day_text),
        to: to.map(dates::day_text),
        min,
        max,
        search: view.search(),
        sort: InvoiceSort::parse(&view.value("sort")),
    }
}

fn page_query(filter: InvoiceFilter, cursor: Option<String>) -> InvoiceQuery {
    InvoiceQuery {
        limit: Some(ROWS),
        cursor,
        account_id: filter.account_id,
        status: filter.status,
        from: filter.from,
        to: filter.to,
        min: filter.min,
        max: filter.max,
        search: filter.search,
        sort: filter.sort,
    }
}

/// All that is seen as a file. Links carry no headers, so it names the account.
fn export_link(filter: Memo<InvoiceFilter>) -> AnyView {
    let session = use_session();
    let address = move || {
        let mut filter = filter.get();
        filter.account_id = filter.account_id.or(session.account_id());
        api::link::<ExportInvoices>(&[], &filter)
    };
    view! { <a class="btn btn-secondary" download="" href=address>{icon_16("download")} {text::invoices().export}</a> }
        .into_any()
}

fn state_name(state: InvoiceState) -> &'static str {
    let (texts, common) = (text::invoices(), t().common);
    match state {
        InvoiceState::Draft => texts.draft,
        InvoiceState::Open => texts.open,
        InvoiceState::Overdue => texts.overdue,
        InvoiceState::PartiallyPaid => common.invoice_part_paid,
        InvoiceState::Paid => texts.paid,
        InvoiceState::Void => texts.void,
        InvoiceState::Uncollectible => common.invoice_written_off,
    }
}

/// Rows of `state`; of all states without one, each row once.
fn count_of(totals: &InvoiceTotals, state: Option<InvoiceState>) -> i64 {
    let is_meant = |counted: InvoiceState| match state {
        Some(state) => counted == state,
        None => !matches!(counted, InvoiceState::Overdue | InvoiceState::PartiallyPaid),
    };
    let counts = totals.counts.iter().filter(|count| is_meant(count.state));
    counts.map(|count| count.count).sum()
}

fn status_chips(desk: Desk) -> AnyView {
    let chosen = desk.view.signals("status");
    let totals = desk.totals;
    let some = Memo::new(move |_| {
        let is_there = |state: &InvoiceState| {
            USUAL.contains(state)
                || chosen.with(|chosen| chosen.iter().any(|value| value == state.as_str()))
                || totals.with(|totals| totals.is_some_and(|totals| count_of(totals, Some(*state)) > 0))
        };
        InvoiceState::ALL.iter().copied().filter(is_there).collect::<Vec<_>>()
    });
    dynamic(move || {
        let count = |state: Option<InvoiceState>| {
            Signal::derive(move || totals.with(|totals| totals.map(|totals| count_words(count_of(totals, state)))))
        };
        let mut chips = vec![Chip {
            value: "",
            name: text::lists().all,
            count: count(None),
        }];
        chips.extend(some.get().into_iter().map(|state| Chip {
            value: state.as_str(),
            name: state_name(state),
            count: count(Some(state)),
        }));
        let press = Callback::new(move |value: &'static str| desk.view.toggle("status", value));
        list::chips(text::invoices().status_filter, chips, chosen, press)
    })
}

fn filter_tokens(desk: Desk) -> AnyView {
    let texts = text::invoices();
    let Desk { view, invoices, .. } = desk;
    let shown = Memo::new(move |_| {
        let mut tokens = range_tokens(view, texts.issued, texts.total);
        if !view.value("account_id").is_empty() {
            let name =
                invoices.with(|page| page.and_then(|page| page.items.first().map(|row| row.customer_name.clone())));
            tokens.push(Token {
                icon: Some("building"),
                words: name.unwrap_or_else(|| texts.one_customer.to_owned()),
                names: &["account_id"],
            });
        }
        tokens
    });
    let remove = Callback::new(move |names: &'static [&'static str]| view.remove(names));
    list::tokens(shown.into(), remove)
}

/// On a phone a row opens by a press; this lets presses choose.
fn choose_button(selection: Selection) -> AnyView {
    let texts = text::lists();
    let label = Signal::derive(move || match selection.is_choosing.get() {
        true => texts.choose_done.to_owned(),
        false => texts.choose.to_owned(),
    });
    let toggle = Callback::new(move |()| {
        selection.clear();
        selection.is_choosing.update(|is_choosing| *is_choosing = !*is_choosing);
    });
    view! { <span class="choose-button"><PlainButton label on_press=toggle kind=Kind::Quiet/></span> }.into_any()
}

fn sheet(desk: Desk) -> FilterSheet {
    let texts = text::invoices();
    let Desk { view, invoices, .. } = desk;
    let more: lists::MoreFields = std::sync::Arc::new(move || account_filter(view));
    FilterSheet {
        days: texts.issued,
        amounts: texts.total,
        rows: texts.rows,
        orders: vec![
            ("", texts.newest_first),
            (InvoiceSort::Created.as_str(), texts.oldest_first),
            (InvoiceSort::Due.as_str(), texts.due_first),
            (InvoiceSort::DueLatest.as_str(), texts.due_last),
            (InvoiceSort::IssuedNewest.as_str(), texts.issued_newest),
            (InvoiceSort::Issued.as_str(), texts.issued_oldest),
            (InvoiceSort::AmountLargest.as_str(), texts.amount_largest),
            (InvoiceSort::Amount.as_str(), texts.amount_smallest),
            (InvoiceSort::NumberHighest.as_str(), texts.number_highest),
            (InvoiceSort::Number.as_str(), texts.number_lowest),
        ],
        more: desk.is_desk.then_some(more),
        count: Signal::derive(move || invoices.with(|page| page.map(|page| count_words(matching(page))))),
    }
}

/// Rows that match; one more than can be counted stands for more.
fn matching(page: &Page<InvoiceSummary>) -> i64 {
    page.total.unwrap_or(common::page::EXACT_TOTAL + 1)
}

fn table(desk: Desk, page: Page<InvoiceSummary>) -> AnyView {
    let texts = text::invoices();
    if page.items.is_empty() {
        return empty(desk);
    }
    let count = page.items.len();
    let total = page.total;
    let now = browser::now();
    let rows = page
        .items
        .iter()
        .enumerate()
        .map(|(index, invoice)| invoice_row(index, invoice, desk.is_desk, now))
        .collect();
    let party = if desk.is_desk {
        texts.customer
    } else {
        texts.description
    };
    let (view, selection) = (desk.view, desk.selection);
    let table = list::listing(Listing {
        class: "",
        caption: texts.list_caption,
        heads: vec![
            Head::text(texts.number).sorted_by("number", "-number"),
            Head::text(party),
            Head::text(texts.status),
            Head::text(texts.issued).sorted_by("issued_at", "-issued_at"),
            Head::text(texts.due).sorted_by("due_at", "-due_at"),
            Head::number(texts.total).sorted_by("amount", "-amount"),
            Head::number(texts.balance),
        ],
        rows,
        order: view.signal("sort"),
        on_order: Callback::new(move |order: &'static str| view.set(&[("sort", vec![order.to_owned()])])),
        selection: Some(selection),
    });
    view! {
        <div class="list-table">
            {table}
            <div class="list-dock">
                {bulk(desk, count, total)}
                <Pager list=untrack(|| view.name()) rows=count total next_cursor=page.next_cursor sums=sums(desk)/>
            </div>
        </div>
    }
    .into_any()
}

fn invoice_row(index: usize, invoice: &InvoiceSummary, is_desk: bool, now: chrono::DateTime<chrono::Utc>) -> ListRow {
    let texts = text::invoices();
    let mark = status::invoice(invoice, now);
    let is_draft = invoice.status == InvoiceStatus::Draft;
    let number = invoice.number.clone().unwrap_or_else(|| texts.no_number.to_owned());
    let name = match &invoice.number {
        Some(number) => number.clone(),
        None => texts.draft_of(&invoice.customer_name),
    };
    let issued = match invoice.issued_at {
        Some(at) => day(at).into_any(),
        None => texts.not_issued.into_any(),
    };
    let due = match invoice.due_at.filter(|_| !is_draft) {
        Some(at) => day(at).into_any(),
        None => "–".into_any(),
    };
    let balance = match is_draft {
        true => "–".to_owned(),
        false => format_money(invoice.balance),
    };
    let is_zero = is_draft || invoice.balance.is_zero();
    let balance_class = if is_zero {
        "num cell-balance is-zero"
    } else {
        "num cell-balance"
    };
    let party = match is_desk {
        true => view! {
            {invoice.customer_name.clone()} " " <span class="cell-note">{invoice.description.clone()}</span>
        }
        .into_any(),
        false => invoice.description.clone().into_any(),
    };
    let href = format!("/invoices/{}", invoice.id);
    ListRow {
        id: invoice.id.to_string(),
        name,
        cells: vec![
            cell("cell-key", row_link(index, href, number, invoice.number.is_none())),
            cell("cell-title", party),
            cell("cell-status", badge(mark)),
            cell("date muted", issued),
            cell("date", due),
            cell("num cell-amount", format_money(invoice.total)),
            cell(balance_class, balance),
        ],
    }
}

/// Sums of all that match, drafts and void ones left out.
fn sums(desk: Desk) -> AnyView {
    let texts = text::invoices();
    let Desk { totals, invoices, .. } = desk;
    let content = move || {
        let count = invoices.with(|page| page.map(matching))?;
        let (total, balance) = totals.with(|totals| totals.map(|totals| (totals.total, totals.balance)))?;
        let sum = |label: String, amount: Money| {
            view! { <div><dt>{label}</dt> <dd>{format_money(amount)}</dd></div> }.into_any()
        };
        Some(
            view! {
                <dl class="list-sums">
                    {total.map(|total| sum(texts.total_of_all(&count_words(count)), total))}
                    {balance.map(|balance| sum(texts.still_to_pay.to_owned(), balance))}
                </dl>
            }
            .into_any(),
        )
    };
    dynamic(content)
}

fn bulk(desk: Desk, on_page: usize, total: Option<i64>) -> AnyView {
    let texts = text::invoices();
    let Desk {
        selection, invoices, ..
    } = desk;
    let downloads = Downloads::new();
    let chosen = move || {
        let is_chosen = |invoice: &&InvoiceSummary| selection.has(invoice.id.as_str());
        invoices.with(|page| page.map_or_else(Vec::new, |page| page.items.iter().filter(is_chosen).cloned().collect()))
    };
    let sum = Signal::derive(move || {
        if selection.is_all.get() {
            let total = total.unwrap_or(common::page::EXACT_TOTAL + 1);
            return text::lists().all_selected(&count_words(total));
        }
        let open = chosen()
            .iter()
            .filter(|row| row.status != InvoiceStatus::Draft)
            .map(|row| row.balance.minor)
            .sum();
        texts.to_be_paid(&format_money(Money::zar(open)))
    });
    let has_more = total.is_none_or(|total| total > on_page as i64);
    let select_all = move || {
        let is_offered = has_more && selection.count() == on_page && !selection.is_all.get();
        is_offered.then(|| {
            let total = total.unwrap_or(common::page::EXACT_TOTAL + 1);
            let label = text::lists().select_all(&count_words(total));
            view! { <button type="button" on:click=move |_| selection.is_all.set(true)>{label}</button> }.into_any()
        })
    };
    let filter = Memo::new(move |_| filter_of(desk.view));
    let session = use_session();
    let deeds = move || {
        if selection.is_all.get() {
            let mut filter = filter.get();
            filter.account_id = filter.account_id.or(session.account_id());
            let href = api::link::<ExportInvoices>(&[], &filter);
            return view! { <a download="" href=href>{icon_16("download")} {texts.export}</a> }.into_any();
        }
        let all = chosen();
        let rows: Vec<_> = all.iter().filter(|row| row.number.is_some()).cloned().collect();
        if rows.is_empty() {
            return view! { <span>{texts.drafts_have_no_pdf}</span> }.into_any();
        }
        let send = desk.sending.and_then(|sending| send_button(sending, all));
        let start = move |_| downloads.start(rows.clone());
        view! {
            {send}
            <button type="button" on:click=start>{icon_16("download")} {texts.download_pdfs}</button>
        }
        .into_any()
    };
    let more = view! {
        {dynamic(select_all)}
        {downloads.view(needed(dynamic(deeds)))}
    };
    list::bulk_bar(selection, sum, more.into_any())
}

/// "Send 9 invoices", when some of `rows` are open.
fn send_button(sending: Sending, rows: Vec<InvoiceSummary>) -> Option<AnyView> {
    let count = rows.iter().filter(|row| is_sendable(row)).count();
    let ask = move |_| sending.ask(rows.clone());
    (count > 0).then(|| {
        view! { <button type="button" aria-haspopup="dialog" on:click=ask>{icon_16("mail")} {send_words(count)}</button> }
            .into_any()
    })
}

fn empty(desk: Desk) -> AnyView {
    let texts = text::invoices();
    let view = desk.view;
    if untrack(|| view.is_narrowed()) {
        let clear = Callback::new(move |()| view.clear());
        let action = view! { <PlainButton label=texts.clear_filters kind=Kind::Secondary on_press=clear/> };
        return list::empty(texts.empty_filtered, action.into_any());
    }
    match desk.is_desk {
        true => list::empty(texts.empty_desk, ().into_any()),
        false => list::empty(
            texts.empty,
            view! { <ButtonLink href="/plans" label=texts.see_plans/> }.into_any(),
        ),
    }
}
