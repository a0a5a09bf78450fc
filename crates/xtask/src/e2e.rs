//! The browser journeys: Playwright on the Chromium of this machine, against a server per database.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

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
    let mut totals = step(&format!("journeys on {project}"), || {
        let (worked, _) = process::tee(
            process::command(root().join("e2e/node_modules/.bin/playwright"))
                .args(["test", &format!("--project={project}")])
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
        println!("what the server of {project} answered late:");
        let log = stack.server_log();
        for line in log.lines().filter(|line| is_late(line)) {
            println!("{line}");
        }
        totals
            .failures
            .extend(last_pages(&root().join("e2e/test-results").join(project)));
    }
    stack.check_running()?;
    Ok(totals)
}

/// Whether a line of the server's log tells of an answer that took a second or more.
fn is_late(line: &str) -> bool {
    line.rsplit_once("elapsed_ms=")
        .and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<u64>().ok())
        .is_some_and(|elapsed| elapsed >= 1_000)
}

/// What each page showed when its journey failed, in one line; Playwright leaves it beside the trace.
fn last_pages(results: &Path) -> Vec<String> {
    let folders = fs::read_dir(results).into_iter().flatten().flatten();
    let pages = folders.filter_map(|folder| {
        let text = fs::read_to_string(folder.path().join("error-context.md")).ok()?;
        Some(format!("{}: {}", folder.file_name().to_string_lossy(), outline(&text)))
    });
    pages.collect()
}

/// Headings, notices and fields of a snapshot of the page.
fn outline(context: &str) -> String {
    const TELLING: [&str; 6] = ["heading", "alert", "status", "textbox", "dialog", "button"];
    let snapshot = context.split_once("# Page snapshot").map_or("", |(_, rest)| rest);
    let snapshot = snapshot.split_once("# Test source").map_or(snapshot, |(page, _)| page);
    let lines = snapshot.lines().filter_map(|line| {
        let line = line.trim().strip_prefix("- ")?;
        TELLING.iter().any(|word| line.starts_with(word)).then_some(line)
    });
    let lines: Vec<&str> = lines.take(25).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_the_page_showed() {
        let context = "# Error details\n- heading: no\n# Page snapshot\n```yaml\n- main [ref=e1]:\n  - heading \"Sign in\" [level=1]\n  - textbox \"Password\": x\n  - text: y\n```\n# Test source\n- button z";
        assert_eq!(
            outline(context),
            "heading \"Sign in\" [level=1]; textbox \"Password\": x"
        );
    }

    #[test]
    fn late_answers_are_found_in_the_log() {
        assert!(is_late("Answered GET other with 200 status=200 elapsed_ms=1000"));
        assert!(!is_late("Answered GET other with 200 status=200 elapsed_ms=999"));
        assert!(!is_late("listening"));
    }
}
