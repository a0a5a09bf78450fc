//! Random histories of money, with every invariant proved after each step.
//!
//! A history comes from a seed, which a failure names with the steps that led to it. `BOOKS_MODEL_STEPS` makes
//! histories longer, `BOOKS_MODEL_SEED` runs another one. A new thing that moves money is one line in [`Step`], its
//! weight, and what it does in [`World::take`].

use std::collections::BTreeMap;

use chrono::TimeDelta;
use common::{Page, auth::StaffRole, invoices::InvoiceSummary, payments::Checkout, payments::PaymentSummary};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use serde_json::{Value, json};
use server::routes;

use crate::{
    books::notify,
    support::{
        Client, Reply, TestApp,
        app::{Customer, PASSWORD},
        books::broken,
    },
};

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// A customer goes to pay for a plan.
    CheckOut,
    /// PayFast tells that a checkout was paid: in time, late, or once more.
    Paid,
    /// The same, with a cent more or less.
    PaidACentOff,
    /// Another amount than was asked for.
    PaidPart,
    /// The last notification comes again, to the byte.
    Redelivered,
    /// PayFast tells that it failed, or waits.
    Failed,
    Pending,
    /// The customer gives up.
    Cancel,
    /// A day passes; what waits expires.
    Wait,
    /// Staff write an invoice and finalise it.
    Finalise,
    /// A customer goes to pay an open invoice.
    CheckOutInvoice,
    /// Staff act on any invoice; most of it is refused.
    CreditNote,
    Void,
    WriteOff,
    /// An EFT for any invoice, over any amount.
    Receipt,
    ApplyCredit,
    /// Staff act on any payment.
    Refund,
    Reverse,
}

/// How often each step is taken, and the route that it needs; a step is taken once its route is there.
const WEIGHTS: &[(Step, u64, &str)] = &[
    (Step::CheckOut, 4, "/checkout"),
    (Step::Paid, 8, "/payments/payfast/itn"),
    (Step::PaidACentOff, 3, "/payments/payfast/itn"),
    (Step::PaidPart, 1, "/payments/payfast/itn"),
    (Step::Redelivered, 1, "/payments/payfast/itn"),
    (Step::Failed, 1, "/payments/payfast/itn"),
    (Step::Pending, 1, "/payments/payfast/itn"),
    (Step::Cancel, 1, "/payments/{id}/cancel"),
    (Step::Wait, 1, "/auth/login"),
    (Step::Finalise, 5, "/invoices/{id}/finalize"),
    (Step::CheckOutInvoice, 4, "/invoices/{id}/finalize"),
    (Step::CreditNote, 4, "/invoices/{id}/credit-notes"),
    (Step::Void, 1, "/invoices/{id}/void"),
    (Step::WriteOff, 2, "/invoices/{id}/mark-uncollectible"),
    (Step::Receipt, 4, "/invoices/{id}/payments"),
    (Step::ApplyCredit, 4, "/invoices/{id}/apply-credit"),
    (Step::Refund, 5, "/payments/{id}/refunds"),
    (Step::Reverse, 3, "/payments/{id}/reverse"),
];

/// The steps whose routes are there.
fn steps() -> Vec<(Step, u64)> {
    let routes = routes::listed();
    let is_there = |path: &str| {
        routes
            .iter()
            .any(|route| route.method.is_unsafe() && route.path == path)
    };
    let there = WEIGHTS.iter().filter(|(_, _, path)| is_there(path));
    there.map(|(step, weight, _)| (*step, *weight)).collect()
}

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.roll(from.len() as u64) as usize])
    }

    /// An amount up to a bit more than `most`, often all of it.
    fn amount(&mut self, most: i64) -> i64 {
        match self.roll(3) {
            0 => most,
            _ => 1 + self.roll(most.max(1).unsigned_abs() * 11 / 10).cast_signed(),
        }
    }

    fn step(&mut self, steps: &[(Step, u64)]) -> Step {
        let total = steps.iter().map(|(_, weight)| weight).sum();
        let mut rolled = self.roll(total);
        for (step, weight) in steps {
            match rolled.checked_sub(*weight) {
                Some(rest) => rolled = rest,
                None => return *step,
            }
        }
        unreachable!("the weights add up")
    }
}

struct World<'a> {
    app: &'a TestApp,
    dice: Dice,
    customers: Vec<Customer>,
    staff: Client,
    /// Checkouts with their amounts, in cents.
    checkouts: Vec<(Checkout, i64)>,
    /// What came in by PayFast, in cents.
    came_in: i64,
    /// How often each step was taken, and how often it changed something.
    effects: BTreeMap<Step, (u32, u32)>,
}

