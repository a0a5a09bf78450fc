//! The audit log: every change has its line, once, and everybody reads their own.

use chrono::TimeDelta;
use common::{
    Access, Page,
    accounts::AccountRole,
    api_keys::ApiScope,
    audit::{ActorKind, AuditAction, AuditEntry},
    auth::StaffRole,
};
use futures_util::future;
use payfast_sandbox::{ApiFault, Fault};
use reqwest::Method;
use serde_json::json;
use server::routes;

use crate::{
    invoices,
    support::{
        Client, TestApp,
        app::{Customer, PASSWORD},
        client::send,
        money,
    },
};

/// What each route that changes something writes, at least.
const ACTIONS: &[(&str, &str, &[AuditAction])] = &[
    ("POST", "/itn/{id}/replay", &[AuditAction::NotificationReplayed]),
    (
        "POST",
        "/auth/verify-email",
        &[AuditAction::UserRegistered, AuditAction::AccountOpened],
    ),
    ("PATCH", "/accounts/{id}", &[AuditAction::AccountChanged]),
    (
        "PATCH",
        "/accounts/{id}/members/{user_id}",
        &[AuditAction::MemberRoleChanged],
    ),
    (
        "DELETE",
        "/accounts/{id}/members/{user_id}",
        &[AuditAction::MemberRemoved],
    ),
    ("POST", "/accounts/{id}/invitations", &[AuditAction::MemberInvited]),
    (
        "DELETE",
        "/accounts/{id}/invitations/{invitation_id}",
        &[AuditAction::InvitationWithdrawn],
    ),
    ("POST", "/invitations/accept", &[AuditAction::MemberJoined]),
    (
        "POST",
        "/invitations/register",
        &[AuditAction::UserRegistered, AuditAction::MemberJoined],
    ),
    ("POST", "/api-keys", &[AuditAction::ApiKeyCreated]),
    ("POST", "/api-keys/{id}/rotate", &[AuditAction::ApiKeyRotated]),
    ("DELETE", "/api-keys/{id}", &[AuditAction::ApiKeyRevoked]),
    ("PUT", "/chat/retention", &[AuditAction::AccountChanged]),
    ("POST", "/checkout", &[AuditAction::CheckoutStarted]),
    ("POST", "/payments/{id}/cancel", &[AuditAction::PaymentCanceled]),
    ("POST", "/payments/{id}/reverse", &[AuditAction::PaymentReversed]),
    ("POST", "/payments/{id}/refunds", &[AuditAction::RefundRequested]),
    ("POST", "/refunds/{id}/bank-details", &[AuditAction::RefundChanged]),
    ("POST", "/invoices/{id}/charge", &[AuditAction::ChargeStarted]),
    ("POST", "/invoices/{id}/payments", &[AuditAction::PaymentRecorded]),
    ("POST", "/invoices/{id}/apply-credit", &[AuditAction::CreditApplied]),
    ("POST", "/payment-methods", &[AuditAction::MethodAdded]),
    ("PATCH", "/payment-methods/{id}", &[AuditAction::MethodChanged]),
    ("DELETE", "/payment-methods/{id}", &[AuditAction::MethodRemoved]),
    ("POST", "/reconciliations", &[AuditAction::ReconciliationStarted]),
    ("POST", "/invoices", &[AuditAction::InvoiceDrafted]),
    ("PATCH", "/invoices/{id}", &[AuditAction::InvoiceChanged]),
    ("DELETE", "/invoices/{id}", &[AuditAction::InvoiceDeleted]),
    ("POST", "/invoices/{id}/finalize", &[AuditAction::InvoiceIssued]),
    ("POST", "/invoices/{id}/send", &[AuditAction::InvoiceSent]),
    (
        "POST",
        "/invoices/{id}/void",
        &[AuditAction::InvoiceVoided, AuditAction::CreditNoteIssued],
    ),
    (
        "POST",
        "/invoices/{id}/mark-uncollectible",
        &[AuditAction::InvoiceWrittenOff],
    ),
    ("POST", "/invoices/{id}/credit-notes", &[AuditAction::CreditNoteIssued]),
];

