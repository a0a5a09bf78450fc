//! A server of the proof's own, that can be killed, with people who are signed in.

use std::{
    error::Error,
    net::TcpListener,
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Utc;
use common::{
    API_BASE,
    chat::threads::Thread,
    ids::{AccountId, ThreadId, UserId},
    validate::Email,
};
use reqwest::Client as Http;
use serde_json::{Value, json};
use server::{
    accounts,
    app::App,
    audit::Origin,
    auth::service::{OperatorUser, upsert_user},
    chat::threads::store::{self, MemberRow},
    clock::Clock,
    config::Config,
    db::{Conn, QueryResult},
    http::session::random_token,
};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::WorldArgs;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

const PASSWORD: &str = "a long enough password";
const START_WITHIN: Duration = Duration::from_secs(20);

pub struct World {
    program: PathBuf,
    settings: Vec<(&'static str, String)>,
    pub base_url: String,
    child: Option<Child>,
    /// The same database, looked at from here.
    pub app: Arc<App>,
    _data: TempDir,
}

/// Somebody who is signed in.
pub struct Person {
    pub user_id: UserId,
    pub http: Http,
    csrf_token: String,
}

impl World {
    /// Migrates the database; no server runs yet.
    pub async fn build(args: &WorldArgs) -> Outcome<Self> {
        let data = TempDir::with_prefix("capecontrol-proof-")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let base_url = format!("http://127.0.0.1:{port}");
        let database = match &args.postgres {
            Some(url) => url.clone(),
            None => format!("sqlite:{}", data.path().join("proof.sqlite3").display()),
        };
        let settings = vec![
            ("SECRET_KEY", random_token()),
            ("CAPECONTROL_DATA", data.path().display().to_string()),
            ("CAPECONTROL_BIND", format!("127.0.0.1:{port}")),
            ("DATABASE_URL", database),
            ("PUBLIC_URL", base_url.clone()),
            ("RATE_LIMIT_FACTOR", "1000".to_owned()),
            ("LOG_LEVEL", "error".to_owned()),
        ];
        let program = args.server.canonicalize()?;
        let migrated = Command::new(&program)
            .arg("migrate")
            .env_clear()
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .status()
            .await?;
        if !migrated.success() {
            return Err(format!("migrate: {migrated}").into());
        }
        let get = |name: &str| {
            let setting = settings.iter().find(|(known, _)| *known == name);
            setting.map(|(_, value)| value.clone())
        };
        let config = Config::read(&get).map_err(|errors| errors.to_string())?;
        Ok(Self {
            program,
            app: Arc::new(App::build(config, Clock::System)?),
            settings,
            base_url,
            child: None,
            _data: data,
        })
    }

    /// Starts the server, and waits until it answers.
    pub async fn start(&mut self) -> Outcome<()> {
        let child = Command::new(&self.program)
            .arg("serve")
            .env_clear()
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        self.child = Some(child);
        let (http, started) = (Http::new(), Instant::now());
        let ready = format!("{}/health/ready", self.base_url);
        loop {
            if http
                .get(&ready)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return Ok(());
            }
            if started.elapsed() > START_WITHIN {
                return Err("the server did not start".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL.
    pub async fn kill(&mut self) -> Outcome<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Makes somebody with a company of their own, and signs them in; the server runs.
    pub async fn person(&self, name: &str) -> Outcome<(Person, AccountId)> {
        let email = format!("{name}@proof.test");
        let user = OperatorUser {
            email: Email::parse("email", &email).map_err(|error| error.message)?,
            password: PASSWORD.to_owned(),
            first_name: name.to_owned(),
            last_name: "Proof".to_owned(),
            staff_role: None,
            totp_secret: None,
        };
        let (user_id, _) = upsert_user(&self.app, user)
            .await
            .map_err(|error| format!("{error:?}"))?;
        let (now, billing) = (Utc::now(), email.clone());
        let open = move |conn: &mut Conn| {
            accounts::service::open_for(conn, &Origin::operator(), user_id, "Proof Ltd", &billing, now)
        };
        let account_id = self.app.db.write(open).await.map_err(|error| format!("{error:?}"))?;
        let person = self.sign_in(&email, user_id).await?;
        Ok((person, account_id))
    }

    async fn sign_in(&self, email: &str, user_id: UserId) -> Outcome<Person> {
        let http = Http::builder().cookie_store(true).build()?;
        let mut person = Person {
            user_id,
            http,
            csrf_token: String::new(),
        };
        person.csrf_token = person.fetch_csrf(&self.base_url).await?;
        let credentials = json!({ "email": email, "password": PASSWORD });
        person.post(&self.base_url, "/auth/login", &credentials).await?;
        person.csrf_token = person.fetch_csrf(&self.base_url).await?;
        Ok(person)
    }

    /// A thread of somebody's, with others in it.
    pub async fn thread(&self, owner: &Person, others: &[UserId]) -> Outcome<ThreadId> {
        let thread = owner.post(&self.base_url, "/chat/threads", &json!({})).await?;
        let thread: Thread = serde_json::from_value(thread)?;
        let (id, others, now) = (thread.id, others.to_vec(), Utc::now());
        let join = move |conn: &mut Conn| -> QueryResult<()> {
            for user_id in others {
                let member = MemberRow {
                    thread_id: id,
                    user_id,
                    is_staff: false,
                    joined_at: now.naive_utc(),
                    left_at: None,
                    read_seq: 0,
                };
                store::put_member(conn, &member)?;
            }
            Ok(())
        };
        self.app.db.write(join).await?;
        Ok(id)
    }
}

impl Person {
    async fn fetch_csrf(&self, base_url: &str) -> Outcome<String> {
        let answer: Value = self
            .http
            .get(format!("{base_url}{API_BASE}/auth/csrf"))
            .send()
            .await?
            .json()
            .await?;
        Ok(answer["csrf_token"].as_str().ok_or("no csrf token")?.to_owned())
    }

    pub async fn post(&self, base_url: &str, path: &str, body: &Value) -> Outcome<Value> {
        let request = self.http.post(format!("{base_url}{API_BASE}{path}"));
        let answer = request
            .header("X-CSRF-Token", &self.csrf_token)
            .json(body)
            .send()
            .await?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("POST {path}: {status} {}", answer.text().await?).into());
        }
        let text = answer.text().await?;
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// A ticket for one socket, or the status of the refusal; 0 when no answer came.
    pub async fn ticket(&self, base_url: &str) -> Result<String, u16> {
        let request = self.http.post(format!("{base_url}{API_BASE}/chat/ticket"));
        let request = request
            .header("X-CSRF-Token", &self.csrf_token)
            .timeout(Duration::from_secs(10));
        let answer = request.json(&json!({})).send().await.map_err(|_| 0_u16)?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(|_| 0_u16)?;
        match body["ticket"].as_str() {
            Some(ticket) if status.is_success() => Ok(ticket.to_owned()),
            _ => Err(status.as_u16()),
        }
    }

    pub async fn get(&self, base_url: &str, path: &str) -> Outcome<Value> {
        let answer = self.http.get(format!("{base_url}{API_BASE}{path}")).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}
