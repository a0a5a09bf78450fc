//! The application on a free port, with the emulator in process, a clock that stands still and mails in a folder.

use std::{net::TcpListener, sync::Arc};

use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use common::{
    accounts::AccountRole,
    api_keys::{ApiKeySecret, ApiScope},
    auth::StaffRole,
    ids::{AccountId, PaymentId, UserId},
    payments::Checkout,
    validate::Email,
};
use payfast_sandbox::{Fault, Running, Sandbox};
use serde_json::json;
use server::{
    accounts,
    app::{self, App},
    audit::Origin,
    auth::service::{OperatorUser, new_totp_secret, upsert_user},
    clock::Clock,
    config::Config,
    jobs, members, worker,
};

use super::{Client, client::send, db::TestDb};

pub const PASSWORD: &str = "a long enough password";

pub struct TestApp {
    pub app: Arc<App>,
    pub base_url: String,
    pub payfast: Running,
    handle: actix_web::dev::ServerHandle,
    pub db: TestDb,
}

/// A customer who is signed in.
pub struct Customer {
    pub client: Client,
    pub email: String,
    pub user_id: UserId,
    pub account_id: AccountId,
}

impl TestApp {
    pub async fn start(db: TestDb) -> Self {
        Self::start_with(db, &[]).await
    }

    /// Starts with some settings changed.
    pub async fn start_with(db: TestDb, settings: &[(&str, &str)]) -> Self {
        let sandbox = payfast_sandbox::Config {
            bind: "127.0.0.1:0".into(),
            speed: 1000.0,
            ..Default::default()
        };
        let payfast = Sandbox::start(sandbox).await.unwrap();
        let now: DateTime<Utc> = "2026-11-24T07:14:00Z".parse().unwrap();
        payfast.set_now(now);
        Self::start_over(db, payfast, Clock::fixed(now), settings).await
    }

    /// Ends this server and starts another over the same database, emulator and clock, with other settings.
    pub async fn restart_with(self, settings: &[(&str, &str)]) -> Self {
        let clock = self.app.clock.clone();
        self.handle.stop(false).await;
        Self::start_over(self.db, self.payfast, clock, settings).await
    }

    async fn start_over(db: TestDb, payfast: Running, clock: Clock, settings: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let config = config(&db, &base_url, payfast.base_url(), settings);
        let app = Data::new(App::build(config, clock).unwrap());
        let server = app::serve(app.clone(), listener).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            app: app.into_inner(),
            base_url,
            payfast,
            handle,
            db,
        }
    }

    /// Starts another node over the same database, emulator and clock; it runs until the test ends.
    pub fn second_node(&self) -> String {
        self.second_node_with(&[])
    }

    /// A second node with some settings changed.
    pub fn second_node_with(&self, settings: &[(&str, &str)]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let config = config(&self.db, &base_url, self.payfast.base_url(), settings);
        let app = Data::new(App::build(config, self.app.clock.clone()).unwrap());
        actix_web::rt::spawn(app::serve(app, listener).unwrap());
        base_url
    }

    /// Ends the application; jobs that nobody did are a failure of the test.
    pub async fn stop(self) {
        self.run_jobs().await;
        let open = self.app.db.read(jobs::store::count_open).await.unwrap();
        assert_eq!(open, 0, "jobs were left undone");
        self.handle.stop(false).await;
    }

    /// Does all background work that is due.
    pub async fn run_jobs(&self) {
        worker::run_due(&self.app).await.unwrap();
    }

    pub fn advance(&self, by: TimeDelta) {
        self.app.clock.advance(by);
        self.payfast.set_now(self.app.clock.now());
    }

    pub fn client(&self) -> Client {
        Client::new(&self.base_url)
    }

    /// A client that a proxy on this machine says comes from `address`; believed with `TRUSTED_PROXIES`.
    pub fn client_at(&self, address: &str) -> Client {
        Client::behind_proxy(&self.base_url, address)
    }

    /// The texts of all mails to an address, in no order, with soft line breaks undone.
    pub fn mails_to(&self, address: &str) -> Vec<String> {
        let folder = std::fs::read_dir(&self.app.config.mail.folder).unwrap();
        let mails = folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
        mails
            .filter(|mail| mail.contains(&format!("To: {address}")))
            .map(|mail| decode_quoted(&mail))
            .collect()
    }

    /// The token of the one mail to an address whose link opens `page`.
    pub fn token_to(&self, address: &str, page: &str) -> String {
        let tokens = self.tokens_to(address, page);
        assert_eq!(tokens.len(), 1, "{page}");
        tokens[0].clone()
    }

    /// The tokens of all mails to an address whose link opens `page`, in no order.
    pub fn tokens_to(&self, address: &str, page: &str) -> Vec<String> {
        let link = format!("{}{page}?token=", self.base_url);
        let mails = self.mails_to(address);
        let after_link = mails.iter().filter_map(|mail| mail.split(link.as_str()).nth(1));
        after_link
            .map(|rest| rest.split_whitespace().next().unwrap().to_owned())
            .collect()
    }

    /// Somebody who is signed in, with an account of their own.
    pub async fn customer(&self, email: &str) -> Customer {
        let (user_id, _) = upsert_user(&self.app, user(email, None)).await.unwrap();
        let now = self.app.clock.now();
        let billing_email = email.to_owned();
        let open = move |conn: &mut _| {
            let origin = Origin::operator();
            accounts::service::open_for(conn, &origin, user_id, "Karoo Kiln Studio", &billing_email, now)
        };
        let account_id = self.app.db.write(open).await.unwrap();
        self.sign_in(email, user_id, account_id).await
    }

    /// Somebody who is signed in and has `role` in the account of `customer`, named after the role.
    pub async fn member(&self, customer: &Customer, role: AccountRole) -> Customer {
        self.member_called(&format!("{role}@{}.test", customer.account_id), customer, role)
            .await
    }

    /// The same with an address of the test's choice.
    pub async fn member_called(&self, email: &str, customer: &Customer, role: AccountRole) -> Customer {
        let (user_id, _) = upsert_user(&self.app, user(email, None)).await.unwrap();
        let (account_id, now) = (customer.account_id, self.app.clock.now());
        let join = move |conn: &mut _| members::service::add(conn, account_id, user_id, role, now);
        self.app.db.write(join).await.unwrap();
        self.sign_in(email, user_id, account_id).await
    }

    /// Somebody who is signed in and belongs to no account.
    pub async fn person(&self, email: &str) -> Client {
        upsert_user(&self.app, user(email, None)).await.unwrap();
        let client = self.client();
        client.sign_in(email, PASSWORD).await.expect(200);
        client
    }

    async fn sign_in(&self, email: &str, user_id: UserId, account_id: AccountId) -> Customer {
        let client = self.client();
        client.sign_in(email, PASSWORD).await.expect(200);
        Customer {
            client,
            email: email.to_owned(),
            user_id,
            account_id,
        }
    }

    pub async fn staff(&self, role: StaffRole) -> Client {
        let email = format!("{role}@staff.test");
        let secret = new_totp_secret();
        let mut person = user(&email, Some(role));
        person.totp_secret = Some(secret.clone());
        upsert_user(&self.app, person).await.unwrap();
        let client = self.client();
        let totp = totp_code(&secret, self.app.clock.now());
        let credentials = json!({ "email": email, "password": PASSWORD, "totp": totp });
        client.post("/auth/login", credentials).await.expect(200);
        client.refresh_csrf().await;
        client
    }

    /// Posts the form of a checkout to PayFast as a browser does and presses Pay.
    pub async fn pay(&self, checkout: &Checkout, fault: Fault) {
        let payment = self.open_payment_page(checkout).await;
        self.payfast.pay(payment, fault).await.unwrap();
    }

    /// Posts the form of a checkout to PayFast; the result is PayFast's payment page.
    pub async fn open_payment_page(&self, checkout: &Checkout) -> uuid::Uuid {
        let browser = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let reply = send(browser.post(&checkout.process_url).form(&checkout.fields)).await;
        let page = reply
            .headers
            .get("location")
            .unwrap_or_else(|| panic!("{}", reply.body))
            .to_str()
            .unwrap();
        page.rsplit('/').next().unwrap().parse().unwrap()
    }
}

