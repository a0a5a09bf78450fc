//! Every role against every route, and what staff may do.

use common::{Access, accounts::AccountRole, auth::StaffRole, validate::Email};
use reqwest::Method;
use serde_json::json;
use server::{
    auth::service::{OperatorUser, upsert_user},
    routes::{self, ListedRoute},
};

use super::{SOME_ID, ask};
use crate::support::{Client, app::PASSWORD, client::send};

/// Who may do what in an account: `yes`, or `no` for 403 `forbidden`.
///
/// The columns are viewer, member, owner, and staff of the role support without the account.
const MATRIX: &[(&str, &str, [&str; 4])] = &[
    // method, path                                            viewer member owner  support
    ("GET", "/accounts/{id}", ["yes", "yes", "yes", "yes"]),
    ("PATCH", "/accounts/{id}", ["no", "yes", "yes", "404"]),
    ("GET", "/accounts/{id}/members", ["yes", "yes", "yes", "yes"]),
    ("PATCH", "/accounts/{id}/members/{user_id}", ["no", "no", "yes", "404"]),
    // Everybody may leave; `service::remove` keeps others' memberships for owners.
    ("DELETE", "/accounts/{id}/members/{user_id}", ["no", "no", "yes", "404"]),
    ("GET", "/accounts/{id}/invitations", ["no", "no", "yes", "404"]),
    ("POST", "/accounts/{id}/invitations", ["no", "no", "yes", "404"]),
    (
        "DELETE",
        "/accounts/{id}/invitations/{invitation_id}",
        ["no", "no", "yes", "404"],
    ),
    ("GET", "/api-keys", ["no", "no", "yes", "404"]),
    ("POST", "/api-keys", ["no", "no", "yes", "404"]),
    ("POST", "/api-keys/{id}/rotate", ["no", "no", "yes", "404"]),
    ("DELETE", "/api-keys/{id}", ["no", "no", "yes", "404"]),
    ("GET", "/audit", ["no", "no", "yes", "404"]),
    ("GET", "/audit/export.csv", ["no", "no", "yes", "404"]),
    ("GET", "/invoices", ["yes", "yes", "yes", "yes"]),
    ("GET", "/invoices/totals", ["yes", "yes", "yes", "yes"]),
    ("GET", "/invoices/export.csv", ["yes", "yes", "yes", "yes"]),
    ("GET", "/payments/export.csv", ["yes", "yes", "yes", "yes"]),
    ("GET", "/invoices/{id}", ["yes", "yes", "yes", "yes"]),
    ("GET", "/invoices/{id}/pdf", ["yes", "yes", "yes", "yes"]),
    ("GET", "/invoices/{id}/events", ["yes", "yes", "yes", "yes"]),
    ("GET", "/credit-notes/{id}/pdf", ["yes", "yes", "yes", "yes"]),
    ("POST", "/checkout", ["no", "yes", "yes", "404"]),
    ("GET", "/payments", ["yes", "yes", "yes", "yes"]),
    ("GET", "/payments/{id}", ["yes", "yes", "yes", "yes"]),
    ("POST", "/payments/{id}/cancel", ["no", "yes", "yes", "404"]),
    ("POST", "/invoices/{id}/charge", ["no", "yes", "yes", "404"]),
    ("POST", "/invoices/{id}/apply-credit", ["no", "yes", "yes", "404"]),
    ("GET", "/credit", ["yes", "yes", "yes", "yes"]),
    ("POST", "/chat/threads", ["yes", "yes", "yes", "404"]),
    ("GET", "/chat/retention", ["yes", "yes", "yes", "yes"]),
    ("PUT", "/chat/retention", ["no", "no", "yes", "404"]),
    ("GET", "/payment-methods", ["yes", "yes", "yes", "yes"]),
    ("POST", "/payment-methods", ["no", "no", "yes", "404"]),
    ("PATCH", "/payment-methods/{id}", ["no", "no", "yes", "404"]),
    ("DELETE", "/payment-methods/{id}", ["no", "no", "yes", "404"]),
    ("POST", "/payment-methods/{id}/card-update", ["no", "no", "yes", "404"]),
];

fn in_accounts() -> impl Iterator<Item = ListedRoute> {
    let routes = routes::listed().into_iter();
    routes.filter(|route| matches!(route.access, Access::Account(_) | Access::AccountOrStaff(..)))
}

#[test]
fn every_route_of_an_account_stands_in_the_matrix() {
    let listed: Vec<_> = in_accounts().map(|route| (route.method.as_str(), route.path)).collect();
    for route in &listed {
        assert!(
            MATRIX.iter().any(|(method, path, _)| (*method, *path) == *route),
            "say in MATRIX who may {route:?}"
        );
    }
    assert_eq!(listed.len(), MATRIX.len(), "MATRIX names a route that is not listed");
}