impl World<'_> {
    /// Takes a step; an answer that no step may get is told.
    async fn take(&mut self, step: Step) -> Option<String> {
        let reply = self.act(step).await;
        let effect = self.effects.entry(step).or_default();
        effect.0 += 1;
        effect.1 += u32::from(reply.as_ref().is_none_or(|reply| reply.status.is_success()));
        self.app.run_jobs().await;
        let expected = |reply: &Reply| reply.status.is_success() || [404, 409, 422].contains(&reply.status.as_u16());
        reply
            .filter(|reply| !expected(reply))
            .map(|reply| format!("{step:?}: {} {}", reply.status, reply.body))
    }

    async fn act(&mut self, step: Step) -> Option<Reply> {
        match step {
            Step::CheckOut => {
                let plans = ["PRO_MONTHLY", "PRO_YEARLY", "LIVE_VERIFY_R5"];
                let plan = *self.dice.pick(&plans)?;
                let checkout = self.customer().check_out(plan).await;
                self.remember(checkout);
                None
            }
            Step::Paid => self.notify(&[], Some).await,
            Step::PaidACentOff => {
                let cent = if self.dice.roll(2) == 0 { 1 } else { -1 };
                self.notify(&[], move |minor| Some(minor + cent)).await
            }
            Step::PaidPart => self.notify(&[], |minor| Some(minor / 2)).await,
            Step::Failed => self.notify(&[("payment_status", "FAILED")], |_| None).await,
            Step::Pending => self.notify(&[("payment_status", "PENDING")], |_| None).await,
            Step::Redelivered => {
                let last = self.app.payfast.notifications().into_iter().next()?;
                self.app.payfast.resend(last.id).await;
                None
            }
            Step::Cancel => {
                let payment = self.any_payment().await?;
                let path = format!("/payments/{}/cancel", payment.id);
                let owner = self.customers.iter().find(|one| one.account_id == payment.account_id)?;
                Some(owner.client.post(&path, json!({})).await)
            }
            Step::Wait => {
                self.app.advance(TimeDelta::hours(25));
                for customer in &self.customers {
                    customer.client.sign_in(&customer.email, PASSWORD).await.expect(200);
                }
                self.staff = self.app.staff(StaffRole::Billing).await;
                None
            }
            Step::Finalise => Some(self.finalise().await),
            Step::CheckOutInvoice => {
                let invoice = self.any_invoice().await?;
                let owner = self.customers.iter().find(|one| one.account_id == invoice.account_id)?;
                let body = json!({ "invoice_id": invoice.id });
                let reply = owner.client.post_with_key("/checkout", &key(), body).await;
                if reply.status.is_success() {
                    let checkout = reply.json();
                    self.remember(checkout);
                }
                Some(reply)
            }
            Step::CreditNote => {
                let invoice = self.any_invoice().await?;
                let amount = zar(self.dice.amount(invoice.total.minor));
                let body = json!({ "amount": amount, "reason": "Less was delivered" });
                Some(self.of_invoice(&invoice, "credit-notes", body).await)
            }
            Step::Void => {
                let invoice = self.any_invoice().await?;
                Some(
                    self.of_invoice(&invoice, "void", json!({ "reason": "Ordered by mistake" }))
                        .await,
                )
            }
            Step::WriteOff => {
                let invoice = self.any_invoice().await?;
                let body = json!({ "reason": "They moved away" });
                Some(self.of_invoice(&invoice, "mark-uncollectible", body).await)
            }
            Step::Receipt => {
                let invoice = self.any_invoice().await?;
                let amount = zar(self.dice.amount(invoice.total.minor));
                let body = json!({ "amount": amount, "reference": key(), "received_on": "2026-11-23" });
                Some(self.of_invoice(&invoice, "payments", body).await)
            }
            Step::ApplyCredit => {
                let invoice = self.any_invoice().await?;
                let owner = self.customers.iter().find(|one| one.account_id == invoice.account_id)?;
                let path = format!("/invoices/{}/apply-credit", invoice.id);
                Some(owner.client.post_with_key(&path, &key(), json!({})).await)
            }
            Step::Refund => {
                let payment = self.any_payment().await?;
                let amount = zar(self.dice.amount(payment.amount.minor));
                let body = json!({ "amount": amount, "reason": "They sent it back" });
                let path = format!("/payments/{}/refunds", payment.id);
                Some(self.staff.post_with_key(&path, &key(), body).await)
            }
            Step::Reverse => {
                let payment = self.any_payment().await?;
                let path = format!("/payments/{}/reverse", payment.id);
                let body = json!({ "reason": "The bank took it back" });
                Some(self.staff.post_with_key(&path, &key(), body).await)
            }
        }
    }

    fn customer(&mut self) -> &Customer {
        self.dice.pick(&self.customers).expect("there are customers")
    }

    fn remember(&mut self, checkout: Checkout) {
        let amount = checkout.fields.iter().find(|(name, _)| name == "amount").unwrap();
        let minor = amount.1.replace('.', "").parse().unwrap();
        self.checkouts.push((checkout, minor));
    }

    async fn any_invoice(&mut self) -> Option<InvoiceSummary> {
        let page: Page<InvoiceSummary> = self
            .customer()
            .client
            .get("/invoices?limit=100")
            .await
            .expect(200)
            .json();
        self.dice.pick(&page.items).cloned()
    }

    async fn any_payment(&mut self) -> Option<PaymentSummary> {
        let page: Page<PaymentSummary> = self
            .customer()
            .client
            .get("/payments?limit=100")
            .await
            .expect(200)
            .json();
        self.dice.pick(&page.items).cloned()
    }

    async fn of_invoice(&self, invoice: &InvoiceSummary, action: &str, body: Value) -> Reply {
        let path = format!("/invoices/{}/{action}", invoice.id);
        self.staff.post_with_key(&path, &key(), body).await
    }

    async fn finalise(&mut self) -> Reply {
        let account_id = self.customer().account_id;
        let lines: Vec<Value> = (0..=self.dice.roll(2))
            .map(|_| {
                let vat_rate = if self.dice.roll(4) == 0 { "0" } else { "15" };
                let price = zar(1 + self.dice.roll(99_999).cast_signed());
                json!({ "description": "Work", "quantity": "1.5", "unit_price": price, "vat_rate": vat_rate })
            })
            .collect();
        let body = json!({ "account_id": account_id, "lines": lines });
        let drafted = self.staff.post_with_key("/invoices", &key(), body).await;
        if !drafted.status.is_success() {
            return drafted;
        }
        let id = drafted.value()["id"].as_str().unwrap().to_owned();
        self.staff
            .post_with_key(&format!("/invoices/{id}/finalize"), &key(), json!({}))
            .await
    }

    /// PayFast tells of some checkout; `gross` says what came in for it.
    async fn notify(&mut self, changed: &[(&str, &str)], gross: impl Fn(i64) -> Option<i64>) -> Option<Reply> {
        let (checkout, minor) = self.dice.pick(&self.checkouts)?;
        let mut changed = changed.to_vec();
        let told = gross(*minor).map(|cents| format!("{}.{:02}", cents / 100, cents % 100));
        if let Some(text) = &told {
            changed.push(("amount_gross", text));
        }
        notify(self.app, checkout, &changed).await;
        // What is more than a cent off is held for a person.
        self.came_in += gross(*minor)
            .filter(|cents| (cents - minor).abs() <= 1)
            .unwrap_or_default();
        None
    }

    /// What is wrong now, one line each.
    async fn faults(&self) -> Vec<String> {
        let mut faults = broken(&self.app.app).await;
        let booked = self.app.app.db.read(booked_by_payfast).await.unwrap();
        if booked != self.came_in {
            faults.push(format!("{} cents came in, the books have {booked}", self.came_in));
        }
        faults
    }
}