/// Routes of signing in, whose every line `audit_of_sign_in.rs` proves.
const SIGN_IN: &[(&str, &str)] = &[
    ("POST", "/auth/login"),
    ("POST", "/auth/logout"),
    ("DELETE", "/auth/sessions"),
    ("DELETE", "/auth/sessions/{id}"),
    ("POST", "/auth/password/forgot"),
    ("POST", "/auth/password/reset"),
    ("POST", "/auth/password/change"),
    ("POST", "/auth/mfa/confirm"),
    ("POST", "/auth/mfa/disable"),
    ("POST", "/auth/mfa/recovery-codes"),
];

/// Routes whose method may change something but that write nothing, and why.
const SILENT: &[(&str, &str, &str)] = &[
    ("POST", "/signatures/diagnose", "judges, and keeps nothing"),
    ("POST", "/auth/register", "a sign-up is nobody's until it is confirmed"),
    ("POST", "/auth/verify-email/resend", "the sign-up still is nobody's"),
    ("POST", "/auth/password/strength", "judges, and keeps nothing"),
    ("POST", "/auth/mfa/enrol", "counts for nothing until it is confirmed"),
    ("POST", "/books/verify", "looks, and keeps only what it found"),
    ("POST", "/chat/ticket", "lives for thirty seconds and opens one socket"),
    ("PUT", "/chat/settings", "is one's own, and told to one's own devices"),
    ("DELETE", "/chat/history", "stands in the log of each thread"),
    ("POST", "/chat/threads", "what is said stands in the thread's own log"),
    ("POST", "/payment-methods/{id}/card-update", "gives a link to PayFast"),
    (
        "POST",
        "/invitations/preview",
        "reads; POST keeps the token out of logs",
    ),
    (
        "POST",
        "/payments/payfast/itn",
        "stores only; the settlement writes what comes of it",
    ),
];

#[test]
fn every_route_that_changes_something_says_what_it_writes() {
    for route in routes::listed().into_iter().filter(|route| route.method.is_unsafe()) {
        let (method, path) = (route.method.as_str(), route.path);
        let writes = ACTIONS.iter().any(|(m, p, _)| (*m, *p) == (method, path));
        let writes = writes || SIGN_IN.contains(&(method, path));
        let is_silent = SILENT.iter().any(|(m, p, _)| (*m, *p) == (method, path));
        assert!(
            writes != is_silent,
            "{method} {path}: say in ACTIONS what it writes into the audit log, or in SILENT why nothing"
        );
        assert!(route.access != Access::Gateway || is_silent);
    }
}

async fn read(client: &Client, query: &str) -> Page<AuditEntry> {
    client.get(&format!("/audit{query}")).await.expect(200).json()
}

async fn entries(app: &TestApp) -> Vec<AuditEntry> {
    let admin = app.staff(StaffRole::Admin).await;
    read(&admin, "?limit=100&sort=created_at").await.items
}

fn of(entries: &[AuditEntry], action: AuditAction) -> Vec<&AuditEntry> {
    entries.iter().filter(|entry| entry.action == action).collect()
}

fn change<'a>(entry: &'a AuditEntry, field: &str) -> (Option<&'a str>, Option<&'a str>) {
    let found = entry.changes.iter().find(|change| change.field == field).unwrap();
    (found.before.as_deref(), found.after.as_deref())
}

async fn token_of(app: &TestApp, email: &str, page: &str) -> String {
    app.run_jobs().await;
    let mails = app.mails_to(email);
    let token = mails
        .iter()
        .find_map(|mail| mail.split(&format!("/{page}?token=")).nth(1))
        .unwrap();
    token.split_whitespace().next().unwrap().to_owned()
}

