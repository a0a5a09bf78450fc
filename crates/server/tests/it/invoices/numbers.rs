//! Numbers are 1 to n without a hole, however many are given at once and whatever is refused meanwhile.
//!
//! Through the services, since nobody may send that many requests in a second.

use std::time::Instant;

use common::{
    Money,
    ids::{AccountId, InvoiceId, UserId},
    invoices::{Invoice, LineDraft, NewInvoice},
};
use futures_util::{StreamExt, stream};
use server::{
    audit::Origin,
    error::ApiError,
    http::IfMatch,
    idempotency::Answer,
    invoices::{drafts, drafts::Staff, issue},
};

use crate::support::TestApp;

/// Invoices of one run; `INVOICE_NUMBERS=10000` for the long one.
fn how_many() -> usize {
    std::env::var("INVOICE_NUMBERS").map_or(300, |text| text.parse().unwrap())
}

/// Finalises under way at the same time: more than there are connections.
const AT_ONCE: usize = 200;

fn staff(user_id: UserId) -> Staff {
    Staff {
        user_id,
        origin: Origin::operator(),
        key: None,
    }
}

fn told(answer: &Answer) -> Invoice {
    serde_json::from_str(&answer.body).unwrap()
}

/// Every fifth draft has no lines: its finalise is refused in the middle of the others.
async fn draft(app: &TestApp, account_id: AccountId, user_id: UserId, index: usize) -> InvoiceId {
    let line = LineDraft {
        description: format!("Hour {index}"),
        quantity: "1".to_owned(),
        unit_price: Some(Money::zar(10_000)),
        vat_rate: "15".to_owned(),
    };
    let new = NewInvoice {
        account_id,
        lines: if index.is_multiple_of(5) {
            Vec::new()
        } else {
            vec![line]
        },
        due_days: None,
    };
    let answer = drafts::create(&app.app, staff(user_id), new).await.unwrap();
    told(&answer).summary.id
}

app_test!(numbers_have_no_hole, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let (account_id, user_id) = (customer.account_id, customer.user_id);
    let count = how_many();
    let drafts: Vec<InvoiceId> = stream::iter(0..count)
        .map(|index| draft(app, account_id, user_id, index))
        .buffer_unordered(16)
        .collect()
        .await;
    let start = Instant::now();
    let answers: Vec<Result<Answer, ApiError>> = stream::iter(drafts)
        .map(|id| issue::finalize(&app.app, id, IfMatch::Absent, staff(user_id)))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let elapsed = start.elapsed();
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    assert_eq!(refused, count.div_ceil(5));
    let issued = answers.iter().flatten().map(told);
    let mut numbers: Vec<String> = issued.map(|invoice| invoice.summary.number.unwrap()).collect();
    eprintln!(
        "{count} finalises, {AT_ONCE} at once: {:.1} s, {:.0} a second",
        elapsed.as_secs_f64(),
        count as f64 / elapsed.as_secs_f64()
    );
    numbers.sort();
    let expected: Vec<String> = (1..=count - refused).map(|serial| format!("INV-{serial:06}")).collect();
    assert_eq!(numbers, expected);
});
