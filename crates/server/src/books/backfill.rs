//! What happened before there were books, written into them once.
//!
//! Every start of the program and every `migrate` looks for issued invoices and money that have no entry; all but the
//! first find none. The rows that the money left behind say what the entries would have said.

mod store;

use common::{Money, books::LedgerAccount, money::format_money};

use self::store::Movement;
use super::{
    entries::{self, Received},
    rules::Leg,
    service::{self, Entry},
    store::lock_chain,
};
use crate::{app::App, db::Conn, error::ApiError, invoices::seal};

/// Documents that are sealed in one transaction.
const SEALED_AT_ONCE: i64 = 200;
/// Movements that are held in memory at once.
const PAGE: i64 = 2_000;

/// Seals documents that carry no hash and posts what has no entry, in order of time; tells how many entries it wrote.
///
/// The entries are one transaction that holds the end of the chain: of several nodes one writes them, and the others
/// find them written.
pub async fn run(app: &App) -> Result<usize, ApiError> {
    let seal = |conn: &mut Conn| seal::seal_missing(conn, SEALED_AT_ONCE);
    while app.db.write(seal).await? > 0 {}
    let first = app.db.read(|conn| store::load_unposted(conn, 1)).await?;
    if first.is_empty() {
        return Ok(0);
    }
    let posted = app.db.write(post_missing).await?;
    tracing::info!(posted, "Wrote what happened before there were books into them");
    Ok(posted)
}

fn post_missing(conn: &mut Conn) -> Result<usize, ApiError> {
    lock_chain(conn)?;
    let mut posted = 0;
    loop {
        // What is posted is missing no more, so each page is the next.
        let page = store::load_unposted(conn, PAGE)?;
        if page.is_empty() {
            return Ok(posted);
        }
        for movement in page {
            post(conn, &movement)?;
            posted += 1;
        }
    }
}

fn post(conn: &mut Conn, movement: &Movement) -> Result<(), ApiError> {
    let (legs, description) = told(movement);
    let entry = Entry {
        kind: &movement.kind,
        source: &movement.source,
        account_id: Some(movement.account_id),
        invoice_id: Some(movement.invoice_id),
        description: &description,
        currency: movement.currency,
        legs: &legs,
    };
    service::post(conn, &entry, movement.at.and_utc())
}

fn told(movement: &Movement) -> (Vec<Leg>, String) {
    let amount = format_money(Money::new(movement.amount_minor, movement.currency));
    let word = &movement.word;
    match movement.kind.as_str() {
        "invoice_issued" => {
            let vat = movement.vat_minor;
            let legs = entries::invoice_issued(movement.amount_minor - vat, vat);
            (legs, format!("{word} issued to {}", movement.customer))
        }
        "payment_received" => {
            let received = Received {
                into: LedgerAccount::PayfastClearing,
                gross_minor: gross_minor(movement),
                fee_minor: movement.fee_minor,
                applied_minor: movement.amount_minor - movement.excess_minor,
                excess_minor: movement.excess_minor,
                written_off_vat_minor: None,
            };
            (
                entries::payment_received(&received),
                format!("{amount} received for {word}"),
            )
        }
        _ => (
            entries::paid_again(movement.amount_minor, 0),
            format!("{amount} paid again; it became credit"),
        ),
    }
}

/// PayFast's net and fee tell what really came, which is at most a cent off.
fn gross_minor(movement: &Movement) -> i64 {
    let told = movement.net_minor + movement.fee_minor;
    if (told - movement.amount_minor).abs() <= 1 {
        told
    } else {
        movement.amount_minor
    }
}
