//! The emulator and the server side by side, knowing each other.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    apt,
    data::DataFolder,
    failure::{Failure, OrFail, Outcome},
    http::Client,
    process::{self, Errors, Service, free_port},
    step::step,
    workspace::{cargo, root, target},
};

const START_LIMIT: Duration = Duration::from_secs(30);

/// Where the client is served while somebody works on it.
const DEV_ORIGIN: &str = "http://127.0.0.1:8081";

/// What differs between `up`, its smoke run and the browser journeys.
pub struct Plan {
    pub data: PathBuf,
    /// Address of the server, `host:port`.
    pub server: String,
    /// Address of the emulator; port 0 lets it choose.
    pub sandbox: String,
    /// Wins over the environment; `None` leaves the choice to it.
    pub database_url: Option<String>,
    pub errors: Errors,
}

impl Plan {
    /// On free ports, with everything below `data`.
    pub fn on_free_ports(data: &Path, database_url: Option<String>) -> Outcome<Self> {
        Ok(Self {
            data: data.to_owned(),
            server: format!("127.0.0.1:{}", free_port()?),
            sandbox: "127.0.0.1:0".to_owned(),
            database_url,
            errors: Errors::Logged,
        })
    }
}

/// Both programs; dropping it stops them.
pub struct Stack {
    pub url: String,
    pub sandbox_url: String,
    pub mail: PathBuf,
    /// The demo sign-ins, as `seed-demo` prints them.
    pub sign_ins: Vec<String>,
    server: Service,
    sandbox: Service,
}

/// Builds both programs.
pub fn build() -> Outcome<()> {
    step("libraries for the server", apt::ensure_libpq)?;
    step("server and emulator", || {
        process::run(
            process::command(cargo())
                .current_dir(root())
                .args(["build", "-p", "server", "-p", "payfast-sandbox"]),
            "cargo build",
            "read the compiler's message above",
        )
    })
}

impl Stack {
    pub fn start(plan: Plan) -> Outcome<Self> {
        let data = DataFolder::open(&plan.data)?;
        let settings = Settings::new(&plan, &data);
        let Plan { errors, .. } = plan;
        let quiet = matches!(errors, Errors::Logged);

        let mut sandbox = step("emulator", || {
            let mut command = process::command(program("payfast-sandbox"));
            command
                .args(["serve", "--bind", &plan.sandbox])
                .args(["--merchant-id", settings.get("PAYFAST_MERCHANT_ID")])
                .args(["--merchant-key", settings.get("PAYFAST_MERCHANT_KEY")])
                .args(["--passphrase", settings.get("PAYFAST_PASSPHRASE")]);
            let errors = if quiet { Errors::Logged } else { Errors::Shown };
            Service::start("payfast-sandbox", &mut command, &data.path.join("emulator.log"), errors)
        })?;
        let sandbox_url = sandbox.wait_for_line("payfast-sandbox listening on ", START_LIMIT)?;

        let mut settings = settings;
        settings.set_default("PAYFAST_PROCESS_BASE", &sandbox_url);
        settings.set_default("PAYFAST_API_BASE", &sandbox_url);
        step("migrations", || settings.admin(&["migrate"]).map(drop))?;
        let sign_ins = step("demo data", || settings.admin(&["admin", "seed-demo"]))?;

        let (server, url) = step("server", || {
            let mut command = process::command(program("capecontrol"));
            settings.apply(command.arg("serve"));
            if quiet {
                command.env("NO_COLOR", "1");
            }
            let mut server = Service::start("capecontrol", &mut command, &data.path.join("server.log"), errors)?;
            let url = server.wait_for_line("capecontrol listening on ", START_LIMIT)?;
            let health = Client::new(&url).get("/health/ready")?;
            if health.status != 200 {
                return Err(Failure::new(
                    format!("the server is not ready: {} {}", health.status, health.body),
                    "read its log",
                ));
            }
            Ok((server, url))
        })?;
        Ok(Self {
            url,
            sandbox_url,
            mail: data.mail(),
            sign_ins: sign_ins.lines().map(str::to_owned).collect(),
            server,
            sandbox,
        })
    }

    /// Fails when one of them has ended.
    pub fn check_running(&mut self) -> Outcome<()> {
        self.server.check_running()?;
        self.sandbox.check_running()
    }

    /// What the server has logged, for the report of a failed run.
    pub fn server_log(&self) -> String {
        self.server.log_text()
    }
}

/// Environment of the server: what the user has set wins over what we would choose.
struct Settings {
    variables: Vec<(String, String)>,
}

impl Settings {
    fn new(plan: &Plan, data: &DataFolder) -> Self {
        let mut settings = Self { variables: Vec::new() };
        let data_path = data.path.to_string_lossy();
        settings.set("CAPECONTROL_DATA", &data_path);
        settings.set("CAPECONTROL_BIND", &plan.server);
        match &plan.database_url {
            Some(url) => settings.set("DATABASE_URL", url),
            None => settings.set_default("DATABASE_URL", &format!("sqlite:{data_path}/capecontrol.sqlite3")),
        }
        settings.set_default("PUBLIC_URL", &format!("http://{}", plan.server));
        settings.set_default("DEV_ORIGIN", DEV_ORIGIN);
        settings.set_default("PAYFAST_MODE", "emulator");
        settings.set_default("PAYFAST_ITN_SOURCES", "127.0.0.1/32");
        // Journeys and people who try the demo all come from this machine's one address.
        settings.set_default("RATE_LIMIT_FACTOR", "100");
        settings.set_default("SUPPLIER_NAME", "Table Bay Software (Pty) Ltd");
        settings.set_default("SUPPLIER_ADDRESS", "12 Loop Street, Cape Town, 8001");
        settings.set_default("SUPPLIER_VAT_NUMBER", "4123456789");
        settings.set_default("SUPPLIER_BANK", "Demo Bank, account 000 000 000, branch 000000");
        for (name, value) in data.secrets() {
            settings.set_default(name, value);
        }
        settings
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    fn set_default(&mut self, name: &str, value: &str) {
        let value = env::var(name).unwrap_or_else(|_| value.to_owned());
        self.set(name, &value);
    }

    fn get(&self, name: &str) -> &str {
        self.variables
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    }

    fn apply(&self, command: &mut Command) {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        // A platform's port (Heroku's) would win over the address that we chose.
        command.env_remove("PORT").current_dir(root());
    }

    /// Runs a subcommand of the server that ends by itself, and returns what it printed.
    fn admin(&self, arguments: &[&str]) -> Outcome<String> {
        let name = format!("capecontrol {}", arguments.join(" "));
        let advice = "read its message; the settings come from the environment, the rest from the data folder";
        let mut command = Command::new(program("capecontrol"));
        self.apply(command.args(arguments));
        let output = command.output().or_fail(&name, "is the server built?")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(text);
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(
            format!("{name} ended with {}\n{text}{errors}", output.status),
            advice,
        ))
    }
}

fn program(name: &str) -> PathBuf {
    target().join("debug").join(name)
}
