//! What the tests of money share: invoices that are open, cards that are saved, and what the books say.

use std::collections::BTreeMap;

use common::{
    ids::InvoiceId,
    invoices::Invoice,
    payment_methods::{MethodSetup, PaymentMethod},
    payments::{Checkout, Payment, PaymentStatus},
    refunds::Refund,
};
use diesel::prelude::*;
use payfast_sandbox::Fault;
use reqwest::Method;
use serde_json::{Value, json};
use server::db::schema::{customer_credits, ledger_postings};
use uuid::Uuid;

use super::{Client, Reply, TestApp, app::Customer, client::send};

impl TestApp {
    /// Gives the emulator the time of the application, whose clock the test moves.
    pub fn tell_payfast_the_time(&self) {
        self.payfast.set_now(self.app.clock.now());
    }

    /// The balance of each ledger account that has one, debits positive.
    pub async fn ledger(&self) -> BTreeMap<String, i64> {
        let rows: Vec<(String, i64)> = self
            .app
            .db
            .read(|conn| {
                ledger_postings::table
                    .select((ledger_postings::ledger_account, ledger_postings::amount_minor))
                    .load(conn)
            })
            .await
            .unwrap();
        let mut sums = BTreeMap::new();
        for (account, minor) in rows {
            *sums.entry(account).or_default() += minor;
        }
        sums.retain(|_, minor| *minor != 0);
        sums
    }

    /// What all customers can spend, and that the books agree.
    pub async fn credit_of_all(&self) -> i64 {
        let amounts: Vec<i64> = self
            .app
            .db
            .read(|conn| {
                customer_credits::table
                    .select(customer_credits::amount_minor)
                    .load(conn)
            })
            .await
            .unwrap();
        let sum: i64 = amounts.iter().sum();
        let booked = self.ledger().await.get("customer_credit").copied().unwrap_or_default();
        assert_eq!(booked, -sum, "the books and the customers' credit differ");
        sum
    }

    /// What PayFast holds by the books and by its own account.
    pub async fn check_clearing(&self) {
        let booked = self.ledger().await.get("payfast_clearing").copied().unwrap_or_default();
        assert_eq!(
            booked,
            self.payfast.balance().cents(),
            "the books and PayFast's account differ"
        );
    }
}

impl Customer {
    /// Buys a plan and pays for it; the payment has succeeded.
    pub async fn buy(&self, app: &TestApp, product_code: &str) -> Payment {
        app.tell_payfast_the_time();
        let checkout = self.check_out(product_code).await;
        app.pay(&checkout, Fault::None).await;
        app.run_jobs().await;
        let payment = self.payment(checkout.payment_id).await;
        assert_eq!(payment.summary.status, PaymentStatus::Succeeded);
        payment
    }

    /// An invoice of R529.00 that is owed: its payment was taken back by the bank.
    pub async fn open_invoice(&self, app: &TestApp, billing: &Client) -> InvoiceId {
        let payment = self.buy(app, "PRO_MONTHLY").await;
        let path = format!("/payments/{}/reverse", payment.summary.id);
        billing
            .post(&path, json!({ "reason": "lost dispute" }))
            .await
            .expect(200);
        payment.summary.invoice_id
    }

    pub async fn invoice(&self, id: InvoiceId) -> Invoice {
        self.client.get(&format!("/invoices/{id}")).await.expect(200).json()
    }

    /// The form by which a card is saved.
    pub async fn set_up_card(&self) -> MethodSetup {
        let reply = self.client.post("/payment-methods", json!({ "label": "Visa" })).await;
        reply.expect(201).json()
    }

    /// Saves a card at PayFast, whose notification was applied.
    pub async fn save_card(&self, app: &TestApp) -> PaymentMethod {
        app.tell_payfast_the_time();
        let setup = self.set_up_card().await;
        app.payfast.pay(app.open_form(&setup).await, Fault::None).await.unwrap();
        app.run_jobs().await;
        self.methods()
            .await
            .into_iter()
            .find(|method| method.id == setup.payment_method.id)
            .unwrap()
    }

    pub async fn methods(&self) -> Vec<PaymentMethod> {
        let page: common::Page<_> = self.client.get("/payment-methods").await.expect(200).json();
        page.items
    }

    pub async fn charge(&self, invoice: InvoiceId) -> Reply {
        let key = Uuid::now_v7().to_string();
        self.client
            .post_with_key(&format!("/invoices/{invoice}/charge"), &key, json!({}))
            .await
    }
}

impl TestApp {
    /// Posts the form of a saved card to PayFast; the result is PayFast's payment page.
    pub async fn open_form(&self, setup: &MethodSetup) -> Uuid {
        let checkout = Checkout {
            payment_id: common::ids::PaymentId::parse(setup.payment_method.id.as_str()).unwrap(),
            invoice_id: InvoiceId::parse(setup.payment_method.id.as_str()).unwrap(),
            process_url: setup.process_url.clone(),
            fields: setup.fields.clone(),
        };
        self.open_payment_page(&checkout).await
    }
}

/// Asks for a refund with a key of its own.
pub async fn refund(billing: &Client, payment: &Payment, body: Value) -> Reply {
    let key = Uuid::now_v7().to_string();
    billing
        .post_with_key(&format!("/payments/{}/refunds", payment.summary.id), &key, body)
        .await
}

pub async fn find_refund(billing: &Client, id: common::ids::RefundId) -> Refund {
    billing.get(&format!("/refunds/{id}")).await.expect(200).json()
}

/// A request without a key, for what needs one.
pub async fn without_key(client: &Client, path: &str, body: Value) -> Reply {
    send(client.unsafe_request(Method::POST, path).await.json(&body)).await
}
