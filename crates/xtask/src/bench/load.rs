//! The requests of the benchmark, the same in every run, and the time that each took.

mod totp;

use std::{
    cell::RefCell,
    thread,
    time::{Duration, Instant},
};

use super::{P99_LIMIT, millis};
use crate::{
    failure::{Failure, OrFail, Outcome},
    http::{Client, Response},
    json,
};

pub const PASSWORD: &str = "a password for the bench";
pub const TOTP_SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// Requests of each kind.
const REQUESTS: usize = 100;
const SORTS: [&str; 10] = [
    "-created_at",
    "created_at",
    "-issued_at",
    "issued_at",
    "due_at",
    "-due_at",
    "-amount",
    "amount",
    "-number",
    "number",
];
const PAYMENT_SORTS: [&str; 4] = ["-created_at", "created_at", "-amount", "amount"];
const STATES: [&str; 5] = ["open", "draft", "void", "uncollectible", "paid"];
const PAYMENT_STATES: [&str; 6] = [
    "succeeded",
    "failed",
    "expired",
    "canceled",
    "unknown",
    "awaiting_customer",
];

/// How long the requests of one kind took, the quickest first.
pub struct Measured {
    pub name: String,
    pub times: Vec<Duration>,
    /// What took longest.
    pub slowest: String,
}

impl Measured {
    /// Says the figures as soon as they are there: the whole takes a while.
    fn told(name: &str, mut asked: Vec<(Duration, String)>) -> Self {
        asked.sort();
        let slowest = asked.last().map(|(_, path)| path.clone());
        let measured = Self {
            name: name.to_owned(),
            times: asked.into_iter().map(|(time, _)| time).collect(),
            slowest: slowest.unwrap_or_default(),
        };
        let [p50, p95, p99] = [50, 95, 99].map(|percent| millis(measured.at(percent)));
        let count = measured.times.len();
        println!("   {name:<52} {count:>5} requests   p50 {p50:>7.1} ms   p95 {p95:>7.1} ms   p99 {p99:>7.1} ms");
        if measured.at(99) > P99_LIMIT {
            println!("      slowest: {}", measured.slowest);
        }
        measured
    }

    /// The time that `percent` of the requests did not exceed.
    pub fn at(&self, percent: usize) -> Duration {
        let rank = (self.times.len() * percent).div_ceil(100).max(1) - 1;
        self.times.get(rank).copied().unwrap_or_default()
    }
}

/// Somebody of the staff and the largest customer, signed in.
pub struct Workload {
    staff: RefCell<Client>,
    customer: RefCell<Client>,
}

/// Numbers that look drawn and are the same in every run.
fn draw(seed: usize, below: usize) -> usize {
    let mixed = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 32) as usize) % below.max(1)
}

impl Workload {
    pub fn sign_in(base: &str) -> Outcome<Self> {
        let code = totp::code(TOTP_SECRET);
        let staff = signed_in(base, "staff@demo.test", Some(&code))?;
        let customer = signed_in(base, "owner@demo.test", None)?;
        Ok(Self {
            staff: RefCell::new(staff),
            customer: RefCell::new(customer),
        })
    }

    /// Asks everything whose name has this text, and tells the times by kind.
    pub fn run(&self, rows: u32, wanted: &str) -> Outcome<Vec<Measured>> {
        let mut kinds = Vec::new();
        for (list, sorts) in [("invoices", &SORTS[..]), ("payments", &PAYMENT_SORTS[..])] {
            for sort in sorts {
                let name = format!("{list}, all, by {sort}, 100 pages");
                if name.contains(wanted) {
                    kinds.push(self.pages(&name, &self.staff, &format!("/{list}?limit=100&sort={sort}"))?);
                }
            }
        }
        let mut asked = |name: String, who: &RefCell<Client>, path: &dyn Fn(usize) -> String| {
            if name.contains(wanted) {
                kinds.push(self.kind(&name, who, path)?);
            }
            Ok::<_, Failure>(())
        };
        for (name, list, sorts, query) in staff_kinds(rows as usize) {
            let path = |index: usize| format!("{list}?{}&sort={}", query(index), sorts[index % sorts.len()]);
            asked(format!("{} {name}", &list[1..]), &self.staff, &path)?;
        }
        for (name, query) in total_kinds() {
            let path = |index: usize| format!("/invoices/totals?{}", query(index));
            asked(format!("totals {name}"), &self.staff, &path)?;
        }
        for (name, list, sorts, query) in customer_kinds() {
            let path = |index: usize| format!("{list}?{}&sort={}", query(index), sorts[index % sorts.len()]);
            asked(format!("customer: {} {name}", &list[1..]), &self.customer, &path)?;
        }
        asked("customer: totals".to_owned(), &self.customer, &|_| {
            "/invoices/totals".to_owned()
        })?;
        Ok(kinds)
    }

