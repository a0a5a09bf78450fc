//! Rows of other accounts, and ids that are none: neither exists.

use common::{Access, api_keys::ApiScope, payments::Checkout};
use reqwest::Method;
use serde_json::{Value, json};
use server::routes::{self, ListedRoute};

use super::method;
use crate::support::{app::Customer, client::send};

/// Where the id of a row stands in a path, and whose row it is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Row {
    Account,
    Member,
    Invitation,
    ApiKey,
    Invoice,
    Payment,
    PaymentMethod,
    Session,
    Thread,
    /// For staff only; another test refuses everybody else.
    Staff,
}

/// What stands behind the last `{…}` of each path.
const ROWS: &[(&str, Row)] = &[
    ("/accounts/{id}", Row::Account),
    ("/accounts/{id}/members", Row::Account),
    ("/accounts/{id}/members/{user_id}", Row::Member),
    ("/accounts/{id}/invitations", Row::Account),
    ("/accounts/{id}/invitations/{invitation_id}", Row::Invitation),
    ("/api-keys/{id}", Row::ApiKey),
    ("/api-keys/{id}/rotate", Row::ApiKey),
    ("/invoices/{id}", Row::Invoice),
    ("/invoices/{id}/pdf", Row::Invoice),
    ("/invoices/{id}/events", Row::Invoice),
    ("/invoices/{id}/finalize", Row::Staff),
    ("/invoices/{id}/send", Row::Staff),
    ("/invoices/{id}/void", Row::Staff),
    ("/invoices/{id}/mark-uncollectible", Row::Staff),
    ("/invoices/{id}/credit-notes", Row::Staff),
    // Rows of other accounts are tried in `invoices/papers.rs`.
    ("/credit-notes/{id}/pdf", Row::Staff),
    ("/payments/{id}", Row::Payment),
    ("/payments/{id}/cancel", Row::Payment),
    ("/payments/{id}/reverse", Row::Staff),
    ("/payments/{id}/refunds", Row::Staff),
    ("/invoices/{id}/charge", Row::Invoice),
    ("/invoices/{id}/apply-credit", Row::Invoice),
    ("/invoices/{id}/payments", Row::Staff),
    ("/refunds/{id}", Row::Staff),
    ("/refunds/{id}/bank-details", Row::Staff),
    ("/payment-methods/{id}", Row::PaymentMethod),
    ("/payment-methods/{id}/card-update", Row::PaymentMethod),
    ("/reconciliations/{id}", Row::Staff),
    ("/reconciliations/{id}/lines", Row::Staff),
    ("/auth/sessions/{id}", Row::Session),
    ("/chat/threads/{id}", Row::Thread),
    ("/chat/threads/{id}/items", Row::Thread),
    ("/itn/{id}", Row::Staff),
    ("/itn/{id}/replay", Row::Staff),
];

/// Right for their route, so that nothing but the row is refused.
fn body_for(path: &str) -> Value {
    match path {
        "/accounts/{id}/members/{user_id}" => json!({ "role": "viewer" }),
        "/invoices/{id}/void" | "/invoices/{id}/mark-uncollectible" | "/invoices/{id}/credit-notes" => {
            json!({ "reason": "Not wanted" })
        }
        "/accounts/{id}/invitations" => json!({ "email": "new@karoo.test", "role": "viewer" }),
        _ => json!({}),
    }
}

fn with_parameters() -> impl Iterator<Item = ListedRoute> {
    routes::listed().into_iter().filter(|route| route.path.contains('{'))
}

fn row_of(path: &str) -> Row {
    let found = ROWS.iter().find(|(known, _)| *known == path);
    found
        .unwrap_or_else(|| panic!("say in ROWS whose row stands behind {path}"))
        .1
}

fn is_for_staff(route: ListedRoute) -> bool {
    matches!(route.access, Access::Staff(_)) || row_of(route.path) == Row::Staff
}

/// The ids of everything that the owner has.
struct Rows {
    account: String,
    member: String,
    invitation: String,
    api_key: String,
    checkout: Checkout,
    payment_method: String,
    session: String,
    thread: String,
}

