//! From finalise to the end: payments, credit notes, voids, write-offs, and what the books say of each.

use chrono::TimeDelta;
use common::{
    accounts::AccountRole,
    invoices::{InvoiceEvent, InvoiceStatus},
    payments::PaymentStatus,
};
use payfast_sandbox::Fault;
use serde_json::json;

use super::{act, an_hour, balances, both, check_out, draft, fields, issue, line, owned, patch, read};

app_test!(finalise_gives_number_dates_and_seal, |app| {
    let (customer, staff) = both(app).await;
    let empty = draft(&staff, customer.account_id, json!([])).await.summary.id;
    let refused = act(&staff, empty, "finalize", json!({})).await;
    assert_eq!(
        (refused.problem().as_str(), fields(&refused)),
        ("409 conflict", vec!["lines".to_owned()])
    );
    let id = draft(&staff, customer.account_id, an_hour()).await.summary.id;
    let path = format!("/accounts/{}", customer.account_id);
    let name = json!({ "company_name": "Karoo Kiln (Pty) Ltd" });
    customer.client.patch(&path, name).await.expect(200);
    let reply = act(&staff, id, "finalize", json!({})).await.expect(200);
    assert_eq!(reply.headers["etag"], "\"2\"");
    let open: common::invoices::Invoice = reply.json();
    assert_eq!(open.summary.status, InvoiceStatus::Open);
    assert_eq!(open.summary.number.as_deref(), Some("INV-000001"));
    assert_eq!(
        open.customer.name, "Karoo Kiln (Pty) Ltd",
        "the customer as on the day of issue"
    );
    assert_eq!(
        open.summary.due_at.unwrap() - open.summary.issued_at.unwrap(),
        TimeDelta::days(7)
    );
    assert_eq!(
        balances(app).await,
        owned(&[("receivable", 11_500), ("revenue", -10_000), ("vat_output", -1_500)])
    );
    // What the customer changes later is on later documents only.
    let name = json!({ "company_name": "Another Name" });
    customer.client.patch(&path, name).await.expect(200);
    assert_eq!(read(&customer.client, id).await.customer.name, "Karoo Kiln (Pty) Ltd");
    assert_eq!(act(&staff, id, "finalize", json!({})).await.problem(), "409 conflict");
    let next = issue(&staff, customer.account_id, an_hour()).await;
    assert_eq!(next.summary.number.as_deref(), Some("INV-000002"));
});

app_test!(an_invoice_of_nothing_is_paid_when_it_is_issued, |app| {
    let (customer, staff) = both(app).await;
    let free = issue(&staff, customer.account_id, json!([line("A gift", "1", 0, "15")])).await;
    assert_eq!(free.summary.status, InvoiceStatus::Paid);
    assert!(free.summary.number.is_some() && free.summary.paid_at.is_some());
    assert!(balances(app).await.is_empty());
    let refused = act(&staff, free.summary.id, "credit-notes", json!({ "reason": "Why not" })).await;
    assert_eq!(refused.problem(), "409 conflict");
});

app_test!(a_tax_invoice_names_what_it_lacks, |app| {
    let (customer, staff) = both(app).await;
    let small = json!([line("Work", "1", 434_782, "15")]);
    assert_eq!(
        issue(&staff, customer.account_id, small).await.summary.total.minor,
        499_999
    );
    let id = draft(&staff, customer.account_id, json!([line("Work", "1", 434_784, "15")]))
        .await
        .summary
        .id;
    let refused = act(&staff, id, "finalize", json!({})).await;
    assert_eq!(refused.problem(), "422 billing_details_missing");
    assert_eq!(fields(&refused), ["billing_address"]);
    let address = json!({ "billing_address":
        { "line1": "3 Lighthouse Road", "city": "Kommetjie", "postal_code": "7975", "country": "ZA" } });
    let path = format!("/accounts/{}", customer.account_id);
    customer.client.patch(&path, address).await.expect(200);
    let open: common::invoices::Invoice = act(&staff, id, "finalize", json!({})).await.expect(200).json();
    // The refusal took no number.
    assert_eq!(open.summary.number.as_deref(), Some("INV-000002"));
});