    fn kind(&self, name: &str, who: &RefCell<Client>, path: impl Fn(usize) -> String) -> Outcome<Measured> {
        let mut times = Vec::new();
        for index in 0..REQUESTS {
            let path = path(index);
            let (time, _) = ask(who, &path)?;
            times.push((time, path));
        }
        Ok(Measured::told(name, times))
    }

    /// Turns pages, one after the other.
    fn pages(&self, name: &str, who: &RefCell<Client>, path: &str) -> Outcome<Measured> {
        let mut times = Vec::new();
        let mut next = path.to_owned();
        for _ in 0..REQUESTS {
            let (time, response) = ask(who, &next)?;
            times.push((time, next.clone()));
            let page = json::parse(&response.body).or_fail(path, "the answer is no JSON")?;
            match page.text("next_cursor") {
                Some(cursor) => next = format!("{path}&cursor={cursor}"),
                None => break,
            }
        }
        Ok(Measured::told(name, times))
    }

    /// Everything as CSV; tells the number of rows.
    pub fn export(&self) -> Outcome<usize> {
        let (_, response) = ask(&self.staff, "/invoices/export.csv")?;
        Ok(response.body.lines().count().saturating_sub(1))
    }
}

/// Asks and measures; one person may ask ten times a second, so a refusal for that is waited for and not counted.
fn ask(who: &RefCell<Client>, path: &str) -> Outcome<(Duration, Response)> {
    loop {
        let begun = Instant::now();
        let response = who.borrow_mut().get(&format!("/api/v1{path}"))?;
        let time = begun.elapsed();
        match response.status {
            200 => return Ok((time, response)),
            429 => thread::sleep(Duration::from_secs(1)),
            status => {
                return Err(Failure::new(
                    format!("GET {path} answered {status}: {}", response.body),
                    "read the server's log",
                ));
            }
        }
    }
}

/// Makes the query of each request.
type Query = Box<dyn Fn(usize) -> String>;
/// Name, list, orders in turn, queries.
type Kind = (&'static str, &'static str, &'static [&'static str], Query);

/// A customer's id as `rows.rs` writes it.
fn account(number: usize) -> String {
    let hex = format!("{number:012x}");
    format!("01920001-{}-7000-8000-{hex}", &hex[..4])
}

/// A day of the last three years.
fn day(index: usize) -> String {
    format!(
        "{}-{:02}-{:02}",
        2024 + draw(index, 2),
        1 + draw(index + 1, 12),
        1 + draw(index + 2, 28)
    )
}

fn month(index: usize) -> String {
    let (year, month) = (2024 + draw(index, 2), 1 + draw(index + 1, 12));
    format!("from={year}-{month:02}-01&to={year}-{month:02}-28")
}

