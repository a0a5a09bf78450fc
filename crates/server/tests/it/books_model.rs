//! Random histories of money, with every invariant proved after each step.
//!
//! A history comes from a seed, which a failure names with the steps that led to it. `BOOKS_MODEL_STEPS` makes
//! histories longer, `BOOKS_MODEL_SEED` runs another one. A new thing that moves money is one line in [`Step`], its
//! weight, and what it does in [`World::take`].

use std::collections::BTreeMap;

use chrono::TimeDelta;
use common::{
    auth::StaffRole,
    books::{Books, LedgerAccount},
    payments::Checkout,
};
use serde_json::json;

use crate::{
    books::notify,
    support::{
        Client, TestApp,
        app::{Customer, PASSWORD},
        books::broken,
    },
};

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// How often each step is taken.
const WEIGHTS: &[(Step, u64)] = &[
    (Step::CheckOut, 6),
    (Step::Paid, 8),
    (Step::PaidACentOff, 3),
    (Step::PaidPart, 1),
    (Step::Redelivered, 2),
    (Step::Failed, 1),
    (Step::Pending, 1),
    (Step::Cancel, 2),
    (Step::Wait, 1),
];

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

    fn step(&mut self) -> Step {
        let total = WEIGHTS.iter().map(|(_, weight)| weight).sum();
        let mut rolled = self.roll(total);
        for (step, weight) in WEIGHTS {
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
    /// Checkouts with the customer who made them and the amount, in cents.
    checkouts: Vec<(usize, Checkout, i64)>,
    /// What came in by PayFast, in cents.
    came_in: i64,
}

impl World<'_> {
    async fn take(&mut self, step: Step) {
        match step {
            Step::CheckOut => {
                let index = self.dice.roll(self.customers.len() as u64) as usize;
                let (product, minor) = *self
                    .dice
                    .pick(&[
                        ("PRO_MONTHLY", 52_900),
                        ("PRO_YEARLY", 499_000),
                        ("LIVE_VERIFY_R5", 500),
                    ])
                    .unwrap();
                let checkout = self.customers[index].check_out(product).await;
                self.checkouts.push((index, checkout, minor));
            }
            Step::Paid => self.notify(&[], |minor| Some(minor)).await,
            Step::PaidACentOff => {
                let cent = if self.dice.roll(2) == 0 { 1 } else { -1 };
                self.notify(&[], move |minor| Some(minor + cent)).await;
            }
            Step::PaidPart => self.notify(&[], |minor| Some(minor / 2)).await,
            Step::Failed => self.notify(&[("payment_status", "FAILED")], |_| None).await,
            Step::Pending => self.notify(&[("payment_status", "PENDING")], |_| None).await,
            Step::Redelivered => {
                let last = self.app.payfast.notifications().into_iter().next();
                if let Some(last) = last {
                    self.app.payfast.resend(last.id).await;
                }
            }
            Step::Cancel => {
                if let Some((index, checkout, _)) = self.dice.pick(&self.checkouts) {
                    let path = format!("/payments/{}/cancel", checkout.payment_id);
                    self.customers[*index].client.post(&path, json!({})).await;
                }
            }
            Step::Wait => {
                self.app.advance(TimeDelta::hours(25));
                for customer in &self.customers {
                    customer.client.sign_in(&customer.email, PASSWORD).await.expect(200);
                }
                self.staff = self.app.staff(StaffRole::Billing).await;
            }
        }
        self.app.run_jobs().await;
    }

    /// PayFast tells of some checkout; `gross` says what came in for it.
    async fn notify(&mut self, changed: &[(&str, &str)], gross: impl Fn(i64) -> Option<i64>) {
        let Some((_, checkout, minor)) = self.dice.pick(&self.checkouts) else {
            return;
        };
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
    }

    /// What is wrong now, one line each.
    async fn faults(&self) -> Vec<String> {
        let mut faults = broken(&self.app.app).await;
        let books: Books = self.staff.get("/books").await.expect(200).json();
        let balances: BTreeMap<_, _> = books
            .balances
            .iter()
            .map(|line| (line.account, line.amount.minor))
            .collect();
        let of = |account| balances.get(&account).copied().unwrap_or_default();
        let held = of(LedgerAccount::PayfastClearing) + of(LedgerAccount::PayfastFees);
        if held != self.came_in {
            faults.push(format!("{} cents came in, the books have {held}", self.came_in));
        }
        faults
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

app_test!(the_books_hold_through_any_history, |app| {
    let seed = setting("BOOKS_MODEL_SEED", 20_261_124);
    let steps = setting("BOOKS_MODEL_STEPS", 60);
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
    };
    let mut taken = Vec::new();
    for _ in 0..steps {
        let step = world.dice.step();
        taken.push(step);
        world.take(step).await;
        let faults = world.faults().await;
        assert!(faults.is_empty(), "seed {seed}, {taken:?}:\n{}", faults.join("\n"));
    }
    assert!(world.came_in > 0, "no money moved");
});
