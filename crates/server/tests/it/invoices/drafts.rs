//! Drafts: who sees them, what may stand in them, and editing against one another.

use common::{auth::StaffRole, invoices::InvoiceStatus};
use reqwest::Method;
use serde_json::json;

use super::{act, an_hour, both, draft, fields, issue, line, patch, read};
use crate::support::client::send;

app_test!(a_draft_adds_up_and_has_no_number, |app| {
    let (customer, staff) = both(app).await;
    let lines = json!([
        line("Callibration", "1.5", 33_333, "15"),
        line("Books", "2.000", 10_050, "0"),
        line("Travel", "0.125", 999, "15"),
    ]);
    let body = json!({ "account_id": customer.account_id, "lines": lines, "due_days": 30 });
    let reply = staff.post("/invoices", body).await.expect(201);
    assert_eq!(reply.headers["etag"], "\"1\"");
    let invoice: common::invoices::Invoice = reply.json();
    assert_eq!(
        (invoice.summary.status, &invoice.summary.number),
        (InvoiceStatus::Draft, &None)
    );
    assert_eq!((invoice.version, invoice.due_days, invoice.product_code), (1, 30, None));
    let nets: Vec<i64> = invoice.lines.iter().map(|line| line.net.minor).collect();
    // 499.995 is rounded half up, 1.24875 down.
    assert_eq!(nets, [50_000, 20_100, 125]);
    let vats: Vec<i64> = invoice.lines.iter().map(|line| line.vat.minor).collect();
    // 15 % of R501.25 is R75.1875: R75.19, once.
    assert_eq!(vats, [7_500, 0, 19]);
    assert_eq!(invoice.summary.vat.minor, 7_519);
    assert_eq!(invoice.summary.total.minor, 70_225 + 7_519);
    assert_eq!(invoice.lines[1].quantity, "2");
    assert_eq!(invoice.customer.name, "Karoo Kiln Studio");
    assert_eq!(invoice.supplier.vat_number.as_deref(), Some("4000000000"));
    assert_eq!(read(&staff, invoice.summary.id).await, invoice);
});

app_test!(customers_see_no_draft_of_staff, |app| {
    let (customer, staff) = both(app).await;
    let id = draft(&staff, customer.account_id, an_hour()).await.summary.id;
    for path in ["", "/pdf", "/events"] {
        let reply = customer.client.get(&format!("/invoices/{id}{path}")).await;
        assert_eq!(reply.problem(), "404 not_found", "{path}");
    }
    let body = json!({ "invoice_id": id });
    let pay = customer.client.post_with_key("/checkout", "k", body).await;
    assert_eq!(pay.problem(), "404 not_found");
    let support = app.staff(StaffRole::Support).await;
    support.get(&format!("/invoices/{id}")).await.expect(200);
    // Nor does the log of their account tell of it.
    let log = customer.client.get("/audit?limit=100").await.expect(200).body;
    assert!(!log.contains(id.as_str()), "{log}");
    act(&staff, id, "finalize", json!({})).await.expect(200);
    customer.client.get(&format!("/invoices/{id}")).await.expect(200);
});

app_test!(every_wrong_field_is_named, |app| {
    let (customer, staff) = both(app).await;
    let body = json!({
        "account_id": customer.account_id,
        "lines": [
            line("Fine", "1", 100, "15"),
            { "description": "", "quantity": "-1", "vat_rate": "14" },
        ],
        "due_days": 91,
    });
    let refused = staff.post("/invoices", body).await;
    assert_eq!(refused.problem(), "422 invalid");
    assert_eq!(
        fields(&refused),
        [
            "lines[1].description",
            "lines[1].quantity",
            "lines[1].unit_price",
            "lines[1].vat_rate",
            "due_days"
        ]
    );
    let many = vec![line("Work", "1", 100, "15"); 101];
    let body = json!({ "account_id": customer.account_id, "lines": many });
    assert_eq!(fields(&staff.post("/invoices", body).await.expect(422)), ["lines"]);
    let dear = vec![line("Work", "1000000", 10_000_000_000, "15"); 100];
    let body = json!({ "account_id": customer.account_id, "lines": dear });
    assert_eq!(fields(&staff.post("/invoices", body).await.expect(422)), ["lines"]);
    let body = json!({ "account_id": "01929b7e-7c1c-7000-8000-000000000001", "lines": [] });
    assert_eq!(fields(&staff.post("/invoices", body).await.expect(422)), ["account_id"]);
    let body = json!({ "account_id": customer.account_id, "lines": [], "status": "paid" });
    assert_eq!(fields(&staff.post("/invoices", body).await.expect(422)), ["status"]);
});

