//! Demo data: made once, as staff would have made it.

use common::{
    auth::StaffRole,
    invoices::{InvoiceState, InvoiceStatus, InvoiceSummary},
};
use server::demo::{self, DemoSignIns};

use crate::support::Client;

fn sign_ins() -> DemoSignIns {
    DemoSignIns {
        owner_password: "a password of the owner".to_owned(),
        staff_password: "a password of the staff".to_owned(),
        totp_secret: server::auth::service::new_totp_secret(),
    }
}

async fn invoices(client: &Client) -> Vec<InvoiceSummary> {
    let page: common::Page<_> = client.get("/invoices?limit=100").await.expect(200).json();
    page.items
}

app_test!(the_demo_has_an_invoice_in_every_state, |app| {
    let (before, sign_ins) = (app.app.clock.now(), sign_ins());
    demo::seed(&app.app, &sign_ins).await.unwrap();
    assert_eq!(app.app.clock.now(), before);
    let client = app.client();
    client
        .sign_in("owner@demo.test", &sign_ins.owner_password)
        .await
        .expect(200);
    let staff = app.staff(StaffRole::Billing).await;
    let found = invoices(&client).await;
    let has = |status, is_this: &dyn Fn(&InvoiceSummary) -> bool| {
        found.iter().any(|invoice| invoice.status == status && is_this(invoice))
    };
    for state in InvoiceState::ALL {
        let is_there = match state {
            InvoiceState::Open => has(InvoiceStatus::Open, &|invoice| invoice.due_at.unwrap() > before),
            InvoiceState::Overdue => has(InvoiceStatus::Open, &|invoice| invoice.due_at.unwrap() < before),
            InvoiceState::PartiallyPaid => has(InvoiceStatus::Open, &|invoice| {
                invoice.amount_paid.minor > 0 && invoice.balance.minor > 0
            }),
            InvoiceState::Paid => has(InvoiceStatus::Paid, &|invoice| invoice.amount_paid.minor > 0),
            InvoiceState::Void => has(InvoiceStatus::Void, &|_| true),
            InvoiceState::Uncollectible => has(InvoiceStatus::Uncollectible, &|_| true),
            // Of staff: the customer does not see it.
            InvoiceState::Draft => invoices(&staff)
                .await
                .iter()
                .any(|invoice| invoice.status == InvoiceStatus::Draft),
        };
        assert!(is_there, "{state}: {found:#?}");
    }
    demo::seed(&app.app, &sign_ins).await.unwrap();
    assert_eq!(invoices(&client).await.len(), found.len());
});
