//! Many hands on one invoice: one of them wins, and nothing is lost or done twice.

use common::invoices::InvoiceStatus;
use futures_util::future;
use payfast_sandbox::Fault;
use serde_json::json;

use super::{act, an_hour, balances, both, check_out, draft, issue, patch, read};

app_test!(two_finalises_give_one_number, |app| {
    let (customer, staff) = both(app).await;
    let id = draft(&staff, customer.account_id, an_hour()).await.summary.id;
    let replies = future::join_all((0..8).map(|_| act(&staff, id, "finalize", json!({})))).await;
    let won = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(won, 1);
    for lost in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(lost.problem(), "409 conflict");
    }
    let next = issue(&staff, customer.account_id, an_hour()).await;
    assert_eq!(next.summary.number.as_deref(), Some("INV-000002"));
});

app_test!(of_two_editors_one_is_told, |app| {
    let (customer, staff) = both(app).await;
    let id = draft(&staff, customer.account_id, json!([])).await.summary.id;
    let edits = (0..6).map(|days| {
        let staff = &staff;
        async move { patch(staff, id, Some("\"1\""), json!({ "due_days": days })).await }
    });
    let replies = future::join_all(edits).await;
    let winners: Vec<usize> = (0..6).filter(|index| replies[*index].status == 200).collect();
    assert_eq!(winners.len(), 1);
    for lost in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(lost.problem(), "412 precondition_failed");
    }
    let draft = read(&staff, id).await;
    assert_eq!((usize::from(draft.due_days), draft.version), (winners[0], 2));
});

app_test!(credit_notes_at_once_never_exceed_the_invoice, |app| {
    let (customer, staff) = both(app).await;
    let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    let body = json!({ "amount": { "minor": 3_000, "currency": "ZAR" }, "reason": "A third or so" });
    let replies = future::join_all((0..6).map(|_| act(&staff, id, "credit-notes", body.clone()))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 3);
    for lost in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(lost.problem(), "422 invalid");
    }
    let open = read(&staff, id).await;
    assert_eq!(
        (open.summary.credited.minor, open.summary.balance.minor),
        (9_000, 2_500)
    );
    let numbers: Vec<&str> = open.credit_notes.iter().map(|note| note.number.as_str()).collect();
    assert_eq!(numbers, ["CN-000001", "CN-000002", "CN-000003"]);
});

app_test!(a_void_and_a_settlement_at_once_lose_no_money, |app| {
    let (customer, staff) = both(app).await;
    for _ in 0..3 {
        let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
        let checkout = check_out(&customer, id).await;
        // Given up by the customer, but the money comes: the void may pass before it or not.
        let cancel = format!("/payments/{}/cancel", checkout.payment_id);
        let page = app.open_payment_page(&checkout).await;
        customer.client.post(&cancel, json!({})).await.expect(200);
        app.payfast.pay(page, Fault::None).await.unwrap();
        let (voided, ()) = future::join(act(&staff, id, "void", json!({ "reason": "At once" })), app.run_jobs()).await;
        app.run_jobs().await;
        let invoice = read(&staff, id).await;
        let payment = customer.payment(checkout.payment_id).await;
        if voided.status == 200 {
            assert_eq!(invoice.summary.status, InvoiceStatus::Void);
            assert_eq!(payment.credited.minor, 11_500);
        } else {
            assert_eq!(voided.problem(), "409 conflict");
            assert_eq!(invoice.summary.status, InvoiceStatus::Paid);
            assert_eq!(payment.credited.minor, 0);
        }
    }
    let books = balances(app).await;
    assert!(books.iter().all(|(account, _)| account != "receivable"), "{books:?}");
});
