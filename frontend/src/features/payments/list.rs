//! All payments of the account, or of all accounts for staff; filters, order and page stand in the address.

use common::{
    ids::AccountId,
    money::format_money,
    page::Page,
    payments::{
        ExportPayments, ListPayments, Method, PaymentFilter, PaymentQuery, PaymentSort, PaymentStatus, PaymentSummary,
    },
};
use leptos::prelude::*;

use super::method_name;
use crate::{
    accounts::account_filter,
    api,
    components::{
        badge::badge,
        button::{ButtonLink, Kind, PlainButton},
        data::cell,
        heading::Heading,
        icon::icon_16,
        list::{self, Chip, Head, ListRow, Listing, Token, row_link},
        skeleton::rows_skeleton,
    },
    dates,
    lists::{self, FilterSheet, ListView, count_words, range_tokens, use_list_view},
    network::{Network, needed},
    paging::{Pager, ROWS, use_place},
    remote::{Remote, remote},
    session::use_session,
    status,
    text::{self, payments as texts},
};

/// `Created` lasts for a moment, so it is no filter.
const STATES: [PaymentStatus; 7] = [
    PaymentStatus::AwaitingCustomer,
    PaymentStatus::Processing,
    PaymentStatus::Unknown,
    PaymentStatus::Succeeded,
    PaymentStatus::Failed,
    PaymentStatus::Canceled,
    PaymentStatus::Expired,
];

/// What a page of the list knows about itself.
#[derive(Clone, Copy)]
struct Desk {
    view: ListView,
    payments: Remote<Page<PaymentSummary>>,
    /// Staff see whose payment it is, and what PayFast kept.
    is_desk: bool,
}

#[component]
pub fn PaymentsPage() -> impl IntoView {
    let session = use_session();
    let view = use_list_view();
    let place = use_place();
    let network = Network::watch();
    let filter = Memo::new(move |_| filter_of(view));
    let payments = remote(move || {
        network.track();
        session.account_id();
        let query = page_query(filter.get(), place().cursor);
        async move { api::call::<ListPayments>(&[], &query).await }
    });
    network.keep(payments);
    let desk = Desk {
        view,
        payments,
        is_desk: untrack(|| session.is_desk()),
    };
    let is_open = RwSignal::new(false);
    let ids = Signal::derive(move || {
        payments.with(|page| {
            page.map_or_else(Vec::new, |page| {
                page.items.iter().map(|row| row.id.to_string()).collect()
            })
        })
    });
    let export = move || {
        let mut filter = filter.get();
        // Links carry no headers, so it names the account.
        filter.account_id = filter.account_id.or(session.account_id());
        api::link::<ExportPayments>(&[], &filter)
    };
    view! {
        <div class="page list-page">
            <div class="head">
                <Heading text=texts().title/>
                <div class="head-actions">
                    {needed(view! { <a class="btn btn-secondary" download="" href=export>{icon_16("download")} {texts().export}</a> }.into_any())}
                </div>
            </div>
            {network.line()}
            <div class="list-tools">
                {status_chips(view)}
                {lists::list_search(view, texts().customer_hint)}
            </div>
            <div class="list-filters no-print">
                {filter_tokens(view)}
                {lists::filter_button(is_open)}
                {lists::own_link(view)}
            </div>
            {list::list_frame(
                payments.is_refreshing(),
                payments.is_busy,
                payments.show(texts().list_failed, rows_skeleton, move |page| table(desk, page)),
            )}
            {lists::filter_sheet(view, is_open, sheet(desk))}
            {list::keys(ids, None)}
        </div>
    }
    .into_any()
}

/// What the address asks for, without what the server would refuse.
fn filter_of(view: ListView) -> PaymentFilter {
    let (from, to) = view.days();
    let (min, max) = view.amounts();
    let parsed = |name: &str| view.values(name);
    PaymentFilter {
        account_id: AccountId::parse(&view.value("account_id")).ok(),
        status: parsed("status")
            .iter()
            .filter_map(|text| PaymentStatus::parse(text))
            .collect(),
        method: parsed("method").iter().filter_map(|text| Method::parse(text)).collect(),
        currency: None,
        from: from.map(dates::day_text),
        to: to.map(dates::day_text),
        min,
        max,
        search: view.search(),
        sort: PaymentSort::parse(&view.value("sort")),
    }
}

fn page_query(filter: PaymentFilter, cursor: Option<String>) -> PaymentQuery {
    PaymentQuery {
        limit: Some(ROWS),
        cursor,
        account_id: filter.account_id,
        status: filter.status,
        method: filter.method,
        currency: filter.currency,
        from: filter.from,
        to: filter.to,
        min: filter.min,
        max: filter.max,
        search: filter.search,
        sort: filter.sort,
    }
}

