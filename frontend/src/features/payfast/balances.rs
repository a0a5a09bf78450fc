//! The balance of each account of the ledger, and whether they add up to nothing.

use common::{
    Money,
    books::{Books, LedgerAccount},
    money::{Currency, format_money},
};
use leptos::prelude::*;

use crate::{
    components::{
        badge::{Mark, Tone, badge},
        data::{self, Column, cell, row},
    },
    text::payfast,
};

/// Sums of debits and credits, both positive; one currency, as the books promise.
fn sums(books: &Books) -> (i64, i64) {
    let minor = || books.balances.iter().map(|posting| posting.amount.minor);
    let debit = minor().filter(|minor| *minor > 0).sum();
    let credit: i64 = minor().filter(|minor| *minor < 0).sum();
    (debit, -credit)
}

pub fn balances(books: &Books) -> AnyView {
    let texts = payfast();
    let (debit, credit) = sums(books);
    let is_even = debit == credit;
    let mark = match is_even {
        true => Mark::new(Tone::Positive, "check", texts.balanced),
        false => Mark::new(Tone::Danger, "triangle", texts.not_balanced),
    };
    let currency = books
        .balances
        .first()
        .map_or(Currency::Zar, |posting| posting.amount.currency);
    let amount = |minor: i64| match minor {
        0 => String::new(),
        minor => format_money(Money::new(minor, currency)),
    };
    let mut rows: Vec<AnyView> = books
        .balances
        .iter()
        .filter(|posting| !posting.amount.is_zero())
        .map(|posting| {
            let minor = posting.amount.minor;
            row(vec![
                cell("plain-head", account_name(posting.account)),
                cell("num", amount(minor.max(0))),
                cell("num", amount((-minor).max(0))),
            ])
        })
        .collect();
    let content = if rows.is_empty() {
        view! { <p class="soft">{texts.no_balances}</p> }.into_any()
    } else {
        rows.push(row(vec![
            cell("plain-head strong", texts.sum),
            cell("num strong", format_money(Money::new(debit, currency))),
            cell("num strong", format_money(Money::new(credit, currency))),
        ]));
        let columns = vec![
            Column::Text(texts.account),
            Column::Number(texts.debit),
            Column::Number(texts.credit),
        ];
        view! { <div class="plain-table">{data::table("", texts.balances_caption, columns, rows)}</div> }.into_any()
    };
    view! {
        <section class="stack">
            <div class="row"><h2>{texts.balances}</h2> {badge(mark)}</div>
            {content}
        </section>
    }
    .into_any()
}

fn account_name(account: LedgerAccount) -> &'static str {
    let texts = payfast();
    match account {
        LedgerAccount::Receivable => texts.receivable,
        LedgerAccount::PayfastClearing => texts.payfast_clearing,
        LedgerAccount::PayfastFees => texts.payfast_fees,
        LedgerAccount::Bank => texts.bank,
        LedgerAccount::VatOutput => texts.vat_output,
        LedgerAccount::VatInput => texts.vat_input,
        LedgerAccount::Revenue => texts.revenue,
        LedgerAccount::DeferredRevenue => texts.deferred_revenue,
        LedgerAccount::CustomerCredit => texts.customer_credit,
        LedgerAccount::RefundsPayable => texts.refunds_payable,
        LedgerAccount::BadDebt => texts.bad_debt,
        LedgerAccount::FxGainLoss => texts.fx,
        LedgerAccount::Rounding => texts.rounding,
    }
}

#[cfg(test)]
mod tests {
    use common::books::Posting;

    use super::*;

    #[test]
    fn debits_and_credits_are_added_apart() {
        let posting = |account, minor| Posting {
            account,
            amount: Money::zar(minor),
        };
        let books = Books {
            checks: Vec::new(),
            balances: vec![
                posting(LedgerAccount::Receivable, 52_900),
                posting(LedgerAccount::Revenue, -46_000),
                posting(LedgerAccount::VatOutput, -6_900),
            ],
            transactions: 1,
        };
        assert_eq!(sums(&books), (52_900, 52_900));
    }
}
