//! `test`: every test there is. A part that cannot run counts as failed; nothing is skipped in silence.

use std::process::{Command, ExitCode};

use crate::{
    apt, chat_proof, e2e,
    failure::{Failure, Outcome},
    postgres::Postgres,
    process, smoke, stack,
    step::step,
    totals::{self, Totals},
    web,
    workspace::{cargo, output_of, root},
};

/// The parts in the order in which they run: the quickest to fail first.
const PARTS: [&str; 7] = ["server", "doc", "frontend", "chat", "web", "smoke", "e2e"];

/// Not among them, for it takes long: each property a million times, and ten thousand invoices finalised at once.
const LONG: &str = "long";

/// Runs all parts and ends with the line `N passed, N failed`.
pub fn everything() -> Outcome<ExitCode> {
    report(&PARTS, &[])
}

/// Runs one part.
pub fn one(part: &str) -> Outcome<ExitCode> {
    if PARTS.contains(&part) || part == LONG {
        return report(&[part], &[]);
    }
    Err(Failure::new(
        format!("`{part}` is not a part of the tests"),
        format!("use one of: {}", PARTS.join(", ")),
    ))
}

/// Runs the browser journeys, with arguments for Playwright.
pub fn journeys(arguments: &[String]) -> Outcome<ExitCode> {
    report(&["e2e"], arguments)
}

fn report(parts: &[&str], arguments: &[String]) -> Outcome<ExitCode> {
    let mut all = Totals::default();
    let mut lines = Vec::new();
    let mut postgres = None;
    for part in parts {
        let totals = run(part, &mut postgres, arguments).unwrap_or_else(|failure| {
            println!("\n{failure}");
            Totals::ONE_FAILED
        });
        lines.push(format!("{part}: {} passed, {} failed", totals.passed, totals.failed));
        all += totals;
    }
    drop(postgres);
    println!();
    for line in lines {
        println!("   {line}");
    }
    for failure in &all.failures {
        println!("   failed: {failure}");
    }
    println!("{} passed, {} failed", all.passed, all.failed);
    Ok(if all.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn run(part: &str, postgres: &mut Option<Postgres>, arguments: &[String]) -> Outcome<Totals> {
    match part {
        "server" => {
            let url = postgres_of(postgres)?.url("postgres");
            step("libraries for the server", apt::ensure_libpq)?;
            step("readers of PDF", apt::ensure_poppler)?;
            step("Redis", apt::ensure_redis)?;
            step("units and integration on SQLite and PostgreSQL", || {
                // The client's crate is left to its own part: together they would share features.
                native(&["--workspace", "--exclude", "frontend"], &url)
            })
        }
        LONG => {
            let url = postgres_of(postgres)?.url("postgres");
            step("libraries for the server", apt::ensure_libpq)?;
            let mut totals = step("each property a million times", || {
                let mut command = cargo_command();
                command
                    .env("PROPTEST_CASES", "1000000")
                    .args(["test", "--lib", "--no-fail-fast", "-p", "common", "-p", "server", "--"])
                    .args(["rules::", "entries::", "amounts::", "vat::"]);
                counted(&mut command, "cargo test", totals::of_cargo_test)
            })?;
            totals += step("10 000 invoices finalised at once, on each database", || {
                let mut command = cargo_command();
                command
                    .env("TEST_POSTGRES_URL", &url)
                    .env("INVOICE_NUMBERS", "10000")
                    .args(["test", "--test", "it", "--no-fail-fast", "-p", "server", "--"])
                    .args(["--test-threads=1", "--nocapture", "numbers::"]);
                counted(&mut command, "cargo test", totals::of_cargo_test)
            })?;
            Ok(totals)
        }
        "doc" => step("examples in the documentation", || {
            let mut command = cargo_command();
            command.args([
                "test",
                "--doc",
                "--workspace",
                "--exclude",
                "frontend",
                "--no-fail-fast",
            ]);
            counted(&mut command, "cargo test --doc", totals::of_cargo_test)
        }),
        "chat" => chat_proof::run_short().map(|passed| Totals {
            passed,
            ..Totals::default()
        }),
        "frontend" => step("the client's units", || native(&["-p", "frontend"], "")),
        "web" => web::build().map(|()| Totals::ONE_PASSED),
        "smoke" => {
            web::ensure()?;
            stack::build()?;
            smoke::buy_on_free_ports().map(|()| Totals::ONE_PASSED)
        }
        _ => {
            let browser = step("tools for the journeys", e2e::ensure_tools)?;
            web::ensure()?;
            stack::build()?;
            let postgres = postgres_of(postgres)?;
            let mut totals = Totals::default();
            for project in e2e::PROJECTS {
                totals += e2e::run(project, &browser, postgres, arguments)?;
            }
            Ok(totals)
        }
    }
}

/// The run's PostgreSQL, started when a part first needs it.
fn postgres_of(postgres: &mut Option<Postgres>) -> Outcome<&Postgres> {
    if postgres.is_none() {
        *postgres = Some(step("PostgreSQL", Postgres::start)?);
    }
    postgres
        .as_ref()
        .ok_or_else(|| Failure::new("PostgreSQL did not start", "read the message above"))
}

/// Runs native tests with nextest where it is installed, else with cargo's own runner.
fn native(packages: &[&str], postgres_url: &str) -> Outcome<Totals> {
    let mut command = cargo_command();
    command.env("TEST_POSTGRES_URL", postgres_url);
    if output_of("cargo-nextest", &["--version"]).is_some() {
        command.args([
            "nextest",
            "run",
            "--no-fail-fast",
            "--no-tests=pass",
            "--status-level=fail",
        ]);
        counted(command.args(packages), "cargo nextest run", totals::of_nextest)
    } else {
        command.args(["test", "--no-fail-fast", "--lib", "--bins", "--tests"]);
        counted(command.args(packages), "cargo test", totals::of_cargo_test)
    }
}

fn cargo_command() -> Command {
    let mut command = process::command(cargo());
    command.current_dir(root());
    command
}

fn counted(command: &mut Command, name: &str, count: fn(&str) -> Totals) -> Outcome<Totals> {
    let (worked, output) = process::tee(command, name)?;
    Ok(count(&output).or_failure_of_runner(worked))
}
