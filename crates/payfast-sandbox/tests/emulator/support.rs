//! A shop that records what PayFast sends, a signed form, and a browser.

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use payfast::{Itn, Passphrase, checkout};
use payfast_sandbox::{Config, Running, Sandbox};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;

pub const SECRET: &str = "jt7NOE43FZPn";

pub fn passphrase() -> Passphrase {
    Passphrase::new(SECRET)
}

/// Delays a thousand times shorter than real.
pub async fn sandbox() -> Running {
    sandbox_with(Config::default()).await
}

pub async fn sandbox_with(config: Config) -> Running {
    Sandbox::start(Config {
        bind: "127.0.0.1:0".into(),
        speed: 1000.0,
        ..config
    })
    .await
    .unwrap()
}

/// Records bodies; answers with the given statuses first, then with 200.
pub struct Shop {
    url: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
    handle: ServerHandle,
}

impl Shop {
    pub async fn start(answers: &[u16]) -> Shop {
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let answers: Arc<Mutex<VecDeque<u16>>> = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let recorded = Arc::clone(&bodies);
        let server = HttpServer::new(move || {
            let (bodies, answers) = (Arc::clone(&recorded), Arc::clone(&answers));
            let itn = move |body: web::Bytes| {
                bodies.lock().unwrap().push(body.to_vec());
                let status = answers.lock().unwrap().pop_front().unwrap_or(200);
                async move { HttpResponse::new(StatusCode::from_u16(status).unwrap()) }
            };
            App::new().route("/itn", web::post().to(itn))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Shop { url, bodies, handle }
    }

    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.bodies.lock().unwrap().clone()
    }

    pub fn itns(&self) -> Vec<Itn> {
        self.bodies().iter().map(|body| Itn::parse(body)).collect()
    }

    pub async fn wait_for(&self, count: usize) -> Vec<Itn> {
        eventually(|| self.bodies().len() >= count).await;
        self.itns()
    }

    /// A complete signed form for R529.00 with this shop's addresses; `more` replaces or adds.
    pub fn form(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let [back, cancel, itn] = ["/return", "/cancel", "/itn"].map(|path| self.address(path));
        let mut fields = vec![
            ("merchant_id", "10000100"),
            ("merchant_key", "46f0cd694581a"),
            ("return_url", &back),
            ("cancel_url", &cancel),
            ("notify_url", &itn),
            ("name_first", "Zoë"),
            ("email_address", "zoe@example.com"),
            ("m_payment_id", "order-7"),
            ("amount", "529.00"),
            ("item_name", "Pro, one month"),
            ("custom_int1", "7"),
            ("custom_str1", "a & b"),
        ];
        fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        fields.extend_from_slice(more);
        checkout::sign(&fields, Some(&passphrase())).unwrap().into_fields()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// Polls, since what is awaited happens in another task.
pub async fn eventually(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the condition did not come true"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A browser that follows no redirects.
pub fn browser() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

pub async fn post(sandbox: &Running, path: &str, form: &[(String, String)]) -> reqwest::Response {
    browser()
        .post(format!("{}{path}", sandbox.base_url()))
        .form(form)
        .send()
        .await
        .unwrap()
}

pub async fn get(sandbox: &Running, path: &str) -> reqwest::Response {
    browser()
        .get(format!("{}{path}", sandbox.base_url()))
        .send()
        .await
        .unwrap()
}

pub fn location(response: &reqwest::Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// Posts a form that must be accepted, and gives the payment.
pub async fn check_out(sandbox: &Running, form: &[(String, String)]) -> Uuid {
    let response = post(sandbox, "/eng/process", form).await;
    assert_eq!(response.status(), 302);
    location(&response)
        .strip_prefix("/eng/process/payment/")
        .unwrap()
        .parse()
        .unwrap()
}

/// Clicks a button of the payment page.
pub async fn click(sandbox: &Running, payment: Uuid, action: &str, fault: &str) -> reqwest::Response {
    let form = [
        ("action".to_owned(), action.to_owned()),
        ("fault".to_owned(), fault.to_owned()),
    ];
    post(sandbox, &format!("/eng/process/payment/{payment}"), &form).await
}

/// Asks whether the emulator sent this.
pub async fn confirm(sandbox: &Running, body: impl Into<Vec<u8>>) -> String {
    let request = browser()
        .post(format!("{}/eng/query/validate", sandbox.base_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.into());
    request.send().await.unwrap().text().await.unwrap()
}