app_test!(a_draft_is_changed_by_who_has_seen_it, |app| {
    let (customer, staff) = both(app).await;
    let id = draft(&staff, customer.account_id, json!([])).await.summary.id;
    let change = json!({ "lines": an_hour() });
    let refused = patch(&staff, id, None, change.clone()).await;
    assert_eq!(refused.problem(), "428 precondition_required");
    app.advance(chrono::TimeDelta::seconds(5));
    let changed = patch(&staff, id, Some("\"1\""), change.clone()).await.expect(200);
    assert_eq!(changed.headers["etag"], "\"2\"");
    assert_eq!(changed.value()["total"]["minor"], 11_500);
    let stale = patch(&staff, id, Some("\"1\""), change.clone()).await;
    assert_eq!(stale.problem(), "412 precondition_failed");
    let detail = stale.value()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("09:14:05 on 24 Nov 2026"), "{detail}");
    assert_eq!(
        patch(&staff, id, Some("W/\"2\""), change.clone()).await.problem(),
        "412 precondition_failed"
    );
    assert_eq!(
        fields(&patch(&staff, id, Some("2"), change).await.expect(422)),
        ["If-Match"]
    );
    // What is absent stays.
    let days = patch(&staff, id, Some("\"2\""), json!({ "due_days": 0 }))
        .await
        .expect(200)
        .value();
    assert_eq!(
        (&days["due_days"], &days["total"]["minor"]),
        (&json!(0), &json!(11_500))
    );
    patch(&staff, id, Some("*"), json!({})).await.expect(200);
});

app_test!(a_draft_is_thrown_away_and_an_invoice_is_not, |app| {
    let (customer, staff) = both(app).await;
    let id = draft(&staff, customer.account_id, an_hour()).await.summary.id;
    let path = format!("/invoices/{id}");
    let stale = staff
        .unsafe_request(Method::DELETE, &path)
        .await
        .header("If-Match", "\"7\"");
    assert_eq!(send(stale).await.problem(), "412 precondition_failed");
    staff.delete(&path).await.expect(200);
    assert_eq!(staff.get(&path).await.problem(), "404 not_found");
    assert_eq!(staff.delete(&path).await.problem(), "404 not_found");
    let open = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    let refused = staff.delete(&format!("/invoices/{open}")).await;
    assert_eq!(refused.problem(), "409 conflict");
    assert_eq!(refused.value()["detail"], "this invoice is open; it cannot be deleted");
    let refused = patch(&staff, open, Some("*"), json!({ "due_days": 1 })).await;
    assert_eq!(refused.value()["detail"], "this invoice is open; it cannot be changed");
});

app_test!(the_draft_of_a_purchase_belongs_to_its_payment, |app| {
    let (customer, staff) = both(app).await;
    let id = customer.check_out("PRO_MONTHLY").await.invoice_id;
    for refused in [
        patch(&staff, id, Some("*"), json!({ "due_days": 1 })).await,
        staff.delete(&format!("/invoices/{id}")).await,
        act(&staff, id, "finalize", json!({})).await,
        act(&staff, id, "send", json!({})).await,
        act(&staff, id, "void", json!({ "reason": "Not wanted" })).await,
        act(&staff, id, "mark-uncollectible", json!({ "reason": "Not wanted" })).await,
        act(&staff, id, "credit-notes", json!({ "reason": "Not wanted" })).await,
    ] {
        assert_eq!(refused.problem(), "409 conflict");
    }
    let seen = read(&customer.client, id).await;
    assert_eq!((seen.summary.status, seen.version), (InvoiceStatus::Draft, 1));
});

app_test!(the_same_key_writes_one_draft, |app| {
    let (customer, staff) = both(app).await;
    let body = json!({ "account_id": customer.account_id, "lines": an_hour() });
    let first = staff.post_with_key("/invoices", "k1", body.clone()).await.expect(201);
    let again = staff.post_with_key("/invoices", "k1", body).await.expect(201);
    assert_eq!(
        (&first.body, &again.headers["idempotency-replayed"]),
        (&again.body, &"true".parse().unwrap())
    );
    assert_eq!(again.headers["etag"], "\"1\"");
    let other = json!({ "account_id": customer.account_id, "lines": [] });
    let refused = staff.post_with_key("/invoices", "k1", other).await;
    assert_eq!(refused.problem(), "409 idempotency_mismatch");
    let id: common::invoices::Invoice = first.json();
    let path = format!("/invoices/{}/finalize", id.summary.id);
    let first = staff.post_with_key(&path, "k2", json!({})).await.expect(200);
    let again = staff.post_with_key(&path, "k2", json!({})).await.expect(200);
    assert_eq!(first.body, again.body);
    assert_eq!(staff.post(&path, json!({})).await.problem(), "409 conflict");
});

app_test!(
    without_a_vat_number_no_line_bears_vat,
    with[("SUPPLIER_VAT_NUMBER", "")],
    |app| {
        let (customer, staff) = both(app).await;
        let invoice = issue(&staff, customer.account_id, json!([line("Work", "1", 1_000_000, "15")])).await;
        assert_eq!(
            (invoice.title.as_str(), invoice.lines[0].vat_rate.as_str()),
            ("Invoice", "0")
        );
        assert_eq!((invoice.summary.vat.minor, invoice.summary.total.minor), (0, 1_000_000));
    }
);