/// Does everything that [`ACTIONS`] names.
async fn do_everything(app: &TestApp) -> Customer {
    let owner = app.customer("owner@karoo.test").await;
    let client = &owner.client;
    let account = format!("/accounts/{}", owner.account_id);
    let body = json!({ "company_name": "Karoo & Co", "vat_number": "4000000001" });
    client.patch(&account, body).await.expect(200);

    let newcomer = app.client();
    let body = json!({ "email": "thabo@karoo.test", "password": PASSWORD, "first_name": "Thabo", "last_name": "M",
        "terms_accepted": true });
    newcomer.post("/auth/register", body).await.expect(202);
    let token = token_of(app, "thabo@karoo.test", "verify-email").await;
    newcomer
        .post("/auth/verify-email", json!({ "token": token }))
        .await
        .expect(200);
    newcomer.sign_in("thabo@karoo.test", PASSWORD).await.expect(200);

    let invite = async |email: &str| {
        let body = json!({ "email": email, "role": "member" });
        let reply = client.post(&format!("{account}/invitations"), body).await.expect(201);
        reply.value()["id"].as_str().unwrap().to_owned()
    };
    invite("thabo@karoo.test").await;
    let token = token_of(app, "thabo@karoo.test", "invitation").await;
    let thabo = newcomer.post("/invitations/accept", json!({ "token": token })).await;
    thabo.expect(200);
    invite("lerato@karoo.test").await;
    let token = token_of(app, "lerato@karoo.test", "invitation").await;
    let body = json!({ "token": token, "password": PASSWORD, "first_name": "Lerato", "last_name": "D",
        "terms_accepted": true });
    app.client().post("/invitations/register", body).await.expect(201);
    let withdrawn = invite("gone@karoo.test").await;
    client
        .delete(&format!("{account}/invitations/{withdrawn}"))
        .await
        .expect(200);

    let viewer = app.member(&owner, AccountRole::Viewer).await;
    let member = format!("{account}/members/{}", viewer.user_id);
    client.patch(&member, json!({ "role": "owner" })).await.expect(200);
    client.delete(&member).await.expect(200);

    let key = owner.api_key(&[ApiScope::AccountWrite, ApiScope::AccountRead]).await;
    let path = format!("/api-keys/{}", key.key.id);
    client.post(&format!("{path}/rotate"), json!({})).await.expect(200);
    let body = Some(json!({ "company_name": "Karoo Kiln" }));
    let by_key = app
        .client()
        .with_api_key(&key.secret, Method::PATCH, &account, body)
        .await;
    by_key.expect(200);
    client.delete(&path).await.expect(200);

    let checkout = owner.check_out("PRO_MONTHLY").await;
    let cancel = format!("/payments/{}/cancel", checkout.payment_id);
    client.post(&cancel, json!({})).await.expect(200);
    client.post(&cancel, json!({})).await.expect(200);
    do_invoices(app, &owner).await;
    move_money(app, &owner).await;

    let nonsense = app.client().raw(Method::POST, "/payments/payfast/itn");
    let nonsense = nonsense.header("Content-Type", "application/x-www-form-urlencoded");
    send(nonsense.body("nonsense")).await.expect(200);
    app.run_jobs().await;
    let billing = app.staff(StaffRole::Billing).await;
    let refused = billing.get("/itn?status=rejected").await.value();
    let replay = format!("/itn/{}/replay", refused["items"][0]["id"].as_str().unwrap());
    billing.post(&replay, json!({})).await.expect(200);
    owner
}

/// The part of [`do_everything`] that moves money.
async fn move_money(app: &TestApp, owner: &Customer) {
    let client = &owner.client;
    let billing = app.staff(StaffRole::Billing).await;
    let first = owner.open_invoice(app, &billing).await;
    let receipt = json!({ "amount": { "minor": 60_000, "currency": "ZAR" }, "reference": "FNB 1",
        "received_on": "2026-11-24" });
    let path = format!("/invoices/{first}/payments");
    billing.post_with_key(&path, "eft", receipt).await.expect(201);
    let second = owner.open_invoice(app, &billing).await;
    let credit = format!("/invoices/{second}/apply-credit");
    client.post(&credit, json!({})).await.expect(200);
    let card = owner.save_card(app).await;
    let path = format!("/payment-methods/{}", card.id);
    client.patch(&path, json!({ "last_four": "4242" })).await.expect(200);
    let charged: common::payments::Payment = owner.charge(second).await.expect(201).json();
    app.run_jobs().await;
    client.delete(&path).await.expect(200);
    app.payfast.api_fault(ApiFault::RefundBankPayout);
    let refund: common::refunds::Refund = money::refund(&billing, &charged, json!({ "reason": "sent back" }))
        .await
        .expect(201)
        .json();
    app.run_jobs().await;
    let details = json!({ "account_holder": "Karoo", "bank_name": "FNB", "branch_code": "250655",
        "account_number": "62001234567", "account_type": "current" });
    let path = format!("/refunds/{}/bank-details", refund.id);
    billing.post(&path, details).await.expect(200);
    let days = json!({ "from": "2026-11-24", "to": "2026-11-24" });
    billing.post("/reconciliations", days).await.expect(202);
}

