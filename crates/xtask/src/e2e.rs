//! The browser journeys: Playwright on the Chromium of this machine, against a server per database.

use std::{env, fs, path::PathBuf};

use crate::{
    apt,
    data::Scratch,
    failure::{OrFail, Outcome},
    json,
    postgres::Postgres,
    process,
    stack::{Plan, Stack},
    step::step,
    tools::npm,
    totals::{self, Totals},
    workspace::{root, which},
};

/// Databases that the journeys run on; Playwright has a project of each name.
pub const PROJECTS: [&str; 2] = ["sqlite", "postgres"];

const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Installs what the journeys need: Playwright from npm, a browser from the system.
pub fn ensure_tools() -> Outcome<PathBuf> {
    let browser = ensure_browser()?;
    let folder = root().join("e2e");
    let lock = fs::read_to_string(folder.join("package-lock.json"))
        .or_fail("e2e/package-lock.json", "is the checkout whole?")?;
    let stamp = folder.join("node_modules/.installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(browser);
    }
    process::run(
        npm()?
            .args(["ci", "--no-audit", "--no-fund"])
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .current_dir(&folder),
        "npm ci in e2e",
        "check the network, then run it again",
    )?;
    fs::write(stamp, lock).or_fail("e2e/node_modules", "is it writable?")?;
    Ok(browser)
}

fn ensure_browser() -> Outcome<PathBuf> {
    if let Some(browser) = env::var_os("CHROMIUM") {
        return Ok(browser.into());
    }
    if let Some(browser) = CHROMIUM.iter().find_map(|name| which(name)) {
        return Ok(browser);
    }
    apt::install("Chromium (CHROMIUM names one that is elsewhere)", &["chromium"])?;
    which(CHROMIUM[0]).or_fail_as_missing()
}

trait OrFailAsMissing {
    fn or_fail_as_missing(self) -> Outcome<PathBuf>;
}

impl OrFailAsMissing for Option<PathBuf> {
    fn or_fail_as_missing(self) -> Outcome<PathBuf> {
        self.ok_or_else(|| crate::failure::Failure::new("Chromium is missing", "set CHROMIUM to its path"))
    }
}

/// Runs one project against a server and an emulator of its own.
pub fn run(project: &str, browser: &PathBuf, postgres: &Postgres, arguments: &[String]) -> Outcome<Totals> {
    let scratch = Scratch::new(&format!("e2e-{project}"))?;
    let database_url = match project {
        "postgres" => {
            postgres.create_database("e2e")?;
            postgres.url("e2e")
        }
        _ => format!("sqlite:{}/e2e.sqlite3", scratch.path().display()),
    };
    let mut stack = Stack::start(Plan::on_free_ports(scratch.path(), Some(database_url))?)?;
    let report = scratch.path().join("report.json");
    let totals = step(&format!("journeys on {project}"), || {
        let (worked, _) = process::tee(
            process::command(root().join("e2e/node_modules/.bin/playwright"))
                .args(["test", "--project", project])
                .args(arguments)
                .current_dir(root().join("e2e"))
                .env("BASE_URL", &stack.url)
                .env("SANDBOX_URL", &stack.sandbox_url)
                .env("MAIL_DIR", &stack.mail)
                .env("SIGN_INS", stack.sign_ins.join("\n"))
                .env("CHROMIUM", browser)
                .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report)
                .env_remove("LD_LIBRARY_PATH"),
            "playwright",
        )?;
        let text = fs::read_to_string(&report).unwrap_or_default();
        let totals = json::parse(&text)
            .map(|report| totals::of_playwright(&report))
            .unwrap_or_default();
        Ok(totals.or_failure_of_runner(worked))
    })?;
    if totals.failed > 0 {
        println!("the server's log of {project}, its last lines:");
        let log = stack.server_log();
        let lines: Vec<&str> = log.lines().collect();
        println!("{}", lines[lines.len().saturating_sub(60)..].join("\n"));
    }
    stack.check_running()?;
    Ok(totals)
}