app_test!(each_role_may_do_what_the_matrix_says, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let viewer = app.member(&owner, AccountRole::Viewer).await;
    let member = app.member(&owner, AccountRole::Member).await;
    let support = app.staff(StaffRole::Support).await;
    let asked: [(&Client, &str); 4] = [
        (&viewer.client, "viewer"),
        (&member.client, "member"),
        (&owner.client, "owner"),
        (&support, "support"),
    ];
    for route in in_accounts() {
        let (_, _, expected) = MATRIX
            .iter()
            .find(|(method, path, _)| (*method, *path) == (route.method.as_str(), route.path))
            .unwrap();
        for ((client, who), expected) in asked.iter().zip(expected) {
            let reply = ask_for(client, route, owner.account_id.as_str()).await;
            let (status, code) = (reply.status.as_u16(), reply.body.clone());
            match *expected {
                "no" => assert_eq!(reply.problem(), "403 forbidden", "{who} {route:?}"),
                "404" => assert_eq!(reply.problem(), "404 not_found", "{who} {route:?}"),
                // Empty bodies and unknown rows are refused as such, behind the guard.
                _ => assert!(matches!(status, 200 | 201 | 404 | 422), "{who} {route:?}: {code}"),
            }
            if *expected == "yes" && *who == "support" && status == 404 {
                assert!(!code.contains("this account"), "{route:?}: {code}");
            }
        }
    }
});

/// Asks for the account `id`, in the path where it stands there, else in the header.
async fn ask_for(client: &Client, route: ListedRoute, account_id: &str) -> crate::support::Reply {
    if route.path.starts_with("/accounts/{id}") {
        return ask(client, route, account_id, json!({})).await;
    }
    let request = client
        .unsafe_request(super::method(route.method), &super::fill(route.path, SOME_ID))
        .await
        .header("X-Account-Id", account_id);
    send(if route.method.is_unsafe() {
        request.json(&json!({}))
    } else {
        request
    })
    .await
}

app_test!(somebody_of_another_account_has_no_rights_in_this_one, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let other = app.customer("other@kalkbay.test").await;
    for route in in_accounts() {
        let reply = ask_for(&other.client, route, owner.account_id.as_str()).await;
        assert_eq!(reply.problem(), "404 not_found", "{route:?}");
    }
});

app_test!(somebody_without_an_account_may_be_signed_in, |app| {
    let client = app.person("nobody@karoo.test").await;
    let me = client.get("/auth/me").await.expect(200).value();
    assert_eq!(me["accounts"], json!([]));
    for route in in_accounts().filter(|route| !route.path.starts_with("/accounts/{id}")) {
        let reply = ask(&client, route, SOME_ID, json!({})).await;
        assert_eq!(reply.problem(), "422 account_required", "{route:?}");
    }
});

app_test!(somebody_with_two_accounts_says_which, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let other = app.customer("other@kalkbay.test").await;
    let both = app
        .member_called("other@kalkbay.test", &owner, AccountRole::Viewer)
        .await;
    assert_eq!(both.client.get("/invoices").await.problem(), "422 account_required");
    for (account, may_buy) in [(other.account_id, true), (owner.account_id, false)] {
        let request = both.client.unsafe_request(Method::POST, "/checkout").await;
        let reply = send(
            request
                .header("X-Account-Id", account.to_string())
                .header("Idempotency-Key", account.to_string())
                .json(&json!({ "product_code": "PRO_MONTHLY" })),
        )
        .await;
        assert_eq!(reply.status.as_u16(), if may_buy { 201 } else { 403 });
    }
    // A link to a file says it in its address; nothing that changes something does.
    let file = |account: &str| format!("/audit/export.csv?account_id={account}");
    for (account, answer) in [
        (other.account_id.as_str(), "200"),
        (owner.account_id.as_str(), "403"),
        (SOME_ID, "404"),
        ("x", "404"),
    ] {
        assert_eq!(
            both.client.get(&file(account)).await.status.as_str(),
            answer,
            "{account}"
        );
    }
    let path = format!("/checkout?account_id={}", other.account_id);
    let body = json!({ "product_code": "PRO_MONTHLY" });
    assert_eq!(
        both.client.post_with_key(&path, "k", body).await.problem(),
        "422 account_required"
    );
});

app_test!(customers_do_not_see_what_is_for_staff, |app| {
    let customer = app.customer("owner@karoo.test").await;
    for route in routes::listed() {
        if matches!(route.access, Access::Staff(_)) {
            let reply = ask(&customer.client, route, SOME_ID, json!({})).await;
            assert_eq!(reply.problem(), "403 forbidden", "{route:?}");
        }
    }
    let support = app.staff(StaffRole::Support).await;
    assert_eq!(support.get("/itn").await.problem(), "403 forbidden");
    app.staff(StaffRole::Billing).await.get("/itn").await.expect(200);
});

app_test!(staff_without_a_second_factor_have_no_rights, |app| {
    let person = OperatorUser {
        email: Email::parse("email", "new@staff.test").unwrap(),
        password: PASSWORD.to_owned(),
        first_name: "Sipho".to_owned(),
        last_name: "Adams".to_owned(),
        staff_role: Some(StaffRole::Admin),
        totp_secret: None,
    };
    upsert_user(&app.app, person).await.unwrap();
    let customer = app.customer("owner@karoo.test").await;
    let client = app.client();
    client.sign_in("new@staff.test", PASSWORD).await.expect(200);
    assert_eq!(client.get("/itn").await.problem(), "403 mfa_enrolment_required");
    let account = format!("/accounts/{}", customer.account_id);
    assert_eq!(client.get(&account).await.problem(), "404 not_found");
    assert_eq!(client.get("/invoices").await.problem(), "422 account_required");
    app.staff(StaffRole::Support).await.get(&account).await.expect(200);
});