app_test!(an_open_invoice_is_paid_and_credited, |app| {
    let (customer, staff) = both(app).await;
    let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    let credit = act(
        &staff,
        id,
        "credit-notes",
        json!({ "amount": zar(1_150), "reason": "A small thing" }),
    )
    .await;
    let credited: common::invoices::Invoice = credit.expect(200).json();
    assert_eq!(credited.summary.status, InvoiceStatus::Open);
    assert_eq!(
        (credited.summary.credited.minor, credited.summary.balance.minor),
        (1_150, 10_350)
    );
    let note = &credited.credit_notes[0];
    assert_eq!(
        (note.number.as_str(), note.net.minor, note.vat.minor),
        ("CN-000001", 1_000, 150)
    );
    let checkout = check_out(&customer, id).await;
    app.pay(&checkout, Fault::None).await;
    app.run_jobs().await;
    let paid = read(&customer.client, id).await;
    assert_eq!(
        (paid.summary.status, paid.summary.amount_paid.minor),
        (InvoiceStatus::Paid, 10_350)
    );
    // A cent too much is refused, and the rest becomes credit of the customer.
    let over = act(
        &staff,
        id,
        "credit-notes",
        json!({ "amount": zar(10_351), "reason": "Too much" }),
    )
    .await;
    assert_eq!(
        (over.problem().as_str(), fields(&over)),
        ("422 invalid", vec!["amount".to_owned()])
    );
    act(
        &staff,
        id,
        "credit-notes",
        json!({ "amount": zar(333), "reason": "A part" }),
    )
    .await
    .expect(200);
    let rest = act(&staff, id, "credit-notes", json!({ "reason": "All the rest" }))
        .await
        .expect(200);
    let rest: common::invoices::Invoice = rest.json();
    assert_eq!(
        (rest.summary.status, rest.summary.balance.minor),
        (InvoiceStatus::Paid, 0)
    );
    assert_eq!(rest.summary.credited.minor, 11_500);
    let (net, vat): (i64, i64) = rest.credit_notes.iter().fold((0, 0), |(net, vat), note| {
        assert_eq!(note.net.minor + note.vat.minor, note.total.minor);
        (net + note.net.minor, vat + note.vat.minor)
    });
    assert_eq!((net, vat), (10_000, 1_500), "the notes together are the invoice");
    let to_credit: Vec<i64> = rest.credit_notes.iter().map(|note| note.to_credit.minor).collect();
    assert_eq!(to_credit, [0, 333, 10_017]);
    let books = balances(app).await;
    let of = |name: &str| {
        books
            .iter()
            .find(|(account, _)| account == name)
            .map_or(0, |(_, minor)| *minor)
    };
    assert_eq!(
        (of("receivable"), of("revenue"), of("vat_output")),
        (0, 0, 0),
        "{books:?}"
    );
    assert_eq!(of("customer_credit"), -10_350);
    let nothing = act(&staff, id, "credit-notes", json!({ "reason": "Once more" })).await;
    assert_eq!(nothing.problem(), "409 conflict");
});

fn zar(minor: i64) -> serde_json::Value {
    json!({ "minor": minor, "currency": "ZAR" })
}

app_test!(credit_notes_have_amounts_and_reasons, |app| {
    let (customer, staff) = both(app).await;
    let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    for (body, field) in [
        (json!({}), "reason"),
        (json!({ "reason": "  " }), "reason"),
        (json!({ "reason": "ab" }), "reason"),
        (json!({ "reason": "Fine", "amount": zar(0) }), "amount"),
        (json!({ "reason": "Fine", "amount": zar(-1) }), "amount"),
        (json!({ "reason": "Fine", "amount": zar(11_501) }), "amount"),
        (
            json!({ "reason": "Fine", "amount": { "minor": 5, "currency": "USD" } }),
            "amount",
        ),
        (json!({ "reason": "Fine", "colour": "red" }), "colour"),
    ] {
        let reply = act(&staff, id, "credit-notes", body.clone()).await.expect(422);
        assert_eq!(fields(&reply), [field], "{body}");
    }
    assert!(read(&staff, id).await.credit_notes.is_empty());
});

app_test!(a_void_is_a_full_credit_note, |app| {
    let (customer, staff) = both(app).await;
    let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    assert_eq!(
        fields(&act(&staff, id, "void", json!({})).await.expect(422)),
        ["reason"]
    );
    let checkout = check_out(&customer, id).await;
    let refused = act(&staff, id, "void", json!({ "reason": "Wrong customer" })).await;
    assert_eq!(refused.problem(), "409 conflict");
    let detail = refused.value()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("awaiting_customer"), "{detail}");
    let cancel = format!("/payments/{}/cancel", checkout.payment_id);
    customer.client.post(&cancel, json!({})).await.expect(200);
    let void = act(&staff, id, "void", json!({ "reason": "Wrong customer" }))
        .await
        .expect(200);
    let void: common::invoices::Invoice = void.json();
    assert_eq!(
        (void.summary.status, void.summary.balance.minor),
        (InvoiceStatus::Void, 0)
    );
    assert_eq!(void.credit_notes[0].total.minor, 11_500);
    assert_eq!(void.credit_notes[0].to_credit.minor, 0);
    assert!(balances(app).await.is_empty());
    // Void is the end; money that comes all the same is the customer's.
    for action in ["void", "mark-uncollectible", "credit-notes"] {
        let refused = act(&staff, id, action, json!({ "reason": "Once more" })).await;
        assert_eq!(refused.problem(), "409 conflict", "{action}");
    }
    app.pay(&checkout, Fault::None).await;
    app.run_jobs().await;
    let payment = customer.payment(checkout.payment_id).await;
    assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
    assert_eq!(payment.credited, payment.summary.amount);
    assert_eq!(read(&staff, id).await.summary.status, InvoiceStatus::Void);
});