fn status_chips(view: ListView) -> AnyView {
    let none = Signal::stored(None);
    let first = Chip {
        value: "",
        name: text::lists().all,
        count: none,
    };
    let states = STATES.map(|state| Chip {
        value: state.as_str(),
        name: status::payment_name(state),
        count: none,
    });
    let press = Callback::new(move |value: &'static str| view.toggle("status", value));
    let chips = std::iter::once(first).chain(states).collect();
    list::chips(texts().status_filter, chips, view.signals("status"), press)
}

fn filter_tokens(view: ListView) -> AnyView {
    let shown = Memo::new(move |_| {
        let mut tokens = range_tokens(view, texts().started, texts().amount);
        let methods: Vec<_> = view
            .values("method")
            .iter()
            .filter_map(|text| Method::parse(text))
            .map(method_name)
            .collect();
        if !methods.is_empty() {
            tokens.push(Token {
                icon: Some("card"),
                words: methods.join(", "),
                names: &["method"],
            });
        }
        if !view.value("account_id").is_empty() {
            tokens.push(Token {
                icon: Some("building"),
                words: texts().one_customer.to_owned(),
                names: &["account_id"],
            });
        }
        tokens
    });
    let remove = Callback::new(move |names: &'static [&'static str]| view.remove(names));
    list::tokens(shown.into(), remove)
}

fn sheet(desk: Desk) -> FilterSheet {
    let Desk {
        view,
        payments,
        is_desk,
    } = desk;
    let more: lists::MoreFields = std::sync::Arc::new(move || {
        view! {
            {methods(view)}
            {is_desk.then(|| account_filter(view))}
        }
        .into_any()
    });
    FilterSheet {
        days: texts().started,
        amounts: texts().amount,
        rows: texts().rows,
        orders: vec![
            ("", texts().newest_first),
            (PaymentSort::Created.as_str(), texts().oldest_first),
            (PaymentSort::AmountLargest.as_str(), texts().largest_first),
            (PaymentSort::Amount.as_str(), texts().smallest_first),
        ],
        more: Some(more),
        count: Signal::derive(move || payments.with(|page| page.map(|page| count_words(matching(page))))),
    }
}

/// Chips for the methods, which narrow the list at once.
fn methods(view: ListView) -> AnyView {
    let chips = Method::ALL
        .iter()
        .map(|method| Chip {
            value: method.as_str(),
            name: method_name(*method),
            count: Signal::stored(None),
        })
        .collect();
    let press = Callback::new(move |value: &'static str| view.toggle("method", value));
    view! {
        <div class="field">
            <p class="field-label">{texts().method}</p>
            {list::chips(texts().method, chips, view.signals("method"), press)}
        </div>
    }
    .into_any()
}

/// Rows that match; one more than can be counted stands for more.
fn matching(page: &Page<PaymentSummary>) -> i64 {
    page.total.unwrap_or(common::page::EXACT_TOTAL + 1)
}

fn table(desk: Desk, page: Page<PaymentSummary>) -> AnyView {
    if page.items.is_empty() {
        return empty(desk);
    }
    let count = page.items.len();
    let rows = page
        .items
        .into_iter()
        .enumerate()
        .map(|(index, payment)| payment_row(index, payment, desk.is_desk))
        .collect();
    let mut heads = vec![
        Head::text(texts().started).sorted_by("created_at", "-created_at"),
        Head::text(texts().for_what),
        Head::text(texts().invoice),
        Head::text(texts().method),
        Head::text(texts().status),
        Head::text(texts().reference),
    ];
    if desk.is_desk {
        heads.extend([Head::number(texts().fee), Head::number(texts().net)]);
    }
    heads.push(Head::number(texts().amount).sorted_by("amount", "-amount"));
    let view = desk.view;
    let table = list::listing(Listing {
        class: "",
        caption: texts().caption,
        heads,
        rows,
        order: view.signal("sort"),
        on_order: Callback::new(move |order: &'static str| view.set(&[("sort", vec![order.to_owned()])])),
        selection: None,
    });
    view! {
        <div class="list-table">
            {table}
            <div class="list-dock">
                <Pager list=untrack(|| view.name()) rows=count total=page.total next_cursor=page.next_cursor/>
            </div>
        </div>
    }
    .into_any()
}

fn payment_row(index: usize, payment: PaymentSummary, is_desk: bool) -> ListRow {
    let started = dates::date_time(payment.created_at);
    let number = payment
        .invoice_number
        .unwrap_or_else(|| texts().draft_invoice.to_owned());
    let mark = match is_desk {
        true => status::payment_for_staff(payment.status),
        false => status::payment(payment.status),
    };
    let known = |amount: Option<common::Money>| amount.map_or_else(|| "–".to_owned(), format_money);
    let mut cells = vec![
        cell(
            "cell-key",
            row_link(index, format!("/payments/{}", payment.id), started.clone(), false),
        ),
        cell("cell-title", payment.description),
        cell("nowrap", number),
        cell("nowrap", method_name(payment.method)),
        cell("cell-status", badge(mark)),
        cell("muted", payment.provider_reference.unwrap_or_else(|| "–".to_owned())),
    ];
    if is_desk {
        cells.extend([
            cell("num muted", known(payment.fee)),
            cell("num muted", known(payment.net)),
        ]);
    }
    cells.push(cell("num cell-amount", format_money(payment.amount)));
    ListRow {
        id: payment.id.to_string(),
        name: started,
        cells,
    }
}

fn empty(desk: Desk) -> AnyView {
    let view = desk.view;
    if untrack(|| view.is_narrowed()) {
        let clear = Callback::new(move |()| view.clear());
        let action = view! { <PlainButton label=texts().clear_filters kind=Kind::Secondary on_press=clear/> };
        return list::empty(texts().empty_filtered, action.into_any());
    }
    match desk.is_desk {
        true => list::empty(texts().empty_desk, ().into_any()),
        false => list::empty(
            texts().empty,
            view! { <ButtonLink href="/plans" label=texts().see_plans/> }.into_any(),
        ),
    }
}
