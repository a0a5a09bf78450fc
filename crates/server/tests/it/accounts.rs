//! Staff find accounts by some letters; nobody else does.

use common::auth::StaffRole;
use serde_json::Value;

use crate::support::{Client, TestApp};

async fn found(staff: &Client, search: &str) -> Vec<String> {
    let matches = staff
        .get(&format!("/accounts?search={search}"))
        .await
        .expect(200)
        .value();
    let text = |found: &Value| found["billing_email"].as_str().unwrap().to_owned();
    matches.as_array().unwrap().iter().map(text).collect()
}

async fn two_customers(app: &TestApp) -> Client {
    app.customer("owner@karoo.test").await;
    app.customer("other@kalkbay.test").await;
    app.staff(StaffRole::Support).await
}

app_test!(staff_find_accounts_by_some_letters, |app| {
    let staff = two_customers(app).await;
    assert_eq!(found(&staff, "@KAROO").await, ["owner@karoo.test"]);
    assert_eq!(found(&staff, "kalkbay").await, ["other@kalkbay.test"]);
    assert_eq!(found(&staff, ".test").await.len(), 2);
    // Signs of the database's own language stand for themselves.
    assert_eq!(found(&staff, "%25%25%25").await, [""; 0]);
    assert_eq!(found(&staff, "k___o").await, [""; 0]);
});

app_test!(a_search_for_accounts_has_three_letters, |app| {
    let staff = two_customers(app).await;
    assert_eq!(staff.get("/accounts?search=ka").await.problem(), "422 invalid");
    assert_eq!(staff.get("/accounts").await.problem(), "422 invalid");
});