/// What the billing desk does to invoices.
async fn do_invoices(app: &TestApp, owner: &Customer) {
    let staff = app.staff(StaffRole::Billing).await;
    let thrown = invoices::draft(&staff, owner.account_id, json!([])).await.summary.id;
    let change = json!({ "due_days": 30 });
    invoices::patch(&staff, thrown, Some("*"), change).await.expect(200);
    staff.delete(&format!("/invoices/{thrown}")).await.expect(200);
    let reason = json!({ "reason": "For the log" });
    for action in ["void", "mark-uncollectible", "credit-notes", "send"] {
        let id = invoices::issue(&staff, owner.account_id, invoices::an_hour())
            .await
            .summary
            .id;
        let body = if action == "send" { json!({}) } else { reason.clone() };
        invoices::act(&staff, id, action, body).await.expect(200);
    }
}

app_test!(every_change_has_its_line_with_who_and_what, |app| {
    let owner = do_everything(app).await;
    let log = entries(app).await;
    for (method, path, actions) in ACTIONS {
        for action in *actions {
            assert!(!of(&log, *action).is_empty(), "{method} {path} wrote no {action}");
        }
    }
    assert_eq!(
        of(&log, AuditAction::PaymentCanceled).len(),
        1,
        "the second cancel changed nothing"
    );
    let changed = of(&log, AuditAction::AccountChanged);
    assert_eq!(
        change(changed[0], "company_name"),
        (Some("Karoo Kiln Studio"), Some("Karoo & Co"))
    );
    assert_eq!(change(changed[0], "vat_number"), (None, Some("4000000001")));
    assert_eq!(
        (changed[0].actor_kind, changed[0].actor.as_str()),
        (ActorKind::User, "owner@karoo.test")
    );
    assert_eq!(changed[0].from.as_deref(), Some("127.0.0.1"));
    assert_eq!(changed[0].account_id, Some(owner.account_id));
    assert!(changed[0].request_id.is_some());
    assert_eq!(changed[1].actor_kind, ActorKind::ApiKey);
    assert!(changed[1].actor.starts_with("Bookkeeping (ck_"), "{}", changed[1].actor);
    let role = of(&log, AuditAction::MemberRoleChanged)[0];
    assert_eq!(change(role, "role"), (Some("viewer"), Some("owner")));
    let registered = of(&log, AuditAction::UserRegistered)
        .into_iter()
        .find(|entry| entry.subject == "lerato@karoo.test");
    assert_eq!(registered.unwrap().actor, "lerato@karoo.test");
    let text = serde_json::to_string(&log).unwrap();
    for secret in [PASSWORD, "argon2", "token", "secret_hash"] {
        assert!(!text.contains(secret), "the log holds {secret}");
    }
});

app_test!(a_settlement_writes_each_line_once_however_often_it_is_told, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let checkout = customer.check_out("PRO_MONTHLY").await;
    app.pay(&checkout, Fault::Repeat).await;
    future::join_all((0..4).map(|_| app.run_jobs())).await;
    let sent = app.payfast.notifications()[0].body.clone().into_bytes();
    let payfast = app.client();
    let itn = || async {
        let request = payfast.raw(Method::POST, "/payments/payfast/itn");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        send(request.body(sent.clone())).await.expect(200)
    };
    future::join_all((0..100).map(|_| itn())).await;
    app.run_jobs().await;
    let log = read(&customer.client, "?limit=100").await.items;
    for (action, subject) in [
        (AuditAction::PaymentSettled, "Pro, monthly"),
        (AuditAction::InvoiceIssued, "INV-000001"),
        (AuditAction::PlanGranted, "Pro, monthly"),
    ] {
        let lines = of(&log, action);
        assert_eq!(lines.len(), 1, "{action}");
        assert_eq!(lines[0].subject, subject);
        assert_eq!(
            (lines[0].actor_kind, lines[0].actor.as_str()),
            (ActorKind::Gateway, "PayFast")
        );
        assert_eq!(lines[0].from, None);
    }
    let settled = of(&log, AuditAction::PaymentSettled)[0];
    assert_eq!(
        change(settled, "status"),
        (Some("awaiting_customer"), Some("succeeded"))
    );
    assert_eq!(change(settled, "amount"), (None, Some("R529.00")));
});

