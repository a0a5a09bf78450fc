//! `up --smoke`: buys one plan over HTTP through the emulator, as a browser would.

use std::{
    env,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use crate::{
    data::Scratch,
    failure::{Failure, OrFail, Outcome},
    http::{Client, Response, form_with_button},
    json::{self, Json},
    stack::{self, Plan, Stack},
    step::step,
    web,
};

const PAYMENT_LIMIT: Duration = Duration::from_secs(30);

/// Builds, starts on free ports, buys, stops.
pub fn run() -> Outcome<()> {
    web::ensure()?;
    stack::build()?;
    buy_on_free_ports()
}

/// As [`run`], when everything is built.
pub fn buy_on_free_ports() -> Outcome<()> {
    let scratch = Scratch::new("smoke")?;
    let data = env::var_os("CAPECONTROL_DATA").map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    let mut stack = Stack::start(Plan::on_free_ports(&data, None)?)?;
    let bought = step("purchase", || buy(&stack));
    if bought.is_err() {
        println!("the server's log:\n{}", stack.server_log());
    }
    bought?;
    stack.check_running()?;
    step("stop", || {
        drop(stack);
        Ok(())
    })
}

fn buy(stack: &Stack) -> Outcome<()> {
    let password = stack
        .sign_ins
        .iter()
        .find_map(|line| line.strip_prefix("owner@demo.test password="))
        .ok_or_else(|| unexpected("`capecontrol admin seed-demo` printed no password of owner@demo.test"))?;
    let mut api = Api::new(&stack.url);

    let home = api.client.get("/")?;
    println!("   The server answers {} for its home page.", home.status);

    let credentials = format!(
        r#"{{"email":"owner@demo.test","password":{}}}"#,
        json::quote(password.trim())
    );
    let user = api.post("/auth/login", &credentials, &[], 200)?;
    let account = user
        .get("accounts")
        .and_then(|accounts| accounts.items().first()?.text("company_name"));
    println!("   owner@demo.test signed in for {}.", account.unwrap_or("an account"));

    let key = format!("smoke-{}", std::process::id());
    let checkout = api.post(
        "/checkout",
        r#"{"product_code":"PRO_MONTHLY"}"#,
        &[("Idempotency-Key", &key)],
        201,
    )?;
    let payment = text(&checkout, "payment_id")?;
    let process_url = text(&checkout, "process_url")?;
    let fields = fields(&checkout);
    let amount = fields
        .iter()
        .find(|(name, _)| name == "amount")
        .map_or("", |(_, value)| value);
    println!("   Checkout of PRO_MONTHLY made payment {payment} over R{amount}.");

    let mut browser = Client::new(&stack.sandbox_url);
    let page_url = redirect(&browser.post_form(&process_url, &fields)?, 302)?;
    let page = browser.get(&page_url)?;
    let (action, fields) = form_with_button(&page.body, "Pay", ("fault", "none")).ok_or_else(|| {
        unexpected(&format!(
            "the payment page {page_url} has no button that starts with Pay"
        ))
    })?;
    println!("   The emulator took the form and shows its payment page.");
    let back = redirect(&browser.post_form(&action, &fields)?, 303)?;
    println!("   Paid in the emulator, which sends the browser to {back}.");

    let waited = Instant::now();
    loop {
        let state = api.get(&format!("/payments/{payment}"))?;
        let status = text(&state, "status")?;
        if status == "succeeded" {
            println!(
                "   The payment succeeded {:.1} s later, confirmed by notification {}.",
                waited.elapsed().as_secs_f64(),
                state.text("provider_reference").unwrap_or("without a reference")
            );
            break;
        }
        if waited.elapsed() > PAYMENT_LIMIT {
            return Err(unexpected(&format!(
                "the payment is still {status} after {} s",
                PAYMENT_LIMIT.as_secs()
            )));
        }
        thread::sleep(Duration::from_millis(100));
    }

    let invoice = api.get(&format!("/invoices/{}", text(&checkout, "invoice_id")?))?;
    let (number, status) = (text(&invoice, "number")?, text(&invoice, "status")?);
    if status != "paid" {
        return Err(unexpected(&format!("invoice {number} is {status}")));
    }
    println!("   Invoice {number} is {status}.");
    Ok(())
}

/// The server's API as a signed-in browser uses it.
struct Api {
    client: Client,
    origin: String,
}

impl Api {
    fn new(url: &str) -> Self {
        Self {
            client: Client::new(url),
            origin: url.to_owned(),
        }
    }

    fn get(&mut self, path: &str) -> Outcome<Json> {
        let path = format!("/api/v1{path}");
        let response = self.client.get(&path)?;
        answer("GET", &path, &response, 200)
    }

    /// Posts JSON with a fresh CSRF token, since the token changes at sign-in.
    fn post(&mut self, path: &str, body: &str, headers: &[(&str, &str)], status: u16) -> Outcome<Json> {
        let token = text(&self.get("/auth/csrf")?, "csrf_token")?;
        let path = format!("/api/v1{path}");
        let origin = self.origin.clone();
        let mut all = vec![
            ("Content-Type", "application/json"),
            ("X-CSRF-Token", &token),
            ("Origin", &origin),
        ];
        all.extend(headers);
        let response = self.client.send("POST", &path, &all, body)?;
        answer("POST", &path, &response, status)
    }
}

fn answer(method: &str, path: &str, response: &Response, status: u16) -> Outcome<Json> {
    if response.status != status {
        return Err(unexpected(&format!(
            "{method} {path} answered {} instead of {status}: {}",
            response.status, response.body
        )));
    }
    json::parse(&response.body).or_fail(&format!("{method} {path}"), "read the server's log")
}

fn redirect(response: &Response, status: u16) -> Outcome<String> {
    match response.header("location") {
        Some(location) if response.status == status => Ok(location.to_owned()),
        _ => Err(unexpected(&format!(
            "the emulator answered {} instead of a redirect with {status}: {}",
            response.status, response.body
        ))),
    }
}

fn text(json: &Json, name: &str) -> Outcome<String> {
    json.text(name)
        .map(str::to_owned)
        .ok_or_else(|| unexpected(&format!("an answer has no text `{name}`")))
}

fn fields(checkout: &Json) -> Vec<(String, String)> {
    let pairs = checkout.get("fields").map(Json::items).unwrap_or_default();
    pairs
        .iter()
        .filter_map(|pair| match pair.items() {
            [name, value] => Some((name.as_text()?.to_owned(), value.as_text()?.to_owned())),
            _ => None,
        })
        .collect()
}

fn unexpected(what: &str) -> Failure {
    Failure::new(
        what,
        "read the server's log above; `cargo xtask up` shows the same in a browser",
    )
}
