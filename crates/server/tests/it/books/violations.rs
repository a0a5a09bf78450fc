//! Each invariant broken by hand, and the finding that tells of it.

use std::collections::BTreeSet;

use common::{
    books::{BookFinding, Invariant},
    ids::{AccountId, InvoiceId},
};
use server::{books::verify, db::Conn};

use super::some_history;
use crate::support::books::{assert_holds, broken, tamper};

/// What somebody with the database's password might do, and the invariant and kind of row that gives it away.
fn violations(customer: AccountId, invoice: InvoiceId) -> Vec<(Invariant, &'static str, Vec<String>)> {
    use Invariant::{Chain, I1, I2, I3, I4, I5, I6, I7, I8, I9, I10};
    let refund = |status: &str, minor: i64| {
        format!(
            "insert into refunds (id, payment_id, account_id, status, currency, amount_minor, from_credit_minor, reason,
                provider_message, created_at, updated_at, submitted_at, attempts)
            select id, id, account_id, '{status}', 'ZAR', {minor}, 0, '', '', '2026-11-01 00:00:00',
                '2026-11-01 00:00:00', '2026-11-01 00:00:00', 1
            from payments where invoice_id = '{invoice}'"
        )
    };
    let note = |minor: i64| {
        format!(
            "insert into credit_notes (id, account_id, invoice_id, number, reason, currency, net_minor, vat_minor,
                total_minor, to_credit_minor, document_sha256, issued_at)
            values ('{invoice}', '{customer}', '{invoice}', 'CN-000001', '', 'ZAR', {minor}, 0, {minor}, 0, '',
                '2026-11-24 00:00:00')"
        )
    };
    let statement = |verdict: &str, net: i64| {
        let reconciled = "insert into reconciliations (id, from_day, to_day, status, reason, lines, matched, healed,
                differences, created_at, attempts)
            values ('a-day', '2026-11-20', '2026-11-26', 'finished', '', 1, 1, 0, 0, '2026-11-25 00:00:00', 1)";
        let line = format!(
            "insert into statement_lines (id, line_sha256, reconciliation_id, at, kind, name, description, currency,
                gross_minor, fee_minor, net_minor, pf_payment_id, verdict, note, payment_id, created_at)
            select 'line' || p.id, p.id, 'a-day', p.succeeded_at, 'FUNDS_RECEIVED', '', '', 'ZAR', p.amount_minor,
                -p.fee_minor, {net}, p.provider_reference, '{verdict}', '', p.id, p.created_at
            from payments p where p.invoice_id = '{invoice}'"
        );
        vec![reconciled.to_owned(), line]
    };
    let entry = "(select id from ledger_transactions where serial = 2)";
    let one = |text: String| vec![text];
    let plain = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    vec![
        (
            I1,
            "transaction",
            one(format!(
                "update ledger_postings set amount_minor = amount_minor + 1
            where position = 1 and transaction_id = {entry}"
            )),
        ),
        (
            I1,
            "transaction",
            one(format!(
                "delete from ledger_postings where position > 1 and transaction_id = {entry}"
            )),
        ),
        (
            I2,
            "account",
            one(format!(
                "update invoices set status = 'open', amount_paid_minor = 0 where id = '{invoice}'"
            )),
        ),
        (
            I2,
            "account",
            one(format!(
                "update ledger_postings set amount_minor = amount_minor + 1
            where ledger_account = 'receivable' and transaction_id = {entry}"
            )),
        ),
        (
            I2,
            "account",
            plain(&["update customer_credits set amount_minor = amount_minor - 1"]),
        ),
        (
            I2,
            "transaction",
            plain(&["update ledger_postings set account_id = null where ledger_account = 'receivable'"]),
        ),
        (
            I3,
            "invoice",
            one(format!(
                "update invoices set subtotal_minor = subtotal_minor + 1, total_minor = total_minor + 1
            where id = '{invoice}'"
            )),
        ),
        (
            I3,
            "invoice",
            one(format!(
                "update invoice_lines set net_minor = net_minor - 1 where invoice_id = '{invoice}'"
            )),
        ),
        (
            I3,
            "invoice",
            one(format!(
                "update invoices set amount_paid_minor = amount_paid_minor - 1
            where id = '{invoice}'"
            )),
        ),
        (
            I3,
            "invoice",
            one(format!("update invoices set status = 'open' where id = '{invoice}'")),
        ),
        (
            I3,
            "invoice",
            one(format!(
                "update invoices set credited_minor = 5, returned_minor = 5 where id = '{invoice}'"
            )),
        ),
        (I4, "payment", one(refund("succeeded", 200_000))),
        (
            I4,
            "payment",
            one(format!(
                "update payments set refunded_minor = 1 where invoice_id = '{invoice}'"
            )),
        ),
        (I4, "invoice", one(note(52_901))),
        (I4, "account", one(refund("submitted", 100))),
        (
            I5,
            "payment",
            plain(&[
                "delete from ledger_postings where transaction_id in (select id from ledger_transactions
                where kind = 'payment_received')",
                "delete from ledger_transactions where kind = 'payment_received'",
            ]),
        ),
        (
            I5,
            "invoice",
            one(format!(
                "update ledger_transactions set kind = 'invoice_sent'
            where source = 'invoice:{invoice}'"
            )),
        ),
        (
            I5,
            "payment",
            plain(&["update ledger_transactions set kind = 'paid_twice' where kind = 'paid_again'"]),
        ),
        (
            I5,
            "transaction",
            plain(&["update ledger_transactions set source = 'payment:nobody'
            where kind = 'paid_again'"]),
        ),
        (
            I5,
            "payment",
            one(format!(
                "update payments set amount_minor = amount_minor + 1 where invoice_id = '{invoice}'"
            )),
        ),
        (
            I5,
            "payment",
            one(format!(
                "update payments set reversed_at = updated_at where invoice_id = '{invoice}'"
            )),
        ),
        (I5, "invoice", one(note(100))),
        (
            I5,
            "invoice",
            one(format!(
                "update invoices set status = 'uncollectible' where id = '{invoice}'"
            )),
        ),
        (I5, "refund", one(refund("requested", 100))),
        (
            I6,
            "invoice",
            one(format!(
                "update invoices set customer_name = 'Somebody' where id = '{invoice}'"
            )),
        ),
        (
            I6,
            "invoice",
            one(format!(
                "update invoices set issued_at = due_at, due_at = created_at, number = 'INV-000001X'
            where id = '{invoice}'"
            )),
        ),
        (
            I6,
            "invoice",
            one(format!(
                "update invoice_lines set description = 'Else' where invoice_id = '{invoice}'"
            )),
        ),
        (
            I6,
            "invoice",
            one(format!(
                "update invoices set document_sha256 = null where id = '{invoice}'"
            )),
        ),
        (I6, "credit_note", one(note(100))),
        (
            I7,
            "series",
            one(format!(
                "update invoices set number = 'INV-000009' where id = '{invoice}'"
            )),
        ),
        (
            I7,
            "series",
            plain(&["update number_series set last_number = last_number + 1 where name = 'invoice'"]),
        ),
        (
            I7,
            "series",
            plain(&["update number_series set last_number = 3 where name = 'credit_note'"]),
        ),
        (I7, "series", one(note(1))),
        (I8, "statement", statement("matched", 51_682)),
        (I8, "statement", statement("duplicate", 103_366)),
        (I8, "payment", statement("missing", 0)),
        (I8, "payment", vec![statement("matched", 51_683)[0].clone()]),
        (
            I9,
            "payment",
            one(format!(
                "insert into plan_grants (id, account_id, payment_id, product_code, starts_at,
                ends_at, created_at)
            select 'a-grant', g.account_id, p.id, g.product_code, g.created_at, g.ends_at, g.created_at
            from plan_grants g, payments p
            where g.account_id = '{customer}' and p.account_id = g.account_id and p.id <> g.payment_id"
            )),
        ),
        (
            I10,
            "payment",
            plain(&[
                "update payments set status = 'unknown', updated_at = '2026-11-16 07:00:00'
            where status = 'awaiting_customer'",
            ]),
        ),
        (I10, "refund", one(refund("unknown", 1))),
        (
            Chain,
            "transaction",
            plain(&["update ledger_transactions set description = 'else' where serial = 3"]),
        ),
        (
            Chain,
            "transaction",
            plain(&["update ledger_transactions set at = '2026-11-01 00:00:00' where serial = 1"]),
        ),
        (
            Chain,
            "transaction",
            one(format!(
                "update ledger_postings set ledger_account = 'bank'
            where position = 1 and transaction_id = {entry}"
            )),
        ),
        (
            Chain,
            "transaction",
            one(format!(
                "update ledger_postings set account_id = null
            where transaction_id = {entry}"
            )),
        ),
        (
            Chain,
            "transaction",
            one(format!(
                "update ledger_transactions set account_id = null where id = {entry}"
            )),
        ),
        (
            Chain,
            "transaction",
            plain(&["update ledger_transactions set previous_hash = hash where serial = 4"]),
        ),
        (
            Chain,
            "transaction",
            plain(&["update ledger_transactions set serial = 9 where serial = 5"]),
        ),
        (
            Chain,
            "series",
            plain(&[
                "delete from ledger_postings where transaction_id in (select id from ledger_transactions where serial = 5)",
                "delete from ledger_transactions where serial = 5",
            ]),
        ),
        // The end cut off with care: only the last check knows that there was more.
        (
            Chain,
            "series",
            plain(&[
                "delete from ledger_postings where transaction_id in (select id from ledger_transactions where serial = 5)",
                "delete from ledger_transactions where serial = 5",
                "update number_series set last_number = 4 where name = 'ledger'",
            ]),
        ),
    ]
}