app_test!(everybody_reads_their_own_and_administrators_all, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let other = app.customer("other@kalkbay.test").await;
    other.check_out("PRO_MONTHLY").await;
    let own = read(&owner.client, "").await.items;
    assert!(!own.is_empty());
    assert!(
        own.iter()
            .all(|entry| entry.account_id.is_none_or(|id| id == owner.account_id))
    );
    let admin = app.staff(StaffRole::Admin).await;
    let all = read(&admin, "?limit=100").await;
    assert!(all.items.iter().any(|entry| entry.account_id == Some(other.account_id)));
    let named = admin
        .raw(Method::GET, "/audit")
        .header("X-Account-Id", other.account_id.to_string());
    let named: Page<AuditEntry> = send(named).await.expect(200).json();
    assert!(
        named
            .items
            .iter()
            .all(|entry| entry.account_id.is_none_or(|id| id == other.account_id))
    );
    for role in [StaffRole::Support, StaffRole::Billing] {
        let staff = app.staff(role).await;
        assert_eq!(staff.get("/audit").await.problem(), "422 account_required");
    }
});

app_test!(the_log_is_filtered_and_paged, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let path = format!("/accounts/{}", owner.account_id);
    let rename = async |name: &str| {
        owner.client.sign_in(&owner.email, PASSWORD).await.expect(200);
        owner
            .client
            .patch(&path, json!({ "company_name": name }))
            .await
            .expect(200);
    };
    for name in ["One 100%", "Two_x", "Three"] {
        rename(name).await;
    }
    // 07:14 UTC on the 24th; 21:59 is still that day in South Africa, 22:00 is not.
    app.advance(TimeDelta::minutes(14 * 60 + 45));
    rename("Four").await;
    app.advance(TimeDelta::minutes(1));
    rename("Five").await;
    let subjects = async |query: &str| {
        let page = read(&owner.client, &format!("?action=account.changed&{query}")).await;
        page.items.into_iter().map(|entry| entry.subject).collect::<Vec<_>>()
    };
    assert_eq!(subjects("").await, ["Five", "Four", "Three", "Two_x", "One 100%"]);
    assert_eq!(subjects("from=2026-11-25").await, ["Five"]);
    assert_eq!(subjects("to=2026-11-24").await, ["Four", "Three", "Two_x", "One 100%"]);
    assert_eq!(subjects("from=2026-11-24&to=2026-11-24&limit=1").await, ["Four"]);
    assert_eq!(subjects("search=THREE").await, ["Three"]);
    assert_eq!(subjects("search=00%25").await, ["One 100%"]);
    assert_eq!(subjects("search=wo_").await, ["Two_x"]);
    assert!(subjects("search=wo%25x").await.is_empty());
    assert_eq!(subjects("search=OWNER@karoo").await.len(), 5);

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = read(&owner.client, &format!("?action=account.changed&limit=2{cursor}")).await;
        assert_eq!(page.total, Some(5));
        seen.extend(page.items.into_iter().map(|entry| entry.subject));
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["Five", "Four", "Three", "Two_x", "One 100%"]);
    for (query, field) in [
        ("colour=red", "colour"),
        ("action=nothing", "action"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("search=ab", "search"),
        ("limit=0", "limit"),
        ("sort=actor", "sort"),
        ("cursor=x", "cursor"),
    ] {
        let reply = owner.client.get(&format!("/audit?{query}")).await.expect(422);
        assert_eq!(reply.value()["errors"][0]["field"], field, "{query}");
    }
});

app_test!(people_see_who_tried_their_password, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let other = app.customer("other@kalkbay.test").await;
    app.client().sign_in(&owner.email, "a wrong password").await;
    app.run_jobs().await;
    let refused = read(&owner.client, "?action=session.refused").await.items;
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].actor_kind, ActorKind::Anonymous);
    assert!(read(&other.client, "?action=session.refused").await.items.is_empty());
});
