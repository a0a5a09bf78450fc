//! What can wait, and how it is counted.

use common::{
    Endpoint,
    books::{Books, GetBooks},
    invoices::{InvoiceFilter, InvoiceState, InvoiceTotals, TotalInvoices},
    itn::{ItnQuery, ItnStatus, ListItns},
    payments::{ListPayments, PaymentQuery, PaymentStatus},
    reconciliations::{ListReconciliations, ReconciliationQuery},
    refunds::{ListRefunds, RefundQuery, RefundStatus},
};
use serde::Deserialize;

use crate::{
    api::{self, Failure},
    text,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Books,
    Unknown,
    Held,
    Differences,
    BankDetails,
    Refunds,
    Overdue,
}

/// What presses most comes first.
pub const OF_BILLING: &[Work] = &[
    Work::Books,
    Work::Unknown,
    Work::Held,
    Work::Differences,
    Work::BankDetails,
    Work::Refunds,
    Work::Overdue,
];
/// What support may read.
pub const OF_SUPPORT: &[Work] = &[Work::Unknown, Work::Overdue];

/// How much waits, and where it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub number: i64,
    /// The list was too long to count.
    pub is_more: bool,
    pub href: String,
}

/// The one thing that is read of a list.
#[derive(Deserialize)]
struct Total {
    total: Option<i64>,
    #[serde(default)]
    total_at_least: Option<i64>,
}

#[derive(Deserialize)]
struct Newest {
    items: Vec<Differences>,
}

#[derive(Deserialize)]
struct Differences {
    id: String,
    differences: i64,
}

impl Work {
    pub fn icon(self) -> &'static str {
        match self {
            Work::Books => "book",
            Work::Unknown => "question",
            Work::Held => "inbox",
            Work::Differences => "scale",
            Work::BankDetails => "bank",
            Work::Refunds => "return",
            Work::Overdue => "triangle",
        }
    }

    pub fn words(self) -> (&'static str, &'static str) {
        let texts = text::today();
        match self {
            Work::Books => (texts.books, texts.books_text),
            Work::Unknown => (texts.unknown, texts.unknown_text),
            Work::Held => (texts.held, texts.held_text),
            Work::Differences => (texts.differences, texts.differences_text),
            Work::BankDetails => (texts.bank, texts.bank_text),
            Work::Refunds => (texts.refunds, texts.refunds_text),
            Work::Overdue => (texts.overdue, texts.overdue_text),
        }
    }

    pub async fn count(self) -> Result<Count, Failure> {
        match self {
            Work::Books => books().await,
            Work::Differences => differences().await,
            Work::Overdue => overdue().await,
            Work::Unknown => {
                let query = PaymentQuery {
                    limit: Some(1),
                    status: vec![PaymentStatus::Unknown],
                    ..PaymentQuery::default()
                };
                total::<ListPayments>(query, "/payments?status=unknown").await
            }
            Work::Held => {
                let query = ItnQuery {
                    limit: Some(1),
                    status: vec![ItnStatus::Quarantined],
                    ..ItnQuery::default()
                };
                total::<ListItns>(query, "/payfast/notifications?status=quarantined").await
            }
            Work::BankDetails => refunds(RefundStatus::AwaitingBankDetails).await,
            Work::Refunds => refunds(RefundStatus::Unknown).await,
        }
    }
}

async fn total<E: Endpoint>(query: E::Request, href: &str) -> Result<Count, Failure> {
    count_of(&api::ask::<E>(&[], &query).await?, href)
}

fn count_of(answer: &str, href: &str) -> Result<Count, Failure> {
    let total: Total = api::from_json(answer)?;
    Ok(Count {
        number: total.total.or(total.total_at_least).unwrap_or(0),
        is_more: total.total.is_none(),
        href: href.to_owned(),
    })
}

async fn refunds(status: RefundStatus) -> Result<Count, Failure> {
    let query = RefundQuery {
        limit: Some(1),
        cursor: None,
        status: vec![status],
    };
    total::<ListRefunds>(query, &format!("/payfast/refunds?status={status}")).await
}

async fn overdue() -> Result<Count, Failure> {
    let filter = InvoiceFilter {
        status: vec![InvoiceState::Overdue],
        ..InvoiceFilter::default()
    };
    let totals: InvoiceTotals = api::call::<TotalInvoices>(&[], &filter).await?;
    let late = totals.counts.iter().find(|count| count.state == InvoiceState::Overdue);
    let number = late.map_or(0, |count| count.count);
    Ok(Count {
        number,
        is_more: number > 10_000,
        href: "/invoices?status=overdue".to_owned(),
    })
}

async fn books() -> Result<Count, Failure> {
    let books: Books = api::call::<GetBooks>(&[], &()).await?;
    let broken = books.checks.iter().filter(|check| check.holds == Some(false)).count();
    Ok(Count {
        number: i64::try_from(broken).unwrap_or(0),
        is_more: false,
        href: "/payfast/books".to_owned(),
    })
}

async fn differences() -> Result<Count, Failure> {
    let query = ReconciliationQuery {
        limit: Some(1),
        cursor: None,
    };
    newest(&api::ask::<ListReconciliations>(&[], &query).await?)
}

fn newest(answer: &str) -> Result<Count, Failure> {
    let newest: Newest = api::from_json(answer)?;
    let newest = newest.items.into_iter().next();
    Ok(Count {
        number: newest.as_ref().map_or(0, |newest| newest.differences),
        is_more: false,
        href: newest.map_or_else(
            || "/payfast/reconciliations".to_owned(),
            |newest| format!("/payfast/reconciliations/{}?verdict=differences", newest.id),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_too_long_to_count_says_so() {
        let count = |answer| {
            let count = count_of(answer, "/x").unwrap();
            (count.number, count.is_more)
        };
        assert_eq!(count(r#"{"items":[],"next_cursor":null,"total":3}"#), (3, false));
        assert_eq!(
            count(r#"{"items":[],"next_cursor":"n","total":null,"total_at_least":10000}"#),
            (10_000, true)
        );
    }

    #[test]
    fn differences_are_those_of_the_newest_reconciliation() {
        let count = newest(r#"{"items":[{"id":"7","differences":2,"lines":9}],"total":4}"#).unwrap();
        assert_eq!(
            (count.number, count.href.as_str()),
            (2, "/payfast/reconciliations/7?verdict=differences")
        );
        assert_eq!(newest(r#"{"items":[],"total":0}"#).unwrap().number, 0);
    }

    #[test]
    fn all_that_waits_has_words() {
        for work in OF_BILLING {
            assert!(work.words().1.ends_with('.'), "{work:?}");
        }
    }
}