impl Customer {
    /// Makes an API key of the account and gives its secret.
    pub async fn api_key(&self, scopes: &[ApiScope]) -> ApiKeySecret {
        let body = json!({ "name": "Bookkeeping", "scopes": scopes });
        self.client.post("/api-keys", body).await.expect(201).json()
    }

    pub async fn check_out(&self, product_code: &str) -> Checkout {
        let key = uuid::Uuid::now_v7().to_string();
        let reply = self
            .client
            .post_with_key("/checkout", &key, json!({ "product_code": product_code }))
            .await;
        reply.expect(201).json()
    }

    pub async fn payment(&self, id: PaymentId) -> common::payments::Payment {
        self.client.get(&format!("/payments/{id}")).await.expect(200).json()
    }

    pub async fn invoices(&self) -> Vec<common::invoices::InvoiceSummary> {
        let page: common::Page<_> = self.client.get("/invoices").await.expect(200).json();
        page.items
    }
}

pub fn config(db: &TestDb, base_url: &str, payfast_base: &str, changed: &[(&str, &str)]) -> Config {
    let data = db.data_dir().display().to_string();
    let database = db.url();
    let settings = [
        ("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ("CAPECONTROL_DATA", &data),
        ("DATABASE_URL", &database),
        ("PUBLIC_URL", base_url),
        ("PAYFAST_PROCESS_BASE", payfast_base),
        // All clients of a test share one address, and its clock stands still.
        ("RATE_LIMIT_FACTOR", "1000"),
        // A connection that a busy test machine opens and does not use yet must not be cut.
        ("CLIENT_TIMEOUT_SECONDS", "60"),
        ("SUPPLIER_NAME", "Langstraat Software (Pty) Ltd"),
        ("SUPPLIER_ADDRESS", "14 Loopstraat, Cape Town, 8001"),
        ("SUPPLIER_VAT_NUMBER", "4000000000"),
    ];
    Config::read(&|name| {
        changed
            .iter()
            .chain(&settings)
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    })
    .unwrap_or_else(|errors| panic!("{errors}"))
}

fn user(email: &str, staff_role: Option<StaffRole>) -> OperatorUser {
    OperatorUser {
        email: Email::parse("email", email).unwrap(),
        password: PASSWORD.to_owned(),
        first_name: "Nomsa".to_owned(),
        last_name: "van Wyk".to_owned(),
        staff_role,
        totp_secret: None,
    }
}

/// RFC 6238 by the library that authenticator apps agree with.
pub fn totp_code(secret: &str, at: DateTime<Utc>) -> String {
    let bytes = totp_rs::Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let totp = totp_rs::TOTP::new(totp_rs::Algorithm::SHA1, 6, 1, 30, bytes).unwrap();
    totp.generate(u64::try_from(at.timestamp()).unwrap())
}

fn decode_quoted(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}