/// Carries findings out of a transaction that is rolled back.
enum RolledBack {
    Seen(verify::Seen),
    Failed(String),
}

impl From<diesel::result::Error> for RolledBack {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

app_test!(each_invariant_fails_when_it_is_broken, |app| {
    let (customer, checkout) = some_history(app).await;
    verify::verify(&app.app).await.unwrap();
    let now = app.app.clock.now();
    let (mut broken_once, mut unseen) = (BTreeSet::new(), Vec::new());
    for (invariant, kind, statements) in violations(customer.account_id, checkout.invoice_id) {
        let text = statements.join("; ");
        let attempt = move |conn: &mut Conn| -> Result<(), RolledBack> {
            tamper(conn, &statements).map_err(RolledBack::Failed)?;
            let seen = verify::check(conn, invariant, now);
            Err(seen.map_or_else(|error| RolledBack::Failed(format!("{error:?}")), RolledBack::Seen))
        };
        match app.app.db.write(attempt).await {
            Err(RolledBack::Seen(seen)) => {
                let is_told = |found: &BookFinding| found.kind == kind && !found.message.contains('{');
                if !seen.findings.iter().any(is_told) {
                    unseen.push(format!("{invariant} {kind} {text}: {:?}", seen.findings));
                }
            }
            Err(RolledBack::Failed(error)) => unseen.push(format!("{invariant} {text}: {error}")),
            Ok(()) => unreachable!("it is rolled back"),
        }
        broken_once.insert(invariant);
    }
    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
    assert_eq!(broken_once.len(), Invariant::ALL.len());
    assert_holds(&broken(&app.app).await);
});

app_test!(a_statement_that_agrees_is_no_finding, |app| {
    let (customer, checkout) = some_history(app).await;
    // The money of the same payment that came again stands in the statement under an id of its own.
    let all = violations(customer.account_id, checkout.invoice_id);
    let (_, _, wrong) = all
        .iter()
        .find(|(invariant, _, _)| *invariant == Invariant::I8)
        .unwrap();
    let right: Vec<String> = wrong.iter().map(|text| text.replace("51682", "51683")).collect();
    let others =
        "insert into statement_lines (id, line_sha256, reconciliation_id, at, kind, name, description, currency,
            gross_minor, fee_minor, net_minor, pf_payment_id, verdict, note, created_at)
        select 'other' || t.id, t.id, 'a-day', t.at, 'FUNDS_RECEIVED', '', '', 'ZAR', 0, 0,
            (select sum(amount_minor) from ledger_postings where transaction_id = t.id
                and ledger_account = 'payfast_clearing'),
            substr(t.source, 9), 'matched', '', t.at
        from ledger_transactions t where t.kind = 'paid_again'"
            .to_owned();
    let yearly =
        "insert into statement_lines (id, line_sha256, reconciliation_id, at, kind, name, description, currency,
            gross_minor, fee_minor, net_minor, pf_payment_id, verdict, note, created_at)
        select 'yearly', 'yearly', 'a-day', p.created_at, 'FUNDS_RECEIVED', '', '', 'ZAR', 0, 0,
            498999 - p.fee_minor, p.provider_reference, 'matched', '', p.created_at
        from payments p where p.amount_minor = 499000"
            .to_owned();
    let now = app.app.clock.now();
    let look = move |conn: &mut Conn| -> Result<(), RolledBack> {
        tamper(conn, &[right, vec![others, yearly]].concat()).map_err(RolledBack::Failed)?;
        let seen = verify::check(conn, Invariant::I8, now);
        Err(seen.map_or_else(|error| RolledBack::Failed(format!("{error:?}")), RolledBack::Seen))
    };
    match app.app.db.write(look).await {
        Err(RolledBack::Seen(seen)) => {
            assert!(seen.findings.is_empty(), "{:?}", seen.findings);
            assert_eq!(seen.rows, 3);
        }
        Err(RolledBack::Failed(error)) => panic!("{error}"),
        Ok(()) => unreachable!("it is rolled back"),
    }
});
