//! What customers owe, by how late it is, as bars with their values.

use common::{
    money::format_money,
    reports::{AgeBucket, ReceivablesReport},
};
use leptos::prelude::*;

use super::parts::{Share, share, shares};
use crate::{components::icon::icon_16, text::reports};

pub fn age_name(age: &AgeBucket) -> String {
    let texts = reports();
    match (age.from_days, age.to_days) {
        (None, _) => texts.not_due.to_owned(),
        (Some(from), Some(to)) => texts.days(&from.to_string(), &to.to_string()),
        (Some(from), None) => texts.over_days(&(from - 1).to_string()),
    }
}

/// The longest bar is the largest age; late money has its own colour.
pub fn ages(report: &ReceivablesReport) -> AnyView {
    let texts = reports();
    let largest = report.ages.iter().map(|age| age.balance.minor).max().unwrap_or(0);
    let list = report.ages.iter().map(|age| Share {
        name: age_name(age),
        value: format_money(age.balance),
        share: share(age.balance.minor, largest),
        mark: if age.from_days.is_some() { "mark-5" } else { "mark-1" },
    });
    let count: i64 = report.ages.iter().map(|age| age.invoices).sum();
    view! {
        <section class="card ages">
            <div class="card-part stack">
                <h2>{texts.by_age}</h2>
                {shares(list.collect())}
                <p class="ages-total strong"><span>{texts.total(&count.to_string())}</span> <span>{format_money(report.total)}</span></p>
                <a class="small-link no-print" href="/invoices?status=overdue">{texts.see_overdue} {icon_16("right")}</a>
            </div>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use common::Money;

    use super::*;

    #[test]
    fn ages_are_named_by_their_days() {
        let name = |from_days, to_days| {
            age_name(&AgeBucket {
                from_days,
                to_days,
                invoices: 0,
                balance: Money::zar(0),
            })
        };
        assert_eq!(name(None, None), "Not yet due");
        assert_eq!(name(Some(1), Some(30)), "1 to 30 days late");
        assert_eq!(name(Some(91), None), "Over 90 days late");
    }
}