fn staff_kinds(rows: usize) -> Vec<Kind> {
    let states = |index: usize| format!("status={}", STATES[index / 10 % 5]);
    let pay_states = |index: usize| format!("status={}", PAYMENT_STATES[index / 4 % 6]);
    vec![
        ("of one state", "/invoices", &SORTS, Box::new(states)),
        (
            "of two states",
            "/invoices",
            &SORTS,
            Box::new(|_| "status=open&status=draft".to_owned()),
        ),
        (
            "overdue",
            "/invoices",
            &SORTS,
            Box::new(|_| "status=overdue".to_owned()),
        ),
        (
            "partly paid",
            "/invoices",
            &SORTS,
            Box::new(|_| "status=partially_paid".to_owned()),
        ),
        (
            "of any account",
            "/invoices",
            &SORTS,
            Box::new(|index| format!("account_id={}", account(1 + draw(index, 20_000)))),
        ),
        (
            "of a large account",
            "/invoices",
            &SORTS,
            Box::new(|index| format!("account_id={}", account(1 + index % 5))),
        ),
        (
            "of a large account, of one state",
            "/invoices",
            &SORTS,
            Box::new(move |index| format!("account_id={}&{}", account(1 + index % 5), states(index))),
        ),
        (
            "of one day",
            "/invoices",
            &SORTS,
            Box::new(|index| format!("from={0}&to={0}", day(index))),
        ),
        ("of one month", "/invoices", &SORTS, Box::new(month)),
        (
            "since a day",
            "/invoices",
            &SORTS,
            Box::new(|index| format!("from={}", day(index))),
        ),
        (
            "of one amount",
            "/invoices",
            &SORTS,
            Box::new(|index| {
                let minor = 1_150 * (1 + draw(index, 2_000));
                format!("min={minor}&max={minor}")
            }),
        ),
        (
            "above an amount",
            "/invoices",
            &SORTS,
            Box::new(|index| format!("min={}", 1_150 * (1 + draw(index, 2_000)))),
        ),
        (
            "of one state, a month and amounts",
            "/invoices",
            &SORTS,
            Box::new(move |index| format!("{}&{}&min=50000&max=900000", states(index), month(index))),
        ),
        (
            "search: a rare word",
            "/invoices",
            &SORTS,
            Box::new(|_| "search=zebrawood".to_owned()),
        ),
        (
            "search: a number",
            "/invoices",
            &SORTS,
            Box::new(move |index| format!("search=INV-{:06}", 1 + draw(index, rows))),
        ),
        (
            "search: a customer",
            "/invoices",
            &SORTS,
            Box::new(|index| format!("search=trading+{}", 100 + draw(index, 19_000))),
        ),
        (
            "search: a common word",
            "/invoices",
            &SORTS,
            Box::new(|_| "search=consulting".to_owned()),
        ),
        (
            "search: what all have",
            "/invoices",
            &SORTS,
            Box::new(|_| "search=trading".to_owned()),
        ),
        (
            "search: a word that none has",
            "/invoices",
            &SORTS,
            Box::new(|_| "search=consultingx".to_owned()),
        ),
        (
            "search: a common word, one state",
            "/invoices",
            &SORTS,
            Box::new(move |index| format!("search=consulting&{}", states(index))),
        ),
        (
            "search: a rare word, one state",
            "/invoices",
            &SORTS,
            Box::new(move |index| format!("search=zebrawood&{}", states(index))),
        ),
        (
            "search: a common word, large account",
            "/invoices",
            &SORTS,
            Box::new(|index| format!("search=consulting&account_id={}", account(1 + index % 5))),
        ),
        (
            "search: a common word, a month",
            "/invoices",
            &SORTS,
            Box::new(|index| format!("search=consulting&{}", month(index))),
        ),
        ("of one state", "/payments", &PAYMENT_SORTS, Box::new(pay_states)),
        (
            "of two methods",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(|_| "method=eft&method=saved_card".to_owned()),
        ),
        (
            "of one method",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(|index| format!("method={}", ["eft", "saved_card", "redirect"][index / 4 % 3])),
        ),
        (
            "of one currency",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(|index| format!("currency={}", ["ZAR", "USD"][index / 4 % 2])),
        ),
        (
            "of a large account",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(|index| format!("account_id={}", account(1 + index % 5))),
        ),
        (
            "of one month, one state",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(move |index| format!("{}&{}", month(index), pay_states(index))),
        ),
        (
            "of one day",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(|index| format!("from={0}&to={0}", day(index))),
        ),
        (
            "above an amount",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(|index| format!("min={}", 1_150 * (1 + draw(index, 2_000)))),
        ),
        (
            "search: a reference",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(move |index| format!("search={}", 1_000_001 + draw(index, rows))),
        ),
        (
            "search: a rare word",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(|_| "search=zebrawood".to_owned()),
        ),
        (
            "search: a common word",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(|_| "search=maintenance".to_owned()),
        ),
        (
            "search: a common word, one state",
            "/payments",
            &PAYMENT_SORTS,
            Box::new(move |index| format!("search=consulting&{}", pay_states(index))),
        ),
    ]
}

fn total_kinds() -> Vec<(&'static str, Query)> {
    vec![
        ("of all", Box::new(|_| String::new())),
        (
            "of a large account",
            Box::new(|index| format!("account_id={}", account(1 + index % 5))),
        ),
        ("of one month", Box::new(month)),
        ("search: a rare word", Box::new(|_| "search=zebrawood".to_owned())),
        ("search: a common word", Box::new(|_| "search=consulting".to_owned())),
    ]
}

fn customer_kinds() -> Vec<Kind> {
    vec![
        ("all", "/invoices", &SORTS, Box::new(|_| String::new())),
        (
            "of one state",
            "/invoices",
            &SORTS,
            Box::new(|index| format!("status={}", STATES[index / 10 % 5])),
        ),
        (
            "search: a common word",
            "/invoices",
            &SORTS,
            Box::new(|_| "search=consulting".to_owned()),
        ),
        (
            "search: a number",
            "/invoices",
            &SORTS,
            Box::new(|index| format!("search=INV-{:06}", 1 + draw(index, 100_000))),
        ),
        ("all", "/payments", &PAYMENT_SORTS, Box::new(|_| String::new())),
    ]
}

fn signed_in(base: &str, email: &str, code: Option<&str>) -> Outcome<Client> {
    let mut client = Client::new(base);
    let csrf = client.get("/api/v1/auth/csrf")?;
    let csrf = json::parse(&csrf.body).or_fail("GET /auth/csrf", "read the server's log")?;
    let token = csrf.text("csrf_token").unwrap_or_default().to_owned();
    let code = code.map(|code| format!(",\"totp\":\"{code}\"")).unwrap_or_default();
    let body = format!(
        "{{\"email\":{},\"password\":{}{code}}}",
        json::quote(email),
        json::quote(PASSWORD)
    );
    let headers = [
        ("Content-Type", "application/json"),
        ("X-CSRF-Token", &token),
        ("Origin", base),
    ];
    let response = client.send("POST", "/api/v1/auth/login", &headers, &body)?;
    if response.status == 200 {
        return Ok(client);
    }
    Err(Failure::new(
        format!("{email} could not sign in: {} {}", response.status, response.body),
        "read the server's log",
    ))
}