impl Rows {
    async fn of(owner: &Customer) -> Self {
        let invited = owner
            .client
            .post(
                &format!("/accounts/{}/invitations", owner.account_id),
                json!({ "email": "invited@karoo.test", "role": "viewer" }),
            )
            .await;
        let thread = owner.client.post("/chat/threads", json!({})).await.expect(201).value();
        let sessions = owner.client.get("/auth/sessions").await.expect(200).value();
        Self {
            session: sessions["items"][0]["id"].as_str().unwrap().to_owned(),
            thread: thread["id"].as_str().unwrap().to_owned(),
            account: owner.account_id.to_string(),
            member: owner.user_id.to_string(),
            invitation: invited.expect(201).value()["id"].as_str().unwrap().to_owned(),
            api_key: owner.api_key(&[ApiScope::InvoicesRead]).await.key.id.to_string(),
            checkout: owner.check_out("PRO_MONTHLY").await,
            payment_method: owner.set_up_card().await.payment_method.id.to_string(),
        }
    }

    /// The path to a row; `account` is the account that stands before it.
    fn path(&self, route: ListedRoute, account: &str) -> String {
        let id = match row_of(route.path) {
            Row::Account | Row::Member | Row::Invitation => account,
            Row::ApiKey => &self.api_key,
            Row::Invoice => self.checkout.invoice_id.as_str(),
            Row::Payment => self.checkout.payment_id.as_str(),
            Row::PaymentMethod => &self.payment_method,
            Row::Session => &self.session,
            Row::Thread => &self.thread,
            Row::Staff => unreachable!("left out"),
        };
        route
            .path
            .replace("{id}", id)
            .replace("{user_id}", &self.member)
            .replace("{invitation_id}", &self.invitation)
    }
}

app_test!(rows_of_another_account_do_not_exist, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let rows = Rows::of(&owner).await;
    let other = app.customer("other@kalkbay.test").await;
    for route in with_parameters().filter(|route| !is_for_staff(*route)) {
        // Once below the foreign account, once smuggled into one's own.
        for account in [rows.account.as_str(), other.account_id.as_str()] {
            if row_of(route.path) == Row::Account && account != rows.account {
                continue;
            }
            let path = rows.path(route, account);
            let request = other.client.unsafe_request(method(route.method), &path).await;
            let request = request.header("Idempotency-Key", "a-key");
            let reply = send(if route.method.is_unsafe() {
                request.json(&body_for(route.path))
            } else {
                request
            })
            .await;
            assert_eq!(reply.problem(), "404 not_found", "{} {path}", route.method.as_str());
        }
    }
    assert!(other.invoices().await.is_empty());
    let foreign = other
        .client
        .raw(Method::GET, "/invoices")
        .header("X-Account-Id", rows.account.clone());
    assert_eq!(send(foreign).await.problem(), "404 not_found");
    // Nothing of it was touched.
    let own = owner.client.get("/api-keys").await.expect(200).value();
    assert_eq!(own["items"][0]["prefix"].as_str().unwrap().len(), 11);
    let members = format!("/accounts/{}/members", rows.account);
    assert_eq!(owner.client.get(&members).await.value()["items"][0]["role"], "owner");
});

app_test!(text_that_is_no_id_is_not_found, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let staff = app.staff(common::auth::StaffRole::Admin).await;
    for route in with_parameters() {
        let client = if is_for_staff(route) { &staff } else { &owner.client };
        for id in ["7", "x", "%00", "%27", "..%2f", "01929b7e-7c1c-7000-8000-00000000000g"] {
            let path = match row_of(route.path) {
                Row::Member | Row::Invitation => route
                    .path
                    .replace("{id}", owner.account_id.as_str())
                    .replace("{user_id}", id)
                    .replace("{invitation_id}", id),
                _ => route.path.replace("{id}", id),
            };
            let request = client.unsafe_request(method(route.method), &path).await;
            let reply = send(if route.method.is_unsafe() {
                request.json(&body_for(route.path))
            } else {
                request
            })
            .await;
            assert_eq!(reply.problem(), "404 not_found", "{} {path}", route.method.as_str());
        }
    }
});
