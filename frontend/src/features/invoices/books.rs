//! An invoice's place in the books, for the staff: postings by day, their sum, and whether they balance.

use common::{
    Money,
    books::{LedgerAccount, LedgerTransaction, Posting},
    money::format_money,
};
use leptos::prelude::*;

use crate::{
    components::{
        badge::{Mark, Tone, badge},
        data::{self, Column, cell, row},
    },
    dates, text,
};

/// Where the promises of the books are checked.
const BOOKS_PAGE: &str = "/payfast/books";

pub fn panel(mut transactions: Vec<LedgerTransaction>) -> AnyView {
    let texts = text::deeds();
    if transactions.is_empty() {
        return view! { <p class="soft">{texts.books_empty}</p> }.into_any();
    }
    // The server tells the newest first; books are read from the top.
    transactions.sort_by_key(|transaction| transaction.serial);
    let columns = vec![
        Column::Text(texts.ledger_account),
        Column::Number(texts.debit),
        Column::Number(texts.credit),
    ];
    let mut rows: Vec<AnyView> = transactions.iter().flat_map(transaction_rows).collect();
    let (debit, credit) = sums(&transactions);
    rows.push(row(vec![
        cell("", texts.sum),
        cell("num", format_money(debit)),
        cell("num", format_money(credit)),
    ]));
    view! {
        {data::table("ledger", texts.books, columns, rows)}
    }
    .into_any()
}

/// "Balanced", or a way to where it is explained.
pub fn verdict(transactions: &[LedgerTransaction]) -> AnyView {
    let texts = text::deeds();
    if is_balanced(transactions) {
        return badge(Mark::new(Tone::Positive, "check", texts.balanced));
    }
    let mark = badge(Mark::new(Tone::Danger, "triangle", texts.unbalanced));
    view! { <a class="inline-touch" href=BOOKS_PAGE>{mark}</a> }.into_any()
}

/// Their day in a row of its own, since the panel is narrow; then debits, and credits indented.
fn transaction_rows(transaction: &LedgerTransaction) -> Vec<AnyView> {
    let mut postings: Vec<&Posting> = transaction.postings.iter().collect();
    postings.sort_by_key(|posting| posting.amount.minor < 0);
    let day = dates::short_date(transaction.at);
    let of_day = row(vec![cell("ledger-day", day), cell("", ""), cell("", "")]);
    let rows = postings.into_iter().map(|posting| {
        let is_credit = posting.amount.minor < 0;
        let amount = Money::new(posting.amount.minor.abs(), posting.amount.currency);
        let (debit, credit) = match is_credit {
            true => (String::new(), format_money(amount)),
            false => (format_money(amount), String::new()),
        };
        row(vec![
            cell(if is_credit { "ledger-credit" } else { "" }, name(posting.account)),
            cell("num", debit),
            cell("num", credit),
        ])
    });
    std::iter::once(of_day).chain(rows).collect()
}

fn sums(transactions: &[LedgerTransaction]) -> (Money, Money) {
    let amounts = || {
        transactions
            .iter()
            .flat_map(|transaction| &transaction.postings)
            .map(|posting| posting.amount)
    };
    let currency = amounts().next().map_or(common::Currency::Zar, |amount| amount.currency);
    let debit = amounts().map(|amount| amount.minor.max(0)).sum();
    let credit: i64 = amounts().map(|amount| amount.minor.min(0)).sum();
    (Money::new(debit, currency), Money::new(-credit, currency))
}

/// Each transaction by itself, so that two mistakes do not hide each other.
fn is_balanced(transactions: &[LedgerTransaction]) -> bool {
    let sum = |transaction: &LedgerTransaction| {
        transaction
            .postings
            .iter()
            .map(|posting| posting.amount.minor)
            .sum::<i64>()
    };
    transactions.iter().all(|transaction| sum(transaction) == 0)
}

fn name(account: LedgerAccount) -> &'static str {
    let texts = text::deeds();
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
        LedgerAccount::FxGainLoss => texts.fx_gain_loss,
        LedgerAccount::Rounding => texts.rounding,
    }
}

#[cfg(test)]
mod tests {
    use common::ids::LedgerTransactionId;

    use super::*;

    fn transaction(amounts: &[i64]) -> LedgerTransaction {
        LedgerTransaction {
            id: LedgerTransactionId::parse("01929b7e-7c1c-7000-8000-000000000001").unwrap(),
            serial: 1,
            at: "2026-11-24T08:00:00Z".parse().unwrap(),
            kind: "invoice_issued".to_owned(),
            description: String::new(),
            account_id: None,
            invoice_id: None,
            postings: amounts
                .iter()
                .map(|minor| Posting {
                    account: LedgerAccount::Receivable,
                    amount: Money::zar(*minor),
                })
                .collect(),
            hash: String::new(),
        }
    }

    #[test]
    fn every_transaction_balances_by_itself() {
        let right = transaction(&[52_900, -46_000, -6_900]);
        assert!(is_balanced(&[right.clone(), transaction(&[])]));
        assert!(!is_balanced(&[transaction(&[1]), transaction(&[-1])]));
        assert_eq!(sums(&[right]), (Money::zar(52_900), Money::zar(52_900)));
    }
}