/// What PayFast's notifications brought, with the fees that it kept.
fn booked_by_payfast(conn: &mut server::db::Conn) -> diesel::QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = BigInt)]
        minor: i64,
    }
    let sql = "select cast(coalesce(sum(p.amount_minor), 0) as bigint) as minor
        from ledger_postings p join ledger_transactions t on t.id = p.transaction_id
        where t.kind in ('payment_received', 'paid_again') and p.ledger_account in ('payfast_clearing', 'payfast_fees')";
    sql_query(sql).get_result::<Sum>(conn).map(|sum| sum.minor)
}

fn key() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn zar(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "ZAR" })
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

app_test!(the_books_hold_through_any_history, |app| {
    let seed = setting("BOOKS_MODEL_SEED", 20_261_124);
    let length = setting("BOOKS_MODEL_STEPS", 60);
    let steps = steps();
    let mut customers = Vec::new();
    for email in ["a@karoo.test", "b@karoo.test", "c@karoo.test"] {
        customers.push(app.customer(email).await);
    }
    let mut world = World {
        app,
        dice: Dice(seed),
        customers,
        staff: app.staff(StaffRole::Billing).await,
        checkouts: Vec::new(),
        came_in: 0,
        effects: BTreeMap::new(),
    };
    let mut taken = Vec::new();
    for _ in 0..length {
        let step = world.dice.step(&steps);
        taken.push(step);
        let mut faults: Vec<String> = world.take(step).await.into_iter().collect();
        faults.extend(world.faults().await);
        assert!(faults.is_empty(), "seed {seed}, {taken:?}:\n{}", faults.join("\n"));
    }
    eprintln!("seed {seed}, taken and effective: {:?}", world.effects);
    assert!(world.came_in > 0, "no money moved");
});