app_test!(a_full_credit_note_voids_an_unpaid_invoice, |app| {
    let (customer, staff) = both(app).await;
    let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    act(
        &staff,
        id,
        "credit-notes",
        json!({ "reason": "Half of it", "amount": zar(5_750) }),
    )
    .await
    .expect(200);
    let void = act(&staff, id, "credit-notes", json!({ "reason": "The other half" }))
        .await
        .expect(200);
    let void: common::invoices::Invoice = void.json();
    assert_eq!((void.summary.status, void.credit_notes.len()), (InvoiceStatus::Void, 2));
    assert!(balances(app).await.is_empty());
});

app_test!(what_is_written_off_may_still_be_paid, |app| {
    let (customer, staff) = both(app).await;
    let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    let off = act(
        &staff,
        id,
        "mark-uncollectible",
        json!({ "reason": "Gone without a trace" }),
    )
    .await;
    let off: common::invoices::Invoice = off.expect(200).json();
    assert_eq!(
        (off.summary.status, off.summary.balance.minor),
        (InvoiceStatus::Uncollectible, 11_500)
    );
    assert_eq!(
        balances(app).await,
        owned(&[("bad_debt", 10_000), ("revenue", -10_000)])
    );
    let credit = act(&staff, id, "credit-notes", json!({ "reason": "Not possible" })).await;
    assert_eq!(credit.problem(), "409 conflict");
    // A payment that began before it was given up.
    let other = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    let checkout = check_out(&customer, other).await;
    act(
        &staff,
        other,
        "mark-uncollectible",
        json!({ "reason": "Given up too soon" }),
    )
    .await
    .expect(200);
    app.pay(&checkout, Fault::None).await;
    app.run_jobs().await;
    assert_eq!(read(&staff, other).await.summary.status, InvoiceStatus::Paid);
    let void = act(&staff, id, "void", json!({ "reason": "Never delivered" }))
        .await
        .expect(200);
    assert_eq!(void.value()["status"], "void");
    let books = balances(app).await;
    let of = |name: &str| {
        books
            .iter()
            .find(|(account, _)| account == name)
            .map_or(0, |(_, minor)| *minor)
    };
    assert_eq!((of("bad_debt"), of("receivable")), (0, 0), "{books:?}");
    assert_eq!((of("revenue"), of("vat_output")), (-10_000, -1_500), "{books:?}");
});

app_test!(the_history_tells_customers_no_names_of_staff, |app| {
    let (customer, staff) = both(app).await;
    let member = app
        .member_called("lerato@karoo.test", &customer, AccountRole::Member)
        .await;
    let id = draft(&staff, customer.account_id, json!([])).await.summary.id;
    patch(&staff, id, Some("*"), json!({ "lines": an_hour() }))
        .await
        .expect(200);
    act(&staff, id, "finalize", json!({})).await.expect(200);
    let credit = json!({ "reason": "A small thing", "amount": zar(100) });
    act(&staff, id, "credit-notes", credit).await.expect(200);
    let checkout = check_out(&member, id).await;
    app.pay(&checkout, Fault::None).await;
    app.run_jobs().await;
    let told = async |client: &crate::support::Client| -> Vec<(String, String)> {
        let reply = client.get(&format!("/invoices/{id}/events")).await.expect(200);
        let events: Vec<InvoiceEvent> = reply.json();
        assert!(events.windows(2).all(|pair| pair[0].at >= pair[1].at));
        events.into_iter().map(|event| (event.event, event.actor)).collect()
    };
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(event, actor)| ((*event).to_owned(), (*actor).to_owned()))
            .collect()
    };
    assert_eq!(
        told(&customer.client).await,
        pairs(&[
            ("payment.settled", "PayFast"),
            ("checkout.started", "lerato@karoo.test"),
            ("credit_note.issued", "CapeControl"),
            ("invoice.issued", "CapeControl"),
        ])
    );
    assert_eq!(
        told(&member.client).await[1],
        ("checkout.started".to_owned(), "You".to_owned())
    );
    let inside = told(&staff).await;
    assert_eq!(inside[3], ("invoice.issued".to_owned(), "You".to_owned()));
    assert_eq!(inside.len(), 6, "{inside:?}");
});
